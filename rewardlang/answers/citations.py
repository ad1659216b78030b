"""Citations of United States law in one spelling, and of any other law by example lines.

The one spelling has no points and no section sign: `42 USC 1983`, `29 CFR
1604.11`, `436 US 658`, `Fed R Civ P 12`, `US Const amend 14`. Every repetition is
bounded, so that finding takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

# Reporter: its spelling here, and the last volume of a series that has ended (None: it goes on).
_REPORTERS: tuple[tuple[str, str, int | None], ...] = (
    ("U.S.", "US", None),
    ("S. Ct.", "S Ct", None),
    ("L. Ed. 2d", "L Ed 2d", None),
    ("L. Ed.", "L Ed", 100),
    ("F.4th", "F4th", None),
    ("F.3d", "F3d", 999),
    ("F.2d", "F2d", 999),
    ("F. App'x", "F Appx", None),
    ("F. Supp. 3d", "F Supp 3d", None),
    ("F. Supp. 2d", "F Supp 2d", 999),
    ("F. Supp.", "F Supp", 999),
    ("F.R.D.", "FRD", None),
    ("B.R.", "BR", None),
    ("Fed. Cl.", "Fed Cl", None),
    ("F.", "F", 300),
    ("A.3d", "A3d", None),
    ("A.2d", "A2d", 999),
    ("A.", "A", 200),
    ("N.E.3d", "NE3d", None),
    ("N.E.2d", "NE2d", 999),
    ("N.E.", "NE", 200),
    ("N.W.3d", "NW3d", None),
    ("N.W.2d", "NW2d", None),
    ("N.W.", "NW", 300),
    ("P.3d", "P3d", None),
    ("P.2d", "P2d", 999),
    ("P.", "P", 300),
    ("S.E.2d", "SE2d", None),
    ("S.E.", "SE", 200),
    ("S.W.3d", "SW3d", None),
    ("S.W.2d", "SW2d", 999),
    ("S.W.", "SW", 300),
    ("So. 3d", "So 3d", None),
    ("So. 2d", "So 2d", 999),
    ("So.", "So", 200),
    ("Cal. Rptr. 3d", "Cal Rptr 3d", None),
    ("Cal. Rptr. 2d", "Cal Rptr 2d", 135),
    ("Cal. Rptr.", "Cal Rptr", 286),
    ("N.Y.S.3d", "NYS3d", None),
    ("N.Y.S.2d", "NYS2d", 999),
)
LAST_VOLUMES = {spelling: last for _, spelling, last in _REPORTERS if last is not None}
"""The last volume of each series that has ended: a citation beyond it cannot exist."""

_SECTION = r"[0-9]{1,6}(?:\.[0-9]{1,4}(?![0-9]))?[a-zA-Z]{0,4}(?:[-–][0-9]{1,4}[a-zA-Z]{0,2}(?![0-9A-Za-z]))?"
_INNER = r"(?:\([0-9A-Za-z]{1,5}\)){0,8}"
_ORDINALS = (
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
    "Twentieth",
    "Twenty-",
    "First",
    "Twenty-",
    "Second",
    "Twenty-",
    "Third",
    "Twenty-",
)
_RULES = {"Civil": "Civ P", "Criminal": "Crim P", "Appellate": "App P", "Bankruptcy": "Bankr P", "Evidence": "Evid"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


class Cited(NamedTuple):
    """One citation in a text: its place, what it cites in the one spelling, and what stands beside it (subsection, page, short form)."""

    start: int
    end: int
    authority: str
    note: str = ""


def _spaced(written: str) -> str:
    """A pattern for an abbreviation, whose points and spaces may be missing; a single letter keeps its point."""
    parts = [part.replace("'", "['’]") for part in re.findall(r"[A-Za-z0-9']+", written)]
    return r"\.?\s?".join(parts) + (r"\." if len(parts) == 1 else r"\.?")


@cache
def _forms() -> re.Pattern[str]:
    """All forms at once; a named group says which it was."""
    reporters = "|".join(f"(?P<r{index}>{_spaced(written)})" for index, (written, _, _) in enumerate(_REPORTERS))
    usc = r"U\.?\s?S\.?\s?C\.?(?:\s?[AS]\.?)?|U\.?\s?S\.?\sCode|United\sStates\sCode"
    cfr, ordinals = r"C\.?\s?F\.?\s?R\.?", "|".join(_ORDINALS)
    mark = r"(?:(?P<many>§§|[Ss]ecs?\.|[Ss]ections)|§|[Ss]ec\.|[Ss]ection)"
    return re.compile(
        rf"(?<![\w.])(?:"
        rf"(?P<title>[0-9]{{1,2}})\s(?:{usc})\s{{0,3}}(?:{mark}\s{{0,3}})?(?P<section>{_SECTION})(?P<inner>{_INNER})"
        rf"|(?P<cfr>[0-9]{{1,2}})\s{cfr}\s{{0,3}}(?:(?:(?P<cfr_many>§§)|§|[Pp]t\.|[Pp]art|[Ss]ec\.)\s{{0,3}})?"
        rf"(?P<cfr_section>[0-9]{{1,5}}(?:\.[0-9]{{1,5}}[a-z]{{0,2}}(?:-[0-9]{{1,4}}[a-z]{{0,2}})?)?)(?P<cfr_inner>{_INNER})"
        rf"|[Ss]ections?\s(?P<of_section>{_SECTION})(?P<of_inner>{_INNER})\sof\s[Tt]itle\s(?P<of_title>[0-9]{{1,2}})"
        r"(?:,?\s(?:of\sthe\s)?(?:United\sStates\sCode|U\.S\.\sCode|U\.?S\.?C\.?))?"
        rf"|[Tt]itle\s(?P<in_title>[0-9]{{1,2}}),?\s(?:of\sthe\s)?(?:United\sStates\sCode|U\.S\.\sCode),?\s(?:[Ss]ections?|§§?)\s?"
        rf"(?P<in_section>{_SECTION})(?P<in_inner>{_INNER})"
        r"|U\.?\s?S\.?\sConst(?:itution|\.)?,?\s(?P<const>[Aa]mend|[Aa]mdt|[Aa]rt)(?:ment|icle|\.)?\s(?P<roman>[IVXL]{1,7}|[0-9]{1,2})(?![A-Za-z0-9])"
        rf"|(?P<ordinal>{ordinals})\sAmendment(?!\sto\s(?!the\s(?:U\.?\s?S\.?|United\sStates|[Ff]ederal|Constitution)))"
        r"|Federal\sRules?\sof\s(?P<named_rules>Civil|Criminal|Appellate|Bankruptcy|Evidence)(?:\sProcedure)?\s"
        r"(?P<named_rule>[0-9]{1,4}(?:\.[0-9])?)(?P<named_inner>(?:\([0-9A-Za-z]{1,5}\)){0,8})"
        r"|Fed\.?\s?R\.?\s?(?P<rules>Civ|Crim|App|Evid|Bankr)\.?\s?(?:P\.?\s)?(?P<rule>[0-9]{1,4}(?:\.[0-9])?)(?P<rule_inner>(?:\([0-9A-Za-z]{1,5}\)){0,8})"
        rf"|(?P<volume>[0-9]{{1,4}})\s(?:{reporters})(?:,?\s(?P<at>at)\s(?P<at_page>[0-9]{{1,5}})|\s(?P<page>[0-9]{{1,5}}))(?![0-9])"
        r"|(?P<id>[Ii][Dd]|[Ii]bid)\.(?:,?\s?at\s(?P<id_page>[0-9]{1,5}))?(?:\s(?P<id_section>§\s?[0-9]{1,6}[a-z]{0,3}))?"
        r"|(?P<supra_name>[A-Z][\w'’&-]{1,40}),?\s[Ss]upra(?:,?\s(?:note\s[0-9]{1,4},?\s)?at\s(?P<supra_page>[0-9]{1,5}))?"
        r")(?!\w)"
    )


@cache
def _more_sections() -> re.Pattern[str]:
    """What goes on a list of sections behind `§§`: `, 1983, and 1985`; or the end of a range: `-1988`."""
    return re.compile(
        rf"(?P<glue>\s?[-–—]\s?|\s(?:to|through)\s|,\s(?:and\s|or\s|&\s)?|\s(?:and|or|&)\s)(?P<section>{_SECTION})(?P<inner>{_INNER})(?![\w.]{{0,20}}\s?[A-Z]\.)"
    )


@cache
def _name() -> re.Pattern[str]:
    """The words around the last `v.` in front of a case citation."""
    return re.compile(r"([A-Z][\w'’&-]{1,40})[\w'’&.,\s-]{0,60}?\sv\.?\s([A-Z][\w'’&-]{1,40})")


@cache
def _behind_case() -> re.Pattern[str]:
    """The page that a citation points at, or the year in its brackets."""
    return re.compile(r",\s(?P<pin>[0-9]{1,5}(?:[-–][0-9]{1,5})?)(?![\w]|\s[A-Z])|\s?\([^()\n]{0,40}?(?P<year>1[6-9][0-9]{2}|20[0-9]{2})\)")


def citations_of(text: str) -> Iterator[Cited]:
    """The citations of United States law, in order. `Id.`, short forms and `supra` stand for the citation that they repeat."""
    previous: str | None = None
    reported: dict[str, str] = {}
    named: dict[str, str] = {}
    skip = 0
    for match in _forms().finditer(text):
        if match.start() < skip:
            continue
        for cited in _cited(text, match, previous, reported, named):
            previous = cited.authority
            skip = cited.end
            yield cited


def _cited(text: str, match: re.Match[str], previous: str | None, reported: dict[str, str], named: dict[str, str]) -> Iterator[Cited]:
    start, end = match.span()
    if match["title"]:
        yield from _sections(text, match)
    elif match["of_section"]:
        yield Cited(start, end, f"{int(match['of_title'])} USC {_section(match['of_section'])}", match["of_inner"])
    elif match["in_section"]:
        yield Cited(start, end, f"{int(match['in_title'])} USC {_section(match['in_section'])}", match["in_inner"])
    elif match["cfr"]:
        yield Cited(start, end, f"{int(match['cfr'])} CFR {match['cfr_section']}", match["cfr_inner"])
        if match["cfr_many"]:
            yield from _more(text, end, f"{int(match['cfr'])} CFR")
    elif match["ordinal"]:
        yield Cited(start, end, f"US Const amend {_ORDINALS.index(match['ordinal']) + 1}")
    elif match["named_rules"]:
        yield Cited(start, end, f"Fed R {_RULES[match['named_rules']]} {match['named_rule']}", match["named_inner"])
    elif match["const"]:
        part = "art" if match["const"].lower() == "art" else "amend"
        yield Cited(start, end, f"US Const {part} {_from_roman(match['roman'])}")
    elif match["rules"]:
        process = "" if match["rules"] == "Evid" else " P"
        yield Cited(start, end, f"Fed R {match['rules']}{process} {match['rule']}", match["rule_inner"])
    elif match["volume"]:
        yield _case(text, match, reported, named)
    elif match["id"] and previous is not None:
        if match["id_section"] and " USC " in previous:
            title = previous.split(" ")[0]
            yield Cited(start, end, f"{title} USC {match['id_section'].lstrip('§ ')}", "Id.")
        else:
            yield Cited(start, end, previous, f"Id. at {match['id_page']}" if match["id_page"] else "Id.")
    elif match["supra_name"] in named:
        yield Cited(start, end, named[match["supra_name"]], f"supra at {match['supra_page']}" if match["supra_page"] else "supra")


def _sections(text: str, match: re.Match[str]) -> Iterator[Cited]:
    """The sections behind one title, one citation each; of a range both ends."""
    title, start, end = int(match["title"]), match.start(), match.end()
    first = match["section"]
    if (ends := re.fullmatch(r"([0-9]+)[-–]([0-9]+)", first)) and int(ends[1]) < int(ends[2]):
        middle = match.start("section") + len(ends[1])
        yield Cited(start, middle, f"{title} USC {ends[1]}", "first of a range")
        yield Cited(middle + 1, end, f"{title} USC {ends[2]}", "last of a range")
    else:
        yield Cited(start, end, f"{title} USC {_section(first)}", match["inner"])
    if match["many"]:
        yield from _more(text, end, f"{title} USC")


def _more(text: str, end: int, code: str) -> Iterator[Cited]:
    """The sections that go on a list behind `§§`."""
    while (more := _more_sections().match(text, end)) is not None:
        last = more["glue"].strip() in ("-", "–", "—", "to", "through")
        yield Cited(more.start("section"), more.end(), f"{code} {_section(more['section'])}", "last of a range" if last else more["inner"])
        end = more.end()


def _section(written: str) -> str:
    return written.replace("–", "-")


def _case(text: str, match: re.Match[str], reported: dict[str, str], named: dict[str, str]) -> Cited:
    """A case, or the short form of one that was cited before: `436 U.S., at 690`."""
    spelling = next(_REPORTERS[index][1] for index in range(len(_REPORTERS)) if match[f"r{index}"])
    volume = f"{int(match['volume'])} {spelling}"
    if match["at"]:
        return Cited(match.start(), match.end(), reported.get(volume, f"{volume} at {match['at_page']}"), f"at {match['at_page']}")
    authority = f"{volume} {int(match['page'])}"
    reported[volume] = authority
    names = list(_name().finditer(text, max(0, match.start() - 160), match.start()))
    if names:
        for name in names[-1].groups():
            named[name] = authority
    behind = _behind_case().match(text, match.end())
    note = "" if behind is None else f"at {behind['pin']}" if behind["pin"] else behind["year"]
    return Cited(match.start(), match.end(), authority, note)


def _from_roman(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    digits = [_ROMAN[letter] for letter in numeral]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, [*digits[1:], 0], strict=True))


# ---------------------------------------------------------------- lists of authorities


class Covered(NamedTuple):
    """A part of a code that a list covers completely: the words in front of the section, and the first and last whole number."""

    code: str
    first: int
    last: int


@cache
def coverage(line: str) -> Covered:
    """Reads `28 USC` (all of it) or `28 USC 1330-1369` (those numbers, with letters behind them). Raises ValueError."""
    words = re.fullmatch(r"(.*?\S)(?:\s+([0-9]+)(?:\s?[-–]\s?([0-9]+))?)?", line.strip()[:200])
    if words is None or not re.search("[A-Za-z]", words[1]):
        raise ValueError(f"'{line[:60]}' says no part of a code; write 28 USC, or 28 USC 1330-1369")
    if words[2] is None:
        return Covered(words[1], 0, 10**9)
    return Covered(words[1], int(words[2]), int(words[3] or words[2]))


def is_covered(authority: str, part: Covered) -> bool:
    """Whether a list that is complete for that part would name the authority."""
    code, _, section = authority.rpartition(" ")
    number = re.match("[0-9]{1,9}", section)
    return code == part.code and number is not None and part.first <= int(number[0]) <= part.last


def beyond_last_volume(authority: str) -> str | None:
    """Why a case cannot exist: its volume lies behind the last one of a series that has ended. None otherwise."""
    words = authority.split(" ")
    volume, reporter = words[0], " ".join(words[1:-1])
    last = LAST_VOLUMES.get(reporter)
    if last is None or not volume.isascii() or not volume.isdigit() or not 0 < len(volume) <= 4:
        return None
    return f"{reporter} ended with volume {last}" if int(volume) > last else None
