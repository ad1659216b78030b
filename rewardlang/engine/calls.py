"""Verifiers are asked here for whole columns: once for each distinct argument of a batch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

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
        self._said: dict[Hashable, dict[Any, Any]] = {}
        self._failed: dict[Hashable, dict[Any, Failure]] = {}
        self._kept: list[Any] = []  # what is keyed by identity must live as long as its key

    def ask(
        self, verifier: Verifier, columns: Sequence[list[Any]], options: Options, owners: Callable[[], Sequence[int]], shrink: Shrink
    ) -> list[Any]:
        """What the verifier says of each row, shrunk to what is wanted of it; `Refused` where it refused or broke.

        `columns` are its arguments, each with one value a row; `owners` gives
        the row of the batch behind each row: failures are recorded there.
        """
        what = (verifier.kind, verifier.word, options, shrink)
        said, failed = self._said.setdefault(what, {}), self._failed.setdefault(what, {})
        keys = _keys(columns)
        new = _first_places(keys, said)
        at_once = 1 if verifier.cost == "external" else _AT_ONCE
        for start in range(0, len(new), at_once):
            places = new[start : start + at_once]
            given = [_passed([column[place] for place in places]) for column in columns]
            rows = list(zip(*given, strict=True))
            for place, arguments, result in zip(places, rows, self._results(verifier, given, rows, options), strict=True):
                kept = result
                if type(result) in _FAULTS and (fault := _fault(verifier, result)) is not None:
                    failed[keys[place]] = fault
                    kept = Refused(result.reason) if isinstance(result, Broke) else result
                said[keys[place]] = kept if isinstance(kept, Refused) else shrink(arguments, kept)
        if new and any(map(_by_identity, columns)):
            self._kept += (column[place] for column in columns for place in new)
        if failed:
            for key, owner in zip(keys, owners(), strict=True):
                if key in failed:
                    self.failures.setdefault(owner, {})[failed[key]] = None
        return list(map(said.__getitem__, keys))

    def _results(self, verifier: Verifier, given: list[list[Any]], rows: list[Arguments], options: Options) -> list[Any]:
        """One result for each argument. A column that breaks the verifier is asked again one by one, so that only the culprit breaks."""
        results = attempt(verifier, *given, **dict(options)) if len(rows) > 1 else None
        if results is None or isinstance(results, Raised):
            results = [called(verifier, arguments, options) for arguments in rows]
        self.asked.note_all(verifier, rows, options, results)
        if verifier.cost in REMEMBERED:
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


def _keys(columns: Sequence[list[Any]]) -> list[Any]:
    """One key a row, equal for equal arguments."""
    parts = [list(map(id, column)) if _by_identity(column) else column for column in columns]
    return parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))


def _first_places(keys: list[Any], said: Mapping[Any, Any]) -> list[int]:
    """Where each key stands first that nobody has asked."""
    if said and said.keys() >= set(keys):
        return []
    first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    return sorted(place for key, place in first.items() if key not in said)


def _passed(column: list[Any]) -> list[Any]:
    """Arguments as verifiers take them: every number is a `Fraction`."""
    return [Fraction(value) if type(value) is int else value for value in column] if int in set(map(type, column)) else column
