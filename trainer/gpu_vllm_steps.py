"""What vLLM's one thread does for each request at each step, made short: at 64 × 512 tokens the card waits for it.

Written for vllm 0.26.0, like all that touches its insides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rewardlang.trainer.gpu_vllm_weights import EngineContract


class GatheredLogprobs:
    """Log-probs of the sampled tokens, step by step as the card gives them, for all requests at once.

    vLLM would cut each step's into pieces by request, and append each to six lists: a tenth of a round's time, on the host's one thread
    that the card waits for.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[list[str], list[list[int]], list[int], list[float]]] = []

    @contextmanager
    def taken_from(self, engine: Any) -> Iterator[None]:
        """While entered, vLLM's scheduler is given each step without its log-probs, which are kept here."""
        scheduler = engine.engine_core.engine_core.scheduler
        update = scheduler.update_from_output

        def without(scheduled: Any, step: Any) -> Any:
            if step.logprobs is not None:
                # Copied: the arrays lie in page-locked memory, which every next step would have to take anew.
                # The token that was sampled is the first column.
                told = step.logprobs.logprob_token_ids[:, 0].tolist(), step.logprobs.logprobs[:, 0].tolist()
                self._steps.append((step.req_ids, step.sampled_token_ids, *told))
                step.logprobs = None
            return update(scheduled, step)

        scheduler.update_from_output = without
        try:
            yield
        finally:
            del scheduler.update_from_output  # the class's own again

    def by_request(self) -> dict[str, tuple[list[int], list[float]]]:
        """Tokens and log-probs of each request, in order. Past its end there may be more: a step was under way when it ended."""
        found: dict[str, tuple[list[int], list[float]]] = {}
        for step in self._steps:
            for request, kept, token, logprob in zip(*step, strict=True):
                if kept:  # a prompt that is not read to its end samples nothing
                    tokens, values = found.setdefault(request, ([], []))
                    tokens.append(token)
                    values.append(logprob)
        # Inside the engine a random end is added to a request's name.
        return {request.rpartition("-")[0]: both for request, both in found.items()}


def shorten_allocation(engine: Any) -> None:
    """A running request whose last block has room is given none, without a look at everything that other models need.

    vLLM asks for blocks at every token of every request and goes through sliding windows, partial blocks and what is to be cached; of
    full attention in one group a block is needed, and one is full, every 16 tokens. What is cached then is the same. Raises
    `EngineContract` for a cache of another kind.
    """
    caches = engine.engine_core.engine_core.scheduler.kv_cache_manager
    managers = caches.coordinator.single_type_managers
    kinds = [type(one).__name__ for one in managers]
    if kinds != ["FullAttentionManager"] or managers[0].block_size != caches.block_pool.hash_block_size:
        raise EngineContract(f"the KV cache is not one group of full attention whose blocks are hashed whole, but {kinds}")
    (manager,) = managers
    held, cached, size = manager.req_to_blocks, manager.num_cached_block, manager.block_size
    allocate, cache, nothing = caches.allocate_slots, caches.cache_blocks, caches.empty_kv_cache_blocks

    def allocate_slots(request: Any, num_new_tokens: int, *places: Any, **options: Any) -> Any:
        # A request that runs has an entry among the cached; a new one, or one that is read anew, takes vLLM's way.
        if num_new_tokens == 1 and request.request_id in cached and not places and not any(options.values()):
            blocks = held.get(request.request_id)
            if blocks is not None and request.num_computed_tokens < len(blocks) * size:
                return nothing
        return allocate(request, num_new_tokens, *places, **options)

    def cache_blocks(request: Any, num_computed_tokens: int) -> None:
        if num_computed_tokens // size > cached.get(request.request_id, 0):
            cache(request, num_computed_tokens)

    caches.allocate_slots, caches.cache_blocks = allocate_slots, cache_blocks
