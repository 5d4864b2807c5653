"""Figures: SVG files made fit to stand in one page."""

import base64
import os
import re
import xml.etree.ElementTree as tree
from typing import NamedTuple

from paper import CAPTIONS

SVG = "http://www.w3.org/2000/svg"
HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
tree.register_namespace("", SVG)
tree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


class Figure(NamedTuple):
    program: str
    name: str  # of the file, without .svg
    caption: str
    markup: str
    width: float  # in the units of its text


class BadFigure(Exception):
    pass


def rename(text, prefix):
    """Identifiers inside an attribute or style sheet: url(#x) is url(#prefix-x)."""
    return re.sub(r"url\(\s*(['\"]?)#", rf"url(\1#{prefix}-", text)


def embed(reference, folder):
    """What an href points to: a picture beside the SVG becomes part of it."""
    if reference.startswith("data:image/"):
        return reference
    path = os.path.join(folder, reference)
    if os.path.basename(reference) != reference or not reference.endswith(".png"):
        raise BadFigure(f"refers to {reference}, which cannot be taken into the page")
    try:
        with open(path, "rb") as file:
            return "data:image/png;base64," + base64.b64encode(file.read()).decode()
    except OSError as error:
        raise BadFigure(f"refers to {reference}: {error.strerror}") from error


def adapt(element, prefix, folder):
    """Make the identifiers of one element unique, and leave nothing that runs or loads."""
    for name, value in list(element.attrib.items()):
        if name == "id":
            element.set(name, f"{prefix}-{value}")
        elif name in HREFS:
            element.set(name, f"#{prefix}-{value[1:]}" if value.startswith("#")
                        else embed(value, folder))
        elif name.lower().startswith("on"):
            del element.attrib[name]
        else:
            element.set(name, rename(value, prefix))
    if element.tag == f"{{{SVG}}}style" and element.text:
        element.text = rename(element.text, prefix)


def drop(root, names):
    """Take these elements out, wherever they are."""
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag in names]:
            parent.remove(child)


def drop_repeated_ids(root):
    """Gnuplot repeats some from panel to panel. Of equal ones the first is meant."""
    seen = set()
    for element in root.iter():
        name = element.get("id")
        if name in seen:
            del element.attrib["id"]
        elif name is not None:
            seen.add(name)


def natural_size(root):
    box = re.findall(r"[-+.\deE]+", root.get("viewBox", ""))
    if len(box) == 4:
        return float(box[2]), float(box[3])
    size = [re.match(r"[.\d]+", root.get(name, "")) for name in ("width", "height")]
    if not all(size):
        raise BadFigure("has neither a viewBox nor a width and a height")
    return tuple(float(each.group()) for each in size)


def inline(path, prefix, caption):
    """The markup of the SVG in `path`, and its width."""
    try:
        root = tree.parse(path).getroot()
    except tree.ParseError as error:
        raise BadFigure(f"is not an SVG: {error}") from error
    if root.tag != f"{{{SVG}}}svg":
        raise BadFigure("is not an SVG")
    drop(root, {f"{{{SVG}}}script", f"{{{SVG}}}foreignObject", f"{{{SVG}}}title",
                f"{{{SVG}}}desc"})
    drop_repeated_ids(root)
    for element in root.iter():
        adapt(element, prefix, os.path.dirname(path))
    width, height = natural_size(root)
    for name in ("width", "height", "onload", "style"):
        root.attrib.pop(name, None)
    root.set("viewBox", root.get("viewBox", f"0 0 {width:g} {height:g}"))
    root.set("role", "img")
    root.set("aria-label", caption)
    return tree.tostring(root, encoding="unicode"), width


def in_order(program, names):
    known = list(CAPTIONS)
    places = {name: known.index(key) if (key := f"{program}/{name[:-4]}") in CAPTIONS
              else len(known) for name in names}
    return sorted(names, key=lambda name: (places[name], name))


def collect(folder, program, heading):
    """The figures in folder/program, by name; none if it has none."""
    place = os.path.join(folder, program)
    names = os.listdir(place) if os.path.isdir(place) else []
    found = []
    for name in in_order(program, [name for name in names if name.endswith(".svg")]):
        stem = name[:-4]
        caption = CAPTIONS.get(f"{program}/{stem}", f"{heading}: {stem.replace('_', ' ')}")
        prefix = re.sub(r"[^A-Za-z0-9]+", "-", f"{program}-{stem}")
        try:
            markup, width = inline(os.path.join(place, name), prefix, caption)
        except BadFigure as error:
            raise BadFigure(f"{os.path.join(place, name)}: {error}") from error
        found.append(Figure(program, stem, caption, markup, width))
    return found
