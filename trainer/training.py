"""A whole run, from its configuration to a trained policy: load, measure, train, measure, save."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rewardlang
from rewardlang.reward import Reward
from rewardlang.suggest import did_you_mean
from rewardlang.trainer import checkpoints
from rewardlang.trainer.alarms import TWO_POLICIES, Alarm
from rewardlang.trainer.answers_log import write_answers
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.cpu_threads import wait_without_spinning
from rewardlang.trainer.curriculum import SolveRates
from rewardlang.trainer.data_checks import prepared_rows
from rewardlang.trainer.ending import GOING_ON, Ending, ending_of
from rewardlang.trainer.evaluate import Evaluation, evaluate, mark_drawn
from rewardlang.trainer.extras import TRAINING, need
from rewardlang.trainer.failures import failures_told
from rewardlang.trainer.gpu_cards import Card
from rewardlang.trainer.heap import settled_heap
from rewardlang.trainer.ledger import Ledger
from rewardlang.trainer.memory_plan import Plan
from rewardlang.trainer.metrics import MetricsLog, MetricsRow, read_metrics
from rewardlang.trainer.problem import TrainingProblem, TwoPolicies
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.run_record import Record, make_record, read_record, resumed_record, write_record
from rewardlang.trainer.run_report import write_report
from rewardlang.trainer.stopping import StopRequest
from rewardlang.trainer.trackers import check_trackers, open_trackers


@dataclass(frozen=True)
class RunResult:
    """What a run came to. `before` and `after` are None without held-out rows; `rows` are all its metrics, resumed ones too."""

    config: RunConfig
    fingerprint: str
    steps: int
    stopped: bool
    seconds: float
    before: Evaluation | None
    after: Evaluation | None
    rows: tuple[MetricsRow, ...]
    warnings: int

    @property
    def policy(self) -> Path:
        """The folder of the trained adapter (or model) and its tokenizer; there unless the run was stopped."""
        return Path(self.config.output) / "policy"


def load_reward(config: RunConfig) -> Reward:
    """The reward file. Raises `TrainingProblem` when it is not there and `rewardlang.RewardError` when it has mistakes."""
    if not Path(config.reward).is_file():
        found = "is a folder" if Path(config.reward).is_dir() else "is not there"
        raise TrainingProblem(f"the reward file {config.reward} {found}", "correct 'reward'; it is relative to the configuration")
    reward = rewardlang.load(config.reward, params=config.params)
    for name in config.params:
        if name not in reward.program.params:
            declared = ", ".join(reward.program.params) or "none"
            guess = did_you_mean(name, reward.program.params)
            raise TrainingProblem(f"'params.{name}' is no param of {config.reward}; it declares {declared}", guess or "leave it out")
    return reward


def train(config: RunConfig, progress: Progress, *, resume: bool = False) -> RunResult:
    """Runs. With `resume` it goes on from the last whole checkpoint; without, a folder that has one is refused.

    Raises `TrainingProblem`, and `rewardlang.RewardError` for a reward file with mistakes.
    """
    need(TRAINING, "train", purpose="training")
    check_trackers(config.report_to)
    reward = load_reward(config)
    if os.environ.get("RANK", "0") == "0":  # the first of several processes tells
        for warning in (warning for warning in reward.warnings if warning.code == "RW711"):
            progress.say(f"warning: {warning.message}; rewardlang help RW711 tells more")
        progress.say(f"loading {config.model.path} and the data")  # before the libraries, which take seconds of their own
    wait_without_spinning()
    from rewardlang.trainer.gpu_world import check_for_processes, place, processes

    check_for_processes(config, processes())
    with place(config, progress) as (own, shown):
        return _train(own, reward, shown, resume=resume)


def _train(config: RunConfig, reward: Reward, progress: Progress, *, resume: bool) -> RunResult:
    from rewardlang.trainer.noise import gathered_warnings

    began = time.monotonic()
    output = Path(config.output)
    checkpoint = _checkpoint_to_resume(output, resume)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = "it is a file" if output.is_file() else error.strerror
        raise TrainingProblem(
            f"the folder {output} cannot be made: {told}", "name another 'output'; it is relative to the configuration"
        ) from None
    checkpoints.discard_incomplete(output)
    ending = Ending(output)
    try:
        with gathered_warnings(output / "warnings.log") as gathered, ending, failures_told(output):
            run = _Run(config, reward, progress, checkpoint, ending)
            try:
                before, after, stopped = run.go()
            finally:
                run.log.close()
    except KeyboardInterrupt:
        if ending.begun:
            progress.say(f"stopped at once; rewardlang runs show {output} tells what is left")
        raise
    finally:
        if ending.begun:
            _report(output, progress)
    return RunResult(
        config=config,
        fingerprint=reward.fingerprint,
        steps=run.trainer.state.global_step,
        stopped=stopped,
        seconds=time.monotonic() - began,
        before=before,
        after=after,
        rows=tuple(read_metrics(run.log.path)),
        warnings=len(gathered.seen),
    )


def _report(output: Path, progress: Progress) -> None:
    """The page of the run, however it ended; a disk that is full keeps nobody from the policy, or from the cause of a failure."""
    try:
        write_report(output)
    except OSError as error:
        progress.say(f"the report could not be written: {error.strerror}; rewardlang runs report {output} writes it later")


def plan_of(config: RunConfig, card: Card | None, progress: Progress) -> Plan:
    """What the run takes of a GPU on its engine, of this card where one is given. Loads the data and no weights.

    Raises `TrainingProblem`, and `rewardlang.RewardError` for a reward file with mistakes.
    """
    need(TRAINING, "train", purpose="the plan of a training run")
    from rewardlang.trainer.gpu_run import run_plan
    from rewardlang.trainer.policy import context_length, load_tokenizer

    reward = load_reward(config)
    tokenizer = load_tokenizer(config.model)
    rows = prepared_rows(config, reward, tokenizer, context_length(config.model))
    for note in rows.notes:
        progress.say(note)
    return run_plan(config, tokenizer, [*rows.training, *rows.held_out], card)


def _checkpoint_to_resume(output: Path, resume: bool) -> Path | None:
    now = ending_of(output)
    if now is not None and now.how == GOING_ON:
        raise TrainingProblem(f"the run in {output} goes on: {now.cause} has it", "wait for its end, stop it, or name another 'output'")
    checkpoint = checkpoints.last_complete(output)
    if resume and checkpoint is None:
        raise TrainingProblem(f"{output} holds no whole checkpoint to resume from", "start without --resume")
    if not resume and checkpoint is not None:
        raise TrainingProblem(f"{output} holds a run already ({checkpoint.name})", "go on with --resume, or name another 'output'")
    if not resume and checkpoints.is_complete(output / "policy"):
        raise TrainingProblem(f"{output} holds a trained policy already", "name another 'output', or remove that folder")
    if (output / "config.json").is_file():
        raise TrainingProblem(f"{output} is the folder of a model", "name a folder of its own as 'output'")
    return checkpoint


class _Run:
    """The parts of one run, and the order in which they act."""

    def __init__(self, config: RunConfig, reward: Reward, progress: Progress, checkpoint: Path | None, ending: Ending) -> None:
        from rewardlang.trainer.gpu_world import EachStep, SharedLedger, join
        from rewardlang.trainer.grpo import make_trainer
        from rewardlang.trainer.policy import context_length, load_model, load_tokenizer
        from rewardlang.trainer.recording import RecordingReward
        from rewardlang.trainer.run_callback import RunCallback

        self.config, self.reward, self.progress, self.checkpoint = config, reward, progress, checkpoint
        self.tokenizer = load_tokenizer(config.model)
        found = prepared_rows(config, reward, self.tokenizer, context_length(config.model))
        rows, self.held_out = found.training, found.held_out
        for note in found.notes:
            progress.say(note)
        done = 0 if checkpoint is None else checkpoints.step_of(checkpoint)
        record = self._record(make_record(config, reward, rows, self.held_out, found.notes), done)
        ending.begin(done)
        trackers = open_trackers(config.report_to, config.project, Path(config.output), record, done)
        self.log = MetricsLog(Path(config.output), from_step=done, last_step=config.training.steps, trackers=trackers)
        self.stop = StopRequest(lambda: progress.say("stopping after this step; the checkpoint is saved (Ctrl-C again to stop at once)"))
        spread = float(reward.program.score.high - reward.program.score.low)
        guards = frozenset(rule.name for rule in reward.program.rules if rule.range.high <= 0)
        self.callback = RunCallback(config, reward.name, self.log, progress, self.stop, self._measure, spread, guards, self._save)
        folder, world, began = Path(config.output) / "ledger", join(), {"from_version": done}
        callbacks: list[Any] = [self.callback]
        if world.size == 1:
            self.ledger = Ledger(folder, reward.program, config.training.group, **began)
        else:
            self.ledger = shared = SharedLedger(world, folder, reward.program, config.training.group, **began)
            callbacks = [EachStep(world, shared, self.stop), self.callback]
        rates = self._solve_rates()
        recorded = RecordingReward(reward, self.ledger, config.training.group, progress, rates)
        self.engine = None
        if config.engine.backend != "transformers":
            from rewardlang.trainer import gpu_run

            self.engine = gpu_run.start_run(config, self.tokenizer, [*rows, *self.held_out], progress.say)
        model = load_model(config.model) if self.engine is None else None
        options: dict[str, Any] = {"callbacks": callbacks, "engine": self.engine, "rates": rates, "shares": found.shares}
        options["ledger"] = self.ledger
        self.trainer = make_trainer(config, recorded, model, self.tokenizer, rows, **options)
        self._quiet()
        self.done, self.ending = done, ending
        ending.counted_by(lambda: int(self.trainer.state.global_step))

    def go(self) -> tuple[Evaluation | None, Evaluation | None, bool]:
        """Measurement before (not when resumed: it stands in the metrics), training, measurement after."""
        before = None if self.checkpoint is not None else self.callback.measure(0)
        label = f"Training by {self.config.training.algorithm}, paid by {self.reward.name}"
        self.progress.start(label, self.config.training.steps, self.done)
        with self.stop, settled_heap():
            try:
                self.trainer.train(resume_from_checkpoint=None if self.checkpoint is None else str(self.checkpoint))
            except TwoPolicies as error:
                self.callback.tell(Alarm("canary", self.trainer.state.global_step, str(error), TWO_POLICIES))
                raise
            finally:
                self.ledger.flush()
                self.progress.finish()
        ended = self.callback.ended_early
        if ended is None and self.trainer.state.global_step < self.config.training.steps:
            self.ending.stopped_by = self.stop.by or "another process of the run"
            return before, None, True
        self._save(Path(self.config.output) / "policy")
        return before, ended or self.callback.measure(self.config.training.steps), False

    def _save(self, folder: Path) -> None:
        """The policy as it is now: the adapter, or all weights, and the tokenizer."""
        with checkpoints.written_whole(folder) as policy:
            self.trainer.model.save_pretrained(policy)
            self.tokenizer.save_pretrained(policy)
            (policy / "README.md").unlink(missing_ok=True)  # PEFT's card to fill in; `runs card` writes one of what was measured

    def _solve_rates(self) -> SolveRates | None:
        """What the ledger says of the prompts, where they are drawn by difficulty; a resumed run's ledger holds some already."""
        config = self.config
        if self.reward.program.success is None:
            for key, asked in (
                ("curriculum.prompts", config.curriculum.prompts == "difficulty"),
                ("evaluation.patience", config.evaluation.patience),
            ):
                if asked:
                    raise TrainingProblem(
                        f"'{key}' needs to know which answers are right, and {config.reward} has no 'success'",
                        "add a line such as: success when only number in completion equals gold",
                    )
        if config.curriculum.prompts != "difficulty":
            return None
        rates = SolveRates(config.curriculum, config.training.group)
        rates.add_ledger(Path(config.output) / "ledger")
        return rates

    def _record(self, record: Record, done: int) -> Record:
        """Writes how the run was made; a resumed one says what was changed."""
        output = Path(self.config.output)
        before = read_record(output) if done else None
        if before is not None:
            ended = ending_of(output)
            record, changed = resumed_record(before, record, done, None if ended is None else ended.to_json())
            for text in changed:
                self.progress.say(f"changed since the run began: {text}")
        write_record(output, record)
        return record

    def _measure(self, step: int) -> Evaluation | None:
        if not self.held_out:
            return None
        if step in (0, self.config.training.steps):
            self.progress.say(f"answering {len(self.held_out):,} held-out prompts")
        evaluation = self._answered(step)
        write_answers(Path(self.config.output), self.held_out, evaluation, step)
        return evaluation

    def _answered(self, step: int) -> Evaluation:
        limit = self.config.training.max_completion_tokens
        if self.engine is not None:
            prompts = [row["prompt"] for row in self.held_out]
            answers = self.engine.complete(self.tokenizer, prompts, self.config.evaluation, max_tokens=limit)
            return mark_drawn(answers, self.held_out, self.reward, step=step)
        model: Any = self.trainer.model
        return evaluate(model, self.tokenizer, self.held_out, self.reward, self.config.evaluation, max_tokens=limit, step=step)

    def _quiet(self) -> None:
        """The trainer prints its logs when its own bar is off; ours shows them."""
        import transformers

        self.trainer.remove_callback(transformers.PrinterCallback)
