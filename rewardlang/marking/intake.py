"""From what a host hands over (texts or chats, columns of a data set) to rows of values, every row validated first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rewardlang.checking.checker import BUILT_INS
from rewardlang.errors import DataError
from rewardlang.marking.piece import Piece
from rewardlang.marking.row_values import Value
from rewardlang.program import Program
from rewardlang.record import NamedTuple
from rewardlang.registry import Registry
from rewardlang.rows import normalised, shown, value_from_data
from rewardlang.verdict import Missing

PER_ROW = ("system", "truncated", "completion_tokens")
"""What a row may say besides its declared columns."""


class Intake(NamedTuple):
    """A row ready to be marked: the completion as it is marked, and every value that the program can name."""

    completion: str
    given: dict[str, Value]


def rows_from_data(
    program: Program, registry: Registry, completions: Sequence[Any], prompts: Sequence[Any] | None, columns: Mapping[str, Sequence[Any]]
) -> list[Intake]:
    """All rows of a batch. Raises `DataError` with column and row for what is absent, null or of another type.

    `columns` are by their names in the data; those that the file does not
    declare are passed over, but for `system`, `truncated` and `completion_tokens`.
    """
    check_shape(program, completions, prompts, columns)
    return [
        _row(
            program,
            registry,
            index,
            completion,
            None if prompts is None else prompts[index],
            {name: values[index] for name, values in columns.items()},
        )
        for index, completion in enumerate(completions)
    ]


def example_row(program: Program, registry: Registry, completion: str, values: Mapping[str, Any]) -> Intake:
    """The row of an example in the file: a column that it does not give is missing there. `values` were validated by the checker."""
    given: dict[str, Value] = {}
    for name, column in program.columns.items():
        if name in values:
            given[name] = _located(value_from_data(column.type, values[name], registry, column.separator, program.notation))
        else:
            given[name] = Missing(f"the example does not give '{name}'")
    for name, param in program.params.items():
        said = value_from_data(param.type, values[name], registry, None, program.notation) if name in values else param.default
        given[name] = _located(said)
    for name, type_ in BUILT_INS.items():
        if name not in ("completion", "messages"):
            given[name] = _located(value_from_data(type_, values.get(name), registry))
    text = normalised(completion)
    given["completion"] = whole = Piece(text, ((0, len(text)),))
    given["messages"] = (*(given[name] for name in ("system", "prompt") if isinstance(given[name], Piece)), whole)
    return Intake(text, given)


def check_shape(program: Program, completions: Sequence[Any], prompts: Sequence[Any] | None, columns: Mapping[str, Sequence[Any]]) -> None:
    """Raises `DataError` unless every declared column is there, with one value for each completion."""
    for name, values in [*columns.items(), *([("prompt", prompts)] if prompts is not None else [])]:
        if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
            raise DataError(f"a list with one value for each completion is wanted, and this is {shown(values)}", column=name)
        if len(values) != len(completions):
            raise DataError(f"there are {len(values)} values for {len(completions)} completions", column=name)
    for column in program.columns.values():
        if column.original not in columns:
            found = ", ".join(sorted(columns)) or "none"
            raise DataError(f"the data has no such column (it has: {found})", column=column.original)


def _row(program: Program, registry: Registry, index: int, completion: Any, prompt: Any, raw: Mapping[str, Any]) -> Intake:
    given: dict[str, Value] = {}
    column_name = "completion"
    try:
        text = message_text(completion, "assistant")
        column_name = "prompt"
        system, user, prefill = prompt_parts(prompt)
        given["system"] = _located(normalised(system)) if system is not None else Missing("the row has no system prompt")
        given["prompt"] = _located(normalised(user)) if user is not None else Missing("the row has no prompt")
        for column_name in PER_ROW:
            if column_name in raw and column_name not in program.columns:
                given[column_name] = _located(value_from_data(BUILT_INS[column_name], raw[column_name], registry))
            given.setdefault(column_name, Missing(f"the row does not say '{column_name}'"))
        for name, column in program.columns.items():
            column_name = column.original
            given[name] = _located(value_from_data(column.type, raw[column.original], registry, column.separator, program.notation))
    except DataError as error:
        raise DataError(error.message, column=column_name, row=index) from None
    for name, param in program.params.items():
        given[name] = _located(param.default)
    text = normalised(prefill + text)
    given["completion"] = whole = Piece(text, ((0, len(text)),))
    before, after, behind = around(prompt, completion)
    given["messages"] = (*map(_located, (*before, *after)), whole, *map(_located, behind))
    return Intake(text, given)


def _located(value: Any) -> Value:
    """A value from the data as the interpreter holds it: texts without a place in the completion."""
    if isinstance(value, str):
        return Piece(value)
    return tuple(_located(item) for item in value) if isinstance(value, tuple) and not isinstance(value, Piece) else value


def message_text(content: Any, role: str) -> str:
    """The text of a completion: itself, or the last message of that role in a chat."""
    if isinstance(content, str):
        return content
    if content is None:
        raise DataError('the completion is null; a text is wanted (an empty one is "")')
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence) or not all(isinstance(message, Mapping) for message in content):
        raise DataError(f"a text or a list of chat messages is wanted, and this is {shown(content)}")
    texts = [_content(message) for message in content if message.get("role", role) == role]
    if not texts:
        raise DataError(f"the chat has no message of the role '{role}'")
    return texts[-1]


def around(prompt: Any, completion: Any) -> tuple[list[str], list[str], list[str]]:
    """The other messages of a conversation: of the prompt without a prefill, and of the completion before and behind the marked one."""
    before = [] if prompt is None else [prompt] if isinstance(prompt, str) else [_content(message) for message in prompt]
    if before and not isinstance(prompt, str) and prompt[-1].get("role") == "assistant":
        before.pop()
    spoken = [completion] if isinstance(completion, (str, Mapping)) else list(completion)
    roles = ["assistant" if isinstance(message, str) else message.get("role", "assistant") for message in spoken]
    marked = len(roles) - 1 - roles[::-1].index("assistant")
    texts = ["" if isinstance(message, str) else _content(message) for message in spoken]
    return list(map(normalised, before)), list(map(normalised, texts[:marked])), list(map(normalised, texts[marked + 1 :]))


def _content(message: Mapping[str, Any]) -> str:
    """A message's text; parts that are no text (images) are left out, and a tool call without text is empty."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, Sequence) and all(isinstance(part, Mapping) for part in content):
        return "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    raise DataError(f"a message's content is a text or a list of parts, and this is {shown(content)}")


def prompt_parts(prompt: Any) -> tuple[str | None, str | None, str]:
    """System text, the last user text, and the prefill: what an assistant message at the end of the prompt has begun."""
    if prompt is None or isinstance(prompt, str):
        return None, prompt, ""
    if not isinstance(prompt, Sequence) or not all(isinstance(message, Mapping) for message in prompt):
        raise DataError(f"a text or a list of chat messages is wanted, and this is {shown(prompt)}")
    by_role: dict[str, str] = {}
    for message in prompt:
        by_role[str(message.get("role"))] = _content(message)
    prefill = _content(prompt[-1]) if prompt and prompt[-1].get("role") == "assistant" else ""
    return by_role.get("system"), by_role.get("user"), prefill
