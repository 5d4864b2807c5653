"""What is raised where it cannot go on from: late exceptions, and signals that arrive on the way into a callback.

A schedule or a notice of change answers no status, so what it raises is kept here. Python runs signal handlers when
it enters a function; in a callback that is before the callback's own `try`, where ctypes can only hand the exception
to sys.unraisablehook. Both are raised by the next callback that can fail, or when the call is over."""

import sys
import threading

_main = threading.main_thread().ident
_late = []


def keep_late(error):
    _late.append(error)


def raise_late():
    """Raise what could not be raised earlier, if there is something."""
    if _late:
        error = _late.pop(0)
        _late.clear()
        raise error


def entered(function, *arguments):
    """Call a function inside a callback's `try`."""
    raise_late()
    return function(*arguments)


def called(function, arguments):
    """Call a function of the library that may run callbacks."""
    if threading.get_ident() != _main:
        answer = function(*arguments)
        raise_late()
        return answer
    usual = sys.unraisablehook

    def hook(unraisable):
        if getattr(unraisable.object, "__module__", "") == "dni._callbacks" and unraisable.exc_value is not None:
            keep_late(unraisable.exc_value)
        else:
            usual(unraisable)
    sys.unraisablehook = hook
    try:
        answer = function(*arguments)
    except BaseException as error:
        if _late:
            late = _late.pop(0)
            _late.clear()
            raise late from error
        raise
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = usual
    raise_late()
    return answer
