"""Verifiers of every kind and class of cost that answer, refuse, and raise, and files that ask them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from rewardlang.compiled import compile_text
from rewardlang.registry import Registry, default_registry
from rewardlang.reward import Reward
from rewardlang.verdict import Finding, Missing, Refused, Verdict
from rewardlang.verifier import finder, measure, predicate


class ModelFoundAWayError(RuntimeError):
    """What the verifiers here raise."""


def _outcome(text: str) -> int:
    """0 yes, 1 no, 2 refused, 3 missing or not judged, 4 raised: by the text alone."""
    return sum(map(ord, text)) % 5


def _verdict(text: str) -> Verdict:
    if _outcome(text) == 4:
        raise ModelFoundAWayError(text)
    return (Verdict(True), Verdict(False), Verdict(None, "too long to judge"), Verdict(None, "it took longer than 1 s"))[_outcome(text)]


@predicate("quick", cost="linear", version="1")
def _quick(texts: Sequence[str]) -> list[Verdict]:
    """By the text."""
    return list(map(_verdict, texts))


@predicate("looked_up", cost="dictionary", version="1")
def _looked_up(texts: Sequence[str]) -> list[Verdict]:
    """By the text and a letter."""
    return [_verdict(text + "l") for text in texts]


@predicate("proved", cost="symbolic", version="1")
def _proved(texts: Sequence[str]) -> list[Verdict]:
    """By the text and another letter."""
    return [_verdict(text + "p") for text in texts]


@predicate("run", cost="external", version="1")
def _run(texts: Sequence[str]) -> list[Verdict]:
    """By the text and a third letter."""
    return [_verdict(text + "r") for text in texts]


@measure("worth", cost="external", version="1")
def _worth(texts: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """A share, or none."""
    results: list[Fraction | Missing | Refused] = []
    for text in texts:
        if _outcome(text) == 4:
            raise ModelFoundAWayError(text)
        results.append((Fraction(1), Fraction(1, 3), Refused("too dear"), Missing("nothing to measure"))[_outcome(text)])
    return results


@finder("token", cost="dictionary", version="1")
def _token(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """Words; it breaks on a text with two exclamation marks."""
    found = []
    for text in texts:
        if "!!" in text:
            raise ModelFoundAWayError(text)
        places, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            places.append(Finding(at, at + len(word), word))
            at += len(word)
        found.append(places)
    return found


_OWN: tuple[Any, ...] = (_quick, _looked_up, _proved, _run, _worth, _token)
REGISTRY = Registry([*default_registry(), *(function.declaration for function in _OWN)])

HEAD = """rewardlang 1
reward faulty
column gold: text
let final = only <a> in completion
"""
_ATOMS = (
    *("final is quick", "gold is looked_up", "completion is proved", "final is run", "completion is run", "gold is quick"),
    *("final equals gold", 'completion contains "b"', "final is present", "length(completion) > 6", "worth(final) > 0.5"),
    *(
        "count of token in completion is more than 2",
        "some token in completion where token is run",
        "no token in final where token is quick",
    ),
)
_JOINED = (
    *("all of ({}; {})", "any of ({}; {})", "none of ({}; {})", "all of ({}; {}; {})", "any of ({}; {}; {})"),
    *("at least 2 of ({}; {}; {})", "not ({})", "({}) and ({})", "({}) or ({}) or ({})"),
)
tests = st.recursive(
    st.sampled_from(_ATOMS),
    lambda inner: st.sampled_from(_JOINED).flatmap(
        lambda form: st.tuples(*[inner] * form.count("{}")).map(lambda parts: form.format(*parts))
    ),
    max_leaves=6,
)
_RULES = (
    "award 1 point when {}",
    "deduct 0.3 points when {}",
    "award 2 points when {} else 0.5 points when {}",
    "award 0.25 points for each distinct token in completion where token is proved, up to 1 point",
    "deduct 0.1 points for each token in completion where token is run, up to 0.7 points",
    "award up to 1.5 points scaled by worth(final)",
    "deduct up to 1 point scaled by worth(completion)",
)
_GATES = ("require {} else score -3", "require {} else skip")


@st.composite
def faulty_rewards(draw: st.DrawFn) -> Reward:
    """A reward whose verifiers fail on some rows."""

    def filled(form: str) -> str:
        return form.format(*(draw(tests) for _ in range(form.count("{}"))))

    lines = [filled(draw(st.sampled_from(_GATES))) for _ in range(draw(st.integers(0, 2)))]
    lines += [f"rule r{index}: {filled(draw(st.sampled_from(_RULES)))}" for index in range(draw(st.integers(1, 4)))]
    body = "\n".join([*lines, "rule other: award 0 points when final equals gold", f"success when {draw(tests)}"])
    compiled = compile_text(f"{HEAD}{body}\nscore between -90 and 90\n", registry=REGISTRY)
    assume(compiled.program is not None)
    return Reward(compiled)


_PIECES = ("a", "b", "ab", "!", "!!", "7", " ", "c d", "<a>", "</a>", "é")
texts = st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)
completions = texts | st.builds("<a>{}</a>{}".format, texts, texts)
rows = st.tuples(completions, st.sampled_from(["a", "b", "ab", "", "c d"]))
