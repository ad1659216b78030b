"""Laws of the legal and the medical verifiers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewardlang.registry import default_registry
from rewardlang.verdict import Finding
from rewardlang.verifier import Kind

SECTIONS = st.from_regex(r"\A[1-9][0-9]{0,4}[a-z]{0,2}(-[1-9][0-9]?)?\Z").filter(lambda s: not s.replace("-", "").isdigit() or "-" not in s)
WORDS = st.lists(
    st.sampled_from(["the", "officer", "entered", "home", "without", "a", "warrant", "city", "has", "no", "policy", "on", "searches"]),
    min_size=12,
    max_size=40,
)


def _say(kind: Kind, word: str, text: str, **options: Any) -> Any:
    verifier = default_registry().get(kind, word)
    assert verifier is not None
    return verifier([text], **options)[0]


def _find(word: str, text: str, **options: Any) -> list[Finding[Any]]:
    found: list[Finding[Any]] = _say("finder", word, text, **options)
    return found


@settings(deadline=None)
@given(st.integers(1, 54), SECTIONS)
def test_a_statute_has_one_spelling(title: int, section: str) -> None:
    """However a statute is written, it is found whole and with the same value."""
    for form in (
        "{} U.S.C. § {}",
        "{} USC {}",
        "{} U. S. C. §{}",
        "{} U.S.C.A. Sec. {}",
        "{0} U.S.C. section {1}",
        "section {1} of title {0}",
    ):
        written = form.format(title, section)
        assert _find("citation", f"See {written}, and more.") == [Finding(4, 4 + len(written), f"{title} USC {section}")]


@settings(deadline=None)
@given(st.integers(1, 999), st.integers(1, 9999), st.integers(1, 9999))
def test_what_repeats_a_case_is_that_case(volume: int, page: int, pin: int) -> None:
    """`Id.`, the short form and `supra` name the case that they repeat."""
    text = f"Roe v. Doe, {volume} U.S. {page} (1990). Id. at {pin}. {volume} U.S., at {pin}. Roe, supra, at {pin}."
    assert [finding.value for finding in _find("citation", text)] == [f"{volume} US {page}"] * 4
    assert len(_find("wrong_pinpoint", text)) == (3 if pin < page else 0)


@settings(deadline=None)
@given(WORDS, st.data())
def test_words_of_the_source_are_no_misquotation_and_others_are(words: list[str], data: st.DataObject) -> None:
    """A run of words of the source passes, with an ellipsis too; one word changed is found."""
    source = " ".join(words)
    start = data.draw(st.integers(0, len(words) - 9))
    quoted = words[start : start + 9]
    assert _find("misquotation", f'He said: "{" ".join(quoted)}."', source=source) == []
    assert _find("misquotation", f"“{' '.join(quoted[:3])} … {' '.join(quoted[6:])}”", source=source) == []
    quoted[data.draw(st.integers(0, 8))] = "barn"
    assert [finding.value for finding in _find("misquotation", f'"{" ".join(quoted)}"', source=source)] == [" ".join(quoted)]


@settings(deadline=None)
@given(st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]))
def test_an_interval_and_a_count_are_the_same_frequency(hours: int) -> None:
    """Every so many hours is so many times a day."""
    times = Fraction(24, hours)
    written = [
        f"every {hours} hours",
        f"q{hours}h",
        f"Q {hours} h",
        f"{hours}-hourly",
        f"{times} times a day",
        f"{times}x/day",
        f"{times} times daily",
    ]
    for text in written:
        assert [finding.value for finding in _find("frequency", text)] == [times], text


@settings(deadline=None)
@given(st.from_regex(r"\A[1-9][0-9]{1,6}\Z"), st.data())
def test_a_check_digit_finds_every_wrong_figure(figures: str, data: st.DataObject) -> None:
    """Of the ten codes that differ in the last figure one is right; with any one figure changed it is wrong."""
    right = [f"{figures}-{digit}" for digit in range(10) if _say("predicate", "medical_code", f"{figures}-{digit}", system="loinc").holds]
    assert len(right) == 1
    snomed = [
        f"{figures}100{digit}" for digit in range(10) if _say("predicate", "medical_code", f"{figures}100{digit}", system="snomed").holds
    ]
    snomed = [code for code in snomed if len(code) >= 6]
    for system, codes in (("loinc", right), ("snomed", snomed)):
        for code in codes:
            place = data.draw(st.integers(0, len(figures) - 1))
            other = data.draw(st.sampled_from("123456789"))
            assume(other != code[place])
            wrong = code[:place] + other + code[place + 1 :]
            assert _say("predicate", "medical_code", wrong, system=system).holds is False


@settings(deadline=None)
@given(st.decimals(min_value="0.01", max_value=999, places=2), st.sampled_from(["mg", "mcg", "g", "mL"]))
def test_a_dose_is_easily_misread_only_with_a_bare_point_or_a_bare_zero(value: Any, unit: str) -> None:
    """Written without needless zeros and with a leading one a dose passes; `1.0` and `.5` do not."""
    plain = f"{value.normalize():f}"
    assert _find("error_prone", f"Give {plain} {unit}.") == []
    if "." not in plain:
        assert [f.value for f in _find("error_prone", f"Give {plain}.0 {unit}.")] == ["trailing zero"]
    if plain.startswith("0."):
        assert [f.value for f in _find("error_prone", f"Give {plain[1:]} {unit}.")] == ["no leading zero"]
