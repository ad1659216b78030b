"""What an answer of mathematics is once it has been read: frozen, exact values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of mathematics. `written` is the text that it was read from; `value` is what it means."""

    written: str = field(compare=False)
    value: Any
