"""The page: HTML with all its figures inside, nothing to load and nothing to run."""

from collections import Counter
from html import escape

from paper import ABOUT, BEFORE, SECTIONS, SLIPS, TITLE
from results import NO_NUMBER, NOT, NOT_RUN, PARTLY, REPRODUCED

# verdict -> symbol, class
SIGNS = {REPRODUCED: ("✓", "yes"), PARTLY: ("◐", "partly"), NOT: ("✗", "no"),
         NO_NUMBER: ("·", "none"), NOT_RUN: ("–", "none")}

STYLE = """
:root { color-scheme: light; --ink: #1c1e21; --soft: #54595f; --line: #d5d9de; --paper: #fff;
  --head: #f1f4f7; --yes: #0b5d3b; --yes-back: #e2f3ea; --partly: #714a00; --partly-back: #fdf0d5;
  --no: #93210f; --no-back: #fbe4df; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
p, dl { max-width: 48rem; margin: 0 0 1rem; }
a { color: #0a4f8f; }
code { font: .875em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .875rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0;
  border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
.section th { background: var(--head); padding: .6rem .75rem; font-size: 1rem; }
.section span { display: block; font-weight: 400; color: var(--soft); font-size: .875rem; }
.claims td:first-child { padding-left: .75rem; width: 36%; }
.claims td:nth-child(2) { width: 9%; } .claims td:nth-child(3) { width: 13%; }
.claims td:last-child { width: 10.5rem; }
.ours, .paper { font-variant-numeric: tabular-nums; }
.why { margin-top: .4rem; font-size: .875rem; }
.verdict { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-weight: 600;
  white-space: nowrap; border: 1px solid currentColor; font-size: .875rem; }
.yes { color: var(--yes); background: var(--yes-back); }
.partly { color: var(--partly); background: var(--partly-back); }
.no { color: var(--no); background: var(--no-back); }
.none { color: var(--soft); background: var(--paper); }
.counts { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem 1rem; padding: 0;
  margin: 0 0 1rem; }
figure { margin: 1rem 0 2rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); background: #fff; padding: .5rem; }
.scroll svg { display: block; width: 100%; height: auto; margin: 0 auto; }
figcaption { color: var(--soft); font-size: .9375rem; margin-top: .4rem; max-width: 48rem; }
@media (max-width: 760px) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  table, tbody, tr, td { display: block; width: auto !important; }
  thead { display: none; }
  .section th { display: block; margin-top: 1.25rem; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  tr.section { padding: 0; border: 0; }
  td, .claims td:first-child { border: 0; padding: .15rem 0; }
  td[data-label]:not(:first-child) { display: grid; grid-template-columns: 5.5rem 1fr; gap: .5rem; }
  td[data-label]:not(:first-child)::before { content: attr(data-label); color: var(--soft);
    font-size: .875rem; }
  td .verdict { justify-self: start; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  tr, figure { break-inside: avoid; } h2, h3, .section { break-after: avoid; }
  .scroll { overflow: visible; border: 0; padding: 0; }
  .scroll svg { min-width: 0 !important; max-width: 100%; }
  a { color: inherit; text-decoration: none; }
}
"""


def words(text):
    """Text between tags."""
    return escape(text, quote=False)


def verdict_mark(verdict):
    symbol, kind = SIGNS[verdict]
    return (f'<span class="verdict {kind}"><span aria-hidden="true">{symbol}</span> '
            f'{words(verdict)}</span>')


def counted(rows):
    """[(verdict, how many now, how many before)], of verdicts that occur."""
    counts = Counter(row.verdict for row in rows)
    return [(verdict, counts[verdict], BEFORE.get(verdict, 0)) for verdict in SIGNS
            if counts[verdict] or BEFORE.get(verdict)]


def count_list(rows):
    items = "".join(f'<li>{verdict_mark(verdict)} {now} <span class="soft">before: {before}</span>'
                    "</li>" for verdict, now, before in counted(rows))
    return f'<ul class="counts" aria-label="Verdicts">{items}</ul>'


def cell(label, content, kind=""):
    return f'<td data-label="{label}"{kind and f" class={kind}"}><div>{content}</div></td>'


def lines(text):
    """Each of the measures that a "; " separates on a line of its own."""
    return "<br>".join(words(each) for each in text.split("; "))


def claim_row(row):
    claim = row.claim
    rule = "" if claim.rule == "none" else (f'<div class="soft">Counts as reproduced: '
                                            f'{words(claim.rule)}.</div>')
    why = f'<div class="why">Why: {words(row.reason)}</div>' if row.reason else ""
    return ("<tr>" + cell("Claim", words(claim.text) + rule)
            + cell("Section", words(claim.place)) + cell("Paper", words(claim.paper), "paper")
            + cell("Ours", lines(row.ours) + why, "ours") + cell("Verdict", verdict_mark(row.verdict))
            + "</tr>\n")


