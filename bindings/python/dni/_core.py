"""What all objects are made of: handles, structs, enumerations, and NumPy's arrays as matrices.

Nothing is copied on the way in or out. An array is handed over as it lies in memory, so its type has to be
the right one: float32 or float64 as the context says, int32 for labels, uint8 for bytes of a data set."""

import ctypes
import enum
import functools
import operator
import os
import sys
from ctypes import addressof, c_char, c_char_p, c_int32, c_size_t, c_uint64, c_void_p, sizeof

import numpy

from ._errors import failure
from ._library import Library

lib = Library()
last_message = lib.library.dni_last_message
last_message.restype = c_char_p


def checked(status):
    """The answer of every call that can fail."""
    if status:
        raise failure(status, last_message().decode("utf-8", "replace"))


# Numbers and texts. -------------------------------------------------------------------------------


class Whole:
    """A whole number in the range of a C type. ctypes alone would cut off what does not fit."""

    def __init__(self, kind, least, most):
        self.kind, self.least, self.most = kind, least, most

    def number(self, value):
        value = operator.index(value)
        if not self.least <= value <= self.most:
            raise ValueError("%d is not between %d and %d" % (value, self.least, self.most))
        return value

    def from_param(self, value):
        return self.kind(self.number(value))

    def put(self, struct, name, value):
        setattr(struct, name, self.number(value))


Size = Whole(c_size_t, 0, 2 * sys.maxsize + 1)
Unsigned = Whole(c_uint64, 0, 2**64 - 1)
Integer = Whole(c_int32, -2**31, 2**31 - 1)


class Text:
    """str, bytes or a path, as bytes that end with 0."""

    @staticmethod
    def from_param(value):
        if value is None:
            return None
        if not isinstance(value, (str, bytes, os.PathLike)):
            raise TypeError("expected a text or a path, not a %s" % type(value).__name__)
        text = os.fsencode(value)
        if 0 in text:
            raise ValueError("a text with a zero byte in it")
        return text

    @staticmethod
    def put(struct, name, value):
        text = c_char_p(Text.from_param(value))
        struct.keep(text)
        setattr(struct, name, ctypes.cast(text, c_void_p).value)


class Chosen:
    """What enumerations have in common: a member may be given by its name or its number."""

    @classmethod
    def of(cls, value):
        if isinstance(value, str):
            try:
                return cls[value.upper().replace("-", "_").replace(" ", "_")]
            except KeyError:
                names = ", ".join(name.lower() for name in cls.__members__)
                raise ValueError("%r is none of %s" % (value, names)) from None
        return Integer.number(value)

    def __str__(self):
        return self.name.lower()

    @classmethod
    def from_param(cls, value):
        return c_int32(cls.of(value))

    @classmethod
    def put(cls, struct, name, value):
        setattr(struct, name, cls.of(value))

    @classmethod
    def _missing_(cls, value):
        """A number that a newer library has."""
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = "UNKNOWN_%d" % value, value
        return member


class Enumeration(Chosen, enum.IntEnum):
    """A number that stands for one of several things."""


class Flags(Chosen, enum.IntFlag):
    """Bits that are added."""


# Matrices. ----------------------------------------------------------------------------------------


class Matrix(ctypes.Structure):
    """dni_matrix: a view of rows of numbers."""

    _fields_ = [("data", c_void_p), ("rows", c_size_t), ("columns", c_size_t), ("stride", c_size_t),
                ("dtype", c_int32), ("reserved", c_int32)]


# By the letter of an array's type: the number of the type.
DTYPES = {"f": 1, "d": 2, "B": 5, "i": 6}
TYPES = {1: numpy.dtype("float32"), 2: numpy.dtype("float64"), 5: numpy.dtype("uint8"), 6: numpy.dtype("int32")}


def view(array):
    """A Matrix of an array of one or two dimensions, which it keeps; one dimension is a column."""
    if not isinstance(array, numpy.ndarray):
        array = numpy.asarray(array)
    number = DTYPES.get(array.dtype.char)
    if number is None or not array.dtype.isnative:
        raise TypeError("an array of %s: libdni takes float32, float64, int32 (labels) and uint8; "
                        "astype() converts" % array.dtype)
    shape = array.shape
    if len(shape) == 2:
        rows, columns = shape
    elif len(shape) == 1:
        rows, columns = shape[0], 1
    else:
        raise ValueError("an array of %d dimensions: libdni takes rows of numbers" % len(shape))
    stride = columns if array.flags.c_contiguous else row_stride(array, columns)
    matrix = Matrix(array.__array_interface__["data"][0], rows, columns, stride, number, 0)
    matrix.array = array
    return matrix


