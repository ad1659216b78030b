"""Regular expressions of a `.reward` file: what is accepted, what they mean, and that they are always linear."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.patterns.linear import linear_pattern
from rewardlang.patterns.parse import PatternError, parse_groups, parse_pattern
from rewardlang.patterns.pattern import SpellingError, compile_like, compile_pattern
from rewardlang.patterns.run import Backwards, Machine
from rewardlang.patterns.spelled import compile_spelled


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("a(?=b)", "look-ahead"),
        ("a(?!b)", "negative look-ahead"),
        ("(?<=a)b", "look-behind"),
        ("(?<!a)b", "negative look-behind"),
        (r"(a)\1", "backreference"),
        ("(?P=a)", "backreference"),
        ("(?>a)", "atomic"),
        ("a++", "possessive"),
        ("a{1001}", "1000"),
        ("a{3,2}", "ends at 2"),
        (r"\Qa\E", "quotation"),
        (r"\pL", "Unicode class"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "not closed"),
        ("[b-a]", "before it begins"),
        ("*a", "nothing for"),
        ("a**", "cannot be repeated"),
        (r"\y", "means nothing"),
        ("a\\", "backslash"),
        ("[[:alfa:]]", "no class"),
        ("(" * 200, "nested"),
        ("(a{1000}){1000}", "too large"),
        ("(((((){1000}){1000}){1000}){1000})*", "too large"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(pattern: str, word: str) -> None:
    """The message names the construct, and its offsets lie in the pattern."""
    with pytest.raises(PatternError, match=re.escape(word)) as caught:
        compile_pattern(pattern)
    assert 0 <= caught.value.start <= caught.value.end <= len(pattern)


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "span"),
    [
        (r"^\d+$", "", "72", (0, 2)),
        (r"^\d+$", "", "72\n", None),
        (r"^\d+$", "m", "a\n72\n", (2, 4)),
        (r"\d", "", "٣", None),
        (r"\s", "", "\N{NO-BREAK SPACE}\v", None),
        ("É", "i", "é", None),
        ("a", "i", "A", (0, 1)),
        ("(?i:a)b", "", "Ab", (0, 2)),
        ("<think>.*</think>", "", "<think>a\nb</think>", None),
        ("<think>.*</think>", "s", "<think>a\nb</think>", (0, 18)),
        ("a.*?b", "", "xaabab", (1, 4)),
        (r"\d\.0\s*(mg|mcg|g|mL)\b", "", "give 1.0 mg", (5, 11)),
        (r"(^|\s)\.\d", "", "of .5", (2, 5)),
        ("a|ab", "", "ab", (0, 1)),
        ("a{,2}", "", "a{,2}", (0, 5)),
        ("[]a]+", "", "x]a", (1, 3)),
        (r"[\w-]+", "", " a-b", (1, 4)),
        ("[[:alpha:]]+", "", "1ab", (1, 3)),
        ("\N{REPLACEMENT CHARACTER}", "", "a\ud800", (1, 2)),
        (r"\x{1F600}", "", "😀", (0, 1)),
        ("", "", "a", (0, 0)),
        (r"\bcat\b", "", "a cat.", (2, 5)),
    ],
)
def test_what_a_pattern_means(pattern: str, flags: str, text: str, span: tuple[int, int] | None) -> None:
    """ASCII classes, `$` is the end of the text, a dot stops at a line break unless `s` is given."""
    compiled = compile_pattern(pattern, flags)
    assert compiled.search(text) == span
    assert Machine(compiled.tree).find(text.replace("\ud800", "\ufffd"), 0) == span


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "x", r"\d", r"\s", r"\b", "^", "$", "(?:)", "<"])


def _patterns(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "??", "{1,3}?"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        ),
    )


PATTERNS = st.recursive(ATOMS, _patterns, max_leaves=8)
TEXTS = st.text(alphabet="abx1 \n<", max_size=12)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, TEXTS)
def test_both_engines_agree_where_linear_time_is_proved(pattern: str, text: str) -> None:
    """What runs on `re` finds what our own machine finds."""
    tree = parse_pattern(pattern)
    proved = linear_pattern(tree)
    if proved is None:
        return
    expected = [match.span() for match in re.compile(proved, re.ASCII).finditer(text)]
    first = Machine(tree).find(text, 0)
    assert first == (expected[0] if expected else None)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, TEXTS)
def test_the_machine_agrees_with_backtracking(pattern: str, text: str) -> None:
    """On the subset that both read, Python's own engine finds the same first match; loops over the empty text are left out."""
    tree = parse_pattern(pattern)
    found = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)
    mine = Machine(tree).find(text, 0)
    assert (mine is None) == (found is None)
    if found is not None and mine is not None:
        assert mine[0] == found.start()
        if not re.search(r"(?:\(\?:\)|[?*}^$b|])\)[*+{]", pattern):
            assert mine == found.span()


