#!/usr/bin/env python3
"""Whole training steps in NumPy, float64: the numbers tests/test_step_reference.c compares with.

    python3 tests/reference/step.py > tests/reference/step_reference.h
    python3 tests/reference/step.py --bf16 > tests/reference/step_reference_bf16.h

Written from the equations alone; it uses nothing of the library. h_l is the output of layer l with
one row per example; delta is dL_s/dh per example s, NOT divided by the batch size B; parameter
gradients are means over the batch.

    dense       y = f(x W^T + b)        dz = dy * f'(z),  dW = dz^T x / B,  db = mean(dz),  dx = dz W
    batch norm  n = (x - mean) / s, s = sqrt(var + 1e-5), y = g n + o.  With L the mean loss and
                dy = B dL/dy:  dL/dn = dy g / B.  Through n, mean and var,
                dx = g / s * (dy - mean(dy) - n * mean(dy * n)),  dg = mean(dy * n),  do = mean(dy)
    loss        softmax cross-entropy, delta = softmax(h) - y
    SG          E = mean_s |M(h, y) - target|^2, dE/dM = 2 (M - target) / B
    FA          delta = dz B, dz of the dense layer above;   DFA  delta = e B, e = delta at the top
    Adam        m, v with bias correction, w -= r m^ / (sqrt(v^) + epsilon); epsilon is large, since
                with the usual 1e-8 a gradient that is 0 but for rounding (that of a bias whose unit
                is active on every example, below batch norm) would move its parameter by r

With --bf16 both factors of every product are rounded to 8 bits of fraction first, to nearest, ties to
even; but for what a one-hot y picks from its columns of W. dz is rounded before it is divided by B.

A step, for each module (layers between two non-exact, non-FA interfaces) from the lowest: forward;
delta from the estimator above, or from the loss; backward; update the module; then the SG below is
shown the delta that arrived at its interface, computed before the module was updated.
"""
import sys
import numpy as np

BATCH, STEPS = 6, 3
BF16 = "--bf16" in sys.argv
RATE, SG_RATE, EPSILON = 0.02, 0.05, 1e-3


def rounded(x):
    """x as products take it."""
    if not BF16:
        return x
    bits = x.astype(np.float32).view(np.uint32)
    bits = bits + 0x7fff + ((bits >> 16) & 1) & 0xffff0000
    return bits.astype(np.uint32).view(np.float32).astype(float)


def product(a, b):
    return rounded(a) @ rounded(b)


