"""Five reward functions in the shape of those in the public GSM8K notebooks, written for these tests; they keep the notebooks' mistakes.

The answer is what follows the last `<answer>`, the whole reply if there is none;
the two layouts are matched without DOTALL, so a reasoning of two lines never has them.
"""

from __future__ import annotations

import re
from typing import Any

Chats = list[list[dict[str, str]]]


def _texts(completions: Chats) -> list[str]:
    return [messages[0]["content"] for messages in completions]


def _answer_in(text: str) -> str:
    return text.rpartition("<answer>")[2].partition("</answer>")[0].strip()


def correctness_reward(prompts: Any, completions: Chats, answer: list[str], **kwargs: Any) -> list[float]:
    """2 points for the gold answer."""
    found = [_answer_in(text) for text in _texts(completions)]
    print("-" * 20, f"Question:\n{prompts[0]}\nExtracted:\n{found[0]}")
    return [2.0 if mine == gold else 0.0 for mine, gold in zip(found, answer, strict=True)]


def int_reward(completions: Chats, **kwargs: Any) -> list[float]:
    """0.5 points for an integer."""
    return [0.5 if _answer_in(text).isdigit() else 0.0 for text in _texts(completions)]


def strict_format_reward(completions: Chats, **kwargs: Any) -> list[float]:
    """0.5 points for the layout, each tag on a line of its own."""
    layout = re.compile(r"^<reasoning>\n.*?\n</reasoning>\n<answer>\n.*?\n</answer>\n$")
    return [0.5 if layout.match(text) else 0.0 for text in _texts(completions)]


def soft_format_reward(completions: Chats, **kwargs: Any) -> list[float]:
    """0.5 points for the tags in their order."""
    layout = re.compile(r"<reasoning>.*?</reasoning>\s*<answer>.*?</answer>")
    return [0.5 if layout.match(text) else 0.0 for text in _texts(completions)]


def xmlcount_reward(completions: Chats, **kwargs: Any) -> list[float]:
    """0.125 points for each tag that occurs once, less 0.001 for each character behind the last."""
    return [_counted(text) for text in _texts(completions)]


def _counted(text: str) -> float:
    tags = ("<reasoning>\n", "\n</reasoning>\n", "\n<answer>\n", "\n</answer>")
    points = sum(0.125 for tag in tags if text.count(tag) == 1)
    behind = text.partition("\n</answer>")[2] if text.count("\n</answer>") == 1 else ""
    return points - max(len(behind) - 1, 0) * 0.001
