"""What the engine does to whole columns is what is said of one row: tags, chats, counts; and a column may come as an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang.engine.chats import chats_of, completion_texts
from rewardlang.engine.tag_layouts import layout_of
from rewardlang.engine.tag_shapes import BEGIN, literals
from rewardlang.engine.tags import tag_of, tags_of
from rewardlang.errors import DataError
from rewardlang.marking.intake import message_text, prompt_parts
from rewardlang.passages import outside, tags
from rewardlang.patterns.pattern import compile_pattern
from rewardlang.registry import default_registry
from tests.engine.agreement import agree
from tests.engine.files import completions
from tests.test_marking_laws import REWARD
from tests.test_marking_laws import batches as law_batches

NAMES = ("a", "b", "think", "a_name_of_more_than_eight_letters", "größe")
PIECES = [*(f"<{name}>" for name in NAMES), *(f"</{name}>" for name in NAMES), "<", "</", "<a", "a>", " x ", "\n", "é", "漢", "\U0001f600"]
texts = st.lists(st.lists(st.sampled_from([*PIECES, "\ud800"]), max_size=8).map("".join), max_size=30)


@settings(max_examples=60, deadline=None)
@given(texts, st.sampled_from([NAMES, NAMES[:4], NAMES[:1]]), st.booleans(), st.integers(0, 9))
def test_tags_of_a_column(column: list[str], names: tuple[str, ...], many: bool, long: int) -> None:
    """Blocks, what is outside and behind them, and literals of every text, in columns of any size, whatever layout is expected."""
    size = len(column)
    tags_in_first = literals(names)[0].findall(column[0]) if column else []
    begins = BEGIN * (column != [] and column[0].startswith(tuple(tags_in_first[:1])) and tags_in_first != [])
    layout = layout_of(names, begins + "".join(tags_in_first), min(long, len(tags_in_first)))
    found = tags_of([*column, *["<a>"] * 300] if many else column, names, None if many else layout)
    shapes = found.shapes
    for name in names:
        before, closing = (outside(text, name).text for text in column), f"</{name}>"
        assert found.outside(name)[:size] == list(before)
        assert found.spread(shapes.contain(name, closing=True))[:size] == [closing in text for text in column]
        assert found.spread(shapes.contain(name, closing=False))[:size] == [f"<{name}>" in text for text in column]
        assert found.spread(shapes.begin(name, closing=False))[:size] == [text.startswith(f"<{name}>") for text in column]
        assert found.spread(shapes.begin(name, closing=True))[:size] == [text.startswith(closing) for text in column]
        assert found.end(name, closing=True)[:size] == [text.endswith(closing) for text in column]
        behind = [text.rpartition(closing)[2].strip() if closing in text else None for text in column]
        assert found.behind_last_closing(name)[:size] == behind
        for row, text in enumerate(column):
            wanted = tags(text, name)
            values = tuple(finding.value for finding in wanted.findings)
            assert found.spread(shapes.openings(name))[row] == wanted.openings
            assert found.only(name)[row] == (None if wanted.only is None else wanted.only.value)
            assert found.spread(shapes.counts(name))[row] == len(values)
            assert found.every(name)[row] == values
            assert (found.nth(name, 0)[row], found.nth(name, -1)[row]) == ((values[0], values[-1]) if values else (None, None))


def test_texts_larger_than_a_buffer() -> None:
    """A text longer than what is searched at a time, between short ones."""
    column = ["<a>1</a>", f"<a>{'x' * 250_000}</a>", *["<a>2</a>"] * 212, "y" * 99_000, "<a>3</a>"]
    only = tags_of(column, ("a",)).only("a")
    assert [text and text[:1] for text in only] == ["1", "x", *"2" * 212, None, "3"]


def test_more_names_than_a_byte_tells_apart() -> None:
    """A file may look for any number of tags."""
    names = tuple(f"t{number}" for number in range(300))
    found = tags_of([f"<t{number}>{number}</t{number}>" for number in range(300)], names)
    assert [found.only(name)[place] for place, name in enumerate(names)] == list(map(str, range(300)))


def test_literals_that_are_tags() -> None:
    """`<t>` and `</t>`; nothing else."""
    assert tag_of("<answer>") == ("answer", False)
    assert tag_of("</answer>") == ("answer", True)
    assert [tag_of(text) for text in ("answer", "<answer", "<a><b>", "<>", "<a>\n", "<a/>")] == [None] * 6


@settings(max_examples=8, deadline=None)
@given(st.lists(law_batches, min_size=1, max_size=3), st.integers(0, 120))
def test_batches_that_are_searched_as_one_text(parts: list[list[dict[str, Any]]], step: int) -> None:
    """Batches of more rows than are looked at one by one score as their rows do."""
    rows = [row for part in parts for row in part]
    rows = [rows[index % len(rows)] for index in range(max(len(rows), 12))]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    agree(REWARD, columns.pop("completion"), columns, step=step)


messages = st.fixed_dictionaries(
    {"content": st.sampled_from(["x", "", None, [{"text": "part"}, {"image": 1}], 7])},
    optional={"role": st.sampled_from(["system", "user", "assistant", "tool"])},
)
chats = st.lists(st.lists(messages, max_size=3) | st.sampled_from(["text", None, ("x",), {"content": "x"}]), max_size=4)


@settings(max_examples=150, deadline=None)
@given(chats | st.builds(lambda chat, times: [chat] * times, st.lists(messages, min_size=1, max_size=3), st.integers(1, 3)))
def test_chats_of_a_column(column: list[Any]) -> None:
    """Completions and prompts of all shapes have the texts that each has alone, or are refused as it is."""
    assert _or_error(completion_texts, column) == _or_error(lambda chats: [message_text(chat, "assistant") for chat in chats], column)
    assert _or_error(_prompts, column) == _or_error(lambda chats: [prompt_parts(chat) for chat in chats], column)


def _prompts(column: list[Any]) -> list[tuple[str | None, str | None, str]]:
    found = chats_of(column)
    size = len(column)
    systems, users = found.systems or [None] * size, found.users or [None] * size
    return list(zip(systems, users, found.prefills or [""] * size, strict=True))


def _or_error(function: Any, column: list[Any]) -> Any:
    try:
        return function(column)
    except DataError as error:
        return str(error)


@settings(max_examples=80, deadline=None)
@given(st.lists(completions | st.text("aB1_ '-.,<>/é漢", max_size=14), max_size=6), st.integers(1, 12), st.integers(1, 40))
def test_what_a_finder_counts_is_what_it_finds(column: list[str], most: int, times: int) -> None:
    """Every finder that counts without finding gives the number of its findings, or of many of them as many as it must count."""
    counting = [verifier for verifier in default_registry() if verifier.count is not None]
    assert counting
    for verifier in counting:
        assert verifier.count is not None
        assert verifier.count(column, None) == list(map(len, verifier(column)))
        long = [text * times for text in column]
        capped = [min(len(found), most) for found in verifier(long)]
        assert [min(count, most) for count in verifier.count(long, most)] == capped


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([r"^\d+$", r"^[A-D]+$", r"^[a-z1]+$", r"\d", r"(a|b)*c(a|b)*d", r"^[^a]+$", "a", "aa"]),
    st.lists(st.text("aBc1\n\ud800é", max_size=5)),
)
def test_patterns_over_a_column(pattern: str, column: list[str]) -> None:
    """Whether a pattern holds of each text of a column is whether a search finds it there."""
    compiled = compile_pattern(pattern)
    assert compiled.holds(column) == [compiled.search(text) is not None for text in column]
    assert compiled.counts(column) == [len(list(compiled.finditer(text))) for text in column]


@pytest.mark.parametrize("kind", ["numpy", "pandas", "arrow"])
def test_columns_may_be_arrays(kind: str) -> None:
    """Arrays of numpy, pandas and Arrow score as lists do; so do prompts and completions."""
    reward = rewardlang.loads(
        "rewardlang 1\nreward r\ncolumn gold: text\ncolumn n: number\nlet final = only <a> in completion\n"
        "rule right: award 2 points when final equals gold\nrule many: award 1 point when n > 1.5\nscore between 0 and 3\n"
    )
    listed: dict[str, list[Any]] = {"completions": ["<a>7</a>", "é <a>8</a>", "7"], "gold": ["7", "8", "7"], "n": [1.25, 2.5, 3.0]}
    made = {name: _array(kind, values) for name, values in listed.items()}
    scores = reward.score(made["completions"], made["completions"], {"gold": made["gold"], "n": made["n"]})
    assert scores.values.tolist() == [2.0, 3.0, 1.0]
    assert scores.row(1).score == 3.0


def _array(kind: str, values: list[Any]) -> Any:
    if kind == "numpy":
        return np.array(values)
    if kind == "pandas":
        import pandas

        return pandas.Series(values)
    import pyarrow

    return pyarrow.chunked_array([values[:1], values[1:]])