@pytest.mark.parametrize("pattern", [r"(a|a)*b", r"(a*)*b", r"a*a*a*b", r"\d+x", r"^(\d+\s*)+$", r"<a>.*</a>", "(a?){50}a{50}"])
def test_hostile_texts_are_read_in_linear_time(pattern: str) -> None:
    """The classic patterns that never end elsewhere."""
    compiled = compile_pattern(pattern, "s")
    for text in ("a" * 20_000, "1" * 20_000, "<a>" * 5_000):
        compiled.search(text)


@settings(max_examples=100, deadline=None)
@given(PATTERNS, TEXTS, st.integers(0, 12))
def test_reading_backwards_first_gives_the_same_matches(pattern: str, text: str, position: int) -> None:
    """From every place on, the way that the threads would find."""
    machine, position = Machine(parse_pattern(pattern)), min(position, len(text))
    assert Backwards(machine, text, position).find(position) == machine.find(text, position)


@pytest.mark.parametrize("pattern", ["a.*b|a", "(a|a)*b|a", "(?:a+b)|a", "a*?b|a"])
def test_all_matches_of_a_hostile_text_are_found_in_linear_time(pattern: str) -> None:
    """Each match leaves a hope that is given up at the end of the text only."""
    found = list(compile_pattern(pattern, "s").finditer("a" * 4_000))
    assert found == [(at, at + 1) for at in range(4_000)]


@pytest.mark.parametrize("pattern", [r"^\d+$", r"####\s*[0-9]+", r"\d\.0\s*(mg|g)\b", r"^[^@]+@[^@]+$", r"\d{1,3}", "<b>[^<]*</b>"])
def test_everyday_patterns_run_on_the_fast_engine(pattern: str) -> None:
    """These are proved linear for Python's engine."""
    assert compile_pattern(pattern).proved is not None


@pytest.mark.parametrize("pattern", [r"\d+x", "<b>.*</b>", "(a|b)*c", "a*?b", r"^.*-.*$"])
def test_what_is_not_proved_runs_on_the_machine(pattern: str) -> None:
    """A pattern that could take quadratic time never meets a backtracking engine."""
    assert compile_pattern(pattern).proved is None


@settings(deadline=None)
@given(PATTERNS, st.text(max_size=20))
def test_findings_do_not_overlap(pattern: str, text: str) -> None:
    """Findings stand in order, for every text there is."""
    spans = list(compile_pattern(pattern).finditer(text))
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_an_example_with_parts_finds_citations_in_one_spelling() -> None:
    """Parts in braces are read and written again in the `as` spelling."""
    statute = compile_like("{title:integer} U.S.C. § {section}", "{title} USC {section}")
    found = list(statute.finditer("Under 42 U.S.C. §\N{NO-BREAK SPACE}1983, and 42  U.S.C. § 1396a(a)(1)."))
    assert [finding.value for finding in found] == ["42 USC 1983", "42 USC 1396a(a)(1)"]
    assert statute.parts == ("title", "section")
    assert list(statute.finditer("142U.S.C. § 1983")) == []


@pytest.mark.parametrize(
    ("example", "spelling", "word"),
    [
        ("U.S.C.", None, "at least one part"),
        ("{a}{b}", None, "between"),
        ("{a} {a}", None, "two parts"),
        ("{a:int}", None, "no kind 'int'"),
        ("{a b}", None, "a part is written"),
        ("{a} }", None, "belongs to no part"),
        ("{a}", "{b}", "does not"),
    ],
)
def test_examples_that_cannot_be_used(example: str, spelling: str | None, word: str) -> None:
    """Mistakes in an example are told in a sentence."""
    with pytest.raises((PatternError, SpellingError), match=re.escape(word)):
        compile_like(example, spelling)


