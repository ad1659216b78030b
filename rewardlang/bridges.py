"""Rewards for trainers: plain callables with the signature that TRL gives to a reward function.

    trainer = GRPOTrainer(model, reward_funcs=reward.trl_reward(), ...)

TRL is not imported here. What it passes besides prompts and completions is
looked at by name, because that changed over its versions: the columns of the
data set, and where they are passed `completion_ids`, `trainer_state`,
`log_metric` and `log_extra`. Every callable pickles as its reward does (the
text of the file, compiled again on the other side) and may be called from
several threads at once.
"""

from __future__ import annotations

import hashlib
import math
import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Protocol

from rewardlang.errors import DataError
from rewardlang.suggest import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.marks import Failure, RowMarks
    from rewardlang.program import Program, Require

_KEPT_EVALUATIONS = 2
_BUILT_IN_COLUMNS = ("system", "truncated", "completion_tokens")


class Scores(Protocol):
    """What a bridge reads from a marked batch of B completions; see `rewardlang.reward.Scores`."""

    @property
    def values(self) -> NDArray[np.float64]:
        """(B,), NaN where skipped."""

    def floats(self) -> list[float | None]:
        """The same as numbers of Python, None where skipped."""

    @property
    def sections(self) -> Mapping[str, NDArray[np.float64]]:
        """Section name ("" before any heading) to (B,), NaN where skipped."""

    @property
    def rules(self) -> Mapping[str, NDArray[np.float64]]:
        """Rule to its points (B,)."""

    @property
    def fired(self) -> Mapping[str, NDArray[np.bool_]]:
        """Rule to whether it applied (B,)."""

    @property
    def success(self) -> NDArray[np.float64] | None:
        """(B,), NaN where skipped; None when the file has no `success`."""

    @property
    def skipped(self) -> NDArray[np.bool_]:
        """(B,)."""

    @property
    def gated(self) -> NDArray[np.bool_]:
        """(B,), True where a gate decided the score."""

    @property
    def failures(self) -> Mapping[int, tuple[Failure, ...]]:
        """Row to the verdicts that were not reached."""

    def gate(self, index: int) -> Require | None:
        """What stopped a row."""

    def row(self, index: int) -> RowMarks:
        """The full record of one row."""


class Reward(Protocol):
    """What a bridge needs from a compiled file; see `rewardlang.reward.Reward`. It must pickle."""

    @property
    def name(self) -> str:
        """The reward's name in the file."""

    @property
    def program(self) -> Program:
        """The checked file."""

    def score(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        step: int = 0,
    ) -> Scores:
        """Marks a batch."""


class TrlReward:
    """The whole score as one TRL reward function.

    Calling it gives one float a completion, None for a row that the file
    skips. Raises `DataError` naming the column, the row or both when the data
    do not have what the file declares.
    """

    def __init__(self, reward: Reward) -> None:
        self.reward = reward
        self.__name__ = reward.name

    def __call__(self, prompts: Sequence[Any] | None = None, completions: Sequence[Any] = (), **passed: Any) -> list[float | None]:
        """The score of each completion."""
        scores = _Batch(self.reward, prompts, completions, passed).evaluate()
        if "log_metric" in passed or "log_extra" in passed:
            _log_common(self.reward, scores, passed)
            _log_rules(self.reward, scores, passed, (rule.name for rule in self.reward.program.rules))
        return scores.floats()

    def __repr__(self) -> str:
        return f"<TRL reward {self.__name__}>"

    def check_columns(self, names: Iterable[str]) -> None:
        """Raises `DataError` if a data set with these columns lacks one: call it with `dataset.column_names` before training."""
        _check_columns(self.reward, names)


