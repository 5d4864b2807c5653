"""The manual as a small static site: manual.py FOLDER, from the top of the source.

The pages are the Markdown files of docs/manual/pages.txt, in its order, turned into HTML by pandoc; the
reference is Doxygen's, in FOLDER/reference. Pandoc's tree of each page is changed on the way:

- a link to a Markdown file of the list becomes a link to its page, one to a header a link to the reference;
- a link to another file of the source becomes plain text, since the site does not have that file;
- the name of a function, struct or constant becomes a link to the reference;
- images are copied and lead to their own file; tables scroll by themselves.

A link to a file that does not exist is a mistake. tests/gates/manual.sh looks at what is made."""
import html
import json
import os
import pathlib
import posixpath
import re
import shutil
import string
import subprocess
import sys
import xml.etree.ElementTree as tree
from concurrent.futures import ThreadPoolExecutor

MANUAL = pathlib.Path("docs/manual")
REFERENCE = "reference"


def fail(message):
    sys.exit("libdni: " + message)


class Page:
    """A Markdown file of the list: its name in the navigation, its part, and the file that it becomes."""

    def __init__(self, part, source, name):
        self.part, self.source, self.name = part, source, name
        stem = re.sub("^docs/manual/", "", source[: -len(".md")])
        self.output = stem.replace("/", "-").lower() + ".html"


def read_list(path):
    pages, part = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.endswith(":"):
            part = line[:-1]
            continue
        source, _, name = line.partition(" ")
        if part is None or not source.endswith(".md") or not name.strip():
            fail("%s:%d: neither 'Part:' nor 'file.md  name'" % (path, number))
        if not os.path.isfile(source):
            fail("%s:%d: there is no %s" % (path, number, source))
        pages.append(Page(part, source, name.strip()))
    return pages


# The reference. --------------------------------------------------------------------------------


def make_reference(folder):
    """Run Doxygen. Answers the address of each header's page and of each name in it."""
    tags = folder / "tags.xml"
    settings = ['HTML_OUTPUT = "%s"' % REFERENCE, 'GENERATE_TAGFILE = "%s"' % tags.resolve()]
    if subprocess.run(["sh", "make/docs.sh", str(folder)] + settings).returncode != 0:
        fail("Doxygen fails or warns")
    addresses = read_tags(tags)
    tags.unlink()
    return addresses


def read_tags(path):
    addresses = {}
    for compound in tree.parse(path).getroot().iter("compound"):
        page = REFERENCE + "/" + compound.findtext("filename")
        if compound.get("kind") == "struct":
            addresses[compound.findtext("name")] = page
        if compound.get("kind") != "file":
            continue
        page += "" if page.endswith(".html") else ".html"
        folder = (compound.findtext("path") or "").rpartition("/include/")[2]  # of the copy that was read
        addresses["include/" + folder + compound.findtext("name")] = page
        for member in compound.iter("member"):
            place = "%s/%s#%s" % (REFERENCE, member.findtext("anchorfile"), member.findtext("anchor"))
            addresses.setdefault(member.findtext("name"), place)
    return addresses


# Pandoc's tree. --------------------------------------------------------------------------------


def walk(node, change):
    """The tree with change(element) in place of every element, leaves first. A list stands for several."""
    if isinstance(node, list):
        made = []
        for item in node:
            new = walk(item, change)
            if isinstance(item, dict) and isinstance(new, list):
                made.extend(new)
            else:
                made.append(new)
        return made
    if isinstance(node, dict):
        node = {key: walk(value, change) for key, value in node.items()}
        return change(node) if "t" in node else node
    return node


def plain(inlines):
    """The text of inline elements."""
    words = []

    def add(node):
        if node["t"] in ("Str", "Code"):
            words.append(node["c"] if node["t"] == "Str" else node["c"][1])
        elif node["t"] in ("Space", "SoftBreak", "LineBreak"):
            words.append(" ")
        return node

    walk(inlines, add)
    return "".join(words)


def link(inlines, address, kind=""):
    return {"t": "Link", "c": [["", [kind] if kind else [], []], inlines, [address, ""]]}


def division(kind, blocks):
    return {"t": "Div", "c": [["", [kind], []], blocks]}


def is_wide(table):
    """Whether a table is to scroll on a phone: one of several columns with long text. A column of numbers fits."""
    head, bodies = table[3], table[4]
    rows = head[1] + [row for body in bodies for row in body[2] + body[3]]
    return len(table[2]) > 3 and max(len(plain(row)) for row in rows) > 80


def breakable(body):
    """Long names in the text may go on in the next line behind an underscore, but options stay whole: a line does
    not end with the hyphen of one. Blocks of code stay as they are."""
    def change(found):
        text = re.sub(r"(?<![^ ])--?[\w-]+", r'<span class="option">\g<0></span>', found[1])
        return "<code>%s</code>" % text.replace("_", "_<wbr>")
    return re.sub("(?<!<pre>)<code>([^<]*)</code>", change, body)


