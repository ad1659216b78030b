"""Why a run cannot start, or cannot go on: the cause and the remedy in one sentence each."""

from __future__ import annotations


class TwoPolicies(RuntimeError):
    """The policy that is sampled is not the policy that is trained; an engine's canary raises it."""


class TrainingProblem(Exception):
    """What the user can repair. `remedy` is what to do about it; commands print both and exit with 2."""

    def __init__(self, cause: str, remedy: str = "") -> None:
        self.cause, self.remedy = cause, remedy
        super().__init__(cause, remedy)

    def __str__(self) -> str:
        return f"{self.cause}\n  remedy: {self.remedy}" if self.remedy else self.cause
