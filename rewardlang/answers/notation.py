r"""Answers in a notation of their own, `1.234,5`, written as `read_answer` reads them: `1234.5`.

Only figures are rewritten, and only where the notation leaves one reading:

1.234,5   1{,}5   \frac{2,5}{3}   x = 1,5; y = 2   (1,5; 2)   1, 2 (a list of two)     read
1.5   12.34   1,2,3                                                                    no numbers of the notation
(1,5)   [0,1]   \{1,2\}   x,1,5                                                        one number, or two? not read

So between brackets a decimal comma needs a semicolon beside it, or something
that makes it one number: `2(1,5 + x)`, `\sin(1,5)`. Where the point is decimal
and thousands are divided otherwise, as in `1'234.5`, a comma separates values;
`1,234` is not read.
"""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.numerals import thousands_marks, well_formed
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer
from rewardlang.record import replaced
from rewardlang.verdict import Missing, Refused

DEFAULT = "1,234.5"
_ONE_ARGUMENT = re.compile(r"(?:sqrt|exp|ln|lg|log|arc(?:sin|cos|tan)|(?:sin|cos|tan|sec|csc|cot)h?) {0,3}\Z")
_GROUP_BEFORE = re.compile(r"[A-Za-z^_}\]] {0,3}\Z")
_THOUSANDS = re.compile(r",[0-9]{3}(?![0-9])")
_LOOKED_BACK = 12
_CLOSING = ")]}"


def read_answer_in(text: str, notation: str) -> Answer | Missing | Refused:
    """`read_answer` of a text whose numbers are in a notation. Missing where one is not of the notation, or could be two."""
    if notation == DEFAULT:
        return read_answer(text)
    rewritten = in_default_notation(text, notation)
    answer = rewritten if isinstance(rewritten, Missing) else read_answer(rewritten)
    return replaced(answer, written=text) if isinstance(answer, Answer) else answer


def in_default_notation(text: str, notation: str) -> str | Missing:
    """The same answer with its numbers in the default notation."""
    point = notation[-2]
    text = re.sub(r"\{ ?([.,]) ?\}", r"\1", text)  # 1{,}5 is how LaTeX sets a comma between figures
    whole = _Level("")
    parts: list[str] = []
    open_levels, levels = [whole], [whole]
    for match in _pieces(notation).finditer(text):
        piece, level = match[0], open_levels[-1]
        match match.lastgroup:
            case "figures":
                rewritten = _rewritten(piece, "".join(parts[-2:]).rstrip()[-1:], notation)
                if rewritten is None:
                    return Missing(f"'{_shown(piece)}' is not a number written like {notation}")
                level.decimal = level.decimal or (piece if point == "," and "." in rewritten else "")
                piece = rewritten
            case "point":  # of a repeating decimal, 0,\overline{3}
                piece = "."
            case "repeating":  # 0,(3)
                level.decimal, level.tight = f"{parts[-1]}{point}(…)", True
            case "open":
                level.more = True
                open_levels.append(_Level(_bracket(text, match.start(), piece)))
                levels.append(open_levels[-1])
            case "close":
                del open_levels[max(1, len(open_levels) - 1) :]
            case "semicolon":
                level.semicolon = True
            case "comma":
                level.comma = True
                level.tight = level.tight or not piece[1:]
                if point == "." and parts and parts[-1][-1:].isdigit():
                    if _THOUSANDS.match(text, match.start()) and not level.bracket:
                        return Missing(f"'{parts[-1]}{text[match.start() : match.start() + 4]}' can be one number or two here")
                    piece = ", "
            case "other":
                level.more = True
        parts.append(piece)
    doubtful = next((level.decimal for level in levels if level.is_doubtful), None)
    if doubtful is not None:
        return Missing(f"'{_shown(doubtful)}' can be one number or two here; where commas are decimal, values are separated by ;")
    return "".join(parts)


class _Level:
    """What stands between two brackets, or outside of all: `bracket` is the opening one, "" for a group of LaTeX and for the whole."""

    __slots__ = ("bracket", "comma", "decimal", "more", "semicolon", "tight")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.decimal = ""  # the first number with decimals
        self.semicolon = self.comma = self.tight = self.more = False  # `tight`: a comma without a space behind it

    @property
    def is_doubtful(self) -> bool:
        """Whether a decimal comma here could as well be one that separates two values."""
        if not self.decimal or self.semicolon:
            return False
        return self.tight or (self.bracket != "" and (self.comma or not self.more))


@cache
def _pieces(notation: str) -> re.Pattern[str]:
    """What an answer is cut into. Signs, spaces, layout and `$` say nothing about whether a comma is decimal."""
    marks, point = re.escape(thousands_marks(notation)), re.escape(notation[-2])
    grouped = "" if notation[1] in ".," else rf"[0-9]{{1,3}}(?:[{marks}][0-9]{{3}}(?![0-9]))++|"
    separators, before, repeating = ("[.,]", r"\.?", r"(?=\([0-9]{1,20}\))") if point == "," else (point, "", "(?!)")
    return re.compile(
        rf"(?P<figures>(?:{grouped}{before}[0-9]++|(?<![\w)\]}}{point}]){point}[0-9]++)(?:{separators}[0-9]++)*+)"
        rf"|(?P<point>(?<=[0-9]){point}(?=\s?\\(?:overline|bar|dot)(?![A-Za-z])))"
        rf"|(?P<repeating>(?<=[0-9]){point}{repeating})"
        r"|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|quad|qquad)(?![A-Za-z])|\\[^A-Za-z{}]|[-+−±$\s]"
        r"|(?P<open>\\\{|[(\[{])|(?P<close>\\\}|[)\]}])|(?P<semicolon>;)|(?P<comma>,\s?)|(?P<other>\\[A-Za-z]+|.)",
        re.DOTALL,
    )


def _rewritten(figures: str, before: str, notation: str) -> str | None:
    """Figures as in the default notation, without marks between thousands; None when they are no number of the notation."""
    match = well_formed(notation).fullmatch(figures)
    if match is None or (match[3] is not None and (before.isalnum() or before in _CLOSING) and before != ""):
        return None
    decimals = match[2] or match[3]
    return re.sub("[^0-9]", "", match[1] or "0") + (f".{decimals}" if decimals else "")


def _bracket(text: str, at: int, written: str) -> str:
    """The bracket, unless it only holds together what is one value: a group of LaTeX, or the argument of a function of one."""
    before = text[max(0, at - _LOOKED_BACK) : at]
    if (written == "{" and _GROUP_BEFORE.search(before)) or (written == "(" and _ONE_ARGUMENT.search(before)):
        return ""
    return written


def _shown(figures: str) -> str:
    return figures if len(figures) <= 40 else figures[:37] + "..."
