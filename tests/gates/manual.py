"""Is the manual whole? manual.py FOLDER PAGE...: looks at the HTML of FOLDER and at its style sheet.

It says, and then exits with 1: pages of the list that are not there; links, anchors and images of these pages
that lead nowhere; identifiers that come twice; and whatever is loaded from elsewhere, by Doxygen's pages too."""
import html.parser
import pathlib
import re
import sys
import urllib.parse

# Attributes whose address is loaded as soon as the page is shown.
LOADED = {("img", "src"), ("script", "src"), ("iframe", "src"), ("embed", "src"), ("object", "data"),
          ("source", "src"), ("video", "src"), ("audio", "src"), ("link", "href"), ("image", "href"),
          ("image", "xlink:href"), ("use", "href"), ("use", "xlink:href")}


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.names, self.twice, self.links, self.loads = set(), [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            value = value or ""
            if name == "id" or (tag == "a" and name == "name"):
                if name == "id" and value in self.names:
                    self.twice.append(value)
                self.names.add(value)
            if (tag, name) == ("a", "href"):
                self.links.append(value)
            if (tag, name) in LOADED:
                self.loads.append(value)
            if name == "style":
                self.loads += loaded_by_style(value)


def loaded_by_style(text):
    return re.findall(r"""(?:url\(|@import(?!\s+url))\s*["']?([^"')\s;]+)""", text)


class Site:
    def __init__(self, folder):
        self.folder, self.pages, self.faults = folder, {}, 0

    def complain(self, page, text):
        print("%s: %s" % (page, text))
        self.faults += 1

    def page(self, path):
        path = path.resolve()
        if path not in self.pages:
            self.pages[path] = Page(path)
        return self.pages[path]

    def look_at_link(self, name, address):
        parts = urllib.parse.urlsplit(address)
        if parts.scheme in ("http", "https", "mailto"):
            return
        if parts.scheme or parts.netloc:
            return self.complain(name, "a link to %s" % address)
        target = self.folder / name
        if parts.path:
            target = target.parent / urllib.parse.unquote(parts.path)
        if not target.is_file():
            return self.complain(name, "the link to %s leads nowhere" % address)
        anchor = urllib.parse.unquote(parts.fragment)
        if anchor and target.suffix == ".html" and anchor not in self.page(target).names:
            self.complain(name, "there is no anchor %s" % address)

    def look_at_loads(self, name, addresses):
        for address in addresses:
            parts = urllib.parse.urlsplit(address)
            if parts.netloc or parts.scheme in ("http", "https", "ftp"):
                self.complain(name, "loads %s from elsewhere" % address)
            elif parts.path and not parts.scheme:
                if not ((self.folder / name).parent / urllib.parse.unquote(parts.path)).is_file():
                    self.complain(name, "%s is missing" % address)

    def look_at_page(self, name):
        if not (self.folder / name).is_file():
            return self.complain(name, "this page of the list is not there")
        page = self.page(self.folder / name)
        for identifier in page.twice:
            self.complain(name, "the identifier %s comes twice" % identifier)
        for address in page.links:
            self.look_at_link(name, address)

    def look_at_files(self):
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.suffix == ".html":
                self.look_at_loads(name, self.page(path).loads)
            if path.suffix == ".css":
                self.look_at_loads(name, loaded_by_style(path.read_text(encoding="utf-8")))


def main():
    site = Site(pathlib.Path(sys.argv[1]))
    for name in sys.argv[2:]:
        site.look_at_page(name)
    site.look_at_files()
    sys.exit(1 if site.faults else 0)


main()
