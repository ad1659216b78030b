"""`reward.submit`: rows marked while the caller goes on, collected in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang.compiled import compile_text
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.work import pool
from tests.engine.faulty import faulty_rewards, rows

MODULE = """
import os, time
from pathlib import Path

def f(text):
    if "crash" in text: os._exit(3)
    if "slow" in text: time.sleep(0.1)
    if "make" in text: Path(text.split()[1]).touch()
    if "wait" in text:
        while not Path(text.split()[1]).exists(): time.sleep(0.01)
    return len(text) / 100
"""
FILE = """rewardlang 1
reward dear
use python "checks:f" as f(text: text) returns number between 0 and 1 timeout 60 s
rule length: award up to 1 point scaled by f(completion)
score between 0 and 1
"""


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reward]:
    """A reward whose verdicts are reached in worker processes: `wait FILE` ends when the file is there, `make FILE` makes it."""
    folder = tmp_path_factory.mktemp("dear")
    (folder / "checks.py").write_text(MODULE, encoding="utf-8")
    yield rewardlang.loads(FILE, folder=folder)
    pool.close()


def _pieces(batch: list[tuple[str, str]], ends: list[int]) -> Iterator[tuple[list[str], dict[str, list[str]]]]:
    """The rows, cut at some places."""
    bounds = [0, *sorted(min(end, len(batch)) for end in ends), len(batch)]
    for low, high in pairwise(bounds):
        yield [completion for completion, _ in batch[low:high]], {"gold": [gold for _, gold in batch[low:high]]}


def _outcome(marked: Callable[[], Scores]) -> Scores | str:
    """The scores, or how many inputs broke a verifier; which of them was last is chance."""
    try:
        return marked()
    except VerifierBreakdown as error:
        return str(error).partition(";")[0]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(faulty_rewards(), st.lists(rows, min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_however_rows_are_handed_over_the_scores_are_those_of_score(reward: Reward, batch: list[tuple[str, str]], ends: list[int]) -> None:
    """Every array to the last bit, failures, gates and records, also where verifiers refuse and break."""

    def submitted() -> Scores:
        first, *others = _pieces(batch, ends)
        handle = again.submit(first[0], columns=first[1])
        for completions, columns in others:
            handle.add(completions, columns=columns)
        assert len(handle) == len(batch)
        return handle.collect()

    again = Reward(compile_text(reward.source.text, registry=reward.registry))
    whole, parts = _outcome(lambda: reward.score(*_at_once(batch))), _outcome(submitted)
    if isinstance(whole, str) or isinstance(parts, str):
        assert whole == parts
        return
    _same(whole, parts)


def _at_once(batch: list[tuple[str, str]]) -> tuple[list[str], None, dict[str, list[str]]]:
    return [completion for completion, _ in batch], None, {"gold": [gold for _, gold in batch]}


def _same(one: Scores, other: Scores) -> None:
    """All that scores tell, but for the time it took: a property that is new is compared too."""
    assert len(one) == len(other)
    for name in (name for name in dir(Scores) if isinstance(getattr(Scores, name), property) and name != "verifier_seconds"):
        left, right = getattr(one, name), getattr(other, name)
        if name == "failures":
            left, right = ({row: sorted(found) for row, found in failures.items()} for failures in (left, right))
        if name in {"rows", "failures"}:
            assert left == right, name
        else:
            _same_arrays(left, right, name)
    for index in range(len(one)):
        assert one.gate(index) == other.gate(index)
        assert one.explain(index).text() == other.explain(index).text()


def _same_arrays(left: Any, right: Any, name: str) -> None:
    if isinstance(left, Mapping):
        assert list(left) == list(right), name
        for key in left:
            _same_arrays(left[key], right[key], name)
    else:
        assert left.dtype == right.dtype, name
        assert left.tobytes() == right.tobytes(), name


def test_dear_verdicts_are_reached_side_by_side_while_the_caller_goes_on(dear: Reward, tmp_path: Path) -> None:
    """The first row can only be marked once the last one is, and one between them once the caller says so; the order stays."""
    first, middle = tmp_path / "first", tmp_path / "middle"
    handle = dear.submit([f"wait {first}", *["x"] * 7])
    handle.add([f"wait {middle}"])
    assert not handle.done()
    middle.touch()
    handle.add(["xx", f"make {first}"])
    scores = handle.collect()
    assert handle.done()
    assert handle.collect() is scores
    texts = [f"wait {first}", *["x"] * 7, f"wait {middle}", "xx", f"make {first}"]
    assert scores.values.tolist() == [len(text) / 100 for text in texts]


def test_a_worker_that_ends_costs_its_row_alone(dear: Reward) -> None:
    """The row says what happened, and the others are marked."""
    scores = dear.submit(["x", "crash", "xx", *["xxx"] * 20]).collect()
    assert scores.values.tolist() == [0.01, 0.0, 0.02, *[0.03] * 20]
    ((row, (failure,)),) = scores.failures.items()
    assert (row, failure.verifier, failure.broke) == (1, "f", True)
    assert "exit status 3, twice" in failure.reason.replace(")", "")
    assert scores.row(1).failures == (failure,)


def test_who_is_in_a_hurry_can_ask_again(dear: Reward, tmp_path: Path) -> None:
    """`collect` with a limit of time gives up waiting, and no row."""
    handle = dear.submit([f"wait {tmp_path / 'go'}"])
    with pytest.raises(TimeoutError):
        handle.collect(timeout=0)
    (tmp_path / "go").touch()
    assert len(handle.collect()) == 1


def test_what_is_cancelled_is_not_marked(dear: Reward, tmp_path: Path) -> None:
    """Nothing can be added or collected; a submission that is collected cannot be cancelled."""
    with dear.submit([f"wait {tmp_path / 'go'}", *["x"] * 100]) as handle:
        pass
    for late in (handle.collect, lambda: handle.add(["x"])):
        with pytest.raises(CancelledError):
            late()
    (tmp_path / "go").touch()
    with dear.submit(["x"]) as handle:
        assert len(handle.collect()) == 1
    assert not handle.cancel()
    with pytest.raises(RuntimeError, match="collected"):
        handle.add(["x"])


def test_in_a_program_of_tasks_it_is_awaited(dear: Reward, tmp_path: Path) -> None:
    """Other tasks run meanwhile; a task that is cancelled gives its rows up."""

    async def main() -> tuple[list[float], bool]:
        given_up = asyncio.create_task(_awaited(dear, [f"wait {tmp_path / 'never'}"]))
        waiting = asyncio.create_task(_awaited(dear, [f"wait {tmp_path / 'go'}"]))
        await asyncio.sleep(0)
        given_up.cancel()
        (tmp_path / "go").touch()
        scores = await waiting
        await asyncio.wait([given_up])
        (tmp_path / "never").touch()
        return scores.values.tolist(), given_up.cancelled()

    assert asyncio.run(main()) == ([len(f"wait {tmp_path / 'go'}") / 100], True)


async def _awaited(reward: Reward, completions: list[str]) -> Scores:
    return await reward.submit(completions)


def test_mistakes_in_the_data_are_told_with_the_row_that_was_handed_over() -> None:
    """The shape at once; a value when the scores are collected, counted over all rows."""
    reward = rewardlang.loads(
        "rewardlang 1\nreward r\ncolumn n: number\nrule a: award 1 point when n > 1\nscore between 0 and 1\n",
    )
    with pytest.raises(rewardlang.DataError, match="2 values for 1 completions"):
        reward.submit(["x"], columns={"n": [1, 2]})
    handle = reward.submit(["x", "y"], columns={"n": [1, 2]})
    handle.add(["z", "z"], columns={"n": [1, "many"]})
    with pytest.raises(rewardlang.DataError) as caught:
        handle.collect()
    assert (caught.value.row, caught.value.column) == (3, "n")


def test_lists_may_be_filled_further_by_their_owner() -> None:
    """What was handed over is what was there."""
    reward = rewardlang.loads('rewardlang 1\nreward r\nrule a: award 1 point when completion contains "x"\nscore between 0 and 1\n')
    completions: list[str] = []
    handle = reward.submit(completions)
    for text in ("x", "y"):
        completions.append(text)
        handle.add(completions[-1:])
    completions.clear()
    assert np.array_equal(handle.collect().values, [1, 0])


def test_each_row_says_what_its_verifiers_took(dear: Reward) -> None:
    """By itself, in parts of a submission too; of an argument that two rows share each has the whole, and it is asked once."""
    texts = ["ab", "slow", "slow", *("c" * length for length in range(1, 9))]
    for scores in (dear.score(texts), dear.submit(texts).collect()):
        seconds = scores.verifier_seconds
        assert sorted(seconds) == list(range(len(texts)))
        assert seconds[1] == seconds[2] >= 0.1
        assert all(value > 0 for value in seconds.values())
    cheap = rewardlang.loads('rewardlang 1\nreward r\nrule a: award 1 point when completion contains "1"\nscore between 0 and 1\n')
    assert cheap.score(["1", "2"]).verifier_seconds == {}
