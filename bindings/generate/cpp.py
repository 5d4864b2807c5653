"""Writes bindings/cpp/dni/cpp/methods.hpp (the bases of the classes: methods that need no thought) and bodies.hpp
(what those do). classes.hpp, by hand, makes the classes of them, so bodies.hpp comes after it."""

import glob
import os
import re

from model import check_fields, first_paragraph

FOLDER = "bindings/cpp/dni/cpp"
LEFT_OUT = {
    "dni_last_status": "exceptions have it", "dni_last_message": "exceptions have it",
    "dni_context_allocate": "C++ has allocators", "dni_context_free": "C++ has allocators",
    "dni_matrix_init_f32": "dni::matrix has constructors", "dni_matrix_init_f64": "dni::matrix has constructors",
    "dni_matrix_init_labels": "dni::matrix has constructors", "dni_matrix_init_u8": "dni::matrix has constructors",
    "dni_matrix_init_strided_f32": "dni::matrix has constructors",
    "dni_matrix_init_strided_f64": "dni::matrix has constructors",
}

HEAD = """/** \\file
 * %s Made by bindings/generate from the headers of libdni %s; do not edit. */
#ifndef DNI_CPP_%s_HPP
#define DNI_CPP_%s_HPP

#include "%s.hpp"

namespace dni {

"""
TAIL = "} // namespace dni\n\n#endif\n"


def files(interface, top):
    text = text_by_hand(os.path.join(top, FOLDER))
    hand = set(re.findall(r"\b(dni_\w+)\(", text)) | set(LEFT_OUT)
    # Options are C's own structs, and so are the sizes of a data set; tables of callbacks are filled in by hand.
    check_fields(interface, text, "C++", {name for name in interface.structs
                                          if interface.struct_role(name) == "options"} |
                 {"dni_schedule", "dni_dataset_callbacks"})
    methods = [Method(interface, function) for function in interface.functions
               if function.role != "reference" and function.name not in hand]
    text = HEAD % ("What each class can do. The C functions of the same names say more.", interface.version,
                   "METHODS", "METHODS", "core")
    text += "".join("class %s;\n" % thing for thing in interface.handles) + "\n"
    for thing in interface.handles:
        text += base_class(interface, thing, [method for method in methods if method.function.owner == thing])
    yield FOLDER + "/methods.hpp", text + TAIL
    text = HEAD % ("What the methods of methods.hpp do, and functions.", interface.version, "BODIES", "BODIES",
                   "classes")
    yield FOLDER + "/bodies.hpp", text + "".join(method.body() for method in methods) + TAIL


def text_by_hand(folder):
    text = ""
    for path in glob.glob(os.path.join(folder, "*.hpp")):
        if os.path.basename(path) not in ("methods.hpp", "bodies.hpp"):
            with open(path, encoding="utf-8") as file:
                text += re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)  # a comment calls nothing
    return text


def base_class(interface, thing, methods):
    doc = next(item["doc"] for item in interface.description["handles"] if item["name"] == "dni_" + thing)
    text = "/** %s */\nclass %s_methods : public handle<dni_%s, dni_%s_retain, dni_%s_release> {\npublic:\n" % (
        " ".join(doc.split()), thing, thing, thing, thing)
    return text + "  using handle::handle;\n" + "".join(method.declaration() for method in methods) + "};\n\n"


def spelled(kind):
    return "%s%s%s" % ("const " if kind["const"] else "", kind["base"], " " + "*" * kind["pointers"]
                       if kind["pointers"] else "")


