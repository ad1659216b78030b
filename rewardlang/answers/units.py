"""The units that figures can carry, as they are written. A number with a unit is a quantity, not a number."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.data_sizes import DATA_UNITS
from rewardlang.answers.physical_units import unit_of_words

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


_KNOWN = frozenset(
    {
        *SYMBOLS.split(),
        *WORDS.split(),
        "units",
        "unit",
        "square",
        "sq",
        "cubic",
        "per",
        "yuan",
        "people",
        "rad",
        "cc",
        "t",
        "usd",
        "in",
        *DATA_UNITS,
        *["MJ", "GJ", "hPa", "mW", "MW", "GW", "hL", "mV", "kΩ", "MΩ", "kN", "mN", "MN", "rads"],
    }
)


@cache
def unit_pattern() -> re.Pattern[str]:
    """A unit that follows figures, at once or after one space or hyphen, and does not go on as another word."""
    symbols = "|".join(re.escape(symbol) for symbol in sorted(SYMBOLS.split(), key=len, reverse=True))
    words = "|".join(sorted(WORDS.split(), key=len, reverse=True))
    return re.compile(rf"[ \u00a0\u202f-]?(?:(?:{symbols})|(?i:(?:{words})s?))(?!\w)")


def is_unit(written: str) -> bool:
    """Whether it is a unit of the table, to a power, or a product or quotient (`cm^2`, `km/h`); single letters only where they are safe."""
    names = [name for name in re.split(r"[/^ *·]", written) if name]
    if not names or names[0] in ("2", "3"):
        return False
    if len(names) > 1 and unit_of_words(written) is not None:
        return True
    return all(
        name in _KNOWN
        or (name[0] in "µμ" and unit_of_words(name) is not None)
        or name in ("2", "3", "-1", "-2", "-3")
        or name.lower().rstrip("s") in _KNOWN
        or (len(name) > 2 and unit_of_words(name) is not None)
        or (len(name) == 2 and name[0] in "pnmkMGe" and name[1] in "AVWNJCFM" and unit_of_words(name) is not None)
        for name in names
    )
