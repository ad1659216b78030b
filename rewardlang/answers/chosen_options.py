r"""Which options a text chooses by their text: `Rome`, `The answer is Rome.`, `\boxed{15}`; and the text behind a letter, `B) Rome`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

MAX_OPTION = 2_000
MAX_PLACES = 100

_MARKS = r"(?:(?:\\boxed\{|\\(?:text(?:bf|rm|it)?|mathrm|mathbf)\{|\*\*|<(?:b|strong|answer)>|\\[(\[]|[(\[\"'“‘$*`])\s?){0,6}"


@cache
def _places() -> re.Pattern[str]:
    """What an option can stand behind: the beginning of the text, a box, "the answer is"."""
    return re.compile(
        rf"(?:\A\s{{0,40}}|\\boxed\{{"
        rf"|\b(?:answer|choice|option)\b[*_]{{0,2}}(?:\s(?:is|would\sbe|must\sbe)\b|\s?:)(?:\s(?:therefore|thus|clearly|indeed))?[*_:]{{0,3}}\s{{0,3}}){_MARKS}",
        re.ASCII | re.IGNORECASE,
    )


@cache
def _behind_letter() -> re.Pattern[str]:
    return re.compile(rf"(?:\\[)\]]|[)\]\"'”’$}}.:*`,]|\s|[-–—]){{1,8}}(?:which\sis\s)?{_MARKS}", re.ASCII)


@cache
def _ends() -> re.Pattern[str]:
    """What can stand behind an option so that it ends there."""
    words = r"\s?(?:because|since|as|or|and|not|which)\b"
    return re.compile(
        rf"[)\]\"'”’$}}*`\s]{{0,6}}(?:\\[)\]])?(?:\Z|[.,;:!?\n](?![0-9])|</|[(–—-](?!\w)|\((?=\w)|{words})", re.ASCII | re.IGNORECASE
    )


@cache
def _article() -> re.Pattern[str]:
    return re.compile(r"(?:it(?:'s|\sis)?\s(?:the\s|an?\s)?|the\s|an?\s)", re.IGNORECASE)


@cache
def _joiner() -> re.Pattern[str]:
    return re.compile(rf"[)\]\"'”’$}}*`]{{0,6}}(?:,?\s(?:or|and)\s|\s?[/,;&]\s?){_MARKS}", re.ASCII)


def options_chosen(text: str, options: Sequence[str], letters_end: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(start, end, index) of the options whose text is chosen, or stands behind one of the letters that end at some places."""
    wanted = [(index, option.strip(" .").split()) for index, option in enumerate(options) if len(option) <= MAX_OPTION]
    wanted = sorted((pair for pair in wanted if pair[1]), key=lambda pair: -sum(map(len, pair[1])))
    if not wanted:
        return
    for end in letters_end:
        gap = _behind_letter().match(text, end)
        if gap is not None and (option := _option_at(text, gap.end(), wanted)) is not None:
            yield option
    for count, match in enumerate(_places().finditer(text)):
        at = match.end()
        while (option := _option_at(text, at, wanted) or _behind_article(text, at, wanted)) is not None:
            yield option
            joined = _joiner().match(text, option[1])
            if joined is None:
                break
            at = joined.end()
        if count == MAX_PLACES:
            return


def _behind_article(text: str, start: int, wanted: Sequence[tuple[int, list[str]]]) -> tuple[int, int, int] | None:
    """The same behind "the", "a" or "it is the", which the option does not begin with."""
    article = _article().match(text, start)
    return _option_at(text, article.end(), wanted) if article else None


def _option_at(text: str, start: int, wanted: Sequence[tuple[int, list[str]]]) -> tuple[int, int, int] | None:
    """The longest option whose words stand at a place, without regard to case, and end there."""
    for index, words in wanted:
        at = start
        for word in words:
            if text[at : at + len(word)].casefold() != word.casefold():
                break
            at += len(word)
            end = at
            while at < len(text) and text[at].isspace() and at - end < 10:
                at += 1
        else:
            if _ends().match(text, end):
                return start, end, index
    return None
