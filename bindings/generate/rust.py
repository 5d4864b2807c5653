"""Writes bindings/rust/dni.rs: the declarations of all functions, structs and constants for Rust, and nothing that
is safe. It is a start for a crate, not one."""

FOLDER = "bindings/rust"
NUMBERS = {"size_t": "usize", "uint64_t": "u64", "int32_t": "i32", "double": "f64", "float": "f32",
           "uint8_t": "u8", "char": "c_char", "void": "c_void"}
WORDS = {"as", "fn", "in", "loop", "match", "move", "mod", "ref", "type", "where", "use"}


def files(interface, _):
    yield FOLDER + "/dni.rs", text(interface)


def text(interface):
    out = "//! What the headers of libdni %s declare. Made by bindings/generate; do not edit.\n" % interface.version
    out += "#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]\n\n"
    out += "use std::os::raw::{c_char, c_void};\n\n"
    out += "".join("pub type %s = i32;\n" % kind["name"] for kind in interface.description["types"])
    for enum in interface.enums:
        out += "\n" + "".join("pub const %s: %s = %d;\n" % (value["name"], enum["type"] if enum["type"] != "int32_t"
                                                           else "i32", value["value"]) for value in enum["values"])
    out += "\npub const DNI_ALL: usize = usize::MAX;\npub const DNI_NONE: usize = usize::MAX;\n\n"
    for thing in interface.handles:
        out += "#[repr(C)]\npub struct dni_%s {\n    _private: [u8; 0],\n}\n\n" % thing
    for callback in interface.callbacks.values():
        out += "pub type %s = Option<%s>;\n\n" % (callback["name"], function_type(callback))
    for name, struct in interface.structs.items():
        out += "#[repr(C)]\n#[derive(Clone, Copy)]\npub struct %s {\n" % name
        for field in struct["fields"]:
            kind = "Option<%s>" % function_type(field["callback"]) if "callback" in field else rust_type(field["type"])
            out += "    pub %s: %s,\n" % (safe(field["name"]), kind)
        out += "}\n\n"
    out += '#[link(name = "dni")]\nextern "C" {\n'
    for function in interface.functions:
        arguments = ", ".join("%s: %s" % (safe(argument.name), rust_type(argument.type))
                              for argument in function.arguments)
        out += "    pub fn %s(%s)%s;\n" % (function.name, arguments, answer(function.returns))
    return out + "}\n"


def safe(name):
    return "r#" + name if name in WORDS else name


def rust_type(kind):
    base = NUMBERS.get(kind["base"], kind["base"])
    depth = kind["pointers"]
    inner = ("*const " if kind["const"] else "*mut ") if depth else ""
    return "*mut " * (depth - 1) + inner + base


def answer(kind):
    return "" if kind["base"] == "void" and not kind["pointers"] else " -> " + rust_type(kind)


def function_type(callback):
    arguments = ", ".join("%s: %s" % (safe(item["name"]), rust_type(item["type"])) for item in callback["arguments"])
    return 'unsafe extern "C" fn(%s)%s' % (arguments, answer(callback["returns"]))
