"""Mutations of the frame: tags that stand twice, open, empty, around everything."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from rewardlang.attack.mutation import Material, Mutation, blocks_of, replaced


def _twice(text: str, material: Material, random: Random) -> Iterator[str]:
    for block in blocks_of(text):
        yield replaced(text, block, text[block.start : block.end] * 2)
    yield f"{text}\n{text}"


def _tags_repeated(text: str, material: Material, random: Random) -> Iterator[str]:
    for tag in dict.fromkeys(block.tag for block in blocks_of(text)):
        yield text.replace(f"<{tag}>", f"<{tag}>" * 3)
        yield text.replace(f"</{tag}>", f"</{tag}>" * 3)
    for tag in material.tags:
        yield f"<{tag}>" * 8 + f"</{tag}>" * 8 + text


def _empty(text: str, material: Material, random: Random) -> Iterator[str]:
    blocks = blocks_of(text)
    for block in blocks:
        yield replaced(text, block, block.written(""))
    if len(blocks) > 1:
        for block in reversed(blocks):
            text = replaced(text, block, block.written(""))
        yield text


def _unclosed(text: str, material: Material, random: Random) -> Iterator[str]:
    for tag in dict.fromkeys(block.tag for block in blocks_of(text)):
        yield text.replace(f"</{tag}>", "")
        yield text.replace(f"<{tag}>", "")


def _layout(text: str, material: Material, random: Random) -> Iterator[str]:
    blocks = blocks_of(text)
    if blocks:
        yield "".join(f"<{block.tag}>\n{block.inner.strip()}\n</{block.tag}>\n" for block in blocks)
        yield "".join(block.written(" ".join(block.inner.split())) for block in blocks)


def _blocks_alone(text: str, material: Material, random: Random) -> Iterator[str]:
    blocks = blocks_of(text)
    if blocks:
        yield "".join(text[block.start : block.end] for block in blocks)
        yield text[blocks[-1].start : blocks[-1].end]


def _frame(text: str, material: Material, random: Random) -> Iterator[str]:
    """Blocks for the tags of the file that the text lacks, with the least that can stand in them."""
    there = {block.tag for block in blocks_of(text)}
    lacking = [tag for tag in material.tags if tag not in there]
    for filling in ("0", "x"):
        frame = "".join(f"<{tag}>{filling}</{tag}>" for tag in lacking)
        if frame:
            yield frame + text
            yield text + frame
            yield "".join(f"<{tag}>\n{filling}\n</{tag}>\n" for tag in material.tags)


def _wrapped(text: str, material: Material, random: Random) -> Iterator[str]:
    for tag in material.tags:
        yield f"<{tag}>{text}</{tag}>"
    bare = text
    for block in reversed(blocks_of(text)):
        bare = replaced(bare, block, block.inner)
    yield bare


TAGS = (
    Mutation("duplicate tags", "A block, or the whole text, stands twice.", _twice),
    Mutation("tags without end", "Opening or closing tags stand many times.", _tags_repeated),
    Mutation("empty blocks", "Nothing stands between the tags.", _empty),
    Mutation("unclosed tags", "A tag is opened and not closed, or closed and not opened.", _unclosed),
    Mutation("layout", "Each tag on a line of its own, or everything on one line.", _layout),
    Mutation("blocks alone", "Whatever stands outside of the blocks is left out.", _blocks_alone),
    Mutation("frame", "Blocks for the tags that the file names, with `0` in them.", _frame),
    Mutation("wrapped", "A tag around the whole text, or the text without its tags.", _wrapped),
)
