"""Writes bindings/node/interface.js (prototypes, layouts of structs, enumerations) and bindings/node/methods.js
with its types, methods.d.ts (the methods that need no thought). Names are in camel case, as is usual there."""

import glob
import os
import re

from model import camel, check_fields, enum_name, first_paragraph, option_fields, without_statuses

FOLDER = "bindings/node"
GENERATED = ("interface.js", "methods.js")
LEFT_OUT = {
    "dni_context_allocate": "memory for callers of C", "dni_context_free": "memory for callers of C",
    "dni_last_status": "errors have it", "dni_matrix_copy": "typed arrays copy",
    "dni_matrix_init_f32": "typed arrays are views", "dni_matrix_init_f64": "typed arrays are views",
    "dni_matrix_init_labels": "typed arrays are views", "dni_matrix_init_u8": "typed arrays are views",
    "dni_matrix_init_strided_f32": "typed arrays are views",
    "dni_matrix_init_strided_f64": "typed arrays are views",
}
SIZES = {"size_t": 8, "uint64_t": 8, "double": 8, "int32_t": 4, "uint8_t": 1}
ELEMENTS = {"size_t": "BigUint64Array", "uint64_t": "BigUint64Array", "double": "Float64Array",
            "int32_t": "Int32Array", "uint8_t": "Uint8Array"}
WORDS = {"delete", "export", "function", "in", "new", "class", "default"}
HEAD = "// %s Made by bindings/generate from the headers of libdni %s; do not edit.\n"


def files(interface, top):
    text = text_by_hand(os.path.join(top, FOLDER))
    hand = {a or b for a, b in re.findall(r"\bC\.(dni_\w+)|'(dni_\w+)'", text)} | set(LEFT_OUT)
    made = methods(interface, hand)
    check_fields(interface, text + made, "Node.js", set(), lower_camel)
    yield FOLDER + "/interface.js", declarations(interface)
    yield FOLDER + "/methods.js", made
    yield FOLDER + "/methods.d.ts", types(interface, hand)


def text_by_hand(folder):
    text = ""
    for path in glob.glob(os.path.join(folder, "*.js")):
        if os.path.basename(path) not in GENERATED:
            with open(path, encoding="utf-8") as file:
                text += file.read()
    return text


def lower_camel(words):
    """step_count -> stepCount"""
    text = camel(words)
    text = "sg" + text[2:] if text.startswith("SG") else text[0].lower() + text[1:]
    return text.replace("SG", "Sg") if text != "sg" else text


def safe(name):
    return name + "_" if name in WORDS else name


# Declarations. ------------------------------------------------------------------------------------


def declarations(interface):
    text = "'use strict';\n" + HEAD % ("What the headers declare.", interface.version)
    text += "\nexports.version = '%s';\n" % interface.version
    text += "exports.handles = [%s];\n" % ", ".join("'%s'" % thing for thing in interface.handles)
    text += "\n// The answer and the arguments of each function.\nexports.prototypes = {\n"
    for function in interface.functions:
        kinds = ", ".join("'%s'" % koffi_type(argument.type) for argument in function.arguments)
        text += "  %s: ['%s', [%s]],\n" % (function.name, koffi_type(function.returns), kinds)
    text += "};\n\n// The place of each field, in bytes, and what it is given as.\nexports.structs = {\n"
    for struct in interface.structs.values():
        text += layout(interface, struct)
    text += "};\n\nexports.enums = {\n"
    for enum in interface.enums:
        values = ", ".join("%s: %d" % (key(value["name"].removeprefix(enum["prefix"]).lower()), value["value"])
                           for value in enum["values"])
        text += "  %s: {%s},\n" % (enum_name(enum), values)
    return text + "};\n"


def key(name):
    return "'%s'" % name if name[0].isdigit() else name


def koffi_type(kind):
    if kind["pointers"]:
        return "const char *" if kind["base"] == "char" and kind["pointers"] == 1 else "void *"
    if kind["base"].endswith("_callback"):
        return "void *"
    return kind["base"] if kind["base"] in SIZES or kind["base"] == "void" else "int32_t"


