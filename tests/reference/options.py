#!/usr/bin/env python3
"""Whole trajectories under the options of training, in NumPy, float64: the numbers that
tests/test_options_reference.c compares with.

    python3 tests/reference/options.py > tests/reference/options_reference.h

Written from the public headers alone; it uses nothing of the library. Each case below is trained
for 30 steps. What a case needs is written into the header beside its results, so that both programs
read the same description; start values and batches come from fill(), which both compute.

h is a layer's output with one row per example; delta is w_s dL_s/dh per example s, w_s its weight
(1 without weights); W = sum w_s; parameter gradients are sums over the rows divided by W.

    dense       y = f(x A^T + b)       dz = dy f'(z), dA = dz^T x / W, db = sum(dz) / W, dx = dz A
    layer norm  n = (x - mean) / s, s = sqrt(var + 1e-5), of each row; y = g n + o.  With q = dy g
                dx = (q - mean(q) - n mean(q n)) / s,  dg = sum(dy n) / W,  do = sum(dy) / W
    dropout     y = x mask / (1 - drop), mask from xoshiro256++, row by row
    SG          E = sum_s w_s |M(h_s, y_s) - g_s|^2 / W, where w_s g_s is the delta that arrived
    optimisers  as in include/dni/optimiser.h, schedules as in include/dni/schedule.h

A module is the layers between two SGs. A step: forward; each module, from the lowest, takes delta
from the SG above or from the loss, runs backward and moves; then the SG below it is shown the delta
that arrived at its interface, computed before the module moved, and moves.
"""
import math
import re
import sys
import numpy as np

STEPS, REPORT_EVERY = 30, 10
STRIDE = 3  # of the final parameters each third is kept: a wrong one spoils all in a few steps
ROWS = (7, 5, 8)  # of the batches, which take turns
CLASSES, DROP, SLOPE = 3, 0.3, 0.2

DEFAULTS = dict(
    optimiser="ADAM", rate=0.02, sg_rate=0, momentum=0, decay=0, clip_norm=0, clip_value=0,
    rate_scale=(1, 1, 1, 1, 1, 1), sg_rate_scale=1,  # of each layer; of all SGs
    schedule="CONSTANT", warm_up=0, schedule_steps=0, schedule_value=0,
    boundaries=(0, 0, 0), values=(0, 0, 0), points=0,
    loss="SOFTMAX_CROSS_ENTROPY", smoothing=0, class_weights=(0, 0, 0), weighted=0, labels=0,
    factor_step=(0, 0), factor_module=(0, 0), factor=(0, 0))  # from that step on, counted from 1

