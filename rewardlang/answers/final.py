r"""The final answer in a whole completion: which part of it says what the writer stands by, or that there is none.

Tried in this order, and the first that finds something decides:

1. what follows the last `</think>`; nothing when thinking is not closed
2. the last group of boxes (`\boxed{1} and \boxed{2}` is one group; a box that is not closed hides what stands before it)
3. the last `<answer>…</answer>`
4. the rest of the sentence after "the answer is", "final answer:", "####"
5. the whole text, when it is nothing but an answer
6. the last sentence that has mathematics in it: its last group of marked pieces or equations, else its numbers

Answers that are joined stay together, so that "41 or 42" is a list and not 42.
"""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.boxes import Box, boxes
from rewardlang.answers.corrections import after, corrected, corrected_box, taken_back_at_once
from rewardlang.answers.judgements import judged
from rewardlang.answers.kinds import Expression, Labelled, Listing, Words
from rewardlang.answers.number_words import number_at_start
from rewardlang.answers.option_announced import option_announced
from rewardlang.answers.parse import read_answer
from rewardlang.answers.sentences import MAX_TAIL, Final, masked, sentence_end, statement
from rewardlang.answers.spans import Span, joining, maths_spans, plain_numbers, with_unit
from rewardlang.answers.statements import OTHERWISE, conclusion, has_unread, has_words, last_alike, last_mathematics, stated
from rewardlang.answers.tokens import tokens_of
from rewardlang.answers.values import Answer

MAX_BARE = 400
MAX_BOXES = 50
MAX_WORDS = 3
"""More words than these make a sentence."""
LOOKED_AT = 12_000
"""Characters at the end of a text that are searched for phrases, mathematics and numbers; boxes and tags are found everywhere."""


def final_answer(text: str) -> Final | None:
    """The final answer, or None when there is none."""
    begin = _after_thinking(text)
    if begin is None:
        return None
    stop = _end_of_turn(text, begin)
    body = _without_struck(text[begin:stop])
    found = _in_boxes(body)
    if found is not None:
        instead = corrected_box(body, found.end)
        found = _announced_later(body, found) or (after(found.answer, instead) if instead else found)
    elif "\\boxed" not in body[-MAX_TAIL:]:
        found = _in_tag(body)
        if found is None:
            cut = max(0, len(body) - LOOKED_AT)
            tail = body[cut:]
            found = _after_phrase(tail) or option_announced(tail) or _bare(tail) or judged(tail) or last_mathematics(tail)
            found = found and found._replace(start=found.start + cut, end=found.end + cut)
    return found and found._replace(start=found.start + begin, end=found.end + begin)


@cache
def _struck() -> re.Pattern[str]:
    return re.compile(r"~~[^~\n]{1,200}~~|\$?<<[^<>\n]{0,100}>>")


def _without_struck(text: str) -> str:
    """With blanks for what Markdown strikes through, and for a calculator's notes: `3*4=<<3*4=12>>12`."""
    return _struck().sub(lambda match: " " * len(match[0]), text) if "~~" in text or "<<" in text else text


def _announced_later(text: str, box: Final) -> Final | None:
    """An announcement "final answer" behind the boxes, if mathematics follows it: then the boxes held steps."""
    begin = max(box.end, len(text) - LOOKED_AT)
    tail = text[begin:]
    found = _after_phrase(tail) if "final answer" in tail.lower() else None
    read = None if found is None else read_answer(found.answer)
    if found is None or not isinstance(read, Answer) or isinstance(read.value, Words) or has_unread(read.value):
        return None
    return found._replace(start=found.start + begin, end=found.end + begin)


_THOUGHTS = ("think", "thinking", "reasoning", "scratchpad", "thought")


def _after_thinking(text: str) -> int | None:
    """Behind what was thought; None while the model's own tag of thinking is open."""
    ends = [0]
    for name in _THOUGHTS if "</" in text or "<think" in text else ():
        closed = text.rfind(f"</{name}>")
        if name.startswith("think") and text.rfind(f"<{name}>") > closed:
            return None
        ends.append(closed + len(name) + 3 if closed >= 0 else 0)
    return max(ends)


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
    if len(group) < len(found) and _also_possible().match(text, group[-1].end) is not None:
        parts.insert(0, found[-len(group) - 1].content)
        how = "or"
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
def _also_possible() -> re.Pattern[str]:
    return re.compile(r"[$\s)\]]{0,4}(?:(?:is|are|would be|may be|might be)\salso|could|may|might)\b")


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
    told = re.split(r"[.!?\n]", rest, maxsplit=1)[0]
    if OTHERWISE.search(text[max(0, end - 20) : end] + told) and (others := [span for span in ahead if span.start < len(told)]):
        return Span(end + others[-1].start, end + others[-1].end, others[-1].content)
    if ahead and re.fullmatch(r"\?\s{1,3}", rest[: ahead[0].start]) and rest[ahead[0].end : ahead[0].end + 1] == "?":
        return Span(end + ahead[0].start, end + ahead[0].end, ahead[0].content)
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
    said = _in_sentences(inner) if len(inner) > 20 else None
    fenced = _fenced().fullmatch(inner.strip())
    return Final(start, close, said.answer if said else (fenced[1] or fenced[2] if fenced else inner).strip(), "<answer>")


