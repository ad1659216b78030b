"""`messages`: the texts of a whole conversation."""

from __future__ import annotations

from typing import Any

import pytest

import rewardlang
from rewardlang.compiled import compile_text
from rewardlang.marking.intake import rows_from_data
from tests.engine.agreement import agree

FILE = """rewardlang 1
reward conversation
rule asked: award 1 point when some message in messages where message contains "please"
rule rude: deduct 0.5 points for each distinct message in messages where message equals "no", up to 1 point
score between -1 and 1
example "asked politely"
  with system = "You are a clerk."
  with prompt = "The form, please."
  model writes "Here."
  expect score = 1
"""
CHAT = [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}, {"role": "assistant", "content": "pre"}]
WITH_TOOL = [
    {"role": "assistant", "content": "no"},
    {"role": "tool", "content": "please"},
    {"role": "assistant", "content": "e\u0301"},
    {"role": "tool", "content": "done"},
]


@pytest.mark.parametrize(
    ("prompt", "completion", "messages"),
    [
        (None, "x", ["x"]),
        ("Q", "x", ["Q", "x"]),
        (CHAT, "x", ["S", "Q", "prex"]),
        (CHAT[:2], [{"role": "assistant", "content": "x"}], ["S", "Q", "x"]),
        (CHAT, WITH_TOOL, ["S", "Q", "no", "please", "pre\u00e9", "done"]),
    ],
)
def test_they_are_in_order_and_hold_what_is_marked(prompt: Any, completion: Any, messages: list[str]) -> None:
    """A prefill belongs to the message that is marked; texts are in Unicode's composed form."""
    reward = rewardlang.loads(FILE)
    prompts = None if prompt is None else [prompt]
    (row,) = rows_from_data(reward.program, reward.registry, [completion], prompts, {})
    assert [message.text for message in row.given["messages"]] == messages
    agree(reward, [completion], {}, prompts)


def test_a_batch_of_conversations_is_marked_as_each_alone() -> None:
    """Chats and plain texts in one batch."""
    agree(rewardlang.loads(FILE), [WITH_TOOL, "no", "please"], {}, [CHAT, "please", "x"])


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ('require some message in messages where message contains "x" else skip', "RW304"),
        ("column messages: list of text", "RW202"),
        ('example "b" with messages = ["x"] model writes "x" expect score = 0', "RW501"),
    ],
)
def test_the_completion_is_among_them(statement: str, code: str) -> None:
    """So a model could choose by them not to be marked, and an example gives them by its parts."""
    assert code in [diagnostic.code for diagnostic in compile_text(FILE + statement).errors]
