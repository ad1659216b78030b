"""What a sentence of a completion states: an answer as a whole, its marked mathematics, or its numbers; nothing that it denies."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.kinds import Labelled, Listing, SetOf, Tuple_, Union, Unread, Words
from rewardlang.answers.main_number import MAX_BEFORE, in_doubt, is_denied, listed, main_numbers, total_before, without_asides
from rewardlang.answers.parse import read_answer
from rewardlang.answers.plain_formulas import plain_formulas
from rewardlang.answers.sentences import MAX_TAIL, Final, masked, sentence_begin, sentence_end, statement
from rewardlang.answers.spans import Span, joining, maths_spans, plain_numbers, with_unit
from rewardlang.answers.spoken import in_words
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

MAX_HEDGES = 4

OTHERWISE = re.compile(r"\b(?:otherwise|else|unless|in which case)\b")
"""What makes an answer depend on a case."""


def stated(plain: str) -> str | None:
    """What a short stretch of text states: an answer as a whole, its marked mathematics, its numbers, or a few words."""
    read = read_answer(plain)
    if isinstance(read, Missing) or (isinstance(read, Answer) and not isinstance(read.value, (Unread, Words))):
        return plain
    spans = maths_spans(plain)
    if spans:
        return group(plain, without_asides(plain, spans, [])[0])
    _, numbers = without_asides(plain, [], [number for number in plain_numbers(plain, []) if not is_denied(plain, number)])
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
            if not join or (join == "and" and not alike(span.content, spans[index + 1].content)):
                break
            how = "or" if "or" in (how, join) else join
        parts.insert(0, span.content + with_unit(text, span.end)[1])
    return (" or " if how == "or" else ", ").join(parts)


def alike(before: str, last: str) -> bool:
    """Whether two statements can be one answer: both name what they tell, or neither.

    `a = 3` and then `a + b = 7`, `f(x) = 2x` and then `f(5) = 10` lead to the last one.
    """
    sides = [_side().match(statement) for statement in (before, last)]
    if None in sides:
        return True
    names = [side[0].strip() for side in sides if side is not None]
    applied = [_applied().fullmatch(name) for name in names]
    if applied[0] is not None and applied[1] is not None:
        return applied[0][1] != applied[1][1] or applied[0][2].isalpha() == applied[1][2].isalpha()
    return (_named().fullmatch(names[0]) is None) is (_named().fullmatch(names[1]) is None)


def last_alike(plain: str) -> str:
    """The last of several statements, with those before it that it is alike: `7` of `a = 3, b = 4, a + b = 7`."""
    between = [match.span() for match in _between().finditer(plain)]
    begins, ends = [0, *(end for _, end in between)], [*(start for start, _ in between), len(plain)]
    parts = [plain[start:end].strip(" $\\()") for start, end in zip(begins, ends, strict=True)]
    if any("=" not in part for part in parts):
        return plain
    at = len(parts) - 1
    while at and alike(parts[at - 1], parts[at]):
        at -= 1
    return plain[begins[at] :]


@cache
def _between() -> re.Pattern[str]:
    return re.compile(r"[,;]\s(?:and\s)?|\sand\s")


@cache
def _side() -> re.Pattern[str]:
    """What stands before the first sign of equality."""
    return re.compile(r"[^=<>]{1,80}(?==)")


@cache
def _named() -> re.Pattern[str]:
    """A name: `x`, `a_1`, `\\theta`, `(x, y)`, `Total`."""
    return re.compile(r"\\?[A-Za-z]{1,12}(?:_\w|_\{\w{1,5}\})?'?|\([A-Za-z](?:, ?[A-Za-z]){1,5}\)")


@cache
def _applied() -> re.Pattern[str]:
    return re.compile(r"([A-Za-z])\s?\(([^()=]{1,20})\)")


def has_unread(value: object) -> bool:
    """Whether a part of it, at any depth, has no reading."""
    if isinstance(value, Unread):
        return True
    if isinstance(value, Labelled):
        return has_unread(value.value)
    return isinstance(value, Listing | SetOf | Tuple_ | Union) and any(map(has_unread, value.items))


def has_words(value: object) -> bool:
    """Whether a part of it has no reading, or is a word."""
    parts = value.items if isinstance(value, Listing) else (value,)
    return has_unread(value) or any(isinstance(part, Words) for part in parts)


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
    """`the smaller root is 1 and the larger root is 2`, `the first root is 1, the second root is 2`"""
    joined = r"(?:,?\sand|,|;)\s(?:the\s)?"
    return re.compile(rf"\b([a-z]{{3,12}})\s(?:is|=)\s[^.!?,;\n]{{1,40}}?{joined}[a-z]{{3,12}}\s\1\s(?:is|=)\s")


@cache
def conclusion() -> re.Pattern[str]:
    """Where a conclusion begins: `The probability is 3/4, so m + n = 7`; `there are 3 of each, giving a total of 6`."""
    which = r"which (?:gives|makes|means|leaves|equals|simplifies to|rounds (?:up |down )?to)"
    value = r"with (?:an? |the )?(?:[a-z]{3,10} )?value(?: of)?"
    again = r"i\.e\.,?|that is,?"
    result = rf"{again}|giving|making|leaving|yielding|totall?ing|for a total of|resulting in|{which}|{value}"
    return re.compile(rf"[,;]\s(?:(?:and\s)?(?:so|hence|thus|therefore)(?:\sthat)?,?|{result})\s")


@cache
def _try() -> re.Pattern[str]:
    """What tells that an attempt follows; a later one takes the place of those before it: `First try 30, second try 45`."""
    which = r"(?:first|second|third|fourth|fifth|next|last|final|new|another|1st|2nd|3rd)"
    what = r"(?:try|attempt|guess|go)"
    return re.compile(rf"(?i)\b(?:{which}\s{what}|{what}\s(?:no\.?\s?|number\s|#)?[0-9]{{1,2}})\b")


@cache
def _sentence_stop() -> re.Pattern[str]:
    return re.compile(r"[.!?\n](?=\s|$)")


def _not_asked(text: str, spans: list[Span]) -> list[Span]:
    """Without the last ones that stand in questions: `Is it 12? Maybe.`"""
    kept = list(spans)
    while kept:
        stop = _sentence_stop().search(text, kept[-1].end, kept[-1].end + MAX_TAIL)
        if stop is None or stop[0] != "?" or _question().match(text, sentence_begin(text, kept[-1].start)) is None:
            break
        kept.pop()
    return kept


@cache
def _question() -> re.Pattern[str]:
    return re.compile(r"[\s*_]*(?:Is|Are|Was|Were|Do|Does|Did|Can|Could|Should|Would|Will|What|How|Why|Which|Where|When|Who)\b")


@cache
def _all_but() -> re.Pattern[str]:
    """All numbers but some, in the last sentence."""
    return re.compile(r"\b[Aa]ll real (?:numbers|values)(?: of [a-z])? (?:except|excluding)[^.\n]{1,80}(?=\.?\s*$)")


def _last_sentence(text: str, *, with_reason: bool = True) -> tuple[Final | None, int]:
    """What it says, and where it begins; a reason at its end is left out once."""
    marked = maths_spans(text)
    marked = sorted([*marked, *plain_formulas(text, marked)])
    spans = [span for span in marked if not is_denied(text, span)]
    numbers = [span for span in plain_numbers(text, marked) if not is_denied(text, span)]
    spans, numbers = _not_asked(text, spans), _not_asked(text, numbers)
    spans, numbers = without_asides(text, spans, numbers)
    if (all_but := _all_but().search(text, max(0, len(text) - MAX_TAIL))) is not None:
        return Final(*all_but.span(), all_but[0], "the last statement"), all_but.start()
    if not spans and not numbers:
        nothing = list(re.finditer(r"\b(?:no (?:real )?(?:solutions?|roots?)|no such [a-z]{3,12}|[Aa]ll real (?:numbers|values))\b", text))
        return (Final(*nothing[-1].span(), nothing[-1][0], "the last words"), nothing[-1].start()) if nothing else in_words(text)
    last = max([*spans[-1:], *numbers[-1:]])
    begin = sentence_begin(text, last.start)
    reasons = (match for match in _reason().finditer(text, begin) if _has_any(spans, numbers, begin, match.start()))
    reason = next(reasons, None) if with_reason else None
    if reason is not None and reason.start() < last.start:
        return _last_sentence(text[: reason.start()], with_reason=False)
    begin = _behind_condition(text, begin, last)
    so = [match.end() for match in conclusion().finditer(text, begin, last.start)]
    begin = so[-1] if so else begin
    tries = [match.end() for match in _try().finditer(text, begin, last.start)]
    begin = tries[-1] if len(tries) > 1 else begin
    return _told(text, begin, spans, numbers), begin


def _told(text: str, begin: int, spans: list[Span], numbers: list[Span]) -> Final:
    """What the last sentence tells from `begin` on, where mathematics stands."""
    last = max([*spans[-1:], *numbers[-1:]])
    if (several := _same_noun().search(text, begin)) is not None and (both := [*spans, *numbers]):
        parts = [item for item in sorted(both) if item.start >= several.start()]
        return Final(parts[0].start, parts[-1].end, ", ".join(part.content for part in parts), "the last statements")
    if (subject := _subject(text, begin, spans, numbers)) is not None:
        return Final(subject.start, subject.end, subject.content, "the last statement")
    line = text[last.start :]
    sentence, start = statement(text[begin : last.start + sentence_end(line)], begin)
    plain = sentence.strip(" *_\n").rstrip(".*")
    if _multiple().match(plain) and not _of_an_equation().search(text, begin, start):
        plain = plain.partition("=")[2].strip()
    if plain and start > begin:
        read = read_answer(plain)
        if isinstance(read, Answer) and not has_words(read.value):
            return Final(start, start + len(sentence), plain, "the last statement")
    said = [number for number in numbers if start <= number.start < start + len(sentence)] if start > begin else []
    if said and not any(span.start >= begin for span in spans) and last.start >= start + len(sentence):
        return Final(said[-1].start, said[-1].end, said[-1].content, "the last statement")
    here = _without_scope(text, [span for span in spans if span.start >= begin])
    told = numbers[-1:] == [last] and re.search(r"(?:\bis|\bare|\bequals|=|:)\s?[*_]{0,3}$", text[max(0, last.start - 12) : last.start])
    if here and not told:
        return Final(here[0].start, with_unit(text, here[-1].end)[0], group(text, here), "the last mathematics")
    return _told_by_numbers(text, begin, last, [number for number in numbers if number.start >= begin][-20:])


@cache
def _multiple() -> re.Pattern[str]:
    """`4x = 80`, of an angle that is `4x`."""
    return re.compile(r"[0-9]{1,3}\s?[a-z]\s?=\s?[0-9]")


@cache
def _of_an_equation() -> re.Pattern[str]:
    return re.compile(r"\b(?:equation|line|relation|function|system|constraint|formula|condition)s?\b")


@cache
def _is_the() -> re.Pattern[str]:
    compared = r"(?:[a-z]{2,9}er|less|more)\sthan\b"
    return re.compile(rf"[*_]{{0,3}}\s(?:is|are|was|were)\s(?:indeed\s)?(?:(?:the|our)\s(?!same\b)|{compared})")


def _subject(text: str, begin: int, spans: list[Span], numbers: list[Span]) -> Span | None:
    """What the last sentence begins with, if it tells what that is: `12 is the smallest integer with exactly 6 divisors`."""
    first = next((item for item in sorted([*spans, *numbers]) if item.start >= begin), None)
    if first is None or _named().fullmatch(first.content) or _is_the().match(text, first.end) is None:
        return None
    return None if _lead_in().fullmatch(text, begin, first.start) is None else first


@cache
def _lead_in() -> re.Pattern[str]:
    lead = r"(?:[Ss]o|[Tt]hus|[Hh]ence|[Tt]herefore|[Aa]nd|[Tt]hat),?|[Tt]his means(?: that)?"
    return re.compile(rf"[\s*_]*(?:(?:{lead})\s[*_]*){{0,2}}(?:[a-z]\s?=\s?)?")


def _told_by_numbers(text: str, begin: int, last: Span, together: list[Span]) -> Final:
    if (total := total_before(text, together)) is not None:
        return Final(total.start, total.end, total.content, "the last number")
    left = main_numbers(text, together) if together[-1:] == [last] else [last]
    last = left[-1]
    apart = OTHERWISE.search(text, begin, last.end + 20) is not None or in_doubt(text, last)
    row = listed(text, together)
    if len(row) > 1 and together[-1:] == [last] and not apart:
        return Final(row[0].start, last.end, ", ".join(number.content for number in row), "the last numbers")
    if together and (bound := _bound_before().search(text[max(0, last.start - MAX_BEFORE) : last.start])) is not None:
        return Final(last.start - len(bound[0]), last.end, bound[0] + last.content, "the last number")
    open_ones = left if len(left) > 1 else together
    joined = [
        number.content
        for number in open_ones
        if number != last and (apart or open_ones is left or joining(text[number.end : last.start]) == "or")
    ]
    return Final(last.start, last.end, " or ".join([*joined, last.content]), "the last number")


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
    which = r"(?:which|who|where|whom|whose)(?!\s(?:is|are|means|equals|gives|makes|leaves|simplifies|rounds))"
    subject = r"he|she|it|they|we|you|I|the|an?|his|her|their|each|every|[A-Z][a-z]+|[a-z]{2,12}ing|[a-z]\s?="
    found = r"(?![^.\n]{0,40}\b(?:I|we)\s(?:get|got|find|found|have|obtain)\b)"
    then = rf"\s(?:after|before|when|if|once|until|unless|so that)\s(?=(?:{subject})\s){found}"
    return re.compile(
        rf"\s(?:since|because|(?:al)?though{doubt}|who (?:has|have|had)|while|whereas|given that|as there)\s|,\s(?:{which}|as)\s|{then}"
    )


@cache
def _bound_before() -> re.Pattern[str]:
    return re.compile(r"\b(?:greater than|less than|at least|at most|more than|fewer than)\s$")


@cache
def _given_first() -> re.Pattern[str]:
    """How a sentence begins with what its main clause builds on."""
    return re.compile(
        r"[\s*_]{0,4}(?:(?:So|Thus|Hence|Therefore),?\s)?(?i:since|as|because|given|if|when|with|for|after|before|once|while|although|at|in|by|to"
        r"|out of|of|from|assuming|starting)\s"
    )


@cache
def _main_clause() -> re.Pattern[str]:
    subject = r"(?:the|an?|he|she|it|they|we|you|there|this|that|his|her|its|their|our|each|every|only|[A-Z][a-z]+)\s"
    return re.compile(rf",\s(?={subject})|(?<=[a-z]),\s(?=[$€£]?[0-9])")


def _behind_condition(text: str, begin: int, last: Span) -> int:
    """Where the main clause begins in `Since $a = 1$ and $b = 2$, $x = 3$.` and `After paying 60, he has 40.`; else `begin`."""
    if _given_first().match(text, begin) is None:
        return begin
    if "=" in last.content:
        before = masked(text[begin : last.start])
        return begin + before.rindex(", ") + 2 if ", " in before else begin
    main = _main_clause().search(text, begin, last.start + 1)
    return main.end() if main else begin


def _has_any(spans: list[Span], numbers: list[Span], begin: int, end: int) -> bool:
    """Whether mathematics stands between: `7 boxes since 6 would hold only 60` says 7."""
    return any(begin <= item.start < end for item in (*spans[-20:], *numbers[-20:]))
