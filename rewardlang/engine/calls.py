"""Verifiers are asked here for whole columns: once for each distinct argument of a batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

from rewardlang import types
from rewardlang.answers.values import Answer, Quantity
from rewardlang.attempt import Raised, attempt
from rewardlang.marking.guard import REMEMBERED, Asked, Broke, called, failure
from rewardlang.marks import Failure
from rewardlang.verdict import Refused, Verdict
from rewardlang.verifier import Verifier

Arguments: TypeAlias = tuple[Any, ...]
Options: TypeAlias = tuple[tuple[str, Any], ...]
Shrink: TypeAlias = Callable[[Arguments, Any], Any]
"""What is kept of a result, given what was asked."""

_FAULTS = (Refused, Broke, Verdict)
_PLAIN = (types.TextType, types.NumberType, types.BooleanType)
_IDENTIFIED = frozenset({Answer, Quantity})
_AT_ONCE = 64
"""Arguments in one call: no more of what a finder found is in memory at a time."""


class Calls:
    """What the verifiers said in one batch."""

    def __init__(self) -> None:
        self.asked = Asked()
        self.remembered: dict[Any, Any] = {}
        """What the dear verifiers said, keyed as `marking.guard` keys it."""
        self.failures: dict[int, dict[Failure, None]] = {}
        """Of the rows that have any, by row."""
        self.refused: set[int] = set()
        """Rows in which a number was too long to be computed: something was not judged there, and no verifier failed."""
        self._said: dict[Hashable, dict[Any, Any]] = {}
        self._took: dict[Hashable, dict[Any, float]] = {}
        self._waited: dict[int, dict[Any, float]] = {}
        self._failed: dict[Hashable, dict[Any, Failure]] = {}
        self._kept: list[Any] = []  # what is keyed by identity must live as long as its key

    @property
    def seconds(self) -> dict[int, float]:
        """What external verifiers took, by row, where any was asked: an argument that several rows share counts whole for each."""
        return {row: sum(waited.values()) for row, waited in self._waited.items()}

    def ask(
        self,
        verifier: Verifier,
        columns: Sequence[list[Any]],
        options: Options,
        owners: Callable[[], Sequence[int]],
        shrink: Shrink,
        *,
        counts: bool = False,
    ) -> list[Any]:
        """What the verifier says of each row, shrunk to what is wanted of it; `Refused` where it refused or broke.

        `columns` are its arguments, each with one value a row; `owners` gives
        the row of the batch behind each row: failures are recorded there.
        `counts`: a finder is asked for numbers, and `shrink` is given those.
        """
        what = (verifier.kind, verifier.word, options, shrink)
        said, failed = self._said.setdefault(what, {}), self._failed.setdefault(what, {})
        took = self._took.setdefault(what, {})
        keys, new = self._new(verifier, columns, said)
        external = verifier.cost == "external"
        at_once = 1 if external else _AT_ONCE
        waiting = iter(new.items())
        while part := list(islice(waiting, at_once)):
            given = [_passed(list(column)) for column in zip(*(arguments for _, arguments in part), strict=True)]
            rows = list(zip(*given, strict=True))
            began = time.monotonic()
            results = self._results(verifier, given, rows, options, counts=counts)
            if external:
                took[part[0][0]] = time.monotonic() - began
            for (key, _), arguments, result in zip(part, rows, results, strict=True):
                kept = result
                if type(result) in _FAULTS and (fault := _fault(verifier, result)) is not None:
                    failed[key] = fault
                    kept = Refused(result.reason) if isinstance(result, Broke) else result
                said[key] = kept if isinstance(kept, Refused) else shrink(arguments, kept)
        if external:
            for key, owner in zip(keys, owners(), strict=True):
                self._waited.setdefault(owner, {})[what, key] = took[key]
        if failed:
            for key, owner in zip(keys, owners(), strict=True):
                if key in failed:
                    self.failures.setdefault(owner, {})[failed[key]] = None
        return list(map(said.__getitem__, keys))

    def _new(self, verifier: Verifier, columns: Sequence[list[Any]], said: Mapping[Any, Any]) -> tuple[list[Any], dict[Any, Arguments]]:
        """A key for each row, equal for equal arguments; and by key the arguments that nobody has asked."""
        identified = [
            not isinstance(type_, _PLAIN) and _by_identity(column) for (_, type_), column in zip(verifier.parameters, columns, strict=True)
        ]
        if len(columns) == 1 and not identified[0]:
            keys = columns[0]
            return keys, {key: (key,) for key in dict.fromkeys(keys) if key not in said}
        rows = list(zip(*columns, strict=True))
        if not any(identified):
            return rows, {row: row for row in dict.fromkeys(rows) if row not in said}
        parts = (map(id, column) if by_identity else column for column, by_identity in zip(columns, identified, strict=True))
        keys = list(zip(*parts, strict=True))
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in said}
        self._kept += new.values()
        return keys, new

    def _results(self, verifier: Verifier, given: list[list[Any]], rows: list[Arguments], options: Options, *, counts: bool) -> list[Any]:
        """One result for each argument. A column that breaks the verifier is asked again one by one, so that only the culprit breaks."""
        results: Any = None
        if counts and verifier.count is not None:
            results = attempt(verifier.count, *given, None)
        elif len(rows) > 1:
            results = attempt(verifier, *given, **dict(options))
        if results is None or isinstance(results, Raised):
            results = [called(verifier, arguments, options) for arguments in rows]
            if counts:
                results = [result if isinstance(result, Broke) else len(result) for result in results]
        self.asked.note_all(verifier, rows, options, results)
        if verifier.cost in REMEMBERED and not counts:
            for arguments, result in zip(rows, results, strict=True):
                self.remembered[verifier.kind, verifier.word, arguments, options] = result
        found: list[Any] = results
        return found


def _fault(verifier: Verifier, result: Any) -> Failure | None:
    match result:
        case Broke(reason=reason):
            return failure(verifier, reason, broke=True)
        case Refused(reason=reason) | Verdict(holds=None, reason=reason):
            return failure(verifier, reason, broke=False)
    return None


def _by_identity(column: list[Any]) -> bool:
    """Whether there are answers or quantities in a column. They are told apart by identity: comparing them costs as much as asking."""
    return not _IDENTIFIED.isdisjoint(map(type, column))


def _passed(column: list[Any]) -> list[Any]:
    """Arguments as verifiers take them: every number is a `Fraction`."""
    return [Fraction(value) if type(value) is int else value for value in column] if int in set(map(type, column)) else column
