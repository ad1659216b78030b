"""Sentences of a completion: where they begin and end, and what stands behind the verb of one."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from rewardlang.answers.spans import maths_spans

MAX_TAIL = 400


class Final(NamedTuple):
    """[start, end) in the text, the answer as it is read, and the step that found it."""

    start: int
    end: int
    answer: str
    step: str


@cache
def _verb() -> re.Pattern[str]:
    return re.compile(
        r"(?<!which )\b(?:(?:is|are)\s(?!(?:[a-z]{2,12}ed|left|made|sold|given|taken)\s(?:to|for|by|in|on|from|at|with|into)\b)"
        r"|(?:equals|has|have|gets?|got|find|obtain|becomes|yields|gives|takes|took|costs|weighs|lasts|measures)\s)|[是为]"
    )


@cache
def _clause() -> re.Pattern[str]:
    """Where a clause begins that gives a reason, a condition or the answer once more."""
    return re.compile(
        r",?\s\(?(?:because|since|as|when|where|which|for|so|given|after|if|by|at|not|i\.e\.|that is"
        r"|or (?:about|approximately)|or,? equivalently|to the nearest|rounded to|correct to)(?=[\s,])"
        r"|,?\sand\s(?:it|they|this|that|he|she|we|I|you)\s"
        r"|(?<=\d):\s|;\s[a-z]{3,20}\b(?!\s?=)|,?\s(?:QED|Q\.E\.D\.)"
        r"|,\s(?:the|an?|its|his|her|our|their|I|we|you)\s|,\s(?!(?:and|or|maybe|perhaps|possibly|probably|alternatively|also|even)\b)[a-z]{4,20}\b(?!\s?=)|，"
    )


@cache
def _adverb() -> re.Pattern[str]:
    """What can stand between a verb and what it states: `is at (2, -3)`, `is equal to 5`."""
    return re.compile(
        r"(?i)(?:(?:located )?at|in|equal to|exactly|simply|just|only|definitely|certainly|clearly|therefore|thus|hence|then|now|indeed"
        r"|the (?:point|interval|set|value|number|pair|vector|line|circle|curve|function|equation|matrix)) "
        r"(?=[\x00\d({\[√π+−-]|[A-Za-z]\s?=)"
    )


@cache
def _counted_first() -> re.Pattern[str]:
    """How many there are, before they are told: `exactly one solution, x = 3`."""
    count = r"(?:a single|one|two|three|four|five|six)"
    return re.compile(rf"(?i)(?:exactly |only )?{count}\s(?:[a-z]{{3,12}}\s)?(?:solutions?|roots?|zeros|values?)\s?[,:]\s")


def statement(sentence: str, start: int) -> tuple[str, int]:
    """What stands behind the last verb of a sentence, up to the next clause, and where it begins."""
    blank = masked(sentence)
    verb = list(_verb().finditer(blank))
    if verb:
        start += verb[-1].end()
        sentence, blank = sentence[verb[-1].end() :], blank[verb[-1].end() :]
    if blank.startswith("that "):
        start, sentence, blank = start + 5, sentence[5:], blank[5:]
    if (adverb := _adverb().match(blank)) is not None:
        start, sentence, blank = start + adverb.end(), sentence[adverb.end() :], blank[adverb.end() :]
    if (counted := _counted_first().match(blank)) is not None:
        start, sentence, blank = start + counted.end(), sentence[counted.end() :], blank[counted.end() :]
    clause = _clause().search(blank)
    return (sentence[: clause.start()] if clause else sentence), start


def masked(text: str) -> str:
    """The text with its mathematics blanked, so that words in it are not taken for words of the sentence."""
    for span in maths_spans(text):
        text = text[: span.start] + "\x00" * (span.end - span.start) + text[span.end :]
    return text


def sentence_end(text: str) -> int:
    """Where the first sentence ends, or the line."""
    end = re.search(r"(?<![A-Z])[.!?](?=[\s*\"”)]|$)(?!(?<=[0-9]!)\s[a-z=])|\n|。|<(?=[/|]?[A-Za-z]{2})", masked(text))
    return end.start() if end else len(text)


def sentence_begin(text: str, at: int) -> int:
    """Where the sentence begins that holds a place."""
    ends = [match.end() for match in re.finditer(r"[.!?。][\s*$]{1,4}|\n\s*\n", text[max(0, at - MAX_TAIL) : at])]
    return max(0, at - MAX_TAIL) + ends[-1] if ends else max(0, at - MAX_TAIL)
