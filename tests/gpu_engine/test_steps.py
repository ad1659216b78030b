"""What vLLM's thread does at each step, made short: log-probs kept beside the scheduler, and blocks asked for when one is needed."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rewardlang.trainer.gpu_vllm import _completion
from rewardlang.trainer.gpu_vllm_steps import GatheredLogprobs, shorten_allocation
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


class FullAttentionManager:
    """Blocks of one group of full attention, as vLLM counts them; `asked` is how often somebody came."""

    block_size = 16

    def __init__(self) -> None:
        self.req_to_blocks: dict[str, list[int]] = {}
        self.num_cached_block: dict[str, int] = {}
        self.free = iter(range(10_000))
        self.asked = 0

    def allocate_slots(
        self, request: Any, num_new_tokens: int, num_lookahead_tokens: int = 0, new_computed_blocks: Any = None
    ) -> list[int]:
        self.asked += 1
        blocks = self.req_to_blocks.setdefault(request.request_id, [])
        wanted = -(-(request.num_computed_tokens + num_new_tokens + num_lookahead_tokens) // self.block_size)
        new = [next(self.free) for _ in range(wanted - len(blocks))]
        blocks += new
        return new

    def cache_blocks(self, request: Any, num_computed_tokens: int) -> None:
        self.asked += 1
        self.num_cached_block[request.request_id] = max(
            self.num_cached_block.get(request.request_id, 0), num_computed_tokens // self.block_size
        )


def caches_of(manager: Any) -> Any:
    """vLLM's manager of caches over it."""
    return SimpleNamespace(
        coordinator=SimpleNamespace(single_type_managers=(manager,)),
        block_pool=SimpleNamespace(hash_block_size=16),
        allocate_slots=manager.allocate_slots,
        cache_blocks=manager.cache_blocks,
        empty_kv_cache_blocks=[],
    )


def engine_with(caches: Any) -> Any:
    """An engine whose scheduler asks these for blocks."""
    return SimpleNamespace(engine_core=SimpleNamespace(engine_core=SimpleNamespace(scheduler=SimpleNamespace(kv_cache_manager=caches))))


def test_blocks_are_those_that_vllm_would_give() -> None:
    """Of requests that start, run, end and are read anew, in any order: the same blocks, cached as far, and asked for a fifth as often."""
    results, asked = [], list[int]()
    for short in (False, True):
        draw, manager = random.Random(3), FullAttentionManager()
        caches = caches_of(manager)
        if short:
            shorten_allocation(engine_with(caches))
        running: dict[str, Any] = {}
        seen: list[Any] = []
        for turn in range(3000):
            name = f"{draw.randrange(12)}"
            request = running.get(name)
            if request is None or draw.random() < 0.005:
                manager.req_to_blocks.pop(name, None)
                manager.num_cached_block.pop(name, None)
                request = running[name] = SimpleNamespace(request_id=name, num_computed_tokens=0)
                tokens = draw.randrange(1, 60)
                seen.append(caches.allocate_slots(request, tokens, new_computed_blocks=object()))
            else:
                tokens = 1
                seen.append(caches.allocate_slots(request, tokens, num_lookahead_tokens=0 if turn % 50 else 2))
            request.num_computed_tokens += tokens
            caches.cache_blocks(request, request.num_computed_tokens)
        results.append((seen, manager.req_to_blocks, manager.num_cached_block))
        asked.append(manager.asked)
    assert results[0] == results[1]
    assert asked[0] > 5 * asked[1]


def test_a_cache_of_another_kind_is_refused() -> None:
    """Several groups, sliding windows, or blocks hashed in pieces: the engine would not know when one is needed."""
    for change in ("kind", "groups", "hash"):
        caches = caches_of(FullAttentionManager())
        if change == "kind":
            caches.coordinator.single_type_managers = (SimpleNamespace(block_size=16),)
        elif change == "groups":
            caches.coordinator.single_type_managers *= 2
        else:
            caches.block_pool.hash_block_size = 8
        with pytest.raises(EngineContract, match="one group of full attention"):
            shorten_allocation(engine_with(caches))
