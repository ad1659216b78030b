r"""Days of the year: `March 5`, `5 March 2020`, `Friday, March 5th`. The order of figures alone (`3/5/2020`) is not guessed."""

from __future__ import annotations

from rewardlang.answers.kinds import Day
from rewardlang.answers.tokens import Token
from rewardlang.verdict import Verdict, no, yes

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_SHORT = {name[:3]: at for at, name in enumerate(_MONTHS, 1)} | {"sept": 9} | {name: at for at, name in enumerate(_MONTHS, 1)}
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MAX_TOKENS = 10


def day(tokens: list[Token]) -> Day | None:
    """The day that the tokens are: a month by its name, a day, perhaps a year; None for anything else."""
    if not 2 <= len(tokens) <= MAX_TOKENS or "word" not in (tokens[0].kind, tokens[1].kind):
        return None
    if not any(token.text.lower() in _SHORT for token in tokens):
        return None
    texts = [token.text.lower() for token in tokens if token.text not in (",", ".")]
    if texts and texts[0] in _WEEK:
        texts = texts[1:]
    texts = [text for text in texts if text not in ("st", "nd", "rd", "th", "of", "the")]
    months = [text for text in texts if text in _SHORT]
    figures = [text for text in texts if text not in _SHORT]
    if len(months) != 1 or not 1 <= len(figures) <= 2 or texts.index(months[0]) > 1 or not all(text.isdigit() for text in figures):
        return None
    month, number = _SHORT[months[0]], figures[0]
    if len(number) > 2 or not 1 <= int(number) <= _LENGTHS[month - 1] or (len(figures) == 2 and len(figures[1]) != 4):
        return None
    return Day(month, int(number), int(figures[1]) if len(figures) == 2 else None)


def same_day(one: Day, other: Day) -> Verdict:
    """Whether two days are the same; a year that one side leaves out is not compared."""
    if (one.month, one.day) != (other.month, other.day) or (None not in (one.year, other.year) and one.year != other.year):
        return no("different days")
    return yes("the same day" if one.year == other.year else "the same day; year not stated")
