"""One engine a process under `accelerate launch`: the run is that of one process at the same completions a step.

The runs themselves take a minute and come with REWARDLANG_LONG_TESTS=1: two processes over gloo on the CPU, with fake samplers.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import rewardlang
from rewardlang.trainer.checkpoints import remove
from rewardlang.trainer.config import CurriculumConfig, EngineConfig, RunConfig, TrainingConfig
from rewardlang.trainer.gpu_world import SharedLedger, World, check_for_processes, place, share_of
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.problem import TrainingProblem, TwoPolicies
from rewardlang.trainer.progress import Silent
from tests.gpu_engine.test_gpu_run import REWARD

ROOT = Path(__file__).parents[2]
GOOD = RunConfig(engine=EngineConfig(backend="memory"), training=TrainingConfig(completions=64, group=8))

long_test = pytest.mark.skipif(not os.environ.get("REWARDLANG_LONG_TESTS"), reason="takes long: set REWARDLANG_LONG_TESTS=1")


class Heard(World):
    """A process that is told what the others say."""

    def __init__(self, rank: int, others: dict[int, Any]) -> None:
        super().__init__(rank, len(others) + 1)
        object.__setattr__(self, "others", others)

    def gathered(self, value: Any) -> list[Any]:
        """The others' values, and this one's."""
        found: dict[int, Any] = {**self.others, self.rank: value}  # type: ignore[attr-defined]
        return [found[rank] for rank in range(self.size)]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (replace(GOOD, engine=EngineConfig()), "2 processes train on an engine only"),
        (replace(GOOD, training=replace(GOOD.training, completions=24)), "24 completions in groups of 8: not in whole groups"),
        (replace(GOOD, training=replace(GOOD.training, micro_batch=64)), "each of 2 processes has 32 completions"),
        (replace(GOOD, training=replace(GOOD.training, algorithm="dapo")), "do not replace groups without spread"),
        (replace(GOOD, curriculum=CurriculumConfig(prompts="difficulty")), "draw no prompts by difficulty"),
        *[
            (replace(GOOD, training=replace(GOOD.training, algorithm=name)), f"do not train by '{name}' yet")
            for name in ("ppo", "rloo", "gdpo")
        ],
    ],
)
def test_what_several_processes_cannot_train_is_refused(config: RunConfig, told: str) -> None:
    """Each with its remedy, before anything is loaded; one process may do all of it."""
    check_for_processes(config, 1)
    with pytest.raises(TrainingProblem, match=told):
        check_for_processes(config, 2)


def test_what_they_can_train_is_not() -> None:
    """DAPO's loss without replacement of groups, too."""
    check_for_processes(GOOD, 4)
    check_for_processes(replace(GOOD, training=replace(GOOD.training, algorithm="dapo", refill=0)), 2)


def test_alone_nothing_is_exchanged(tmp_path: Path) -> None:
    """One process is itself all of them, and the run's folder is its own."""
    world = World()
    assert world.gathered(3) == [3]
    world.agree(None)
    world.check_same([torch.ones(2)])
    assert list(share_of(range(5), world)) == [0, 1, 2, 3, 4]
    config = replace(GOOD, output=str(tmp_path / "run"))
    with place(config, Silent()) as (own, _):
        assert own is config


def test_what_one_finds_stops_all() -> None:
    """A process whose own proof went well raises what another found; adapters that differ are found by every process."""
    with pytest.raises(TwoPolicies, match="the slot of the second"):
        Heard(0, {1: TwoPolicies("the slot of the second")}).agree(None)
    same = [torch.ones(3), torch.zeros(2)]
    own = [int(one.view(torch.int32).to(torch.int64).sum()) for one in same]
    Heard(0, {1: own}).check_same(same)
    with pytest.raises(TwoPolicies, match="adapters of the 2 processes differ"):
        Heard(0, {1: [own[0] + 1, own[1]]}).check_same(same)


def test_rows_of_all_are_joined_however_many_each_has() -> None:
    """In the order of the processes; a number is one row."""
    assert Heard(0, {1: torch.tensor([3.0])}).joined(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0, 3.0]
    assert Heard(1, {0: torch.tensor(1.0)}).joined(torch.tensor(2.0)).tolist() == [1.0, 2.0]
    assert [list(share_of(range(5), World(rank, 2))) for rank in (0, 1)] == [[0, 1, 2], [3, 4]]


