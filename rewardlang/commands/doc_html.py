"""A policy document as one HTML page that needs nothing else: light, dark and on paper.

Everything passes through `_text`, so that nothing that a file or a model wrote is live.
"""

from __future__ import annotations

from html import escape

from rewardlang.commands.doc_content import Block, Cell, Document, Heading, Paragraph, Quoted, Table, Words
from rewardlang.terminal_text import safe

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1b19;--soft:#5d5a54;--line:#d8d4cb;--paper:#fffefb;--tint:#f6f3ec;--words:#234a72}
@media (prefers-color-scheme:dark){:root{--ink:#e8e5df;--soft:#a8a39a;--line:#423f3a;--paper:#1b1a18;--tint:#26241f;--words:#a9c8ea}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif}
main{max-width:54rem;margin:0 auto;padding:3.5rem 1.5rem 4rem}
h1{font-size:2.1rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.3rem;margin:2.6rem 0 .5rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.8rem 0 .3rem}
p{margin:.4rem 0 .7rem}
.about{font-size:1.1rem;color:var(--soft);margin-bottom:1.4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:0;font-size:.92rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.words{color:var(--words);font-family:ui-sans-serif,system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;font-size:.92em}
.words{overflow-wrap:anywhere}
.because,td.because{font-style:italic;color:var(--soft)}
.because::before{content:"Because: ";font-style:normal}td.because::before{content:none}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
th{font-weight:600;font-size:.85rem;color:var(--soft)}
td:first-child{font-weight:600;overflow-wrap:break-word;min-width:8.5rem}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
table.marks{width:auto;min-width:22rem}table.marks td:first-child{font-weight:400}
table.marks tr:last-child td{font-weight:600;border-bottom:0}
table.plain td:first-child{font-weight:400}
pre{margin:.6rem 0;padding:.7rem .9rem;background:var(--tint);border-left:3px solid var(--line);
white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.sign{display:grid;grid-template-columns:2fr 1fr 2fr;gap:2.6rem 1.5rem;margin-top:3.2rem;break-inside:avoid}
.sign div{border-top:1px solid var(--ink);padding-top:.25rem;font-size:.85rem;color:var(--soft);margin-top:1.4rem}
footer{margin-top:2rem;font-size:.85rem;color:var(--soft)}
@media (max-width:40rem){table,tbody,tr,td{display:block}thead{display:none}td{border:0;padding:.1rem 0}
tr{border-bottom:1px solid var(--line);padding:.5rem 0}td.n{text-align:left}
table.marks tr{display:flex;justify-content:space-between;gap:1rem}}
@media print{:root{--ink:#000;--soft:#333;--line:#bbb;--paper:#fff;--tint:#f4f4f4;--words:#000}
html{font-size:9.5pt}main{max-width:none;padding:0}h2{margin-top:1.6rem}h2,h3,h3+p{break-after:avoid}
tr,pre,table.marks{break-inside:avoid}@page{margin:20mm 18mm}}
"""


def html_of(document: Document) -> str:
    """The whole page."""
    facts = "".join(f"<dt>{_text(label)}</dt><dd>{_text(value)}</dd>" for label, value in document.facts)
    about = f'<p class="about">{_text(document.about)}</p>' if document.about else ""
    body, count = [], 0
    for block in document.blocks:
        count += isinstance(block, Heading) and block.level == 1
        body.append(_block(block, count))
    sign = "".join(f"<div>{label}</div>" for _ in range(2) for label in ("Approved by (name)", "Date", "Signature"))
    foot = "<footer>The file with the fingerprint above decides; this document says in words what it does.</footer>"
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<meta charset="utf-8">{viewport}<title>{_text(document.title)}</title><style>{_STYLE}</style>'
    main = f'<main><h1>{_text(document.title)}</h1>{about}<dl>{facts}</dl>\n{"".join(body)}<div class="sign">{sign}</div>{foot}</main>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{main}</body></html>\n'


def _block(block: Block, count: int) -> str:
    match block:
        case Heading(level=level, text=text):
            return f"<h2>{count}. {_text(text)}</h2>\n" if level == 1 else f"<h3>{_text(text)}</h3>\n"
        case Paragraph(cell=cell, because=because):
            return f'<p class="because">{_cell(cell)}</p>\n' if because else f"<p>{_cell(cell)}</p>\n"
        case Table():
            return _table(block)
        case Quoted(text=text):
            return f"<pre>{_text(text) or '(nothing)'}</pre>\n"


def _table(table: Table) -> str:
    """Columns in which nothing stands are left out."""
    kept = [index for index in range(len(table.head)) if any("".join(row[index]) for row in table.rows)]
    kind = "marks" if "Outcome" in table.head else "plain" if table.head[0] not in ("Rule", "Name") else ""
    head = "".join(f'<th class="n">{_text(table.head[i])}</th>' if i in table.numbers else f"<th>{_text(table.head[i])}</th>" for i in kept)
    rows = []
    for row in table.rows:
        classes = ["n" if i in table.numbers else "because" if table.head[i] == "Because" else "" for i in kept]
        cells = zip(kept, classes, strict=True)
        rows.append(
            "<tr>"
            + "".join(f'<td class="{name}">{_cell(row[i])}</td>' if name else f"<td>{_cell(row[i])}</td>" for i, name in cells)
            + "</tr>"
        )
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>\n'


def _cell(cell: Cell) -> str:
    return "".join(f'<span class="words">{_text(run)}</span>' if isinstance(run, Words) else _text(run) for run in cell)


def _text(text: str) -> str:
    """Any text, inert: markup escaped, controls visible, line breaks kept."""
    return "\n".join(escape(safe(line.removesuffix("\r"))) for line in text.split("\n"))
