"""The mutations: listed on their page, total on any text, the same for the same seed; and texts that patterns find."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang import meaning
from rewardlang.attack.attack import NUMBERS
from rewardlang.attack.catalogue import MUTATIONS
from rewardlang.attack.mutation import Material, Mutation, blocks_of, replaced
from rewardlang.attack.mutations_of_words import filler
from rewardlang.attack.pattern_texts import matching_texts
from rewardlang.attack.texts import columns_of_success, texts_of
from rewardlang.patterns.pattern import compile_like, compile_pattern
from rewardlang.reward import loads
from tests.sources import ROOT

PAGE = ROOT / "rewardlang" / "attack" / "README.md"
BEGIN, END = "<!-- mutations: written by pytest tests/attack --update-docs -->\n", "<!-- end of mutations -->\n"
MATERIAL = Material(
    prompt="What is 8 times 9?",
    tags=("think", "answer", "draft"),
    markers=(("####", ""), ("[", "]")),
    texts=("therefore", "because"),
    lists={"heads": ("Facts", "Analysis")},
    matches=("42 USC 1", "43 USC 2"),
    answers=("71", "claim fails"),
    others=("<answer>71</answer>",),
)
TEXT_OF_A_ROW = "<think>8 * 9 is 72 mg.\nSo 72.</think>\n<answer>72</answer>"

texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(["<answer>", "</answer>", "<think>", "</think>", "72", " mg ", "\n", "é", "\u202e", ""]), max_size=12).map(
        "".join
    ),
)


def _of(name: str, text: str = TEXT_OF_A_ROW) -> list[str]:
    (mutation,) = [mutation for mutation in MUTATIONS if mutation.name == name]
    return list(mutation.apply(text, MATERIAL, Random(0)))


def test_the_page_lists_every_mutation(request: pytest.FixtureRequest) -> None:
    """Name and sentence of each; `--update-docs` writes the table."""
    star = {True: r" **\***", False: ""}
    rows = [f"| {mutation.name}{star[mutation.may_answer]} | {mutation.what} |" for mutation in MUTATIONS]
    table = "\n".join(["| mutation | what it does |", "|---|---|", *rows]) + "\n"
    text = Path(PAGE).read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    written, end, after = rest.partition(END)
    assert begin
    assert end
    if written != table and request.config.getoption("--update-docs"):
        PAGE.write_text(before + begin + table + end + after, encoding="utf-8")
        return
    assert written == table


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_changes_a_usual_completion(mutation: Mutation) -> None:
    """Each has something to say about an answer in tags."""
    assert any(text != TEXT_OF_A_ROW for text in mutation.apply(TEXT_OF_A_ROW, MATERIAL, Random(0)))


@given(texts, st.sampled_from(MUTATIONS))
def test_a_mutation_is_total_and_decided_by_the_seed(text: str, mutation: Mutation) -> None:
    """Any text, hostile ones too; the same seed gives the same texts."""
    assert list(mutation.apply(text, MATERIAL, Random(1))) == list(mutation.apply(text, MATERIAL, Random(1)))


def test_what_some_mutations_write() -> None:
    """The best known ones, to the letter."""
    assert "<think>8 * 9 is 72 mg.\nSo 72.</think>\n<answer>72</answer><answer>72</answer>" in _of("duplicate tags")
    assert "<answer>73 or 72</answer>" in _of("two answers", "<answer>72</answer>")
    assert "<answer>72</answer><answer>73</answer>" in _of("two answers", "<answer>72</answer>")
    assert "<answer></answer>" in _of("empty blocks", "<answer>72</answer>")
    assert MATERIAL.prompt in _of("echo of the prompt", "")
    assert f"<answer>{NUMBERS}</answer>" in _of("list of numbers", "<answer>72</answer>")
    assert "<think>8 is</think><answer>73</answer>\n72" in _of("answer in the reasoning", "<think>8 is</think><answer>72</answer>")
    assert "<dose>500 g</dose>" in _of("units x 1000", "<dose>500 mg</dose>")
    assert "<dose>500000 mg</dose>" in _of("units x 1000", "<dose>500 mg</dose>")
    assert "<answer>７２</answer>" in _of("look-alike letters", "<answer>72</answer>")
    assert "<answer>7\u200b2</answer>" in _of("hidden characters", "<answer>72</answer>")
    assert "<answer>72</answer>\n#### 72 " in _of("marked", "<answer>72</answer>")
    assert "[72]" in _of("marked", "<answer>72</answer>")
    assert "72\nFacts\nAnalysis" in _of("lists pasted", "72")


def test_the_filler_has_no_misspelling() -> None:
    """Padding must not cost points where spelling is marked."""
    reward = loads("rewardlang 1\nreward a\nrule s: deduct 1 point for each misspelling in completion, up to 9\nscore between -9 and 0\n")
    assert reward.score_one(filler(200)) == 0
    assert len(filler(200).split()) >= 200


@given(texts)
def test_blocks_stand_where_they_say(text: str) -> None:
    """A block's place holds its own writing; replacing it by itself changes nothing."""
    for block in blocks_of(text):
        assert text[block.start : block.end] == block.written(block.inner)
        assert replaced(text, block, block.written(block.inner)) == text


@pytest.mark.parametrize(
    "pattern",
    [r"\d+ U\.?S\. § ?\d+", r"^Answer: [A-D]$", r"(yes|no|maybe)", r"[^a-z]{3,5}", r"\bstep \d\b", r"(\d{4})-(\d\d)-(\d\d)", "é+", "a{0}"],
)
def test_texts_are_made_that_a_pattern_finds(pattern: str) -> None:
    """At least one for each, and only such."""
    compiled = compile_pattern(pattern)
    made = list(matching_texts(meaning.RegexFind(pattern=compiled, name="p"), 12))
    assert made
    assert len(made) == len(set(made))
    assert all(compiled.search(text) is not None for text in made)


def test_texts_are_made_that_an_example_finds() -> None:
    """Different values for the parts in braces."""
    like = compile_like("{title:integer} U.S.C. § {section}", "{title} USC {section}")
    assert list(matching_texts(meaning.SpelledFind(pattern=like, name="p"), 2)) == ["1 U.S.C. § 1", "2 U.S.C. § 2"]


def test_what_a_file_gives_away() -> None:
    """Lists, texts, choices, tags, patterns, and the columns that decide what is right, also through `let`."""
    text = """rewardlang 1
reward given
column gold: text
column outcome: one of ("wins", "loses")
list heads = ["Facts"]
pattern year = /\\d{4}/
let final = only <answer> in completion outside <think>
let wanted = gold
let opening = first text before ":" in completion
rule e: award 1 point when opening equals wanted
rule a: award 1 point when final equals wanted and completion contains "so"
rule b: award 1 point for each head in heads where completion contains head, up to 1
rule c: award 1 point for each distinct year in completion, up to 1
rule d: award 1 point when completion contains outcome
score between 0 and 5
success when final equals wanted
"""
    program = loads(text).program
    found = texts_of(program)
    assert found.lists == {"heads": ("Facts",)}
    assert set(found.texts) == {"so", ":", "wins", "loses"}
    assert found.markers == (("", ":"),)
    assert found.choices == {"wins", "loses"}
    assert set(found.tags) == {"answer", "think"}
    assert [str(pattern) for pattern in found.patterns if isinstance(pattern, meaning.RegexFind)] == ["year"]
    assert columns_of_success(program) == ("gold",)
