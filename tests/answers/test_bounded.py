"""Hostile answers end in a verdict wherever they are judged: in any thread, under asyncio, in a process pool, beside a heartbeat."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from benchmarks.scoring.math_hostile import ANSWERS, COMPLETIONS
from rewardlang.answers.compare import compare_answers
from rewardlang.answers.final import final_answer
from rewardlang.answers.parse import read_answer
from rewardlang.answers.symbolic import decide
from rewardlang.answers.values import Answer
from rewardlang.work import pool

CHEAP = [text for text in ANSWERS if "\\int" not in text and "\\sin" not in text]
"""Those that static limits stop; the others cost computing time in a worker."""


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    yield
    pool.close()


def holds(text: str) -> bool | None:
    """The verdict against 1; None for what has no value."""
    answer, one = read_answer(text), read_answer("1")
    assert isinstance(one, Answer)
    return compare_answers(answer, one).holds if isinstance(answer, Answer) else None


def all_hold() -> list[bool | None]:
    """All verdicts."""
    return [holds(text) for text in CHEAP]


@pytest.mark.parametrize("text", ANSWERS, ids=range(len(ANSWERS)))
def test_a_hostile_answer_is_equal_to_itself(text: str) -> None:
    """Towers, long figures, deep brackets, products that explode."""
    answer = read_answer(text)
    if isinstance(answer, Answer):
        assert compare_answers(answer, answer).holds is True
        assert holds(text) in (True, False, None)


@pytest.mark.parametrize("text", COMPLETIONS, ids=range(len(COMPLETIONS)))
def test_a_hostile_completion_has_a_final_answer_or_none(text: str) -> None:
    """Hundreds of thousands of characters are read in one pass."""
    found = final_answer(text)
    assert found is None or 0 <= found.start <= found.end <= len(text)


def test_a_thread_says_the_same_while_a_heart_beats() -> None:
    """No verdict needs the main thread, and none holds the interpreter for long: another thread goes on."""
    beats, done = [0], threading.Event()

    def beat() -> None:
        while not done.wait(0.005):
            beats[0] += 1

    heart = threading.Thread(target=beat)
    heart.start()
    with ThreadPoolExecutor(1) as threads:
        for _ in range(2_000):
            verdicts = threads.submit(all_hold).result()
            if beats[0] >= 3:
                break
    done.set()
    heart.join()
    assert verdicts == all_hold()
    assert beats[0] >= 3


def test_asyncio_says_the_same() -> None:
    """On the loop itself and in a thread of it."""

    async def judge() -> tuple[list[bool | None], list[bool | None]]:
        return all_hold(), await asyncio.to_thread(all_hold)

    one, other = asyncio.run(judge())
    assert one == other == all_hold()


def test_a_process_pool_says_the_same() -> None:
    """In a process that was started afresh."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert processes.submit(all_hold).result() == all_hold()


def test_what_a_worker_cannot_do_in_time_is_not_judged() -> None:
    """Its process is ended by its limit of computing time, the reason says so, and the next question is answered."""
    hard = read_answer(r"\int_0^1 \sin(\sin(\sin x)) \cos(\cos x)^7 \tan(x^3+1)^5 dx")
    one, double, product = (read_answer(text) for text in ("1", r"\sin 2x", r"2\sin x\cos x"))
    assert isinstance(hard, Answer)
    assert isinstance(one, Answer)
    assert isinstance(double, Answer)
    assert isinstance(product, Answer)
    verdict = decide(hard, one)
    assert verdict.holds is None
    assert decide(double, product).holds is True
