"""Writes bindings/lua/dni/interface.lua (declarations for LuaJIT's ffi, and what fields mean) and
bindings/lua/dni/methods.lua (the methods that need no thought)."""

import glob
import os
import re

from model import check_fields, is_flags, option_fields, without_statuses

FOLDER = "bindings/lua/dni"
LEFT_OUT = {
    "dni_context_allocate": "memory for callers of C", "dni_context_free": "memory for callers of C",
    "dni_last_message": "errors have it", "dni_last_status": "errors have it",
    "dni_matrix_init_f32": "dni.matrix() makes views", "dni_matrix_init_f64": "dni.matrix() makes views",
    "dni_matrix_init_labels": "dni.matrix() makes views", "dni_matrix_init_u8": "dni.matrix() makes views",
    "dni_matrix_init_strided_f32": "dni.matrix() makes views",
    "dni_matrix_init_strided_f64": "dni.matrix() makes views",
}
# Fit takes a table with any field of these.
WHOLE_STRUCTS = {"dni_fit_options"}
HEAD = """-- %s Made by bindings/generate from the headers of libdni %s;
-- do not edit.
"""


def files(interface, top):
    text = text_by_hand(os.path.join(top, "bindings/lua"))
    hand = set(re.findall(r"\bC\.(dni_\w+)", text)) | set(LEFT_OUT)
    made = methods(interface, hand)
    check_fields(interface, text + made, "Lua", WHOLE_STRUCTS)
    yield FOLDER + "/interface.lua", declarations(interface)
    yield FOLDER + "/methods.lua", made


def text_by_hand(folder):
    text = ""
    for path in glob.glob(folder + "/dni.lua") + glob.glob(folder + "/dni/*.lua"):
        if os.path.basename(path) not in ("interface.lua", "methods.lua"):
            with open(path, encoding="utf-8") as file:
                text += file.read()
    return text


# Declarations. ------------------------------------------------------------------------------------


def declarations(interface):
    text = HEAD % ("What the headers declare.", interface.version)
    text += 'local ffi = require "ffi"\n\nffi.cdef[[\n' + c_text(interface) + "]]\n\n"
    text += 'local interface = {version = "%s", enums = {}, fields = {}, names = {}}\n' % interface.version
    text += "interface.handles = {%s}\n\n" % ", ".join('"%s"' % thing for thing in interface.handles)
    for enum in interface.enums:
        values = ", ".join("%s = %d" % (lua_key(value["name"].removeprefix(enum["prefix"]).lower()), value["value"])
                           for value in enum["values"])
        text += "interface.enums.%s = {%s}\n" % (enum_key(enum), values)
    text += "\n-- What a field is given as; others are numbers. With an array comes the field of its length.\n"
    for struct in interface.structs.values():
        entries = ["%s = %s" % (lua_key(field["name"]), kind)
                   for field in struct["fields"] for kind in [field_kind(interface, field)] if kind]
        text += "interface.fields.%s = {%s}\n" % (struct["name"], ", ".join(entries))
    text += "\n-- What a report shows: its numbers and its arrays of numbers.\n"
    for name in sorted({argument.struct for function in interface.functions for argument in function.arguments
                        if argument.role == "report"} | {"dni_step_report"}):
        shown = ['"%s"' % field["name"] for field in interface.structs[name]["fields"]
                 if field["name"] not in ("struct_size", "reserved")]
        text += "interface.names.%s = {%s}\n" % (name, ", ".join(shown))
    return text + "\nreturn interface\n"


def c_text(interface):
    """The interface as plain C, without comments."""
    text = "".join("typedef int32_t %s;\n" % kind["name"] for kind in interface.description["types"])
    text += "".join("typedef struct dni_%s dni_%s;\n" % (thing, thing) for thing in interface.handles)
    text += "".join("typedef struct %s %s;\n" % (name, name) for name in interface.structs)
    for callback in interface.callbacks.values():
        text += "typedef %s;\n" % pointer_to_function(callback, callback["name"])
    for name, struct in interface.structs.items():
        text += "struct %s {\n" % name
        for field in struct["fields"]:
            declared = pointer_to_function(field["callback"], field["name"]) if "callback" in field \
                else declare(field["type"], field["name"])
            text += "  %s;\n" % declared
        text += "};\n"
    for function in interface.functions:
        arguments = ", ".join(declare(argument.type, argument.name) for argument in function.arguments)
        text += "%s(%s);\n" % (declare(function.returns, function.name), arguments or "void")
    return text


def declare(kind, name):
    return "%s%s %s%s" % ("const " if kind["const"] else "", kind["base"], "*" * kind["pointers"], name)


def pointer_to_function(callback, name):
    arguments = ", ".join(declare(item["type"], item["name"]) for item in callback["arguments"])
    return "%s(%s)" % (declare(callback["returns"], "(*%s)" % name), arguments)


def enum_key(enum):
    own = enum["type"] not in ("dni_kind", "int32_t")
    return enum["type"].removeprefix("dni_") if own else enum["prefix"].removeprefix("DNI_").lower() + "kind"


def lua_key(name):
    words = {"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
             "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while"}
    return '["%s"]' % name if name in words else name


def field_kind(interface, field):
    """A table for core.lua: what the field is."""
    if interface.is_callback(field):
        return '{"callback"}'
    base, enum = field["type"]["base"], interface.enum_of(field)
    if "length" in field:
        return '{"array", "%s", "%s"}' % (base, field["length"])
    if base == "dni_matrix":
        return '{"matrix"}'
    if interface.is_handle(base):
        return '{"handle", "%s"}' % base.removeprefix("dni_")
    if base == "char":
        return '{"text"}'
    if enum:
        return '{"%s", "%s"}' % ("flags" if is_flags(enum) else "enum", enum_key(enum))
    if field["type"]["pointers"]:
        return '{"pointer"}'
    return '{"size"}' if base in ("size_t", "uint64_t") else None


