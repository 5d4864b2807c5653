"""Finds and loads libdni.

The first of these that is there: the file that the environment's DNI_LIBRARY names; the library that
`pip install` has put beside this file; the system's. Nothing is loaded before the package is imported."""

import ctypes
import ctypes.util
import os

from ._interrupts import called

SONAME = "libdni.so.0"


def candidates():
    """Paths and names for the dynamic loader, the best first."""
    if os.environ.get("DNI_LIBRARY"):
        return [os.environ["DNI_LIBRARY"]]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    found = [beside] if os.path.exists(beside) else []
    return found + [name for name in (SONAME, ctypes.util.find_library("dni")) if name]


class Library:
    """The functions of libdni, by their C names."""

    def __init__(self):
        self.kept = {}  # what the library holds of Python's, by number
        reasons = []
        for path in candidates():
            try:
                self.library = ctypes.CDLL(path)
                self.library.dni_version
                return
            except (OSError, AttributeError) as error:
                reasons.append(str(error))
        raise ImportError("libdni is not found: %s. Install it, or name the file in DNI_LIBRARY." %
                          "; ".join(reasons))

    def declare(self, prototypes):
        """What each function answers and is given: name -> (answer, argument, ...)."""
        for name, (answer, *arguments) in prototypes.items():
            try:
                function = getattr(self.library, name)
            except AttributeError:
                setattr(self, name, missing(name))
                continue
            function.restype, function.argtypes = answer, arguments
            setattr(self, name, self.bound(name, function))

    def bound(self, name, function):
        """The function, with interrupts put off while objects of Python may be called, and with the
        exceptions of conversions instead of ctypes' own."""
        kept = self.kept

        def call(*arguments):
            try:
                return called(function, arguments) if kept else function(*arguments)
            except ctypes.ArgumentError as error:
                raise conversion_error(name, error) from None
        return call


def conversion_error(name, error):
    """'argument 2: ValueError: ...' as a ValueError."""
    place, _, rest = str(error).partition(": ")
    kind, _, text = rest.partition(": ")
    classes = {"ValueError": ValueError, "TypeError": TypeError}
    return classes.get(kind, TypeError)("%s of %s: %s" % (place, name, text or rest))


def missing(name):
    """Stands for a function that an older library does not have."""
    def call(*_):
        raise NotImplementedError("the libdni that was loaded is older than this package: it has no " + name)
    return call
