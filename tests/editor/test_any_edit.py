"""Whatever stands in a file, every answer can be made, and every place in it lies in the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from rewardlang.editor import completion, diagnostics, hover, outline, ranges, rename
from rewardlang.editor.document import Document
from rewardlang.editor.files import Files
from rewardlang.editor.positions import Lines, Moved
from rewardlang.parsing.syntax_from_text import tokens
from rewardlang.source import Source, Span
from tests.editor.shared import REWARD

LEAVES = [str(leaf) for leaf in tokens(Source("", REWARD))]
WORDS = st.sampled_from([*LEAVES, "🎉", "\r\n", "\n", '"', "#", "<", "(", "\u2028", "é"])
TEXTS = st.text(st.sampled_from("ab \n\r🎉é\u2028"), max_size=30)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """The shared file, and the same with a stretch of it replaced by some words."""
    start = draw(st.integers(0, len(REWARD)))
    end = draw(st.integers(start, min(len(REWARD), start + 80)))
    return REWARD, REWARD[:start] + " ".join(draw(st.lists(WORDS, max_size=5))) + REWARD[end:]


def _positions(value: Any) -> Iterator[lsp.Position]:
    """Every position in an answer."""
    if isinstance(value, lsp.Position):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _positions(item)
    elif hasattr(value, "__attrs_attrs__"):
        for attribute in value.__attrs_attrs__:
            yield from _positions(getattr(value, attribute.name))


@settings(max_examples=60)
@given(edits(), st.integers(0, 1200))
def test_every_answer_can_be_made(texts: tuple[str, str], where: int) -> None:
    """After any edit: symbols, folds, hints, lenses, fixes, completion, hover, definition; ranges are whole and in the text."""
    document = Document("untitled:a", None, texts[0], 1)
    document.take(*document.compile(document.source))
    document.update(texts[1], 2)
    quick = document.syntax_mistakes()
    if texts[1].count('"') == texts[0].count('"'):
        assert bool(quick) == bool(document.parsed.diagnostics)
    document.take(*document.compile(document.source))
    whole = Span(0, len(document.text))
    offset = min(where, len(document.text))
    answers = [outline.symbols(document), outline.folds(document), ranges.inlay_hints(document, whole), ranges.lenses(document)]
    answers += [diagnostics.diagnostics(document), diagnostics.quick_fixes(document, whole), completion.completions(document, offset)]
    answers += [[rename.definition(Files({document.uri: document}, [], "utf-16"), document, offset)]]
    hover.hover(document, offset)
    for position in _positions(answers):
        assert document.lines.position(document.lines.offset(position)) == position
    for symbol in outline.symbols(document):
        assert document.lines.offset(symbol.range.start) <= document.lines.offset(symbol.selection_range.start)
        assert document.lines.offset(symbol.selection_range.end) <= document.lines.offset(symbol.range.end)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_offsets_and_positions_are_one_to_one(text: str, encoding: str) -> None:
    """Every offset has its position, and back, but for those inside of a line break."""
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        inside = 0 < offset < len(text) and text[offset - 1 : offset + 1] == "\r\n"
        assert lines.offset(lines.position(offset)) == (offset - 1 if inside else offset)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_places_move_with_what_stands_around_them(before: str, old: str, new: str, after: str) -> None:
    """A place before an edit stays, the order stays, and none leaves the text."""
    moved = Moved(before + old + after, before + new + after)
    for offset in range(len(before + old + after) + 1):
        there = moved.offset(offset)
        assert 0 <= there <= len(before + new + after)
    assert [moved.offset(offset) for offset in range(len(before))] == list(range(len(before)))
    ordered = [moved.offset(offset) for offset in range(len(before + old + after) + 1)]
    assert ordered == sorted(ordered)


def test_a_mistake_is_found_from_the_statements_around_the_edit() -> None:
    """The same message at the same place as the whole reading has, and its repair too; the whole text is not read for it."""
    document = Document("untitled:a", None, REWARD, 1)
    assert document.parsed.ok
    broken = REWARD.replace("is less than 50", '<= 50 && x contains "a"')
    document.update(broken, 2)
    quick = document.syntax_mistakes()
    assert [found.code for found in quick] == ["RW110"]
    assert quick == document.parsed.diagnostics
    (action,) = diagnostics.quick_fixes(document, quick[0].span)
    assert action.title == "write 'and'"
