r"""Reads an answer: what kind of answer it is, then its parts.

wrappers        $…$  \( \)  \boxed{…}  a full stop at the end
several         1, 2   1; 2   1 and 2   1 or 2   ±2
relations       x = 3   1/2 = 0.5   y = 2x + 1   0 < x < 1   x ∈ [0, 1]
brackets        (1, 2)   [0, 1)   \{1, 2\}   \begin{pmatrix}…
words           "no solution"   "odd"
numbers         33.5%   45°   $5   10 km   then a formula (`expression`)
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from rewardlang.answers.algebra import MAX_BITS, LimitError, number
from rewardlang.answers.choices import count_of_point
from rewardlang.answers.days import day
from rewardlang.answers.expression import read_expression
from rewardlang.answers.figures import figure
from rewardlang.answers.flats import flat
from rewardlang.answers.functions import PI
from rewardlang.answers.kinds import Expression, InBase, Labelled, Listing, SetOf, Tuple_, Unread, Value
from rewardlang.answers.listed_numbers import mixed, with_decimal_comma
from rewardlang.answers.named_functions import FUNCTIONS
from rewardlang.answers.numerals import MAX_FIGURES
from rewardlang.answers.options import option
from rewardlang.answers.parse_brackets import bracketed, each_unequal, have_several_names, parts_of, split, tuple_or_interval
from rewardlang.answers.parse_families import as_equation, residues, with_condition
from rewardlang.answers.parse_limits import bound, with_hedge, without_reason
from rewardlang.answers.parse_matrices import behind_arrow, last_line, matrix, system_rows
from rewardlang.answers.parse_piecewise import piecewise
from rewardlang.answers.parse_relations import relation, said_of
from rewardlang.answers.parse_sets import built, rays_joined, sets_joined, with_usual_brackets, without_conditions
from rewardlang.answers.parse_units import compound, unit_start, without_whole
from rewardlang.answers.parse_words import spoken_number, words
from rewardlang.answers.plain import ADVERBS, NUMERAL, is_plain_formula, quick_number, read_decimal, read_numeral, times_ten, unwrapped
from rewardlang.answers.progressions import written_out
from rewardlang.answers.propositions import proposition
from rewardlang.answers.quick_forms import quick_form
from rewardlang.answers.reading import NoValueError, UnreadError
from rewardlang.answers.times import time_of_day
from rewardlang.answers.tokens import Token, any_of, joined, tokens_of, with_last_brace, with_thousands
from rewardlang.answers.unit_letters import unit_text, without_brackets_below
from rewardlang.answers.units import is_unit
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing, Refused

MAX_LENGTH = 3_000
MAX_NESTING = 30

_JOINING = ("or", "and")
_WRAPPERS = ("$", "\\(", "\\)", "\\[", "\\]", "\\boxed", "\\fbox", "\\framebox")
_INFERRING = ("=", "∴", "⇒", "\\therefore", "\\implies", "\\Rightarrow", "\\Longrightarrow")
_BETWEEN = ("and", ",")
_ANNOUNCING = ("answer", "ans", "result", "solution")
_SEPARATING = (";", ",", *_JOINING, "±", "∓")
_HEDGES = ("maybe", "perhaps", "possibly", "both", "either")


def read_answer(text: str) -> Answer | Missing | Refused:
    """The answer that a text is. Missing when it is empty, or when it says something false (`1 = 2`)."""
    trimmed = text.strip()
    if not trimmed:
        return Missing("the answer is empty")
    if len(trimmed) <= MAX_LENGTH:
        value = _read_short(unwrapped(trimmed))
    elif NUMERAL.fullmatch(trimmed):
        value = read_numeral(trimmed)
    else:
        return Refused(f"an answer of {len(trimmed):,} characters, at most {MAX_LENGTH:,} are read")
    return value if isinstance(value, Missing) else Answer(text, value)


@lru_cache(maxsize=4096)
def _read_short(text: str) -> Value | Missing:
    return quick_number(text) or quick_form(text, read_tokens) or read_tokens(text)


def read_tokens(text: str) -> Value | Missing:
    """The answer that a short text is, by its tokens."""
    tokens = with_usual_brackets(with_thousands(with_last_brace(_without_wrappers(tokens_of(text)))))
    if not tokens:
        return Missing("the answer is empty")
    if _nesting(tokens) > MAX_NESTING:
        return Unread(joined(tokens), f"nested more than {MAX_NESTING} deep")
    return read_value(tokens)


def _nesting(tokens: list[Token]) -> int:
    deepest = depth = 0
    for token in tokens:
        if token.text in "([{⦃":
            depth += 1
            deepest = max(deepest, depth)
        elif token.text in ")]}⦄":
            depth -= 1
    return deepest


def _without_wrappers(tokens: list[Token]) -> list[Token]:
    """Without `$`, `\\(`, `\\boxed{}` around the whole, `$` between parts, and a full stop at the end."""
    if any_of(tokens, _WRAPPERS):
        dollars = sum(token.text == "$" and token.kind == "sign" for token in tokens)
        if dollars == 2 and len(tokens) > 3 and tokens[0].text == tokens[-2].text == "$" and tokens[-1].kind == "name":
            tokens = [*tokens[:-1], tokens[-1]._replace(upright=True)]  # a letter behind the formula is its unit
        if dollars != 1 or tokens[-1].text == "$":
            tokens = [token for token in tokens if token.text != "$" or token.kind == "currency"]
        tokens = [token for token in tokens if token.text == "$" or token.text not in _WRAPPERS]
    if len(tokens) > 2 and tokens[1].text == ":" and tokens[0].text.lower() in _ANNOUNCING:
        tokens = tokens[2:]
    while tokens and (tokens[0].text in _INFERRING or tokens[0].text.lower() in ADVERBS):
        tokens = tokens[1:]
    if len(tokens) > 2 and tokens[0].text == tokens[-1].text == '"':
        tokens = tokens[1:-1]
    if len(tokens) > 3 and tokens[-3].text == "(" and tokens[-1].text == ")" and tokens[-2].text.lower() in ADVERBS:
        tokens = tokens[:-3]  # 42 (approximately)
    elif len(tokens) > 3 and tokens[-3].text == "(" and tokens[-1].text == ")" and tokens[-2].kind == "word" and is_unit(tokens[-2].text):
        tokens = [*tokens[:-3], tokens[-2]] if tokens[-4].kind == "number" else tokens  # 5 (cm)
    tokens = with_hedge(tokens) if tokens else tokens
    while tokens and tokens[-1].text in (".", ",", ";", "\\\\") and tokens[-1].kind != "number":
        tokens = tokens[:-1]
    if len(tokens) > 3 and tokens[-1].text == "}" and tokens[-2].text == "." and bracketed(tokens) == "{}":
        tokens = [*tokens[:-2], tokens[-1]]  # \boxed{17 apples.}
    return [] if all(token.text in "{}" for token in tokens) else tokens


def read_value(tokens: list[Token]) -> Value | Missing:
    """The value of tokens; what has no exact reading is Unread, with the reason."""
    if not tokens:
        return Unread("", "a part is missing")
    if len(tokens) == 1 and _is_numeral(tokens[0]):
        return read_numeral(tokens[0].text)
    return _formula(tokens) if is_plain_formula(tokens) else read_by_kind(tokens)


def _is_numeral(token: Token) -> bool:
    return token.kind == "number" and len(token.text) <= MAX_FIGURES and NUMERAL.fullmatch(token.text) is not None


def read_by_kind(tokens: list[Token]) -> Value | Missing:
    """The value of tokens, one kind of answer tried after another."""
    if tokens[0].text == "Eq" and bracketed(tokens[1:]) == "()" and len(sides := split(tokens[2:-1], (",",))) == 2:
        tokens = [*sides[0], Token("sign", "="), *sides[1]]
    tokens = each_unequal(without_reason(tokens))
    named = proposition(tokens) or figure(tokens) or day(tokens)
    if named is not None:
        return named
    limited = bound(tokens, read_value)
    if limited is not None:
        return limited
    spoken = spoken_number(tokens, _measured)
    if spoken is not None:
        return spoken
    if (chosen := option(tokens, read_value)) is not None:
        return chosen
    family = with_condition(tokens, read_value) or residues(tokens, read_value)
    if family is not None:
        return family
    if any_of(tokens, ("≡",)):
        tokens = as_equation(tokens)
    tokens = behind_arrow(last_line(tokens))
    system = system_rows(tokens)
    if system:
        by_cases = piecewise(system, tokens, read_value)
        if by_cases is not None:
            return by_cases
        if all(len(split(row, ("&",))) == 1 for row in system):
            return _listing(system, ",")
    value = (
        _several(tokens)
        or time_of_day(tokens)
        or relation(tokens, read_value)
        or said_of(tokens, read_value)
        or sets_joined(tokens, read_value)
        or flat(tokens, read_value)
        or matrix(tokens, read_value)
    )
    return value or _in_brackets(tokens) or _in_base(tokens) or words(tokens) or _measured(tokens)


def _several(tokens: list[Token]) -> Value | Missing | None:
    if not any_of(tokens, _SEPARATING):
        return None
    if len(tokens) in (5, 8) and (together := compound([token for token in tokens if token.text not in _BETWEEN])) is not None:
        return together  # 7 hours and 30 minutes
    for sign in (";", "or", ",") if have_several_names(split(tokens, ("or",))) else (";", ","):
        parts = split(tokens, (sign,))
        if len(parts) > 1:
            parts = [part for part in parts if not part or part[0].text != "not"] or parts  # 15, not 14
            return _listing(written_out([_without_joining(part) for part in parts]), sign)
    for sign in _JOINING:
        parts = split(tokens, (sign,))
        if len(parts) > 1 and all(parts):
            return _listing([_without_joining(part) for part in parts], sign)
    if any(token.text in "±∓" for token in tokens) and bracketed(tokens) != "⦃⦄":
        plus = {"±": "+", "∓": "-"}
        minus = {"±": "-", "∓": "+"}
        both = [[Token("sign", way[token.text]) if token.text in way else token for token in tokens] for way in (plus, minus)]
        return _listing(both, "±")
    return None


def _without_joining(part: list[Token]) -> list[Token]:
    while part and part[0].text.lower() in (*_JOINING, *_HEDGES):
        part = part[1:]
    return part


def _listing(parts: list[list[Token]], sign: str) -> Value | Missing:
    parts = without_conditions([part for part in parts if part])
    if len(parts) == 1 and sign in (",", ";"):
        return read_value(parts[0])
    items = parts_of(parts, read_value)
    if isinstance(items, Missing):
        return items
    rays = rays_joined(items, sign) if sign in _JOINING else None
    if rays is not None:
        return rays
    number_meant = with_decimal_comma(parts) if sign == "," else mixed(items) if sign == "and" else None
    return Listing(_flat(items), number_meant, sign not in (",", ";"))


def _flat(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """`21, 16 or 11` is one list, and `x = ±1, ±2`; lists with two labels in them stay apart (`x=1, y=2 or x=3, y=4`)."""
    found: list[Value] = []
    labels: set[str] = set()
    for item in items:
        inner = item.items if isinstance(item, Listing) and item.decimal is None else (item,)
        labels.update(part.label for part in inner if isinstance(part, Labelled))
        if len(labels) > 1:
            return items
        found += inner
    return tuple(found)


_NO_POINTS = "BFNU"
"""Letters that more often stand for a distribution when two numbers follow them: `N(0, 1)`."""


def _point(tokens: list[Token]) -> Value | None:
    """`A(1, 2)`: a point with its name."""
    name = tokens[0]
    if name.kind != "name" or not name.text.isupper() or name.text in _NO_POINTS or bracketed(tokens[1:]) != "()":
        return None
    place = tuple_or_interval(tokens[1:], read_value)
    numbers = isinstance(place, Tuple_) and len(place.items) > 1 and all(isinstance(item, Expression) for item in place.items)
    return Labelled(name.text, place, choices=count_of_point(name.text, place)) if numbers and isinstance(place, Tuple_) else None


def _in_brackets(tokens: list[Token]) -> Value | Missing | None:
    kind = bracketed(tokens)
    if kind is None and len(tokens) > 5 and (point := _point(tokens)) is not None:
        return point
    if kind is None and joined(tokens[-2:]) in ("^T", "^\\top") and bracketed(tokens[:-2]) in ("()", "[]"):
        return tuple_or_interval([Token("sign", "("), *tokens[1:-3], Token("sign", ")")], read_value)
    if kind is None:
        return None
    inner = tokens[1:-1]
    if kind == "⦃⦄":
        described = built(inner, read_value)
        if described is not None:
            return described
        items = parts_of(written_out(split(inner, (",", ";"))), read_value) if inner else ()
        return items if isinstance(items, Missing) else SetOf(_flat(items))
    if kind == "{}" or (kind == "()" and len(split(inner, (",", ";"))) == 1 and inner):
        return read_value(inner)
    return tuple_or_interval(tokens, read_value)


def _in_base(tokens: list[Token]) -> Value | None:
    """`204_5`, `1A_{16}`, `(204)_5`, `0xFF`."""
    if len(tokens) > 1 and tokens[0].text == "0" and tokens[1].text[0] in "xX" and not any(token.spaced for token in tokens[1:]):
        return _hexadecimal(joined(tokens)[2:])
    texts = [token.text for token in tokens if token.text not in "{}"]
    if len(texts) < 3 or texts[-2] != "_" or not (texts[-1].isascii() and texts[-1].isdigit()):
        return None
    figures = texts[:-2]
    if figures[0] == "(" and figures[-1] == ")":
        figures = figures[1:-1]
    written = "".join(figures)
    base = int(texts[-1]) if len(texts[-1]) <= 2 else 0
    begins = written[:1].isdigit() or (base > 10 and len(written) > 1)
    if base == 1 or not (written.isascii() and written.isalnum() and begins and written.upper() == written):
        return None
    if not 2 <= base <= 36 or len(written) * base.bit_length() > MAX_BITS or any(int(figure, 36) >= base for figure in written):
        return Unread(joined(tokens), "these are no figures in a base from 2 to 36")
    return InBase(written.lstrip("0") or "0", base)


def _hexadecimal(figures: str) -> Value | None:
    known = 0 < len(figures) <= MAX_BITS // 4 and all(figure in "0123456789abcdefABCDEF" for figure in figures)
    return InBase(figures.upper().lstrip("0") or "0", 16) if known else None


_CURRENCIES = ("$", "€", "£", "¥", "₹", "Rs", "USD", "EUR")
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}


def _measured(tokens: list[Token]) -> Value | Missing:
    """A formula with what can stand around it: a currency sign, percent, degrees, a unit."""
    several = compound(tokens)
    if several is not None:
        return several
    rest, unit, percent, degree, scale = list(without_whole(without_brackets_below(tokens))), "", False, False, 1
    if rest[0].text in _CURRENCIES:
        unit, rest = rest[0].text, rest[1:]
    elif len(rest) > 1 and rest[0].text == "-" and rest[1].text in _CURRENCIES:
        unit, rest = rest[1].text, [rest[0], *rest[2:]]
    elif len(rest) > 1 and rest[-1].text in _CURRENCIES:
        unit, rest = rest[-1].text, rest[:-1]
    if unit and (rate := next((at for at, token in enumerate(rest) if at and token.text in ("/", "per")), 0)):
        each = joined(rest[rate + 1 :])
        if each and is_unit(each):
            unit, rest = f"{unit}/{each}", rest[:rate]
    if len(rest) > 2 and [token.text.lower() for token in rest[-2:]] == ["per", "cent"]:
        percent, rest = True, rest[:-2]
    elif len(rest) > 1 and rest[-1].text.lower() in ("%", "percent", "pct"):
        percent, rest = True, rest[:-1]
    elif len(rest) > 1 and rest[-1].text.lower() in ("°", "degrees", "degree") and not _has_angle(rest[:-1]):
        degree, rest = True, rest[:-1]
    elif not unit and (temperature := _temperature(rest)):
        unit, rest = temperature, rest[:-2]
    elif not unit:
        start = unit_start(rest)
        if start < len(rest):
            unit, rest = unit_text(rest[start:]), rest[:start]
            if unit.startswith("\\frac"):
                unit = "/".join(unit.removeprefix("\\frac").strip("{}").split("}{"))
    if len(rest) > 1 and rest[-1].text.lower() in _SCALES:
        scale, rest = _SCALES[rest[-1].text.lower()], rest[:-1]
    elif unit.lower() in _SCALES:
        scale, unit = _SCALES[unit.lower()], ""
    return _formula(tokens, rest, percent, degree, unit, scale)


def _formula(
    tokens: list[Token], rest: list[Token] | None = None, percent: bool = False, degree: bool = False, unit: str = "", scale: int = 1
) -> Value | Missing:
    """The formula that the tokens are, or their `rest` with what stands around it."""
    try:
        value = _expression(tokens if rest is None else rest, percent, degree, unit)
        return value if scale == 1 else Expression(value.value * number(scale), percent, degree, unit)
    except NoValueError as error:
        return Missing(str(error))
    except (UnreadError, LimitError) as error:
        return Unread(joined(tokens), str(error))
    except ZeroDivisionError:
        return Unread(joined(tokens), "a division by zero")


def _temperature(tokens: list[Token]) -> str:
    """`°C` or `°F` when the tokens end with it."""
    if len(tokens) > 2 and tokens[-2].text in ("°", "degrees") and tokens[-1].text in ("C", "F", "Celsius", "Fahrenheit"):
        return "°" + tokens[-1].text[0]
    return ""


def _has_angle(tokens: list[Token]) -> bool:
    """Whether degrees at the end belong to a part only: to the argument of a function, or to the last of several angles."""
    return any(token.text == "°" or token.text.removeprefix("\\") in FUNCTIONS for token in tokens)


def _in_degrees(tokens: list[Token]) -> bool:
    """Whether a formula is an angle in degrees: `180° - 30°`, `30° + 360°k`, and no function of an angle."""
    return any(token.text == "°" for token in tokens) and not any(token.text.removeprefix("\\") in FUNCTIONS for token in tokens)


def _expression(tokens: list[Token], percent: bool, degree: bool, unit: str) -> Expression:
    if not tokens:
        raise UnreadError("the number is missing")
    numeral = tokens[1:] if tokens[0].text in ("-", "+") else tokens
    alone = len(numeral) == 1 and numeral[0].kind == "number" and len(numeral[0].text) <= MAX_FIGURES
    plain = read_decimal(numeral[0].text, tokens[0].text == "-") if alone else times_ten(tokens)
    if plain is not None:
        value, figures, last = plain.value, plain.figures, plain.unit_in_last_place
    else:
        value, figures, last = read_expression(tokens), 0, Fraction(0)
        if not (degree or percent or unit) and _in_degrees(tokens):
            value, degree = value / PI * number(180), True
    if percent:
        value = value / number(100)
        last /= 100
    return Expression(value, percent, degree, unit, figures, last)
