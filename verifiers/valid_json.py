"""`valid_json` and `json_fields`: whether a text is JSON, of which form, and with which content."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from rewardlang.json_text import MAX_DEPTH, NotJson, NotRead, leaves, read_json
from rewardlang.libraries import not_installed
from rewardlang.verdict import Missing, Refused, Verdict, cannot_judge, no, yes
from rewardlang.verifier import TextOrFile, measure, predicate

MAX_CHARACTERS = 1_000_000
_NO_SCHEMA = TextOrFile("")


@predicate("valid_json", cost="linear", version="2", limits={"depth": MAX_DEPTH, "characters with a schema": MAX_CHARACTERS})
def valid_json(texts: Sequence[str], *, schema: TextOrFile = _NO_SCHEMA) -> list[Verdict]:
    """Whether the whole text is one JSON value.

    What it checks
    --------------
    Holds for any value of RFC 8259, with white space around it; not for `NaN`, single quotes, trailing commas, comments or text
    beside the value. Nesting beyond 200 levels is not judged. `schema` is a JSON Schema (drafts 4 to 2020-12), written in the file
    between three quotation marks, or the name of a file beside it (`"memo.json"`): then the value must satisfy it. Its patterns run in
    linear time, so look-around and back-references make the schema invalid; it cannot name addresses. Needs
    `pip install 'rewardlang[structure]'`.
    `json_fields(text, gold)` is the share of the gold's fields, however deep, that have the same value in the text.

    Why it earns reward
    -------------------
    Programs read what models write; JSON that almost parses is worth nothing to them.

    Example
    -------
    `rule form: award 1 point when only <answer> in completion is "valid json"`

    Known gaps
    ----------
    `{}`, `0` and `""` are valid JSON: ask for fields too. A key that occurs twice is accepted, and the last one counts. A schema says
    what form values have, not that they are right. `json_fields` does not count fields that the gold has not.
    """
    if not schema:
        return [_verdict(text) for text in texts]
    checked = _validator(schema)
    return [cannot_judge(checked) if isinstance(checked, str) else _against(checked, text) for text in texts]


def _verdict(text: str) -> Verdict:
    try:
        read_json(text, number=str)
    except NotRead as error:
        return cannot_judge(str(error))
    except NotJson as error:
        return no(str(error))
    return yes()


@lru_cache(maxsize=32)
def _validator(schema: str) -> Any:
    """A validator of the library, or a text that says why there is none."""
    try:
        import jsonschema_rs
    except ImportError:
        return not_installed("jsonschema-rs", "structure")
    try:
        rules = read_json(schema, number=_plain)
        return jsonschema_rs.validator_for(rules, pattern_options=jsonschema_rs.RegexOptions(), retriever=_nothing_else)
    except ValueError as error:
        return f"the schema is not valid: {str(error).splitlines()[0]}"


def _nothing_else(address: str) -> Any:
    raise ValueError(f"a schema cannot name another one: {address}")


def _plain(written: str) -> int | float:
    if len(written) > 40:
        raise NotRead("a number of more than 40 characters")
    return float(written) if set(".eE") & set(written) else int(written)


def _against(validator: Any, text: str) -> Verdict:
    if len(text) > MAX_CHARACTERS:
        return cannot_judge(f"more than {MAX_CHARACTERS:,} characters")
    try:
        error = next(iter(validator.iter_errors(read_json(text, number=_plain))), None)
    except NotRead as problem:
        return cannot_judge(str(problem))
    except NotJson as problem:
        return no(str(problem))
    except UnicodeEncodeError:
        return no("a lone surrogate is no character")
    if error is None:
        return yes()
    place = "/".join(str(part) for part in error.instance_path)
    message = error.message if len(error.message) <= 200 else error.message[:199] + "…"
    return no(f"{place}: {message}" if place else message)


@measure("json_fields", cost="linear", version="1", limits={"depth": MAX_DEPTH})
def json_fields(texts: Sequence[str], golds: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """The share of the fields of one JSON text that another has with the same value."""
    return [_fields(text, gold) for text, gold in zip(texts, golds, strict=True)]


def _fields(text: str, gold: str) -> Fraction | Missing | Refused:
    try:
        wanted = dict(leaves(read_json(gold)))
        found = dict(leaves(read_json(text)))
    except NotRead as error:
        return Refused(str(error))
    except NotJson as error:
        return Missing(f"no JSON: {error}")
    return Fraction(sum(path in found and found[path] == value for path, value in wanted.items()), len(wanted))
