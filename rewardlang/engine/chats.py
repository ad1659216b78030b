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
    kinds = set(map(type, completions))
    if kinds == {str}:
        return completions
    turns = _turns(completions) if kinds == {list} else None
    spoken = None if turns is None else [turn.texts for turn in turns if turn.role == "assistant"]
    return spoken[-1] if spoken else [message_text(completion, "assistant") for completion in completions]


def chats_of(prompts: list[Any]) -> Chats:
    """What the prompts say. Raises `DataError` for what is neither text nor chat."""
    if not prompts:
        return Chats(None, None, None)
    kinds = set(map(type, prompts))
    if kinds == {str}:
        return Chats(None, prompts, None)
    turns = _turns(prompts) if kinds == {list} else None
    if turns is not None:
        by_role = {turn.role: turn.texts for turn in turns}
        return Chats(by_role.get("system"), by_role.get("user"), turns[-1].texts if turns[-1].role == "assistant" else None)
    systems, users, prefills = zip(*map(prompt_parts, prompts), strict=True)
    return Chats(systems, users, prefills if any(prefills) else None)


def _turns(chats: list[Any]) -> Sequence[_Turn] | None:
    """The messages of lists place by place; None where a chat is not plain."""
    try:
        role = chats[0][0]["role"]
        # One loop that unpacks and checks: what most chats are takes half the time of looking at them in several.
        texts = [message["content"] for (message,) in chats if type(message) is dict and message["role"] == role]
    except ValueError:  # there are chats of several messages
        return _several_turns(chats) if len(set(map(len, chats))) == 1 else None
    except (IndexError, KeyError, TypeError):  # TypeError: a message that is a text
        return None
    return [_Turn(role, texts)] if _is_plain(role, texts, len(chats)) else None


def _several_turns(chats: list[Any]) -> Sequence[_Turn] | None:
    turns = []
    for messages in zip(*chats, strict=True):
        try:
            role = messages[0]["role"]
            texts = [message["content"] for message in messages if type(message) is dict and message["role"] == role]
        except (KeyError, TypeError):
            return None
        if not _is_plain(role, texts, len(messages)):
            return None
        turns.append(_Turn(role, texts))
    return turns


def _is_plain(role: Any, texts: list[Any], size: int) -> bool:
    return len(texts) == size and type(role) is str and set(map(type, texts)) == {str}