def _in_sentences(inner: str) -> Final | None:
    """What a tag says that holds sentences and no answer alone."""
    inner = inner[-LOOKED_AT:]
    read = read_answer(inner)
    if isinstance(read, Answer) and not has_unread(read.value) and not isinstance(read.value, Words):
        return _after_phrase(inner)
    said = len(re.findall(r"[A-Za-z]{2,}", masked(inner))) > MAX_WORDS
    return _after_phrase(inner) or (last_mathematics(inner) if said else None)


@cache
def _fenced() -> re.Pattern[str]:
    return re.compile(r"```[a-z]{0,12}\n([^`]{1,400})\n```|`([^`\n]{1,200})`")


@cache
def _phrase() -> re.Pattern[str]:
    r"""Where the words end that announce an answer: "#### ", "the answer to the question is", "Final answer:", "Answer $"."""
    return re.compile(
        r"####\s?|(?i:\b(?:(?:final\s+)?answers?(?!\s(?:choice|option|key))|(?:correct|right|best)\s(?:options?|choices?))\b)[*_]{0,3}(?:(?:(?!\bnot\b)[^\n.:=$\\*]){0,60}?(?:\b(?:is|are|equals|be|lies\sin|belongs\sto)\b|[:：=])|\s*(?=\\\(|\\\[|\$))|(?i:答案)[是为：:]"
    )


@cache
def _tentative() -> re.Pattern[str]:
    """In an announcement: it is none yet."""
    return re.compile(r"\b(?:seems?|appears?|might|may|could|would seem)\b")


_NO_ANSWERS = ("correct", "right", "wrong", "incorrect", "not", "clear", "obvious", "given", "found", "therefore", "as")


@cache
def _aside() -> re.Pattern[str]:
    return re.compile(r",?\s\(?(?:(?:because|since)\s|(?:but|though|although)\s[^0-9\x00]*$)")


def _without_doubt(tail: str) -> str:
    """Without a reason behind the answer, and without a doubt that names no other answer: `9, but I'm not sure`."""
    aside = _aside().search(masked(tail))
    return tail[: aside.start()] if aside and tail[: aside.start()].strip() else tail


@cache
def _bound() -> re.Pattern[str]:
    """What is said before a number that is a bound, and no answer."""
    return re.compile(
        r"(?i)(?:strictly )?(?:(?:less|more|greater|fewer|smaller|larger|bigger|lower|higher) than|at (?:least|most)|up to|between)\b"
    )


def _after_phrase(text: str) -> Final | None:
    matches = [match for match in _phrase().finditer(text) if _tentative().search(match[0]) is None]
    finals = [match for match in matches if "final" in match[0].lower() or match[0].startswith("#")]
    for match in [*reversed(finals[-20:]), *reversed(matches[-20:])]:
        found = _said(text, match.end())
        if found is not None:
            return _with_another(text, matches, match, found)
    return None


def _with_another(text: str, matches: list[re.Match[str]], match: re.Match[str], found: Final) -> Final:
    """With what the same sentence announced before: `The answer is 4 and the answer is 5` is no 5."""
    before = next((other for other in reversed(matches) if other.end() < match.start()), None)
    between = "" if before is None else text[before.end() : match.start()]
    joined = re.search(r"(?i)(?:[\s,;(](?:and|or)\b|;)[^.!?\n]{0,30}$", between) if len(between) <= MAX_TAIL else None
    first = None if joined is None or sentence_end(between) < len(between) else stated(between[: joined.start()].strip(' ,;*_"'))
    if before is None or first is None or first == found.answer:
        return found
    return found._replace(start=before.end(), answer=f"{first} or {found.answer}")


