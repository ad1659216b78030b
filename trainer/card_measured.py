"""What a card says was measured: a kept result of `rewardlang runs eval` for these weights, else what the run measured itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rewardlang.trainer.eval_draws import FOLDER, weights_digest
from rewardlang.trainer.intervals import wilson
from rewardlang.trainer.past_run import PastRun, SavedPolicy
from rewardlang.trainer.run_eval import HELD_OUT, RESULT


@dataclass(frozen=True)
class Measured:
    """Markdown, and the figures for the metadata: name to value, low and high."""

    lines: list[str]
    metrics: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def measured(run: PastRun, policy: SavedPolicy) -> Measured:
    """The best there is."""
    report = _kept_result(run, policy)
    if report is not None:
        figures = report["policies"][-1]["figures"]
        metrics = {name: (found["value"], found["low"], found["high"]) for name, found in figures.items() if name.startswith("pass@")}
        return Measured(list(_from_report(report)), metrics)
    rows = [row for row in run.rows if row["kind"] == "held out" and row["step"] in (0, policy.step)]
    if not rows or rows[-1]["step"] != policy.step:
        return Measured(["Nothing: this policy answered no held-out rows. Whether more answers are right than before is not known."])
    return _from_rows(rows)


def _kept_result(run: PastRun, policy: SavedPolicy) -> dict[str, Any] | None:
    """The result with most answers for exactly these weights, on the held-out rows."""
    assert policy.folder is not None
    digest, found = weights_digest(policy.folder), []
    for path in (run.folder / FOLDER).glob(f"*/{RESULT}"):
        settings = json.loads((path.parent / "settings.json").read_text(encoding="utf-8"))
        report = json.loads(path.read_text(encoding="utf-8"))
        if settings["policy"]["trained"] == digest and report["samples"] == HELD_OUT:
            found.append(report)
    return max(found, key=lambda report: (report["prompts"] * report["answers"], len(report["policies"])), default=None)


def _from_report(report: dict[str, Any]) -> Iterator[str]:
    policies, difference = report["policies"], report.get("difference")
    drawn = f"{report['prompts']:,} held-out prompts, {report['answers']} answers each at temperature {report['temperature']:g}"
    yield f"{drawn}, at most {report['max_tokens']:,} tokens, seed {report['seed']}; with 95% intervals."
    yield ""
    head = ["", *(policy["name"] for policy in policies), *(["difference"] if difference else [])]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for name in policies[-1]["figures"]:
        cells = [_interval(policy["figures"][name]) for policy in policies]
        yield f"| {name} | {' | '.join([*cells, *([_interval(difference[name], '+.3f')] if difference else [])])} |"
    yield ""
    yield (
        "pass@k is the unbiased estimate of Chen et al. (2021) that one of k answers is right; shares of one answer a prompt have Wilson's "
        f"interval, the rest a bootstrap over prompts ({report['resamples']:,} resamples), paired for differences. "
        "`points.R` is what rule R gave, `fired.R` the share of answers that it applied to, `tokens` the length, `cut_off` the share that "
        f"reached the limit. Rows: sha256 `{report['rows_fingerprint']}`; reward file: `{report['reward']['fingerprint']}`."
    )
    if report["reward_file_changed"]:
        yield "The reward file that judged is **not** the one that was trained with."
    if report["prompts_left_out"]:
        yield f"{report['prompts_left_out']:,} prompts could not be marked and were left out."


def _from_rows(rows: list[dict[str, Any]]) -> Measured:
    lines = [f"{rows[-1]['answers']:,} held-out prompts, one answer each, measured by the run itself.", ""]
    lines += ["| step | right answers (95% interval, Wilson) | mean score |", "|---|---|---|"]
    metrics: dict[str, tuple[float, float, float]] = {}
    for row in rows:
        right = "–"
        if row.get("accuracy") is not None and row["answers"]:
            found = wilson(round(row["accuracy"] * row["answers"]), row["answers"])
            right = f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            if row["step"] == rows[-1]["step"]:
                metrics["accuracy"] = (found.value, found.low, found.high)
        lines.append(f"| {row['step']} | {right} | {row['score']:.3f} |")
    return Measured(lines, metrics)


def _interval(found: dict[str, Any], form: str = ".3f") -> str:
    return f"{found['value']:{form}} ({found['low']:{form}} to {found['high']:{form}})"
