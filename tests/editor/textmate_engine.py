"""As much of a TextMate engine as the grammar needs: patterns in order, line by line, beginnings that last until their end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


def spans(grammar: dict[str, Any], text: str) -> Iterator[tuple[int, int, str]]:
    """The coloured pieces of a text with their scopes."""
    inside: dict[str, Any] | None = None
    start = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\n")
        at = 0
        while at < len(body) or (inside is not None and "$" in inside["end"]):
            if inside is not None:
                piece, at, inside = _inside(inside, body, at)
                if piece is not None:
                    yield start + piece[0], start + piece[1], piece[2]
                continue
            found, rule = _first(grammar["patterns"], body, at)
            if found is None or rule is None:
                break
            if "begin" in rule:
                inside = rule
                yield start + found.start(), start + found.end(), rule["name"]
            elif "name" in rule:
                yield start + found.start(), start + found.end(), rule["name"]
            for number, capture in rule.get("captures", {}).items():
                yield start + found.start(int(number)), start + found.end(int(number)), capture["name"]
            at = found.end()
        start += len(line)


def _first(patterns: list[dict[str, Any]], body: str, at: int) -> tuple[re.Match[str] | None, dict[str, Any] | None]:
    """The pattern that matches first in the line; of several at one place, the first of the list."""
    best: tuple[re.Match[str], dict[str, Any]] | None = None
    for rule in patterns:
        found = re.compile(rule.get("match") or rule["begin"]).search(body, at)
        if found is not None and (best is None or found.start() < best[0].start()):
            best = (found, rule)
    return best if best is not None else (None, None)


def _inside(rule: dict[str, Any], body: str, at: int) -> tuple[tuple[int, int, str] | None, int, dict[str, Any] | None]:
    """One step inside of a beginning: up to its end, or over one of its own patterns, or to the end of the line."""
    end = re.compile(rule["end"]).search(body, at)
    found, _ = _first(rule.get("patterns", []), body, at)
    if found is not None and (end is None or found.start() < end.start()):
        return (at, found.end(), rule["name"]), found.end(), rule
    if end is None:
        return (at, len(body), rule["name"]), len(body), rule
    return (at, end.end(), rule["name"]), end.end(), None
