"""Where a run's metrics go besides `metrics.jsonl`: TensorBoard, Weights & Biases, Trackio.

Only what the configuration asks for is started, and nothing but metrics,
configuration and fingerprints is handed over: no completion, no prompt, no
output of the terminal, no code. TensorBoard and Trackio write to this machine. Weights & Biases goes over the
network unless WANDB_MODE=offline; its files then lie in `wandb/` in the run's folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from rewardlang.trainer.extras import is_installed
from rewardlang.trainer.problem import TrainingProblem

Values: TypeAlias = Mapping[str, float]

TENSORBOARD, WANDB, TRACKIO = "tensorboard", "wandb", "trackio"
TRACKERS = (TENSORBOARD, WANDB, TRACKIO)
_EXTRA = {TENSORBOARD: "train", WANDB: "watch", TRACKIO: "watch"}


class Tracker:
    """Takes figures at a step, names as `training/reward`."""

    def write(self, values: Values, step: int) -> None:
        """Hands them on."""

    def close(self) -> None:
        """The run is over, or stopped."""


def check_trackers(report_to: tuple[str, ...] | None) -> None:
    """Raises `TrainingProblem` for one that is asked for and not installed."""
    for name in report_to or ():
        if not is_installed(name):
            raise TrainingProblem(
                f"'report_to' names {name}, which is not installed", f"pip install 'rewardlang[{_EXTRA[name]}]', or take it out"
            )


def open_trackers(report_to: tuple[str, ...] | None, project: str, folder: Path, record: dict[str, Any], from_step: int) -> list[Tracker]:
    """Those that are wanted; by default TensorBoard where it is installed. `record` is the run's, as in `run.json`.

    Raises `TrainingProblem` where one is not installed or does not start.
    """
    wanted = report_to if report_to is not None else (TENSORBOARD,) if is_installed(TENSORBOARD) else ()
    check_trackers(wanted)
    open_one = {TENSORBOARD: _TensorBoard, WANDB: _Wandb, TRACKIO: _Trackio}
    return [open_one[name](project, folder, record, from_step) for name in wanted]


def _identity(folder: Path, record: dict[str, Any]) -> str:
    """The same for a run that is resumed: when it began, and where it lies."""
    return hashlib.sha256(f"{record['started']} {folder.resolve()}".encode()).hexdigest()[:16]


class _TensorBoard(Tracker):
    """Event files in `tensorboard/`; what a resumed run writes again is marked as replaced."""

    def __init__(self, project: str, folder: Path, record: dict[str, Any], from_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / "tensorboard"), purge_step=from_step + 1 if from_step else None)

    def write(self, values: Values, step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class _Wandb(Tracker):
    """One run of W&B for one of ours, resumed ones too. Steps are a metric of their own, as W&B's step cannot go back."""

    def __init__(self, project: str, folder: Path, record: dict[str, Any], from_step: int) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        settings: Any = wandb.Settings(console="off", disable_git=True, save_code=False, x_disable_stats=True, silent=True)
        try:
            self._run: Any = wandb.init(
                project=project,
                name=folder.resolve().name,
                id=_identity(folder, record),
                resume="allow",
                dir=str(folder),
                config=record,
                settings=settings,
            )
        except (wandb.Error, OSError) as error:
            raise TrainingProblem(
                f"Weights & Biases does not start: {str(error).strip().splitlines()[0]}",
                "sign in with `wandb login`, write to the disk alone with WANDB_MODE=offline, or take it out of 'report_to'",
            ) from None
        self._run.define_metric("step", hidden=True)
        self._run.define_metric("*", step_metric="step")

    def write(self, values: Values, step: int) -> None:
        self._run.log({**values, "step": step})

    def close(self) -> None:
        self._run.finish()


class _Trackio(Tracker):
    """Trackio's data base on this machine (`TRACKIO_DIR`); `trackio show` opens the page."""

    def __init__(self, project: str, folder: Path, record: dict[str, Any], from_step: int) -> None:
        os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
        with contextlib.redirect_stdout(sys.stderr):  # it greets on standard output, where `--json` goes
            import trackio

            name = f"{folder.resolve().name}-{_identity(folder, record)[:6]}"
            options: dict[str, Any] = {"embed": False, "auto_log_cpu": False, "auto_log_gpu": False}
            self._run: Any = trackio.init(project=project, name=name, resume="allow", config=record, **options)

    def write(self, values: Values, step: int) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        import trackio

        with contextlib.redirect_stdout(sys.stderr):
            trackio.finish()  # the run's own `finish` would be called, and speak, once more when the interpreter ends
