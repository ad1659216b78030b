"""`valid_json`: whether a text is JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MAX_DEPTH = 200


@cache
def _brackets() -> re.Pattern[str]:
    return re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


@predicate("valid_json", cost="linear", version="1", limits={"depth": MAX_DEPTH})
def valid_json(texts: Sequence[str]) -> list[Verdict]:
    """Whether the whole text is one JSON value.

    What it checks
    --------------
    Holds for any value of RFC 8259, with white space around it; not for `NaN`, single quotes, trailing commas, comments or text
    beside the value. Nesting beyond 200 levels is not judged.

    Why it earns reward
    -------------------
    Programs read what models write; JSON that almost parses is worth nothing to them.

    Example
    -------
    `rule form: award 1 point when only <answer> in completion is "valid json"`

    Known gaps
    ----------
    `{}`, `0` and `""` are valid JSON: ask for fields too. A key that occurs twice is accepted. There is no schema yet.
    """
    return [_verdict(text) for text in texts]


def _verdict(text: str) -> Verdict:
    depth = 0
    for match in _brackets().finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            return cannot_judge(f"nested more than {MAX_DEPTH} deep")
    import json

    try:
        json.loads(text.strip(" \t\r\n"), parse_constant=_no_constant, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        return no(f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}")
    except ValueError as error:
        return no(str(error))
    return yes()
