"""`rewardlang demo`: a reward file checked, explained, and used to train a small policy, in a few minutes on a CPU."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError

if TYPE_CHECKING:
    from rewardlang.trainer.demo import DemoResult

DESCRIPTION = """
Checks a reward file on samples and explains two of them; makes a small policy and trains it with that file by GRPO on
the CPU; measures it on held-out problems before and after; then does the same under a careless file. Writes
report.html and summary.json. Takes about six minutes on two cores; nothing is downloaded.
"""
EXAMPLE = """
rewardlang demo
rewardlang demo --out demo --seed 1
rewardlang demo --json > figures.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `demo`."""
    parser.add_argument("--out", default="demo", metavar="FOLDER", help="where everything goes (default: demo)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the policy, the problems and the draws (default 0)")
    parser.add_argument("--json", action="store_true", help="summary.json on standard output, and the story on standard error")
    parser.add_argument("--quick", action="store_true", help="under a minute: shows that every part runs, too short to learn anything")


def run(arguments: argparse.Namespace) -> int:
    """The whole story, told on standard error where standard output is for JSON."""
    story: AbstractContextManager[Any] = redirect_stdout(sys.stderr) if arguments.json else nullcontext()
    with story:
        figures = _story(arguments)
    if figures is not None and arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0 if figures is not None else 1


def _story(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The figures of the summary; None when it was stopped."""
    from rewardlang.trainer import demo
    from rewardlang.trainer.extras import TRAINING, need
    from rewardlang.trainer.problem import TrainingProblem
    from rewardlang.trainer.progress_display import progress_for

    folder = Path(arguments.out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder} is a file; name a folder")
    plan = demo.DemoPlan.quick() if arguments.quick else demo.DemoPlan()
    try:
        need(TRAINING, "train", purpose="the demonstration")
        demo.prepare(folder)
        _check(folder)
        _heading(f"2. Training on the CPU; each reward file {shared.counted(plan.steps, 'step')}")
        result = demo.run_demo(folder, arguments.seed, plan, progress_for())
    except TrainingProblem as problem:
        raise UsageError(str(problem)) from None
    if result is None:
        print("stopped before the end; nothing was reported")
        return None
    return _tell(folder, result, quick=arguments.quick)


def _check(folder: Path) -> None:
    """Part one, by the command that anyone would use for it."""
    from rewardlang.commands import check
    from rewardlang.trainer.demo import CARELESS, HONEST, SAMPLES

    for number, (file, samples) in enumerate(((HONEST, [str(folder / SAMPLES)]), (CARELESS, []))):
        if number == 0:
            _heading("1. A reward file, checked on ten answers; two of them explained")
        words = [str(folder / file), *(part for path in samples for part in ("--samples", path))]
        print(f"$ rewardlang check {' '.join(words)}\n", flush=True)
        parser = argparse.ArgumentParser()
        check.add_arguments(parser)
        check.run(parser.parse_args(words))
        print()


def _tell(folder: Path, result: DemoResult, *, quick: bool) -> dict[str, Any]:
    """Part three: the figures, the summary, the report."""
    from rewardlang.trainer.demo import CARELESS, HONEST, HOW_DRAWN
    from rewardlang.trainer.demo_report import report
    from rewardlang.trainer.demo_summary import summary

    figures = summary(result, _lint(folder / CARELESS))
    (folder / "summary.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(report(result, figures), encoding="utf-8")
    _heading(f"3. On {figures['held_out_problems']} held-out problems, before and after")
    rows: list[tuple[str, dict[str, Any]]] = [(HONEST, figures), (CARELESS, figures["careless"])]
    print(f"{'':<17}  {'right answers':<16}  mean reward")
    for name, run in rows:
        right = f"{run['accuracy_before']:.1%} → {run['accuracy_after']:.1%}"
        print(f"{name:<17}  {right:<16}  {run['reward_before']:.2f} → {run['reward_after']:.2f}")
    print(f"\n{HOW_DRAWN[0].upper()}{HOW_DRAWN[1:]}.")
    print(f"{figures['seconds'] / 60:.1f} minutes. Open {folder / 'report.html'}; the figures are in {folder / 'summary.json'}.")
    if quick:
        print("This was --quick: far too short to learn anything.")
    return figures


def _lint(path: Path) -> list[str]:
    """What `check` says about a file, one text a finding."""
    from rewardlang.compiled import compile_text

    compiled = compile_text(path.read_text(encoding="utf-8"), name=path.name)
    return [diagnostic.render() for diagnostic in compiled.diagnostics]


def _heading(text: str) -> None:
    bold = shared.paint()
    print(bold("bold", f"== {text} " + "=" * max(0, shared.width() - len(text) - 4)) + "\n", flush=True)
