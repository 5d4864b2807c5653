"""Reads the public headers into one description of the interface.

clang gives declarations and types as JSON, so nothing here parses C. Comments are cut out of the headers
by the places that clang names. What C cannot say (which pointer is an array, which a result) follows from
the library's conventions, or is written in rules.py; a pointer that neither explains is refused.
"""

import json
import os
import re
import subprocess
import tempfile

import rules

RESEARCH = "dni/research.h"
ARRAY_TYPES = {"size_t", "uint64_t", "double", "int32_t", "uint8_t", "float", "int64_t"}


class Refused(Exception):
    """The headers have something that bindings could not be made of."""


def read(include, clang="clang"):
    """The description of the headers below the folder `include`."""
    return Reader(include, syntax_tree(include, clang)).description()


def syntax_tree(include, clang):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "all.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <dni.h>\n#include <%s>\n" % RESEARCH)
        command = [clang, "-std=c99", "-I", include, "-fsyntax-only", "-fparse-all-comments",
                   "-Xclang", "-ast-dump=json", source]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def located(place):
    """A place in the source; of what a macro made, the place of the macro's use."""
    return place.get("expansionLoc", place)


class Reader:
    """Walks the declarations in their order."""

    def __init__(self, include, tree):
        self.include = include
        self.texts = {}
        self.handles, self.callbacks, self.structs = [], [], []
        self.types, self.enums, self.functions = [], [], []
        self.records = {}
        self.open_type = None
        file = None
        for node in tree["inner"]:
            # clang names the file only where it changes.
            for place in node.get("loc", {}), node.get("range", {}).get("begin", {}):
                for part in place.get("spellingLoc", {}), located(place):
                    file = part.get("file", file)
            path = os.path.relpath(file, include) if file else ""
            if path == "dni.h" or path.startswith("dni/"):
                self.header = path
                self.take(node)

    def description(self):
        return {
            "library": "dni", **self.macros(), "types": self.types, "enums": self.enums,
            "handles": self.handles, "callbacks": self.callbacks, "structs": self.structs,
            "functions": self.functions,
        }

    def macros(self):
        """The version and the constants, which clang's tree does not have."""
        text = ""
        for header in sorted({"dni.h", *(item["header"] for item in self.functions + self.types)}):
            with open(os.path.join(self.include, header), encoding="utf-8") as file:
                text += file.read()
        values = dict(re.findall(r"^#define (DNI_\w+)(?:[ \t]+(.*))?$", text, re.M))
        known = {constant["name"] for constant in rules.CONSTANTS} | rules.NO_CONSTANTS
        for name in values:
            if name not in known and not name.endswith("_H"):
                raise Refused("%s: rules.py does not say what this macro is" % name)
        number = int(values["DNI_VERSION"])
        constants = [{**constant, "value": number if constant["value"] is None else constant["value"]}
                     for constant in rules.CONSTANTS]
        return {"version": values["DNI_VERSION_STRING"].strip('"'), "constants": constants}

    def take(self, node):
        kind = node["kind"]
        if kind == "RecordDecl" and node.get("completeDefinition"):
            self.records[node["name"]] = node
        elif kind == "TypedefDecl":
            self.take_typedef(node)
        elif kind == "EnumDecl":
            self.take_enum(node)
        elif kind == "FunctionDecl":
            self.take_function(node)

    # Types. -----------------------------------------------------------------------------------

    def take_typedef(self, node):
        name, meaning = node["name"], node["type"]["qualType"]
        entry = {"name": name, "header": self.header, "doc": self.comment(node)}
        if meaning == "int32_t":
            self.types.append(entry)
            self.open_type = name
        elif "(*)" in meaning:
            self.callbacks.append({**entry, **self.signature(node)})
        elif name in self.records:
            self.structs.append({**entry, "fields": self.fields(name)})
        else:
            self.handles.append(entry)

    def fields(self, name):
        """Fields of a struct, in order."""
        found = []
        for node in self.records[name]["inner"]:
            if node["kind"] != "FieldDecl":
                continue
            meaning, doc = node["type"]["qualType"], self.comment(node)
            field = {"name": node["name"], "doc": doc}
            where = name + "." + node["name"]
            if "(*)" in meaning:
                field["callback"] = self.signature(node)
            else:
                field["type"] = c_type(meaning)
                if is_array(field["type"]) and where not in rules.SCALAR_FIELDS:
                    if where not in rules.LENGTHS:
                        raise Refused("%s: rules.LENGTHS does not say which field has its length" % where)
                    field["length"] = rules.LENGTHS[where]
            add_values(field, doc, where)
            found.append(field)
        return found

    def signature(self, node):
        """What a pointer to a function gives and takes. clang does not tell the names of arguments."""
        text = node["type"]["qualType"]
        returns, _, rest = text.partition("(*)")
        kinds = [part.strip() for part in rest.strip("()").split(",")]
        source = self.cut(located(node["range"]["begin"]), located(node["range"]["end"]))
        names = re.findall(r"(\w+)\s*(?=[,)])", source[source.rindex("("):])
        if len(names) != len(kinds):
            raise Refused("%s: an argument of the callback has no name" % node["name"])
        return {"returns": c_type(returns.strip()),
                "arguments": [{"name": name, "type": c_type(kind)} for name, kind in zip(names, kinds)]}

    def take_enum(self, node):
        values, number = [], -1
        for item in node["inner"]:
            if item["kind"] == "EnumConstantDecl":
                number = constant_value(item, number + 1)
                values.append({"name": item["name"], "value": number, "doc": self.comment(item)})
        names = [value["name"] for value in values]
        prefix = rules.PREFIXES.get(self.open_type) or os.path.commonprefix(names).rpartition("_")[0] + "_"
        self.enums.append({"prefix": prefix, "header": self.header,
                           "type": self.open_type or ("int32_t" if self.header == RESEARCH else "dni_kind"),
                           "values": values})
        self.open_type = None

    # Functions. -------------------------------------------------------------------------------

    def take_function(self, node):
        name, doc = node["name"], self.comment(node)
        returns = node["type"]["qualType"].partition("(")[0].strip()
        arguments = [{"name": item["name"], "type": c_type(item["type"]["qualType"])}
                     for item in node["inner"] if item["kind"] == "ParmVarDecl"]
        for position, argument in enumerate(arguments):
            later = [other["name"] for other in arguments[position + 1:]]
            self.direct(name, argument, later, doc)
            add_values(argument, "", name + "." + argument["name"])
        function = {"name": name, "header": self.header, "doc": doc,
                    "experimental": self.header == RESEARCH, "returns": c_type(returns),
                    "arguments": arguments, "statuses": statuses(doc)}
        if returns == "dni_kind":
            add_values(function, doc, name)
        self.functions.append(function)

    def direct(self, function, argument, later, doc):
        """Who writes what an argument points to, and how long it is."""
        kind, where = argument["type"], function + "." + argument["name"]
        base, depth = kind["base"], kind["pointers"]
        struct, handle = base in self.records, self.is_handle(base)
        if where in rules.DIRECTIONS:
            argument.update(rules.DIRECTIONS[where])
        elif depth == 0 or base in ("void", "char") or (handle and depth == 1) or base.endswith("_callback"):
            argument["direction"] = "in"
        elif depth == 2 and (handle or base == "void"):
            argument["direction"] = "out"
            argument["ownership"] = "borrowed" if "borrowed" in doc else "owned"
        elif struct and depth == 1:
            argument["direction"] = "in" if kind["const"] else "elements" if base == "dni_matrix" else "inout"
        elif base in ARRAY_TYPES and depth == 1 and ("count" in later or where in rules.LENGTHS):
            argument["direction"] = "in" if kind["const"] else "out"
            argument["length"] = rules.LENGTHS.get(where, "count")
        elif base in ARRAY_TYPES and depth == 1 and not kind["const"]:
            argument["direction"] = "out"
        else:
            raise Refused("%s: rules.py does not say what this pointer is" % where)

    def is_handle(self, name):
        return any(handle["name"] == name for handle in self.handles) and name not in self.records

    # Comments. --------------------------------------------------------------------------------

    def comment(self, node):
        """The text of a declaration's comment, without its stars; "" if there is none."""
        for item in node.get("inner", []):
            if item["kind"] == "FullComment":
                return self.cut(located(item["range"]["begin"]), located(item["range"]["end"]))
        return ""

    def cut(self, begin, end):
        if self.header not in self.texts:
            with open(os.path.join(self.include, self.header), "rb") as file:
                self.texts[self.header] = file.read()
        text = self.texts[self.header][begin["offset"]:end["offset"] + end.get("tokLen", 1)].decode()
        lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in text.split("\n")]
        return "\n".join(lines).strip().removesuffix("*/").strip()


