"""How a run ended, as one file in its folder: finished, stopped, or failed with cause and remedy. One that was killed left no word.

`ending.json` is written when a run begins, with the process that has it, and written over in place when it ends. It is as long as it
will ever be from the start: a full disk, which lengthens no file, still takes the word about itself.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from rewardlang.trainer.checkpoints import last_complete, replace_text
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.problem import TrainingProblem

FINISHED, STOPPED, FAILED, KILLED, GOING_ON, UNSEEN = "finished", "stopped", "failed", "killed", "going on", "perhaps going on"
AGAIN = "go on with --resume"
_NAME = "ending.json"
_BYTES = 8192
_CAUSE, _REMEDY = 700, 500  # characters; six bytes each at most
_WITHOUT_A_WORD = (
    "the process ended without a word: killed from outside (kill -9, a job's time limit), by the operating system for want of memory, or "
    "with the machine"
)
_MEMORY_PERHAPS = (
    "see whether the system log (dmesg) or the job's log tells of memory; if so lower 'training.micro_batch', 'engine.concurrent' or "
    "'evaluation.batch'; then {how}"
)


@dataclass(frozen=True)
class Ended:
    """`how` is one of the words above; `step` the last one that was done. Cause and remedy are empty where nothing is to be done."""

    how: str
    step: int
    cause: str = ""
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """With None for what is not said."""
        return {"how": self.how, "step": self.step, "cause": self.cause or None, "remedy": self.remedy or None}


class Ending:
    """While entered, a run is going on; `begin` says so in its folder, and however it is left, the folder says that."""

    def __init__(self, output: Path) -> None:
        self.stopped_by = ""  # the signal that asked for it, where a run stops after a step as it was asked to
        self.begun = False
        self._output = output
        self._step: Callable[[], int] = int

    def begin(self, step: int) -> None:
        """This process has the run from now on, of which `step` steps are done."""
        self.begun = True
        self._step = lambda: step
        replace_text(self._output / _NAME, _text({"how": GOING_ON, "pid": os.getpid(), "born": _born(os.getpid()), "host": _host()}))

    def counted_by(self, step: Callable[[], int]) -> None:
        """Where the number of steps that are done can be asked."""
        self._step = step

    def __enter__(self) -> Ending:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.begun:
            # The cause is told on the terminal, too; a second failure must not take its place.
            with suppress(OSError):
                self._write(self._ended(error))

    def _ended(self, error: BaseException | None) -> Ended:
        step = self._step()
        if error is None:
            return Ended(STOPPED, step, f"stopped by {self.stopped_by}", AGAIN) if self.stopped_by else Ended(FINISHED, step)
        checkpoint = last_complete(self._output)
        left, how = ("nothing was saved", "start again") if checkpoint is None else (f"{checkpoint.name} is whole", AGAIN)
        if isinstance(error, TrainingProblem):
            return Ended(FAILED, step, error.cause, error.remedy or how)
        if isinstance(error, KeyboardInterrupt):
            lost = f"what was done after step {step} is lost" if step else "no step was done"
            return Ended(STOPPED, step, f"stopped at once: {lost}; {left}", how)
        first = str(error).strip().split("\n")[0]
        told = f"an error that the trainer does not know: {type(error).__name__}{': ' * bool(first)}{first}; {left}"
        return Ended(FAILED, step, told, f"its trace stands on the terminal or in the job's log; then {how}")

    def _write(self, ended: Ended) -> None:
        found = ended.to_json() | {"cause": ended.cause[:_CAUSE], "remedy": ended.remedy[:_REMEDY]}
        with (self._output / _NAME).open("r+b") as stream:
            stream.write(_text(found).encode("utf-8", errors="replace"))
            stream.flush()
            os.fsync(stream.fileno())


def ending_of(run: Path) -> Ended | None:
    """How the run in a folder ended, or that it goes on; None where an older version left no word, and while the word is written."""
    try:
        found = json.loads((run / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if found["how"] != GOING_ON:
        return Ended(found["how"], found["step"], found["cause"], found["remedy"])
    step = _last_seen(run)
    if found["host"] != _host():
        cause = f"begun on {found['host']}; from here nobody can see whether it still goes on"
        return Ended(UNSEEN, step, cause, f"look there for process {found['pid']}; if it is gone, {AGAIN}")
    if _born(found["pid"]) == found["born"]:
        return Ended(GOING_ON, step, f"process {found['pid']}")
    how = "start again: nothing was saved" if last_complete(run) is None else AGAIN
    return Ended(KILLED, step, _WITHOUT_A_WORD, _MEMORY_PERHAPS.format(how=how))


def _last_seen(run: Path) -> int:
    """The last step that anything in the folder knows of; the ledger has the completions of a version before its step is done."""
    checkpoint = last_complete(run)
    steps = [0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])]
    steps += [row["step"] for row in read_metrics(run / "metrics.jsonl")]
    table = read_ledger(run / "ledger", ["version"])
    steps += [] if table is None else table["version"].to_pylist()
    return max(steps)


def _born(pid: int) -> str | None:
    """What tells a process from a later one of the same number; None for one that is gone or was killed and not yet reaped."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return _alive(pid)
    return None if state in "ZX" else rest[18]  # clock ticks from the start of the machine


def _alive(pid: int) -> str | None:
    """Where there is no /proc, all that can be asked."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "alive"
    return "alive"


def _host() -> str:
    return socket.gethostname()


def _text(found: dict[str, Any]) -> str:
    """JSON with the time, filled up with spaces."""
    text = json.dumps({**found, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, ensure_ascii=False, indent=2)
    return text + " " * (_BYTES - len(text.encode("utf-8", errors="replace")) - 1) + "\n"