# The words of networks are those of tests/training.h.
CASES = dict(
    frozen=dict(network="6 relu9 relu8 dense3", rate_scale=(0, 1, 1, 1, 1, 1), decay=0.03,
                clip_norm=0.7),
    frozen_above=dict(network="6 tanh9 relu8 dense3", rate_scale=(1, 0, 1, 1, 1, 1),
                      optimiser="ADAMW", decay=0.1),
    scaled=dict(network="6 relu9 |sg tanh8 |sg1 dense3", rate_scale=(1, 0.1, 1, 1, 1, 1),
                sg_rate_scale=0.1),
    scaled_adamw=dict(network="6 relu9 |sg relu8 dense3", rate_scale=(0.1, 1, 1, 1, 1, 1),
                      sg_rate_scale=0.1, optimiser="ADAMW", decay=0.2),
    frozen_sg=dict(network="6 relu9 |sg relu8 dense3", sg_rate_scale=0, clip_norm=0.8),
    sgd=dict(network="6 tanh9 relu8 dense3", optimiser="SGD", rate=0.05, momentum=0.9, decay=0.02,
             loss="SQUARED_ERROR"),
    sgd_clipped=dict(network="6 tanh9 |sg relu8 dense3", optimiser="SGD", rate=0.1, momentum=0.8,
                     decay=0.05, clip_value=0.15, clip_norm=0.6),
    cosine=dict(network="6 relu9 relu8 dense3", schedule="COSINE", warm_up=4, schedule_steps=20,
                schedule_value=0.1),
    piecewise=dict(network="6 relu9 |sg relu8 dense3", schedule="PIECEWISE", points=2,
                   boundaries=(7, 19, 0), values=(0.5, 1.5, 0), sg_rate=0.05),
    lines=dict(network="6 tanh9 |sg relu8 dense3", schedule="LINES", warm_up=3, points=3,
               boundaries=(2, 12, 22), values=(0.4, 1.6, 0.1), optimiser="SGD", rate=0.05),
    steps=dict(network="6 relu9 relu8 dense3", schedule="DECAY", schedule_steps=4,
               schedule_value=0.7, warm_up=5, optimiser="ADAMW"),
    softmax=dict(network="6 relu9 relu8 dense3", smoothing=0.1, class_weights=(0.5, 1, 2.5)),
    softmax_labels=dict(network="6 relu9 |sg relu8 dense3", smoothing=0.2, labels=1,
                        class_weights=(2, 0, 0.7)),
    sigmoid=dict(network="6 tanh9 relu8 dense3", loss="SIGMOID_CROSS_ENTROPY",
                 class_weights=(0.5, 1.5, 3)),
    sigmoid_smooth=dict(network="6 tanh9 |sg relu8 dense3", loss="SIGMOID_CROSS_ENTROPY",
                        smoothing=0.2, class_weights=(1, 0.3, 2)),
    dropout=dict(network="6 relu9 drop tanh8 drop dense3"),
    layer_norm=dict(network="6 dense9 rows tanh relu8 rows dense3"),
    activations=dict(network="6 leaky9 gelu8 dense3"),
    activations_alone=dict(network="6 dense9 gelu dense8 leaky dense3"),
    weights=dict(network="6 tanh9 |sg relu8 dense3", weighted=1),
    weights_clipped=dict(network="6 leaky9 |sg1 gelu8 dense3", weighted=1, clip_norm=0.5,
                         smoothing=0.1),
    parts=dict(network="6 tanh9 |sg relu8 dense3", clip_norm=0.5),
    factors=dict(network="6 relu9 |sg tanh8 |sg dense3", factor_step=(16, 24),
                 factor_module=(1, "DNI_ALL"), factor=(0.1, 0.5)),
)


def fill(rows, columns, salt):
    """sin((i + 1) (i + 13 salt + 5) mod 1009), i counting the elements row by row."""
    numbers = [math.sin((i + 1) * (i + 13 * salt + 5) % 1009) for i in range(rows * columns)]
    return np.array(numbers).reshape(rows, columns)


# Random numbers. ----------------------------------------------------------------------------------

ALL_BITS = 2**64 - 1


def splitmix64(state):
    state = (state + 0x9E3779B97F4A7C15) & ALL_BITS
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & ALL_BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & ALL_BITS
    return state, z ^ (z >> 31)


class Uniform:
    """xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64 from seed ^ mixed stream 0."""

    def __init__(self, seed):
        state = seed ^ splitmix64(0)[1]
        self.s = []
        for _ in range(4):
            state, word = splitmix64(state)
            self.s.append(word)

    def __call__(self):
        def rotate(x, bits):
            return ((x << bits) | (x >> (64 - bits))) & ALL_BITS

        s = self.s
        result = (rotate((s[0] + s[3]) & ALL_BITS, 23) + s[0]) & ALL_BITS
        t = (s[1] << 17) & ALL_BITS
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return (result >> 11) * 2.0**-53


# Layers. Each has parameters p and their gradients g, in the library's order. ---------------------

erf = np.vectorize(math.erf)
exp = np.exp


def normal_distribution(z):
    return (1 + erf(z / math.sqrt(2))) / 2


ACTIVATIONS = dict(  # f(z) and f'(z)
    dense=(lambda z: z, np.ones_like),
    relu=(lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0)),
    tanh=(np.tanh, lambda z: 1 - np.tanh(z)**2),
    leaky=(lambda z: np.where(z > 0, z, SLOPE * z), lambda z: np.where(z > 0, 1, SLOPE)),
    gelu=(lambda z: z * normal_distribution(z),
          lambda z: normal_distribution(z) + z * exp(-z * z / 2) / math.sqrt(2 * math.pi)))


class Dense:
    def __init__(self, inputs, outputs, activation):
        self.p = [np.zeros((outputs, inputs)), np.zeros((1, outputs))]
        self.f, self.df = ACTIVATIONS[activation]

    def forward(self, x):
        self.x, self.z = x, x @ self.p[0].T + self.p[1]
        return self.f(self.z)

    def backward(self, dy, total):
        dz = dy * self.df(self.z)
        self.g = [dz.T @ self.x / total, dz.sum(axis=0, keepdims=True) / total]
        return dz @ self.p[0]


