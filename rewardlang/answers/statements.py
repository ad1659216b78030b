"""What a sentence of a completion states: an answer as a whole, its marked mathematics, or its numbers; nothing that it denies."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import NamedTuple

from rewardlang.answers.kinds import Expression, Labelled, Listing, SetOf, Tuple_, Union, Unread, Words
from rewardlang.answers.number_words import number_at_start
from rewardlang.answers.parse import read_answer
from rewardlang.answers.spans import Span, joining, maths_spans, plain_numbers, with_unit
from rewardlang.answers.tokens import tokens_of
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

MAX_TAIL = 400
MAX_HEDGES = 4
MAX_SPOKEN = 80
MAX_BEFORE = 24


class Final(NamedTuple):
    """[start, end) in the text, the answer as it is read, and the step that found it."""

    start: int
    end: int
    answer: str
    step: str


OTHERWISE = re.compile(r"\b(?:otherwise|else|unless|in which case)\b")
"""What makes an answer depend on a case."""


@cache
def _verb() -> re.Pattern[str]:
    return re.compile(
        r"(?<!which )\b(?:is|are|equals|has|have|get|find|obtain|becomes|yields|gives|takes|took|costs|weighs|lasts|measures)\s|[是为]"
    )


@cache
def _clause() -> re.Pattern[str]:
    """Where a clause begins that gives a reason, a condition or the answer once more."""
    return re.compile(
        r",?\s\(?(?:because|since|as|when|where|which|for|so|given|after|if|by|at|not|i\.e\.|that is"
        r"|or (?:about|approximately)|or,? equivalently)(?=[\s,])"
        r"|(?<=\d):\s|;\s[a-z]{3,20}\b(?!\s?=)|,?\s(?:QED|Q\.E\.D\.)"
        r"|,\s(?:the|an?|its|his|her|our|their|I|we|you)\s|,\s(?!(?:and|or|maybe|perhaps|possibly|probably|alternatively|also|even)\b)[a-z]{4,20}\b(?!\s?=)|，"
    )


@cache
def _adverb() -> re.Pattern[str]:
    """What can stand between a verb and what it states: `is at (2, -3)`, `is equal to 5`."""
    return re.compile(
        r"(?i)(?:(?:located )?at|in|equal to|exactly|simply|just|only|definitely|certainly|clearly"
        r"|the (?:point|interval|set|value|number|pair|vector|line|circle|curve|function|equation|matrix)) "
        r"(?=[\x00\d({\[√π+−-]|[A-Za-z]\s?=)"
    )


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
    clause = _clause().search(blank)
    return (sentence[: clause.start()] if clause else sentence), start


def stated(plain: str) -> str | None:
    """What a short stretch of text states: an answer as a whole, its marked mathematics, its numbers, or a few words."""
    read = read_answer(plain)
    if isinstance(read, Missing) or (isinstance(read, Answer) and not isinstance(read.value, (Unread, Words))):
        return plain
    spans = maths_spans(plain)
    if spans:
        return group(plain, spans)
    _, numbers = _without_asides(plain, [], plain_numbers(plain, []))
    if numbers:
        return " or ".join(dict.fromkeys(span.content for span in numbers))
    return plain if len(plain.split()) <= 6 or "\\" in plain else None


def group(text: str, spans: list[Span]) -> str:
    """The last marked pieces that are joined, with a unit behind each."""
    parts: list[str] = []
    how = ""
    for index in range(len(spans) - 1, -1, -1):
        span = spans[index]
        if parts:
            join = joining(text[with_unit(text, span.end)[0] : spans[index + 1].start])
            if not join:
                break
            how = "or" if "or" in (how, join) else join
        parts.insert(0, span.content + with_unit(text, span.end)[1])
    return (" or " if how == "or" else ", ").join(parts)


def masked(text: str) -> str:
    """The text with its mathematics blanked, so that words in it are not taken for words of the sentence."""
    for span in maths_spans(text):
        text = text[: span.start] + "\x00" * (span.end - span.start) + text[span.end :]
    return text


def sentence_end(text: str) -> int:
    """Where the first sentence ends, or the line."""
    end = re.search(r"(?<![A-Z])[.!?](?=[\s*\"”)]|$)(?!(?<=[0-9]!)\s[a-z=])|\n|。|<", masked(text))
    return end.start() if end else len(text)


def has_unread(value: object) -> bool:
    """Whether a part of it, at any depth, has no reading."""
    if isinstance(value, Unread):
        return True
    if isinstance(value, Labelled):
        return has_unread(value.value)
    return isinstance(value, Listing | SetOf | Tuple_ | Union) and any(map(has_unread, value.items))


def last_mathematics(text: str, hedges: int = MAX_HEDGES) -> Final | None:
    """What the last sentence with mathematics in it says, with those before it to which "Or" or "Maybe" joins it."""
    found, begin = _last_sentence(text)
    if found is not None and hedges and _remark().match(text, begin) and (before := last_mathematics(text[:begin], hedges - 1)) is not None:
        return before
    if found is None or not hedges or not re.match(r"\W{0,8}(?i:or|maybe|perhaps|possibly|alternatively)\b", text[begin:]):
        return found
    before = last_mathematics(text[:begin], hedges - 1)
    return found if before is None else found._replace(start=before.start, answer=f"{before.answer} or {found.answer}")


@cache
def _remark() -> re.Pattern[str]:
    """How a sentence begins that only explains or checks the answer before it."""
    return re.compile(
        r"[\s*_(]{0,8}(?:Note|Notice|Observe|Remark|Recall|Remember|Check|Verification|Indeed|References?|Time taken|Confidence|Sources?"
        r"|Difficulty|Disclaimer|To (?:check|verify)"
        r"|(?:We|You) can (?:check|verify)"
        r"|Let (?:me|us) (?:check|verify|double-check)|This is because|As a check)\b"
    )


@cache
def _same_noun() -> re.Pattern[str]:
    """`the smaller root is 1 and the larger root is 2`"""
    return re.compile(r"\b([a-z]{3,12})\s(?:is|=)\s[^.!?,\n]{1,40}?,?\sand\sthe\s[a-z]{3,12}\s\1\s(?:is|=)\s")


@cache
def conclusion() -> re.Pattern[str]:
    """Where a conclusion begins: `The probability is 3/4, so m + n = 7`."""
    return re.compile(r",\s(?:and\s)?(?:so|hence|thus|therefore)(?:\sthat)?,?\s")


def _last_sentence(text: str, *, with_reason: bool = True) -> tuple[Final | None, int]:
    """What it says, and where it begins; a reason at its end is left out once."""
    spans = [span for span in maths_spans(text) if not _is_denied(text, span)]
    numbers = [span for span in plain_numbers(text, spans) if not _is_denied(text, span)]
    spans, numbers = _without_asides(text, spans, numbers)
    if not spans and not numbers:
        nothing = list(re.finditer(r"\b(?:no (?:real )?(?:solutions?|roots?)|[Aa]ll real (?:numbers|values))\b", text))
        return (Final(*nothing[-1].span(), nothing[-1][0], "the last words"), nothing[-1].start()) if nothing else _in_words(text)
    last = max([*spans[-1:], *numbers[-1:]])
    begin = _sentence_begin(text, last.start)
    reasons = (match for match in _reason().finditer(text, begin) if _has_any(spans, numbers, begin, match.start()))
    reason = next(reasons, None) if with_reason else None
    if reason is not None and reason.start() < last.start:
        return _last_sentence(text[: reason.start()], with_reason=False)
    if (behind := _behind_reason(text, begin, last)) is not None:
        begin = behind
    so = [match.end() for match in conclusion().finditer(text, begin, last.start)]
    begin = so[-1] if so else begin
    if (several := _same_noun().search(text, begin)) is not None and (both := [*spans, *numbers]):
        parts = [item for item in sorted(both) if item.start >= several.start()]
        return Final(parts[0].start, parts[-1].end, ", ".join(part.content for part in parts), "the last statements"), begin
    line = text[last.start :]
    sentence, start = statement(text[begin : last.start + sentence_end(line)], begin)
    plain = sentence.strip(" *_\n").rstrip(".*")
    if plain and start > begin:
        read = read_answer(plain)
        if isinstance(read, Answer) and not has_unread(read.value) and not isinstance(read.value, Words):
            return Final(start, start + len(sentence), plain, "the last statement"), begin
    said = [number for number in numbers if start <= number.start < start + len(sentence)] if start > begin else []
    if said and not any(span.start >= begin for span in spans) and last.start >= start + len(sentence):
        return Final(said[-1].start, said[-1].end, said[-1].content, "the last statement"), begin
    here = _without_scope(text, [span for span in spans if span.start >= begin])
    told = numbers[-1:] == [last] and re.search(r"(?:\bis|\bare|\bequals|=|:)\s?[*_]{0,3}$", text[max(0, last.start - 12) : last.start])
    if here and not told:
        return Final(here[0].start, with_unit(text, here[-1].end)[0], group(text, here), "the last mathematics"), begin
    together = [number for number in numbers if number.start >= begin][-20:]
    last = _main_number(text, together) if together[-1:] == [last] else last
    apart = OTHERWISE.search(text, begin, last.end + 20) is not None or _in_doubt(text, last)
    listed = _listed(text, together)
    if len(listed) > 1 and together[-1:] == [last] and not apart:
        return Final(listed[0].start, last.end, ", ".join(number.content for number in listed), "the last numbers"), begin
    if together and (bound := _bound_before().search(text[max(0, last.start - MAX_BEFORE) : last.start])) is not None:
        return Final(last.start - len(bound[0]), last.end, bound[0] + last.content, "the last number"), begin
    joined = [number.content for number in together if number != last and (apart or joining(text[number.end : last.start]) == "or")]
    return Final(last.start, last.end, " or ".join([*joined, last.content]), "the last number"), begin


def _in_words(text: str) -> tuple[Final | None, int]:
    """The number that the last sentence states in words: `The result is seventy-two.`"""
    end = len(text.rstrip(" \n*_.!"))
    begin = _sentence_begin(text, end)
    said, start = statement(text[begin:end], begin)
    plain = said.strip(" *_")
    read = read_answer(plain) if plain and start > begin and len(plain) <= MAX_SPOKEN else None
    if not isinstance(read, Answer) or not isinstance(read.value, Expression) or read.value.value.rational is None:
        return _counted(text, begin, end)
    return Final(start, start + len(said), plain, "the last statement"), begin


@cache
def _scope() -> re.Pattern[str]:
    return re.compile(r"\b(?:for (?:all|any|every|each|some|which)|where|when|whenever|since|because|provided|as long as|if)\b")


def _without_scope(text: str, spans: list[Span]) -> list[Span]:
    """Without what only says where the answer holds: `$f(x) = x^2$ for all real $x$`."""
    for index in range(1, len(spans)):
        if _scope().search(text[spans[index - 1].end : spans[index].start]):
            return spans[:index]
    return spans


@cache
def _reason() -> re.Pattern[str]:
    doubt = r"(?![^.\n]{0,60}\b(?:also|possible|plausible|could|might|may|argue)\b)"
    return re.compile(rf"\s(?:since|because|(?:although|though){doubt}|who (?:has|have|had)|while|whereas|given that|as there)\s")


@cache
def _bound_before() -> re.Pattern[str]:
    return re.compile(r"\b(?:greater than|less than|at least|at most|more than|fewer than)\s$")


@cache
def _given_first() -> re.Pattern[str]:
    return re.compile(r"[\s*_]{0,4}(?:Since|As|Because|Given|If|When|With|For)\s")


def _behind_reason(text: str, begin: int, last: Span) -> int | None:
    """Where the conclusion begins in `Since $a = 1$ and $b = 2$, $x = 3$.`; None where the sentence begins otherwise."""
    if "=" not in last.content or _given_first().match(text, begin) is None:
        return None
    before = masked(text[begin : last.start])
    return begin + before.rindex(", ") + 2 if ", " in before else None


def _has_any(spans: list[Span], numbers: list[Span], begin: int, end: int) -> bool:
    """Whether mathematics stands between: `7 boxes since 6 would hold only 60` says 7."""
    return any(begin <= item.start < end for item in (*spans[-20:], *numbers[-20:]))


def _counted(text: str, begin: int, end: int) -> tuple[Final | None, int]:
    """The number that the last sentence begins with: `So, seven apples remain.`; "one can" and "a" count nothing."""
    lead = re.match(r"[\s*_]{0,4}(?:(?:So|Thus|Hence|Therefore|Then),?\s{1,3})?", text[begin:end])
    start = begin + (lead.end() if lead else 0)
    tokens = tokens_of(text[start : min(end, start + MAX_SPOKEN)])
    found = number_at_start(tokens) if tokens and tokens[0].text.lower() not in ("one", "a", "an") else None
    if found is None:
        return None, 0
    said = "".join(f" {token.text}" if token.spaced else token.text for token in tokens[: found[1]]).strip()
    return Final(start, start + len(said), said, "the last statement"), begin


@cache
def _place() -> re.Pattern[str]:
    """What makes the number behind it a circumstance of another one: `$240 for the 12 tickets`, `5 hours at 60 mph`."""
    return re.compile(
        r"(?i)\b(?:for|in|after|at|over|by|during|within|per|every|each|on|out of|(?<!total )of|from|with)"
        r"(?:\s(?:the|his|her|their|its|all|these|those|only|about))?\s[*_$]{0,3}$"
    )


@cache
def _took() -> re.Pattern[str]:
    """`took him 45 minutes to run `: what stands behind is what was done in that time."""
    return re.compile(
        r"\b(?:takes?|took|needs?|needed|requires?|required)\s[^.!?\d]{0,20}[0-9][^.!?]{0,30}\sto\s[a-z]{2,12}\s[^.!?\d]{0,12}$"
    )


@cache
def _given() -> re.Pattern[str]:
    """What stands before a number that was given: `the 3 friends`."""
    return re.compile(r"(?i)(?:\b(?:the|these|those|all|both|each|every|his|her|their|if)\s|=\s?)[*_$]{0,3}$")


def _listed(text: str, numbers: list[Span]) -> list[Span]:
    """The last numbers that only commas and "and" divide: `1, 3, 5 and 7`."""
    start = len(numbers) - 1
    while start > 0 and re.fullmatch(r"[,;]\s?(?:and\s)?|\sand\s", text[numbers[start - 1].end : numbers[start].start]):
        start -= 1
    return numbers[max(start, 0) :]


def _main_number(text: str, together: list[Span]) -> Span:
    """The last number of a sentence, or the last one before it of which that is only a circumstance."""
    last = together[-1]
    if len(together) > 1 and _took().search(text[max(0, together[-2].start - MAX_BEFORE) : last.start].replace("\n", " ")):
        return together[-2]
    if not _place().search(text[max(0, last.start - MAX_BEFORE) : last.start]):
        return last
    for number in reversed(together[:-1]):
        before = text[max(0, number.start - MAX_BEFORE) : number.start]
        if number != together[0] and re.search(r"\bto\s[a-z]{2,12}\s$", before):
            continue  # 15 hours to travel 900 miles at 60 mph
        if not _place().search(before):
            return last if _given().search(before) else number
    return last


@cache
def _aside() -> re.Pattern[str]:
    doubts = "or|maybe|perhaps|possibly|possible|alternatively|also|could|might|may"
    return re.compile(rf"\s\((?![^()\n]{{0,80}}\b(?:{doubts})\b)[^()\n]{{0,80}}\)")


def _without_asides(text: str, spans: list[Span], numbers: list[Span]) -> tuple[list[Span], list[Span]]:
    """Without what brackets behind a number only explain: `2.5 hours (2 hours 30 minutes)`, `$n = 9$ (since $n > 0$)`."""
    found = sorted([*spans, *numbers])
    starts, dropped = [span.start for span in found], set[int]()
    for match in _aside().finditer(text):
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        if not first or first == last:
            continue
        end = found[first - 1].end
        if end <= match.start() + 1 and not _words_between(text[end : match.start()]):
            dropped.update(starts[first:last])
    kept, left = ([span for span in of if span.start not in dropped] for of in (spans, numbers))
    return kept, left


def _in_doubt(text: str, last: Span) -> bool:
    """Whether a number stands in brackets that only say what else it could be: `4 (5 is also possible)`."""
    before = text[max(0, last.start - 20) : last.start]
    inside = before.rfind("(") > before.rfind(")")
    if re.match(r"\W{0,3}(?:is|are|would be|may be|might be)\salso\s(?:possible|plausible|acceptable)\b", text[last.end : last.end + 40]):
        return True
    return (
        inside and re.search(r"\b(?:also|possible|possibly|maybe|perhaps)\b", text[last.end : last.end + 40].partition(")")[0]) is not None
    )


def _words_between(text: str) -> bool:
    return len(text) > 20 or len(text.split()) > 1 or any(mark in text for mark in ".=+*/-\n")


@cache
def _denial() -> re.Pattern[str]:
    return re.compile(r"(?i)(?:\bnot|n['’]t|\bcannot|\bnever)(?:\s(?:be|equal(?:\sto)?|the\sanswer))?\s[*_]{0,2}$")


def _is_denied(text: str, span: Span) -> bool:
    return _denial().search(text[max(0, span.start - 40) : span.start]) is not None


def _sentence_begin(text: str, at: int) -> int:
    ends = [match.end() for match in re.finditer(r"[.!?。][\s*$]{1,4}|\n\s*\n", text[max(0, at - MAX_TAIL) : at])]
    return max(0, at - MAX_TAIL) + ends[-1] if ends else max(0, at - MAX_TAIL)