def row_stride(array, columns):
    """Elements from row to row of a part of a wider array."""
    size, strides = array.itemsize, array.strides
    if (len(strides) == 2 and columns > 1 and strides[1] != size) or strides[0] % size or \
            (array.shape[0] > 1 and strides[0] < columns * size):
        raise ValueError("the numbers of a row do not follow each other in memory: use numpy.ascontiguousarray")
    return max(strides[0] // size, columns)


class Reading:
    """An array that a call reads."""

    @staticmethod
    def from_param(array):
        return None if array is None else ctypes.byref(view(array))

    @staticmethod
    def put(struct, name, array):
        matrix = view(array)
        struct.keep(matrix)
        setattr(struct, name, addressof(matrix))


class Writing(Reading):
    """An array that a call writes."""

    @staticmethod
    def from_param(array):
        if array is None:
            return None
        writable(array)
        return ctypes.byref(view(array))

    @staticmethod
    def put(struct, name, array):
        writable(array)
        Reading.put(struct, name, array)


def writable(array):
    if not isinstance(array, numpy.ndarray):
        raise TypeError("a result is written into a NumPy array, not into a %s" % type(array).__name__)
    if not array.flags.writeable:
        raise ValueError("the array is read-only, and a result is to be written into it")


def array_of(matrix, may_write, owner=None):
    """The array that a Matrix views. `owner` stays alive as long as the array."""
    kind = TYPES[matrix.dtype]
    if matrix.rows == 0 or not matrix.data:
        return numpy.empty((matrix.rows, matrix.columns), kind)
    size = kind.itemsize
    length = ((matrix.rows - 1) * matrix.stride + matrix.columns) * size
    memory = (c_char * length).from_address(matrix.data)
    memory.owner = owner
    array = numpy.ndarray((matrix.rows, matrix.columns), kind, memory, 0, (matrix.stride * size, size))
    array.flags.writeable = may_write
    return array


class Numbers:
    """An array of numbers in a field of options, whose length another field has."""

    def __init__(self, kind, length):
        self.kind, self.length = numpy.dtype(kind), length

    def put(self, struct, name, values):
        array = one_dimension(values, self.kind)
        struct.keep(array)
        setattr(struct, name, array.ctypes.data)
        setattr(struct, self.length, len(array))


def numbers(kind, length):
    return Numbers(kind, length)


def one_dimension(values, kind):
    """Values as an array of a type, without changing any of them."""
    given = numpy.asarray(values)
    if given.size == 0:
        given = given.astype(kind)
    array = numpy.ascontiguousarray(given, kind)
    whole = kind.kind not in "iu" or given.dtype.kind in "iu"
    if array.ndim != 1 or not whole or not numpy.array_equal(array, given):
        raise ValueError("expected a sequence of numbers of type %s" % kind)
    return array


class results:
    """Memory for numbers that a call reads or writes: `pointer` for the call, `array` for the caller."""

    def __init__(self, kind, length=None, given=None):
        self.array = numpy.zeros(length, kind) if given is None else one_dimension(given, numpy.dtype(kind))
        self.pointer = self.array.ctypes.data


# Structs. -----------------------------------------------------------------------------------------


class Struct(ctypes.Structure):
    """A struct that begins with its size."""

    _takes_ = {}
    _arrays_ = {}

    def __init_subclass__(cls):
        cls._names_ = {name for name, _ in cls._fields_}
        for name, (length, kind) in cls._arrays_.items():
            setattr(cls, name, array_field(name, length, kind))

    @classmethod
    def of(cls, **values):
        """One with its size and with these fields. None leaves a field at its default, which is 0."""
        struct = cls()
        struct.struct_size = sizeof(cls)
        for name, value in values.items():
            if name not in cls._names_:
                raise TypeError("%s has no field %s" % (cls.__name__, name))
            if value is None:
                continue
            if name in cls._takes_:
                cls._takes_[name].put(struct, name, value)
            else:
                setattr(struct, name, value)
            if "has_" + name in cls._names_:
                setattr(struct, "has_" + name, 1)
        return struct

    @classmethod
    def given(cls, **values):
        """A reference to one with these fields, or None for the defaults of the call if there are none."""
        if all(value is None for value in values.values()):
            return None
        return ctypes.byref(cls.of(**values))

    def keep(self, *things):
        """Let things live as long as the struct, which points to them."""
        self.__dict__.setdefault("_kept", []).extend(things)

    def __repr__(self):
        shown = ["%s=%r" % (name, getattr(self, name)) for name, kind in self._fields_
                 if kind is not c_void_p and name not in ("struct_size", "reserved")]
        return "%s(%s)" % (type(self).__name__, ", ".join(shown))


def array_field(name, length, kind):
    """An array of a report, copied when it is asked for; None if the report has none."""
    def get(report):
        origin = getattr(report, "origin", None)
        if origin is not None and origin[0] != report.stamp:
            raise RuntimeError("the %s of an earlier step: it is there until the next step" % name)
        pointer, count = getattr(report, "_" + name), getattr(report, length)
        if not pointer:
            return None
        memory = (c_char * (count * numpy.dtype(kind).itemsize)).from_address(pointer)
        return numpy.frombuffer(memory, kind).copy()
    return property(get)


# Handles. -----------------------------------------------------------------------------------------


class Reference(c_void_p):
    """One counted reference. It is given back when nothing in Python uses it any more: neither an object, nor a
    call that is running, nor an array that views the object's memory."""

    release = None

    def __del__(self):
        if self.value and not sys.is_finalizing():
            type(self).release(self)


class Handle:
    """An object of libdni. It ends when Python no longer uses it, or by close(). What uses another object keeps
    that, so any order is right."""

    _pointer = None
    _classes = {}

    def __init_subclass__(cls, thing=None):
        if thing:
            cls._thing = thing
            release = getattr(lib.library, "dni_%s_release" % thing)
            cls._retain = getattr(lib.library, "dni_%s_retain" % thing)
            release.argtypes, release.restype, cls._retain.argtypes = [c_void_p], None, [c_void_p]
            cls._reference = type("Reference", (Reference,), {"release": release})
        Handle._classes[cls._thing] = cls

    def _take(self, pointer):
        """Hold a reference that is ours."""
        self._pointer = self._reference(pointer.value)

    @staticmethod
    def _adopt(thing, pointer):
        """An object for a reference that is ours."""
        handle = object.__new__(Handle._classes[thing])
        handle._take(pointer)
        return handle

    @staticmethod
    def _borrow(thing, pointer):
        """An object for a pointer that is not ours: it takes a reference. None for NULL."""
        value = pointer.value if isinstance(pointer, c_void_p) else pointer
        if not value:
            return None
        Handle._classes[thing]._retain(c_void_p(value))
        return Handle._adopt(thing, c_void_p(value))

    def close(self):
        """Give the reference back, now or when a running call is over. The object cannot be used afterwards."""
        self._pointer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __eq__(self, other):
        return isinstance(other, Handle) and self._thing == other._thing and self._pointer is not None and \
            other._pointer is not None and self._pointer.value == other._pointer.value

    def __hash__(self):
        return hash(self._pointer.value if self._pointer else None)

    def _about(self):
        """What __repr__ says besides the class; it must be right to ask on any thread."""
        return ""

    def __repr__(self):
        about = "closed" if self._pointer is None else self._about()
        return "<dni.%s%s>" % (type(self).__name__, about and ": " + about)

    def __reduce__(self):
        raise TypeError("a %s cannot be pickled: save it into a file" % type(self).__name__)


class Pointer:
    """The argument of a call that is a handle, or None."""

    def __init__(self, thing):
        self.thing = thing

    def from_param(self, value):
        if value is None:
            return None
        if not isinstance(value, Handle) or value._thing != self.thing:
            raise TypeError("expected a dni.%s, not a %s" % (Handle._classes[self.thing].__name__,
                                                             type(value).__name__))
        if value._pointer is None:
            raise ValueError("the %s is closed" % type(value).__name__)
        return value._pointer

    def put(self, struct, name, value):
        pointer = self.from_param(value)
        setattr(struct, name, pointer)
        struct.keep(pointer)


@functools.lru_cache(maxsize=None)
def pointer_to(thing):
    return Pointer(thing)
