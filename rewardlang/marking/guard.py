"""Verifiers are called here, and what they raise ends here.

A verifier that raises has a bug. The row is marked as if the verdict were
unknown, with the exception's name on it; when it happens too often the run
stops (`VerifierBreakdown`), because a reward that is broken must not go on
training a policy.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from rewardlang.attempt import Raised, attempt
from rewardlang.marks import Failure
from rewardlang.verifier import Verifier

_MIN_BREAKS = 20
_WINDOW = 2000
_MAX_SHARE = 0.01
REMEMBERED = ("dictionary", "symbolic", "external")
"""Classes of cost of which no argument is asked twice in a batch, nor when a row of it is explained."""


class VerifierBreakdown(RuntimeError):
    """A verifier broke too often to go on; names the verifier and what it raised last."""


class Broke:
    """What stands for the result of a verifier that raised."""

    __slots__ = ("error", "reason")
    __match_args__ = ("reason",)

    def __init__(self, word: str, error: str) -> None:
        self.error = error
        self.reason = f"'{word}' broke ({error})"


class Asked:
    """Which distinct arguments were put to each verifier in one batch, and which of them broke it."""

    def __init__(self) -> None:
        self._broke: dict[str, dict[Any, bool]] = {}
        self._error: dict[str, str] = {}

    def note(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...], result: Any) -> None:
        """Takes note of a result."""
        broke = isinstance(result, Broke)
        self._broke.setdefault(verifier.word, {})[arguments, options] = broke
        if broke:
            self._error[verifier.word] = result.error

    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Of each verifier how many arguments were put to it, and how many broke it."""
        return {word: (len(broke), sum(broke.values())) for word, broke in self._broke.items()}

    def error(self, word: str) -> str:
        """What a verifier that broke raised last."""
        return self._error[word]


class Breaker:
    """Counts, over the life of a reward, which share of a verifier's distinct arguments broke it. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: dict[str, deque[tuple[int, int]]] = {}
        self._all_broke: dict[str, int] = {}

    def batch_done(self, asked: Asked) -> None:
        """Takes what was asked in one batch and raises `VerifierBreakdown` when a verifier is broken.

        Broken is: at least 20 breaks and more than 1 % of the distinct arguments
        in the last batches that hold 2,000 of them; or every verdict in two
        batches in a row. The order inside a batch has no say.
        """
        with self._lock:
            for word, (count, breaks) in asked.counts().items():
                recent = self._recent.setdefault(word, deque())
                recent.append((count, breaks))
                while sum(size for size, _ in recent) - recent[0][0] >= _WINDOW:
                    recent.popleft()
                self._all_broke[word] = self._all_broke.get(word, 0) + 1 if breaks == count else 0
                total, broken = sum(size for size, _ in recent), sum(number for _, number in recent)
                if (broken >= _MIN_BREAKS and broken > _MAX_SHARE * total) or self._all_broke[word] >= 2:
                    raise VerifierBreakdown(
                        f"the verifier '{word}' broke on {broken} of its last {total} inputs; the last error: {asked.error(word)}"
                    )


class Guard:
    """Calls verifiers for one batch: once for each distinct argument where that is worth remembering.

    `remembered` is what another guard, or the engine, was told about the same rows.
    """

    def __init__(self, remembered: Mapping[Any, Any] | None = None) -> None:
        self._memo: dict[Any, Any] = dict(remembered or {})
        self.asked = Asked()

    def call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        """The verifier's result for one row, or `Broke`."""
        if verifier.cost not in REMEMBERED:
            return self._call(verifier, arguments, options)
        key = (verifier.kind, verifier.word, arguments, options)
        if key not in self._memo:
            self._memo[key] = self._call(verifier, arguments, options)
        return self._memo[key]

    def _call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        result = called(verifier, arguments, options)
        self.asked.note(verifier, arguments, options, result)
        return result


def called(verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
    """The verifier's result for one row, or `Broke`."""
    results = attempt(verifier, *([argument] for argument in arguments), **dict(options))
    return Broke(verifier.word, str(results)) if isinstance(results, Raised) else results[0]


def failure(verifier: Verifier, reason: str, *, broke: bool) -> Failure:
    """The record of a verdict that was not reached."""
    return Failure(verifier.word, broke, reason)
