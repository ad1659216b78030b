"""`quantity`: numbers with a unit in a text, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Literal

from rewardlang.answers.numerals import Notation, figures_text, short_figures_text
from rewardlang.answers.values import Quantity
from rewardlang.verdict import Finding
from rewardlang.verifier import finder

if TYPE_CHECKING:
    import re

_SIGNS = "-\N{MINUS SIGN}+"
_SPACES = (" ", "\u00a0", "\u202f", "\u2009")
_BEFORE_SIGN = "([{<=>~≈≤≥\"'“‘"


@cache
def _figures(notation: str) -> re.Pattern[str]:
    import re

    return re.compile(figures_text(notation))


@cache
def _range_end(notation: str) -> re.Pattern[str]:
    """The other end of a range, from which the first takes its unit: `500-750 mg`, `500 to 750 mg`."""
    import re

    return re.compile(r"(?:\s?[-–—]\s?|\sto\s)" + short_figures_text(notation))


@cache
def _power_of_ten() -> re.Pattern[str]:
    """What makes another number of the figures before it: `1e3 mg`, `10^3 mg`, `10³ mg`, `3½ mL`."""
    import re

    return re.compile(r"[eE][-+]?[0-9]{1,3}|\s?(?:\^|\*\*)\s?[-+]?[0-9]{1,3}|[⁻⁺]?[⁰¹²³⁴-⁹]{1,3}|\s?[½¼¾⅓⅔]")


@cache
def _odd_unit() -> re.Pattern[str]:
    """A unit that is written as no unit is: `MG`, `Mcg`, `ug`, `gm`, `mgs`, `U`, `million units`."""
    import re

    return re.compile(
        r"[ \u00a0\u202f-]?(?!(?:mg|mcg|kg|ng|mL|ml|dL|dl|cL|cl)\b)"
        r"(?:(?i:(?:million|thousand|billion)\s(?:units?|IU|international\sunits?)|mgs?|mcgs?|kgs?|ngs?|ugs?|mls?|dls?|cls?|gms?)|U(?!\.))(?![\w^]|-[^\W\d])"
    )


_COUNTED = (
    r"(?:tablet|tab|capsule|cap|caplet|pill|puff|vial|ampoule|ampule|sachet|suppository|lozenge|patch|"
    r"spoonful|teaspoon|tablespoon)(?:s|es)?"
)
_BEFORE_PARTS = frozenset("x×*,@½¼¾⅓⅔fatgànrhseylbp")
"""What the words of `_several_before` end with: looked at first, since most quantities have nothing of the kind before them."""

_NUMBER_WORDS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"


@cache
def _several_before() -> re.Pattern[str]:
    """What makes a number behind it a part of a dose: `2 x`, `two tablets of`, `3 tablets (`, `half a`; not `1 tablet of`."""
    import re

    count = rf"(?<![\w.,])(?!1\s)(?:[0-9]{{1,4}}(?:[.,/][0-9]{{1,3}})?|{_NUMBER_WORDS}|half|[0-9]{{0,3}}\s?[½¼¾⅓⅔])"
    of = r"(?:\sof|\sat|\scontaining|\sà|,|\s@)?\s?\(?\s?"
    return re.compile(
        rf"(?:[0-9½¼¾]\s?[x×*]\s?|[½¼¾⅓⅔]\s?|(?:\b(?:half|quarter)|[½¼¾⅓⅔])\s(?:of\s)?(?:an?\s)?|{count}\s{_COUNTED}{of}(?:each\s(?:of\s)?)?)\Z",
        re.IGNORECASE,
    )


@cache
def _several_around() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """`two` before a number and `tablets` behind its unit; `x 2 tablets` or `÷ 2` behind it, but not `x 7 days` or `x3/day`."""
    import re

    counts = rf"\b(?:{_NUMBER_WORDS})|[½¼¾]|(?<![\w.,])(?:[02-9]|[1-9][0-9])"
    of_time = r"\s?/|\s?(?:times|x|days?|d|weeks?|months?|hours?|h|daily|weekly|per|a|each|every|doses?)\b"
    multiplied = rf"\s?[x×*÷]\s?(?:[0-9]{{1,3}}\s{_COUNTED}\b|(?!1\b)[0-9]{{1,3}}(?![0-9.]|{of_time}))"
    return re.compile(rf"(?:{counts})\s\Z", re.IGNORECASE), re.compile(rf"[\s-]{_COUNTED}\b|{multiplied}", re.IGNORECASE)


@finder("quantity", cost="linear", version="5")
def quantity(texts: Sequence[str], *, written: Notation = "1,234.5") -> list[list[Finding[Quantity]]]:
    """The numbers with a unit in a text, exactly.

    What it checks
    --------------
    Finds figures with a unit behind them, at once or after one space or hyphen: `500 mg`, `40 mg/kg/day`, `2.5 mL per dose`. Units: ng
    mcg µg mg g kg lb, µL mL cc cL dL L, µmol mmol mol, IU, mEq, s min h day week, mm cm m km, cm2 m2, dose; and the words (`milligrams`,
    `units`, `hours`). Both ends of a range are found: `500-750 mg` is 500 mg and 750 mg. Units are converted exactly, and a quantity of
    another kind than the rule compares is missing: `500 mL` is no mass. So is one that cannot be read as a whole: `500 mg/tablet`, `200
    mg/5 mL`, `1/2 mg`, `3½ mL`, `1e3 mg`, `0,5 mg`, `500 000 mg`, `5 MG`, `5 ug`, `10 U`, `2 million units`; and one that is a part of a
    dose: `2 x 500 mg`, `500 mg x2`, `two tablets of 500 mg`, `half a 500 mg tablet`. It is found, so that two are two, and it has no
    value.

    Why it earns reward
    -------------------
    A dose is right or wrong with its unit: 10 mg is not 10 g. Body mass is a kind of its own, so that mg/kg is never taken for mg.

    Example
    -------
    `let dose = only quantity in only <dose> in completion`

    Known gaps
    ----------
    A number without a known unit is passed over: `500`, `2 tsp`, `1 month`, temperatures; and so are numbers in words. A second dose can
    hide there. Words behind a unit (`daily`, `bid`, `of base`) are not read: `500 mg daily` is 500 mg, and `frequency` finds the rest.
    `1,500 mg` can be meant as 1.5 mg: the notation is the file's choice. `10 mg/g` is read as a dose for a body mass, as is everything
    behind a mass and a stroke. A model can write several quantities: use `only`. A loop (`some quantity in … where …`) passes over what has
    no value.
    """
    return [list(_quantities(text, written)) for text in texts]


def _quantities(text: str, notation: str) -> Iterator[Finding[Quantity]]:
    from rewardlang.answers.quantities import unit_of, unit_text

    position = 0
    while (match := _figures(notation).search(text, position)) is not None:
        start, position = match.span()
        numeral = match[0].rstrip(".,")
        end = start + len(numeral)
        kind = _kind(text, start)
        if kind == "other":
            continue
        power = _power_of_ten().match(text, end)
        if power is not None and (scaled := unit_text().match(text, power.end())) is not None:
            position = scaled.end("unit")
            yield Finding(start, position, Quantity(Fraction(0), (), _written(text[start:position])))
            continue
        behind = unit_text().match(text, end)
        if behind is not None:
            stop = position = behind.end("unit")
        else:
            other = _range_end(notation).match(text, end)
            behind = unit_text().match(text, other.end()) if other else None
            stop = end
        unit = unit_of(" ".join(behind["unit"].split())) if behind else None
        if behind is None or unit is None:
            odd = _odd_unit().match(text, end)
            if odd is not None:
                position = odd.end()
                yield Finding(start, position, Quantity(Fraction(0), (), _written(text[start:position])))
            continue
        start, value = _value(text, start, numeral, notation)
        if kind == "whole" and _is_one_of_several(text, start, behind.end("unit")):
            kind = "part"
        if value is None or kind == "part" or behind["more"]:
            begins = start
            if behind["more"] and behind["more"].strip(" /per")[:1].isdigit():  # the 5 mL of 125 mg/5 mL are no quantity of their own
                volume = unit_text().match(text, behind.end())
                position = volume.end("unit") if volume else behind.end()
            while kind == "part" and begins > max(0, start - 8) and text[begins - 1] in "0123456789./xX":
                begins -= 1
            yield Finding(start, stop, Quantity(Fraction(0), (), _written(text[begins : max(stop, behind.end())])))
        else:
            shown = text[start:stop] if stop > end else f"{text[start:end]} {behind['unit']}"
            yield Finding(start, stop, Quantity(value * unit.size, unit.dimensions, _written(shown)))


def _written(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:37] + "..."


def _kind(text: str, start: int) -> Literal["whole", "part", "other"]:
    """Whether the number that begins here is whole, part of a longer one (`1/2 mg`, `2x500 mg`), or something else (`B12`, `12:30 h`)."""
    before, earlier = text[max(0, start - 1) : start], text[max(0, start - 2) : max(0, start - 1)]
    if before == "/" and earlier.isdigit():
        return "part"
    if before in _SPACES and earlier.isdigit() and _is_group(text[start : start + 4]):
        return "part"
    if before in ("x", "X") and (earlier == "" or earlier.isdigit() or earlier.isspace()):
        return "part"
    if before.isalnum() or before in ("_", "^") or (before == ":" and earlier.isdigit()):
        return "other"
    return "whole"


def _is_one_of_several(text: str, start: int, end: int) -> bool:
    """Whether the quantity is that of one tablet of several: `2 x 250 mg`, `two 250 mg tablets`, `250 mg x 2 tablets`."""
    before = text[max(0, start - 40) : start]
    if before.rstrip(" (")[-1:].lower() in _BEFORE_PARTS and _several_before().search(before) is not None:
        return True
    counted, forms = _several_around()
    behind = forms.match(text, end)
    return behind is not None and (behind[0].strip()[0] in "xX×*÷" or counted.search(before) is not None)


def _is_group(figures: str) -> bool:
    """Whether figures behind a figure and a space go on its number: `000` of `500 000 mg`, `00` of `5 00 mg`."""
    return figures[:2].isdigit() and (figures[0] == "0" or (figures[:3].isdigit() and not figures[3:].isdigit()))


def _value(text: str, start: int, numeral: str, notation: str) -> tuple[int, Fraction | None]:
    """Where the number begins with its point and sign, and its value; None where it is not well formed (`0,5`, `,5`)."""
    from rewardlang.answers.numerals import value_of_numeral

    before, earlier = text[max(0, start - 1) : start], text[max(0, start - 2) : max(0, start - 1)]
    if before in (".", ",") and earlier != before and not (earlier.isalpha() and before != notation[-2]):
        start, numeral = start - 1, before + numeral
    value = value_of_numeral(numeral, notation)
    if not isinstance(value, Fraction):
        return start, None
    sign, earlier = text[max(0, start - 1) : start], text[max(0, start - 2) : max(0, start - 1)]
    if sign == "" or sign not in _SIGNS or (earlier and not earlier.isspace() and earlier not in _BEFORE_SIGN):
        return start, value
    return start - 1, value if sign == "+" else -value
