"""PyTorch's worker of bench-peers (peers.py), by the protocol of dni_step.c: lines on stdin, each answered
by one on stdout.

  case KEY=VALUE ...  make this network anew: "ready"
  go N                train N steps: their seconds, and the loss of the last
  free                forget the network: "ready"
  version             PyTorch's version, its BLAS and the instructions it uses
  config              torch.__config__.show(), as one line of JSON

Keys: depth, width, batch; plain=1 for no batch normalisation; sg=0, all, or the number of the hidden layer
it is after; rate, of Adam, in millionths; data, a file that libdni's worker has dumped: the batch and the
weights to start with; mnist, a folder: each step has a batch of its own. And what a user can tune:

  threads     torch.set_num_threads
  foreach     Adam over lists of tensors (1) or one by one (0); fused Adam needs a GPU in PyTorch 1.13
  optimiser   modules: an Adam for each module, stepping as soon as it can; one: a single Adam for all, at
              the end of the step. No module sees another's parameters within a step, so both train alike,
              bit by bit; `one` saves calls
  flush       torch.set_flush_denormal
  bf16        torch.autocast to bfloat16

The loss of a batch is its mean with backpropagation. With synthetic gradients it is the sum, so that they
predict the gradient of each example's own loss as libdni's do; to Adam the scale of a gradient is all one."""

import gc
import json
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional

INPUTS, CLASSES = 784, 10


