"""What the writers of all languages ask about the interface: whose method a function is, what each
argument is for, and which of the structs are options, reports or tables of callbacks."""

import re


class Interface:
    """The description of headers.py, with answers."""

    def __init__(self, description):
        self.version = description["version"]
        self.description = description
        self.handles = [handle["name"].removeprefix("dni_") for handle in description["handles"]]
        self.structs = {struct["name"]: struct for struct in description["structs"]}
        self.callbacks = {callback["name"]: callback for callback in description["callbacks"]}
        self.enums = description["enums"]
        self.integers = {kind["name"] for kind in description["types"]}
        self.functions = [Function(self, function) for function in description["functions"]]

    def enum_of(self, entry):
        """The enumeration of an argument, field or function's answer; None for plain numbers."""
        kind = (entry.get("type") or entry.get("returns"))["base"]
        found = [enum for enum in self.enums
                 if enum["prefix"] == entry.get("values") or ("values" not in entry and enum["type"] == kind)]
        return found[0] if len(found) == 1 else None

    def is_handle(self, base):
        return base.removeprefix("dni_") in self.handles

    def is_callback(self, field):
        return "callback" in field or field["type"]["base"] in self.callbacks

    def from_the_library(self):
        """Structs that the library fills in: reports, and what callbacks are given."""
        signatures = list(self.callbacks.values()) + [field["callback"] for struct in self.structs.values()
                                                      for field in struct["fields"] if "callback" in field]
        names = {item["type"]["base"] for signature in signatures for item in signature["arguments"]}
        names |= {argument.struct for function in self.functions for argument in function.arguments
                  if argument.role == "report"}
        return names - {"dni_batch"}

    def struct_role(self, name):
        """"options", or "callbacks": a struct with functions that do the work of an object."""
        fields = self.structs[name]["fields"]
        return "callbacks" if any("callback" in field for field in fields) else "options"


class Function:
    """One function and its place in a language with classes."""

    def __init__(self, interface, function):
        self.interface = interface
        self.name, self.doc = function["name"], function["doc"]
        self.json = function
        self.arguments = [Argument(interface, self, item) for item in function["arguments"]]
        words = self.name.removeprefix("dni_")
        self.owner = next((thing for thing in sorted(interface.handles, key=len, reverse=True)
                           if words.startswith(thing + "_")), None)
        self.method = words.removeprefix(self.owner + "_") if self.owner else words
        self.returns = function["returns"]
        self.may_fail = self.returns["base"] == "dni_status" and self.name != "dni_last_status"

    @property
    def role(self):
        """"create", "static", "method", "reference" (retain, release) or "free"."""
        if not self.owner:
            return "free"
        if self.method in ("retain", "release"):
            return "reference"
        if self.method.startswith("create"):
            return "create"
        first = self.arguments[0] if self.arguments else None
        return "method" if first and first.thing == self.owner and first.role == "handle" else "static"

    def plan(self, interface):
        """How each argument comes about, in C's order: pairs of a word and the argument.

        self; given by the caller; options, whose fields are given by name; array, given as a whole;
        length_of an array; and what is answered: result, result_array, result_handle, report. What is
        `other` needs somebody who thinks."""
        found = []
        for position, argument in enumerate(self.arguments):
            if position == 0 and self.role == "method":
                kind = "self"
            elif argument.role in ("handle", "text", "enum", "integer", "real", "matrix", "elements"):
                kind = "given"
            elif argument.role == "length":
                arrays = [item for item in self.arguments if item.length == argument.name]
                given = [item for item in arrays if item.role == "array"]
                kind, argument = ("length_of", given[0]) if given else ("given", argument)
            elif argument.role in ("options", "array", "result", "result_array", "result_handle", "report"):
                kind = argument.role
            else:
                kind = "other"
            found.append((kind, argument))
        return found

    @property
    def kind(self):
        """Of a create function, which kind it makes; "" if there is one kind alone."""
        return self.method.removeprefix("create").removeprefix("_")


    def kind_name(self, interface):
        """The kind as a name beside the methods of its class: with a "_" where a method has that name."""
        taken = {function.method for function in interface.functions
                 if function.owner == self.owner and function.role == "method"}
        return self.kind + "_" if self.kind in taken else self.kind


