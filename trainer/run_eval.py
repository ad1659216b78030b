"""Measures a policy of a run with several answers to each prompt, against another one on the same prompts.

An answer is right when the reward file's `success` holds. Rewards and rules are read at the step of the policy that is
measured, for both, so that a schedule in the file makes no difference between them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.reward import Reward
from rewardlang.suggest import did_you_mean
from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.cpu_threads import wait_without_spinning
from rewardlang.trainer.data import Row
from rewardlang.trainer.eval_answers import answers_by
from rewardlang.trainer.eval_draws import FOLDER, Answers, Drawing, Passes, drawn_passes
from rewardlang.trainer.evaluate import Drawn, mark_drawn
from rewardlang.trainer.extras import TRAINING, need
from rewardlang.trainer.failures import failures_told
from rewardlang.trainer.intervals import LEVEL, RESAMPLES, Interval, bootstrap, counts_of_k, pass_at_k, share_intervals
from rewardlang.trainer.past_run import PastRun, SavedPolicy, open_run, policy_of, reward_of
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.run_record import data_fingerprint

Report: TypeAlias = dict[str, Any]
Figures: TypeAlias = dict[str, NDArray[np.float64]]

HELD_OUT, TRAINED_ON = "held-out", "training"
RESULT = "result.json"


@dataclass(frozen=True)
class EvalWish:
    """What is asked for. None stands for what the run's configuration says; `against` None measures one policy alone."""

    checkpoint: str | None = None
    against: str | None = "base"
    samples: str = HELD_OUT
    answers: int = 4
    ks: tuple[int, ...] = ()
    limit: int | None = None
    temperature: float | None = None
    batch: int | None = None
    seed: int = 0
    by: str | None = None


@dataclass(frozen=True)
class _Marked:
    """Marks of all answers of one policy (K, P), NaN where skipped."""

    score: NDArray[np.float64]
    success: NDArray[np.float64] | None
    points: dict[str, NDArray[np.float64]]
    fired: dict[str, NDArray[np.float64]]
    tokens: NDArray[np.float64]
    cut_off: NDArray[np.float64]
    failures: int


def evaluate_run(folder: Path, wish: EvalWish, progress: Progress) -> Report:
    """Draws what is missing, marks, and gives the report, which is kept beside the answers.

    Raises `TrainingProblem`, and `rewardlang.RewardError` for a reward file with mistakes.
    """
    need(TRAINING, "train", purpose="measuring a policy")
    wait_without_spinning()
    run = open_run(folder)
    policies = _policies(run, wish)
    if wish.against is not None and len(policies) == 1:
        progress.say(f"'{wish.against}' is {policies[0].name} itself: there is nothing to compare it with")
    drawing = _drawing(run.config, wish)
    reward = reward_of(run)
    with failures_told(folder, measuring=True):
        return _evaluated(run, reward, wish, drawing, policies, progress)