class Stream:
    """A 64-bit linear congruential generator (Knuth's MMIX constants): uniform in [-1, 1)."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self, *shape):
        out = np.empty(shape)
        for i in np.ndindex(*shape):
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
            out[i] = (self.state >> 11) / 2.0**52 - 1
        return out


class Adam:
    def __init__(self, parameters, rate):
        self.parameters, self.rate, self.t = parameters, rate, 0
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]

    def step(self, gradients):
        self.t += 1
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v):
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
            p -= self.rate * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + EPSILON)


class Dense:
    def __init__(self, draw, inputs, outputs, relu):
        self.w, self.b, self.relu = draw(outputs, inputs), 0.3 * draw(1, outputs), relu

    def trained(self):
        return [self.w, self.b]

    def dumped(self):
        return [self.w, self.b]

    def forward(self, x):
        self.x, self.z = x, product(x, self.w.T) + self.b
        return np.maximum(self.z, 0) if self.relu else self.z

    def backward(self, dy):
        self.dz = dy * (self.z > 0) if self.relu else dy
        gradients = [product(self.dz.T, self.x) / len(dy), self.dz.mean(axis=0, keepdims=True)]
        return gradients, product(self.dz, self.w)


class BatchNorm:
    def __init__(self, draw, units):
        self.g, self.o = 1 + 0.3 * draw(1, units), 0.3 * draw(1, units)
        self.running_mean, self.running_var = np.zeros((1, units)), np.ones((1, units))

    def trained(self):
        return [self.g, self.o]

    def dumped(self):
        return [self.g, self.o, self.running_mean, self.running_var]

    def forward(self, x):
        mean, var = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
        self.s = np.sqrt(var + 1e-5)
        self.n = (x - mean) / self.s
        self.running_mean += 0.1 * (mean - self.running_mean)
        self.running_var += 0.1 * (var * len(x) / (len(x) - 1) - self.running_var)
        return self.g * self.n + self.o

    def backward(self, dy):
        mean_dy = dy.mean(axis=0, keepdims=True)
        mean_dyn = (dy * self.n).mean(axis=0, keepdims=True)
        return [mean_dyn, mean_dy], self.g / self.s * (dy - mean_dy - self.n * mean_dyn)


class SG:
    """M(h, y): `hidden` layers of ReLU units on what `condition` names."""

    def __init__(self, draw, units, targets, hidden, width, condition, zero):
        inputs = (units if "h" in condition else 0) + (targets if "y" in condition else 0)
        sizes = [inputs] + [width] * hidden + [units]
        self.condition = condition
        self.w = [0.7 * draw(b, a) for a, b in zip(sizes, sizes[1:])]
        self.b = [0.3 * draw(1, b) for b in sizes[1:]]
        if zero:
            self.w[-1][...] = 0
            self.b[-1][...] = 0
        self.adam = Adam(self.dumped(), SG_RATE)

    def dumped(self):
        return [p for pair in zip(self.w, self.b) for p in pair]

    def estimate(self, h, y):
        seen = [part for part, name in ((h, "h"), (y, "y")) if name in self.condition]
        a = np.hstack(seen)
        self.picks = [y.shape[1] if "y" in self.condition else 0] + [0] * len(self.w)
        self.inputs = []
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            self.inputs.append(a)
            first = a.shape[1] - self.picks[i]
            a = product(a[:, :first], w[:, :first].T) + a[:, first:] @ w[:, first:].T + b
            if i + 1 < len(self.w):
                a = np.maximum(a, 0)
        self.answer = a
        return a

    def learn(self, target):
        rows = len(target)
        d = 2 * (self.answer - target)
        gradients = []
        for i in reversed(range(len(self.w))):
            a = self.inputs[i]
            first = a.shape[1] - self.picks[i]
            of_w = np.hstack([product(d.T, a[:, :first]), d.T @ a[:, first:]])
            gradients = [of_w / rows, d.sum(axis=0, keepdims=True) / rows] + gradients
            d = product(d, self.w[i]) * (a > 0)
        self.adam.step(gradients)


class Feedback:
    def __init__(self, draw, units, signal_units, kind):
        self.matrix, self.kind = draw(signal_units, units), kind

    def dumped(self):
        return [self.matrix]


def softmax_loss(h, y):
    shifted = h - h.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(y * log_p).sum() / len(h), np.exp(log_p) - y


def error_and_cosine(answer, target):
    error = ((answer - target) ** 2).sum() / len(target)
    norms = np.linalg.norm(answer) * np.linalg.norm(target)
    return error, (answer * target).sum() / norms if norms > 0 else 0.0


def modules_of(layers, estimators):
    starts = [0] + [i + 1 for i in sorted(estimators)
                    if getattr(estimators[i], "kind", "sg") != "fa"]
    return [list(range(a, b)) for a, b in zip(starts, starts[1:] + [len(layers)])]


def backward_module(layers, estimators, module, delta):
    """Gradients of the module's layers, and the delta that arrives at its lower interface."""
    gradients = []
    for i in reversed(module):
        g, delta = layers[i].backward(delta)
        gradients = g + gradients
        if i - 1 in estimators and i != module[0]:
            delta = product(layers[i].dz, estimators[i - 1].matrix)  # feedback alignment
    return gradients, delta


def train(layers, estimators, x, y):
    """Yield (loss, accuracy, errors, cosines) after each step; NaN where there is no target."""
    modules = modules_of(layers, estimators)
    optimisers = [Adam([p for i in m for p in layers[i].trained()], RATE) for m in modules]
    for _ in range(STEPS):
        h, outputs = x, {}
        for i, layer in enumerate(layers):
            outputs[i] = h = layer.forward(h)
        loss, e = softmax_loss(h, y)
        accuracy = (h.argmax(axis=1) == y.argmax(axis=1)).mean()
        # Every forward pass uses parameters from before the step, so each module's backward may
        # come here, after all of them.
        answers = {i: s.estimate(outputs[i], y) if isinstance(s, SG) else product(e, s.matrix)
                   for i, s in estimators.items() if getattr(s, "kind", "sg") != "fa"}
        report = {i: (np.nan, np.nan) for i in estimators}
        for module, optimiser in zip(modules, optimisers):
            top = module[-1]
            delta = e if top == len(layers) - 1 else answers[top]
            gradients, target = backward_module(layers, estimators, module, delta)
            optimiser.step(gradients)
            below = estimators.get(module[0] - 1)
            if isinstance(below, SG):
                report[module[0] - 1] = error_and_cosine(below.answer, target)
                below.learn(target)
        yield loss, accuracy, [report[i] for i in sorted(report)]


