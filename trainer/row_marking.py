"""Marking rows before a run with as much of a reward file as one question about the data needs, and with no more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

from rewardlang import meaning
from rewardlang.checking.examples import rule_expressions
from rewardlang.engine.plan_from_program import plan
from rewardlang.engine.run import Prepared
from rewardlang.errors import DataError
from rewardlang.marking.guard import Breaker
from rewardlang.marking.intake import rows_from_data
from rewardlang.program import Program, Rule
from rewardlang.record import replaced
from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.trainer.data import Row

_ROWS_OF_EXTERNAL_WORK = 16
"""So many rows are tried where a verdict is reached in another process, which can take seconds."""


class RowMarking:
    """A part of a reward file: the gates that skip rows; or all gates and success; or these with the rules that read columns."""

    def __init__(self, reward: Reward, program: Program) -> None:
        self._reward, self._program = reward, program

    @classmethod
    def skips(cls, reward: Reward) -> RowMarking:
        """The gates that skip rows, alone."""
        program = _of_rules(reward.program, ())
        return cls(reward, replaced(program, requires=tuple(one for one in program.requires if one.score is None), success=None))

    @classmethod
    def success(cls, reward: Reward) -> RowMarking:
        """What decides success, with the gates."""
        return cls(reward, _of_rules(reward.program, ()))

    @classmethod
    def data(cls, reward: Reward) -> RowMarking:
        """What says anything of a row's own values: gates, success, and the rules that read a column."""
        program = reward.program
        lets = {name: let.value for name, let in program.lets.items()}
        reading = [
            rule
            for rule in program.rules
            if any(meaning.uses(one, lets, lambda node: isinstance(node, meaning.ColumnValue)) for one in rule_expressions(rule))
        ]
        return cls(reward, _of_rules(program, reading))

    @cached_property
    def _prepared(self) -> Prepared:
        return Prepared(plan(self._program))

    @cached_property
    def external(self) -> tuple[str, ...]:
        """The verifiers of this part that work in other processes."""
        steps = [step for step in self._prepared.plan.steps if step.cost == "external"]
        return tuple(dict.fromkeys(one.word for step in steps for one in meaning.verifiers(step.node) if one.cost == "external"))

    def tried(self, rows: Sequence[Row]) -> list[int]:
        """The rows that are marked, by index: all, or some at even distances where each takes another process's time."""
        if not self.external or len(rows) <= _ROWS_OF_EXTERNAL_WORK:
            return list(range(len(rows)))
        return [index * len(rows) // _ROWS_OF_EXTERNAL_WORK for index in range(_ROWS_OF_EXTERNAL_WORK)]

    def marked(self, rows: Sequence[Row], completions: Sequence[str]) -> tuple[list[int], Scores]:
        """Those of `tried` that can be read, by index, and how each is marked with its completion. Raises `VerifierBreakdown`."""
        tried = self.tried(rows)
        bad = unreadable([rows[index] for index in tried], self._reward)
        places = [index for number, index in enumerate(tried) if number not in bad]
        some = [rows[index] for index in places]
        taken, prompts = [completions[index] for index in places], [row["prompt"] for row in some]
        batch, marks, calls = self._prepared.mark(self._reward.registry, taken, prompts, _columns(some, self._reward), 0)
        Breaker().batch_done(calls.asked)
        return places, Scores(self._program, batch, marks, 0, calls.remembered, calls.seconds)


def unreadable(rows: Sequence[Row], reward: Reward) -> dict[int, str]:
    """Rows without a usable prompt or with a value that is not of its column's type, by index, with what was found."""
    without = {index: "'prompt': neither a text that is not empty nor messages" for index, row in enumerate(rows) if row["prompt"] is None}
    if without:
        places = [index for index in range(len(rows)) if index not in without]
        others = unreadable([rows[index] for index in places], reward)
        return dict(sorted((without | {places[index]: reason for index, reason in others.items()}).items()))

    def failing(some: Sequence[Row]) -> DataError | None:
        try:
            columns, prompts = _columns(some, reward), [row["prompt"] for row in some]
            rows_from_data(reward.program, reward.registry, [""] * len(some), prompts, columns)
        except DataError as error:
            return error
        return None

    if failing(rows) is None:
        return {}
    found = {index: error for index, row in enumerate(rows) if (error := failing([row])) is not None}
    return {index: f"'{error.column}': {error.message}" for index, error in found.items()}


def _columns(rows: Sequence[Row], reward: Reward) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in reward.columns}


def _of_rules(program: Program, rules: Collection[Rule]) -> Program:
    named = {rule.section for rule in rules}
    return replaced(program, rules=tuple(rules), sections=tuple(one for one in program.sections if one.name in named))
