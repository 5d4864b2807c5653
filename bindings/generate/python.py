"""Writes bindings/python/dni/_interface.py: enumerations, structs, prototypes, and the methods that need
no thought. What does need some is written by hand in the package; `by_hand` finds it there by its C name."""

import glob
import keyword
import os
import re

from model import camel, check_fields, enum_name, is_flags, option_fields, without_statuses

FOLDER = "bindings/python/dni"
NUMBERS = {"size_t": "c_size_t", "uint64_t": "c_uint64", "int32_t": "c_int32", "double": "c_double",
           "uint8_t": "c_uint8"}
ARRAYS = {"size_t": "uint64", "uint64_t": "uint64", "int32_t": "int32", "double": "float64", "uint8_t": "uint8"}
WHOLE = {"size_t": "Size", "uint64_t": "Unsigned", "int32_t": "Integer"}
# What Python has no use for.
LEFT_OUT = {
    "dni_context_allocate": "memory for callers of C", "dni_context_free": "memory for callers of C",
    "dni_last_message": "exceptions have it", "dni_last_status": "exceptions have it", "dni_matrix_copy": "NumPy copies",
    "dni_matrix_init_f32": "arrays are views", "dni_matrix_init_f64": "arrays are views",
    "dni_matrix_init_labels": "arrays are views", "dni_matrix_init_u8": "arrays are views",
    "dni_matrix_init_strided_f32": "arrays are views", "dni_matrix_init_strided_f64": "arrays are views",
}

# Schedule.of() takes any field; reports and what callbacks are given show all.
WHOLE_STRUCTS = {"dni_schedule"}

HEAD = '''"""What the headers of libdni {version} declare. Made by bindings/generate; do not edit.

Comments are those of the headers, so they speak of C: NULL is None, and a failure raises an exception."""

from __future__ import annotations

import sys
from ctypes import byref, c_char_p, c_double, c_int32, c_size_t, c_uint8, c_uint64, c_void_p
from typing import TYPE_CHECKING

from ._core import (Enumeration, Flags, Handle, Integer, Reading, Size, Struct, Text, Unsigned, Writing,
                    checked, lib, numbers, pointer_to, results)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy import ndarray as Array

    from . import (Backend, Checkpoint, Context, Dataset, Guard, Layer, Loss, Network, Optimiser, Order,
                   Predictor, SG, State, Trainer)

VERSION = "{version}"
ALL = NONE = 2 * sys.maxsize + 1
ORDER_STATE = {order_state}
'''


def files(interface, top):
    text = text_by_hand(os.path.join(top, FOLDER))
    hand = set(re.findall(r"\blib\.(dni_\w+)", text)) | set(LEFT_OUT)
    parts = [HEAD.format(version=interface.version, order_state=constant(interface, "DNI_ORDER_STATE"))]
    parts += [enumeration(enum) for enum in interface.enums]
    parts += [struct(interface, item) for item in interface.structs.values()]
    parts += [prototypes(interface)]
    parts += [methods(interface, thing, hand) for thing in interface.handles]
    parts += [free_functions(interface, hand)]
    check_fields(interface, text + "".join(parts[-len(interface.handles) - 1:]), "Python", WHOLE_STRUCTS)
    yield FOLDER + "/_interface.py", "\n\n".join(parts)


def text_by_hand(folder):
    """The files of the package but the generated one."""
    text = ""
    for path in glob.glob(os.path.join(folder, "*.py")):
        if not path.endswith("_interface.py"):
            with open(path, encoding="utf-8") as file:
                text += file.read()
    return text


def constant(interface, name):
    return next(item["value"] for item in interface.description["constants"] if item["name"] == name)


def python_name(name):
    return name + "_" if keyword.iskeyword(name) else name


def docstring(text, indent):
    """A comment as a docstring."""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    lines = [line.rstrip() for line in text.split("\n")]
    body = "\n".join((indent + line if line and number else line) for number, line in enumerate(lines))
    end = "\n" + indent if len(lines) > 1 or body.endswith('"') else ""
    return '%s"""%s%s"""\n' % (indent, body, end)


# Enumerations and structs. ------------------------------------------------------------------------


def enumeration(enum):
    text = "class %s(%s):\n" % (enum_name(enum), "Flags" if is_flags(enum) else "Enumeration")
    for value in enum["values"]:
        text += "    %s = %d\n" % (value["name"].removeprefix(enum["prefix"]), value["value"])
        if value["doc"]:
            text += docstring(" ".join(value["doc"].split()), "    ")
    return text