def c_type(text):
    """'const dni_matrix *' in parts."""
    match = re.fullmatch(r"(const )?(\w+) ?(\**)", text.replace("struct ", ""))
    if not match:
        raise Refused("the type %s is not plain enough" % text)
    return {"c": text, "base": match[2], "const": bool(match[1]), "pointers": len(match[3])}


def is_array(kind):
    return kind["pointers"] == 1 and kind["base"] in ARRAY_TYPES


def constant_value(node, default):
    """The number of an enumerator."""
    for item in node.get("inner", []):
        if "value" in item:
            return int(item["value"])
    return default


def add_values(entry, doc, where):
    """'A DNI_SCHEDULE_ value' tells which numbers an integer stands for."""
    match = re.search(r"\b(DNI_[A-Z_]+_) (?:value|bits)", doc)
    if match or where in rules.VALUES:
        entry["values"] = rules.VALUES.get(where) or match[1]


def statuses(doc):
    """The statuses that a comment lists, with what they mean for the call."""
    found = []
    text = re.sub(r"\n(?=- )", "\0", doc)
    for item in text.split("\0")[1:]:
        item = item.partition("\n\n")[0]
        match = re.match(r"- (DNI_\w+(?:, DNI_\w+)*)(?:, or a status of the caller's)?: (.*)", item, re.S)
        if match:
            meaning = " ".join(match[2].split())
            found += [{"status": name, "when": meaning} for name in re.findall(r"DNI_\w+", match[1])]
    return found
