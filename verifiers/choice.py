"""`choice`: the letter that an answer chooses, in tests with several options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_SAID = r"answer|option|choice|choose|select|pick"


@lru_cache(maxsize=64)
def _patterns(letters: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A text that is a choice as a whole; and the places in prose where a letter is chosen. All bounded."""
    one = rf"[{re.escape(letters)}]"
    wrapped = rf"(?:\\boxed\{{|\\text\{{|\*\*|[(\[\"'“‘$]){{0,4}}({one})(?:[)\]\"'”’$}}.:]|\*\*){{0,4}}"
    whole = re.compile(rf"\s{{0,40}}{wrapped}(?:\s|\Z|[\u3000-\u9fff\uff00-\uffef])", re.ASCII)
    said = re.compile(
        rf"\b(?i:{_SAID})(?:\s(?i:is|would\sbe|must\sbe|was))?(?:\s(?i:for\ssure|clearly|therefore|option|answer|choice|letter))?\s?:?\s{{0,3}}"
        rf"{wrapped}(?![\w'’])"
        rf"|\\boxed\{{\s?(?:\\text\{{)?\(?({one})\)?\}}?\s?\}}"
        rf"|(?<![\w(])\(({one})\)(?!\w)",
        re.ASCII,
    )
    return whole, said


@finder("choice", cost="linear", version="1")
def choice(texts: Sequence[str], *, letters: str = "ABCDE", options: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    r"""The letters that a text chooses, in a test with several options.

    What it checks
    --------------
    A text that begins with a letter by itself (`B`, `(B)`, `B.`, `**B**`, `\text{B}`) chooses that letter, and no other. In other
    texts these are choices: a letter in a box, in round brackets, or after words such as "the answer is" and "option". With `options`, the
    list of the row's options in order, their texts count as well, whole and without regard to case: a text that is an option
    chooses its letter. Only capital letters, `A` to `E` if `letters` says nothing else. The value is the letter.

    Why it earns reward
    -------------------
    Half of all tests have options; models answer with the letter, the text, or both, in a dozen ways.

    Example
    -------
    `rule right: award 1 point when only choice in only <answer> in completion equals key`

    Known gaps
    ----------
    A model can name several letters: `only` makes that missing, `last` pays for the last. "It can't be A" names a letter that is not
    chosen, and is not found; "(A) is wrong" is. `A` that begins a sentence as a word is taken for a letter when it stands alone before
    a point or bracket. Ask for a tag, and look inside it.
    """
    return [list(_choices(text, letters, options)) if letters else [] for text in texts]


def _choices(text: str, letters: str, options: tuple[str, ...]) -> Iterator[Finding[str]]:
    inner = " ".join(text[:2000].split()).strip(" .").casefold() if len(text) <= 2000 else ""
    for letter, option in zip(letters, options, strict=False):
        if inner and inner == " ".join(option.split()).strip(" .").casefold():
            start = len(text) - len(text.lstrip())
            yield Finding(start, len(text.rstrip()), letter)
            return
    whole, said = _patterns(letters)
    match = whole.match(text)
    if match is not None and not _begins_prose(text, match):
        yield Finding(match.start(1), match.end(1), match[1])
        return
    for match in said.finditer(text):
        yield Finding(*match.span(match.lastindex or 0), match[match.lastindex or 0])


def _begins_prose(text: str, match: re.Match[str]) -> bool:
    """Whether the letter is a word of the sentence: `A model …`, `I think`."""
    return match[0].strip() == match[1] and text[match.end() : match.end() + 1].islower()