class TrlSectionReward:
    """One section of the file as a TRL reward function, so that TRL logs and weighs it by itself.

    All sections of one file share one evaluation of each batch. `section` is
    None for what no section holds: the scores of gates, and what clamping cut.
    """

    def __init__(self, shared: _SharedEvaluation, section: str | None, label: str, leads: bool) -> None:
        self.shared, self.section, self.leads = shared, section, leads
        self.__name__ = f"{shared.reward.name}/{label}"

    def __call__(self, prompts: Sequence[Any] | None = None, completions: Sequence[Any] = (), **passed: Any) -> list[float | None]:
        """What the section adds to the score of each completion."""
        reward = self.shared.reward
        scores = self.shared.evaluate(_Batch(reward, prompts, completions, passed))
        if self.leads:
            _log_common(reward, scores, passed)
        if self.section is None:
            return _floats(scores.values - sum(scores.sections.values()))
        _log_rules(reward, scores, passed, [rule.name for rule in reward.program.rules if (rule.section or "") == self.section])
        return _floats(scores.sections[self.section])

    def __repr__(self) -> str:
        return f"<TRL reward {self.__name__}>"

    def check_columns(self, names: Iterable[str]) -> None:
        """Raises `DataError` if a data set with these columns lacks one: call it with `dataset.column_names` before training."""
        _check_columns(self.shared.reward, names)


def trl_reward(reward: Reward) -> TrlReward:
    """The score as one reward function for TRL."""
    return TrlReward(reward)


def trl_section_rewards(reward: Reward) -> list[TrlSectionReward]:
    """One reward function for each section, in the order of the file; with TRL's weights of 1 their sum is the score.

    The last one holds what belongs to no section, the scores of gates and
    clamping, if the file has any.
    """
    program = reward.program
    labels: list[tuple[str | None, str]] = [(section.name or "", section.name or "no-section") for section in program.sections]
    if program.score.clamped or any(require.score for require in program.requires):
        labels.append((None, "gates-and-clamping"))
    shared = _SharedEvaluation(reward)
    return [TrlSectionReward(shared, section, label, leads=index == 0) for index, (section, label) in enumerate(labels)]


def score_arguments(reward: Reward, prompts: Sequence[Any], completions: Sequence[Any], passed: Mapping[str, Any]) -> dict[str, Any]:
    """What a reward function of a bridge calls `Reward.score` with, by name, when TRL calls it with these."""
    return _Batch(reward, prompts, completions, passed).arguments()


class _Batch:
    """A batch in the words of `Reward.score`, made of what TRL passed."""

    def __init__(self, reward: Reward, prompts: Sequence[Any] | None, completions: Sequence[Any], passed: Mapping[str, Any]) -> None:
        originals = [column.original for column in reward.program.columns.values()]
        if not all(hasattr(passed.get(name), "__len__") for name in originals):
            _check_columns(reward, (name for name, value in passed.items() if hasattr(value, "__len__")))
        self.reward, self.prompts, self.completions = reward, prompts, completions
        self.columns: dict[str, Sequence[Any]] = {name: passed[name] for name in originals}
        self.columns |= {name: passed[name] for name in _BUILT_IN_COLUMNS if passed.get(name) is not None}
        if passed.get("completion_ids") is not None:
            self.columns.setdefault("completion_tokens", [len(ids) for ids in passed["completion_ids"]])
        self.step = int(getattr(passed.get("trainer_state"), "global_step", None) or 0)

    def arguments(self) -> dict[str, Any]:
        return {"completions": self.completions, "prompts": self.prompts, "columns": self.columns, "step": self.step}

    def evaluate(self) -> Scores:
        return self.reward.score(**self.arguments())

    def key(self) -> bytes:
        """Equal keys mean equal batches: pickling is injective, and its size is why the digest is kept in its place."""
        content = pickle.dumps((os.getpid(), self.step, self.completions, self.prompts, sorted(self.columns.items())), protocol=5)
        return hashlib.blake2b(content, digest_size=16).digest()


class _SharedEvaluation:
    """The evaluation of the last batches, made once however many callables and threads ask for it.

    Without a lock, so that a process forked at any moment cannot inherit a
    held one: `dict.setdefault` decides who evaluates, the others wait for its
    future, and the process id in the key keeps a child from waiting for its parent.
    """

    def __init__(self, reward: Reward) -> None:
        self.reward = reward
        self._made: dict[bytes, Future[Scores]] = {}

    def evaluate(self, batch: _Batch) -> Scores:
        key = batch.key()
        while True:
            mine: Future[Scores] = Future()
            future = self._made.setdefault(key, mine)
            if future is mine:
                return self._make(key, mine, batch)
            try:
                return future.result()
            except CancelledError:  # its maker raised; this caller meets the error itself
                continue

    def _make(self, key: bytes, mine: Future[Scores], batch: _Batch) -> Scores:
        try:
            scores = batch.evaluate()
            mine.set_result(scores)
        finally:
            if not mine.done():
                self._made.pop(key, None)
                mine.cancel()
        for old in list(self._made)[:-_KEPT_EVALUATIONS]:
            self._made.pop(old, None)
        return scores

    def __reduce__(self) -> tuple[object, ...]:
        return (_SharedEvaluation, (self.reward,))


