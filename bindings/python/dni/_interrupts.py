"""Interrupts from the keyboard while the library works.

Python looks for an interrupt when it enters a function, so in a callback it would raise KeyboardInterrupt
before the callback's own `try`, where ctypes can only print it and answer a number of its own. Therefore
Python's handler is put aside during calls that may run callbacks. An interrupt is then remembered, and raised
inside the next callback or after the call. A handler of the program's own is left alone."""

import signal
import threading

_main = threading.main_thread().ident


class State:
    """Of the main thread, the only one that Python interrupts."""

    depth = 0  # of callbacks that are inside their `try`
    pending = False


def _remember(signum, frame):
    if State.depth:
        raise KeyboardInterrupt
    State.pending = True


def called(function, arguments):
    """Call a function that may run callbacks."""
    if threading.get_ident() != _main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return function(*arguments)
    signal.signal(signal.SIGINT, _remember)
    try:
        return function(*arguments)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if State.pending:
            State.pending = False
            raise KeyboardInterrupt


def entered(function, *arguments):
    """Call a function inside a callback's `try`: here an interrupt may be raised."""
    if threading.get_ident() != _main:
        return function(*arguments)
    State.depth += 1
    try:
        if State.pending:
            State.pending = False
            raise KeyboardInterrupt
        return function(*arguments)
    finally:
        State.depth -= 1
