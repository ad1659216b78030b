"""Citations of United States law in one spelling.

The one spelling has no points and no section sign: `42 USC 1983`, `29 CFR
1604.11`, `436 US 658`, `Fed R Civ P 12`, `US Const amend 14`. Every repetition is
bounded, so that finding takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rewardlang.answers.numbered_sources import numbered_forms, of_number
from rewardlang.answers.reporters import like_words_text, one_spelling, reporters_text
from rewardlang.answers.state_law import of_state, state_forms

_SECTION = r"[0-9]{1,6}(?:\.[0-9]{1,4}(?![0-9]))?[a-zA-Z]{0,4}(?:[-–][0-9]{1,4}[a-zA-Z]{0,2}(?![0-9A-Za-z]))?"
_LIMITED_SECTION = (  # not `1681-1681x`, which is a range
    r"(?P<section>(?P<digits>[0-9]{1,6})(?:\.[0-9]{1,4}(?![0-9]))?[a-zA-Z]{0,4}"
    r"(?:[-–](?!(?P=digits)[a-zA-Z])[0-9]{1,4}[a-zA-Z]{0,2}(?![0-9A-Za-z]))?)"
)
_INNER = r"(?:\([0-9A-Za-z]{1,5}\)){0,8}"
_RULE_NUMBER = rf"(?P<number>[0-9]+(?:\.[0-9])?)(?P<inner>{_INNER})"
_TENTH = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth"]
_TEENS = ["Tenth", "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"]
_ORDINALS = (*_TENTH, *_TEENS, "Twentieth", *(f"Twenty-{word}" for word in _TENTH), "Thirtieth")
_RULES = {"Civil": "Civ P", "Criminal": "Crim P", "Appellate": "App P", "Bankruptcy": "Bankr P", "Evidence": "Evid"}
_SHORT_RULES = {"FRCP": "Civ P", "FRCrP": "Crim P", "FRAP": "App P", "FRBP": "Bankr P", "FRE": "Evid"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


class Cited(NamedTuple):
    """One citation in a text: its place, what it cites in the one spelling, and what stands beside it (subsection, page, short form)."""

    start: int
    end: int
    authority: str
    note: str = ""


@cache
def _forms() -> re.Pattern[str]:
    """All forms at once; a named group says which it was."""
    ends = r"(?:[,;:.)\]]|\s?\(|\s?\Z|\n|\s(?:and|or|at|is|was|held|holds|says|said|decided)\b)"
    reporters = rf"(?P<reporter>{reporters_text()}|(?P<like_word>{like_words_text()}))"
    usc = r"U\.?\s?S\.?\s?C\.?(?:\s?[AS]\.?)?|U\.?\s?S\.?\sCode|United\sStates\sCode"
    cfr, ordinal = r"C\.?\s?F\.?\s?R\.?", rf"(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}|[0-9]{{1,2}}(?:st|nd|rd|th))"
    rule = rf"[0-9]{{1,4}}(?:\.[0-9])?{_INNER}"
    and_more, roman = r"(?:,\s(?:and\s|or\s|&\s)?|\s(?:and|or|&)\s)", r"(?:[IVXL]{1,7}|[0-9]{1,2})(?![A-Za-z0-9])"
    of_union = r"(?!\sto\s(?!the\s(?:U\.?\s?S\.?|United\sStates|[Ff]ederal|Constitution)))"
    mark = r"(?:(?P<many>§§|[Ss]ecs?\.|[Ss]ections)|§|[Ss]ec\.|[Ss]ection)"
    return re.compile(
        rf"(?<![\w.])(?=[0-9A-Zairst])(?:"
        rf"(?P<title>[0-9]{{1,2}})\s(?:{usc})\s{{0,3}}(?:{mark}\s{{0,3}})?{_LIMITED_SECTION}(?P<inner>{_INNER})"
        rf"|(?P<cfr>[0-9]{{1,2}})\s{cfr}\s{{0,3}}(?:(?:(?P<cfr_many>§§|[Pp]ts\.|[Pp]arts)|§|[Pp]t\.|[Pp]art|[Ss]ec\.)\s{{0,3}})?"
        rf"(?P<cfr_section>[0-9]{{1,5}}(?:\.[0-9]{{1,5}}[a-z]{{0,2}}(?:-[0-9]{{1,4}}[a-z]{{0,2}})?)?)(?P<cfr_inner>{_INNER})"
        rf"|(?:I\.?\s?R\.?\s?C\.?|Internal\sRevenue\sCode)\s(?:(?P<tax_many>§§)|§|[Ss]ec\.|[Ss]ection)\s{{0,3}}(?P<tax>{_SECTION})(?P<tax_inner>{_INNER})"
        rf"|Treas\.?\sReg\.?\s(?:§\s{{0,3}})?(?P<tax_rule>[0-9]{{1,4}}\.[0-9]{{1,5}}[A-Za-z]{{0,3}}(?:[-–][0-9]{{1,3}}[A-Za-z]{{0,2}})?)(?P<tax_rule_inner>{_INNER})"
        rf"|[Ss]ections?\s(?P<of_section>{_SECTION})(?P<of_inner>{_INNER})\sof\s[Tt]itle\s(?P<of_title>[0-9]{{1,2}})"
        r"(?:,?\s(?:of\sthe\s)?(?:United\sStates\sCode|U\.S\.\sCode|U\.?S\.?C\.?))?"
        rf"|[Tt]itle\s(?P<in_title>[0-9]{{1,2}}),?\s(?:of\sthe\s)?(?:United\sStates\sCode|U\.S\.\sCode),?\s(?:[Ss]ections?|§§?)\s?"
        rf"(?P<in_section>{_SECTION})(?P<in_inner>{_INNER})"
        rf"|U\.?\s?S\.?\s(?:Const(?:itution|\.)?|CONST\.?),?\s(?P<const>[Aa]mend|[Aa]mdt|[Aa]rt)(?:ments?|icles?|s?\.)?\s"
        rf"(?P<roman>{roman}(?:{and_more}{roman}){{0,9}})"
        r"|(?<!Const\.\s)(?<!Const\.,\s)(?:Amendments?|[Aa]mends?\.|[Aa]mdts?\.)\s"
        rf"(?P<bare>(?:[IVXL]{{2,7}}|[VX]|I(?=[,.;)]|\s§))(?![A-Za-z0-9])(?:{and_more}{roman}){{0,9}}){of_union}"
        rf"|[Aa]rt(?:icle|\.)\s(?P<article>{roman}),?(?:\s(?:[Ss]ection|[Ss]ec\.|§)\s[0-9]{{1,2}},?)?\sof\sthe\s"
        r"(?:(?:U\.?\s?S\.?|United\sStates|[Ff]ederal)\s)?Constitution(?!\sof\s(?!the\sUnited\sStates))"
        rf"|(?P<ordinal>{ordinal}(?:{and_more}{ordinal}){{0,9}})\sAmendments?{of_union}"
        rf"|Federal\sRules\sof\s(?P<plural>Civil|Criminal|Appellate|Bankruptcy|Evidence)(?:\sProcedure)?\s(?P<plural_rules>{rule}(?:{and_more}{rule}){{0,9}})"
        r"|Federal\sRules?\sof\s(?P<named_rules>Civil|Criminal|Appellate|Bankruptcy|Evidence)(?:\sProcedure)?\s"
        r"(?P<named_rule>[0-9]{1,4}(?:\.[0-9])?)(?P<named_inner>(?:\([0-9A-Za-z]{1,5}\)){0,8})"
        rf"|[Rr]ules?\s(?P<rule_of>{rule}(?:{and_more}{rule}){{0,9}})\sof\sthe\sFederal\sRules\sof\s"
        r"(?P<of_rules>Civil|Criminal|Appellate|Bankruptcy|Evidence)(?:\sProcedure)?"
        rf"|(?P<short>{'|'.join(_SHORT_RULES)})\s(?:[Rr]ule\s)?(?P<short_rule>[0-9]{{1,4}}(?:\.[0-9])?)(?P<short_inner>{_INNER})"
        r"|Fed\.?\s?R\.?\s?(?P<rules>Civ|Crim|App|Evid|Bankr)\.?\s?(?:P\.?\s)?(?P<rule>[0-9]{1,4}(?:\.[0-9])?)(?P<rule_inner>(?:\([0-9A-Za-z]{1,5}\)){0,8})"
        rf"|{state_forms(_INNER, roman)}|{numbered_forms(_INNER)}"
        rf"|(?P<volume>[0-9]{{1,4}})\s(?=[A-Z]){reporters}(?:\s\([1-9][0-9]?\s[A-Z][a-z]{{2,8}}\.?\))?"
        rf"(?:,?\s(?P<at>at)\s(?P<at_page>[0-9]{{1,5}})|\s(?P<page>[0-9]{{1,5}}))(?![0-9])(?(like_word)(?={ends}))"
        r"|(?P<id>[Ii][Dd]|[Ii]bid)\.(?:,?\s?at\s(?P<id_page>[0-9]{1,5}))?"
        rf"(?:,?\s(?P<id_many>§)?§\s?(?P<id_section>[0-9]{{1,5}}\.[0-9]{{1,5}}[a-z]{{0,2}}(?:-[0-9]{{1,4}}[a-z]{{0,2}})?|{_SECTION})(?P<id_inner>{_INNER}))?"
        r"|(?P<supra_name>[A-Z][\w'’&-]{1,40}),?\s[Ss]upra(?:,?\s(?:note\s[0-9]{1,4},?\s)?at\s(?P<supra_page>[0-9]{1,5}))?"
        r")(?!\w)"
    )


@cache
def _more_sections() -> re.Pattern[str]:
    """What goes on a list of sections behind `§§`: `, 1983, and 1985`; or the end of a range: `-1988`."""
    return re.compile(
        r"(?:,\s(?:and\s|or\s)?(?:\([0-9A-Za-z]{1,5}\)){1,8}){0,5}"  # more subsections of the section before
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
            yield from _more(text, end, f"{int(match['cfr'])} CFR", match["cfr_section"])
    elif match["tax"]:
        yield from _numbers(start, match.start("tax"), end, "26 USC", match["tax"], match["tax_inner"])
        if match["tax_many"]:
            yield from _more(text, end, "26 USC", match["tax"])
    elif match["tax_rule"]:
        yield Cited(start, end, f"26 CFR {_section(match['tax_rule'])}", match["tax_rule_inner"])
    elif match["ordinal"]:
        yield from _listed(match, "ordinal", "US Const amend", rf"{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}|[0-9]+[a-z]+")
    elif match["article"]:
        yield Cited(start, end, f"US Const art {_number_of(match['article'])}")
    elif match["rule_of"]:
        yield from _listed(match, "rule_of", f"Fed R {_RULES[match['of_rules']]}", _RULE_NUMBER)
    elif match["plural"]:
        yield from _listed(match, "plural_rules", f"Fed R {_RULES[match['plural']]}", _RULE_NUMBER)
    elif match["named_rules"]:
        yield Cited(start, end, f"Fed R {_RULES[match['named_rules']]} {match['named_rule']}", match["named_inner"])
    elif match["short"]:
        yield Cited(start, end, f"Fed R {_SHORT_RULES[match['short']]} {match['short_rule']}", match["short_inner"])
    elif match["bare"]:
        yield from _listed(match, "bare", "US Const amend", "[IVXL]+|[0-9]+")
    elif match["const"]:
        part = "art" if match["const"].lower() == "art" else "amend"
        yield from _listed(match, "roman", f"US Const {part}", "[IVXL]+|[0-9]+")
    elif match["rules"]:
        process = "" if match["rules"] == "Evid" else " P"
        yield Cited(start, end, f"Fed R {match['rules']}{process} {match['rule']}", match["rule_inner"])
    elif match["volume"]:
        yield _case(text, match, reported, named)
    elif match["id"] and previous is not None:
        code = " ".join(previous.split(" ")[:2])
        if match["id_section"] and code.endswith((" USC", " CFR")):
            yield from _numbers(start, match.start("id_section"), end, code, match["id_section"], f"Id. {match['id_inner']}".strip())
            if match["id_many"]:
                yield from _more(text, end, code, match["id_section"])
        else:
            yield Cited(start, end, previous, f"Id. at {match['id_page']}" if match["id_page"] else "Id.")
    elif match["supra_name"] in named:
        yield Cited(start, end, named[match["supra_name"]], f"supra at {match['supra_page']}" if match["supra_page"] else "supra")
    elif (state := of_state(match)) is not None:
        authority, number, inner = state
        yield Cited(start, end, f"{authority} {_number_of(number)}" if number else authority, inner)
        if "§§" in match[0]:
            yield from _more(text, end, authority.rpartition(" ")[0], match["state_section"])
    elif (numbered := of_number(match)) is not None:
        yield Cited(start, end, *numbered)


def _listed(match: re.Match[str], group: str, authority: str, one: str) -> Iterator[Cited]:
    """Each number of a list such as `Fourth, Fifth and Sixth Amendments`; the first and the last have the words around it too."""
    found, before = list(re.finditer(one, match[group])), match.start(group)
    for part in found:
        start = match.start() if part is found[0] else before + part.start()
        end = match.end() if part is found[-1] else before + part.end()
        if "number" in part.groupdict():
            yield Cited(start, end, f"{authority} {part['number']}", part["inner"])
        else:
            yield Cited(start, end, f"{authority} {_number_of(part[0])}")


def _sections(text: str, match: re.Match[str]) -> Iterator[Cited]:
    """The sections behind one title, one citation each; of a range both ends."""
    code = f"{int(match['title'])} USC"
    yield from _numbers(match.start(), match.start("section"), match.end(), code, match["section"], match["inner"])
    if match["many"] or re.match(rf"[-–]{match['digits']}[a-z]", text[match.end() : match.end() + 9]):
        yield from _more(text, match.end(), code, match["section"])


def _numbers(start: int, at: int, end: int, code: str, written: str, inner: str) -> Iterator[Cited]:
    """One section, or both ends of a range: `1981-1988`, and `1981-88` as lawyers shorten it. `at` is where the number begins."""
    ends = re.fullmatch(r"([0-9]+)[-–]([0-9]+)", written)
    last = ends[1][: -len(ends[2])] + ends[2] if ends else ""
    if ends is not None and int(ends[1]) < int(last) and (len(ends[2]) > 1 or len(ends[1]) == 1):
        middle = at + len(ends[1])
        yield Cited(start, middle, f"{code} {ends[1]}", "first of a range")
        yield Cited(middle + 1, end, f"{code} {last}", "last of a range")
    else:
        yield Cited(start, end, f"{code} {_section(written)}", inner)


def _more(text: str, end: int, code: str, before: str) -> Iterator[Cited]:
    """The sections that go on a list behind `§§`; `before` is the one that the list began with."""
    while (more := _more_sections().match(text, end)) is not None:
        start, end, written = more.start("section"), more.end(), more["section"]
        if more["glue"].strip() in ("-", "–", "—", "to", "through"):
            short = len(written) >= 2 and written.isdigit() and before.isdigit() and len(written) < len(before)
            yield Cited(start, end, f"{code} {before[: -len(written)] if short else ''}{_section(written)}", "last of a range")
        else:
            yield from _numbers(start, start, end, code, written, more["inner"])
        before = written


def _section(written: str) -> str:
    return written.replace("–", "-")


def _case(text: str, match: re.Match[str], reported: dict[str, str], named: dict[str, str]) -> Cited:
    """A case, or the short form of one that was cited before: `436 U.S., at 690`."""
    volume = f"{int(match['volume'])} {one_spelling(match['reporter'])}"
    if match["at"]:
        return Cited(match.start(), match.end(), reported.get(volume, f"{volume} at {match['at_page']}"), f"at {match['at_page']}")
    authority = f"{volume} {int(match['page'])}"
    reported[volume] = authority
    before = text[max(0, match.start() - 160) : match.start()]
    names = list(_name().finditer(before)) if " v" in before else []
    if names:
        for name in names[-1].groups():
            named[name] = authority
    behind = _behind_case().match(text, match.end())
    note = "" if behind is None else f"at {behind['pin']}" if behind["pin"] else behind["year"]
    return Cited(match.start(), match.end(), authority, note)


def _number_of(written: str) -> int:
    """Of a Roman numeral, figures (`14`, `14th`) or an ordinal in words."""
    if written[0].isdigit():
        return int(written.rstrip("stndrh"))
    if written in _ORDINALS:
        return _ORDINALS.index(written) + 1
    digits = [_ROMAN[letter] for letter in written]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, [*digits[1:], 0], strict=True))