def struct(interface, item):
    fields, takes, arrays, matrices = [], [], [], []
    is_options = any(argument.struct == item["name"] and argument.role == "options"
                     for function in interface.functions for argument in function.arguments)
    for field in item["fields"]:
        name, kind = python_name(field["name"]), "c_void_p"
        if not interface.is_callback(field):
            base, depth = field["type"]["base"], field["type"]["pointers"]
            kind = "c_void_p" if depth else NUMBERS.get(base, "c_int32")
            converter = taker(interface, field)
            if base == "dni_matrix":
                matrices.append('"%s": %s' % (name, not field["type"]["const"]))
            if "length" in field and not is_options:
                arrays.append('"%s": ("%s", "%s")' % (name, field["length"], ARRAYS[base]))
                name = "_" + name
            elif converter:
                takes.append('"%s": %s' % (name, converter))
        fields.append('("%s", %s)' % (name, kind))
    text = "class %s(Struct):\n%s\n" % (camel(item["name"].removeprefix("dni_")), docstring(item["doc"], "    "))
    text += "    _fields_ = [%s]\n" % wrapped(fields, "                ")
    for name, entries in ("_takes_", takes), ("_matrices_", matrices), ("_arrays_", arrays):
        if entries:
            text += "    %s = {%s}\n" % (name, wrapped(entries, "               "))
    return text


def wrapped(entries, indent, width=105):
    """Entries with commas, over as many lines as they need."""
    lines = [""]
    for number, entry in enumerate(entries):
        entry += ", " if number + 1 < len(entries) else ""
        if lines[-1] and len(indent) + len(lines[-1] + entry.rstrip()) > width:
            lines.append("")
        lines[-1] += entry
    return ("\n" + indent).join(line.rstrip() for line in lines)


def taker(interface, field):
    """What makes a C value of a Python value for a field; None: ctypes does it."""
    base, depth = field["type"]["base"], field["type"]["pointers"]
    enum = interface.enum_of(field)
    if "length" in field:
        return 'numbers("%s", "%s")' % (ARRAYS[base], field["length"])
    if base == "dni_matrix":
        return "Reading" if field["type"]["const"] else "Writing"
    if interface.is_handle(base):
        return 'pointer_to("%s")' % base.removeprefix("dni_")
    if base == "char":
        return "Text"
    if enum:
        return enum_name(enum)
    return WHOLE.get(base) if depth == 0 else None


# Prototypes. --------------------------------------------------------------------------------------


def prototypes(interface):
    text = "PROTOTYPES = {\n"
    for function in interface.functions:
        kinds = [argument_type(argument) for argument in function.arguments]
        text += '    "%s": (%s),\n' % (function.name, wrapped([answer_type(function)] + kinds + [""],
                                                              "        ").rstrip(" ,") + ",")
    return text + "}\nlib.declare(PROTOTYPES)\n"


def answer_type(function):
    base, depth = function.returns["base"], function.returns["pointers"]
    if function.may_fail and function.name != "dni_fail":
        return "checked"
    if depth:
        return "c_char_p" if base == "char" else "c_void_p"
    return "None" if base == "void" else NUMBERS.get(base, "c_int32")


def argument_type(argument):
    role, base = argument.role, argument.type["base"]
    if role == "handle":
        return 'pointer_to("%s")' % argument.thing
    if role in ("integer", "length"):
        return WHOLE[base]
    return {"text": "Text", "real": "c_double", "matrix": "Reading", "elements": "Writing",
            "enum": enum_name(argument.enum) if argument.enum else None}.get(role, "c_void_p")


# Methods. -----------------------------------------------------------------------------------------


def methods(interface, thing, hand):
    doc = next(item["doc"] for item in interface.description["handles"] if item["name"] == "dni_" + thing)
    text = 'class %sMethods(Handle, thing="%s"):\n%s' % (camel(thing), thing, docstring(doc, "    "))
    for function in interface.functions:
        if function.owner == thing and function.role != "reference" and function.name not in hand:
            text += "\n" + Method(interface, function, "    ").text()
    return text


def free_functions(interface, hand):
    return "\n\n".join(Method(interface, function, "").text() for function in interface.functions
                       if function.role == "free" and function.name not in hand)


