r"""Reads an answer: what kind of answer it is, then its parts.

wrappers        $…$  \( \)  \boxed{…}  a full stop at the end
several         1, 2   1; 2   1 and 2   1 or 2   ±2
relations       x = 3   1/2 = 0.5   y = 2x + 1   0 < x < 1   x ∈ [0, 1]
brackets        (1, 2)   [0, 1)   \{1, 2\}   \begin{pmatrix}…
words           "no solution"   "odd"
numbers         33.5%   45°   $5   10 km   then a formula (`expression`)
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from rewardlang.answers.algebra import LimitError, number
from rewardlang.answers.expression import NoValueError, UnreadError, read_expression
from rewardlang.answers.functions import FUNCTIONS
from rewardlang.answers.kinds import Expression, InBase, Listing, SetOf, Unread, Value, Words
from rewardlang.answers.numerals import MAX_FIGURES
from rewardlang.answers.parse_brackets import bracketed, matrix, parts_of, split, tuple_or_interval, union
from rewardlang.answers.parse_relations import relation
from rewardlang.answers.tokens import Token, joined, tokens_of, with_thousands
from rewardlang.answers.units import is_unit
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing, Refused

MAX_LENGTH = 3_000
MAX_NESTING = 30

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_EMPTY_SET = frozenset(
    {
        "no solution",
        "no solutions",
        "none",
        "empty set",
        "no real solution",
        "no real solutions",
        "no real roots",
        "no roots",
        "does not exist",
    }
)
_JOINING = ("and", "or")


def read_answer(text: str) -> Answer | Missing | Refused:
    """The answer that a text is. Missing when it is empty, or when it says something false (`1 = 2`)."""
    trimmed = text.strip()
    if not trimmed:
        return Missing("the answer is empty")
    if len(trimmed) <= MAX_LENGTH:
        value = _read_short(trimmed)
    elif _NUMERAL.fullmatch(trimmed):
        value = _numeral(trimmed)
    else:
        return Refused(f"an answer of {len(trimmed):,} characters, at most {MAX_LENGTH:,} are read")
    return value if isinstance(value, Missing) else Answer(text, value)


@lru_cache(maxsize=4096)
def _read_short(text: str) -> Value | Missing:
    if _NUMERAL.fullmatch(text):
        return _numeral(text)
    tokens = with_thousands(_without_wrappers(tokens_of(text)))
    if not tokens:
        return Missing("the answer is empty")
    if _nesting(tokens) > MAX_NESTING:
        return Unread(joined(tokens), f"nested more than {MAX_NESTING} deep")
    return read_value(tokens)


def _numeral(text: str) -> Value:
    figures = text.lstrip("+-")
    if len(figures) > MAX_FIGURES:
        whole, _, decimals = figures.partition(".")
        normal = (whole.lstrip("0") or "0") + ("." + decimals.rstrip("0") if decimals.strip("0") else "")
        return Unread(("-" if text[0] == "-" else "") + normal, f"a number of more than {MAX_FIGURES:,} figures")
    return _decimal(figures, text[0] == "-")


def _decimal(figures: str, negative: bool) -> Expression:
    whole, _, after_point = figures.partition(".")
    decimals = len(after_point)
    value = Fraction(int(whole + after_point), 10**decimals) if figures.replace(".", "").isdigit() else Fraction(figures)
    significant = len(figures.replace(".", "").lstrip("0"))
    return Expression(number(-value if negative else value), figures=significant, unit_in_last_place=Fraction(1, 10**decimals))


def _nesting(tokens: list[Token]) -> int:
    deepest = depth = 0
    for token in tokens:
        depth += {"(": 1, "[": 1, "{": 1, "⦃": 1, ")": -1, "]": -1, "}": -1, "⦄": -1}.get(token.text, 0)
        deepest = max(deepest, depth)
    return deepest


def _without_wrappers(tokens: list[Token]) -> list[Token]:
    """Without `$`, `\\(`, `\\boxed{}` around the whole, `$` between parts, and a full stop at the end."""
    dollars = sum(token.text == "$" for token in tokens)
    if dollars != 1 or tokens[-1].text == "$":
        tokens = [token for token in tokens if token.text != "$"]
    tokens = [token for token in tokens if token.text not in ("\\(", "\\)", "\\[", "\\]", "\\boxed", "\\fbox")]
    while tokens and tokens[-1].text in (".", ",", ";", "\\\\") and tokens[-1].kind != "number":
        tokens = tokens[:-1]
    return [] if all(token.text in "{}" for token in tokens) else tokens


def read_value(tokens: list[Token]) -> Value | Missing:
    """The value of tokens; what has no exact reading is Unread, with the reason."""
    if not tokens:
        return Unread("", "a part is missing")
    value = _several(tokens) or relation(tokens, read_value) or union(tokens, read_value) or matrix(tokens, read_value)
    return value or _in_brackets(tokens) or _in_base(tokens) or _words(tokens) or _measured(tokens)


def _several(tokens: list[Token]) -> Value | Missing | None:
    for sign in (";", ","):
        parts = split(tokens, (sign,))
        if len(parts) > 1:
            return _listing([_without_joining(part) for part in parts], sign)
    parts = split(tokens, _JOINING)
    if len(parts) > 1 and all(parts):
        return _listing(parts, "and")
    if any(token.text in "±∓" for token in tokens):
        plus = {"±": "+", "∓": "-"}
        minus = {"±": "-", "∓": "+"}
        both = [[Token("sign", way[token.text]) if token.text in way else token for token in tokens] for way in (plus, minus)]
        return _listing(both, "±")
    return None


def _without_joining(part: list[Token]) -> list[Token]:
    return part[1:] if part and part[0].text in _JOINING else part


def _listing(parts: list[list[Token]], sign: str) -> Value | Missing:
    parts = [part for part in parts if part]
    items = parts_of(parts, read_value)
    if isinstance(items, Missing):
        return items
    decimal = None
    if sign == "," and len(parts) == 2 and _can_be_decimal(parts):
        figures = f"{parts[0][-1].text}.{parts[1][0].text}"
        decimal = _decimal(figures, len(parts[0]) == 2)
    return Listing(items, decimal)


def _can_be_decimal(parts: list[list[Token]]) -> bool:
    left, right = parts
    whole = left[1:] if left[0].text == "-" else left
    figures = [token.text for token in (*whole, *right)]
    return len(figures) == 2 and all(text.isascii() and text.isdigit() for text in figures) and not right[0].spaced


def _in_brackets(tokens: list[Token]) -> Value | Missing | None:
    kind = bracketed(tokens)
    if kind is None:
        return None
    inner = tokens[1:-1]
    if kind == "⦃⦄":
        items = parts_of(split(inner, (",", ";")), read_value) if inner else ()
        return items if isinstance(items, Missing) else SetOf(items)
    if kind == "{}" or (kind == "()" and len(split(inner, (",", ";"))) == 1 and inner):
        return read_value(inner)
    return tuple_or_interval(tokens, read_value)


def _in_base(tokens: list[Token]) -> Value | None:
    texts = [token.text for token in tokens if token.text not in "{}"]
    if len(texts) != 3 or texts[1] != "_" or not all(text.isascii() and text.isdigit() for text in (texts[0], texts[2])):
        return None
    base = int(texts[2]) if len(texts[2]) <= 2 else 0
    if not 2 <= base <= 10 or len(texts[0]) > MAX_FIGURES or any(int(figure) >= base for figure in texts[0]):
        return Unread(joined(tokens), "these are no figures in a base from 2 to 10")
    return InBase(texts[0].lstrip("0") or "0", base)


def _words(tokens: list[Token]) -> Value | None:
    if tokens == [Token("sign", "∅", tokens[0].spaced)]:
        return SetOf(())
    known = {*FUNCTIONS, "pi", "log", "sqrt"}
    letters = [token for token in tokens if token.kind in ("word", "name") or token.text in "'-"]
    if len(letters) < len(tokens) or not any(token.kind == "word" and token.text not in known for token in tokens):
        return None
    text = " ".join(token.text for token in tokens).casefold()
    return SetOf(()) if text in _EMPTY_SET else Words(text)


def _measured(tokens: list[Token]) -> Value | Missing:
    """A formula with what can stand around it: a currency sign, percent, degrees, a unit."""
    rest, unit, percent, degree = list(tokens), "", False, False
    if rest[0].text in ("$", "€", "£", "¥"):
        unit, rest = rest[0].text, rest[1:]
    elif len(rest) > 1 and rest[0].text == "-" and rest[1].text in ("$", "€", "£", "¥"):
        unit, rest = rest[1].text, [rest[0], *rest[2:]]
    if len(rest) > 1 and rest[-1].text.lower() in ("%", "percent", "pct"):
        percent, rest = True, rest[:-1]
    elif len(rest) > 1 and rest[-1].text.lower() in ("°", "degrees", "degree"):
        degree, rest = True, rest[:-1]
    elif (cut := _degree_power(rest)) is not None:
        degree, rest = True, rest[:cut]
    elif not unit:
        start = _unit_start(rest)
        if start < len(rest):
            unit, rest = joined(rest[start:]), rest[:start]
    try:
        return _expression(rest, percent, degree, unit)
    except NoValueError as error:
        return Missing(str(error))
    except (UnreadError, LimitError) as error:
        return Unread(joined(tokens), str(error))
    except ZeroDivisionError:
        return Unread(joined(tokens), "a division by zero")


def _degree_power(tokens: list[Token]) -> int | None:
    r"""Where `^\circ` or `^{\circ}` begins at the end."""
    texts = [token.text for token in tokens]
    if texts[-2:] == ["^", "\\circ"] and len(texts) > 2:
        return len(texts) - 2
    if texts[-4:] == ["^", "{", "\\circ", "}"] and len(texts) > 4:
        return len(texts) - 4
    return None


def _unit_start(tokens: list[Token]) -> int:
    """Where a unit begins at the end of the tokens: upright or spaced words behind a number, with at most an exponent."""
    end = len(tokens)
    at = end
    while at > 1 and (tokens[at - 1].kind in ("word", "name") or tokens[at - 1].text in ("/", "°", "^", "{", "}", "2", "3")):
        at -= 1
    for start in range(max(at, 1), end):
        first = tokens[start]
        if first.kind not in ("word", "name") or not (first.spaced or first.upright or first.kind == "word"):
            continue
        written = joined(tokens[start:]).replace("{", "").replace("}", "")
        if is_unit(written) or (first.upright and first.kind == "word" and all(token.kind == "word" for token in tokens[start:])):
            return start
    return end


def _expression(tokens: list[Token], percent: bool, degree: bool, unit: str) -> Value:
    if not tokens:
        raise UnreadError("the number is missing")
    numeral = tokens[1:] if tokens[0].text == "-" else tokens
    if len(numeral) == 1 and numeral[0].kind == "number" and len(numeral[0].text) <= MAX_FIGURES:
        plain = _decimal(numeral[0].text, len(tokens) == 2)
        value, figures, last = plain.value, plain.figures, plain.unit_in_last_place
    else:
        value, figures, last = read_expression(tokens), 0, Fraction(0)
    if percent:
        value = value / number(100)
        last /= 100
    return Expression(value, percent, degree, unit, figures, last)
