"""The values that an answer of mathematics can have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Base of every kind of answer. `written` is the text that it was read from."""

    written: str