def dump(layers, estimators):
    parts = [p for layer in layers for p in layer.dumped()]
    parts += [p for i in sorted(estimators) for p in estimators[i].dumped()]
    return np.concatenate([p.ravel() for p in parts])


def number(value):
    return "NAN" if np.isnan(value) else "%.17g" % value


def array(name, values):
    values = np.asarray(values, dtype=float)
    shape = "".join("[%d]" % n for n in values.shape)

    def text(part):
        if part.ndim == 0:
            return number(part)
        return "{" + ", ".join(text(p) for p in part) + "}"

    body, line = [], ""
    for word in text(values).split(" "):
        if len(line) + len(word) + 1 > 96:
            body.append(line)
            line = ""
        line += (" " if line else "") + word
    body.append(line)
    print("static const double %s%s = {" % (name, shape))
    print("    " + "\n    ".join(body)[1:-1])
    print("};")


def write_case(name, seed, build):
    name += "_bf16" if BF16 else ""
    draw = Stream(seed)
    layers, estimators = build(draw)
    x = 1.5 * draw(BATCH, 5)
    y = np.eye(3)[[2, 0, 1, 1, 2, 0]]
    array(name + "_x", x)
    array(name + "_y", y)
    array(name + "_initial", dump(layers, estimators))
    losses, accuracies, reports, parameters = [], [], [], []
    for loss, accuracy, report in train(layers, estimators, x, y):
        losses.append(loss)
        accuracies.append(accuracy)
        reports.append(report)
        parameters.append(dump(layers, estimators))
    array(name + "_loss", losses)
    array(name + "_accuracy", accuracies)
    array(name + "_report", reports)  # [step][interface][error, cosine]
    array(name + "_parameters", parameters)


def two_modules(draw):
    layers = [Dense(draw, 5, 7, True), BatchNorm(draw, 7), Dense(draw, 7, 3, False)]
    return layers, {1: SG(draw, 7, 3, 0, 0, "hy", True)}


def three_deep(draw):
    return [Dense(draw, 5, 7, True), BatchNorm(draw, 7), Dense(draw, 7, 6, True),
            BatchNorm(draw, 6), Dense(draw, 6, 3, False)]


def sg_everywhere(draw):
    layers = three_deep(draw)
    return layers, {1: SG(draw, 7, 3, 1, 4, "hy", False), 3: SG(draw, 6, 3, 0, 0, "hy", False)}


def other_conditions(draw):
    layers = three_deep(draw)
    return layers, {1: SG(draw, 7, 3, 2, 5, "h", False), 3: SG(draw, 6, 3, 0, 0, "y", False)}


def direct_feedback(draw):
    layers = three_deep(draw)
    return layers, {1: Feedback(draw, 7, 3, "dfa"), 3: Feedback(draw, 6, 3, "dfa")}


def feedback(draw):
    layers = three_deep(draw)
    return layers, {1: Feedback(draw, 7, 6, "fa"), 3: Feedback(draw, 6, 3, "fa")}


def mixed(draw):
    layers = three_deep(draw)
    return layers, {1: SG(draw, 7, 3, 0, 0, "hy", False), 3: Feedback(draw, 6, 3, "fa")}


def print_settings():
    print("\nenum { REFERENCE_STEPS = %d, REFERENCE_BATCH = %d };" % (STEPS, BATCH))
    print("static const double reference_rate = %s, reference_sg_rate = %s;" % (RATE, SG_RATE))
    print("static const double reference_epsilon = %s;" % EPSILON)


def main():
    print("/* Made by tests/reference/step.py (%d steps on %d examples in float64, NumPy). Do not"
          % (STEPS, BATCH))
    print(" * edit. Arrays: initial and parameters hold every layer's parameters in order, running")
    print(" * statistics included, then every estimator's; report is [step][interface][error,")
    print(" * cosine], NaN where an estimator has no target. */")
    guard = "STEP_REFERENCE_BF16_H" if BF16 else "STEP_REFERENCE_H"
    print("#ifndef %s\n#define %s\n\n#include <math.h>\n" % (guard, guard))
    print("/* clang-format off */")
    if not BF16:
        print_settings()
    cases = [two_modules, sg_everywhere, other_conditions, direct_feedback, feedback, mixed]
    for seed, build in enumerate(cases):
        print()
        write_case(build.__name__, 1234567 + 1000003 * seed, build)
    print("\n/* clang-format on */\n#endif")


if __name__ == "__main__":
    sys.exit(main())
