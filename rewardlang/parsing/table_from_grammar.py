"""From `grammars/reward.lark` to the parse table beside it: the one module that imports Lark.

Building takes about a second, so it is done once: `python -m
rewardlang.parsing.table_from_grammar` writes `grammars/reward.table.json`, a test
compares it with the grammar, and a changed grammar is built again in memory
until it is written. Reading a file needs the table alone; how it is read
back is in `parse_table`.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from pathlib import Path
from typing import Any

GRAMMAR = Path(__file__).parent.parent / "grammars" / "reward.lark"
TABLE = GRAMMAR.with_name("reward.table.json")

_WORDS = re.compile(r"\(?([a-z]+(?:\\s\+[a-z]+)*(?:\|[a-z]+)*)\)?\\b")


def build(grammar: str, *, strict: bool = False) -> dict[str, Any]:
    """The table as plain data. `strict` refuses every conflict and needs the package interegular."""
    from lark import Lark

    lark = Lark(grammar, parser="lalr", lexer="contextual", start="file", strict=strict, maybe_placeholders=True)
    made: Any = lark.parser.parser
    parse_table = made._parse_table
    rules = sorted(lark.rules, key=lambda rule: (rule.origin.name, [symbol.name for symbol in rule.expansion]))
    order = _states_in_order(parse_table.states, parse_table.start_states["file"])
    states = {state: number for number, state in enumerate(order)}
    numbers = {rule: number for number, rule in enumerate(rules)}
    return {
        "grammar": checksum(grammar),
        "start": 0,
        "end": states[parse_table.end_states["file"]],
        "ignored": sorted(lark.ignore_tokens),
        "terminals": _terminals(list(lark.terminals)),
        "rules": [_rule(rule) for rule in rules],
        "rows": [_row(parse_table.states[state], states, numbers) for state in order],
    }


def _states_in_order(rows: dict[int, dict[str, Any]], start: int) -> list[int]:
    """The states as they are reached from the start, symbol by symbol: Lark's own numbers differ from run to run."""
    order = [start]
    for state in order:
        for _, (_, target) in sorted(rows[state].items()):
            if isinstance(target, int) and target not in order:
                order.append(target)
    return order


def checksum(grammar: str) -> int:
    """Tells whether a table was made from this grammar."""
    return zlib.crc32(grammar.encode())


def _row(row: dict[str, Any], states: dict[int, int], numbers: dict[Any, int]) -> str:
    """`SYMBOL n SYMBOL n …`. n from 0: shift and go to state n; below: reduce by rule -1 - n. A text, since most states are never read."""
    targets = ((symbol, states[target] if isinstance(target, int) else -1 - numbers[target]) for symbol, (_, target) in sorted(row.items()))
    return " ".join(f"{symbol} {target}" for symbol, target in targets)


def _terminals(terminals: list[Any]) -> list[list[Any]]:
    """[name, "words", phrases], [name, "sign", text] or [name, "regex", pattern], in the order in which they are tried."""
    rows = []
    order = sorted(terminals, key=lambda one: (-one.priority, -one.pattern.max_width, -len(one.pattern.value), one.name))
    for terminal in order:
        pattern = terminal.pattern.value
        words = _WORDS.fullmatch(pattern)
        if words:
            rows.append([terminal.name, "words", [phrase.split("\\s+") for phrase in words[1].split("|")]])
        else:
            rows.append([terminal.name, "regex" if terminal.pattern.type == "re" else "sign", pattern])
    return rows


def _rule(rule: Any) -> list[Any]:
    """[origin, length, name of its branch or None to pass a single child on, picks, Nones at the end].

    A pick is [index of the symbol, take its children instead, Nones before it].
    """
    placeholders = list(rule.options.empty_indices) or [False] * (len(rule.expansion) + 1)
    picks, nones, position = [], 0, 0
    for empty in placeholders:
        if empty:
            nones += 1
            continue
        if position < len(rule.expansion):
            symbol = rule.expansion[position]
            if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
                inline = not symbol.is_term and symbol.name.startswith("_")
                picks.append([position, inline, nones])
                nones = 0
            position += 1
    single = rule.options.expand1 and not rule.alias
    return [rule.origin.name, len(rule.expansion), rule.alias or rule.origin.name, single, picks, nones]


def write(path: Path = TABLE) -> None:
    """Writes the table beside the grammar, whole or not at all."""
    import tempfile

    table = json.dumps(build(GRAMMAR.read_text(encoding="utf-8")), separators=(",", ":"))
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(table + "\n")
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


if __name__ == "__main__":
    write()