def claim_section(program, heading, about, rows, drawn):
    link = f' <a href="#figures-{program}">Figures</a>' if program in drawn else ""
    inside = "".join(claim_row(row) for row in rows if row.claim.program == program)
    return (f'<tbody><tr class="section"><th colspan="5" scope="rowgroup">{words(heading)}'
            f'<span>{words(about)}{link}</span></th></tr>\n{inside}</tbody>\n')


def claim_table(rows, drawn):
    head = "".join(f'<th scope="col">{each}</th>'
                   for each in ("Claim", "Section", "Paper", "Ours", "Verdict"))
    sections = "".join(claim_section(*section, rows, drawn) for section in SECTIONS)
    return f'<table class="claims"><thead><tr>{head}</tr></thead>\n{sections}</table>\n'


def minutes(seconds):
    return f"{seconds / 60:.0f} minutes"


def time_taken(meta):
    """In words; empty if meta.json does not have it."""
    spent = meta.get("seconds")
    if not isinstance(spent, dict) or not spent:
        return ""
    total = minutes(sum(each for each in spent.values() if isinstance(each, (int, float))))
    if not isinstance(meta.get("wall"), (int, float)):
        return f"{total} of one thread"
    stops = meta.get("starts", 1) - 1
    again = f", stopped and started again {stops} times" if stops > 0 else ""
    return (f"{minutes(meta['wall'])} with {meta.get('jobs', 1)} programs side by side{again}; "
            f"{total} of one thread")


def made_by(meta):
    """meta.json as a list; what it does not have is left out."""
    named = [("Command", "command", True), ("Date", "date", False), ("Library", "version", False),
             ("Build", "build", False), ("Processor", "processor", False)]
    items = [(label, f"<code>{words(str(meta[key]))}</code>" if code else words(str(meta[key])))
             for label, key, code in named if meta.get(key)]
    items += [("Time", time_taken(meta))] if time_taken(meta) else []
    if meta.get("rebuilt"):
        items.append(("Note", "built anew since they were run: " + words(", ".join(meta["rebuilt"]))))
    return "<dl>" + "".join(f"<dt>{a}</dt><dd>{b}</dd>" for a, b in items) + "</dl>\n"


def program_table(meta):
    """What ran, with which arguments, how long."""
    seconds, commands = meta.get("seconds"), meta.get("commands")
    if not isinstance(seconds, dict) or not seconds:
        return ""
    commands = commands if isinstance(commands, dict) else {}
    body = "".join("<tr>" + cell("Program", f"<code>{words(str(commands.get(name, name)))}</code>")
                   + cell("Seconds", words(str(seconds[name]))) + "</tr>\n"
                   for name, _, _ in SECTIONS if name in seconds)
    return ('<h2 id="programs">Programs</h2>\n<table><thead><tr><th scope="col">Program</th>'
            f'<th scope="col">Seconds</th></tr></thead><tbody>{body}</tbody></table>\n')


def figure(found):
    # A wide figure keeps its letters readable on a narrow screen: it scrolls in its own box.
    least, natural = round(0.62 * found.width), round(1.15 * found.width)
    sized = f'<svg style="min-width:{least}px;max-width:{natural}px"'
    markup = found.markup.replace("<svg", sized, 1)
    caption = escape(found.caption)
    return (f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
            f"{markup}</div><figcaption>{caption}</figcaption></figure>\n")


def figure_sections(figures):
    parts = []
    for program, heading, _ in SECTIONS:
        own = "".join(figure(each) for each in figures if each.program == program)
        if own:
            parts.append(f'<h3 id="figures-{program}">{words(heading)}</h3>\n{own}')
    return '<h2 id="figures">Figures</h2>\n' + "".join(parts) if parts else ""


def slip_table():
    body = "".join("<tr>" + cell("Where", words(where)) + cell("Printed", words(printed))
                   + cell("Built", words(built)) + "</tr>\n" for where, printed, built in SLIPS)
    return ('<h2 id="slips">Slips in the printed text</h2>\n<table><thead><tr><th scope="col">Where</th>'
            '<th scope="col">Printed</th><th scope="col">Built</th></tr></thead>'
            f"<tbody>{body}</tbody></table>\n")


def contents(parts):
    """Links to those parts that the page has."""
    links = " · ".join(f'<a href="#{name}">{label}</a>' for name, label in (
        ("figures", "Figures"), ("slips", "Slips in the printed text"), ("programs", "Programs"))
        if f'id="{name}"' in parts)
    return f'<p><a href="#claims">Claims</a> · {links}</p>\n'


def page(rows, figures, meta):
    table = claim_table(rows, {each.program for each in figures})
    rest = figure_sections(figures) + slip_table() + program_table(meta)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{words(TITLE)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{words(TITLE)}</h1>
<p>{words(ABOUT)}</p>
{made_by(meta)}{contents(rest)}</header>
<main>
<h2 id="claims">Claims</h2>
{count_list(rows)}<p class="soft">Verdicts are computed from the numbers by the rule in each row; what meets neither part of
its rule is “not”. Several runs are given as mean (least..largest) over seeds or data sets. “Not in
the paper” marks numbers of ours that the paper has none beside.</p>
{table}{rest}</main>
</body>
</html>
"""
