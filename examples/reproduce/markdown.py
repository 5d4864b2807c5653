"""The claims as Markdown, for docs/results/README.md: the same rows as on the page."""

from paper import SECTIONS, TITLE
from page import SIGNS, counted, time_taken

HEAD = "| claim | section | paper | ours | verdict |\n|---|---|---|---|---|\n"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ").replace("\u00a0", " ")


def row_line(row):
    claim = row.claim
    why = f"<br>Why: {row.reason}" if row.reason else ""
    cells = [claim.text, claim.place, claim.paper, row.ours.replace("; ", ";<br>") + why,
             f"{SIGNS[row.verdict][0]} {row.verdict}"]
    return "| " + " | ".join(cell(each) for each in cells) + " |\n"


def section(program, heading, rows, figures):
    lines = "".join(row_line(row) for row in rows if row.claim.program == program)
    pictures = "".join(f"\n![{each.caption}]({each.program}/{each.name}.svg)\n\n{each.caption}\n"
                       for each in figures if each.program == program)
    return f"## {heading}\n\n{HEAD}{lines}{pictures}\n"


def commands(meta):
    listed = meta.get("commands") if isinstance(meta.get("commands"), dict) else {}
    seconds = meta.get("seconds") if isinstance(meta.get("seconds"), dict) else {}
    return "".join(f"    build/examples/{listed[name]} --json --out {name}"
                   f"{f'   # {seconds[name]} s' if name in seconds else ''}\n"
                   for name, _, _ in SECTIONS if name in listed)


def count_table(rows):
    found = counted(rows)
    lines = [[""] + [verdict for verdict, _, _ in found],
             ["now"] + [str(now) for _, now, _ in found],
             ["before"] + [str(before) for _, _, before in found]]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def markdown(rows, figures, meta):
    named = [str(meta[key]) for key in ("date", "version", "processor") if meta.get(key)]
    made = ", ".join(named + ([time_taken(meta)] if time_taken(meta) else []))
    note = f"{meta['note']}\n\n" if meta.get("note") else ""
    body = "".join(section(program, heading, rows, figures) for program, heading, _ in SECTIONS)
    return (f"# {TITLE}\n\nHow it was made: {meta.get('command', 'make reproduce')} ({made}). Verdicts "
            f"are computed by the rules that stand beside them on `build/report/index.html`, the page "
            f"that `make reproduce` writes.\n\n{count_table(rows)}\n{note}{commands(meta)}\n{body}")
