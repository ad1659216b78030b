"""Log-probs of the sampled tokens, kept step by step beside a scheduler like vLLM's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rewardlang.trainer.gpu_vllm import GatheredLogprobs, _completion
from rewardlang.trainer.gpu_vllm_weights import EngineContract


def step(**rows: tuple[int, float] | None) -> SimpleNamespace:
    """What a step gives: of each request a token with its log-prob, or none while its prompt is read."""
    found = [row or (0, -9.0) for row in rows.values()]
    logprobs = SimpleNamespace(
        logprob_token_ids=np.array([[token] for token, _ in found]), logprobs=np.array([[value] for _, value in found])
    )
    sampled = [[] if row is None else [row[0]] for row in rows.values()]
    return SimpleNamespace(req_ids=[f"{name[1:]}-0a1b2c3d" for name in rows], sampled_token_ids=sampled, logprobs=logprobs)


def engine_of(seen: list[Any]) -> Any:
    """An engine whose scheduler notes whether it was given log-probs."""

    class Scheduler:
        def update_from_output(self, scheduled: Any, output: Any) -> str:
            seen.append(output.logprobs)
            return "updated"

    return SimpleNamespace(engine_core=SimpleNamespace(engine_core=SimpleNamespace(scheduler=Scheduler())))


def test_each_request_gets_its_own() -> None:
    """Whatever the order of rows in a step, while a prompt is still read, and when a request goes on past its end."""
    gathered, seen = GatheredLogprobs(), list[Any]()
    engine = engine_of(seen)
    scheduler = engine.engine_core.engine_core.scheduler
    with gathered.taken_from(engine):
        for one in (step(r7=(5, -0.5), r8=None), step(r8=(3, -0.25), r7=(6, -1.0)), step(r7=(9, -2.0), r8=(4, -0.75))):
            assert scheduler.update_from_output("scheduled", one) == "updated"
    assert seen == [None, None, None]
    assert "update_from_output" not in vars(scheduler)
    assert gathered.by_request() == {"7": ([5, 6, 9], [-0.5, -1.0, -2.0]), "8": ([3, 4], [-0.25, -0.75])}


def test_the_scheduler_is_its_own_again_after_a_failure() -> None:
    """And a step without log-probs passes as it is."""

    def stopped() -> None:
        with gathered.taken_from(engine):
            engine.engine_core.engine_core.scheduler.update_from_output(None, SimpleNamespace(logprobs=None))
            raise ValueError("stopped")

    gathered, seen = GatheredLogprobs(), list[Any]()
    engine = engine_of(seen)
    with pytest.raises(ValueError, match="stopped"):
        stopped()
    assert "update_from_output" not in vars(engine.engine_core.engine_core.scheduler)
    assert (seen, gathered.by_request()) == ([None], {})


def test_log_probs_of_other_tokens_are_refused() -> None:
    """A shift by one token would train on the wrong numbers without a sign of it."""
    output: Any = SimpleNamespace(prompt_token_ids=[1, 2], outputs=[SimpleNamespace(token_ids=(7, 9), finish_reason="stop")])
    read = _completion(output, [7, 9, 4], [-0.5, -1.25, -3.0])
    assert (read.prompt, read.tokens, read.logprobs.tolist(), read.finished) == ([1, 2], [7, 9], [-0.5, -1.25], True)
    for told in ([7, 8], [7], []):
        with pytest.raises(EngineContract, match="other tokens"):
            _completion(output, told, [-0.5] * len(told))