class Method:
    """One function as C++."""

    def __init__(self, interface, function):
        self.interface, self.function = interface, function
        self.given, self.before, self.passed, self.answers = [], [], [], []
        for kind, argument in function.plan(interface):
            getattr(self, "take_" + kind)(argument, argument.name)
        if self.given and self.given[-1].startswith("const dni_"):
            self.given[-1] += " = nullptr"

    def take_self(self, argument, name):
        self.passed.append("get()")

    def take_given(self, argument, name):
        role = argument.role
        if role == "handle":
            self.given.append("const %s &%s" % ("dni::" + argument.thing, name))
            self.passed.append(name + ".get()")
        elif role in ("matrix", "elements"):
            self.given.append("const %s &%s" % ("matrix" if role == "matrix" else "out_matrix", name))
            self.passed.append(name + ".view()")
        elif role == "text":
            self.given.append("const std::string &" + name)
            self.passed.append(name + ".c_str()")
        else:
            self.given.append("%s %s" % (argument.type["base"], name))
            self.passed.append(name)

    def take_options(self, argument, name):
        self.given.append("const %s *%s" % (argument.struct, name))
        self.passed.append(name)

    def take_array(self, argument, name):
        self.given.append("const std::vector<%s> &%s" % (argument.type["base"], name))
        self.passed.append(name + ".data()")

    def take_length_of(self, argument, name):
        self.passed.append(name + ".size()")

    def take_result_array(self, argument, name):
        self.before.append("std::vector<%s> %s(%s);" % (argument.type["base"], name, argument.length))
        self.passed.append(name + ".data()")
        self.answers.append(("std::vector<%s>" % argument.type["base"], name))

    def take_result_handle(self, argument, name):
        kind = "dni::" + argument.thing
        name = name + "_" if name == argument.thing else name
        self.before.append("dni_%s *%s = nullptr;" % (argument.thing, name))
        self.passed.append("&" + name)
        borrowed = argument.json.get("ownership") == "borrowed"
        self.answers.append((kind, "%s(dni_%s_retain(%s))" % (kind, argument.thing, name) if borrowed
                             else "%s(%s)" % (kind, name)))

    def take_result(self, argument, name):
        kind = argument.type["base"]
        self.before.append("%s %s = 0;" % (kind, name))
        self.passed.append("&" + name)
        self.answers.append((kind, name))

    def take_report(self, argument, name):
        self.before.append("dni::options<%s> %s;" % (argument.struct, name))
        self.passed.append("&" + name)
        self.answers.append((argument.struct, name))

    def take_other(self, argument, name):
        raise SystemExit("bindings/generate: %s has to be written by hand for C++: its %s is a %s" % (
            self.function.name, name, argument.role))

    def name(self):
        function = self.function
        return function.kind or "create" if function.role == "create" else function.method

    def answer_type(self):
        returns = self.function.returns
        if self.function.may_fail:
            kinds = [kind for kind, _ in self.answers]
            return "void" if not kinds else kinds[0] if len(kinds) == 1 else "std::tuple<%s>" % ", ".join(kinds)
        if returns["pointers"] and returns["base"] != "char" and returns["base"].startswith("dni_"):
            return "dni::" + returns["base"].removeprefix("dni_")
        return spelled(returns)

    def suffix(self):
        return " const" if self.function.role == "method" else ""

    def declaration(self):
        fixed = "static " if self.function.role in ("create", "static") else ""
        return "  /** %s */\n  %s%s %s(%s)%s;\n" % (first_paragraph(self.function.doc), fixed, self.answer_type(),
                                                  self.name(), ", ".join(self.given), self.suffix())

    def body(self):
        given = ", ".join(item.removesuffix(" = nullptr") for item in self.given)
        is_free = self.function.role == "free"
        if is_free:
            given = ", ".join(self.given)
        place = "" if is_free else self.function.owner + "_methods::"
        call = "::%s(%s)" % (self.function.name, ", ".join(self.passed))
        lines = list(self.before)
        kinds = [answer for _, answer in self.answers]
        if self.function.may_fail:
            lines.append("check(%s);" % call)
            if kinds:
                lines.append("return %s;" % (kinds[0] if len(kinds) == 1 else "{%s}" % ", ".join(kinds)))
        elif self.answer_type() == "void":
            lines.append(call + ";")
        elif self.answer_type().startswith("dni::"):
            thing = self.answer_type().removeprefix("dni::")
            lines.append("return dni::%s(dni_%s_retain(%s));" % (thing, thing, call))
        else:
            lines.append("return %s;" % call)
        doc = "/** %s */\n" % first_paragraph(self.function.doc) if is_free else ""
        return "%sinline %s %s%s(%s)%s {\n%s}\n\n" % (
            doc, self.answer_type(), place, self.name(), given, self.suffix(),
            "".join("  %s\n" % line for line in lines))
