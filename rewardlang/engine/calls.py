"""Verifiers are asked here for whole columns: once for each distinct argument of a batch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from itertools import islice
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
        self._said: dict[Hashable, dict[Hashable, Any]] = {}
        self._failed: dict[Hashable, dict[Hashable, Failure]] = {}
        self._kept: list[Arguments] = []  # what is keyed by identity must live as long as its key

    def ask(
        self, verifier: Verifier, rows: Sequence[Arguments], options: Options, owners: Callable[[], Sequence[int]], shrink: Shrink
    ) -> list[Any]:
        """What the verifier says of each row, shrunk to what is wanted of it; `Refused` where it refused or broke.

        `owners` gives the row of the batch behind each row: failures are recorded there.
        """
        what = (verifier.kind, verifier.word, options, shrink)
        said, failed = self._said.setdefault(what, {}), self._failed.setdefault(what, {})
        keys = [_key(arguments) for arguments in rows]
        new = {key: arguments for key, arguments in zip(keys, rows, strict=True) if key not in said}
        waiting = iter(new.items())
        while part := list(islice(waiting, 1 if verifier.cost == "external" else _AT_ONCE)):
            given = [_passed(arguments) for _, arguments in part]
            for (key, _), arguments, result in zip(part, given, self._results(verifier, given, options), strict=True):
                fault = _fault(verifier, result)
                if fault is not None:
                    failed[key] = fault
                said[key] = (
                    result
                    if isinstance(result, Refused)
                    else Refused(result.reason)
                    if isinstance(result, Broke)
                    else shrink(arguments, result)
                )
        if any(map(_by_identity, rows[0])) if rows else False:
            self._kept += new.values()
        if failed:
            for key, owner in zip(keys, owners(), strict=True):
                if key in failed:
                    self.failures.setdefault(owner, {})[failed[key]] = None
        return [said[key] for key in keys]

    def _results(self, verifier: Verifier, given: list[Arguments], options: Options) -> list[Any]:
        """One result for each argument. A column that breaks the verifier is asked again one by one, so that only the culprit breaks."""
        columns = tuple(list(column) for column in zip(*given, strict=True))
        results = attempt(verifier, *columns, **dict(options)) if len(given) > 1 else None
        if results is None or isinstance(results, Raised):
            results = [called(verifier, arguments, options) for arguments in given]
        for arguments, result in zip(given, results, strict=True):
            self.asked.note(verifier, arguments, options, result)
            if verifier.cost in REMEMBERED:
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


def _by_identity(value: Any) -> bool:
    return isinstance(value, (Answer, Quantity))


def _key(arguments: Arguments) -> Hashable:
    """Equal for equal arguments, except answers, which are told apart by identity: comparing them costs as much as asking."""
    if len(arguments) == 1 and type(arguments[0]) is str:
        return arguments[0]
    return tuple(id(value) if _by_identity(value) else value for value in arguments)


def _passed(arguments: Arguments) -> Arguments:
    """Arguments as verifiers take them: every number is a `Fraction`."""
    return tuple(Fraction(value) if type(value) is int else value for value in arguments)