class Site:
    def __init__(self, folder, pages, addresses):
        self.folder, self.pages, self.addresses = folder, pages, addresses
        self.outputs = {page.source: page.output for page in pages}
        self.template = string.Template((MANUAL / "template.html").read_text())
        header = pathlib.Path("include/dni/status.h").read_text()
        self.version = re.search('DNI_VERSION_STRING "(.*)"', header).group(1)

    def address_of(self, page, target):
        """Where a link of a page leads in the site; None if the site does not have it."""
        if re.match("[a-z]+:", target) or target.startswith("#"):
            return target
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), path))
        if not os.path.exists(path):
            fail("%s: the link to %s leads nowhere" % (page.source, target))
        path = path if path in self.outputs else posixpath.join(path, "README.md")
        found = self.outputs.get(path) or self.addresses.get(posixpath.dirname(path))
        return found and found + ("#" + anchor if anchor else "")

    def copy_image(self, page, target):
        source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), target))
        if not os.path.isfile(source):
            fail("%s: there is no image %s" % (page.source, target))
        name = "images/" + re.sub("^docs/(manual/images/)?", "", source).replace("/", "-")
        shutil.copyfile(source, self.folder / name)
        return name, "drawn" if source.startswith(str(MANUAL)) else "plot"

    def change(self, page, node):
        kind, content = node["t"], node.get("c")
        if kind == "Link":
            text = walk(content[1], lambda inner: inner["c"][1] if inner["t"] == "Link" else inner)
            address = self.address_of(page, content[2][0])
            return link(text, address) if address else text
        if kind == "Code":
            address = self.addresses.get(re.sub(r"\(\)$", "", content[1]))
            return link([node], address, "name") if address and content[1].lower().startswith("dni_") else node
        if kind == "Image":
            name, of = self.copy_image(page, content[2][0])
            return link([{"t": "Image", "c": [["", [of], []], content[1], [name, ""]]}], name)
        if kind == "Para" and len(content) == 1 and content[0]["t"] == "Link":
            inner = content[0]["c"][1]
            if inner and inner[0]["t"] == "Image":
                return division("figure", [{"t": "Plain", "c": content}])
        if kind == "Table":
            return division("table wide" if is_wide(content) else "table", [node])
        return node

    # The parts of a page. ----------------------------------------------------------------------

    def navigation(self, here):
        lines, part = [], None
        for page in self.pages:
            if page.part != part:
                lines.append(("</ul>\n" if part else "") + "<h2>%s</h2>\n<ul>" % html.escape(page.part))
                part = page.part
            current = ' aria-current="page"' if page is here else ""
            lines.append('<li><a href="%s"%s>%s</a></li>' % (page.output, current, html.escape(page.name)))
        lines.append('</ul>\n<h2>Reference</h2>\n<ul>')
        lines.append('<li><a href="%s/index.html">Headers and functions</a></li>\n</ul>' % REFERENCE)
        return "\n".join(lines)

    @staticmethod
    def contents(blocks):
        """What is on this page: a list of its second and third headings, if there are some."""
        lines = []
        for block in blocks:
            if block["t"] == "Header" and block["c"][0] in (2, 3):
                level, (identifier, _, _), text = block["c"]
                below = ' class="below"' if level == 3 else ""
                title = html.escape(plain(text))
                lines.append('<li%s><a href="#%s">%s</a></li>' % (below, html.escape(identifier), title))
        if len(lines) < 2:
            return ""
        return '<nav class="contents" aria-label="On this page"><ul>\n%s\n</ul></nav>' % "\n".join(lines)

    def neighbour(self, index, kind, text):
        if not 0 <= index < len(self.pages):
            return ""
        page = self.pages[index]
        return '<a class="%s" rel="%s" href="%s">%s</a>' % (
            kind, "prev" if kind == "before" else "next", page.output, text % html.escape(page.name))

    def write(self, index):
        page = self.pages[index]
        document = json.loads(pandoc(["-f", "gfm", "-t", "json", page.source]))
        blocks = document["blocks"] = walk(document["blocks"], lambda node: self.change(page, node))
        title, anchor = page.name, "title"
        if blocks[0]["t"] == "Header" and blocks[0]["c"][0] == 1:
            _, (anchor, _, _), inlines = blocks.pop(0)["c"]
            title = plain(inlines)
        body = pandoc(["-f", "json", "-t", "html5", "--wrap=none"], json.dumps(document))
        text = self.template.substitute(
            tab=html.escape(page.name if title == "libdni" else title), title=html.escape(title), anchor=anchor,
            version=self.version, body=breakable(body),
            pages=self.navigation(page), contents=self.contents(blocks),
            before=self.neighbour(index - 1, "before", "&larr; %s"),
            after=self.neighbour(index + 1, "after", "%s &rarr;"))
        (self.folder / page.output).write_text(text)


def pandoc(arguments, text=None):
    run = subprocess.run(["pandoc"] + arguments, input=text, stdout=subprocess.PIPE, encoding="utf-8")
    if run.returncode != 0:
        fail("pandoc %s fails" % " ".join(arguments))
    return run.stdout


def main():
    if len(sys.argv) != 2:
        fail("usage: manual.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    pages = read_list(MANUAL / "pages.txt")
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(folder, pages, make_reference(folder))
    (folder / "images").mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(site.write, range(len(pages))))
    shutil.copyfile(MANUAL / "style.css", folder / "style.css")


main()
