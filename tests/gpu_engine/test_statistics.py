"""The estimator of the share and the canary's statistics, on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.trainer.gpu_canary import PolicyMismatch, agreement, examine
from rewardlang.trainer.gpu_effect import Array, share_of_effect


def drawn(
    share: float, *, effect: float, noise: float, sequences: int = 40, length: int = 200, seed: int = 0
) -> tuple[list[Array], list[Array]]:
    """Effects, and what a sampler shows of them: a share, its own noise, and an error that a whole sequence has in common."""
    random = np.random.default_rng(seed)
    effects = [random.normal(0, effect, length) for _ in range(sequences)]
    seen = [share * one + random.normal(0, noise, length) + random.normal(0, noise / 4) + 0.01 for one in effects]
    return effects, seen


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("effect", [0.02, 0.2])
def test_the_share_is_found_within_its_error(share: float, effect: float) -> None:
    """The estimate lies within four standard errors of the truth, and the error is that of noise over effect."""
    effects, seen = drawn(share, effect=effect, noise=0.02)
    found = share_of_effect(effects, seen)
    assert abs(found.value - share) < 4 * found.standard_error
    assert 0.5 < found.standard_error / (0.02 / effect / np.sqrt(8000)) < 2.0
    assert found.tokens == 8000
    assert found.sequences == 40


def test_noise_in_the_regressor_would_bias_it() -> None:
    """Why the effect is computed in fp32: with bf16's noise in it, a whole effect of the noise's size looks like half of it."""
    effects, seen = drawn(1.0, effect=0.02, noise=0.0)
    random = np.random.default_rng(1)
    noisy = [one + random.normal(0, 0.02, len(one)) for one in effects]
    assert share_of_effect(noisy, seen).value < 0.6
    assert abs(share_of_effect(effects, seen).value - 1.0) < 0.01


def test_the_standard_error_holds_over_many_draws() -> None:
    """Over 200 draws the share's spread equals the mean standard error within a quarter."""
    found = [share_of_effect(*drawn(1.0, effect=0.02, noise=0.02, sequences=20, length=50, seed=seed)) for seed in range(200)]
    spread = np.std([one.value for one in found])
    assert 0.75 < np.mean([one.standard_error for one in found]) / spread < 1.25


def test_errors_that_a_sequence_shares_are_counted_by_sequence() -> None:
    """Where each sequence's slope differs, the error is that of a few sequences, not of many tokens."""
    random = np.random.default_rng(2)
    effects = [random.normal(0, 1, 500) for _ in range(10)]
    seen = [one * (1 + random.normal(0, 0.2)) for one in effects]
    assert 0.02 < share_of_effect(effects, seen).standard_error < 0.15


@pytest.mark.parametrize(
    ("effects", "seen", "words"),
    [
        ([np.ones(3)] * 4, [np.ones(2)] * 4, "same tokens"),
        ([np.array([1.0, 2.0])] * 2, [np.array([1.0, 2.0])] * 2, "three sequences"),
        ([np.ones(3)] * 4, [np.ones(3)] * 4, "same for every token"),
    ],
)
def test_what_cannot_be_estimated_is_refused(effects: list[Array], seen: list[Array], words: str) -> None:
    """Other tokens, too few sequences, or no effect at all are errors, not numbers."""
    with pytest.raises(ValueError, match=words):
        share_of_effect(effects, seen)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), spread=st.floats(0.001, 1.0))
def test_agreement_has_its_bounds(seed: int, spread: float) -> None:
    """The KL estimate is never negative, the effective sample lies in (0, 1], and equal policies give 0, 0 and 1."""
    random = np.random.default_rng(seed)
    sampler = [random.normal(-3, 1, 30) for _ in range(4)]
    trainer = [one + random.normal(0, spread, 30) for one in sampler]
    found = agreement(sampler, trainer)
    assert found.kl >= 0
    assert 0 < found.effective_sample <= 1
    assert found.mean_difference <= found.max_difference
    same = agreement(sampler, sampler)
    assert (same.mean_difference, same.kl, same.effective_sample, same.tokens) == (0.0, 0.0, 1.0, 120)


def sides(share: float, effect: float, noise: float, shift: float = 0.0) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
    """Sampler, trainer, exact with and without the adapter: what `examine` takes."""
    random = np.random.default_rng(3)
    off = [random.normal(-3, 1, 100) for _ in range(20)]
    on = [one + random.normal(0, effect, 100) for one in off]
    trainer = [one + random.normal(0, noise, 100) for one in on]
    sampler = [b + share * (a - b) + shift + random.normal(0, noise, 100) for a, b in zip(on, off, strict=True)]
    return sampler, trainer, on, off


@pytest.mark.parametrize(
    ("share", "effect", "shift", "verdict"),
    [
        (1.0, 0.2, 0.0, "the same policy"),
        (0.0, 0.2, 0.0, "another policy"),
        (0.5, 0.2, 0.0, "another policy"),
        (1.0, 0.001, 0.0, "not yet detectable"),
        (0.0, 0.001, 0.0, "not yet detectable"),
        (1.0, 0.2, 0.5, "another policy"),
        (1.0, 0.2, float("nan"), "another policy"),
    ],
)
def test_the_verdict_of_the_canary(share: float, effect: float, shift: float, verdict: str) -> None:
    """The whole effect passes; a part of it, none of it, or a distance beyond the limit stops; below the noise nothing is claimed."""
    report = examine(*sides(share, effect, 0.02, shift), limit=0.3)
    assert report.verdict == verdict
    if verdict == "another policy":
        with pytest.raises(PolicyMismatch, match="not the policy that is trained"):
            report.check()
    else:
        report.check()