class Method:
    """One function as Python: what it is given, what it does with that, what it answers."""

    def __init__(self, interface, function, indent):
        self.interface, self.function, self.indent = interface, function, indent
        self.given, self.optional, self.before, self.passed, self.answers = [], [], [], [], []
        for kind, argument in function.plan(interface):
            getattr(self, "take_" + kind)(argument, python_name(argument.name))
        self.take_answer()

    def take_self(self, argument, name):
        self.passed.append("self")

    def take_given(self, argument, name):
        self.given.append("%s: %s" % (name, hint(argument)))
        self.passed.append(name)

    def take_options(self, argument, name):
        fields = option_fields(self.interface, self.function, argument)
        names = [python_name(field["name"]) for field in fields]
        self.optional += ["%s: %s | None = None" % (name, field_hint(self.interface, field))
                          for name, field in zip(names, fields)]
        made = wrapped(["%s=%s" % (name, name) for name in names], self.indent + "        ")
        self.before.append("%s = %s.given(%s)" % (name, camel(argument.struct.removeprefix("dni_")), made))
        self.passed.append(name)

    def take_array(self, argument, name):
        self.given.append("%s: Sequence" % name)
        self.before.append('%s = results("%s", given=%s)' % (name, ARRAYS[argument.type["base"]], name))
        self.passed.append("%s.pointer" % name)

    def take_length_of(self, argument, name):
        self.passed.append("len(%s.array)" % name)

    def take_result_array(self, argument, name):
        self.before.append('%s = results("%s", length=%s)' % (name, ARRAYS[argument.type["base"]],
                                                              argument.length))
        self.passed.append("%s.pointer" % name)
        self.answers.append(("Array", "%s.array" % name))

    def take_result_handle(self, argument, name):
        self.before.append("%s = c_void_p()" % name)
        borrowed = argument.json.get("ownership") == "borrowed"
        answer = 'Handle.%s("%s", %s)' % ("_borrow" if borrowed else "_adopt", argument.thing, name)
        self.answers.append((camel(argument.thing) + (" | None" if borrowed else ""), answer))
        self.passed.append("byref(%s)" % name)

    def take_result(self, argument, name):
        self.before.append("%s = %s()" % (name, NUMBERS[argument.type["base"]]))
        self.answers.append(("float" if argument.type["base"] == "double" else "int", name + ".value"))
        self.passed.append("byref(%s)" % name)

    def take_report(self, argument, name):
        kind = camel(argument.struct.removeprefix("dni_"))
        self.before.append("%s = %s.of()" % (name, kind))
        self.answers.append((kind, name))
        self.passed.append("byref(%s)" % name)

    def take_other(self, argument, name):
        raise SystemExit("bindings/generate: %s has to be written by hand for Python: its %s is a %s" % (
            self.function.name, name, argument.role))

    def take_answer(self):
        function = self.function
        base, depth, enum = function.returns["base"], function.returns["pointers"], None
        self.answer = "%s"
        if function.may_fail or (base == "void" and not depth):
            return
        enum = self.interface.enum_of(function.json)
        if depth and base == "char":
            kind, self.answer = "str", "%s.decode()"
        elif self.interface.is_handle(base):
            kind = camel(base.removeprefix("dni_")) + " | None"
            self.answer = 'Handle._borrow("%s", %%s)' % base.removeprefix("dni_")
        elif enum:
            kind, self.answer = enum_name(enum), enum_name(enum) + "(%s)"
        elif depth == 0:
            kind = "float" if base == "double" else "int"
        else:
            raise SystemExit("bindings/generate: %s has to be written by hand for Python" % function.name)
        self.answers.append((kind, None))

    def is_property(self):
        """A name for what can be asked without arguments."""
        function = self.function
        return function.role == "method" and not function.may_fail and self.passed == ["self"] and \
            self.answers and not self.given

    def is_constructor(self):
        return self.function.role == "create" and not self.function.kind

    def name(self):
        function = self.function
        if self.is_constructor():
            return "__init__"
        return python_name(function.kind_name(self.interface) if function.role == "create" else function.method)

    def head(self):
        role = self.function.role
        first = {"method": ["self"], "create": ["self" if self.is_constructor() else "cls"], "static": ["cls"]}
        given = first.get(role, []) + self.given + (["*"] + self.optional if self.optional else [])
        kinds = ", ".join(kind for kind, _ in self.answers)
        kinds = "None" if not kinds or self.is_constructor() else \
            "tuple[%s]" % kinds if len(self.answers) > 1 else kinds
        decorator = "@property\n" if self.is_property() else \
            "@classmethod\n" if role in ("create", "static") and not self.is_constructor() else ""
        text = self.indent + decorator + self.indent if decorator else self.indent
        name = "def %s(" % self.name()
        return "%s%s%s) -> %s:\n" % (text, name, wrapped(given, self.indent + " " * len(name)), kinds)

    def text(self):
        inner = self.indent + "    "
        lines = list(self.before)
        call = "lib.%s(%s)" % (self.function.name, wrapped(self.passed, inner + "    "))
        returned = [answer if answer else self.answer % call for _, answer in self.answers]
        if not any(answer is None for _, answer in self.answers):
            lines.append(call)
        if self.is_constructor():
            lines.append("self._take(out)")
        elif returned:
            lines.append("return " + ", ".join(returned))
        doc = without_statuses(self.function.doc)
        return self.head() + docstring(doc, inner) + "".join(inner + line + "\n" for line in lines)


def hint(argument):
    role = argument.role
    if role == "handle":
        return camel(argument.thing) + (" | None" if argument.json["name"] == "sg" else "")
    if role == "enum":
        return enum_name(argument.enum) + " | str | int"
    return {"text": "str", "integer": "int", "length": "int", "real": "float", "matrix": "Array", "elements": "Array"}[role]


def field_hint(interface, field):
    base = field["type"]["base"]
    enum = interface.enum_of(field)
    if "length" in field:
        return "Sequence"
    if interface.is_handle(base):
        return camel(base.removeprefix("dni_"))
    if enum:
        return enum_name(enum) + " | str | int"
    return {"dni_matrix": "Array", "double": "float", "char": "str"}.get(base, "int")