class Data:
    """What libdni's worker has dumped, taken piece by piece."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.values = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        self.at = 0

    def take(self, *shape):
        count = torch.Size(shape).numel()
        piece = self.values[self.at:self.at + count].reshape(shape).clone()
        self.at += count
        return piece


class Mnist:
    """Batch t is the t-th of the file, again and again, as in tests/bench/common/mnist.c."""

    def __init__(self, folder, batch):
        self.images = self.read(folder, "train-images-idx3-ubyte", 16).reshape(-1, INPUTS)
        self.labels = self.read(folder, "train-labels-idx1-ubyte", 8).long()
        self.batch, self.step = batch, 0

    @staticmethod
    def read(folder, name, header):
        with open(os.path.join(folder, name), "rb") as file:
            return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)

    def next(self):
        first = self.step * self.batch
        rows = torch.arange(first, first + self.batch) % len(self.labels)
        self.step += 1
        return self.images[rows].float() / 255, self.labels[rows]


def dense(inputs, outputs, data):
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(data.take(outputs, inputs))
        layer.bias.copy_(data.take(outputs))
    return layer


def hidden_block(inputs, width, plain, data):
    layers = [dense(inputs, width, data), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, *([] if plain else [nn.BatchNorm1d(width)]))


def zero_linear(inputs, outputs):
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def adam(parameters, case):
    return torch.optim.Adam(parameters, lr=case["rate"] * 1e-6, foreach=bool(case["foreach"]))


class Backprop:
    """One module, the usual loop."""

    def __init__(self, blocks, case, x, labels):
        self.net, self.x, self.labels = nn.Sequential(*blocks), x, labels
        self.optimiser = adam(self.net.parameters(), case)

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.net(self.x), self.labels)
        loss.backward()
        self.optimiser.step()
        return loss


class Synthetic:
    """Modules with a linear synthetic gradient between each two, sequentially, the lowest first."""

    def __init__(self, modules, case, x, one_hot, labels):
        self.modules, self.x, self.one_hot, self.labels = modules, x, one_hot, labels
        width = case["width"]
        self.sgs = [zero_linear(width + CLASSES, width) for _ in modules[:-1]]
        parts = [list(part.parameters()) for part in [*modules, *self.sgs]]
        if case["optimiser"] == "one":
            self.at_end = adam(sum(parts, []), case)
            self.at_once = [None] * len(parts)
        else:
            self.at_end = None
            self.at_once = [adam(part, case) for part in parts]

    def update(self, part):
        if self.at_once[part] is not None:
            self.at_once[part].step()
            self.at_once[part].zero_grad(set_to_none=True)

    def learn(self, below, answer, target):
        """Show the SG under a module, which has answered before, the gradient there."""
        (answer - target).square().sum(1).mean().backward()
        self.update(len(self.modules) + below)

    def step(self):
        h, answer = self.x, None
        for number, module in enumerate(self.modules):
            below = h if number == 0 else h.detach().requires_grad_()
            h = module(below)
            if number < len(self.sgs):
                own = self.sgs[number](torch.cat((h.detach(), self.one_hot), 1))
                h.backward(own.detach())
            else:
                own, loss = None, functional.cross_entropy(h, self.labels, reduction="sum")
                loss.backward()
            self.update(number)
            if number > 0:
                self.learn(number - 1, answer, below.grad)
            answer = own
        if self.at_end is not None:
            self.at_end.step()
            self.at_end.zero_grad(set_to_none=True)
        return loss / len(self.x)


USUAL = {"depth": 20, "width": 512, "batch": 256, "plain": 0, "sg": "0", "rate": 30, "data": "", "mnist": "",
         "threads": 1, "foreach": 0, "optimiser": "modules", "flush": 0, "bf16": 0}


def read_case(words):
    case = dict(USUAL)
    for word in words:
        key, value = word.split("=", 1)
        case[key] = type(USUAL[key])(value)
    return case


def modules_of(blocks, sg):
    """The blocks in modules: cut after every one, or after the sg-th."""
    if sg == "all":
        return [nn.Sequential(block) for block in blocks[:-1]] + [blocks[-1]]
    return [nn.Sequential(*blocks[:int(sg)]), nn.Sequential(*blocks[int(sg):])]


def build(case):
    training = network_of(case)
    training.bf16 = bool(case["bf16"])
    return training


def network_of(case):
    torch.set_num_threads(case["threads"])
    torch.set_flush_denormal(bool(case["flush"]))
    data = Data(case["data"])
    x, one_hot = data.take(case["batch"], INPUTS), data.take(case["batch"], CLASSES)
    blocks = [hidden_block(INPUTS if i == 0 else case["width"], case["width"], case["plain"], data)
              for i in range(case["depth"])]
    blocks.append(dense(case["width"], CLASSES, data))
    if case["sg"] == "0":
        training = Backprop(blocks, case, x, one_hot.argmax(1))
        training.mnist = Mnist(case["mnist"], case["batch"]) if case["mnist"] else None
        return training
    return Synthetic(modules_of(blocks, case["sg"]), case, x, one_hot, one_hot.argmax(1))


def train(training, steps):
    start = time.perf_counter()
    for _ in range(steps):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=training.bf16):
            loss = training.step()
    return time.perf_counter() - start, loss


def train_on_mnist(training, steps):
    """The seconds of the steps alone, without loading."""
    seconds = 0
    for _ in range(steps):
        training.x, training.labels = training.mnist.next()
        more, loss = train(training, 1)
        seconds += more
    return seconds, loss


def go(training, steps):
    on_mnist = getattr(training, "mnist", None)
    seconds, loss = (train_on_mnist if on_mnist else train)(training, steps)
    return f"{seconds:.9f} {loss.item():.9g}"


def version():
    shown = torch.__config__.show()
    facts = [line.strip("- ").strip() for line in shown.splitlines()
             if "CPU capability" in line or "MKL-DNN" in line]
    blas = shown.split("BLAS_INFO=")[1].split(",")[0] if "BLAS_INFO=" in shown else "unknown"
    return "; ".join([f"PyTorch {torch.__version__}", f"BLAS_INFO={blas}", *facts])


def main():
    training = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "case":
            training = build(read_case(words))
            print("ready", flush=True)
        elif command == "go":
            print(go(training, int(words[0])), flush=True)
        elif command == "free":
            training = None
            gc.collect()
            print("ready", flush=True)
        elif command == "version":
            print(version(), flush=True)
        elif command == "config":
            print(json.dumps(torch.__config__.show()), flush=True)
        else:
            sys.exit(f"torch_step: {line.strip()}: not understood")


if __name__ == "__main__":
    main()