def layout(interface, struct):
    offset, fields = 0, []
    for field in struct["fields"]:
        pointer = interface.is_callback(field) or field["type"]["pointers"]
        size = 8 if pointer else SIZES.get(field["type"]["base"], 4)
        offset = (offset + size - 1) // size * size
        fields.append("%s: [%d, %s]" % (lower_camel(field["name"]), offset, field_kind(interface, field)))
        offset += size
    return "  %s: {size: %d, fields: {\n    %s}},\n" % (
        struct["name"], (offset + 7) // 8 * 8, ",\n    ".join(fields))


def field_kind(interface, field):
    if interface.is_callback(field):
        return "'pointer'"
    base, enum, pointers = field["type"]["base"], interface.enum_of(field), field["type"]["pointers"]
    if "length" in field:
        return "'array', '%s', '%s'" % (ELEMENTS[base], lower_camel(field["length"]))
    if base == "dni_matrix":
        return "'matrix'"
    if interface.is_handle(base):
        return "'handle', '%s'" % base.removeprefix("dni_")
    if base == "char":
        return "'text'"
    if pointers:
        return "'pointer'"
    if enum:
        return "'enum', '%s'" % enum_name(enum)
    return {"size_t": "'size'", "uint64_t": "'whole'", "double": "'real'"}.get(base, "'integer'")


# Methods. -----------------------------------------------------------------------------------------


def methods(interface, hand):
    text = "'use strict';\n" + HEAD % ("The methods of all classes.", interface.version)
    text += '''
const {C, Handle, check, adopt, borrow, pointer, size, integer, text, enumValue, matrix, options, list, report, result,
  pointers, numbers} = require('./core.js');
'''
    names = []
    for thing in interface.handles:
        names.append(camel(thing) + "Methods")
        text += "\nclass %s extends Handle {\n  static thing = '%s';\n" % (names[-1], thing)
        for function in interface.functions:
            if function.owner == thing and function.role != "reference" and function.name not in hand:
                text += "\n" + Method(interface, function).text()
        text += "}\n"
    for function in interface.functions:
        if function.role == "free" and function.name not in hand:
            names.append(lower_camel(function.method))
            text += "\n" + Method(interface, function).text()
    return text + "\nmodule.exports = {%s};\n" % ", ".join(names)


class Method:
    """One function as JavaScript."""

    def __init__(self, interface, function):
        self.interface, self.function = interface, function
        self.given, self.before, self.passed, self.answers, self.options = [], [], [], [], None
        self.types, self.answer_types = [], []
        for kind, argument in function.plan(interface):
            getattr(self, "take_" + kind)(argument, safe(lower_camel(argument.name)))

    def take_self(self, argument, name):
        self.passed.append("pointer(this, '%s')" % argument.thing)

    def take_given(self, argument, name):
        name = {"options": "given"}.get(name, name)
        name = name + "_" if name in ("size", "integer", "text", "matrix", "report", "list", "result", "pointer", "numbers") else name
        self.given.append(name)
        role, base = argument.role, argument.type["base"]
        self.types.append("%s: %s" % (name, {
            "handle": camel(argument.thing) if argument.thing else "", "text": "string",
            "enum": "%sName" % enum_name(argument.enum) if argument.enum else "",
            "matrix": "Matrix", "elements": "Matrix"}.get(role, "number | bigint" if base == "uint64_t" else "number")
            + (" | null" if name == "sg" else "")))
        self.passed.append({
            "handle": "pointer(%s, '%s')" % (name, argument.thing),
            "enum": "enumValue('%s', %s)" % (enum_name(argument.enum) if argument.enum else "", name),
            "integer": "%s(%s)" % ("size" if base in ("size_t", "uint64_t") else "integer", name),
            "text": "text(%s)" % name, "length": "size(%s)" % name,
            "matrix": "matrix(%s)" % name, "elements": "matrix(%s)" % name}.get(role, name))

    def take_options(self, argument, name):
        fields = option_fields(self.interface, self.function, argument)
        names = ["'%s'" % lower_camel(field["name"]) for field in fields]
        self.options = "given"
        self.option_types = ["%s?: %s" % (lower_camel(field["name"]), field_type(self.interface, field))
                             for field in fields]
        self.passed.append("options('%s', given, [%s])" % (argument.struct, ", ".join(names)))

    def take_array(self, argument, name):
        self.given.append(name)
        self.types.append("%s: ArrayLike<number>" % name)
        self.passed.append("list('%s', %s)" % (ELEMENTS[argument.type["base"]], name))

    def take_length_of(self, argument, name):
        self.passed.append(name + ".length")

    def take_result_array(self, argument, name):
        self.before.append("const %s = new %s(%s);" % (name, ELEMENTS[argument.type["base"]],
                                                       lower_camel(argument.length)))
        self.passed.append(name)
        self.answers.append("numbers(%s)" % name)
        self.answer_types.append("number[]")

    def take_result_handle(self, argument, name):
        self.before.append("const %s = new BigUint64Array(1);" % name)
        self.passed.append(name)
        borrowed = argument.json.get("ownership") == "borrowed"
        self.answers.append("%s('%s', %s[0], %s)" % ("borrow" if borrowed else "adopt", argument.thing, name,
                                                     self.source()))
        self.answer_types.append(camel(argument.thing) + (" | null" if borrowed else ""))

    def source(self):
        handles = [argument for argument in self.function.arguments if argument.role == "handle"]
        return "null" if not handles else "this" if self.function.role == "method" else handles[0].name

    def take_result(self, argument, name):
        kind = ELEMENTS[argument.type["base"]]
        self.before.append("const %s = new %s(1);" % (name, kind))
        self.passed.append(name)
        self.answers.append("Number(%s[0])" % name if kind.startswith("Big") else name + "[0]")
        self.answer_types.append("number")

    def take_report(self, argument, name):
        self.before.append("const %s = report('%s');" % (name, argument.struct))
        self.passed.append(name)
        self.answers.append("result('%s', %s)" % (argument.struct, name))
        self.answer_types.append("Report")

    def take_other(self, argument, name):
        raise SystemExit("bindings/generate: %s has to be written by hand for Node.js: its %s is a %s" % (
            self.function.name, name, argument.role))

    def head(self):
        function = self.function
        given = self.given + (["given = null"] if self.options else [])
        name = safe(lower_camel(function.kind or "create" if function.role == "create" else function.method))
        kind = {"create": "static ", "static": "static ", "free": "function "}.get(function.role, "")
        getter = "get " if self.is_getter() else ""
        return "%s%s%s(%s)" % (kind, getter, name, ", ".join(given))

    def is_getter(self):
        base = self.function.returns
        return self.function.role == "method" and not self.function.may_fail and not self.given and \
            (base["base"] != "void" or base["pointers"])

    def answer(self, call):
        base, depth = self.function.returns["base"], self.function.returns["pointers"]
        if depth and base != "char":
            return "borrow('%s', %s, this)" % (base.removeprefix("dni_"), call)
        return call if depth or base in ("void", "double", "int32_t") else "Number(%s)" % call

    def text(self):
        indent = "" if self.function.role == "free" else "  "
        call = "C.%s(%s)" % (self.function.name, ", ".join(self.passed))
        lines = list(self.before)
        answers = self.answers[0] if len(self.answers) == 1 else "[%s]" % ", ".join(self.answers)
        if self.function.may_fail:
            lines.append("check(%s);" % call)
            if self.answers:
                lines.append("return %s;" % answers)
        else:
            is_void = self.function.returns["base"] == "void" and not self.function.returns["pointers"]
            lines.append(("" if is_void else "return ") + self.answer(call) + ";")
        return "%s// %s\n%s%s {\n%s%s}\n" % (
            indent, first_paragraph(self.function.doc), indent, self.head(),
            "".join("%s  %s\n" % (indent, line) for line in lines), indent)

    def answer_type(self):
        if self.function.may_fail:
            kinds = self.answer_types
            return "void" if not kinds else kinds[0] if len(kinds) == 1 else "[%s]" % ", ".join(kinds)
        base, depth = self.function.returns["base"], self.function.returns["pointers"]
        if depth:
            return "string" if base == "char" else camel(base.removeprefix("dni_")) + " | null"
        return "void" if base == "void" else "number"

    def declaration(self):
        indent = "" if self.function.role == "free" else "  "
        given = self.types + (["given?: {%s}" % "; ".join(self.option_types)] if self.options else [])
        head = self.head()
        head = head[:head.index("(")]
        doc = without_statuses(self.function.doc).replace("*/", "* /").split("\n")
        comment = "%s/** %s */\n" % (indent, ("\n%s * " % indent).join(doc))
        prefix = "export " if self.function.role == "free" else ""
        return "%s%s%s%s(%s): %s;\n" % (comment, indent, prefix, head, ", ".join(given), self.answer_type())


def field_type(interface, field):
    base, enum = field["type"]["base"], interface.enum_of(field)
    if "length" in field:
        return "ArrayLike<number>"
    if interface.is_handle(base):
        return camel(base.removeprefix("dni_"))
    if enum:
        return enum_name(enum) + "Name"
    return {"dni_matrix": "Matrix", "char": "string", "uint64_t": "number | bigint"}.get(base, "number")


def types(interface, hand):
    text = HEAD % ("Types of methods.js.", interface.version)
    things = [camel(thing) for thing in interface.handles]
    text += "import {Matrix, Report, %s} from './index';\n" % ", ".join(things)
    for enum in interface.enums:
        names = [value["name"].removeprefix(enum["prefix"]).lower() for value in enum["values"]]
        text += "export type %sName = number | %s;\n" % (enum_name(enum), " | ".join("'%s'" % n for n in names))
    text += '''
/** One reference to an object of libdni, given back by close() or by the collector, in any order. */
export class Handle {
  /** Give the reference back now. The object cannot be used afterwards. */
  close(): void;
}
'''
    for thing in interface.handles:
        text += "\nexport class %sMethods extends Handle {\n" % camel(thing)
        text += "\n".join(Method(interface, function).declaration() for function in interface.functions
                          if function.owner == thing and function.role != "reference"
                          and function.name not in hand) + "}\n"
    for function in interface.functions:
        if function.role == "free" and function.name not in hand:
            text += "\n" + Method(interface, function).declaration()
    return text
