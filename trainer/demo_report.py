"""The report of a demonstration: one HTML file that needs nothing else and in which nothing that a model wrote is live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from rewardlang.explaining.words import number
from rewardlang.trainer.charts import Line, line_chart
from rewardlang.trainer.demo import CARELESS, HONEST, DemoResult, DemoRun
from rewardlang.trainer.evaluate import Evaluation
from rewardlang.trainer.report_style import STYLE

_SHOWN = 10
_POINTS = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
_PAY = (0.0, 0.5, 1.0, 1.5, 2.0)
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def report(result: DemoResult, figures: dict[str, Any]) -> str:
    """The page; `figures` is what `summary` made."""
    body = [*_head(figures), *_side_by_side(result), *_curves(result), *_careless(result, figures), *_how(result, figures)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What a reward file teaches</title><style>{STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _head(figures: dict[str, Any]) -> Iterable[str]:
    yield "<h1>What a reward file teaches</h1>"
    yield (
        "<p>A small language model answers questions such as <i>“Which is larger, 9.11 or 9.9?”</i>. It learned to write from pupils, "
        f"most of whose answers are wrong or untidy. Then it was paid by the rules in <code>{HONEST}</code>, and reinforcement (GRPO) "
        "found out which habits pay.</p>"
    )
    yield '<div class="tiles">'
    yield _tile(f"{figures['accuracy_before']:.0%} → {figures['accuracy_after']:.0%}", "right answers, held-out problems")
    yield _tile(f"{figures['reward_before']:.2f} → {figures['reward_after']:.2f}", "mean reward, held-out problems")
    yield _tile(f"{figures['steps']}", f"steps, {figures['completions']:,} completions")
    yield _tile(f"{figures['seconds'] / 60:.1f} min", f"for everything here, on {figures['machine']}")
    yield "</div>"
    yield (
        f'<p class="note">Measured on {figures["held_out_problems"]} problems that no training saw; '
        f"{escape(figures['how_answers_are_drawn'])}. "
        "Right is what <code>success</code> in the file says.</p>"
    )


def _tile(value: str, label: str) -> str:
    return f'<div class="tile"><b>{escape(value)}</b><span>{escape(label)}</span></div>'


def _side_by_side(result: DemoResult) -> Iterable[str]:
    yield "<h2>The same questions, before and after</h2>"
    yield f'<p class="note">The classic first, then the first {_SHOWN - 1} held-out problems as they were drawn; none was picked.</p>'
    yield _table(result, result.honest, f"points by {HONEST}")


def _table(result: DemoResult, run: DemoRun, points_title: str) -> str:
    rows = []
    for index, problem in enumerate(result.problems[:_SHOWN]):
        question = problem["prompt"][-1]["content"]
        cells = "".join(_answer(evaluation, index) for evaluation in (run.before, run.after))
        rows.append(f"<tr><td>{escape(question)}</td>{cells}</tr>")
    title = escape(points_title)
    head = f"<tr><th>question</th><th>before</th><th>{title}</th><th>after</th><th>{title}</th></tr>"
    return f'<div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _answer(evaluation: Evaluation, index: int) -> str:
    row = evaluation.scores.rows[index]
    verdict = '<span class="good">right</span>' if row.success else '<span class="bad">wrong</span>'
    points = "skipped" if row.score is None else number(row.score)
    return f'<td><code>{escape(evaluation.completions[index])}</code></td><td class="mark">{points}, {verdict}</td>'


def _curves(result: DemoResult) -> Iterable[str]:
    rows = result.honest.result.rows
    rules = list(result.honest.after.rules)
    points = [Line(rule, [(row["step"], row["points"][rule]) for row in _training(rows)]) for rule in rules]
    yield "<h2>How it got there</h2>"
    yield "<p>What pays is found out step by step: first that one answer in tags earns something at all, then which reasoning does.</p>"
    yield '<div class="pair">'
    yield _figure(
        "Points of each rule",
        line_chart(points, title="Mean points of each rule over steps", x_label="step", y_label="mean points", ticks=_POINTS),
        "Completions of the training problems, mean of five steps.",
    )
    yield _figure(
        "Right answers",
        line_chart(
            [
                Line("held out", _held_out(rows, "accuracy")),
                Line("in training", [(row["step"], row["success"]) for row in _training(rows)]),
            ],
            title="Share of right answers over steps",
            x_label="step",
            y_label="right answers",
            ticks=_SHARES,
            percent=True,
        ),
        f"Held out: {len(result.problems)} problems that no training saw.",
    )
    yield "</div>"
    yield _source("the reward file", result.folder / HONEST)


def _careless(result: DemoResult, figures: dict[str, Any]) -> Iterable[str]:
    run, careless = result.careless, figures["careless"]
    text = (result.folder / CARELESS).read_text(encoding="utf-8")
    rule = next(line for line in text.splitlines() if line.startswith("rule "))
    yield "<h2>The same run under a careless file</h2>"
    yield "<p>One rule instead of three, and it reads well:</p>"
    yield f"<pre>{escape(rule)}</pre>"
    yield f"<p>Before anything was trained, <code>rewardlang check {CARELESS}</code> said:</p>"
    yield f'<pre class="lint">{escape(chr(10).join(careless["check"]) or "no findings")}</pre>'
    yield (
        f"<p>Trained on it all the same, the reward went from {careless['reward_before']:.2f} to {careless['reward_after']:.2f} of 2, "
        f"while right answers went from {careless['accuracy_before']:.0%} to {careless['accuracy_after']:.0%}.</p>"
    )
    yield (
        "<p>The policy learned what is paid: the right number somewhere. "
        f"{careless['two_candidates_after']:.0%} of its answers now name two candidates ({careless['two_candidates_before']:.0%} before), "
        f"{careless['untagged_after']:.0%} give no answer in tags ({careless['untagged_before']:.0%} before).</p>"
    )
    rows = run.result.rows
    yield '<div class="pair">'
    yield _figure(
        "What was paid",
        line_chart(
            [Line("held out", _held_out(rows, "score")), Line("in training", [(row["step"], row["reward"]) for row in _training(rows)])],
            title="Mean reward under the careless file",
            x_label="step",
            y_label="mean reward",
            ticks=_PAY,
        ),
        "The reward alone looks like success.",
    )
    yield _figure(
        "What was right",
        line_chart(
            [
                Line("held out", _held_out(rows, "accuracy")),
                Line("in training", [(row["step"], row["success"]) for row in _training(rows)]),
            ],
            title="Share of right answers under the careless file",
            x_label="step",
            y_label="right answers",
            ticks=_SHARES,
            percent=True,
        ),
        "What success in the file says. It pays nothing; it is what to watch.",
    )
    yield "</div>"
    yield _table(result, run, f"points by {CARELESS}")


def _how(result: DemoResult, figures: dict[str, Any]) -> Iterable[str]:
    plan, training = result.plan, result.honest.result.config.training
    lora = result.honest.result.config.lora
    yield "<h2>How this was made</h2>"
    yield (
        "<p>Nothing was downloaded. The policy is a Qwen2 of about 0.87 million parameters over characters, made and warmed up on this "
        "machine with answers of simulated pupils: some use the right method, more hold a common misconception (9.11 is larger because 11 "
        "is larger than 9; a carry is forgotten), some write no tags, some name both candidates. "
        "Reinforcement got no answers to copy, only the reward; the held-out problems were in neither.</p>"
    )
    pairs = {
        "warm-up": f"{plan.warm_up.steps} steps of {plan.warm_up.batch} answers, {figures['warm_up_seconds']:.0f} s",
        "training": f"GRPO by TRL, {training.steps} steps of {training.completions} completions in groups of {training.group}, "
        f"LoRA rank {lora.rank}, learning rate {training.learning_rate:g}, temperature {training.temperature:g}",
        "split": "one problem in five is held out by a hash of its two numbers, whatever their order",
        "seed": str(result.seed),
        "fingerprints": f"{HONEST} {figures['fingerprint'][:16]}, {CARELESS} {figures['careless']['fingerprint'][:16]}",
        "versions": ", ".join(f"{name} {text}" for name, text in figures["versions"].items()),
    }
    yield "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs.items()) + "</dl>"
    yield (
        '<p class="note">Every row of both runs is in <code>runs/*/metrics.jsonl</code>; '
        "the figures of this page are in <code>summary.json</code>.</p>"
    )


def _training(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == "training"]


def _held_out(rows: Sequence[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(row["step"], row[name]) for row in rows if row["kind"] == "held out"]


def _figure(title: str, chart: str, caption: str) -> str:
    return f"<figure><h3>{escape(title)}</h3>{chart}<figcaption>{escape(caption)}</figcaption></figure>"


def _source(title: str, path: Any) -> str:
    return f"<details><summary>{escape(title)}</summary><pre>{escape(path.read_text(encoding='utf-8'))}</pre></details>"
