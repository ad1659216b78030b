"""The report of a run: one HTML file that needs nothing else, made from what the run left on the disk, so at any time and after a stop.

Nothing that a model wrote is live in it: every text is escaped, and the page has no script.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rewardlang.explaining.words import number
from rewardlang.trainer.answers_log import Answer, read_answers
from rewardlang.trainer.charts import Line, line_chart
from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.ending import FAILED, FINISHED, KILLED, STOPPED, Ended, ending_of
from rewardlang.trainer.ledger import prompt_of
from rewardlang.trainer.metrics import MetricsRow, read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.report_style import STYLE
from rewardlang.trainer.run_record import Record, read_record
from rewardlang.trainer.run_summary import accuracy_interval, completions_of

_SHOWN = 12
_EXTREMES = 3
_LINES = 4  # in one chart; more rules get further charts
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# What is drawn besides reward and rules: the metric, its title, what it means.
_CURVES = (
    ("tokens", "Length", "Mean tokens of a completion. A drift that the reward does not ask for is worth a look."),
    ("flat_groups", "Groups without spread", "Share of prompts whose completions were all paid the same: they teach nothing."),
    ("entropy", "Entropy", "Nats a token. Near 0 the policy says the same thing every time, and nothing new is found."),
    ("cut_off", "Cut off", "Share of completions that reached the limit of length."),
    ("kl", "KL divergence", "From the policy before training."),
    ("rows_skipped", "Not computed", "Share of completions without advantage, left out of the update."),
)


def write_report(run: Path) -> Path:
    """Writes `report.html` beside the metrics; gives its path. Raises `TrainingProblem` where the folder holds no run."""
    record, rows = read_record(run), read_metrics(run / "metrics.jsonl")
    if record is None:
        raise TrainingProblem(f"{run} holds no run: there is no run.json", "name the 'output' folder of a run")
    path = run / "report.html"
    replace_text(path, page(run, record, rows))
    return path


def page(run: Path, record: Record, rows: Sequence[MetricsRow]) -> str:
    """The whole page."""
    training = [row for row in rows if row["kind"] == "training"]
    measured = [row for row in rows if row["kind"] == "held out"]
    before, after, step = read_answers(run)
    ended = ending_of(run)
    body = [
        *_head(record, rows, training, measured, ended),
        *_alarms(rows),
        *_curves(record, training, measured),
        *_answers(before, after, step),
        *_extremes(run, record),
        *_how(record),
        *_reward_file(record),
    ]
    title = f"Run of {record['reward']['name']}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _head(
    record: Record,
    rows: Sequence[MetricsRow],
    training: Sequence[MetricsRow],
    measured: Sequence[MetricsRow],
    ended: Ended | None,
) -> Iterable[str]:
    reward, config = record["reward"], record["config"]
    version = f" {reward['version']}" if reward["version"] else ""
    done, wanted = training[-1]["step"] if training else 0, config["training"]["steps"]
    done = done if ended is None else max(done, ended.step)
    early = next((f"ended early: {row['found']}" for row in rows if row["kind"] == "early end"), None)
    yield f"<h1>Run of {escape(reward['name'] + version)}</h1>"
    how = early or ("not ended" if ended is None else ended.how)
    state = f"{done} steps" if done >= wanted and (ended is None or ended.how == FINISHED) else f"{done} of {wanted} steps: {how}"
    policy, algorithm = config["model"]["path"], config["training"]["algorithm"]
    yield f"<p>{escape(policy)}, {escape(algorithm)}, started {escape(record['started'])}, {state}.</p>"
    yield from _reason(ended)
    yield '<div class="tiles">'
    for name, label, shown in (("accuracy", _right_label(measured), _percent), ("score", "mean score, held out", _plain)):
        values = [row[name] for row in measured if row.get(name) is not None]
        if values:
            yield _tile(shown(values[0]) if len(values) == 1 else f"{shown(values[0])} → {shown(values[-1])}", label)
    if training:
        yield _tile(f"{_plain(training[0]['reward'])} → {_plain(training[-1]['reward'])}", "mean reward in training")
        completions = done * config["training"]["completions"]
        yield _tile(f"{completions:,}", "completions" if config["training"]["iterations"] == 1 else "completions learned from")
    yield "</div>"
    if not measured:
        yield '<p class="note">Nothing was held out: whether more answers are right, and not only better paid, is not known.</p>'


def _reason(ended: Ended | None) -> Iterable[str]:
    """Why a run did not come to its end, and what to do."""
    if ended is not None and ended.how in (FAILED, KILLED, STOPPED):
        when = f"after step {ended.step}" if ended.step else "before step 1 was done"
        title = escape(f"{ended.how} {when}:".capitalize())
        told = f'<p class="ended"><span class="{"note" if ended.how == STOPPED else "bad"}">{title}</span> {escape(ended.cause)}'
        yield f"{told}<br>What to do: {escape(ended.remedy)}</p>"


def _right_label(measured: Sequence[MetricsRow]) -> str:
    """With the intervals of the first and the last measurement."""
    found = [interval for row in [*measured[:1], *measured[1:][-1:]] if (interval := accuracy_interval(row)) is not None]
    return "right answers, held out; 95%: " + " → ".join(f"{100 * low:.0f}–{100 * high:.0f}" for low, high in found)


def _tile(value: str, label: str) -> str:
    return f'<div class="tile"><b>{escape(value)}</b><span>{escape(label)}</span></div>'


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _plain(value: float) -> str:
    return f"{value:.2f}"


def _alarms(rows: Sequence[MetricsRow]) -> Iterable[str]:
    rang = [row for row in rows if row["kind"] == "alarm"]
    if rang:
        yield "<h2>Alarms</h2>"
    for row in rang:
        title = escape(f"Step {row['step']}: {row['alarm']}.")
        yield f'<p><span class="bad">{title}</span> {escape(row["found"])}<br>What to do: {escape(row["remedy"])}</p>'


def _curves(record: Record, training: Sequence[MetricsRow], measured: Sequence[MetricsRow]) -> Iterable[str]:
    if not training:
        return
    yield "<h2>How it went</h2>"
    yield '<div class="pair">'
    pay = [Line("in training", _points(training, "reward")), Line("held out", _points(measured, "score"))]
    yield _figure("Reward", pay, "Mean score of a completion; the file's range is in the last section.")
    spans = [interval for row in measured if (interval := accuracy_interval(row)) is not None]
    right = [Line("in training", _points(training, "success")), Line("held out", _points(measured, "accuracy"), spans)]
    if any(line.points for line in right):
        meaning = "What success in the file says; it pays nothing. Bars: 95% intervals (Wilson) of the held-out share."
        yield _figure("Right answers", right, meaning, share=True)
    names = [name for name in record["reward"]["rules"] if any(name in row["points"] for row in training)]
    for first in range(0, len(names), _LINES):
        some = names[first : first + _LINES]
        yield _figure("Points of each rule", _by_rule(training, "points", some), "Mean points of a completion.")
        shares = _by_rule(training, "spread", some)
        if any(line.points for line in shares):
            yield _figure(
                "What decides", shares, "Each rule's share of the differences in score within a group: what is learned from.", share=True
            )
    for name, title, meaning in _CURVES:
        points = _points(training, name)
        if any(value for _, value in points):
            yield _figure(title, [Line("", points)], meaning, share=name in ("flat_groups", "cut_off", "rows_skipped"))
    yield "</div>"


def _by_rule(rows: Sequence[MetricsRow], kind: str, names: Sequence[str]) -> list[Line]:
    return [Line(name, [(row["step"], row[kind][name]) for row in rows if name in row.get(kind, {})]) for name in names]


def _points(rows: Sequence[MetricsRow], name: str) -> list[tuple[float, float]]:
    return [(row["step"], row[name]) for row in rows if row.get(name) is not None]


def _figure(title: str, lines: Sequence[Line], caption: str, *, share: bool = False) -> str:
    drawn = [line for line in lines if line.points]
    ticks = _SHARES if share else ticks_for([value for line in drawn for _, value in line.points])
    chart = line_chart(drawn, title=f"{title} over steps", x_label="step", y_label="", ticks=ticks, percent=share)
    return f"<figure><h3>{escape(title)}</h3>{chart}<figcaption>{escape(caption)}</figcaption></figure>"


def ticks_for(values: Sequence[float]) -> tuple[float, ...]:
    """Round numbers that enclose the values, 3 to 7 of them; steps are 1, 2 or 5 times a power of ten."""
    low, high = min(values), max(values)
    if low > 0 and low < high / 2:
        low = 0.0  # a curve that comes near zero shows zero
    # Curves that differ in the ninth digit are flat: doubles could not tell the ticks apart.
    least = 1e-9 * max(abs(low), abs(high), 1.0)
    span = high - low if high - low > least else max(abs(high), least)
    step = 10.0 ** math.floor(math.log10(span / 5))
    while span / step > 5:
        step *= 2 if round(step / 10 ** math.floor(math.log10(step))) != 2 else 2.5
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    return tuple(round(place * step, 12) for place in range(first, last + 1))


def _answers(before: Sequence[Answer], after: Sequence[Answer], step: int) -> Iterable[str]:
    if not after:
        return
    yield "<h2>The same prompts, before and after</h2>" if before and step else "<h2>Answers to held-out prompts</h2>"
    yield f'<p class="note">The first {min(_SHOWN, len(after))} of {len(after)} held-out prompts; none was picked.</p>'
    titles = ("before", f"after step {step}") if before and step else (f"after step {step}" if step else "before training",)
    columns = (before, after) if before and step else (after,)
    head = "".join(f"<th>{escape(title)}</th><th>score</th>" for title in titles)
    rows = "".join(
        f"<tr><td>{_prompt(after[index]['prompt'])}</td>{''.join(_answer(column[index]) for column in columns)}</tr>"
        for index in range(min(_SHOWN, len(after)))
    )
    yield f'<div class="wide"><table><tr><th>prompt</th>{head}</tr>{rows}</table></div>'


def _extremes(run: Path, record: Record) -> Iterable[str]:
    """The best and the worst that the last policy wrote in training, with the reason for every point."""
    try:
        rows = completions_of(run, None, _EXTREMES)
    except TrainingProblem:
        return  # nothing was drawn yet
    yield "<h2>Best and worst of the last step</h2>"
    yield f'<p class="note">Of policy {rows[0]["version"]}, from the ledger, which holds every completion.</p>'
    cells = (
        f'<tr><td class="mark">{number(row["score"])}</td><td>{_prompt(prompt_of(row["prompt"]))}</td>'
        f"<td><code>{_short(row['completion'])}</code></td>"
        f"<td>{_reasons(row, record['reward']['rules'])}</td></tr>"
        for row in rows
    )
    heads = "".join(f"<th>{head}</th>" for head in ("prompt", "completion", "what it got"))
    yield f'<div class="wide"><table><tr><th>score</th>{heads}</tr>{"".join(cells)}</table></div>'


def _reasons(row: dict[str, Any], rules: Sequence[str]) -> str:
    if row["gate"] is not None:
        return f"stopped: {escape(row['gate'])}"
    fired = [name for name in rules if row[f"fired.{name}"]]
    return (
        "<br>".join(f"{escape(name)} {number(row[f'points.{name}'])}: {_short(row[f'reason.{name}'], 200)}" for name in fired) or "nothing"
    )


def _prompt(prompt: Any) -> str:
    text = prompt if isinstance(prompt, str) else "\n".join(f"{message['role']}: {message['content']}" for message in prompt)
    return _short(text)


def _answer(answer: Answer) -> str:
    verdict = {True: ', <span class="good">right</span>', False: ', <span class="bad">wrong</span>', None: ""}[answer["success"]]
    points = "skipped" if answer["score"] is None else number(answer["score"])
    return f'<td><code>{_short(answer["completion"])}</code></td><td class="mark">{points}{verdict}</td>'


def _short(text: str, most: int = 600) -> str:
    """A text of a table's cell; what is longer is behind a fold."""
    if len(text) <= most:
        return escape(text)
    return f"{escape(text[:most])}<details><summary>{len(text) - most:,} more characters</summary>{escape(text[most:])}</details>"


