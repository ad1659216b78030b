r"""The final answer in a whole completion: which part of it says what the writer stands by, or that there is none.

Tried in this order, and the first that finds something decides:

1. what follows the last `</think>`; nothing when thinking is not closed
2. the last group of boxes (`\boxed{1} and \boxed{2}` is one group; a box that is not closed hides what stands before it)
3. the last `<answer>…</answer>`
4. the rest of the sentence after "the answer is", "final answer:", "####"
5. the whole text, when it is nothing but an answer
6. the last sentence that has mathematics in it: its last group of marked pieces, else its numbers

Answers that are joined stay together, so that "41 or 42" is a list and not 42.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from rewardlang.answers.boxes import Box, boxes
from rewardlang.answers.kinds import Labelled, Listing, SetOf, Tuple_, Union, Unread, Words
from rewardlang.answers.parse import read_answer
from rewardlang.answers.spans import Span, joining, maths_spans, plain_numbers, with_unit
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

MAX_BARE = 400
MAX_TAIL = 400
MAX_BOXES = 50
LOOKED_AT = 20_000
"""Characters at the end of a text that are searched for phrases, mathematics and numbers; boxes and tags are found everywhere."""


class Final(NamedTuple):
    """[start, end) in the text, the answer as it is read, and the step that found it."""

    start: int
    end: int
    answer: str
    step: str


def final_answer(text: str) -> Final | None:
    """The final answer, or None when there is none."""
    begin = _after_thinking(text)
    if begin is None:
        return None
    stop = _end_of_turn(text, begin)
    body = text[begin:stop]
    found = _in_boxes(body)
    if found is not None:
        found = _announced_later(body, found) or found
    elif "\\boxed" not in body[-MAX_TAIL:]:
        found = _in_tag(body)
        if found is None:
            cut = max(0, len(body) - LOOKED_AT)
            tail = body[cut:]
            found = _after_phrase(tail) or _bare(tail) or _last_mathematics(tail)
            found = found and found._replace(start=found.start + cut, end=found.end + cut)
    return found and found._replace(start=found.start + begin, end=found.end + begin)


def _announced_later(text: str, box: Final) -> Final | None:
    """An announcement "final answer" behind the boxes, if mathematics follows it: then the boxes held steps."""
    begin = max(box.end, len(text) - LOOKED_AT)
    tail = text[begin:]
    found = _after_phrase(tail) if "final answer" in tail.lower() else None
    read = None if found is None else read_answer(found.answer)
    if found is None or not isinstance(read, Answer) or isinstance(read.value, Words) or _has_unread(read.value):
        return None
    return found._replace(start=found.start + begin, end=found.end + begin)


def _after_thinking(text: str) -> int | None:
    closed = text.rfind("</think>")
    opened = text.rfind("<think>")
    if opened > closed:
        return None
    return closed + len("</think>") if closed >= 0 else 0


def _end_of_turn(text: str, begin: int) -> int:
    """Where the turn ends, if the text runs on into tokens of the chat's frame."""
    marks = [at for mark in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>") if (at := text.find(mark, begin)) >= 0]
    return min(marks, default=len(text))


def _in_boxes(text: str) -> Final | None:
    found = boxes(text)
    bare = _braceless(text, found[-1].end if found else 0)
    if bare is not None:
        return bare
    if not found or _unclosed(text, found[-1].end):
        return None
    group, how = [found[-1]], ""
    for before in reversed(found[-MAX_BOXES:-1]):
        join = joining(text[before.end : group[0].start])
        if not join:
            break
        how = "or" if "or" in (how, join) else join
        group.insert(0, before)
    parts = [_with_label(text, box, len(group) > 1) for box in group]
    end, unit = with_unit(text, _past_dollar(text, group[-1].end))
    if unit:
        parts[-1] += unit
    else:
        end = group[-1].end
    more = _hedge(text, end)
    if more is not None:
        parts.append(more.content)
        end, how = more.end, "or"
    answer = (" or " if how == "or" else ", ").join(part for part in parts if part)
    return Final(group[0].start, end, answer, "boxes" if len(parts) > 1 else "the last box")


@cache
def _braceless_box() -> re.Pattern[str]:
    return re.compile(r"\\boxed(?:\s{1,3}|(?=[0-9-]))(-?[0-9][0-9.,]{0,60}|[A-Za-z](?![A-Za-z]))")


def _braceless(text: str, after: int) -> Final | None:
    r"""`\boxed 5`, behind the last box with braces."""
    found = list(_braceless_box().finditer(text, after))
    if not found:
        return None
    last = found[-1]
    return Final(last.start(), last.end(), last[1].rstrip(".,"), "the last box")


def _unclosed(text: str, after: int) -> bool:
    return re.search(r"\\f?boxed\s{0,20}\{", text[after:]) is not None


def _past_dollar(text: str, end: int) -> int:
    return end + 1 if text[end : end + 1] == "$" and text[end + 1 : end + 2] in (" ", "%", "\\") else end


@cache
def _label() -> re.Pattern[str]:
    return re.compile(r"((?:\\[a-z]{2,8}|[A-Za-z])(?:_\w|_\{\w{1,5}\})?)\s*=\s*[$(\\\[]*$")


def _with_label(text: str, box: Box, several: bool) -> str:
    """The content, with the name before it where several boxes stand together: `x = \\boxed{1}, y = \\boxed{2}`."""
    label = _label().search(text[max(0, box.start - 20) : box.start]) if several else None
    return f"{label[1]} = {box.content}" if label else box.content


def _hedge(text: str, end: int) -> Span | None:
    """Another answer that is joined to the one that ends at `end` by "or", "maybe" and the like."""
    rest = text[end : end + 120]
    spans = maths_spans(rest)
    ahead = sorted([*spans, *plain_numbers(rest, spans)])
    if not ahead or joining(rest[: ahead[0].start]) != "or":
        return None
    return Span(end + ahead[0].start, end + ahead[0].end, ahead[0].content)


def _in_tag(text: str) -> Final | None:
    close = text.rfind("</answer>")
    opened = text.rfind("<answer>", 0, max(close, 0))
    if close < 0 or opened < 0:
        return None
    start = opened + len("<answer>")
    inner = text[start:close]
    said = _after_phrase(inner) if len(inner) > 20 else None
    return Final(start, close, said.answer if said else inner.strip(), "<answer>")


@cache
def _phrase() -> re.Pattern[str]:
    r"""Where the words end that announce an answer: "#### ", "the answer to the question is", "Final answer:", "Answer $"."""
    return re.compile(
        r"####\s?|(?i:\b(?:final\s+)?answers?\b)[*_]{0,3}(?:[^\n.:=$\\*]{0,60}?(?:\b(?:is|are|equals|be)\b|[:：=])|\s*(?=\\\(|\\\[|\$))|(?i:答案)[是为：:]"
    )


_NO_ANSWERS = ("correct", "right", "wrong", "incorrect", "not", "clear", "obvious", "given", "found", "therefore", "as")


def _after_phrase(text: str) -> Final | None:
    matches = list(_phrase().finditer(text))
    finals = [match for match in matches if "final" in match[0].lower() or match[0].startswith("#")]
    for match in [*reversed(finals[-20:]), *reversed(matches[-20:])]:
        found = _said(text, match.end())
        if found is not None:
            return found
    return None


def _said(text: str, at: int) -> Final | None:
    """The answer that is said from `at` to the end of the sentence."""
    lead = re.match(r"[\s*_:：]*", text[at : at + 40])
    start = at + (lead.end() if lead else 0)
    tail = text[start : start + MAX_TAIL]
    tail = tail[: _sentence_end(tail)]
    tail, start = _statement(tail, start)
    plain = tail.strip(' *_"“”`\n').rstrip(".*")
    first = re.match(r"[a-z]+", plain.lower())
    if not plain or (first and first[0] in _NO_ANSWERS):
        return None
    found = _stated(plain)
    if found is None:
        return None
    end = start + len(tail)
    corrected = _corrected(text, end)
    if corrected is not None:
        return corrected
    more = _hedge(text, end)
    return Final(start, more.end if more else end, f"{found} or {more.content}" if more else found, "the answer as announced")


@cache
def _verb() -> re.Pattern[str]:
    return re.compile(r"\b(?:is|are|equals|has|have|get|find|obtain|becomes)\s|[是为]")


@cache
def _clause() -> re.Pattern[str]:
    """Where a clause begins that gives a reason, a condition or the answer once more."""
    return re.compile(
        r",?\s\(?(?:because|since|as|when|where|which|for|so|given|after|if|by|at|i\.e\.|that is|or (?:about|approximately))(?=[\s,])"
        r"|,\s(?!and\b|or\b)[a-z]{4,20}\b(?!\s?=)|，"
    )


def _statement(sentence: str, start: int) -> tuple[str, int]:
    """What stands behind the last verb of a sentence, up to the next clause, and where it begins."""
    masked = _masked(sentence)
    verb = list(_verb().finditer(masked))
    if verb:
        start += verb[-1].end()
        sentence, masked = sentence[verb[-1].end() :], masked[verb[-1].end() :]
    if masked.startswith("that "):
        start, sentence, masked = start + 5, sentence[5:], masked[5:]
    clause = _clause().search(masked)
    return (sentence[: clause.start()] if clause else sentence), start


@cache
def _correction() -> re.Pattern[str]:
    return re.compile(r"[\s.?!…,;*-]{0,8}\(?(?i:wait|actually|no,|correction|sorry|i mean|hold on|scratch that|let me correct)")


def _corrected(text: str, end: int) -> Final | None:
    """The answer of a sentence that takes back the one before: `The answer is 41. No, it is 42.`"""
    if _correction().match(text, end) is None:
        return None
    found = _last_mathematics(text[end : end + MAX_TAIL])
    return found and found._replace(start=found.start + end, end=found.end + end, step="the answer as corrected")


def _stated(plain: str) -> str | None:
    """What a short stretch of text states: an answer as a whole, its marked mathematics, its numbers, or a few words."""
    read = read_answer(plain)
    if isinstance(read, Missing) or (isinstance(read, Answer) and not isinstance(read.value, (Unread, Words))):
        return plain
    spans = maths_spans(plain)
    if spans:
        return _group(plain, spans)
    numbers = plain_numbers(plain, [])
    if numbers:
        return " or ".join(dict.fromkeys(span.content for span in numbers))
    return plain if len(plain.split()) <= 6 or "\\" in plain else None


def _group(text: str, spans: list[Span]) -> str:
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


def _masked(text: str) -> str:
    """The text with its mathematics blanked, so that words in it are not taken for words of the sentence."""
    for span in maths_spans(text):
        text = text[: span.start] + "\x00" * (span.end - span.start) + text[span.end :]
    return text


def _sentence_end(text: str) -> int:
    end = re.search(r"(?<![A-Z])[.!?](?=[\s*\"”)]|$)|\n|。|<", _masked(text))
    return end.start() if end else len(text)


def _bare(text: str) -> Final | None:
    """A text that is nothing but an answer: it has hardly a word in it, and is read as one where it has."""
    plain = text.strip().strip("*_").strip()
    if not plain or len(plain) > MAX_BARE or "\n\n" in plain:
        return None
    words = re.findall(r"[^\W\d_]{3,}", re.sub(r"\\[A-Za-z]+", " ", plain))
    read = read_answer(plain)
    if not isinstance(read, Answer):
        bare = len(words) <= 2
    elif isinstance(read.value, Labelled):
        bare = len(words) <= 1 and not re.search(r"\b(?:is|are|find|get)\b", plain) and not _has_unread(read.value)
    else:
        most = 3 if isinstance(read.value, Words) else 2
        bare = not words or (len(words) <= most and not _has_unread(read.value))
    if not bare:
        return None
    start = text.index(plain)
    return Final(start, start + len(plain), plain, "the whole text")


def _has_unread(value: object) -> bool:
    """Whether a part of it, at any depth, has no reading."""
    if isinstance(value, Unread):
        return True
    if isinstance(value, Labelled):
        return _has_unread(value.value)
    return isinstance(value, Listing | SetOf | Tuple_ | Union) and any(map(_has_unread, value.items))


MAX_HEDGES = 4


def _last_mathematics(text: str, hedges: int = MAX_HEDGES) -> Final | None:
    """What the last sentence with mathematics in it says, with those before it to which "Or" or "Maybe" joins it."""
    found, begin = _last_sentence(text)
    if found is None or not hedges or not re.match(r"\W{0,8}(?i:or|maybe|perhaps|possibly|alternatively)\b", text[begin:]):
        return found
    before = _last_mathematics(text[:begin], hedges - 1)
    return found if before is None else found._replace(start=before.start, answer=f"{before.answer} or {found.answer}")


def _last_sentence(text: str) -> tuple[Final | None, int]:
    """What it says, and where it begins."""
    spans = [span for span in maths_spans(text) if not _is_denied(text, span)]
    numbers = [span for span in plain_numbers(text, spans) if not _is_denied(text, span)]
    if not spans and not numbers:
        nothing = list(re.finditer(r"\bno (?:real )?(?:solutions?|roots?)\b", text))
        return (Final(*nothing[-1].span(), nothing[-1][0], "the last words"), nothing[-1].start()) if nothing else (None, 0)
    last = max([*spans[-1:], *numbers[-1:]])
    begin = _sentence_begin(text, last.start)
    sentence, start = _statement(text[begin : begin + _sentence_end(text[begin:])], begin)
    plain = sentence.strip(" *_\n").rstrip(".*")
    if plain and start > begin:
        read = read_answer(plain)
        if isinstance(read, Answer) and not _has_unread(read.value) and not isinstance(read.value, Words):
            return Final(start, start + len(sentence), plain, "the last statement"), begin
    here = [span for span in spans if span.start >= begin]
    told = numbers[-1:] == [last] and re.search(r"(?:\bis|\bare|\bequals|=|:)\s?[*_]{0,3}$", text[max(0, last.start - 12) : last.start])
    if here and not told:
        return Final(here[0].start, with_unit(text, here[-1].end)[0], _group(text, here), "the last mathematics"), begin
    together = [number for number in numbers if number.start >= begin]
    joined = [number.content for number in together if joining(text[number.end : last.start]) == "or"]
    return Final(last.start, last.end, " or ".join([*joined, last.content]), "the last number"), begin


def _is_denied(text: str, span: Span) -> bool:
    return re.search(r"\bnot\s[*_]{0,2}$", text[max(0, span.start - 8) : span.start]) is not None


def _sentence_begin(text: str, at: int) -> int:
    ends = [match.end() for match in re.finditer(r"[.!?。][\s*$]{1,4}|\n\s*\n", text[max(0, at - MAX_TAIL) : at])]
    return max(0, at - MAX_TAIL) + ends[-1] if ends else max(0, at - MAX_TAIL)
