"""`rewardlang score`: every row of a file with its score, the points of each rule, and what went wrong."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from rewardlang.scoring.inputs import Input, Part
    from rewardlang.scoring.pieces import Job
    from rewardlang.scoring.run import Counts, Engine, Source
    from rewardlang.scoring.targets import Target

DESCRIPTION = """
Writes each row of --samples with four keys added:

  score    the score, or null where the row is skipped
  rules    rule name -> points before caps and weight; 0 under a gate, null where the row is skipped
  skipped  true or false
  errors   list of texts: verifiers that refused or broke, a null completion that was marked as the empty text

For a row with several completions each of the four is a list with one entry a completion. The form of OUT follows
its name: .jsonl (or '-', standard output) or .parquet. OUT is there whole or not at all.

Files may be larger than memory: they are read, scored and written piece by piece. A run that was stopped, by a kill
or a full disk, leaves two hidden files beside OUT, and the same command goes on where it was.
"""
EXAMPLE = """
rewardlang score math.reward --samples samples.jsonl --out scored.jsonl
rewardlang score math.reward --samples 'data/train-*.parquet' --out scored.parquet
cat samples.jsonl | rewardlang score math.reward --samples - --out - > scored.jsonl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `score`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    what = "the completions: a file, a folder or a pattern ('data/*.parquet'), also several times; '-' reads JSONL from standard input"
    parser.add_argument("--samples", action="append", required=True, metavar="IN", help=what)
    parser.add_argument("--out", required=True, metavar="OUT", help="where to write; '-' writes JSONL to standard output")
    what = "where it is computed: on this machine, or in tasks of a Ray cluster, with the same bytes as the result (default: local)"
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help=what)
    what = "processes of --engine local, with the same bytes as the result (default: one for each core, where there is enough to do)"
    parser.add_argument("--workers", type=shared.count, metavar="N", help=what)
    what = "the cluster of --engine ray; default: RAY_ADDRESS, else a cluster on this machine, else one that is started for the run"
    parser.add_argument("--ray-address", metavar="ADDRESS", help=what)
    shared.add_map(parser)
    shared.add_step(parser)
    what = "a summary as JSON: rows, completions, skipped, mean, seconds, resumed, engine, out; on standard error when OUT is '-'"
    parser.add_argument("--json", action="store_true", help=what)


def run(arguments: argparse.Namespace) -> int:
    """Scores what is not there yet, and tells what was done."""
    from rewardlang.scoring.inputs import files_of
    from rewardlang.scoring.targets import form_of

    form = form_of(arguments.out)
    compiled = shared.compile_file(arguments.file)
    files = files_of(arguments.samples, arguments.out)
    if arguments.engine == "ray" and files == ["-"]:
        raise UsageError("--engine ray needs files; standard input is read by --engine local")
    if arguments.ray_address is not None and arguments.engine != "ray":
        raise UsageError("--ray-address is for --engine ray")
    if arguments.workers is not None and arguments.engine != "local":
        raise UsageError("--workers is for --engine local")
    renames = shared.renames_of(arguments.map, compiled)
    if shared.tell_errors(compiled):
        return 1
    from rewardlang.reward import Reward
    from rewardlang.scoring.pieces import job_of

    job = job_of(Reward(compiled), arguments.step, renames, form)
    return _Call(arguments, job, files).run()


