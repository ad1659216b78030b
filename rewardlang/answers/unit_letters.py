r"""Whether letters in italics are a unit or names: `5 m` is a length and `\pi r^2 h` a product, though h can be an hour."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.tokens import Token, joined

MIN_BEFORE = 3
"""A number, a unit and a stroke."""
MAX_NUMBER = 40
"""Tokens of a plain number before a unit."""


@cache
def _plain_number() -> re.Pattern[str]:
    """`5`, `-2.5`, `1/2`, `1 1/2`, `3*10^{-4}`, without spaces between signs."""
    return re.compile(r"-?(?:[0-9.]+ )?[0-9.]+(?:/[0-9.]+)?(?:\*10\^(?:\{-?[0-9]+\}|-?[0-9]+)|e-?[0-9]+)?")


@cache
def _letters() -> re.Pattern[str]:
    """One unit, a power of a metre, a quotient, a usual product, or one with a power below the line; not `g t^2`, `h/g`, `t`, `h/2`."""
    per = r"[a-zA-Z]+/(?:s(?:\^2|2)?|h|L|m(?:\^[23]|[23])|K)|[a-zA-Z](?: ?[a-zA-Z])* ?[a-zA-Z]\^-[12]"
    return re.compile(rf"{per}|[NJWVAC]\*[msh]|J/g(?:/K)?|N m|J s|W h|m(?:\^[23]|[23])|(?!t)[a-zA-Z]")


def are_names(before: list[Token], letters: list[Token]) -> bool:
    """Whether letters behind `before` are names of the formula and no unit: those in italics, which do not tell it themselves."""
    if [token.text for token in letters] == ["mg"] and not letters[0].upright:
        return any(token.kind in ("name", "command") for token in before)  # a weight
    if all(token.upright or token.kind != "name" for token in letters):
        return False
    if len(before) > MAX_NUMBER or _plain_number().fullmatch(joined(before)) is None:
        return True
    words = any(token.kind == "word" for token in letters)
    return not words and _letters().fullmatch(unit_text(letters).replace("{", "").replace("}", "")) is None


def without_brackets_below(tokens: list[Token]) -> list[Token]:
    """`8.3 J/(mol K)` as `8.3 J/mol/K`, which is the same of names as well."""
    opened = next((at for at in range(len(tokens) - 2, 1, -1) if tokens[at].text == "("), 0)
    inner = tokens[opened + 1 : -1]
    if not inner or opened < MIN_BEFORE or tokens[-1].text != ")" or tokens[opened - 1].text != "/":
        return tokens
    above, number = tokens[opened - 2], tokens[opened - 3]
    measured = above.kind in ("word", "name") and (above.upright or (above.spaced and number.kind == "number"))
    if not measured or any(token.kind not in ("word", "name") and token.text != "*" for token in inner):
        return tokens
    slash = Token("sign", "/")
    factors = [token for token in inner if token.text != "*"]
    return [*tokens[: opened - 1], *(token for factor in factors for token in (slash, factor))]


def unit_text(tokens: list[Token]) -> str:
    r"""A unit as one text, with a space between two names: `\text{m}\,\text{s}^{-2}` is `m s^{-2}`, no milliseconds."""
    spaced = [
        token._replace(spaced=True) if at and token.kind in ("name", "word") and tokens[at - 1].kind in ("name", "word") else token
        for at, token in enumerate(tokens)
    ]
    return joined(spaced)
