r"""Units of an answer, with powers, products and quotients of them: `cm^2`, `km/h`, `kg m/s`, `square meters`, `°F`.

They are for comparing two answers. Quantities of the language, which know body
mass from mass, are in `quantities`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import NamedTuple

Dimension = tuple[tuple[str, int], ...]


class PhysicalUnit(NamedTuple):
    """`value · size + zero` is the value in base units; `zero` is for temperatures."""

    size: Fraction
    dimension: Dimension
    zero: Fraction = Fraction(0)


_BASE = {
    "length": "nm 1e-9 µm 1e-6 μm 1e-6 mm 1e-3 cm 1e-2 dm 1e-1 m 1 km 1000 in 0.0254 ft 0.3048 yd 0.9144 mi 1609.344",
    "mass": "ng 1e-12 µg 1e-9 μg 1e-9 ug 1e-9 mcg 1e-9 mg 1e-6 g 1e-3 kg 1 t 1000 lb 0.45359237 lbs 0.45359237 oz 0.028349523125",
    "time": "ms 1e-3 s 1 sec 1 secs 1 min 60 mins 60 h 3600 hr 3600 hrs 3600 day 86400 week 604800 month 2629746 year 31556952",
    "amount": "µmol 1e-6 μmol 1e-6 mmol 1e-3 mol 1",
    "current": "mA 1e-3 A 1",
    "temperature": "K 1",
    "activity": "IU 1",
    "equivalents": "mEq 1e-3 Eq 1",
    "dollar": "$ 1 dollar 1 cent 0.01 USD 1 usd 1",
    "euro": "€ 1 euro 1 EUR 1",
    "pound sterling": "£ 1 GBP 1",
    "yen": "¥ 1 yen 1",
    "yuan": "yuan 1 RMB 1",
    "angle": "rad 1 radian 1",
}
_DERIVED: Mapping[str, str] = {
    "L": "0.001 length 3", "l": "0.001 length 3", "dL": "1e-4 length 3", "dl": "1e-4 length 3", "cL": "1e-5 length 3",
    "cl": "1e-5 length 3",
    "mL": "1e-6 length 3", "ml": "1e-6 length 3", "µL": "1e-9 length 3", "μL": "1e-9 length 3", "cc": "1e-6 length 3",
    "gallon": "0.003785411784 length 3", "quart": "0.000946352946 length 3", "pint": "0.000473176473 length 3",
    "cup": "0.0002365882365 length 3", "Hz": "1 time -1", "kHz": "1e3 time -1", "MHz": "1e6 time -1", "mph": "0.44704 length 1 time -1",
    "kph": "5/18 length 1 time -1", "M": "1000 amount 1 length -3",
    "N": "1 mass 1 length 1 time -2", "kN": "1e3 mass 1 length 1 time -2", "J": "1 mass 1 length 2 time -2",
    "kJ": "1e3 mass 1 length 2 time -2", "kWh": "3.6e6 mass 1 length 2 time -2", "cal": "4.184 mass 1 length 2 time -2",
    "kcal": "4184 mass 1 length 2 time -2", "W": "1 mass 1 length 2 time -3", "kW": "1e3 mass 1 length 2 time -3",
    "MW": "1e6 mass 1 length 2 time -3", "Pa": "1 mass 1 length -1 time -2", "kPa": "1e3 mass 1 length -1 time -2",
    "MJ": "1e6 mass 1 length 2 time -2", "GJ": "1e9 mass 1 length 2 time -2", "hPa": "100 mass 1 length -1 time -2",
    "mW": "1e-3 mass 1 length 2 time -3", "GW": "1e9 mass 1 length 2 time -3", "GHz": "1e9 time -1", "hL": "0.1 length 3",
    "mV": "1e-3 mass 1 length 2 time -3 current -1", "kΩ": "1e3 mass 1 length 2 time -3 current -2",
    "MΩ": "1e6 mass 1 length 2 time -3 current -2", "mN": "1e-3 mass 1 length 1 time -2", "MN": "1e6 mass 1 length 1 time -2",
    "MPa": "1e6 mass 1 length -1 time -2", "V": "1 mass 1 length 2 time -3 current -1", "kV": "1e3 mass 1 length 2 time -3 current -1",
    "Ω": "1 mass 1 length 2 time -3 current -2", "C": "1 current 1 time 1", "ha": "1e4 length 2", "acre": "4046.8564224 length 2",
    "F": "1 mass -1 length -2 time 4 current 2", "eV": "1.602176634e-19 mass 1 length 2 time -2",
    "atm": "101325 mass 1 length -1 time -2", "bar": "1e5 mass 1 length -1 time -2",
    "T": "1 mass 1 time -2 current -1", "Wb": "1 mass 1 length 2 time -2 current -1",
    "mmHg": "20265/152 mass 1 length -1 time -2", "torr": "20265/152 mass 1 length -1 time -2",
}  # fmt: skip
_WORDS = {
    "meter": "m", "metre": "m", "kilometer": "km", "kilometre": "km", "centimeter": "cm", "centimetre": "cm", "millimeter": "mm",
    "millimetre": "mm", "micrometer": "µm", "nanometer": "nm", "inch": "in", "foot": "ft", "feet": "ft", "yard": "yd", "mile": "mi",
    "gram": "g", "kilogram": "kg", "milligram": "mg", "microgram": "mcg", "tonne": "t", "pound": "lb", "ounce": "oz",
    "second": "s", "minute": "min", "hour": "h", "millisecond": "ms", "liter": "L", "litre": "L", "milliliter": "mL", "millilitre": "mL",
    "joule": "J", "kilojoule": "kJ", "calorie": "cal", "kilocalorie": "kcal", "watt": "W", "kilowatt": "kW", "newton": "N", "volt": "V",
    "pascal": "Pa", "hertz": "Hz", "ampere": "A", "kelvin": "K", "mole": "mol", "millimole": "mmol", "coulomb": "C", "ohm": "Ω",
    "hectare": "ha", "atmosphere": "atm", "farad": "F", "electronvolt": "eV", "gallon": "gallon",
}  # fmt: skip
CHINESE_UNITS = {
    "米": "m", "分米": "dm", "厘米": "cm", "毫米": "mm", "千米": "km", "公里": "km", "克": "g", "千克": "kg", "公斤": "kg",
    "毫克": "mg", "吨": "t", "秒": "s", "分钟": "min", "小时": "h", "天": "day", "升": "L", "毫升": "mL", "元": "yuan", "公顷": "ha",
    "平方米": "m^2", "平方厘米": "cm^2", "平方分米": "dm^2", "平方千米": "km^2", "立方米": "m^3", "立方厘米": "cm^3", "立方分米": "dm^3",
}  # fmt: skip
_PLURALS = {"inches": "in", "feet": "ft", "centuries": "century"}
_PREFIXES = {"p": "1e-12", "n": "1e-9", "µ": "1e-6", "μ": "1e-6", "m": "1e-3", "k": "1e3", "M": "1e6", "G": "1e9"}
_WITH_PREFIX = ("s", "A", "V", "W", "N", "J", "C", "Pa", "Hz", "Ω", "F", "mol", "eV", "m", "g", "L", "bar", "M", "T")
_TEMPERATURES = {
    "°C": (Fraction(1), Fraction("273.15")),
    "°F": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
_POWERS = {"square": 2, "sq": 2, "cubic": 3}
MAX_LENGTH = 60


@cache
def _table() -> dict[str, PhysicalUnit]:
    table = {}
    for dimension, line in _BASE.items():
        parts = line.split()
        for unit, size in zip(parts[::2], parts[1::2], strict=True):
            table[unit] = PhysicalUnit(Fraction(size), ((dimension, 1),))
    for unit, line in _DERIVED.items():
        size, *parts = line.split()
        dimension_ = tuple(sorted((name, int(power)) for name, power in zip(parts[::2], parts[1::2], strict=True)))
        table[unit] = PhysicalUnit(Fraction(size), dimension_)
    for prefix, size in _PREFIXES.items():
        for unit in _WITH_PREFIX:
            large = table[unit]
            table.setdefault(prefix + unit, PhysicalUnit(large.size * Fraction(size), large.dimension))
    for word, unit in _WORDS.items():
        table[word] = table[unit]
    return table


def _single(word: str) -> PhysicalUnit | None:
    table = _table()
    if word in table:
        return table[word]
    lower = word.lower()
    if lower in _PLURALS:
        return table.get(_PLURALS[lower])
    if len(lower) < 3:
        return None
    return table.get(lower) or (table.get(lower[:-1]) if lower.endswith("s") and len(lower) > 3 else None)


@cache
def _part() -> re.Pattern[str]:
    return re.compile(r"\s*(/|per\b|\*|·)?\s*(?:(square|sq|cubic)\s+)?([^\W\d_]{1,14}|[$€£¥])\s*(?:\^\s*(-?[1-3])|([23]))?\s*")


@cache
def unit_of_words(written: str) -> PhysicalUnit | None:
    """The unit that is written, or None for one that is not known."""
    plain = written.replace("{", "").replace("}", "").strip()
    plain = CHINESE_UNITS.get(plain, plain)
    if len(plain) > MAX_LENGTH:
        return None
    if plain in _TEMPERATURES:
        size, zero = _TEMPERATURES[plain]
        return PhysicalUnit(size, (("temperature", 1),), zero)
    size, powers, at, sign = Fraction(1), dict[str, int](), 0, 1
    while at < len(plain):
        match = _part().match(plain, at)
        if match is None or match.end() == at:
            return None
        unit = _single(match[3])
        if unit is None:
            return None
        sign = -1 if match[1] in ("/", "per") else 1 if match[1] else sign if at else 1
        power = sign * int(match[4] or match[5] or 1) * _POWERS.get(match[2] or "", 1)
        size *= unit.size**power
        for name, times in unit.dimension:
            powers[name] = powers.get(name, 0) + power * times
        at = match.end()
    return PhysicalUnit(size, tuple(sorted((name, power) for name, power in powers.items() if power)))


_MONEY = ("dollar", "euro", "pound sterling", "yen", "yuan")


def is_money(unit: PhysicalUnit) -> bool:
    """Whether it is a currency, or a part of one."""
    return len(unit.dimension) == 1 and unit.dimension[0][0] in _MONEY


def sizes_like(unit: PhysicalUnit) -> set[Fraction]:
    """The sizes of the single units of the same dimension."""
    return {other.size for other in _table().values() if other.dimension == unit.dimension}


def same_unit_name(one: str, other: str) -> bool:
    """Whether two units that are not known are written alike but for case and a plural s."""
    return _plain(one) == _plain(other)


def _plain(written: str) -> str:
    words = [word.rstrip("s") for word in written.lower().replace("{", "").replace("}", "").replace("s^", "^").split()]
    power = _POWERS.get(words[0]) if len(words) == 2 else None
    return f"{words[1]}^{power}" if power else " ".join(words)
