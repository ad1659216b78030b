"""On an engine a completion is marked when it ends, while the sampler goes on with the others."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rewardlang.trainer.gpu_vllm import InProcess, SamplerSettings
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from rewardlang.work import pool
from tests.gpu_engine.fake_sampler import Decoder
from tests.gpu_engine.test_gpu_run import run_config, small_card

__all__ = ["small_card"]

pytestmark = pytest.mark.filterwarnings("default")

MODULE = """
from pathlib import Path

def f(text):
    Path(__file__).with_name("judged").touch()
    return min(len(text), 100) / 100
"""
REWARD = """rewardlang 1
reward dear
use python "checks:f" as f(text: text) returns number between 0 and 1 timeout 60 s
rule length: award up to 1 point scaled by f(completion)
success when completion contains "t5"
score between 0 and 1
"""


@pytest.mark.parametrize(("backend", "algorithm"), [("memory", "grpo_token"), ("speed", "rloo")])
def test_a_verdict_is_reached_while_others_are_drawn(
    tmp_path: Path, small_card: list[SamplerSettings], monkeypatch: pytest.MonkeyPatch, algorithm: str, backend: str
) -> None:
    """The sampler waits here, when it has told of the first completion, for a verdict on it; without one it would wait for ever."""
    config = run_config(tmp_path, algorithm=algorithm, steps=2, save_every=0)
    config = replace(config, engine=replace(config.engine, backend=backend))
    (tmp_path / "checks.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "low.reward").write_text(REWARD, encoding="utf-8")
    plain, waited, mark = Decoder.generate, 0, tmp_path / "judged"

    def in_turn(self: Decoder, prompts: Sequence[Any], **options: Any) -> Any:
        tell = options.pop("ended", None)
        told = itertools.count()

        def ended(place: int, tokens: list[int]) -> None:
            nonlocal waited
            if next(told) == 1:
                deadline = time.monotonic() + 120
                while not mark.exists():
                    assert time.monotonic() < deadline, "no verdict on the first completion was reached"
                    time.sleep(0.01)
                waited += 1
            assert tell is not None
            tell(place, tokens)

        mark.unlink(missing_ok=True)
        return plain(self, prompts, ended=ended if tell is not None else None, **options)

    monkeypatch.setattr(Decoder, "generate", in_turn)
    try:
        train(config, Silent())
    finally:
        pool.close()
    assert waited == 2
    rows = read_ledger(tmp_path / "run" / "ledger").to_pylist()
    assert len(rows) == 16
    assert all(row["score"] == pytest.approx(min(len(row["completion"]), 100) / 100) for row in rows)


def test_each_step_of_vllm_tells_what_ended_in_it() -> None:
    """By the place of its prompt; the loop is vLLM's own again afterwards, also when somebody who was told fails."""

    def output(number: int, tokens: list[int], *, finished: bool = True) -> Any:
        return SimpleNamespace(request_id=str(number), finished=finished, outputs=[SimpleNamespace(token_ids=tuple(tokens))])

    class Loop:
        turns = iter([[output(8, [1]), output(7, [], finished=False)], [], [output(7, [2, 3])], [output(9, [4])]])

        def step(self) -> Any:
            return next(self.turns)

    loop, told = Loop(), []
    vllm = SimpleNamespace(_llm=SimpleNamespace(llm_engine=loop, request_counter=SimpleNamespace(counter=7)))
    telling: Any = InProcess._telling
    with telling(vllm, lambda place, tokens: told.append((place, tokens))):
        for _ in range(3):
            loop.step()
    assert told == [(1, [1]), (0, [2, 3])]

    def fails(place: int, tokens: list[int]) -> None:
        raise ValueError("a row cannot be marked")

    with pytest.raises(ValueError, match="cannot be marked"), telling(vllm, fails):
        loop.step()
    assert "step" not in vars(loop)
