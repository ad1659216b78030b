"""Several processes under `accelerate launch`, one engine each: who draws which completions, and what they tell one another.

Each process draws and learns from its share of every round, whole groups; gradients are averaged before each optimizer step, so that all
hold the same adapter. Seeds go by the place of a completion in the whole round. The first process writes the run's folder; the others
write into folders that are removed. The model is not wrapped (DDP would copy the base from the first process, and waits for gradients of
a process that has none): the average is one exchange of the adapter's gradients.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import transformers

from rewardlang.marks import RowMarks
from rewardlang.program import Program
from rewardlang.trainer import checkpoints
from rewardlang.trainer.algorithms import algorithm_of
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.ledger import Ledger
from rewardlang.trainer.problem import TrainingProblem, TwoPolicies
from rewardlang.trainer.progress import Progress, Silent
from rewardlang.trainer.stopping import StopRequest


@dataclass(frozen=True)
class World:
    """The processes of a run: this one's number, and how many there are. Alone, nothing is exchanged."""

    rank: int = 0
    size: int = 1

    def gathered(self, value: Any) -> list[Any]:
        """Everyone's value, by rank. Every process calls it, in the same order."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(found, value)
        return found

    def joined(self, tensor: torch.Tensor) -> torch.Tensor:
        """Everyone's rows, by rank, however many each has; a number counts as one row."""
        return torch.cat([one.reshape(-1, *one.shape[1:]) for one in self.gathered(tensor.detach().cpu())]).to(tensor.device)

    def agree(self, error: TwoPolicies | None) -> None:
        """Raises what the first process that has an error has, on all, so that none waits for one that stopped."""
        first = next((one for one in self.gathered(error) if one is not None), None)
        if first is not None:
            raise first

    def average(self, parameters: Sequence[torch.Tensor]) -> None:
        """Each gradient becomes the mean of everyone's; one that is missing counts as zeros."""
        flat = torch.cat([(torch.zeros_like(one) if one.grad is None else one.grad).flatten().float() for one in parameters])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        for one, mean in zip(parameters, flat.split([one.numel() for one in parameters]), strict=True):
            one.grad = mean.view(one.shape).to(one.dtype)

    def check_same(self, parameters: Sequence[torch.Tensor]) -> None:
        """Raises `TwoPolicies` unless the bits of each add up to the same in every process."""
        if self.size == 1:
            return
        own = [int(one.detach().contiguous().view(torch.int32).to(torch.int64).sum()) for one in parameters]
        if any(other != own for other in self.gathered(own)):
            raise TwoPolicies(f"the adapters of the {self.size} processes differ: they train different policies")


