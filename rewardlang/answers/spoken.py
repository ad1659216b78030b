"""Numbers that a sentence says in words: `The result is seventy-two.`, `So, seven apples remain.`, `for an hour and a half`."""

from __future__ import annotations

import re

from rewardlang.answers.kinds import Expression
from rewardlang.answers.number_words import measured_in_words, number_at_start
from rewardlang.answers.parse import read_answer
from rewardlang.answers.sentences import Final, sentence_begin, statement
from rewardlang.answers.tokens import Token, tokens_of
from rewardlang.answers.values import Answer

MAX_SPOKEN = 80
MAX_WORDS = 60
MAX_MEASURED = 8
_NO_COUNT = ("one", "a", "an", "half")
"""Alone, these count nothing."""


def in_words(text: str) -> tuple[Final | None, int]:
    """The number that the last sentence states in words, and where the sentence begins."""
    end = len(text.rstrip(" \n*_.!"))
    begin = sentence_begin(text, end)
    said, start = statement(text[begin:end], begin)
    plain = said.strip(" *_")
    read = read_answer(plain) if plain and start > begin and len(plain) <= MAX_SPOKEN else None
    formula = isinstance(read, Answer) and isinstance(read.value, Expression) and re.search(r"[-+−*/^√·=]", plain) is not None
    if formula:
        return Final(start, start + len(said), plain, "the last statement"), begin
    if not isinstance(read, Answer) or not isinstance(read.value, Expression) or read.value.value.rational is None:
        return _counted(text, begin, end), begin
    return Final(start, start + len(said), plain, "the last statement"), begin


def _measured(tokens: list[Token]) -> int:
    """How many tokens say a number around its unit: `an hour and a half`; 0 where they do not begin so."""
    words = [token.text.lower() for token in tokens[:MAX_MEASURED]]
    return next((length for length in range(len(words), 2, -1) if measured_in_words(words[:length]) is not None), 0)


def _counted(text: str, begin: int, end: int) -> Final | None:
    """The only number in words of a sentence, with its unit."""
    words = list(re.finditer(r"[A-Za-z]+(?:-[A-Za-z]+)*", text[begin:end]))[:MAX_WORDS]
    found: list[Final] = []
    for match in words:
        start = begin + match.start()
        if found and start < found[-1].end:
            continue
        tokens = tokens_of(text[start : min(end, start + MAX_SPOKEN)])
        length = _measured(tokens)
        if not length and ((number := number_at_start(tokens)) is None or ((length := number[1]) == 1 and match[0].lower() in _NO_COUNT)):
            continue
        said = "".join(f" {token.text}" if token.spaced else token.text for token in tokens[:length]).strip()
        found.append(Final(start, start + len(said), said, "the last statement"))
    return found[0] if len(found) == 1 else None
