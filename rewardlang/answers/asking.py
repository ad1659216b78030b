"""Questions to the worker with sympy, and its latest answers."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.work.pool import pool
from rewardlang.work.process import OwnModule, WorkFailed

WALL_SECONDS = 30.0
MEMORY_BYTES = 2**30
_REMEMBERED = 2_048


def symbolic_home(cpu_seconds: int) -> OwnModule:
    """Where sympy runs, for so long and no longer."""
    return OwnModule("rewardlang.answers.symbolic_worker", cpu_seconds, MEMORY_BYTES)


class _Memory:
    """Verdicts by question, the latest few; broken ones are not kept."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: OrderedDict[str, Verdict] = OrderedDict()


_memory = _Memory()


def asked(request: str, reason: str, cpu_seconds: int) -> tuple[Verdict, float]:
    """The verdict on a question as JSON, with why it was open, and the seconds of computing that it took; all where none came back."""
    with _memory.lock:
        known = _memory.kept.get(request)
    if known is not None:
        return known, 0.0
    try:
        answer, why, seconds = pool().call(symbolic_home(cpu_seconds), json.loads(request), WALL_SECONDS)
    except WorkFailed as failed:
        return cannot_judge(f"{reason}; sympy gave no answer: {failed}"), float(cpu_seconds)
    verdict = yes(why) if answer else cannot_judge(f"{reason}; {why}") if answer is None else no(why)
    with _memory.lock:
        _memory.kept[request] = verdict
        if len(_memory.kept) > _REMEMBERED:
            _memory.kept.popitem(last=False)
    return verdict, float(seconds)