def _said(text: str, at: int) -> Final | None:
    """The answer that is said from `at` to the end of the sentence."""
    lead = re.match(r"(?:[\s*_:：]|`{3}[a-z]{0,12}\n)*", text[at : at + 40])
    start = at + (lead.end() if lead else 0)
    tail = text[start : start + MAX_TAIL]
    tail = tail[: sentence_end(tail)]
    if (but := _but().search(masked(tail))) is not None and (instead := last_mathematics(tail[but.end() :])) is not None:
        return instead._replace(start=start + but.end() + instead.start, end=start + but.end() + instead.end)
    if (other := OTHERWISE.search(tail)) is not None and (one := stated(tail[: other.start()].strip(" ,;"))) is not None:
        second = last_mathematics(tail[other.end() :])
        either = f"{one} or {second.answer if second else tail[other.end() :].strip()}"
        return Final(start, start + len(tail), either, "the answer as announced")
    tail = _without_doubt(tail)
    back = taken_back_at_once(tail)
    if back is not None:
        return _said(text, start + back)
    tail, start = statement(tail, start)
    plain = _end_of_proof().sub("", tail).rstrip(_DECORATION).strip(' *_"“”`\n').rstrip(".*")
    first = re.match(r"[a-z]+", plain.lower())
    if not plain or (first and first[0] in _NO_ANSWERS):
        return None
    found = plain if _bound().match(plain) else stated(plain)
    if found is None:
        return None
    end = start + len(tail)
    instead = corrected(text, end)
    if instead is not None:
        return after(found, instead)
    more = _hedge(text, end)
    return Final(start, more.end if more else end, f"{found} or {more.content}" if more else found, "the answer as announced")


_DECORATION = "□∎■✓✔✅🎉👍\ufe0f "


@cache
def _end_of_proof() -> re.Pattern[str]:
    return re.compile(r"\s?\$\s?\\(?:blacksquare|square|Box|qed|checkmark)\s?\$\s?$")


@cache
def _lead() -> re.Pattern[str]:
    """Words and signs of inference before an answer."""
    words = r"(?:thus|so|hence|therefore|then|finally|and so)\b[,:]?|[a-z]{3,12}ing(?=,\s),"
    return re.compile(rf"(?i)(?:(?:{words}|∴|⇒|=>|→|>>>|⟹|⟶)\s*){{1,3}}(?=\S)")


@cache
def _says() -> re.Pattern[str]:
    """Signs of a sentence: a verb, a person who has done something."""
    return re.compile(r"\b(?:is|are|was|were)\b|[A-Za-z]['’](?:s|re)\b|\b(?:I|[Ww]e|[Yy]ou|[Hh]e|[Ss]he|[Tt]hey|[Ii]t)\s[a-z]{2,}")


@cache
def _but() -> re.Pattern[str]:
    """What takes back what was said before it, for a reason."""
    return re.compile(r",?\s(?:but|however),?\s(?=(?:since|because|as|given|only)\s)")


@cache
def _as_desired() -> re.Pattern[str]:
    return re.compile(r",\sas\s(?:desired|required|claimed|needed|expected|wanted)\.?$")


def _bare(text: str) -> Final | None:
    """A text that is nothing but an answer: it has hardly a word in it, and is read as one where it has."""
    plain = text.strip().strip("*_`“”").rstrip(_DECORATION).strip()
    plain = _as_desired().sub("", plain)
    if plain.endswith(".") and plain[:-1].rstrip()[-1:] in _DECORATION.strip():
        plain = plain[:-1].rstrip(_DECORATION)
    lead = _lead().match(plain)
    plain = plain[lead.end() :] if lead else plain
    said = list(conclusion().finditer(plain))
    plain = plain[said[-1].end() :].removeprefix("at ") if said else plain
    if not plain or len(plain) > MAX_BARE or "\n\n" in plain or re.search(r"[.!?]\s{1,3}[A-Z][a-z]", plain):
        return None
    words = re.findall(r"[^\W\d_]{3,}", re.sub(r"\\[A-Za-z]+", " ", plain))
    read = read_answer(plain)
    if not isinstance(read, Answer):
        bare = len(words) <= 2 and _says().search(plain) is None
    elif isinstance(read.value, Labelled):
        bare = len(words) <= 1 and not re.search(r"\b(?:is|are|find|get)\b", plain) and not has_unread(read.value)
    else:
        if isinstance(read.value, Words) and number_at_start(tokens_of(plain)) is not None:
            return None  # "seven apples remain"
        if isinstance(read.value, Listing) and has_words(read.value):
            return None  # "In short, 5"
        most = 3 if isinstance(read.value, Words) else 2
        says = _says().search(masked(plain)) is not None
        number = isinstance(read.value, Expression) and not any(sign.isdigit() for sign in plain)  # "two and a half hours"
        bare = number or (not words and not says) or (len(words) <= most and not says and not has_unread(read.value))
    if not bare:
        return None
    plain = last_alike(plain)
    start = text.rindex(plain)
    return Final(start, start + len(plain), plain, "the whole text")
