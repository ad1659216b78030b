"""The worker class that vLLM loads by name: only the KV cache lives in the pool whose pages can be unmapped.

vLLM's own sleep puts weights and cache into one pool and discards both. Here the weights stay outside, where the trainer's
views of them stay valid, so that vLLM's `sleep` and `wake_up` touch the cache alone.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vllm.v1.worker.gpu_worker import Worker


class CachePoolWorker(Worker):  # type: ignore[misc, unused-ignore]
    """vLLM's GPU worker with its weights outside the sleeping pool."""

    def _maybe_get_memory_pool_context(self, tag: str) -> AbstractContextManager[Any]:
        if tag == "weights":
            return nullcontext()
        context: AbstractContextManager[Any] = super()._maybe_get_memory_pool_context(tag)
        return context
