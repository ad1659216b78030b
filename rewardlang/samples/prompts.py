"""Rows of prompts that wait for completions: any file of samples, whose completions, if it has some, are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Completion, Samples, is_conversation


class Prompts(Samples):
    """As `Samples`; a row needs a prompt, a text or chat messages, and its `completions` is a list of nothing."""

    def _completions(self, values: Mapping[str, Any], row_id: str, line: int) -> tuple[bool, list[Completion | None]] | Problem:
        prompt = values.get("prompt")
        if (isinstance(prompt, str) and prompt) or is_conversation(prompt):
            return True, []
        there = ", ".join(sorted(str(name) for name in values)) or "none"
        what = "an empty prompt" if prompt == "" else "no prompt that is a text or chat messages" if "prompt" in values else "no prompt"
        help_text = f"columns there: {there}; if one of them holds it: --map prompt=NAME"
        return self._problem("RW604", line, f"row '{row_id}' has {what}", row=row_id, column="prompt", help_text=help_text)
