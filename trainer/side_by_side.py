"""A run in a process of its own, beside another: a small policy keeps one core busy, and most machines have two.

python -m rewardlang.trainer.side_by_side      what the process runs: a pickled configuration in, a pickled outcome out
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Progress, Silent

_SECONDS_BETWEEN_LOOKS = 0.5


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for torch inside."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Told:
    """What a run beside tells of itself; the rest of it is on the disk. Answers are to the held-out rows."""

    fingerprint: str
    steps: int
    seconds: float
    warnings: int
    before: Sequence[str] | None
    after: Sequence[str] | None  # None when it was stopped


class RunBeside:
    """A run that has begun in a process of its own. Ended with `stop`, and by the end of this process however it comes."""

    def __init__(self, config: RunConfig, count: int) -> None:
        """Starts it with `count` threads; what its libraries print goes to a file beside its folder."""
        self.config = config
        self._log = Path(config.output).with_suffix(".log")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rewardlang.trainer.side_by_side"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdin is not None
        pickle.dump((config, count), self._process.stdin)
        self._process.stdin.flush()

    def told(self, progress: Progress, label: str) -> Told:
        """Waits for its end. Raises what the run raised, and `TrainingProblem` if its process was ended from outside."""
        assert self._process.stdout is not None
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(self._process.stdout.read()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        self._show(reader, progress, label)
        code = self._process.wait()
        if not found or not found[0]:
            raise TrainingProblem(f"the run {self.config.output} ended with exit code {code}", f"read {self._log}")
        # Written by this package in a process that this one started.
        outcome: Any = pickle.loads(found[0])
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Told)
        return outcome

    def stop(self) -> None:
        """Ends the process if it still runs."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if self._log.is_file() and not self._log.stat().st_size:
            self._log.unlink()

    def _show(self, reader: threading.Thread, progress: Progress, label: str) -> None:
        """The steps that its metrics tell, until it ends."""
        metrics, seen = Path(self.config.output) / "metrics.jsonl", 0
        reader.join(_SECONDS_BETWEEN_LOOKS)
        if not reader.is_alive():
            return
        progress.start(label, self.config.training.steps)
        while reader.is_alive():
            steps = [row["step"] for row in read_metrics(metrics) if row["kind"] == "training"]
            if steps and steps[-1] > seen:
                seen = steps[-1]
                progress.step(seen)
            reader.join(_SECONDS_BETWEEN_LOOKS)
        progress.step(self.config.training.steps)
        progress.finish()


def _end_with(stream: Any) -> None:
    """Ends this process when the one that writes to the stream is gone."""
    while stream.read(1):
        pass
    os._exit(1)


def main() -> None:
    """The process: a run from standard input, its outcome on standard output; what libraries print goes to standard error."""
    outcome = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    config, count = pickle.load(sys.stdin.buffer)  # from `RunBeside`
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    from rewardlang.errors import RewardError
    from rewardlang.trainer.cpu_threads import wait_without_spinning

    wait_without_spinning()
    from rewardlang.trainer.training import train

    told: Any
    try:
        with threads(count):
            result = train(config, Silent())
        before, after = (None if one is None else one.completions for one in (result.before, result.after))
        told = Told(result.fingerprint, result.steps, result.seconds, result.warnings, before, after)
    except (TrainingProblem, RewardError) as problem:
        told = problem
    with outcome:
        pickle.dump(told, outcome)
        outcome.flush()
    os._exit(0)  # the thread above still reads


if __name__ == "__main__":
    # Under the name by which the other process knows the classes.
    from rewardlang.trainer import side_by_side

    side_by_side.main()
