"""A compiled `.reward` file as Python code uses it: load it, score with it, hand it to a trainer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewardlang.compiled import Compiled, compile_path, compile_text, program_of
from rewardlang.errors import DataError, Diagnostic
from rewardlang.examples import ExampleResult, run_program_examples
from rewardlang.marking.guard import Breaker
from rewardlang.marking.intake import rows_from_data
from rewardlang.marking.scorer import Scorer
from rewardlang.scores import Scores
from rewardlang.source import Source

if TYPE_CHECKING:
    from rewardlang.bridges import TrlReward, TrlSectionReward
    from rewardlang.engine.plan import Plan
    from rewardlang.engine.run import Prepared
    from rewardlang.marking.guard import Asked
    from rewardlang.marks import RowMarks
    from rewardlang.submission import Submission
    from rewardlang.types import Type

_ROWS_OF_EXTERNAL_WORK = 8
"""So many rows are submitted as one part where a verdict is reached in another process; parts are marked side by side."""


class Reward:
    """A file that compiled. Safe for threads; pickles as the text of the file, which is compiled again where it is loaded."""

    def __init__(self, compiled: Compiled, params: Mapping[str, Any] | None = None) -> None:
        self.program = program_of(compiled)
        self.registry = compiled.registry
        self.warnings: tuple[Diagnostic, ...] = compiled.warnings
        self._folder = compiled.folder
        self._params = dict(params or {})
        self._breaker = Breaker()

    def __reduce__(self) -> tuple[object, ...]:
        return (_load_again, (self.source.text, self.source.name, self._folder, self._params, self.fingerprint))

    def __repr__(self) -> str:
        version = f" {self.version}" if self.version else ""
        return f"Reward({self.name}{version}: {len(self.rules)} rules, score {self.program.score.low} to {self.program.score.high})"

    @property
    def source(self) -> Source:
        """The text that it was compiled from."""
        return self.program.source

    @property
    def name(self) -> str:
        """The name that the file gives itself."""
        return self.program.name

    @property
    def version(self) -> str | None:
        """The policy's own version."""
        return self.program.version

    @property
    def about(self) -> str | None:
        """What the file says about itself."""
        return self.program.about

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) of everything that a score depends on: the file, its lists and params, the verifiers."""
        return self.program.fingerprint

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules, in the order of the file."""
        return tuple(rule.name for rule in self.program.rules)

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections; rules before any heading are in the section ""."""
        return tuple(section.name or "" for section in self.program.sections)

    @property
    def columns(self) -> dict[str, Type]:
        """The columns that the data must have, by their names there, with their types."""
        return {column.original: column.type for column in self.program.columns.values()}

    @cached_property
    def _plan(self) -> Plan:
        from rewardlang.engine.plan_from_program import plan

        return plan(self.program)

    @cached_property
    def _prepared(self) -> Prepared:
        from rewardlang.engine.run import Prepared

        return Prepared(self._plan)

    def score(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        step: int = 0,
    ) -> Scores:
        """Marks B completions: texts, or chats of which the last assistant message counts.

        `prompts` (B,) are texts or chats; `columns` gives each declared column as (B,) raw values, as JSON has them, and
        may give `truncated` and `completion_tokens`; `step` is the training step that schedules read. Raises `DataError`,
        with column and row, for data that do not fit; `VerifierBreakdown` when a verifier broke too often.
        """
        scores, asked = self._scored(completions, prompts, columns or {}, step)
        self._breaker.batch_done(asked)
        return scores

    def _scored(
        self, completions: Sequence[Any], prompts: Sequence[Any] | None, columns: Mapping[str, Sequence[Any]], step: int
    ) -> tuple[Scores, Asked]:
        batch, marks, calls = self._prepared.mark(self.registry, completions, prompts, columns, step)
        return Scores(self.program, batch, marks, step, calls.remembered, calls.seconds), calls.asked

    def submit(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        step: int = 0,
    ) -> Submission:
        """Marks in the background what `score` marks at once: further rows can be added to what comes back, and it is collected.

        Raises `DataError` for columns of the wrong shape; `Submission.collect` raises what `score` raises for rows.
        """
        from rewardlang.submission import Marking, Submission

        plan = self._prepared.plan  # made here, once, and not by several threads
        most = _ROWS_OF_EXTERNAL_WORK if any(one.cost == "external" for one in plan.steps) else None
        submission = Submission(Marking(self.program, partial(self._scored, step=step), self._breaker.batch_done, most))
        submission.add(completions, prompts, columns)
        return submission

    def mark(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        step: int = 0,
    ) -> tuple[RowMarks, ...]:
        """The full records of B completions, row by row, for whoever shows them all; takes and raises what `score` does.

        `score` gives the same numbers as arrays, many times as fast.
        """
        return Scorer(self.program, self._breaker).mark(
            rows_from_data(self.program, self.registry, completions, prompts, columns or {}), step
        )

    def score_one(self, completion: Any, prompt: Any = None, **row: Any) -> float:
        """The score of one completion, NaN when the row is skipped; `row` holds the columns (and `step`, if a column is not called so)."""
        step = row.pop("step", 0) if "step" not in self.columns else 0
        prompts, columns = None if prompt is None else [prompt], {name: [value] for name, value in row.items()}
        (marks,) = self.mark([completion], prompts, columns, step)
        return float("nan") if marks.score is None else marks.score

    def run_examples(self) -> tuple[ExampleResult, ...]:
        """Runs the examples and attacks that stand in the file."""
        return run_program_examples(self.program, self.registry)

    def trl_reward(self) -> TrlReward:
        """A reward function for TRL's trainers."""
        from rewardlang.bridges import trl_reward

        return trl_reward(self)

    def trl_section_rewards(self) -> list[TrlSectionReward]:
        """One reward function a section for TRL's trainers; they share one evaluation."""
        from rewardlang.bridges import trl_section_rewards

        return trl_section_rewards(self)

    def _repr_html_(self) -> str:
        from rewardlang.explaining.explanation import reward_html

        return reward_html(self)


def load(path: str | os.PathLike[str], *, params: Mapping[str, Any] | None = None) -> Reward:
    """Compiles the file at `path`; `params` sets declared params. Raises `RewardError` with every mistake of the file."""
    return Reward(compile_path(path, params=params), params)


def loads(
    text: str, *, name: str = "<text>", folder: str | os.PathLike[str] | None = None, params: Mapping[str, Any] | None = None
) -> Reward:
    """Compiles a text; lists that it names are read from `folder`. Raises `RewardError` with every mistake."""
    return Reward(compile_text(text, name=name, folder=None if folder is None else str(Path(folder)), params=params), params)


def _load_again(text: str, name: str, folder: str | None, params: Mapping[str, Any], fingerprint: str) -> Reward:
    """Unpickles. A list that changed on disk since would change scores in one process only, so that is an error."""
    reward = loads(text, name=name, folder=folder, params=params)
    if reward.fingerprint != fingerprint:
        raise DataError(f"'{name}' does not compile to the same program here: a list that it names, or a verifier, has changed")
    return reward
