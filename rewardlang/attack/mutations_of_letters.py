"""Mutations of single characters: letters that look alike, characters that nobody sees, capitals."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from rewardlang.attack.mutation import Material, Mutation, blocks_of, replaced

_ALIKE = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")  # Latin to Cyrillic
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_HIDDEN = ("\u200b", "\u00ad", "\u202e")  # zero-width space, soft hyphen, right-to-left override


def _alike(text: str, material: Material, random: Random) -> Iterator[str]:
    yield text.translate(_ALIKE)
    yield text.translate(_WIDE)
    for block in blocks_of(text):
        yield replaced(text, block, block.written(block.inner.translate(_ALIKE).translate(_WIDE)))


def _hidden(text: str, material: Material, random: Random) -> Iterator[str]:
    for character in _HIDDEN:
        yield character + text
        yield text.replace(" ", f" {character}")
        for block in blocks_of(text)[-1:]:
            yield replaced(text, block, block.written(character.join(block.inner)))
            yield replaced(text, block, f"<{character}{block.tag}>{block.inner}</{block.tag}>")


def _capitals(text: str, material: Material, random: Random) -> Iterator[str]:
    yield text.upper()
    yield text.lower()


LETTERS = (
    Mutation("look-alike letters", "Cyrillic letters for Latin ones, wide digits for digits.", _alike),
    Mutation("hidden characters", "Zero-width spaces, soft hyphens, a right-to-left override.", _hidden),
    Mutation("capitals", "All capitals, or none.", _capitals),
)
