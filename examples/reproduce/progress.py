"""How far a run is, in words, and how long the rest will take."""

import heapq
import sys
import time

PLAIN_EVERY = 60  # seconds between lines where stderr is no terminal


def clock(seconds):
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def scale(measured, expected):
    """How much longer programs take here than was expected of those that are done."""
    whole = sum(expected)
    return sum(measured) / whole if whole > 0 and sum(measured) > 0 else 1.0


def left_of(expected, elapsed):
    """A program that is over its time is believed to need another tenth of what it has taken."""
    return max(expected - elapsed, 0.1 * max(expected, elapsed))


def seconds_left(running, waiting, jobs):
    """Of programs that run and of those that will be started in this order, as soon as one has ended."""
    busy = list(running)
    heapq.heapify(busy)
    for seconds in waiting:
        begin = heapq.heappop(busy) if len(busy) >= jobs else 0.0
        heapq.heappush(busy, begin + seconds)
    return max(busy, default=0.0)


class Line:
    """One line that is written over on a terminal; else a line a minute, or when something changed."""

    def __init__(self, stream=sys.stderr):
        self.stream, self.over = stream, stream.isatty()
        self.last, self.when = None, -PLAIN_EVERY

    def show(self, text, changed=False):
        if self.over:
            self.stream.write(f"\r{text}\033[K")
        elif changed or time.monotonic() - self.when >= PLAIN_EVERY:
            self.stream.write(text + "\n")
            self.when = time.monotonic()
        self.stream.flush()

    def say(self, text):
        """A line that stays."""
        self.stream.write(f"\r\033[K{text}\n" if self.over else text + "\n")
        self.stream.flush()

    def clear(self):
        if self.over:
            self.stream.write("\r\033[K")
            self.stream.flush()
