"""Modules of this package in worker processes: plain JSON both ways, limits of computing time and memory, replaced when they end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rewardlang.answers.asking import symbolic_home
from rewardlang.answers.symbolic import CPU_SECONDS
from rewardlang.work import pool
from rewardlang.work.process import OwnModule, WorkFailed

SYMBOLIC = symbolic_home(CPU_SECONDS)
SINE = ["sum", ["product", ["number", "1", "1"], ["power", ["sin", ["sum", ["product", ["number", "1", "1"]]]], ["number", "1", "1"]]]]
EQUAL = {"ask": "equal", "one": SINE, "other": SINE}


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    pool.close()


def test_a_question_is_answered_again_and_again() -> None:
    """One warm worker answers; what is no question is told as a failure, and the next is answered."""
    assert pool.pool().call(SYMBOLIC, EQUAL, 30)[0] is True
    with pytest.raises(WorkFailed, match="KeyError"):
        pool.pool().call(SYMBOLIC, {"ask": "equal", "one": ["nothing"], "other": SINE}, 30)
    assert pool.pool().call(SYMBOLIC, EQUAL, 30)[0] is True


def test_computing_time_ends_the_process_once_and_says_so() -> None:
    """There is no second try: it would end in the same way."""
    short = OwnModule(SYMBOLIC.module, 0, SYMBOLIC.memory_bytes)
    tower = ["sum", ["product", ["number", "1", "1"], ["power", ["factorial", ["number", "3000000", "1"]], ["number", "1", "1"]]]]
    with pytest.raises(WorkFailed, match="more than 0 s of computing time"):
        pool.pool().call(short, {"ask": "equal", "one": tower, "other": SINE}, 30)
    assert pool.pool().call(SYMBOLIC, EQUAL, 30)[0] is True


def test_memory_is_capped() -> None:
    """A number of a thousand million digits is a failure of that question alone."""
    small = OwnModule(SYMBOLIC.module, 20, 2**29)
    huge = ["sum", ["product", ["number", "1", "1"], ["exp", "2", ["number", "1" + "0" * 11, "1"]]]]
    with pytest.raises(WorkFailed):
        pool.pool().call(small, {"ask": "equal", "one": huge, "other": SINE}, 30)
    assert pool.pool().call(SYMBOLIC, EQUAL, 30)[0] is True


def test_only_modules_of_this_package_are_loaded() -> None:
    """Another name is refused before it is imported."""
    with pytest.raises(WorkFailed, match="no module of this package"):
        pool.pool().call(OwnModule("antigravity", 1, 2**29), EQUAL, 30)
