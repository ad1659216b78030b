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
_REMEMBERED = ("dictionary", "symbolic", "external")


class VerifierBreakdown(RuntimeError):
    """A verifier broke too often to go on; names the verifier and what it raised last."""


class Broke:
    """What stands for the result of a verifier that raised."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Breaker:
    """Counts, over the life of a reward, which share of a verifier's distinct arguments broke it. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: dict[str, deque[bool]] = {}
        self._all_broke: dict[str, int] = {}

    def batch_done(self, outcomes: Mapping[str, list[bool]], last: Mapping[str, str]) -> None:
        """Takes the outcomes of one batch (True: broke) and raises `VerifierBreakdown` when a verifier is broken.

        Broken is: at least 20 breaks and more than 1 % of the last 2,000
        distinct arguments; or every verdict in two batches in a row.
        """
        with self._lock:
            for word, broke in outcomes.items():
                recent = self._recent.setdefault(word, deque(maxlen=_WINDOW))
                recent.extend(broke)
                self._all_broke[word] = self._all_broke.get(word, 0) + 1 if broke and all(broke) else 0
                breaks = sum(recent)
                if (breaks >= _MIN_BREAKS and breaks > _MAX_SHARE * len(recent)) or self._all_broke[word] >= 2:
                    raise VerifierBreakdown(
                        f"the verifier '{word}' broke on {breaks} of its last {len(recent)} inputs; the last error: {last[word]}"
                    )


class Guard:
    """Calls verifiers for one batch: once for each distinct argument where that is worth remembering."""

    def __init__(self) -> None:
        self._memo: dict[Any, Any] = {}
        self.outcomes: dict[str, list[bool]] = {}
        self.last_error: dict[str, str] = {}

    def call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        """The verifier's result for one row, or `Broke`."""
        if verifier.cost not in _REMEMBERED:
            return self._call(verifier, arguments, options)
        key = (verifier.kind, verifier.word, arguments, options)
        if key not in self._memo:
            self._memo[key] = self._call(verifier, arguments, options)
        return self._memo[key]

    def _call(self, verifier: Verifier, arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> Any:
        outcome = self.outcomes.setdefault(verifier.word, [])
        results = attempt(verifier, *([argument] for argument in arguments), **dict(options))
        outcome.append(isinstance(results, Raised))
        if isinstance(results, Raised):
            self.last_error[verifier.word] = str(results)
            return Broke(f"'{verifier.word}' broke ({self.last_error[verifier.word]})")
        return results[0]


def failure(verifier: Verifier, reason: str, *, broke: bool) -> Failure:
    """The record of a verdict that was not reached."""
    return Failure(verifier.word, broke, reason)