def _check_columns(reward: Reward, names: Iterable[str]) -> None:
    there = set(names)
    missing = [column.original for column in reward.program.columns.values() if column.original not in there]
    if missing:
        hint = did_you_mean(missing[0], there)
        others = f" (nor {', '.join(repr(name) for name in missing[1:])})" if missing[1:] else ""
        found = f"; it has {', '.join(repr(name) for name in sorted(there))}" if there else ""
        message = f"the data set has no column '{missing[0]}'{others}, which {reward.program.source.name} declares{found}"
        raise DataError(f"{message}; {hint}" if hint else message, column=missing[0])


def _floats(values: NDArray[np.float64]) -> list[float | None]:
    floats: list[float | None] = values.tolist()
    if math.isnan(values.sum()):  # no score is infinite
        return [None if value is None or math.isnan(value) else value for value in floats]
    return floats


def _log_common(reward: Reward, scores: Scores, passed: Mapping[str, Any]) -> None:
    """What concerns the batch as a whole: shares of skipped, gated and successful rows, failures of verifiers, the marks in words."""
    log_metric: Callable[[str, float], None] | None = passed.get("log_metric")
    size = len(scores.values)
    if log_metric is not None and size:
        log_metric(f"{reward.name}/skipped", int(scores.skipped.sum()) / size)
        log_metric(f"{reward.name}/gated", int(scores.gated.sum()) / size)
        if scores.success is not None and (judged := scores.success[~scores.skipped]).size:
            log_metric(f"{reward.name}/success", int(judged.sum()) / len(judged))
        failed = Counter(failure.verifier for failures in scores.failures.values() for failure in failures)
        for name, count in sorted(failed.items()):
            log_metric(f"verifier_errors/{name}", float(count))
    log_extra: Callable[[str, list[Any]], None] | None = passed.get("log_extra")
    if log_extra is not None:
        log_extra(f"{reward.name} marks", _in_words(reward, scores))


def _log_rules(reward: Reward, scores: Scores, passed: Mapping[str, Any], rules: Iterable[str]) -> None:
    """Mean points of each rule over the rows that were marked, and how often it fired."""
    log_metric: Callable[[str, float], None] | None = passed.get("log_metric")
    if log_metric is None:
        return
    marked = ~scores.skipped
    size = int(marked.sum())
    if not size:
        return
    for rule in rules:
        log_metric(f"{reward.name}/{rule}/points", math.fsum(scores.rules[rule][marked].tolist()) / size)
        log_metric(f"{reward.name}/{rule}/fired", int(scores.fired[rule].sum()) / size)


def _in_words(reward: Reward, scores: Scores) -> list[str]:
    """For each row `correct +2, shape +0.5`, or why it was not marked."""
    names = [rule.name for rule in reward.program.rules]
    fired = [scores.fired[name].tolist() for name in names]
    points = [scores.rules[name].tolist() for name in names]
    told = []
    for index, score in enumerate(scores.values.tolist()):
        gate = scores.gate(index)
        if gate is not None:
            stopped = "skipped" if math.isnan(score) else f"{score:+g}"
            told.append(f"{stopped}: {gate.because or _reason(scores.row(index))}")
            continue
        parts = (f"{name} {of[index]:+g}" for name, did, of in zip(names, fired, points, strict=True) if did[index])
        told.append(", ".join(parts) or "no rule fired")
    return told


def _reason(row: RowMarks) -> str:
    """Why a gate without a `because` stopped a row."""
    return "" if row.gate is None else row.gate.reason or row.gate.words
