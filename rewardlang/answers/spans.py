r"""Mathematics in running text: spans between `$…$`, `\(…\)`, `\[…\]`, numbers outside of them, and what joins several into one answer."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from rewardlang.answers.physical_units import unit_of_words
from rewardlang.answers.units import is_unit

MAX_SPAN = 2_000
MAX_JOIN = 40


class Span(NamedTuple):
    """[start, end) of a piece of mathematics with its marks, and what stands between them."""

    start: int
    end: int
    content: str


_DISPLAYED = "align|equation|gather|multline|eqnarray|displaymath"


@cache
def _mark() -> re.Pattern[str]:
    return re.compile(rf"\\(?:begin|end)\{{(?:{_DISPLAYED})\*?\}}|\\\(|\\\)|\\\[|\\\]|\$\$|\$|\\.", re.DOTALL)


_ENDS_OF_PROOF = ("\\blacksquare", "\\square", "\\Box", "\\qed", "\\checkmark")
_PAIRS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}


_OF_LINES = ("\\begin{align", "\\begin{gather")


def _closing(opening: str) -> str:
    return _PAIRS.get(opening) or opening.replace("begin", "end")


def maths_spans(text: str) -> list[Span]:
    """The marked pieces of mathematics. A `$` with a digit behind it closes nothing: `$5 and $10` are two prices."""
    found: list[Span] = []
    opening: re.Match[str] | None = None
    for match in _mark().finditer(text):
        mark = match[0]
        if opening is not None and (match.start() - opening.end() > MAX_SPAN or "\n\n" in text[opening.end() : match.start()]):
            opening = None
        if opening is None:
            opening = match if mark in _PAIRS or mark.startswith("\\begin") else None
        elif mark == _closing(opening[0]) or (mark == "$$" and opening[0] == "$"):
            if mark == "$" and text[match.end() : match.end() + 1].isdigit():
                opening = match
                continue
            lines = opening[0].startswith(_OF_LINES)
            content = text[opening.start() : match.end()] if lines else text[opening.end() : match.start()].strip()
            if content and content not in _ENDS_OF_PROOF:
                found.append(Span(opening.start(), match.end(), content))
            opening = None
    return found


@cache
def _number() -> re.Pattern[str]:
    """A number in running text: figures with their separators, a fraction, a LaTeX fraction or root; every part is of bounded length."""
    figures = r"[0-9](?:[0-9.,]|\{,\}(?=[0-9])|\\,(?=[0-9])|[ \u00a0\u202f](?=[0-9]{3}(?![0-9])))*+"
    inner = r"\{[^{}\n]{1,60}\}"
    power = r"\s?[×x·*]\s?10(?:\^[{(]?[-−]?[0-9]{1,4}[)}]?|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]{1,5})"
    clock = r"[0-9]{1,2}:[0-5][0-9](?::[0-5][0-9])?(?![0-9:])(?:\s?[AaPp]\.?[Mm](?:\.(?=\s|$)|\b))?"
    part = r"\sand\s(?:an?|one|two|three)[\s-](?:half|halves|thirds?|quarters?|fourths?|fifths?)\b"
    odds = r"[0-9]{1,6}\s(?:in|out\sof)\s[0-9]{1,6}(?=\schances?\b)"
    ratio = r"[0-9]{1,6}(?::[0-9]{1,6}){1,3}(?![0-9:])"
    height = r"[0-9]{1,2}['′’]\s?[0-9]{1,2}(?:[\"″”]|'')"
    scale = r"\s(?:hundred|thousand|million|billion|trillion|dozen)\b"
    multiple = rf"(?:(?:{figures})\s?)?(?:π|√\s?[0-9]{{1,20}})(?:\s?/\s?[0-9][0-9.,]*+)?(?![A-Za-z(])"
    return re.compile(
        rf"(?<![A-Za-z0-9_.\\^{{])[-+−]?{multiple}|(?<![A-Za-z0-9_.\\^{{:])(?:{height}|{clock}|{odds}|{ratio})|(?<![A-Za-z0-9_.\\^{{/])[-+−]?[0-9]{{1,6}}\s[0-9]{{1,6}}/[0-9]{{1,6}}(?![0-9/.])|√\s?[0-9]{{1,20}}|(?<![A-Za-z0-9_.\\^{{])[-+−]?[$€£]?(?:\\[dtc]?frac\s?{inner}\s?{inner}|\\sqrt\s?{inner}|(?:{figures}|\.[0-9]+)(?:{part}|{scale}|[eE][-+]?[0-9]{{1,4}}\b|{power})?"
        rf"(?:\s?/\s?[0-9][0-9.,]*+|!(?=\s[a-z=]))?)"
    )


@cache
def _behind() -> re.Pattern[str]:
    """What can follow a number and belongs to it: percent, degrees, a unit of one word."""
    return re.compile(
        r"\}?\s?(?:\\?%|¢|percent\b|pct\b|°(?:\s?[CF]\b)?|\^\\circ|\^\{\\circ\}|degrees?\b|\\text\{\s*([A-Za-zµ°/^0-9]{1,20})\s*\}|([A-Za-zµμ]{1,14}(?:[²³]|\^[23])?(?:/[A-Za-z]{1,8}(?:[²³]|\^[23])?)?))"
    )


def _are_alike(one: str, other: str) -> bool:
    """`16 hours per week`: a share of the time, and as likely a time."""
    units = unit_of_words(one), unit_of_words(other)
    return None not in units and len({unit.dimension for unit in units if unit is not None}) == 1


@cache
def _second_unit() -> re.Pattern[str]:
    """Behind the first word of a unit of two: `square feet`, `miles per hour`."""
    return re.compile(r"\.?\s(?:per\s)?([A-Za-z]{1,14})(?![A-Za-z])")


def with_unit(text: str, end: int) -> tuple[int, str]:
    """Where a percent sign or unit that follows at `end` ends, and how it is written; ("", `end`) when there is none."""
    match = _behind().match(text, end)
    if match is None:
        return end, ""
    word = match[1] or match[2]
    stop = match.end()
    if word is not None and "/" in word and not is_unit(word):  # "5 m/north"
        word, stop = word.partition("/")[0], stop - len(word) + word.index("/")
    if word is not None and not (word.endswith(("²", "³")) or is_unit(word)):
        return end, ""
    if word in ("per", "square", "sq", "cubic") or (word is not None and text[stop : stop + 5] == " per "):
        more = _second_unit().match(text, stop)
        if more is not None and is_unit(more[1]) and not _are_alike(word, more[1]):
            return more.end(), " " + text[match.start() : more.end()].lstrip("} ")
        if word in ("per", "square", "sq", "cubic"):
            return end, ""
    if word == "in" and re.match(r"\s[A-Za-z0-9$\\]", text[stop : stop + 2]):
        return end, ""  # "$12 in total"
    return stop, " " + text[match.start() : stop].lstrip("} ")


_REFERENCES = (
    "step",
    "theorem",
    "lemma",
    "equation",
    "eq",
    "case",
    "section",
    "figure",
    "problem",
    "part",
    "question",
    "exercise",
    "chapter",
)


@cache
def _sign_in_words() -> re.Pattern[str]:
    """`is negative 3`, `is minus 3`; not `8 minus 3`."""
    return re.compile(r"(?i)(?:\bnegative|(?<=\bis\s)minus|(?<=[=:]\s)minus)\s$")


def plain_numbers(text: str, spans: list[Span]) -> list[Span]:
    """The numbers outside the spans, each with its unit; figures of a reference (`Step 3`) and of a list marker are none."""
    found: list[Span] = []
    index = 0
    for match in _number().finditer(text):
        while index < len(spans) and spans[index].end <= match.start():
            index += 1
        if index < len(spans) and spans[index].start < match.end():
            continue
        before = text[max(0, match.start() - 12) : match.start()].rstrip(" (").rpartition(" ")[2].rpartition("\n")[2].lower().rstrip(".")
        sign = _sign_in_words().search(text[max(0, match.start() - 15) : match.start()]) if before in ("negative", "minus") else None
        start = match.start() - (len(sign[0]) if sign else 0)
        if before in _REFERENCES:
            continue
        written = match[0].rstrip(".,")
        end = match.start() + len(written)
        if (
            written.isdigit()
            and text[end : end + 1] in (".", ")")
            and _begins_line(text, match.start())
            and text[end + 1 : end + 2].isspace()
        ):
            continue
        if text[end : end + 1].isascii() and text[end : end + 1].isalpha() and not with_unit(text, end)[1]:
            continue
        end, unit = with_unit(text, end)
        found.append(Span(start, end, ("-" if sign else "") + written + unit))
    return found


def _begins_line(text: str, at: int) -> bool:
    line = text[max(0, at - MAX_JOIN) : at].rpartition("\n")
    return (bool(line[1]) or at <= MAX_JOIN) and not line[2].strip(" \t*#-(")


@cache
def _layout() -> re.Pattern[str]:
    return re.compile(r"\\(?:quad|qquad|text|textbf|mathrm|mbox|left|right|[()\[\],;:! ])|[${}*\"“”]|\\\\")


@cache
def _only_joins() -> re.Pattern[str]:
    return re.compile(
        r"[^\w.!?]*(?:(?:and|or|also|both|either|resp)\b[^\w.!?]*)?(?:(?:[A-Za-z]|\\[a-z]{2,8})(?:_\w{1,3}|_\{\w{1,5}\}|\d)?\s*[=:]|[A-Za-z]{1,2}\([a-z]\)\s*=)?[^\w.!?]*"
    )


_CORRECTING = ("wait", "actually", "instead", "rather", "correction", "sorry", "mistake", "but", "no", "hence", "so", "then", "thus", "not")
_HEDGING = ("or", "maybe", "perhaps", "possibly", "alternatively", "could", "may", "might")
_OTHER_WAYS = ("can", "note", "using", "use", "by", "compute", "check", "verify", "method", "way", "we", "observe")
_ROUNDING = ("about", "approximately", "roughly", "around", "simply", "equivalently", "just", "≈")


def joining(between: str) -> str:
    """How two answers with this text between them belong together: "and", "or" (which hedges), or "" when the second one stands alone."""
    ends_sentence = bool(re.search(r"[.!?](?:\s|\$|\\[)\]]|$)|\n\s*\n", between[:200]))
    plain = _layout().sub(" ", between[:200]).strip().lower()
    words = re.findall(r"[a-z≈]+", plain)
    if len(between) > MAX_JOIN:
        return ""
    if {"could", "may", "might"} & set(words) and "it" in words and "also" in words:
        return "or"
    if any(word in _CORRECTING for word in words) or "→" in between or "\\to" in between or "\\rightarrow" in between:
        return ""
    hedged = [word for word in words if word in _HEDGING]
    if hedged == ["alternatively"] and any(word in _OTHER_WAYS for word in words):
        return ""
    if {"could", "may", "might"} & set(words) and {"answer", "it"} & set(words):
        return "or"
    if hedged and not any(word in _ROUNDING for word in words) and (not ends_sentence or words[0] in _HEDGING):
        return "or"
    if ends_sentence:
        return ""
    if _only_joins().fullmatch(plain) or (words and words[-1] == "and"):
        return "and"
    return ""
