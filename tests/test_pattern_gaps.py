"""Patterns of literals and gaps match where the machine for all patterns says that they do."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.patterns.gaps import gaps_of
from rewardlang.patterns.parse import parse_pattern
from rewardlang.patterns.pattern import compile_pattern
from rewardlang.patterns.run import Machine

PIECES = ["a", "ab", "aa", "aba", r"b\n", r"\n", ".*", ".+", ".*?", r"\s*", "[ab]*", "[^a]*", "[ab]+", "c"]
patterns = st.builds(
    "{}{}{}".format,
    st.sampled_from(["^", ""]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.sampled_from(["$", ""]),
)


@settings(max_examples=300, deadline=None)
@given(patterns, st.sampled_from(["", "s"]), st.lists(st.text("aab\n c", max_size=9), max_size=8))
def test_gaps_and_machine_agree(pattern: str, flags: str, texts: list[str]) -> None:
    """Literals that overlap themselves, gaps that cannot cross a line break, ends of the text."""
    tree = parse_pattern(pattern, flags)
    gaps = gaps_of(tree)
    if gaps is not None:
        machine = Machine(tree, None)
        assert [gaps.found_in(text) for text in texts] == [machine.find(text, 0) is not None for text in texts]


def test_patterns_of_the_notebooks_are_of_this_kind() -> None:
    """The layouts that the notebooks look for, over one line and over several."""
    layout = compile_pattern(r"^<reasoning>\n.*?\n</reasoning>\n<answer>\n.*?\n</answer>\n$", "s")
    assert gaps_of(layout.tree) is not None
    good = "<reasoning>\none\ntwo\n</reasoning>\n<answer>\n7\n</answer>\n"
    assert layout.holds([good, good.strip(), good + good, "x" + good]) == [True, False, True, False]
    assert gaps_of(parse_pattern(r"^<reasoning>.*</reasoning>\s*<answer>.*</answer>", "")) is not None


def test_a_hostile_text_takes_linear_time() -> None:
    """Ten thousand openings without an end."""
    layout = compile_pattern("<a>.*</a><b>.*</b>", "s")
    assert layout.holds(["<a>" * 10_000 + "</a><b>" * 10_000]) == [False]
