"""Completions and prompts of a whole batch as texts. `marking.intake` says what a chat is, and is asked for those that are not plain.

Plain are chats of equal length whose messages are dictionaries with a text
and, at one place, one role: what a data set's template makes of every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rewardlang.marking.intake import message_text, prompt_parts


class Chats(NamedTuple):
    """Of each prompt the system text, the last user text and the prefill; None where no row has one."""

    systems: Sequence[str | None] | None
    users: Sequence[str | None] | None
    prefills: Sequence[str] | None


class _Turn(NamedTuple):
    """The messages at one place of all chats."""

    role: str
    texts: list[str]


def listed(values: Any) -> list[Any]:
    """A column of the data as a list of Python's own values."""
    if type(values) is list:
        return values.copy()
    for name in ("to_pylist", "tolist"):
        if hasattr(values, name):
            made: list[Any] = getattr(values, name)()
            return made
    return list(values)


def completion_texts(completions: list[Any]) -> list[str]:
    """The text of each completion: itself, or the last message of the assistant in a chat."""
    if set(map(type, completions)) == {str}:
        return completions
    turns = _turns(completions)
    spoken = None if turns is None else [turn.texts for turn in turns if turn.role == "assistant"]
    return spoken[-1] if spoken else [message_text(completion, "assistant") for completion in completions]


def chats_of(prompts: list[Any]) -> Chats:
    """What the prompts say. Raises `DataError` for what is neither text nor chat."""
    if not prompts:
        return Chats(None, None, None)
    if set(map(type, prompts)) == {str}:
        return Chats(None, prompts, None)
    turns = _turns(prompts)
    if turns is not None:
        by_role = {turn.role: turn.texts for turn in turns}
        return Chats(by_role.get("system"), by_role.get("user"), turns[-1].texts if turns[-1].role == "assistant" else None)
    systems, users, prefills = zip(*map(prompt_parts, prompts), strict=True)
    return Chats(systems, users, prefills if any(prefills) else None)


def _turns(chats: list[Any]) -> Sequence[_Turn] | None:
    """The messages place by place; None where a chat is not plain."""
    if set(map(type, chats)) != {list}:
        return None
    try:
        places: list[Sequence[Any]] = [[message for (message,) in chats]]
    except ValueError:  # there are chats of several messages
        if len(set(map(len, chats))) != 1:
            return None
        places = list(zip(*chats, strict=True))
    turns = [turn for turn in map(_turn, places) if turn is not None]
    return turns if 0 < len(turns) == len(places) else None


def _turn(messages: Sequence[Any]) -> _Turn | None:
    try:
        role = messages[0]["role"]
        texts = [message["content"] for message in messages if type(message) is dict and message["role"] == role]
    except (KeyError, TypeError):  # TypeError: a message that is a text
        return None
    plain = len(texts) == len(messages) and type(role) is str and set(map(type, texts)) == {str}
    return _Turn(role, texts) if plain else None