def processes() -> int:
    """How many `accelerate launch` or `torchrun` started; 1 without them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def join() -> World:
    """This process among the others, connected. Comes before vLLM starts, which would else make a group of its own the default."""
    if processes() == 1:
        return World()
    from accelerate import PartialState

    state = PartialState(cpu=not torch.cuda.is_available())
    return World(state.process_index, state.num_processes)


def check_for_processes(config: RunConfig, size: int) -> None:
    """Raises `TrainingProblem` for what several processes cannot train."""
    if size == 1:
        return
    told = f"{size} processes"
    training, algorithm = config.training, algorithm_of(config.training)
    if config.engine.backend == "transformers":
        raise TrainingProblem(f"{told} train on an engine only", "set 'engine.backend' to 'memory' or 'speed', or start one process")
    if training.completions % (training.group * size):
        remedy = f"set 'training.completions' to a multiple of {training.group * size}"
        raise TrainingProblem(f"{told} share {training.completions} completions in groups of {training.group}: not in whole groups", remedy)
    if training.micro_batch is not None and training.completions // size % training.micro_batch:
        remedy = f"set 'training.micro_batch' to a divisor of {training.completions // size}, or leave it out"
        raise TrainingProblem(f"each of {told} has {training.completions // size} completions a step", remedy)
    if algorithm.refill:
        raise TrainingProblem(f"{told} do not replace groups without spread", "set 'training.refill' to 0")
    if config.curriculum.prompts == "difficulty":
        raise TrainingProblem(f"{told} draw no prompts by difficulty", "leave out 'curriculum.prompts'")
    if algorithm.value_head or algorithm.pairs or algorithm.leave_one_out or algorithm.by_section:
        raise TrainingProblem(
            f"{told} do not train by {training.algorithm!r} yet", "choose 'grpo_token', 'grpo', 'bnpo', 'dr_grpo', 'gspo' or 'cispo'"
        )


@contextmanager
def place(config: RunConfig, progress: Progress) -> Iterator[tuple[RunConfig, Progress]]:
    """The run as this process does it: the first one as it is, the others silently into a folder that is removed.

    What a resumed run reads is found there, too.
    """
    world = join()
    if world.size == 1:
        yield config, progress
        return
    if world.rank == 0:
        checkpoints.discard_incomplete(Path(config.output))
        world.gathered(None)
        yield config, progress
        return
    world.gathered(None)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(config.output).resolve()
        if (output / "checkpoints").is_dir():
            (Path(folder) / "checkpoints").symlink_to(output / "checkpoints")
        for name in ("metrics.jsonl", "run.json"):
            if (output / name).is_file():
                shutil.copy(output / name, folder)
        yield replace(config, output=folder, report_to=()), Silent()


class SharedLedger(Ledger):
    """The first process writes the completions of all: rows stand by process, as the seeds count them."""

    def __init__(self, world: World, folder: Path, program: Program, group: int, *, from_version: int = 0) -> None:
        super().__init__(folder, program, group, from_version=from_version)
        self._world = world
        self._found: list[tuple[int, list[int], list[list[float]]]] = []  # ratios of this process's completions since the last exchange
        self._own = 0  # rows of this process in a version

    def add(
        self,
        version: int,
        prompts: Sequence[Any],
        marks: Sequence[RowMarks],
        columns: Mapping[str, Sequence[Any]],
        seconds: float,
        own_seconds: Mapping[int, float],
    ) -> None:
        """As `Ledger.add`; every process calls it for each round."""
        self._own = len(marks)
        given = {name: list(column) for name, column in columns.items()}
        parts = self._world.gathered((list(prompts), list(marks), given, seconds, dict(own_seconds)))
        if self._world.rank:
            return
        all_prompts, all_marks = ([one for part in parts for one in part[place]] for place in (0, 1))
        together = {name: [value for part in parts for value in part[2][name]] for name in columns}
        own = {rank * self._own + row: taken for rank, part in enumerate(parts) for row, taken in part[4].items()}
        super().add(version, all_prompts, all_marks, together, max(part[3] for part in parts), own)

    def fill_ratios(
        self, version: int, rows: Sequence[int], mean: Sequence[float], least: Sequence[float], greatest: Sequence[float]
    ) -> None:
        """Kept until `exchange`: a process whose completions teach nothing fills in none."""
        self._found.append((version, list(rows), [list(mean), list(least), list(greatest)]))

    def exchange(self) -> None:
        """Brings the ratios of all to the first process; every process calls it after each step."""
        for rank, found in enumerate(self._world.gathered(self._found)):
            for version, rows, statistics in found if self._world.rank == 0 else ():
                super().fill_ratios(version, [rank * self._own + row for row in rows], *statistics)
        self._found = []


class EachStep(transformers.TrainerCallback):
    """After each step: ratios to the ledger, and the wish to stop to everyone."""

    def __init__(self, world: World, ledger: SharedLedger, stop: StopRequest) -> None:
        self._world, self._ledger, self._stop = world, ledger, stop

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Comes before whatever acts on the wish."""
        self._ledger.exchange()
        self._stop.asked = any(self._world.gathered(self._stop.asked))


def share_of(items: Sequence[Any], world: World) -> Sequence[Any]:
    """The part of a list that is this process's: equal parts in order, the last ones shorter."""
    size = math.ceil(len(items) / world.size)
    return items[world.rank * size : (world.rank + 1) * size]