class Activation:
    def __init__(self, activation):
        self.p = self.g = []
        self.f, self.df = ACTIVATIONS[activation]

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dy, total):
        return dy * self.df(self.x)


class LayerNorm:
    def __init__(self, units):
        self.p = [np.ones((1, units)), np.zeros((1, units))]

    def forward(self, x):
        self.s = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        self.n = (x - x.mean(axis=1, keepdims=True)) / self.s
        return self.p[0] * self.n + self.p[1]

    def backward(self, dy, total):
        def row_mean(a):
            return a.mean(axis=1, keepdims=True)

        self.g = [(dy * self.n).sum(axis=0, keepdims=True) / total,
                  dy.sum(axis=0, keepdims=True) / total]
        q = dy * self.p[0]
        return (q - row_mean(q) - self.n * row_mean(q * self.n)) / self.s


class Dropout:
    def __init__(self, seed):
        self.p = self.g = []
        self.uniform = Uniform(seed)

    def forward(self, x):
        kept = [0.0 if self.uniform() < DROP else 1 / (1 - DROP) for _ in range(x.size)]
        self.factor = np.array(kept).reshape(x.shape)
        return x * self.factor

    def backward(self, dy, total):
        return dy * self.factor


class SG:
    """M(h, y), linear or with one hidden layer of as many ReLU units as h has."""

    def __init__(self, units, hidden):
        sizes = [units + CLASSES] + [units] * hidden + [units]
        words = ["relu"] * hidden + ["dense"]
        self.stack = [Dense(*shape) for shape in zip(sizes, sizes[1:], words)]
        self.p = [p for layer in self.stack for p in layer.p]

    def estimate(self, h, y):
        self.answer = np.hstack([h, y])
        for layer in self.stack:
            self.answer = layer.forward(self.answer)
        return self.answer

    def learn(self, target, w):
        """Gradients of E, and (E, cosine). Rows of weight 0 are absent."""
        there = w[:, 0] > 0
        gradient = np.zeros_like(target)
        gradient[there] = target[there] / w[there]
        d = 2 * w * (self.answer - gradient)
        for layer in reversed(self.stack):
            d = layer.backward(d, w.sum())
        self.g = [g for layer in self.stack for g in layer.g]

        def product(a, b):
            return (w * a * b).sum()

        error = product(self.answer - gradient, self.answer - gradient) / w.sum()
        lengths = math.sqrt(product(self.answer, self.answer) * product(gradient, gradient))
        return error, product(self.answer, gradient) / lengths


def build(text):
    """Layers, and SGs by the index of the layer below."""
    words = text.split()
    units, layers, sgs = int(words[0]), [], {}
    for word in words[1:]:
        if word[0] == "|":
            sgs[len(layers) - 1] = SG(units, hidden=word.endswith("1"))
            continue
        kind, number = re.fullmatch("([a-z]+)([0-9]*)", word).groups()
        if kind == "rows":
            layers.append(LayerNorm(units))
        elif kind == "drop":
            layers.append(Dropout(seed=len(layers)))
        elif number:
            layers.append(Dense(units, int(number), kind))
            units = int(number)
        else:
            layers.append(Activation(kind))
    for salt, (p, is_scale) in enumerate(parameters(layers, sgs), start=1):
        p[...] = fill(*p.shape, salt) / 2 + is_scale
    return layers, sgs


def parameters(layers, sgs):
    """(array, whether it is the scale of a layer norm), layers first."""
    for owner in layers + [sgs[i] for i in sorted(sgs)]:
        for i, p in enumerate(owner.p):
            yield p, isinstance(owner, LayerNorm) and i == 0


# Losses: (mean loss, delta, accuracy). ------------------------------------------------------------

