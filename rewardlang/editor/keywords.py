"""The words of the language as they are coloured: one table, made from the grammar's, for every highlighter.

A highlighter knows no parser. Words that can never be names are always
coloured; one that is a word of the language in some places and a name in
others (`weight`, `to`) only where what stands around it says so.
"""

from __future__ import annotations

from typing import NamedTuple

from rewardlang.parsing.parse_table import table
from rewardlang.parsing.words import STARTER_TERMINALS

# Which terminals are coloured alike; every other word of the grammar is a `clause`.
GROUPS: dict[str, frozenset[str]] = {
    "statement": STARTER_TERMINALS | {"_REWARDLANG", "_REWARD"},
    "operator": frozenset(
        (
            "_IN",
            "_OF",
            "_IS",
            "_AND",
            "_OR",
            "NOT",
            "_MATCHES",
            "EQUALS",
            "CONTAINS",
            "STARTS_WITH",
            "ENDS_WITH",
            "CASE",
            "_OUTSIDE",
            "_BETWEEN",
            "_WITHIN",
            "_PRESENT",
            "_MISSING",
            "_AT_LEAST",
            "_AT_MOST",
            "_MORE_THAN",
            "_LESS_THAN",
            "_AS",
        )
    ),
    "selector": frozenset(
        (
            "FIRST",
            "LAST",
            "ONLY",
            "EVERY",
            "COUNT_OF",
            "DISTINCT",
            "SOME",
            "NO",
            "_SHARE_OF",
            "_ALL_OF",
            "_ANY_OF",
            "_NONE_OF",
            "_MATCH_OF",
            "_TEXT_AFTER",
            "_TEXT_BEFORE",
            "_TEXT_BETWEEN",
            "FOUND_IN",
            "FOUND_IGNORING_CASE_IN",
        )
    ),
    "type": frozenset(("_LIST_OF", "_OPTIONAL", "_ONE_OF", "_QUANTITY_OF", "_PER")),
    "constant": frozenset(("TRUE", "FALSE")),
}  # fmt: skip
CLAUSE = "clause"

_QUOTE = "[\"“„«']"
_NO_NAME = r"(?!\s*[=:.(,+*/<>)\-])"
# What stands around the single words that can be names too, as (before, after).
AROUND: dict[str, tuple[str, str]] = {
    "version": ("", rf"(?=\s*{_QUOTE})"),
    "about": ("", rf"(?=\s*{_QUOTE})"),
    "python": ("", rf"(?=\s*{_QUOTE})"),
    "like": ("", rf"(?=\s*{_QUOTE})"),
    "returns": ("", r"(?=\s+[^\W\d])"),
    "timeout": ("", r"(?=\s*\d)"),
    "batched": ("", _NO_NAME),
    "from": ("", rf"(?=\s*(?:{_QUOTE}|column\b|[\d−-]))"),
    "weight": ("", r"(?=\s+(?:from\b|\d))"),
    "to": ("", r"(?=\s+[−-]?\d)"),
    "points": (r"(?<=\d\s)", ""),
    "point": (r"(?<=\d\s)", ""),
    "clamped": ("", r"(?=\s+between\b)"),
    "outweighs": ("", r"(?=\s+(?:rule|section)\b)"),
    "fires": ("", r"(?=[ \t]*(?:$|#|(?:expect|because)\b))"),
    "silent": ("", r"(?=[ \t]*(?:$|#|(?:expect|because)\b))"),
    "optional": ("", r"(?=\s+[^\W\d])"),
    "per": ("", r"(?=\s+[^\W\d])"),
}
_NAMED = ("column", "param", "list", "pattern", "define", "let", "section", "rule")
# `-8 at most 0`, `1 at step 0 to 0.2`: the language's lexer knows that no unit can stand there.
_NO_UNIT = r"[0-9.]+\s+(?:at\s+(?:least|most|step)|to\s+[−-]?\d)"
_REGEX = r"/(?:\\.|[^/\\\n])+/[A-Za-z]*"


class Colour(NamedTuple):
    """A pattern and what it is: `parts` name the classes of its groups, or the class of the whole where it has none."""

    pattern: str
    parts: tuple[str, ...]


def group_of(terminal: str) -> str:
    """How a word of this terminal is coloured."""
    return next((group for group, terminals in GROUPS.items() if terminal in terminals), CLAUSE)


def words() -> dict[str, str]:
    """Every word and phrase of the language with its group, in the order of the alphabet."""
    phrases = table().phrases
    found = {" ".join((first, *rest)): group_of(name) for first, entries in phrases.items() for name, rest in entries}
    return dict(sorted(found.items()))


def contextual() -> frozenset[str]:
    """The single words that can be names as well."""
    return frozenset(word for word in words() if " " not in word and word not in table().reserved)


def colours() -> list[Colour]:
    """The patterns of everything but texts, in the order in which they are tried. They are both Python's and Oniguruma's."""
    name = rf"(?!(?:{'|'.join(sorted(table().reserved))})\b)[^\W\d]\w*"
    others = {terminal: pattern for terminal, (pattern, is_regex) in table().others.items() if is_regex}
    return [
        Colour(r"#[^\r\n]*", ("comment",)),
        Colour(rf"\b(matches)(\s+)({_REGEX})", ("operator", "", "regex")),
        Colour(rf"\b(match\s+of)(\s+)({_REGEX})", ("selector", "", "regex")),
        Colour(rf"(=)(\s*)({_REGEX})", ("sign", "", "regex")),
        Colour(others["TAG"], ("tag",)),
        Colour(rf"(?<![\w.])(?!{_NO_UNIT}){others['QUANTITY']}", ("number",)),
        Colour(rf"(?<![\w.]){others['PERCENT']}", ("number",)),
        Colour(rf"(?<![\w.]){others['NUMBER']}", ("number",)),
        Colour(rf"\b({'|'.join(_NAMED)})(\s+)({name})", ("statement", "", "name")),
        *(Colour(pattern, (group,)) for group, pattern in _word_patterns()),
        Colour(r"[^\W\d]\w*", ("word",)),
        Colour(r"!=|<=|>=|[=<>≠≤≥+*/×÷·−-]", ("sign",)),
    ]


def _word_patterns() -> list[tuple[str, str]]:
    """Group and pattern: phrases first, so that `at least` is not read as a name and a name; then the words that need company."""
    every, alone = words(), contextual()
    phrases: dict[str, list[str]] = {}
    reserved: dict[str, list[str]] = {}
    for word, group in every.items():
        if " " in word:
            phrases.setdefault(group, []).append(word.replace(" ", r"\s+"))
        elif word not in alone:
            reserved.setdefault(group, []).append(word)
    found = [(group, rf"\b(?:{'|'.join(sorted(parts, key=len, reverse=True))})\b") for group, parts in phrases.items()]
    found += [(every[word], rf"{AROUND[word][0]}\b{word}\b{AROUND[word][1]}") for word in sorted(alone)]
    return found + [(group, rf"\b(?:{'|'.join(parts)})\b") for group, parts in reserved.items()]
