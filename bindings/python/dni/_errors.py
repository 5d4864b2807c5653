"""Failures as exceptions.

A call that fails raises a dni.Error with the library's message, of a class for its status. Where a
function of the caller's has raised something, the call that ran the function raises that same object. It
is kept meanwhile under a number, which travels through the library as a status of the caller's."""

import itertools
import threading


class Error(Exception):
    """A call of libdni failed. `status` is a dni.Status or a number of the caller's, from 1000 up."""

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


class ArgumentError(Error, ValueError):
    """A mistake in the call: a wrong shape, a value out of range."""


class StateError(Error, RuntimeError):
    """The call is right, but not now."""


class OutOfMemoryError(Error, MemoryError):
    """The allocator gave nothing, or a size is too large."""


class FileError(Error, OSError):
    """A file could not be opened, read or written."""

    def __str__(self):
        return self.args[0]


class DataError(Error, ValueError):
    """A file, a data set or a label has the wrong content."""


class UnsupportedError(Error, NotImplementedError):
    """Known, but not in this build or on this machine."""


class BackendError(Error, RuntimeError):
    """A matrix backend failed or cannot be used."""


class NonFiniteError(Error, ArithmeticError):
    """NaN or infinity appeared in training."""


class CancelledError(Error):
    """Trainer.cancel() stopped the training."""


class CallbackError(Error, RuntimeError):
    """A callback answered a number that belongs to the library."""


class SystemRefusal(Error, OSError):
    """The operating system refused something, such as a new thread."""

    def __str__(self):
        return self.args[0]


CLASSES = {1: ArgumentError, 2: StateError, 3: OutOfMemoryError, 4: FileError, 5: DataError,
           6: UnsupportedError, 7: BackendError, 8: NonFiniteError, 9: CancelledError,
           10: CallbackError, 11: SystemRefusal}

# Numbers of what was raised in callbacks. Whoever answers numbers of his own takes smaller ones.
FIRST = 1_000_000_000
_numbers = itertools.count()
_raised = {}
_lock = threading.Lock()
MOST_KEPT = 256


def keep(error):
    """The number under which an exception goes through the library."""
    number = FIRST + next(_numbers) % FIRST
    with _lock:
        _raised[number] = error
        while len(_raised) > MOST_KEPT:  # failures that the library was told to pass over
            del _raised[next(iter(_raised))]
    return number


def failure(status, message):
    """The exception for a status: what a callback raised, or an Error."""
    with _lock:
        error = _raised.pop(status, None)
    if error is None:
        return CLASSES.get(status, Error)(message, status)
    if message and hasattr(error, "add_note"):
        error.add_note("raised in a callback of libdni: " + message)
    return error
