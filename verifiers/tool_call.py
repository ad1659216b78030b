"""`tool_call`: the calls of tools in a text, and how far they are those that were expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from rewardlang.json_text import NotJson, NotRead, leaves, read_json
from rewardlang.verdict import Finding, Missing, Refused
from rewardlang.verifier import finder, measure

if TYPE_CHECKING:
    import re


_Call: TypeAlias = tuple[str, frozenset[Hashable]]


@cache
def _blocks() -> re.Pattern[str]:
    import re

    return re.compile(r"<tool_call>((?:[^<]|<(?!/?tool_call>))*+)</tool_call>")


@finder("tool_call", cost="linear", version="1")
def tool_call(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The calls of tools in a text: JSON in `<tool_call>` blocks.

    What it checks
    --------------
    Finds blocks `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, as Hermes and Qwen write them; the value is the name of the
    tool. A block that holds anything else is found with the value "" and the reason as its note. `tool_call_f1(text, expected)`
    compares all calls of a text with those expected, in any order: an object or a list of objects with `name` and `arguments`. A call is
    right with the same name and equal arguments (exact numbers, any order of keys); the result is twice the right calls over the
    calls of both sides, 1 where neither has one.

    Why it earns reward
    -------------------
    A call with a wrong argument does the wrong thing, and one that cannot be read does nothing.

    Example
    -------
    `rule call: award up to 2 points scaled by tool_call_f1(completion, expected_calls)`

    Known gaps
    ----------
    Arguments that mean the same and are written differently ("Paris" and "Paris, FR") are different. What the tool would have said is
    not looked at. Calls in other notations (Python, XML attributes) are not found. A text beside the calls is ignored.
    """
    return [[Finding(start, end, name, note) for start, end, name, note, _ in _calls(text)] for text in texts]


def _calls(text: str) -> Iterator[tuple[int, int, str, str, _Call | None]]:
    for match in _blocks().finditer(text):
        try:
            call = _call(read_json(match[1]))
        except (NotJson, NotRead) as error:
            yield (*match.span(), "", str(error), None)
        else:
            yield (*match.span(), call[0], "", call)


def _call(value: Any) -> _Call:
    """Name and arguments, so that equal calls are equal. Raises `NotJson`, also for arguments of OpenAI's form that are no JSON text."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise NotJson('no object with a "name"')
    arguments = value.get("arguments", {})
    if isinstance(arguments, str):
        arguments = read_json(arguments)
    if not isinstance(arguments, dict):
        raise NotJson('"arguments" is no object')
    return value["name"], frozenset(leaves(arguments))


@measure("tool_call_f1", cost="linear", version="1")
def tool_call_f1(texts: Sequence[str], expected: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """How far the calls of tools in a text are those that were expected, from 0 to 1."""
    return [_f1(text, wanted) for text, wanted in zip(texts, expected, strict=True)]


def _f1(text: str, expected: str) -> Fraction | Missing | Refused:
    try:
        value = read_json(expected)
        wanted = Counter(map(_call, value if isinstance(value, list) else [value]))
    except NotRead as error:
        return Refused(str(error))
    except NotJson as error:
        return Missing(f"the expected calls cannot be read: {error}")
    calls = [call for *_, call in _calls(text)]
    if not calls and not wanted:
        return Fraction(1)
    right = (Counter(call for call in calls if call is not None) & wanted).total()
    return Fraction(2 * right, len(calls) + wanted.total())
