"""Units that convert exactly, the dimensions that they have, and quantities read from a text.

Body mass is a dimension of its own: `mg/kg` is no plain number, and a dose for
each kilogram must meet a weight before it is a dose. `kg`, `g` and `lb` can be
either; behind a mass and a stroke (`mg/kg`) they are body mass. Only units of a
fixed size are here: no months, no temperatures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import NamedTuple

from rewardlang.answers.numerals import SIGNS, thousands_marks, value_of_numeral
from rewardlang.answers.values import Dimension, Measured, Quantity
from rewardlang.verdict import Missing, Refused
from rewardlang.written import written as written_number

_UNITS = {
    "mass": "ng 1/1000000000 mcg 1/1000000 µg 1/1000000 μg 1/1000000 mg 1/1000 g 1 kg 1000 lb 45359237/100000 lbs 45359237/100000",
    "volume": "µL 1/1000000 μL 1/1000000 mL 1/1000 ml 1/1000 cL 1/100 cl 1/100 dL 1/10 dl 1/10 L 1 cc 1/1000",
    "amount": "µmol 1/1000000 μmol 1/1000000 mmol 1/1000 mol 1",
    "activity": "IU 1",
    "equivalents": "mEq 1/1000",
    "time": "s 1 sec 1 min 60 h 3600 hr 3600 hrs 3600 d 86400",
    "length": "mm 1/1000 cm 1/100 m 1 km 1000",
    "area": "cm2 1/10000 cm² 1/10000 cm^2 1/10000 m2 1 m² 1 m^2 1",
}
_WORDS = {
    "microgramme": "mcg", "milligramme": "mg", "gramme": "g", "kilogramme": "kg",
    "microgram": "mcg", "milligram": "mg", "gram": "g", "kilogram": "kg", "pound": "lb",
    "microliter": "µL", "microlitre": "µL", "milliliter": "mL", "millilitre": "mL", "centiliter": "cL", "centilitre": "cL",
    "deciliter": "dL", "decilitre": "dL", "liter": "L", "litre": "L", "micromole": "µmol", "millimole": "mmol", "mole": "mol",
    "second": "s", "minute": "min", "hour": "h", "day": "day", "week": "week", "dose": "dose",
    "millimeter": "mm", "millimetre": "mm", "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m",
    "kilometer": "km", "kilometre": "km", "international unit": "IU", "unit": "IU",
}  # fmt: skip
_MASS_OR_BODY = frozenset(("g", "kg", "lb", "lbs", "gram", "gramme", "kilogram", "kilogramme", "pound"))
_MOST_PARTS = 4

NAMED: Mapping[str, Dimension] = {
    **{name: ((name, 1),) for name in ("mass", "body_mass", "volume", "amount", "activity", "equivalents", "time", "length", "dose")},
    "area": (("length", 2),),
    "number": (),
}
"""What can follow `quantity of` and `per`."""

TEMPERATURES = frozenset(("°C", "°F", "C", "F", "K", "celsius", "fahrenheit", "kelvin", "degree", "degrees"))
"""Known, and refused: their zero is not that of the scale, so they cannot be multiplied."""


class Unit(NamedTuple):
    """A unit: its size in base units, and the dimensions that it can have, the likeliest first."""

    size: Fraction
    dimensions: tuple[Dimension, ...]


class _Part(NamedTuple):
    size: Fraction
    dimension: str
    either: bool


@cache
def _table() -> dict[str, _Part]:
    table = {"day": _Part(Fraction(86400), "time", False), "week": _Part(Fraction(604800), "time", False)}
    table["dose"] = _Part(Fraction(1), "dose", False)
    for dimension, line in _UNITS.items():
        parts = line.split()
        for symbol, size in zip(parts[::2], parts[1::2], strict=True):
            table[symbol] = _Part(Fraction(size), dimension, symbol in _MASS_OR_BODY)
    for word, symbol in _WORDS.items():
        table[word] = table[word + "s"] = table[symbol]
    return table


def known_units() -> tuple[str, ...]:
    """Every single unit as it may be written."""
    return tuple(_table())


def _part(symbol: str) -> _Part | None:
    return _table().get(symbol) or (_table().get(symbol.lower()) if symbol.lower().rstrip("s") in _WORDS else None)


def unit_parts(written: str) -> list[str]:
    """The single units of a compound one: `mg/kg/day` and `mg per kg per day` are three."""
    return re.split(r"\s?/\s?|\sper\s", written)


@cache
def unit_of(written: str) -> Unit | None:
    """The unit that is written, or None for one that is not known."""
    parts = [_part(symbol) for symbol in unit_parts(written)]
    if None in parts or len(parts) > _MOST_PARTS or unit_parts(written)[0] == "d":
        return None
    top, *under = (part for part in parts if part is not None)
    size = top.size
    for part in under:
        size /= part.size
    per_mass = any(part.either for part in under)
    choices = [("mass", "body_mass") if top.either and not per_mass else (top.dimension,)]
    below = ("body_mass",) if top.dimension == "mass" else ("body_mass", "mass")
    choices += [below if part.either else (part.dimension,) for part in under]
    return Unit(size, tuple(dict.fromkeys(_quotient(names) for names in product(*choices))))


def _quotient(names: tuple[str, ...]) -> Dimension:
    dimension = NAMED[names[0]]
    for name in names[1:]:
        dimension = combined(dimension, NAMED[name], -1)
    return dimension


# ---------------------------------------------------------------- dimensions


def combined(first: Dimension, second: Dimension, power: int = 1) -> Dimension:
    """The dimension of a product with the second to a power: 1 for `*`, -1 for `/`."""
    exponents = dict(first)
    for base, exponent in second:
        exponents[base] = exponents.get(base, 0) + power * exponent
    return tuple(sorted((base, exponent) for base, exponent in exponents.items() if exponent))


def names_of(dimension: Dimension) -> tuple[list[str], list[str]]:
    """The names above and below the line, an area as one."""
    above: list[str] = []
    below: list[str] = []
    for base, exponent in dimension:
        names = above if exponent > 0 else below
        if base == "length":
            names += ["area"] * (abs(exponent) // 2) + ["length"] * (abs(exponent) % 2)
        else:
            names += [base] * abs(exponent)
    return above, below


def is_writable(dimension: Dimension) -> bool:
    """Whether `quantity of D per D …` can say it."""
    return dimension != () and len(names_of(dimension)[0]) <= 1


def in_words(dimension: Dimension) -> str:
    """A dimension as a sentence names it: `mass per time`."""
    above, below = names_of(dimension)
    return " per ".join([" times ".join(above) or "number", *below]).replace("_", " ")


def fitted_to(quantity: Quantity, dimension: Dimension) -> Measured | None:
    """The value of a quantity where a dimension is wanted; None for a quantity of another."""
    return Measured(quantity.value, quantity.written) if dimension in quantity.dimensions else None


# ---------------------------------------------------------------- reading


@cache
def unit_text() -> re.Pattern[str]:
    """A known unit behind figures, never the beginning of a word; `more` is what makes it another unit that is not known (`mg/tablet`)."""
    symbols = "|".join(re.escape(symbol) for symbol in sorted(_table(), key=len, reverse=True))
    words = "|".join(f"{word}s?" for word in sorted(_WORDS, key=len, reverse=True))
    one = rf"(?:(?:{symbols}|(?i:{words}))(?![\w^]))"
    return re.compile(
        rf"[ \u00a0\u202f-]?(?P<unit>{one}(?:(?:\s?/\s?|\sper\s){one}){{0,{_MOST_PARTS - 1}}}+)"
        r"(?P<more>(?:\s?/\s?|\sper\s)\w{1,20})?+(?!-[^\W\d])"
    )


@cache
def _whole(notation: str) -> re.Pattern[str]:
    marks = "" if notation[1] in ".," else rf"|[{re.escape(thousands_marks(notation))}](?=[0-9])"
    return re.compile(rf"([{SIGNS}]?)[ ]?((?:[0-9.,]{marks}){{1,400}})(.*)", re.DOTALL)


def read_quantity(text: str, notation: str = "1,234.5") -> Quantity | Missing | Refused:
    """The quantity that the whole trimmed text is."""
    trimmed = text.strip()
    match = _whole(notation).fullmatch(trimmed)
    unit_match = unit_text().fullmatch(match[3]) if match else None
    unit = unit_of(" ".join(unit_match["unit"].split())) if unit_match and not unit_match["more"] else None
    if match is None or unit is None:
        shown = trimmed if len(trimmed) <= 40 else trimmed[:37] + "..."
        return Missing(f"'{shown}' is no number with a unit")
    value = value_of_numeral(match[2], notation)
    if not isinstance(value, Fraction):
        return value
    return Quantity((value if match[1] in ("", "+") else -value) * unit.size, unit.dimensions, trimmed)


# ---------------------------------------------------------------- showing

_SHOWN: Mapping[str, tuple[str, ...]] = {
    "mass": ("kg", "g", "mg", "mcg"),
    "body_mass": ("kg", "g"),
    "volume": ("L", "mL", "µL"),
    "amount": ("mol", "mmol", "µmol"),
    "activity": ("IU",),
    "equivalents": ("mEq",),
    "time": ("day", "h", "min", "s"),
    "length": ("km", "m", "cm", "mm"),
    "area": ("m2", "cm2"),
    "dose": ("dose",),
}
_ZERO = {"mass": "mg", "volume": "mL", "amount": "mmol"}
_BELOW = {"volume": "mL", "body_mass": "kg", "mass": "mg", "time": "day", "length": "m"}  # kg/kg is a mass for each kg of body


def shown_quantity(value: Fraction, dimension: Dimension) -> str:
    """A computed quantity in a unit of handy size: `1 g/day`; a plain number where no unit is left."""
    if not dimension:
        return written_number(value)
    above, below = names_of(dimension)
    units = [_BELOW.get(name, _SHOWN[name][0]) for name in below]
    for name, unit in zip(below, units, strict=True):
        value *= _size(unit, name)
    for name in above[1:]:
        value /= _size(_SHOWN[name][-1], name)
    top = [_SHOWN[name][-1] for name in above[1:]]
    if above:
        fitting = (unit for unit in _SHOWN[above[0]] if abs(value) >= _size(unit, above[0]))
        chosen = next(fitting, _SHOWN[above[0]][-1]) if value else _ZERO.get(above[0], _SHOWN[above[0]][0])
        value /= _size(chosen, above[0])
        top.insert(0, chosen)
    return " ".join([written_number(value), "/".join(["*".join(top), *units])]) if top else f"{written_number(value)}/{'/'.join(units)}"


def _size(unit: str, dimension: str) -> Fraction:
    part = _table()[unit]
    assert part.dimension == dimension or part.either
    return part.size
