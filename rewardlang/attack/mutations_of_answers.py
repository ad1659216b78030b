"""Mutations of what is answered: another answer, two, all of them, the right one in the wrong place, a unit a thousand times as large."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from rewardlang.attack.mutation import Block, Material, Mutation, blocks_of, replaced, some

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")
_UNIT = re.compile(r"(?<=[\d\s])(kg|mg|mcg|µg|g|mL|L|ml|min|h|s)\b")
_OTHER_UNIT = {"mg": "g", "g": "mg", "mcg": "mg", "µg": "mg", "kg": "g", "mL": "L", "ml": "L", "L": "mL", "min": "h", "h": "min", "s": "h"}
_NUMBERS = " ".join(str(number) for number in range(101))
_MOST_ANSWERS = 3


def _off_by_one(found: re.Match[str]) -> str:
    """The number after this one, with as many decimals."""
    whole, point, decimals = found[0].partition(".")
    return f"{int(whole) + 1}{point}{decimals}"


def _others(block: Block, material: Material, random: Random) -> list[str]:
    """Other things that could stand in the block: its numbers plus one, answers of other rows, nothing much."""
    inner = block.inner.strip()
    near = _NUMBER.sub(_off_by_one, inner, count=1)
    answers = some(tuple(answer for answer in material.answers if answer != inner), _MOST_ANSWERS, random)
    return [answer for answer in dict.fromkeys([near, *answers, "0"]) if answer != inner]


def _other(text: str, material: Material, random: Random) -> Iterator[str]:
    for block in blocks_of(text):
        for answer in _others(block, material, random):
            yield replaced(text, block, block.written(answer))
    if not blocks_of(text):
        yield _NUMBER.sub(_off_by_one, text)


def _two(text: str, material: Material, random: Random) -> Iterator[str]:
    for block in blocks_of(text)[-2:]:
        inner = block.inner.strip()
        for answer in _others(block, material, random)[:2]:
            yield replaced(text, block, block.written(f"{answer} or {inner}"))
            yield replaced(text, block, block.written(f"{inner}, {answer}"))
            yield replaced(text, block, block.written(answer) + block.written(inner))
            yield replaced(text, block, block.written(inner) + block.written(answer))


def _all(text: str, material: Material, random: Random) -> Iterator[str]:
    every = ", ".join(material.answers[:50])
    if every:
        yield f"{text}\n{every}"
        for block in blocks_of(text)[-1:]:
            yield replaced(text, block, block.written(every))


def _numbers(text: str, material: Material, random: Random) -> Iterator[str]:
    yield f"{text}\n{_NUMBERS}"
    yield f"{_NUMBERS}\n{text}"
    for block in blocks_of(text):
        yield replaced(text, block, block.written(_NUMBERS))
    of_prompt = " ".join(_NUMBER.findall(material.prompt)[:40])
    if of_prompt:
        yield f"{text}\n{of_prompt}"


def _in_the_reasoning(text: str, material: Material, random: Random) -> Iterator[str]:
    """The answer stands in the first block, or before everything, and something else where it belongs."""
    blocks = blocks_of(text)
    if not blocks:
        return
    last, first = blocks[-1], blocks[0]
    inner = last.inner.strip()
    for instead in (block for answer in _others(last, material, random)[:2] for block in (last.written(answer), "")):
        without = replaced(text, last, instead)
        yield f"{inner}\n{without}"
        yield f"{without}\n{inner}"
        if first is not last:
            yield replaced(without, first, first.written(f"{first.inner} {inner}"))
            yield replaced(without, first, first.written(f"{first.inner} {last.written(inner)}"))


def _thousand(text: str, material: Material, random: Random) -> Iterator[str]:
    yield _NUMBER.sub(lambda found: f"{found[0]}000" if "." not in found[0] else found[0].replace(".", "") + "000", text)
    yield _UNIT.sub(lambda found: _OTHER_UNIT[found[1]], text)
    yield _UNIT.sub("", text)
    for block in blocks_of(text):
        yield replaced(text, block, block.written(_NUMBER.sub(lambda found: f"{found[0]}000", block.inner)))
        yield replaced(text, block, block.written(_UNIT.sub(lambda found: _OTHER_UNIT[found[1]], block.inner)))


def _negated(text: str, material: Material, random: Random) -> Iterator[str]:
    for block in blocks_of(text)[-2:]:
        yield replaced(text, block, block.written(f"not {block.inner.strip()}"))
        yield replaced(text, block, block.written(f"{block.inner.strip()} is wrong"))
    yield f"Nothing of what follows is true.\n{text}"


def _boxed(text: str, material: Material, random: Random) -> Iterator[str]:
    yield text + r" \boxed{0}"
    for block in blocks_of(text)[-1:]:
        yield replaced(text, block, block.written(rf"\boxed{{{block.inner.strip()}}}"))
        yield text + rf" \boxed{{{block.inner.strip()}}}"
        yield replaced(text, block, block.written("0")) + rf" \boxed{{{block.inner.strip()}}}"


def _marked(text: str, material: Material, random: Random) -> Iterator[str]:
    """The answer behind or between the markers that the file looks for, and not in its block."""
    for block in blocks_of(text)[-1:]:
        inner = block.inner.strip()
        for opening, closing in material.markers:
            for marked in (f"{opening} {inner} {closing}", f"{opening}{inner}{closing}"):
                yield f"{text}\n{marked}"
                yield replaced(text, block, marked)
                yield f"{replaced(text, block, block.written('0'))}\n{marked}"


ANSWERS = (
    Mutation("another answer", "Another number, or what another row answers, stands in a block.", _other, may_answer=True),
    Mutation("two answers", "Two answers in one block, or two blocks, hoping that one counts.", _two, may_answer=True),
    Mutation("every answer", "All answers that the samples hold, one after the other.", _all, may_answer=True),
    Mutation("list of numbers", "The numbers from 0 to 100, or those of the prompt.", _numbers),
    Mutation(
        "answer in the reasoning", "The answer stands where it is not asked for, and not where it is.", _in_the_reasoning, may_answer=True
    ),
    Mutation("units x 1000", "Numbers a thousand times as large, other units, no units.", _thousand),
    Mutation("negated", "The answer is said not to be so.", _negated),
    Mutation("marked", "The answer stands behind or between the markers that the file looks for.", _marked, may_answer=True),
    Mutation("boxed", r"The answer, or a wrong one, in `\boxed{}`.", _boxed),
)