class _Call:
    """One call of the command."""

    def __init__(self, arguments: argparse.Namespace, job: Job, files: Sequence[str]) -> None:
        self._out: str = arguments.out
        self._json: bool = arguments.json
        self._engine: str = arguments.engine
        self._address: str | None = arguments.ray_address
        self._workers: int | None = arguments.workers
        self._job, self._files = job, files
        self._samples = "standard input" if files == ["-"] else ", ".join(arguments.samples)
        self._start = time.monotonic()

    def run(self) -> int:
        """The exit code."""
        from rewardlang.scoring.inputs import parts_of
        from rewardlang.scoring.run import Source, check_tables
        from rewardlang.scoring.targets import target_of

        found = list(parts_of(self._files, self._job.renames))
        problems = [item for item in found if isinstance(item, Problem)]
        parts = [item for item in found if not isinstance(item, Problem)]
        for problem in (*problems, *check_tables(self._job, parts)):
            problems += [problem] if problem not in problems else []
            _tell(problem)
        if problems:
            self._nothing_written()
            return 1
        head = self._head()
        source = Source(self._samples, lambda: bool(head["files"] != self._identities()))
        target = target_of(self._out, self._job.form, head, lasting=self._files != ["-"])
        with self._computing(parts) as engine, target:
            self._tell_of_an_earlier_run(target)
            counts = self._score(parts, engine, target, source)
        if counts is None:
            return 1
        self._tell_counts(counts)
        return 0

    def _computing(self, parts: Sequence[Part]) -> AbstractContextManager[Engine]:
        from rewardlang.scoring.in_processes import in_processes, processes_of
        from rewardlang.scoring.run import one_after_the_other

        if self._engine == "ray":
            from rewardlang.scoring.on_ray import on_ray

            return on_ray(self._address)
        count = processes_of(self._job, parts) if self._workers is None else min(self._workers, len(parts))
        return in_processes(count) if count > 1 else nullcontext(one_after_the_other)

    def _head(self) -> dict[str, Any]:
        """What the bytes of the output depend on."""
        from rewardlang import __version__

        job = self._job
        made = {"rewardlang": __version__, "reward": job.reward.fingerprint, "step": job.step, "map": dict(job.renames), "form": job.form}
        if job.form == "parquet":
            import pyarrow

            made["pyarrow"] = pyarrow.__version__
        return {**made, "files": self._identities()}

    def _identities(self) -> list[Input]:
        """The files as they are now."""
        from rewardlang.scoring.inputs import identities

        return [] if self._files == ["-"] else identities(self._files)

    def _tell_of_an_earlier_run(self, target: Target) -> None:
        if target.begun_anew:
            print("an unfinished run with another reward or other samples was there: it is begun anew", file=sys.stderr)
        if target.entries:
            rows = sum(entry.rows for entry in target.entries)
            print(f"going on after {shared.counted(rows, 'row')} of a run that was stopped", file=sys.stderr)

    def _score(self, parts: Sequence[Part], engine: Engine, target: Target, source: Source) -> Counts | None:
        """What was scored; None where it could not be, which is told."""
        from rewardlang.scoring.run import EngineLost, Refused, run

        try:
            return run(self._job, parts, engine, target, _tell, source)
        except Refused as refused:
            target.discard()
            if refused.misused:
                raise UsageError(str(refused)) from None
            if str(refused):
                print(refused, file=sys.stderr)
            self._nothing_written()
        except UsageError:
            target.discard()
            raise
        except OSError as error:
            if error.errno is None or isinstance(error, BrokenPipeError):
                raise
            told = os.strerror(error.errno)
            what = f"read {error.filename}" if error.filename and error.filename in self._files else f"write {self._place}"
            reason = f"cannot go on to {what}: {told[:1].lower()}{told[1:]}"
            print(f"rewardlang score: {reason}\n{self._kept(target)}", file=sys.stderr)
        except EngineLost as lost:
            target.keep()
            print(f"rewardlang score: {lost}\n{self._kept(target)}", file=sys.stderr)
        except KeyboardInterrupt:
            target.keep()
            raise
        return None

    def _kept(self, target: Target) -> str:
        rows = shared.counted(sum(entry.rows for entry in target.entries), "row")
        return f"{rows} kept for the next run: the same command goes on behind them" if target.entries else f"nothing is in {self._place}"

    @property
    def _place(self) -> str:
        return "standard output" if self._out == "-" else self._out

    def _nothing_written(self) -> None:
        print(f"nothing was written to {self._place}", file=sys.stderr)

    def _tell_counts(self, counts: Counts) -> None:
        """The summary, to where it does not mix with the records."""
        if counts.untold:
            print(f"and {counts.untold:,} more", file=sys.stderr)
        seconds = time.monotonic() - self._start
        stream = sys.stderr if self._out == "-" else sys.stdout
        if self._json:
            import json

            run = {"seconds": round(seconds, 3), "resumed": counts.resumed, "engine": self._engine, "out": self._out}
            counted = {"rows": counts.rows, "completions": counts.completions, "skipped": counts.skipped, "mean": counts.mean}
            print(json.dumps(counted | run), file=stream)
            return
        skipped = f", {counts.skipped:,} skipped" if counts.skipped else ""
        score = f", mean score {counts.mean:.4g}" if counts.mean is not None else ""
        marking = f"{shared.counted(counts.rows, 'row')}, {shared.counted(counts.completions, 'completion')}"
        print(f"{self._place}: {marking}{skipped}{score}", file=stream)


def _tell(problem: Problem) -> None:
    print(problem.render(color=wants_color(sys.stderr)) + "\n", file=sys.stderr)