class Argument:
    """One argument of a function.

    role: handle, text, enum, integer, real, matrix (read), elements (of a matrix, written), view (filled
    in), array, length (of an array), options, callbacks, report (a struct that is filled in),
    result_handle, result (a number), result_array, pointer (anything else)."""

    def __init__(self, interface, function, item):
        self.name, self.type, self.json = item["name"], item["type"], item
        self.direction = item["direction"]
        self.length = item.get("length")
        self.enum = interface.enum_of(item)
        base = self.type["base"]
        self.thing = base.removeprefix("dni_") if interface.is_handle(base) else None
        self.struct = base if base in interface.structs else None
        self.role = self.find_role(interface, function)

    def find_role(self, interface, function):
        base, depth, out = self.type["base"], self.type["pointers"], self.direction in ("out", "inout")
        if self.direction in ("memory", "kept"):
            return "pointer"
        if self.thing:
            return "result_handle" if out else "handle"
        if base == "dni_matrix":
            return {"in": "matrix", "elements": "elements", "view": "view"}[self.direction]
        if self.struct:
            return "report" if out else interface.struct_role(self.struct)
        if depth == 0:
            lengths = [item.get("length") for item in function.json["arguments"]]
            return "length" if self.name in lengths else "pointer" if base in interface.callbacks else \
                "enum" if self.enum else "real" if base == "double" else "integer"
        if base == "char":
            return "text"
        if self.length:
            return "result_array" if out else "array"
        return "result" if out and base != "void" else "pointer"


# Fields of options that a binding sets itself.
HIDDEN = re.compile(r"(struct_size|reserved|has_\w+|destroy|user|\w+_user|\w+_destroy)$")


def option_fields(interface, function, argument):
    """The fields of options that a caller may name. Functions and structs inside need a binding's own code."""
    fields = interface.structs[argument.struct]["fields"]
    lengths = [field.get("length") for field in fields]
    others = [item.name for item in function.arguments]  # a local loss has its loss already
    return [field for field in fields
            if not HIDDEN.match(field["name"]) and not interface.is_callback(field)
            and field["name"] not in lengths + others
            and (field["type"]["base"] not in interface.structs or field["type"]["base"] == "dni_matrix")]


# Memory of a collector is not given out by C's rules.
ONLY_FOR_C = {"dni_allocator.alloc", "dni_allocator.free", "dni_context_options.allocator",
              "dni_backend_options.allocator"}


def check_fields(interface, texts, language, given_whole, spell=lambda name: name):
    """Each field of a struct, which a caller may set or read, has to be named in the files of a language. Structs
    that are given whole, field by field, need none."""
    words = set(re.findall(r"\w+", texts))
    for struct in interface.structs.values():
        if struct["name"] in given_whole or struct["name"] in interface.from_the_library():
            continue
        lengths = [field.get("length") for field in struct["fields"]]
        for field in struct["fields"]:
            name = struct["name"] + "." + field["name"]
            if field["name"] in lengths:
                continue
            if name not in ONLY_FOR_C and not HIDDEN.match(field["name"]) and spell(field["name"]) not in words:
                raise SystemExit("bindings/generate: %s has no way to %s" % (language, name))


def camel(words):
    """least_squares_options -> LeastSquaresOptions; of the abbreviations SG, DFA and FA all letters."""
    return "".join(word.upper() if word in ("sg",) else word.capitalize() for word in words.split("_"))


def enum_name(enum):
    """The name of an enumeration as a class: Activation, LayerKind."""
    own = enum["type"] not in ("dni_kind", "int32_t")
    return camel(enum["type"].removeprefix("dni_")) if own else \
        camel(enum["prefix"].removeprefix("DNI_").strip("_").lower()) + "Kind"


def is_flags(enum):
    """Whether its values are bits that are added."""
    return enum["type"].endswith("_flags")


def first_paragraph(doc):
    return " ".join(doc.partition("\n\n")[0].partition("\n- ")[0].split())


def without_statuses(doc):
    """The comment without its list of statuses, which each language says in its own words."""
    return re.sub(r"(\n|^)- DNI_(?:OK|ERROR).*?(?=\n\n|\Z)", "", doc, flags=re.S).strip()
