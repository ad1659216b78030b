"""The units that figures can carry, as they are written. A number with a unit is a quantity, not a number."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

SYMBOLS = (
    "kg mg mcg µg μg ug ng g lb lbs oz "
    "L mL ml dL dl cL cl µL μL "
    "km m dm cm mm µm μm nm ft yd mi "
    "ms s sec min h hr hrs Hz kHz MHz GHz "
    "J kJ kcal cal W kW kWh kV Pa kPa MPa mmHg "
    "mol mmol µmol μmol mEq IU °C °F ° € £ ¥ km/h m/s mph"
)
"""Written as here, upper and lower case. Single letters that are more often something else (A, C, K, N, V, l) are left out."""

WORDS = (
    "percent pct percentage degree radian gram kilogram milligram microgram nanogram pound ounce ton tonne "
    "liter litre milliliter millilitre deciliter decilitre gallon pint quart "
    "meter metre kilometer kilometre centimeter centimetre millimeter millimetre mile yard foot feet inch inches "
    "second minute hour day week month year millisecond decade century centuries "
    "joule kilojoule calorie kilocalorie watt kilowatt volt pascal mole millimole kelvin hertz celsius fahrenheit "
    "dollar cent euro"
)
"""In either case, with or without a plural s."""


@cache
def unit_pattern() -> re.Pattern[str]:
    """A unit that follows figures, at once or after one space or hyphen, and does not go on as another word."""
    symbols = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS.split(), key=len, reverse=True))
    words = "|".join(sorted(WORDS.split(), key=len, reverse=True))
    return re.compile(rf"[ \u00a0\u202f-]?(?:(?:{symbols})|(?i:(?:{words})s?))(?!\w)")


_FACTORS = {
    "length": "nm 1e-9 µm 1e-6 μm 1e-6 mm 1e-3 cm 1e-2 dm 1e-1 m 1 km 1e3 in 0.0254 ft 0.3048 yd 0.9144 mi 1609.344",
    "mass": "ng 1e-9 mcg 1e-6 µg 1e-6 μg 1e-6 ug 1e-6 mg 1e-3 g 1 kg 1e3",
    "volume": "µL 1e-6 μL 1e-6 mL 1e-3 ml 1e-3 cL 1e-2 cl 1e-2 dL 1e-1 dl 1e-1 L 1",
    "time": "ms 1e-3 s 1 sec 1 second 1 seconds 1 min 60 minute 60 minutes 60 h 3600 hr 3600 hour 3600 hours 3600 day 86400 days 86400",
}
_LONG = {
    "meter": "m", "metre": "m", "kilometer": "km", "kilometre": "km", "centimeter": "cm", "centimetre": "cm", "millimeter": "mm",
    "millimetre": "mm", "gram": "g", "kilogram": "kg", "milligram": "mg", "microgram": "mcg", "liter": "L", "litre": "L",
    "milliliter": "mL", "millilitre": "mL", "mile": "mi", "foot": "ft", "feet": "ft", "inch": "in", "inches": "in", "yard": "yd",
}  # fmt: skip


@cache
def _sizes() -> dict[str, tuple[str, Fraction]]:
    sizes = {}
    for dimension, line in _FACTORS.items():
        words = line.split()
        for unit, factor in zip(words[::2], words[1::2], strict=True):
            sizes[unit] = (dimension, Fraction(factor))
    for word, unit in _LONG.items():
        sizes[word] = sizes[word + "s"] = sizes[unit]
    return sizes


def is_unit(written: str) -> bool:
    """Whether it is a unit of the table, to a power or as a quotient (`cm^2`, `km/h`)."""
    names = re.split(r"[/^ ]", written)
    known = {*SYMBOLS.split(), *WORDS.split(), *_sizes(), "units", "unit", "square", "cubic", "per", "yuan", "people"}
    return all(name in known or name in ("2", "3") or name.lower().rstrip("s") in known for name in names if name) and bool(names[0])


def size_of(unit: str) -> tuple[str, Fraction] | None:
    """Dimension and size of a unit in the dimension's base unit (m, g, L, s), or None for a unit that is not converted."""
    return _sizes().get(unit) or _sizes().get(unit.lower())