def test_the_first_process_writes_everyones_completions(tmp_path: Path) -> None:
    """Rows of the second stand after the first's; its ratios, which it may have none of, reach their rows."""
    reward = rewardlang.loads(REWARD)
    marks = [reward.score([text]).rows[0] for text in ("a", "b", "", "d")]
    theirs: list[Any] = [(["q", "q"], marks[2:], {"completion_tokens": [3, 4]}, 2.0, {1: 0.5}), [(0, [1], [[0.9], [0.8], [1.0]])]]
    world = Heard(0, {1: theirs[0]})
    ledger = SharedLedger(world, tmp_path, reward.program, 2)
    ledger.add(0, ["p", "p"], marks[:2], {"completion_tokens": [1, 2]}, 1.0, {})
    object.__setattr__(world, "others", {1: theirs[1]})
    ledger.exchange()
    ledger.flush()
    rows = read_ledger(tmp_path).to_pylist()
    assert [(row["row"], row["group"], row["prompt"], row["tokens"]) for row in rows] == [
        (0, 0, "p", 1),
        (1, 0, "p", 2),
        (2, 1, "q", 3),
        (3, 1, "q", 4),
    ]
    assert [row["ratio_mean"] for row in rows] == [None, None, None, 0.9]
    assert rows[0]["marking_seconds"] == 2.0


def started(folder: Path, broken: str, processes: int, *changes: str) -> list[subprocess.CompletedProcess[str]]:
    """So many processes of `processes.py`, ended; one alone is started without the variables of `torchrun`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(exist_ok=True)
    alone = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.gpu_engine.processes", str(folder), broken, *changes]
    running = []
    for rank in range(processes):
        place_of = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(processes),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
        environment = alone if processes == 1 else alone | place_of
        running.append(subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    ended = []
    for process in running:
        out, err = process.communicate(timeout=900)
        ended.append(subprocess.CompletedProcess(command, process.returncode, out, err))
    return ended


def adapter_of(folder: Path) -> dict[str, torch.Tensor]:
    """The trained adapter."""
    from safetensors.torch import load_file

    return load_file(folder / "run" / "policy" / "adapter_model.safetensors")


def held_out(folder: Path) -> list[dict[str, Any]]:
    """The learning curve."""
    rows = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] == "held out"]


@pytest.mark.slow
@long_test
def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    """Four steps with passes of the same rows: the adapter is equal to the bit, and with it the curve, completions and scores.

    In one step the second process has nothing to train on, in the next neither has. The sum of two passes' gradients is that of two
    processes, and halves and doubles are exact; with more passes a process sums them in another order, and fp32 rounds otherwise.
    """
    (one,) = started(tmp_path / "one", "none", 1, "micro_batch=4")
    assert "ENDED 4 False" in one.stdout, one.stderr
    for process in started(tmp_path / "two", "none", 2, "micro_batch=4"):
        assert "ENDED 4 False" in process.stdout, process.stderr
    for process in started(tmp_path / "small", "none", 2, "micro_batch=2"):
        assert "ENDED 4 False" in process.stdout, process.stderr
    first, second, small = (adapter_of(tmp_path / name) for name in ("one", "two", "small"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(torch.allclose(first[name], small[name], atol=2e-2) for name in first)
    assert held_out(tmp_path / "one") == held_out(tmp_path / "two")
    rows = [read_ledger(tmp_path / name / "run" / "ledger").to_pylist() for name in ("one", "two")]
    told = ("version", "row", "group", "prompt", "completion", "score", "tokens")
    assert [[row[key] for key in told] for row in rows[0]] == [[row[key] for key in told] for row in rows[1]]
    assert len(rows[1]) == 32
    remove(tmp_path / "two" / "run" / "checkpoints" / "checkpoint-4")
    for process in started(tmp_path / "two", "resume", 2, "micro_batch=4"):
        assert "ENDED 4 False" in process.stdout, process.stderr
    again = adapter_of(tmp_path / "two")
    assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.slow
@long_test
def test_a_sampler_that_lost_the_policy_stops_both(tmp_path: Path) -> None:
    """Only the second's slot is wrong; both end with the reason, none waits for the other."""
    for process in started(tmp_path / "lost", "lost", 2, "micro_batch=4"):
        assert process.returncode != 0
        assert "not the policy that is trained" in process.stderr
