"""What happens between the steps of a run: metrics, measurements, the progress display, the wish to stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import transformers

from rewardlang.trainer.alarms import Alarm, ringing
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.evaluate import Evaluation
from rewardlang.trainer.metrics import MetricsLog, MetricsRow, read_metrics, training_row
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.stopping import StopRequest


class RunCallback(transformers.TrainerCallback):
    """`measure(step)` gives the held-out measurement after a step, or None where there is nothing to measure on.

    `score_range`: the highest score of the reward file less the lowest, which alarms are measured by; `guards`: its rules that only deduct.
    `save(folder)` saves the policy.
    """

    def __init__(
        self,
        config: RunConfig,
        reward_name: str,
        log: MetricsLog,
        progress: Progress,
        stop: StopRequest,
        measure: Callable[[int], Evaluation | None],
        score_range: float,
        guards: Collection[str],
        save: Callable[[Path], None],
    ) -> None:
        self.ended_early: Evaluation | None = None  # the measurement after which the run was ended for want of a rise
        self._save = save
        self._rows: list[MetricsRow] = read_metrics(log.path)  # a resumed run has some
        self._score_range, self._guards = score_range, guards
        self._config, self._reward_name, self._log = config, reward_name, log
        self._progress, self._stop, self._measure = progress, stop, measure

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **rest: Any) -> None:
        """A row of metrics. The summary that the trainer logs at the end has no reward and is left out."""
        if logs is not None and "reward" in logs:
            row = training_row(logs, state.global_step, self._reward_name)
            self._write(row)
            figures = {name: row[name] for name in ("reward", "success") if name in row}
            self._progress.step(state.global_step, **figures)
            self._ring()

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Measures when it is time to, and passes the wish to stop on."""
        step = state.global_step
        self._progress.step(step)
        every = self._config.evaluation.every
        if every and step % every == 0 and step < state.max_steps:
            evaluation = self.measure(step)
            if evaluation is not None and self._without_a_rise():
                self.ended_early = evaluation
                control.should_training_stop = True
                control.should_save = False  # a resumed run comes here again, from the checkpoint before
                return
        if self._stop.asked:
            control.should_save = True
            control.should_training_stop = True

    def measure(self, step: int) -> Evaluation | None:
        """Measures now and writes the row."""
        evaluation = self._measure(step)
        if evaluation is not None:
            best = best_accuracy(self._rows, self._config.evaluation.min_rise)
            self._write({"kind": "held out", "step": step, **evaluation.to_json()})
            if self._config.evaluation.patience and step and best != best_accuracy(self._rows, self._config.evaluation.min_rise):
                self._save(Path(self._config.output) / "best")
            if evaluation.accuracy is not None and 0 < step < self._config.training.steps:
                self._progress.step(step, accuracy=evaluation.accuracy)
        return evaluation

    def _without_a_rise(self) -> bool:
        """Whether the patience of the configuration is over; says so, and in the metrics too."""
        settings = self._config.evaluation
        measured = [row["step"] for row in self._rows if row["kind"] == "held out" and row["accuracy"] is not None]
        best = best_accuracy(self._rows, settings.min_rise)
        if not settings.patience or best is None or len(measured) - 1 - measured.index(best[1]) < settings.patience:
            return False
        found = f"no new best accuracy in {settings.patience} measurements: {best[0]:.1%} after step {best[1]}"
        self._write({"kind": "early end", "step": measured[-1], "found": found})
        self._progress.say(f"ended after step {measured[-1]}: {found}")
        return True

    def _ring(self) -> None:
        for alarm in ringing(self._rows, self._score_range, self._guards):
            self.tell(alarm)

    def tell(self, alarm: Alarm) -> None:
        """Tells each alarm once, on the terminal and in the metrics."""
        known = {row["alarm"] for row in self._rows if row["kind"] == "alarm"}
        if alarm.name not in known:
            self._write(alarm.to_json())
            self._progress.say(f"ALARM in step {alarm.step}, {alarm.name}: {alarm.found}\n  what to do: {alarm.remedy}")

    def _write(self, row: MetricsRow) -> None:
        self._rows.append(row)
        self._log.write(row)
        self._progress.row(row)


def best_accuracy(rows: Sequence[MetricsRow], min_rise: float) -> tuple[float, int] | None:
    """The best held-out accuracy and the step of its measurement; a later one is a new best where it is higher by `min_rise` at least."""
    best: tuple[float, int] | None = None
    for row in rows:
        if row["kind"] == "held out" and row["accuracy"] is not None:
            higher = best is None or row["accuracy"] >= best[0] + max(min_rise, 1e-9)
            best = (row["accuracy"], row["step"]) if higher else best
    return best