def _how(record: Record) -> Iterable[str]:
    yield "<h2>How it was made</h2>"
    for note in record["notes"]:
        yield f"<p>{escape(note)}</p>"
    facts = {
        "reward": f"{record['config']['reward']}, fingerprint {record['reward']['fingerprint'][:16]}",
        "score": f"{record['score']['low']:g} to {record['score']['high']:g}",
        "data": f"{record['data']['rows']:,} rows, fingerprint {record['data']['fingerprint'][:16]}",
        "held out": f"{record['held_out']['rows']:,} rows",
        "machine": ", ".join(f"{name} {value}" for name, value in record["machine"].items() if value is not None),
        "versions": ", ".join(f"{name} {value}" for name, value in record["versions"].items()),
    }
    facts |= {f"resumed {place + 1}": json.dumps(entry, ensure_ascii=False) for place, entry in enumerate(record["resumed"])}
    yield "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in facts.items()) + "</dl>"
    settings = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in _flat(record["config"]))
    yield f"<details><summary>the whole configuration</summary><pre>{escape(settings)}</pre></details>"


def _flat(table: dict[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def _reward_file(record: Record) -> Iterable[str]:
    path = Path(record["config"]["reward"])
    if path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
        yield f"<details><summary>the reward file as it is now</summary><pre>{escape(text)}</pre></details>"
