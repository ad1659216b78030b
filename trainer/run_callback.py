"""What happens between the steps of a run: metrics, measurements, the progress display, the wish to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import transformers

from rewardlang.trainer.alarms import ringing
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.evaluate import Evaluation
from rewardlang.trainer.metrics import MetricsLog, MetricsRow, read_metrics, training_row
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.stopping import StopRequest


class RunCallback(transformers.TrainerCallback):
    """`measure(step)` gives the held-out measurement after a step, or None where there is nothing to measure on.

    `score_range`: the highest score of the reward file less the lowest, which alarms are measured by.
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
    ) -> None:
        self._rows: list[MetricsRow] = read_metrics(log.path)  # a resumed run has some
        self._score_range = score_range
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
            self.measure(step)
        if self._stop.asked:
            control.should_save = True
            control.should_training_stop = True

    def measure(self, step: int) -> Evaluation | None:
        """Measures now and writes the row."""
        evaluation = self._measure(step)
        if evaluation is not None:
            self._write({"kind": "held out", "step": step, **evaluation.to_json()})
            if evaluation.accuracy is not None and 0 < step < self._config.training.steps:
                self._progress.step(step, accuracy=evaluation.accuracy)
        return evaluation

    def _ring(self) -> None:
        """Tells each alarm once."""
        known = {row["alarm"] for row in self._rows if row["kind"] == "alarm"}
        for alarm in ringing(self._rows, self._score_range):
            if alarm.name not in known:
                self._write(alarm.to_json())
                self._progress.say(f"ALARM in step {alarm.step}, {alarm.name}: {alarm.found}\n  what to do: {alarm.remedy}")

    def _write(self, row: MetricsRow) -> None:
        self._rows.append(row)
        self._log.write(row)
        self._progress.row(row)