def evaluate(case, h, y, w):
    c = np.array(case["class_weights"] if any(case["class_weights"]) else (1, 1, 1))
    a, right = case["smoothing"], np.full(len(h), np.nan)
    if case["loss"] == "SOFTMAX_CROSS_ENTROPY":
        log_p = h - np.log(exp(h).sum(axis=1, keepdims=True))
        smooth = c * ((1 - a) * y + a / CLASSES)
        losses = -(smooth * log_p).sum(axis=1)
        delta = exp(log_p) * smooth.sum(axis=1, keepdims=True) - smooth
        right = h.argmax(axis=1) == y.argmax(axis=1)
    elif case["loss"] == "SIGMOID_CROSS_ENTROPY":
        smooth = (1 - a) * y + a / 2
        losses = (c * (np.log1p(exp(h)) - smooth * h)).sum(axis=1)
        delta = c * (1 / (1 + exp(-h)) - smooth)
        right = ((h > 0) == (y > 0.5)).all(axis=1)
    else:
        losses, delta = ((h - y)**2).sum(axis=1) / 2, h - y
    return (w[:, 0] @ losses) / w.sum(), w * delta, (w[:, 0] @ right) / w.sum()


def batch(case, k):
    """x, y and the weights of batch k."""
    rows = ROWS[k]
    r, c = np.arange(rows)[:, None], np.arange(CLASSES)
    y = dict(SOFTMAX_CROSS_ENTROPY=(r + r // 3 + k) % CLASSES == c,
             SIGMOID_CROSS_ENTROPY=((r + 1) * (c + 2) + k) // 2 % 2,
             SQUARED_ERROR=fill(rows, CLASSES, 200 + k))[case["loss"]].astype(float)
    w = 0.5 * ((3 * r + k) % 5) if case["weighted"] else np.ones((rows, 1))
    return 1.5 * fill(rows, 6, 100 + k), y, w


# Optimisers. --------------------------------------------------------------------------------------

def schedule(case, t):
    kind, value, n = case["schedule"], case["schedule_value"], case["warm_up"]
    factor = (t + 1) / n if t < n else 1
    t = max(t - n, 0)
    points = list(zip(case["boundaries"], case["values"]))[:case["points"]]
    if kind == "COSINE":
        along = min(t / case["schedule_steps"], 1)
        return factor * (value + (1 - value) * (1 + math.cos(math.pi * along)) / 2)
    if kind == "DECAY":
        return factor * value**(t // case["schedule_steps"])
    if kind == "PIECEWISE":
        return factor * ([1] + [v for b, v in points if b <= t])[-1]
    if kind == "LINES":
        return factor * np.interp(t, *zip(*points))
    return factor


class Optimiser:
    """`owners`: layers or SGs with the scale of their rate; those of scale 0 count nowhere."""

    def __init__(self, case, owners):
        self.case, self.t = case, 0
        self.owners = [(owner, scale) for owner, scale in owners if scale != 0]
        self.m = [[np.zeros_like(p) for p in owner.p] for owner, _ in self.owners]
        self.v = [[np.zeros_like(p) for p in owner.p] for owner, _ in self.owners]

    def clip_factor(self):
        limit = self.case["clip_value"] or math.inf
        squares = sum((np.clip(g, -limit, limit)**2).sum() for o, _ in self.owners for g in o.g)
        most = self.case["clip_norm"] or math.inf
        return min(1, most / math.sqrt(squares)) if squares > 0 else 1

    def step(self, factor):
        """Answers the rate."""
        rate = self.case["rate"] * factor * schedule(self.case, self.t)
        limit, clip = self.case["clip_value"] or math.inf, self.clip_factor()
        self.t += 1
        for (owner, scale), ms, vs in zip(self.owners, self.m, self.v):
            for p, g, m, v in zip(owner.p, owner.g, ms, vs):
                self.move(rate * scale, p, clip * np.clip(g, -limit, limit), m, v)
        return rate

    def move(self, rate, p, g, m, v):
        kind = self.case["optimiser"]
        decay = self.case["decay"] or (0.01 if kind == "ADAMW" else 0)
        if kind == "ADAMW":
            p -= rate * decay * p
        else:
            g = g + decay * p
        if kind == "SGD":
            v[...] = self.case["momentum"] * v + g
            p -= rate * v
            return
        m[...] = 0.9 * m + 0.1 * g
        v[...] = 0.999 * v + 0.001 * g * g
        p -= rate * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)


# Training. ----------------------------------------------------------------------------------------

class Run:
    def __init__(self, case):
        self.case = case
        self.layers, self.sgs = build(case["network"])
        starts = [0] + [i + 1 for i in sorted(self.sgs)]
        self.modules = [range(a, b) for a, b in zip(starts, starts[1:] + [len(self.layers)])]
        scale = case["rate_scale"]
        self.optimisers = [Optimiser(case, [(self.layers[i], scale[i]) for i in module])
                           for module in self.modules]
        sg_case = dict(DEFAULTS, rate=case["sg_rate"]) if case["sg_rate"] else case
        self.sg_optimisers = {i: Optimiser(sg_case, [(sg, case["sg_rate_scale"])])
                              for i, sg in self.sgs.items()}

    def factor(self, module, step):
        known = 1
        for at, which, factor in zip(*(self.case[f] for f in ("factor_step", "factor_module",
                                                              "factor"))):
            if 0 < at <= step and which in (module, "DNI_ALL"):
                known = factor
        return known

    def step(self, number):
        """The numbers of the report; mse and cosine of the SGs after layers 0 and 1."""
        x, y, w = batch(self.case, (number - 1) % len(ROWS))
        h, answers = x, {}
        for i, layer in enumerate(self.layers):
            h = layer.forward(h)
            if i in self.sgs:
                answers[i] = w * self.sgs[i].estimate(h, y)
        loss, answers[len(self.layers) - 1], accuracy = evaluate(self.case, h, y, w)
        squares, rates, lessons = 0, [], [math.nan] * 4
        for m, module in enumerate(self.modules):
            delta = answers[module[-1]]
            for i in reversed(module):
                delta = self.layers[i].backward(delta, w.sum())
            squares += sum((g**2).sum() for o, _ in self.optimisers[m].owners for g in o.g)
            rates.append(self.optimisers[m].step(self.factor(m, number)))
            below = module[0] - 1
            if below in self.sgs:
                lessons[2 * below:2 * below + 2] = self.sgs[below].learn(delta, w)
                self.sg_optimisers[below].step(self.factor(m - 1, number))
        return [loss, accuracy, math.sqrt(squares), rates[0]] + lessons


# The header. --------------------------------------------------------------------------------------

def number(value):
    return "NAN" if math.isnan(value) else "%.13g" % value


def wrapped(words):
    """Print the words in lines of up to 100 columns."""
    line = "   "
    for word in words:
        if len(line) + 1 + len(word) > 100:
            print(line)
            line = "   "
        line += " " + word
    print(line)


def array(name, values):
    print("\nstatic const double %s[%d] = {" % (name, len(values)))
    wrapped([number(value) + "," for value in values])
    print("};")


def in_c(field, value):
    if field in ("network", "name"):
        return '"%s"' % value
    if field in ("optimiser", "loss", "schedule"):
        return "DNI_%s_%s" % (dict(schedule="RATE").get(field, field.upper()), value)
    return "{%s}" % ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def main():
    print("/* Made by options.py; see there. Of each case: the report after each %dth step (loss,\n"
          " * accuracy, gradient norm, rate, mse and cosine of SGs after layers 0 and 1), then\n"
          " * the parameters after the last step, layers first, of which one in %d is kept. */\n"
          "/* clang-format off */" % (REPORT_EVERY, STRIDE))
    print("enum { OPTIONS_STEPS = %d, OPTIONS_REPORT_EVERY = %d, OPTIONS_STRIDE = %d };"
          % (STEPS, REPORT_EVERY, STRIDE))
    for name, given in CASES.items():
        run = Run(dict(DEFAULTS, **given))
        reports = [run.step(s) for s in range(1, STEPS + 1)]
        final = np.concatenate([p.ravel() for p, _ in parameters(run.layers, run.sgs)])
        array(name + "_numbers", sum(reports[REPORT_EVERY - 1::REPORT_EVERY], []) +
              list(final[::STRIDE]))
    print("\nstatic const options_case options_cases[] = {")
    for name, given in CASES.items():
        not_zero = {field: value for field, value in DEFAULTS.items()
                    if field in ("optimiser", "rate", "loss", "rate_scale", "sg_rate_scale")}
        written = dict(name=name, **dict(not_zero, **given))
        fields = [".%s = %s," % (field, in_c(field, value)) for field, value in written.items()]
        print("  {")
        wrapped(fields + [".numbers = %s_numbers," % name,
                          ".number_count = sizeof %s_numbers / sizeof(double)," % name])
        print("  },")
    print("};\n/* clang-format on */")


if __name__ == "__main__":
    sys.exit(main())