def _evaluated(run: PastRun, reward: Reward, wish: EvalWish, drawing: Drawing, policies: list[SavedPolicy], progress: Progress) -> Report:
    from rewardlang.trainer.noise import gathered_warnings

    folder = run.folder
    (folder / FOLDER).mkdir(exist_ok=True)
    with gathered_warnings(folder / FOLDER / "warnings.log"):
        tokenizer, rows = _rows(run, reward, wish)
        answers = answers_by(run, tokenizer, rows, progress, wish.by)
        passes = [drawn_passes(run, policy, rows, drawing, answers, progress) for policy in policies]
    marked = [_marked(one.drawn, rows, reward, policies[-1].step) for one in passes]
    report = _report(run, reward, wish, drawing, rows, policies, passes, answers, marked)
    replace_text(passes[-1].folder / RESULT, json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    return report


def _policies(run: PastRun, wish: EvalWish) -> list[SavedPolicy]:
    """The one to compare with first, unless it is the same."""
    measured = policy_of(run, wish.checkpoint)
    other = None if wish.against is None else policy_of(run, wish.against)
    return [measured] if other is None or other == measured else [other, measured]


def _drawing(config: RunConfig, wish: EvalWish) -> Drawing:
    temperature = config.evaluation.temperature if wish.temperature is None else wish.temperature
    batch = config.evaluation.batch if wish.batch is None else wish.batch
    most = max(wish.ks, default=0)
    if most > wish.answers:
        told = f"pass@{most} needs {most} answers to each prompt, and {wish.answers} {'are' if wish.answers > 1 else 'is'} drawn"
        raise TrainingProblem(told, f"ask for -n {most}, or for a smaller --k")
    if temperature == 0 and wish.answers > 1:
        raise TrainingProblem("at temperature 0 all answers to a prompt are the same", "draw one with -n 1, or give --temperature")
    return Drawing(wish.answers, wish.seed, temperature, config.training.max_completion_tokens, batch)


def _rows(run: PastRun, reward: Reward, wish: EvalWish) -> tuple[Any, list[Row]]:
    """The tokenizer, and the rows that are meant, with prompts as in training."""
    from rewardlang.trainer.data_checks import prepared_rows
    from rewardlang.trainer.policy import context_length, load_tokenizer

    tokenizer = load_tokenizer(run.config.model)
    config = run.config
    if wish.samples not in (HELD_OUT, TRAINED_ON):
        _check_samples(wish.samples)
        data = DataConfig(
            file=wish.samples, rename=config.data.rename, system=config.data.system, chat=config.data.chat, unusable=config.data.unusable
        )
        config = dataclasses.replace(config, data=data, held_out=None)
    prepared = prepared_rows(config, reward, tokenizer, context_length(config.model))
    rows = prepared.held_out if wish.samples == HELD_OUT else prepared.training
    if not rows:
        raise TrainingProblem(f"{run.folder} was trained without held-out rows", "give --samples FILE with rows that it was not trained on")
    return tokenizer, rows[: wish.limit]


def _check_samples(name: str) -> None:
    """Raises `TrainingProblem` for what is neither a word that is known nor a file that can be read."""
    if not Path(name).is_file() or Path(name).suffix not in (".jsonl", ".parquet"):
        found = "is a folder" if Path(name).is_dir() else "ends in neither .jsonl nor .parquet" if Path(name).is_file() else "is not there"
        remedy = did_you_mean(name, (HELD_OUT, TRAINED_ON)) or f"name a .jsonl or .parquet file, or '{HELD_OUT}' or '{TRAINED_ON}'"
        raise TrainingProblem(f"--samples: {name} {found}", remedy)


def _marked(passes: Sequence[Sequence[Drawn]], rows: Sequence[Row], reward: Reward, step: int) -> _Marked:
    found = [mark_drawn(drawn, rows, reward, step=step).scores for drawn in passes]
    successes = [scores.success for scores in found if scores.success is not None]
    return _Marked(
        score=np.stack([scores.values for scores in found]),
        success=np.stack(successes) if successes else None,
        points={name: np.stack([scores.rules[name] for scores in found]) for name in reward.rules},
        fired={name: np.stack([scores.fired[name] for scores in found]).astype(np.float64) for name in reward.rules},
        tokens=np.array([[one.tokens for one in drawn] for drawn in passes], dtype=np.float64),
        cut_off=np.array([[one.cut_off for one in drawn] for drawn in passes], dtype=np.float64),
        failures=sum(len(scores.failures) for scores in found),
    )


def _report(
    run: PastRun,
    reward: Reward,
    wish: EvalWish,
    drawing: Drawing,
    rows: Sequence[Row],
    policies: Sequence[SavedPolicy],
    passes: Sequence[Passes],
    answers: Answers,
    marked: Sequence[_Marked],
) -> Report:
    """Prompts that could not be marked for one of the policies count for none."""
    kept = ~np.any([np.isnan(one.score).any(axis=0) for one in marked], axis=0)
    if not kept.any():
        raise TrainingProblem(
            "no prompt could be marked: the reward file skipped them all", "look at the kept answers with rewardlang check"
        )
    ks = counts_of_k(drawing.answers, wish.ks)
    shares = [_shares(one, kept, ks) for one in marked]
    means = [_means(one, kept) for one in marked]
    report: Report = {
        "run": str(run.folder),
        "samples": wish.samples,
        "prompts": int(kept.sum()),
        "prompts_left_out": int((~kept).sum()),
        "rows_fingerprint": data_fingerprint(rows),
        **dataclasses.asdict(drawing),
        "reward": {"name": reward.name, "fingerprint": reward.fingerprint},
        "reward_file_changed": reward.fingerprint != run.record["reward"]["fingerprint"],
        "level": LEVEL,
        "resamples": RESAMPLES,
        "drawn_by": answers.sampler or "transformers",
        "policies": [
            {"name": policy.name, "step": policy.step, "answers": str(one.folder), "passes_reused": one.reused, "failures": marks.failures}
            | {"figures": _told(share_intervals(share) | bootstrap(mean))}
            for policy, one, marks, share, mean in zip(policies, passes, marked, shares, means, strict=True)
        ],
    }
    if len(policies) == 2:
        before, after = ({**share, **mean} for share, mean in zip(shares, means, strict=True))
        report["difference"] = _told(bootstrap({name: after[name] - before[name] for name in after}))
    return report


def _shares(marked: _Marked, kept: NDArray[np.bool_], ks: Sequence[int]) -> Figures:
    """Figures from 0 to 1, a value a prompt (P,)."""
    figures: Figures = {}
    if marked.success is not None:
        answers, right_P = len(marked.success), marked.success[:, kept].sum(axis=0).astype(int)
        figures |= {f"pass@{k}": np.array([pass_at_k(right, answers, k) for right in right_P]) for k in ks}
    figures |= {f"fired.{name}": values[:, kept].mean(axis=0) for name, values in marked.fired.items()}
    return figures | {"cut_off": marked.cut_off[:, kept].mean(axis=0)}


def _means(marked: _Marked, kept: NDArray[np.bool_]) -> Figures:
    figures = {"score": marked.score[:, kept].mean(axis=0), "tokens": marked.tokens[:, kept].mean(axis=0)}
    return figures | {f"points.{name}": values[:, kept].mean(axis=0) for name, values in marked.points.items()}


def _told(intervals: dict[str, Interval]) -> dict[str, Any]:
    return {name: interval.to_json() for name, interval in intervals.items()}
