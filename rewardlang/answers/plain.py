r"""What is read quickly, because most answers are so plain: numbers without tokens, formulas without asking for anything else.

For speed only. What is told here is what the long way (`parse.read_tokens`, `parse.read_by_kind`) says, which tests hold it to; what is
not plain is left to that.
"""

from __future__ import annotations

import re
from fractions import Fraction

from rewardlang.answers.algebra import number
from rewardlang.answers.kinds import Expression, Unread, Value
from rewardlang.answers.numerals import MAX_FIGURES
from rewardlang.answers.tokens import Token

_LAST_PLACES = tuple(Fraction(1, 10**places) for places in range(20))
_GROUPED_NUMERAL = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_FRACTION = re.compile(r"([+-]?)(?:\\[dt]?frac\{(-?)([0-9]{1,400})\}\{([0-9]{1,400})\}|([0-9]{1,400}) ?/ ?([0-9]{1,400}))")
NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_SIGNS = frozenset(("+", "-", "*", "/", "^", "{", "}", "(", ")"))
_COMMANDS = frozenset(("\\frac", "\\sqrt", "\\pi", "\\ln", "\\exp", "\\sin", "\\cos", "\\tan", "\\theta", "\\alpha", "\\beta"))
_SURE = ("about", "approximately", "roughly", "around", "exactly", "simply", "just", "definitely", "certainly")
ADVERBS = frozenset((*_SURE, "maybe", "perhaps", "probably", "possibly"))


def unwrapped(text: str) -> str:
    r"""An answer without `$…$`, `\(…\)`, `\boxed{…}` or Markdown's `**…**` around the whole of it: it is read once for all of them."""
    while len(text) > 2:
        if text[0] == text[-1] == "$":
            inner = text[1:-1]
            whole = "$" not in inner and inner[-1] != "\\"
        elif text[-1] == ")" and text.startswith("\\("):
            inner = text[2:-2]
            whole = text[-2] == "\\" and "\\(" not in inner and "\\)" not in inner
        elif text[-1] == "}" and text.startswith("\\boxed{"):
            inner = text[7:-1]
            whole = _is_balanced(inner) and _begins_and_ends_plainly(inner)
        elif len(text) > 4 and text.startswith("**") and text.endswith("**"):
            inner = text[2:-2]
            whole = "*" not in inner
        else:
            return text
        inner = inner.strip()
        if not whole or not inner:
            return text
        text = inner
    return text


def _is_balanced(text: str) -> bool:
    """Whether no bracket closes that was not opened; which one closes which has no say: `[0, 1)`."""
    depth = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _begins_and_ends_plainly(text: str) -> bool:
    """Whether nothing stands at an end that is taken off outside of braces only."""
    words = text.split(None, 1)
    return bool(words) and words[0][0] not in '="' and text.rstrip()[-1] not in ".,;\\" and words[0].lower() not in ADVERBS


def quick_number(text: str) -> Value | None:
    r"""A plain number or fraction of whole numbers, in `$…$` or a box or with a full stop; for speed only: `read_tokens` says the same."""
    if len(text) > 2 and text[0] == text[-1] == "$":
        text = text[1:-1].strip()
    if text.startswith("\\boxed{") and text[-1] == "}":
        text = text[7:-1].strip()
    if text.endswith("."):
        text = text[:-1]
    if NUMERAL.fullmatch(text):
        return read_numeral(text)
    if _GROUPED_NUMERAL.fullmatch(text):
        return read_numeral(text.replace(",", ""))
    fraction = _FRACTION.fullmatch(text)
    if fraction is None:
        return None
    sign, one, above, below, other_above, other_below = fraction.groups()
    under = int(below or other_below)
    if not under:
        return None
    value = Fraction(int(above or other_above), under)
    return Expression(number(-value if (sign == "-") is not (one == "-") else value))


def read_numeral(text: str) -> Value:
    """The number that figures are, with their sign."""
    figures = text.lstrip("+-")
    if len(figures) > MAX_FIGURES:
        whole, _, decimals = figures.partition(".")
        normal = (whole.lstrip("0") or "0") + ("." + decimals.rstrip("0") if decimals.strip("0") else "")
        return Unread(("-" if text[0] == "-" else "") + normal, f"a number of more than {MAX_FIGURES:,} figures")
    return read_decimal(figures, text[0] == "-")


def read_decimal(figures: str, negative: bool) -> Expression:
    """The number, with how exactly it is given."""
    whole, point, after_point = figures.partition(".")
    together = whole + after_point
    if not together.isdigit():
        mantissa, _, exponent = figures.lower().partition("e")
        return with_power_of_ten(read_decimal(mantissa, negative), int(exponent))
    scale = 10 ** len(after_point)
    units = -int(together) if negative else int(together)
    value = Fraction(units, scale) if point else Fraction(units)
    last = _LAST_PLACES[len(after_point)] if len(after_point) < len(_LAST_PLACES) else Fraction(1, 10 ** len(after_point))
    return Expression(number(value), False, False, "", len(together.lstrip("0")), last)


def with_power_of_ten(mantissa: Expression, exponent: int) -> Expression:
    """`1.25 * 10^3`: as many figures as the mantissa, the last one as much larger as the number."""
    scale = Fraction(10) ** exponent
    return Expression(mantissa.value * number(scale), False, False, "", mantissa.figures, mantissa.unit_in_last_place * scale)


def times_ten(tokens: list[Token]) -> Expression | None:
    r"""The number that `1.25 \times 10^{-3}` is; None for other tokens."""
    numeral = tokens[1:] if tokens[0].text == "-" else tokens
    texts = [token.text for token in numeral if token.text not in "{}"]
    if len(texts) < 5 or texts[1:4] != ["*", "10", "^"] or len(texts) > 6 or len(numeral) > len(texts) + 2:
        return None
    exponent = "".join(texts[4:])
    if numeral[0].kind != "number" or "e" in texts[0].lower() or re.fullmatch("-?[0-9]{1,3}", exponent) is None:
        return None
    return with_power_of_ten(read_decimal(texts[0], tokens[0].text == "-"), int(exponent)) if len(texts[0]) <= MAX_FIGURES else None


def _may_be_enclosed(tokens: list[Token]) -> bool:
    """Whether brackets may stand around the whole, or around a letter at the end, which could be a unit: not in `(x + 1)(x + 2)`."""
    if tokens[0].text not in "({" or tokens[-1].text not in ")}":
        return False
    depth = 0
    for token in tokens[:-3]:
        depth += (token.text in "({") - (token.text in ")}")
        if not depth:
            return tokens[-3].text in "({"
    return True


def is_plain_formula(tokens: list[Token]) -> bool:
    r"""Whether the tokens can only be a formula.

    Not plain: one token; brackets around the whole; what could be a unit (a spaced or upright letter, a fraction behind a number,
    `2h30m`); a letter T at the end (of a transposed matrix).
    """
    if len(tokens) < 2 or tokens[-1].text == "T" or _may_be_enclosed(tokens):
        return False
    if tokens[1].text == ")" or (tokens[0].text == "(" and tokens[1].text.isupper()):
        return False  # `(A) -3` and `A) 3` can be an option
    before = ""
    for kind, text, spaced, upright in tokens:
        if kind == "number":
            if before == "name":
                return False
        elif kind == "name":
            if upright or not text.isascii() or (spaced and before):
                return False
        elif kind == "command":
            if text not in _COMMANDS or (text == "\\frac" and before == "number"):
                return False
        elif text not in _SIGNS:
            return False
        before = kind
    return True
