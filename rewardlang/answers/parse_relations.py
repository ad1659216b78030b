"""Relations of an answer: `x = 3`, chains, equations, inequalities, membership, ratios."""

from __future__ import annotations

import re
from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Quotient, Sum, atom, difference, number, quotient, symbol
from rewardlang.answers.compare_numbers import same_formula
from rewardlang.answers.conversions import in_another_unit, same_quantities
from rewardlang.answers.expression import read_expression
from rewardlang.answers.forms import ACCENTS
from rewardlang.answers.kinds import Equation, Expression, Inequality, Interval, Labelled, Ratio, Tuple_, Unread, Value
from rewardlang.answers.numeric import CALCULUS, symbols_of, value_at
from rewardlang.answers.parse_brackets import Reader, bracketed, split
from rewardlang.answers.parse_sets import EXCEPT, rays_joined
from rewardlang.answers.reading import UnreadError
from rewardlang.answers.real_sets import INFINITY, as_value, between, complement, line
from rewardlang.answers.tokens import Token, any_of, joined
from rewardlang.verdict import Missing

_ORDER = ("<", ">", "≤", "≥")
_RELATIONS = ("∈", "≠", *_ORDER, "≈", "=", ":", "to")


def relation(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """What the tokens say if a relation stands in them outside brackets; else None."""
    if not any_of(tokens, _RELATIONS) or (any_of(tokens, EXCEPT) and tokens[0].text.lower() != "no"):
        return None
    member = split(tokens, ("∈",))
    if len(member) == 2 and all(member):
        return _labelled(member[0], member[1], None, read, member=len(member[0]) == 1)
    unequal = split(tokens, ("≠",))
    if len(unequal) > 1:
        return _unequal(unequal) or Unread(joined(tokens), "'≠' is compared as it is written")
    ordered = split(tokens, _ORDER)
    if len(ordered) > 1:
        signs = [token.text for token in _outside(tokens) if token.text in _ORDER]
        return _inequality(ordered, signs, tokens)
    equal = split(tokens, ("≈",))
    if len(equal) > 1 and not equal[0]:
        return read(equal[-1])
    if len(equal) > 1 and equal[0]:
        if len(split(equal[0], ("=",))) == 1 and _is_name(equal[0]):
            return _labelled(equal[0], equal[1], None, read)
        tokens = equal[0]
    chain = split(tokens, ("=",))
    if len(chain) > 1:
        return _chain(chain, tokens, read) if all(chain) else Unread(joined(tokens), "one side of '=' is missing")
    if len(equal) > 1:
        return read(tokens)
    return _ratio(tokens, read)


def _outside(tokens: list[Token]) -> list[Token]:
    depth, found = 0, []
    for token in tokens:
        depth += (token.text in ("(", "[", "{", "⦃")) - (token.text in (")", "]", "}", "⦄"))
        if depth <= 0:
            found.append(token)
    return found


def _formula(tokens: list[Token]) -> Quotient | None:
    try:
        return read_expression(tokens)
    except (UnreadError, LimitError, ZeroDivisionError):
        return None


def _product_of_letters(tokens: list[Token]) -> Quotient | None:
    """`xy` in an equation, where it could also be the name of a segment or a word."""
    if len(tokens) != 1 or tokens[0].kind != "word" or len(tokens[0].text) > 3:
        return None
    return _formula([Token("name", letter) for letter in tokens[0].text])


def _is_value_of_function(tokens: list[Token]) -> bool:
    r"""`\sin\theta`, `\cos(A)`: the function of something with a name."""
    if tokens[0].text.removeprefix("\\") not in _OF_ANGLES or len(tokens) < 2:
        return False
    inner = [token for token in tokens[1:] if token.text not in ("(", ")", "∠")]
    return len(inner) == 1 and (inner[0].kind in ("name", "word") or inner[0].text in _ANGLE_NAMES)


def _is_measure(tokens: list[Token]) -> bool:
    r"""`P(X \ge 2)`, `E[X]`, `\sigma^2`, `\vec a \cdot \vec b`: what is a number by its name."""
    texts = [token.text for token in tokens]
    if tokens[0].kind in ("name", "word") and tokens[0].text[0].isupper() and bracketed(tokens[1:]) in ("()", "[]"):
        return True
    if texts in (["\\sigma", "^", "2"], ["\\chi", "^", "2"], ["R", "^", "2"], ["\\sigma", "^", "{", "2", "}"]):
        return True
    accents = sum(text.removeprefix("\\") in ACCENTS for text in texts)
    return accents > 0 and all(token.kind in ("name", "word") or token.text in "{}*" or token.text[1:] in ACCENTS for token in tokens)


_OF_ANGLES = ("sin", "cos", "tan", "cot", "sec", "csc")
_ANGLE_NAMES = ("\\theta", "\\alpha", "\\beta", "\\gamma", "\\phi")


_DERIVATIVE = re.compile(
    r"\\frac\{d[a-z]\}\{d[a-z]\}|\\frac\{d\^\{?2\}?[a-z]\}\{d[a-z]\^\{?2\}?\}|d[a-z]/d[a-z]"
    r"|\\frac\{\\partial ?[A-Za-z]\}\{\\partial ?[a-z]\}"
)
_SLOPE = re.compile(r"\\frac\{d([a-z])\}\{d[a-z]\}|d([a-z])/d[a-z]")
_OPERATORS = ("det", "tr", "Tr", "rank", "trace", "deg", "dim", "Var", "Cov")
_NAMING = ("\\nabla", "\\arg", "\\Re", "\\Im", "\\dim", "\\deg")
_OF_A_MATRIX = ("^{-1}", "^T", "^{T}", "^2", "^3", "^n", "^{2}", "^{3}", "^{n}")
_SIZES = ("z", "w", "u", "v")
_OF_THE_PLANE = ("x", "y", "z", "t", "r")


def _is_sum_of_names(of: Quotient) -> bool:
    """`m + n`, asked for as one number; not `x + y`, which is a line."""
    names = symbols_of(of)
    plain = all(len(product) == 1 and product[0][1] == 1 and value == 1 for product, value in of.over.terms)
    return plain and of.under.rational == 1 and len(of.over.terms) == len(names) > 1 and not names & set(_OF_THE_PLANE)


def _is_name(tokens: list[Token]) -> bool:
    """A symbol with or without an index, a function of names, `|AB|`, an angle, words: what can be called something."""
    tokens = [token for token in tokens if token.text != "'"] or tokens
    texts = [token.text for token in tokens]
    if len(texts) > 2 and any(text in ("∩", "∪", "∖") for text in texts):
        return all((token.kind == "name" and token.text.isupper()) or token.text in ("∩", "∪", "∖", "(", ")", "'") for token in tokens)
    if _DERIVATIVE.fullmatch(joined(tokens)) or _column_of_names(tokens):
        return True
    if len(texts) == 2 and (texts[0].removeprefix("\\") in ACCENTS or texts[0] in _NAMING) and tokens[1].kind == "name":
        return True
    if texts[0].removeprefix("\\") in _OPERATORS and len(texts) > 1:
        return all(token.kind == "name" or token.text in "()," for token in tokens[1:])
    if texts[0].removeprefix("\\") in ACCENTS and "".join(texts[1:2] + texts[-1:]) == "{}":
        return not any(text in "{}" for text in texts[2:-1])
    if tokens[0].kind == "name" and len(texts) > 1 and texts[1] in ("∠", "△"):
        return _is_name(tokens[1:])
    if tokens[0].kind == "name" and len(texts) > 5 and texts[1:3] == ["^", "{"] and texts[-1] == ")":
        return texts[3:6] == ["-", "1", "}"]
    if tokens[0].kind == "name" or (tokens[0].kind == "command" and texts[0][1:] not in ("frac", "sqrt", "binom", "pi")):
        if len(tokens) == 1:
            return texts[0] not in ("e", "i")
        if texts[1] == "_":
            return not any(text in ("+", "*", "/", "^", "-") for text in _after_index(texts))
        return texts[1] == "(" and texts[-1] == ")" and all(token.kind in ("name", "number") or token.text in ",()" for token in tokens[1:])
    if texts[0] in ("∠", "△"):
        return all(token.kind in ("name", "word") for token in tokens[1:])
    if texts[0] == "|" and texts[-1] == "|" and len(texts) > 3 and texts[1].removeprefix("\\") in ACCENTS:
        return True
    if len(texts) > 2 and texts[0] == texts[-1] == "|" and texts[1] in _SIZES and (len(texts) == 3 or texts[2] == "_"):
        return len(texts) < 7  # |z|, the size of what is no real number
    if texts[0] == "|" and texts[-1] == "|":
        return all(token.kind in ("name", "word") and token.text.isupper() for token in tokens[1:-1])
    if texts[0] == "(" and texts[-1] == ")":
        return all(token.kind == "name" or token.text in "(),_" for token in tokens)
    return all(token.kind in ("word", "name") for token in tokens)


def _column_of_names(tokens: list[Token]) -> list[str]:
    r"""The names in `\begin{pmatrix} x \\ y \end{pmatrix}`; none where something else is in it."""
    if len(tokens) < 11 or tokens[0].text != "\\begin" or tokens[-4].text != "\\end":
        return []
    inner = tokens[4:-4]
    plain = all(token.kind == "name" for token in inner[::2]) and all(token.text in ("\\\\", "&") for token in inner[1::2])
    return [token.text for token in inner[::2]] if plain and len(inner) % 2 else []


def _after_index(texts: list[str]) -> list[str]:
    if len(texts) > 2 and texts[2] == "{":
        close = texts.index("}") if "}" in texts else len(texts)
        return texts[close + 1 :]
    return texts[3:]


def _label(tokens: list[Token], value: list[Token]) -> tuple[str, str]:
    """The text of a name, and what it binds: `x` in `f(x)`, `n` in `a_n` if the value speaks of n."""
    texts = [token.text for token in tokens]
    index = [token for token in tokens[2:] if token.text not in "{}"] if texts[1:2] == ["_"] else []
    if len(index) == 1 and index[0].kind == "name" and any(token.text == index[0].text for token in value):
        return f"{texts[0]}_□", index[0].text
    if len(texts) == 4 and texts[1] == "(" and tokens[2].kind == "name":
        return "function()", texts[2]
    if names := _column_of_names(tokens):
        return f"({','.join(names)})", ""
    if (slope := _SLOPE.fullmatch(joined(tokens))) is not None:
        return f"{slope[1] or slope[2]}'", ""
    return joined([Token(token.kind, token.text) for token in tokens]).replace("{", "").replace("}", ""), ""


def _labelled(name: list[Token], value: list[Token], equation: Sum | None, read: Reader, *, member: bool = False) -> Value | Missing:
    label, bound = _label(name, value)
    meant = read(value)
    if isinstance(meant, Missing):
        return meant
    ends = meant.items if member and isinstance(meant, Tuple_) and len(meant.items) == 2 else ()
    low, high = ends if ends else (None, None)
    if isinstance(low, Expression) and isinstance(high, Expression):
        meant = Interval(low, high, False, False)
    renamed = read([Token("name", "□") if token.text == bound else token for token in value]) if bound else None
    return Labelled(label, meant, equation, None if isinstance(renamed, Missing) else renamed)


def _is_named_number(parts: list[list[Token]]) -> bool:
    """`x = 3`, for speed only: `_chain` says the same."""
    if [len(part) for part in parts] != [1, 1]:
        return False
    (name,), (value,) = parts
    return name.kind == "name" and name.text.isascii() and name.text not in ("e", "i") and value.kind == "number" and len(value.text) < 16


def _chain(parts: list[list[Token]], tokens: list[Token], read: Reader) -> Value | Missing:
    if len(parts) > 1 and parts[-1][-1].text == "…" and [token.kind for token in parts[-1][:-1]] == ["number"]:
        return _chain(parts[:-1], tokens, read) if len(parts) > 2 else read(parts[0])  # √2 = 1.414… is √2
    if _is_named_number(parts):
        return _labelled(parts[0], parts[1], _equation(symbol(parts[0][0].text), number(Fraction(parts[1][0].text))), read)
    if (converted := same_quantities(parts, read) or in_another_unit(parts, read)) is not None:
        return converted
    formulas = [_formula(part) for part in parts]
    if (
        parts[-1][0].text == "\\begin"
        and parts[0][0].kind == "name"
        and parts[0][0].text.isupper()
        and joined(parts[0][1:]) in _OF_A_MATRIX
    ):
        return _labelled(parts[0], parts[-1], None, read)
    if formulas[0] is not None and any(kind in CALCULUS for kind, _ in formulas[0].atoms()):
        return _labelled(parts[0], parts[-1], _equation(formulas[0], formulas[1]) if len(parts) == 2 and formulas[1] else None, read)
    closed = formulas[0] is not None and not symbols_of(formulas[0])
    measured = read(parts[-1]) if closed and any(token.kind in ("word", "name") for token in parts[-1]) else None
    if isinstance(measured, Expression) and measured.unit:
        formulas[-1] = measured.value  # 4 * 9 = 36 cm
    known = [formula for formula in formulas if formula is not None]
    named = formulas[0] is not None and any(kind == "apply" for kind, _ in formulas[0].atoms())
    closed = len(known) == len(parts) and not named and not any(symbols_of(formula) for formula in known)
    if closed:
        if all(same_formula(known[0], other).holds for other in known[1:]):
            return measured if isinstance(measured, Expression) and measured.unit else Expression(known[-1])
        return Missing("a chain of '=' whose members are not shown to be equal")
    sides = [formula or _product_of_letters(part) for formula, part in zip(formulas, parts, strict=True)]
    equation = _equation(sides[0], sides[1]) if len(sides) == 2 and sides[0] and sides[1] else None
    closed = formulas[-1] is not None and not symbols_of(formulas[-1])
    if closed and (_is_value_of_function(parts[0]) or _is_measure(parts[0]) or (formulas[0] is not None and _is_sum_of_names(formulas[0]))):
        return _labelled(parts[0], parts[-1], equation, read)
    known_parts = [part for part, formula in zip(parts, formulas, strict=True) if formula is not None and not symbols_of(formula)]
    if len(parts) > 2 and len(known_parts) == 1 and _is_name(parts[-1]) and _is_name(parts[0]):
        return _labelled(parts[0], known_parts[0], None, read)  # a = 3 = b
    if _is_name(parts[0]) and not _mentions(parts[-1], parts[0]):
        return _labelled(parts[0], parts[-1], equation, read)
    if len(parts) == 2 and _is_name(parts[1]) and not _mentions(parts[0], parts[1]):
        return _labelled(parts[1], parts[0], equation, read)
    if len(parts) > 2:
        return read(parts[-1])
    if equation is not None and not equation.terms:
        return read(parts[-1])  # an identity: what it says is how something is written in the end
    return Unread(joined(tokens), "this equation is not read") if equation is None else Equation(equation)


def _mentions(tokens: list[Token], name: list[Token]) -> bool:
    return len(name) == 1 and any(token.text == name[0].text for token in tokens)


def _equation(left: Quotient, right: Quotient) -> Sum | None:
    """`left − right` up to a non-zero constant factor."""
    try:
        form = _without_denominator(difference(left, right))
        return quotient(form, Sum((((), form.terms[0][1]),))).over if form.terms else form
    except LimitError:
        return None


def _without_denominator(form: Sum) -> Sum:
    """`I - V/R` as `IR - V`: times the symbols that stand below, as denominators of several terms are multiplied out."""
    for name in sorted({name for product, _ in form.terms for name, exponent in product if name[0] == "symbol" and exponent < 0}):
        least = min(exponent for product, _ in form.terms for part, exponent in product if part == name)
        form = (Quotient(form) * atom(name[0], name[1], -least)).over
    return form


def _inequality(parts: list[list[Token]], signs: list[str], tokens: list[Token]) -> Value | Missing:
    unread = Unread(joined(tokens), "this inequality is compared as it is written")
    if len(parts) == 3 and all(parts):
        return _between(parts, signs) or _both(parts, signs, tokens) or unread
    if len(parts) != 2 or not all(parts):
        return unread
    left, right = map(_formula, parts)
    if left is None or right is None:
        return unread
    if signs[0] in "<≤":
        left, right = right, left
    strict = signs[0] in "<>"
    try:
        gap = left - right
        if gap.under.rational is None:
            return unread
        scale = abs(gap.over.terms[0][1]) if gap.over.terms else Fraction(1)
        form = (gap / number(scale)).over
    except (LimitError, ZeroDivisionError):
        return unread
    return _ray(form, strict) or Inequality(form, strict)


def _both(parts: list[list[Token]], signs: list[str], tokens: list[Token]) -> Value | None:
    """`1 < |x| < 3`: what both inequalities say."""
    if all(token.text != "|" for token in parts[1]):
        return None
    halves = [_inequality(parts[at : at + 2], signs[at : at + 1], tokens) for at in (0, 1)]
    return rays_joined(tuple(half for half in halves if not isinstance(half, Missing)), "and")


def _ray(form: Sum, strict: bool) -> Value | None:
    """The solutions of `form > 0` in one symbol, when it is linear in it or in its size: `x < 3`, `|x - 1| < 2`."""
    straight = line(form)
    if straight is not None:
        name, slope, rest = straight
        bound = -(rest / number(slope))
        ends = (bound, INFINITY, not strict, False) if slope > 0 else (-INFINITY, bound, False, not strict)
        return Labelled(name, Interval(Expression(ends[0]), Expression(ends[1]), ends[2], ends[3]))
    sizes = [(product, value) for product, value in form.terms if len(product) == 1 and product[0][0][0] == "abs" and product[0][1] == 1]
    rest = Quotient(Sum(tuple(term for term in form.terms if term not in sizes)))
    if len(sizes) != 1 or symbols_of(rest):
        return None
    ((((_, inside), _),), slope) = sizes[0]
    straight = line(inside.over) if inside.under.rational == 1 else None
    bound = -(rest / number(slope))
    far = value_at(bound, {})
    if straight is None or far is None or far <= 0:
        return None
    name, inner, shift = straight
    near = between(-bound, bound, inner, shift, slope > 0 and strict, slope > 0 and strict)
    if slope < 0:
        return Labelled(name, Interval(near.low, near.high, not strict, not strict))
    return Labelled(name, as_value(complement([(near.low.value, strict, near.high.value, strict)])))


def _between(parts: list[list[Token]], signs: list[str]) -> Value | None:
    """`low < name < high`, in either direction."""
    low, high = _formula(parts[0]), _formula(parts[2])
    same_way = all(sign in "<≤" for sign in signs) or all(sign in ">≥" for sign in signs)
    if low is None or high is None or not same_way:
        return None
    with_low, with_high = signs[0] in "≤≥", signs[1] in "≤≥"
    if signs[0] in ">≥":
        low, high, with_low, with_high = high, low, with_high, with_low
    if _is_name(parts[1]):
        return Labelled(_label(parts[1], [])[0], Interval(Expression(low), Expression(high), with_low, with_high))
    straight = line(middle.over) if (middle := _formula(parts[1])) is not None and middle.under.rational == 1 else None
    if straight is None or symbols_of(low) | symbols_of(high) - {"∞"}:
        return None
    name, slope, rest = straight
    return Labelled(name, between(low, high, slope, rest, with_low, with_high))


def _unequal(parts: list[list[Token]]) -> Value | None:
    """`x ≠ 3`: the real numbers without one."""
    bound = _formula(parts[1]) if len(parts) == 2 and all(parts) else None
    if bound is None or not _is_name(parts[0]) or symbols_of(bound):
        return None
    return Labelled(_label(parts[0], [])[0], as_value(complement([(bound, True, bound, True)])))


def said_of(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """`Maximum value is 5`: words, "is" or "are", and what they are."""
    cut = next((at for at, token in enumerate(tokens) if token.text in ("is", "are")), None)
    if not cut or cut == len(tokens) - 1 or not all(token.kind in ("word", "name") for token in tokens[:cut]):
        return None
    return _of_what(tokens[:cut], read(tokens[cut + 1 :]))


def _of_what(words: list[Token], value: Value | Missing) -> Value | Missing:
    """`Total: 17`: a value with the words that say what it is of."""
    return value if isinstance(value, Missing) else Labelled(" ".join(token.text.casefold() for token in words), value)


def _ratio(tokens: list[Token], read: Reader) -> Value | Missing | None:
    parts = split(tokens, (":",))
    said = parts[0] if len(parts) > 1 and all(parts) and all(token.kind in ("word", "name") for token in parts[0]) else []
    if any(len(token.text) > 2 for token in said):
        return _of_what(said, read(tokens[len(said) + 1 :]))
    if len(parts) == 1 and any(token.text == "to" for token in tokens):
        parts = split(tokens, ("to",))
    if len(parts) < 2 or not all(parts):
        return None
    goes_on = len(parts) > 2 and [token.text for token in parts[-1]] == ["…"]
    formulas = [_formula(part) for part in (parts[:-1] if goes_on else parts)]
    known = tuple(formula for formula in formulas if formula is not None)
    if len(known) < len(formulas):
        return Unread(joined(tokens), "this ratio is compared as it is written")
    texts = [part[0].text if len(part) == 1 and part[0].kind == "number" else "" for part in parts]
    figures = len(texts) in (2, 3) and all(text.isdigit() and len(text) <= 2 for text in texts)
    clock = figures and int(texts[0]) <= 24 and all(len(text) == 2 and text < "60" for text in texts[1:])
    return Ratio(known, ":".join(text.zfill(2) for text in texts) if clock else "", goes_on)
