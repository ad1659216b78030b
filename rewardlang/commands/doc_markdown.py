"""A policy document as Markdown (CommonMark with tables)."""

from __future__ import annotations

import re

from rewardlang.commands.doc_content import Block, Cell, Document, Heading, Paragraph, Quoted, Table, Words
from rewardlang.terminal_text import safe

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def markdown_of(document: Document) -> str:
    """The whole text, ended by one line break."""
    parts = [f"# {_escaped(document.title)}"]
    parts += [_escaped(document.about)] if document.about else []
    parts.append(
        "\n".join(f"- {label}: {_code(value) if label in ('File', 'Fingerprint') else _escaped(value)}" for label, value in document.facts)
    )
    count = 0
    for block in document.blocks:
        count += isinstance(block, Heading) and block.level == 1
        parts.append(_block(block, count))
    parts.append("Approved by:\n\n| Name | Date | Signature |\n|---|---|---|\n| | | |\n| | | |")
    return "\n\n".join(parts) + "\n"


def _block(block: Block, count: int) -> str:
    match block:
        case Heading(level=level, text=text):
            return f"## {count}. {_escaped(text)}" if level == 1 else f"### {_escaped(text)}"
        case Paragraph(cell=cell, because=because):
            return ("> Because: " if because else "") + _cell(cell)
        case Table():
            return _table(block)
        case Quoted(text=text):
            lines = [safe(line) for line in text.split("\n")]
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
            return "\n".join([f"{fence}text", *lines, fence])


def _table(table: Table) -> str:
    rule = "|" + "|".join("---:" if index in table.numbers else "---" for index in range(len(table.head))) + "|"
    rows = [" | ".join(_cell(cell) for cell in row) for row in table.rows]
    return "\n".join([f"| {' | '.join(table.head)} |", rule, *(f"| {row} |" for row in rows)])


def _cell(cell: Cell) -> str:
    return "".join(_code(run) if isinstance(run, Words) else _escaped(run) for run in cell)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", safe(text))


def _code(text: str) -> str:
    """A code span; a bar is escaped, since a table would end its cell there."""
    shown = safe(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""