# Methods. -----------------------------------------------------------------------------------------


def methods(interface, hand):
    text = HEAD % ("The methods of all classes.", interface.version)
    text += '''-- Comments are those of the headers: NULL is nil, a failure is an error. A function that may call back
-- must not be compiled to machine code by LuaJIT, so none here is.
jit.off(true, true)

local ffi = require "ffi"
local core = require "dni.core"
local C, check, own, borrow = core.C, core.check, core.own, core.borrow
local pointer, size, enum, matrix = core.pointer, core.size, core.enum, core.matrix
local options, array, report, result = core.options, core.array, core.report, core.result
local classes, library = core.classes, core.library
'''
    for function in interface.functions:
        if function.role != "reference" and function.name not in hand:
            text += "\n" + Method(interface, function).text()
    return text


class Method:
    """One function as Lua."""

    def __init__(self, interface, function):
        self.interface, self.function = interface, function
        self.given, self.before, self.passed, self.answers, self.options = [], [], [], [], None
        for kind, argument in function.plan(interface):
            getattr(self, "take_" + kind)(argument, safe(argument.name))

    def take_self(self, argument, name):
        self.passed.append('pointer(self, "%s")' % argument.thing)

    def take_given(self, argument, name):
        self.given.append(name)
        role = argument.role
        self.passed.append({
            "handle": 'pointer(%s, "%s")' % (name, argument.thing),
            "enum": 'enum("%s", %s)' % (enum_key(argument.enum) if argument.enum else "", name),
            "integer": "size(%s)" % name, "length": "size(%s)" % name,
            "matrix": "matrix(%s)" % name, "elements": "matrix(%s)" % name}.get(role, name))

    def take_options(self, argument, name):
        fields = option_fields(self.interface, self.function, argument)
        names = ", ".join("%s = true" % lua_key(field["name"]) for field in fields)
        self.options = name
        self.before.append('local %s = options("%s", %s, {%s})' % (name, argument.struct, name, names))
        self.passed.append(name)

    def take_array(self, argument, name):
        self.given.append(name)
        self.before.append('local %s, %s_length = array("%s", %s)' % (name, name, argument.type["base"], name))
        self.passed.append(name)

    def take_length_of(self, argument, name):
        self.passed.append(name + "_length")

    def take_result_array(self, argument, name):
        self.before.append('local %s = ffi.new("%s[?]", %s)' % (name, argument.type["base"], argument.length))
        self.passed.append(name)
        self.answers.append("core.numbers(%s, %s)" % (name, argument.length))

    def take_result_handle(self, argument, name):
        self.before.append('local %s = ffi.new("dni_%s *[1]")' % (name, argument.thing))
        self.passed.append(name)
        if argument.json.get("ownership") == "borrowed":
            self.answers.append('borrow("%s", %s[0], self)' % (argument.thing, name))
        else:
            self.answers.append('own("%s", %s[0], %s)' % (argument.thing, name, self.source()))

    def source(self):
        """The object whose context a new one shares."""
        handles = [argument for argument in self.function.arguments if argument.role == "handle"]
        return "nil" if not handles else "self" if self.function.role == "method" else safe(handles[0].name)

    def take_result(self, argument, name):
        self.before.append('local %s = ffi.new("%s[1]")' % (name, argument.type["base"]))
        self.passed.append(name)
        self.answers.append("tonumber(%s[0])" % name)

    def take_report(self, argument, name):
        self.before.append('local %s = report("%s")' % (name, argument.struct))
        self.passed.append(name)
        self.answers.append('result("%s", %s)' % (argument.struct, name))

    def take_other(self, argument, name):
        raise SystemExit("bindings/generate: %s has to be written by hand for Lua: its %s is a %s" % (
            self.function.name, name, argument.role))

    def place(self):
        function = self.function
        if function.role == "free":
            return "library." + function.method
        name = function.kind_name(self.interface) or "create" if function.role == "create" else function.method
        name = name + "_" if lua_key(name) != name else name
        return "classes.%s%s%s" % (function.owner, ":" if function.role == "method" else ".", name)

    def answer(self, call):
        base, pointers = self.function.returns["base"], self.function.returns["pointers"]
        if pointers:
            return "ffi.string(%s)" % call if base == "char" else \
                'borrow("%s", %s, self)' % (base.removeprefix("dni_"), call)
        return call if base in ("void", "double") else "tonumber(%s)" % call

    def text(self):
        function = self.function
        given = self.given + ([self.options] if self.options else [])
        comment = "".join("-- %s\n" % line if line else "--\n"
                          for line in without_statuses(function.doc).split("\n"))
        call = "C.%s(%s)" % (function.name, ", ".join(self.passed))
        lines = list(self.before)
        if function.may_fail:
            lines.append("check(%s)" % call)
            if self.answers:
                lines.append("return " + ", ".join(self.answers))
        else:
            lines.append(("" if function.returns["base"] == "void" and not function.returns["pointers"]
                          else "return ") + self.answer(call))
        return "%sfunction %s(%s)\n%send\n" % (comment, self.place(), ", ".join(given),
                                               "".join("  %s\n" % line for line in lines))


def safe(name):
    """A name that is neither a word of Lua nor a function that methods.lua uses."""
    return name + "_" if lua_key(name) != name or name in ("report", "options", "array", "result", "matrix",
                                                           "enum", "size", "pointer") else name