@pytest.mark.parametrize(
    ("pattern", "spelling", "text", "values"),
    [
        (r"(\d{4})-(\d\d)-(\d\d)", "{3}.{2}.{1}", "from 2024-05-06 to 2025-01-31", ["06.05.2024", "31.01.2025"]),
        (r"(?P<title>\d+) U\.S\.C\. (?P<section>\w+)", "{title} USC {section}", "42 U.S.C. 1983", ["42 USC 1983"]),
        (r"(?i:no)\. (\d+)", "{0}: {1}", "NO. 7", ["NO. 7: 7"]),
        ("(a)|(b)", "<{1}|{2}>", "ab", ["<a|>", "<|b>"]),
        ("(?:(a)|b)+", "{1}!", "bab", ["a!"]),
        ("(a|b)+", "{1}", "abba b", ["a", "b"]),
        ("((a)(b?))+c", "{1}{2}{3}", "abac", ["aa"]),
        (r"\b(\w)(\w*)\b", "{2}{1}ay", "no pig", ["onay", "igpay"]),
        ("(x*?)(x*)y", "[{1}][{2}]", "xxy", ["[][xx]"]),
        (r"(\d+)x", "{1}", "12x 3x", ["12", "3"]),
        ("(.)", "{1}", "é\ud800", ["é", "\ud800"]),
    ],
)
def test_a_spelling_is_put_together_from_the_groups_of_a_match(pattern: str, spelling: str, text: str, values: list[str]) -> None:
    """By number or name, 0 for the whole; a group that took no part is empty, and of a group in a loop the last turn counts."""
    assert [finding.value for finding in compile_spelled(pattern, "", spelling).finditer(text)] == values


@settings(max_examples=100, deadline=None)
@given(PATTERNS, TEXTS)
def test_groups_are_those_of_backtracking(pattern: str, text: str) -> None:
    """On the subset that both read, every group stands where Python's own engine has it; loops over the empty text are left out."""
    tree, count, _ = parse_groups(pattern)
    found = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)
    if found is None or re.search(r"(?:\(\?:\)|[?*}^$b|])\)[*+{]", pattern):
        return
    marks = Machine(tree).groups(text, *found.span())
    assert [(marks.get(2 * n, -1), marks.get(2 * n + 1, -1)) for n in range(1, count + 1)] == list(found.regs[1:])
    if count:
        spelled = compile_spelled(pattern, "", "{1}|{0}")
        assert next(iter(spelled.finditer(text))).value == f"{found[1] or ''}|{found[0]}"


@pytest.mark.parametrize("pattern", [r"(\d{4})-(\d\d)-(\d\d)", r"<b>([^<]*)</b>", "(a|b)x"])
def test_groups_of_everyday_patterns_are_read_by_the_fast_engine(pattern: str) -> None:
    """Only a group inside a repetition, or a pattern that is not proved linear, needs our own machine."""
    assert compile_spelled(pattern, "", "{1}")._fast is not None
    assert compile_spelled(f"(?:{pattern}){{2}}", "", "{1}")._fast is None


def test_groups_of_a_long_match_are_read_in_linear_time() -> None:
    """Loops in loops, over one match that is the whole text."""
    (finding,) = compile_spelled("((a|ab)*(b*))*c", "", "{3}").finditer("ab" * 5_000 + "c")
    assert finding.value == "b"


@pytest.mark.parametrize(
    ("pattern", "spelling", "word"),
    [
        ("(a)", "{2}", "has one group, {1}"),
        ("(a)(?P<n>b)", "{m}", "{n} is {2}"),
        ("a", "{1}", "no groups"),
        ("(a)", "a", "names no group"),
        ("(a)", "{1:integer}", "the group {1:integer}"),
        ("(?P<n>a)(?P<n>b)", "{n}", "two groups"),
        ("(" * 90 + "a" + ")" * 90 + "{999}", "{1}", "too large"),
    ],
)
def test_spellings_that_cannot_be_used(pattern: str, spelling: str, word: str) -> None:
    """The message says which groups there are."""
    with pytest.raises((PatternError, SpellingError), match=re.escape(word)):
        compile_spelled(pattern, "", spelling)
