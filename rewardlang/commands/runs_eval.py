"""`rewardlang runs eval`: pass@k and every rule of a trained policy with intervals, against another policy on the same prompts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.commands import shared
from rewardlang.commands.runs_numbers import temperature, whole, whole_numbers
from rewardlang.commands.table import table
from rewardlang.terminal_text import wrap

DESCRIPTION = """
Draws several answers to each held-out prompt and marks them: pass@k (the chance that one of k answers is right; "right" is
what success in the reward file says), score, points and share of each rule, length; before and after training on the same
prompts, with 95% intervals, those of differences paired. Answers are kept in RUN/evaluations: more answers, or another
reward file, draw only what is missing. The same seed gives the same answers on the same machine.
"""
EXAMPLE = """
rewardlang runs eval runs/maths -n 8
rewardlang runs eval runs/maths --checkpoint best --against 100
rewardlang runs eval runs/maths --checkpoint base --against none -n 1
rewardlang runs eval runs/maths --samples test.jsonl -n 16 --k 1,4,16
"""
MOST_ANSWERS = 9_999  # to each prompt
_SHARES = ("pass@", "fired.", "cut_off")
_LABELS = {"tokens": "tokens an answer", "cut_off": "cut off"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `runs eval`."""
    parser.add_argument("run", metavar="RUN", type=Path, help="the 'output' folder of a run")
    parser.add_argument(
        "--checkpoint",
        metavar="N",
        help="the policy to measure: a step, 'best', 'last' or 'base' (default: the trained policy, else the last)",
    )
    parser.add_argument("--against", metavar="N", default="base", help="the policy to compare with, or 'none' (default base)")
    parser.add_argument(
        "--samples", metavar="WHICH", default="held-out", help="'held-out', 'training', or a .jsonl or .parquet file (default held-out)"
    )
    parser.add_argument("-n", "--answers", type=whole(1, MOST_ANSWERS), default=4, metavar="N", help="answers to each prompt (default 4)")
    parser.add_argument("--k", type=whole_numbers, default=(), metavar="K,K", help="which pass@k to tell (default 1, 2, 4, … and N)")
    parser.add_argument("--limit", type=whole(1), metavar="P", help="the first P prompts only")
    parser.add_argument("--temperature", type=temperature, metavar="T", help="default: the run's evaluation.temperature")
    parser.add_argument("--batch", type=whole(1), metavar="B", help="prompts answered at once (default: the run's evaluation.batch)")
    parser.add_argument(
        "--by",
        choices=("engine", "transformers"),
        help="who draws: 'engine' is the run's own sampler (default where it had one and there is a GPU), 'transformers' works everywhere",
    )
    parser.add_argument("--seed", type=whole(), default=0, metavar="S", help="seed of the answers (default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Measures and tells."""
    import sys

    from rewardlang.errors import RewardError
    from rewardlang.trainer.progress_display import progress_for
    from rewardlang.trainer.run_eval import EvalWish, evaluate_run

    wish = EvalWish(
        checkpoint=arguments.checkpoint,
        against=None if arguments.against == "none" else arguments.against,
        samples=arguments.samples,
        answers=arguments.answers,
        ks=arguments.k,
        limit=arguments.limit,
        temperature=arguments.temperature,
        batch=arguments.batch,
        seed=arguments.seed,
        by=arguments.by,
    )
    try:
        report = evaluate_run(arguments.run, wish, progress_for())
    except RewardError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        shared.print_json(report)
    else:
        print("\n".join(_lines(report)))
    return 0


def _lines(report: dict[str, Any]) -> Iterator[str]:
    policies, answers = report["policies"], shared.counted(report["answers"], "answer")
    names = " against ".join(policy["name"] for policy in reversed(policies))
    by = "" if report["drawn_by"] == "transformers" else f", drawn by the {report['drawn_by']!r} backend"
    drawn = f"temperature {report['temperature']:g}, seed {report['seed']}{by}"
    yield f"{report['run']}: {names}, {shared.counted(report['prompts'], 'prompt')} ({report['samples']}) × {answers}, {drawn}"
    if report["prompts_left_out"]:
        yield f"{shared.counted(report['prompts_left_out'], 'prompt')} left out: not marked for every answer"
    if report["reward_file_changed"]:
        yield "the reward file is not the one that the run was paid by: its fingerprint differs"
    failures = sum(policy["failures"] for policy in policies)
    if failures:
        yield f"{shared.counted(failures, 'answer')} with failures of verifiers"
    yield ""
    difference = report.get("difference")
    head = ["", *(policy["name"] for policy in policies), *(["difference"] if difference else [])]
    rows = []
    for name in policies[-1]["figures"]:
        cells = [_figure(policy["figures"][name], name) for policy in policies]
        rows.append([_label(name), *cells, *([_difference(difference[name], name)] if difference else [])])
    yield from table(head, rows, numbers=len(head) - 1, width=shared.width(), paint=shared.paint())
    yield ""
    if not any(name.startswith("pass@") for name in policies[-1]["figures"]):
        yield "no pass@k: the reward file has no success, so no answer is right or wrong"
    yield from wrap(_how(report), shared.width())
    if report["prompts"] < 30:
        yield from wrap("fewer than 30 prompts: the intervals of a bootstrap are too narrow then", shared.width())
    for policy in policies:
        yield f"answers of {policy['name']}: {policy['answers']}"


def _how(report: dict[str, Any]) -> str:
    methods = dict.fromkeys(figure["method"] for policy in report["policies"] for figure in policy["figures"].values())
    text = f"in brackets: 95% intervals ({', '.join(methods)}; {report['resamples']:,} resamples)"
    return text + ("; differences are paired by prompt, in percentage points for shares" if report.get("difference") else "")


def _label(name: str) -> str:
    kind, _, rule = name.partition(".")
    return f"{rule}: {kind}" if rule else _LABELS.get(name, name)


def _is_share(name: str) -> bool:
    return name.startswith(_SHARES)


def _figure(found: dict[str, Any], name: str) -> str:
    """`45.5% (39.1, 52.0)`, `1.13 (0.97, 1.29)`."""
    if _is_share(name):
        return f"{found['value']:.1%} ({100 * found['low']:.1f}, {100 * found['high']:.1f})"
    form = _form(found)
    return f"{found['value']:{form}} ({found['low']:{form}}, {found['high']:{form}})"


def _difference(found: dict[str, Any], name: str) -> str:
    """`+26.2 (+19.9, +32.6)`, shares in percentage points."""
    scale = 100 if _is_share(name) else 1
    form = "+.1f" if _is_share(name) else f"+{_form(found)}"
    return f"{scale * found['value']:{form}} ({scale * found['low']:{form}}, {scale * found['high']:{form}})"


def _form(found: dict[str, Any]) -> str:
    """Fewer decimals for large figures; `--json` has all of them."""
    return ".2f" if max(abs(found["low"]), abs(found["high"])) < 10 else ".1f"
