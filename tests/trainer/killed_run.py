"""A run in a process of its own, which ends itself by SIGKILL at a chosen moment: nothing can be caught, flushed or tidied up.

A moment is one of the calls by which a run changes the disk or moves on, counted: every `fsync`, every rename, every deletion, every
row of metrics, every step shown. Counted moments are the same on every machine, and lie close together where writing goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rewardlang.trainer.config import RunConfig

_PRELOADED = [
    "rewardlang.trainer.training",
    "rewardlang.trainer.run_callback",
    "rewardlang.trainer.grpo",
    "transformers.models.qwen2.modeling_qwen2",
    "torch.utils.tensorboard",
    "datasets",
]


def begin(config: RunConfig, *, resume: bool, kill_at: int | None) -> int | None:
    """Runs and returns how many moments there were; None when it was killed at moment `kill_at` (from 0)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_in_a_process, args=(config, resume, kill_at, theirs))
    process.start()
    theirs.close()
    try:
        moments: int = mine.recv()
    except EOFError:
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"the run failed by itself: {process.exitcode}"
        return None
    process.join()
    return moments


def _in_a_process(config: RunConfig, resume: bool, kill_at: int | None, answer: Connection) -> None:
    import torch

    from rewardlang.trainer.metrics import MetricsLog
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.training import train

    torch.set_num_threads(1)
    moments = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal moments
            if moments == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            moments += 1
            return function(*arguments, **options)

        return call

    for place, name in ((os, "fsync"), (os, "rename"), (os, "replace"), (os, "unlink"), (shutil, "rmtree"), (MetricsLog, "write")):
        setattr(place, name, counted(getattr(place, name)))
    setattr(Path, "rename", counted(Path.rename))  # noqa: B010  it was bound to `os.rename` before

    class Counting(Silent):
        def step(self, number: int, **figures: float) -> None:
            counted(int)()

    train(config, Counting(), resume=resume)
    answer.send(moments)
