"""A batch as columns of validated values. `marking.intake` says what is valid, and is asked wherever a column is not plain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from rewardlang import types
from rewardlang.checking.checker import BUILT_INS
from rewardlang.engine.chats import Chats, chats_of, completion_texts, listed
from rewardlang.engine.column import MISSING, THERE, Column, Constant
from rewardlang.errors import DataError
from rewardlang.marking.intake import PER_ROW, Intake, around, check_shape, rows_from_data
from rewardlang.program import Program
from rewardlang.registry import Registry
from rewardlang.rows import answers_from_texts, normalised, value_from_data
from rewardlang.verdict import Missing

_PLAIN = (str, int, float)
_PORTION = 1024
_NO_CHATS = Chats(None, None, None)


class Batch:
    """B rows, validated when their columns are asked for; `row` gives one of them as the scalar marking takes it.

    What is passed in may be lists, or arrays of numpy, pandas or Arrow; a column of those is turned into a list at once.
    """

    def __init__(
        self,
        program: Program,
        registry: Registry,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None,
        columns: Mapping[str, Sequence[Any]],
        known: Declared | None = None,
    ) -> None:
        """`known` is what `declared` says of the program. Raises `DataError` for columns that are absent or of another length."""
        check_shape(program, completions, prompts, columns)
        self._program, self._registry = program, registry
        self._declared = declared(program) if known is None else known
        self._completions = listed(completions)
        self._prompts = None if prompts is None else listed(prompts)
        self._raw = {name: listed(values) for name, values in columns.items() if name in self._declared.originals}

    def __len__(self) -> int:
        return len(self._completions)

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """By the names of the program. Raises `DataError` with column and row for what is null or of another type."""
        return self._validated(0, len(self))

    def between(self, start: int, end: int) -> Mapping[str, Column]:
        """The columns of the rows [start, end)."""
        if (start, end) == (0, len(self)):
            return self.columns
        return MadeWhenAsked(lambda name: self.columns[name].between(start, end), {})

    def portions(self) -> Iterator[Mapping[str, Column]]:
        """The columns of some rows after the other: of so many that their texts are still near the processor when they are marked.

        Raises what `columns` raises.
        """
        for start in range(0, len(self), _PORTION):
            yield self._validated(start, start + _PORTION)

    def row(self, index: int) -> Intake:
        """One row, with the reasons for what is missing in it."""
        prompts = None if self._prompts is None else [self._prompts[index]]
        columns = {name: [values[index]] for name, values in self._raw.items()}
        (intake,) = rows_from_data(self._program, self._registry, [self._completions[index]], prompts, columns)
        return intake

    def _validated(self, start: int, end: int) -> Mapping[str, Column]:
        try:
            return self._read(start, end)
        except DataError:
            rows_from_data(self._program, self._registry, self._completions, self._prompts, self._raw)  # the same mistake, with its row
            raise

    def _read(self, start: int, end: int) -> Mapping[str, Column]:
        def part(values: list[Any]) -> list[Any]:
            return values if start == 0 and end >= len(values) else values[start:end]

        completions = part(self._completions)
        prompts = None if self._prompts is None else part(self._prompts)
        chats = _NO_CHATS if prompts is None else chats_of(prompts)
        columns = {}
        for name, original, type_, separator, notation in self._declared.columns:
            if original in self._raw:
                columns[name] = _converted(part(self._raw[original]), self._registry, type_, separator, notation)
        texts = completion_texts(completions)
        if chats.prefills is not None:
            texts = [prefill + text for prefill, text in zip(chats.prefills, texts, strict=True)]
        columns["completion"] = Column(_composed(texts))
        return MadeWhenAsked(partial(self._made, columns["completion"], chats, completions, prompts), columns)

    def _made(self, completion: Column, chats: Chats, completions: list[Any], prompts: list[Any] | None, name: str) -> Column:
        """A column that few programs ask for."""
        if name in self._program.params:
            return Constant(_number(self._program.params[name].default), len(completions))
        if name == "messages":
            others = map(around, [None] * len(completions) if prompts is None else prompts, completions)
            rows = zip(completion.values, others, strict=True)
            return Column([(*before, *after, text, *behind) for text, (before, after, behind) in rows])
        return _optional({"system": chats.systems, "prompt": chats.users}.get(name), len(completions))


class MadeWhenAsked(dict[str, Column]):
    """Columns by name, of which some are made when they are first asked for."""

    def __init__(self, make: Callable[[str], Column], made: Mapping[str, Column]) -> None:
        super().__init__(made)
        self._make = make

    def __missing__(self, name: str) -> Column:
        """Makes the column."""
        column = self[name] = self._make(name)
        return column


class Declared(NamedTuple):
    """The columns of the data that a program reads: name, name in the data, type, separator and notation."""

    columns: tuple[tuple[str, str, types.Type, str | None, str | None], ...]
    originals: frozenset[str]


def declared(program: Program) -> Declared:
    """Worked out once for a program."""
    own = program.columns
    columns: list[tuple[str, str, types.Type, str | None, str | None]]
    columns = [(name, name, BUILT_INS[name], None, None) for name in PER_ROW if name not in own]
    columns += [(name, column.original, column.type, column.separator, program.notation) for name, column in own.items()]
    return Declared(tuple(columns), frozenset(column.original for column in own.values()).union(PER_ROW))


def _composed(texts: list[Any]) -> list[str]:
    return texts if all(map(str.isascii, texts)) else [text if text.isascii() else normalised(text) for text in texts]


def _optional(texts: Sequence[str | None] | None, size: int) -> Column:
    """A column of texts that some rows do not have; None: no row has one."""
    if texts is None:
        return Column([None] * size, np.full(size, MISSING, np.int8))
    if None not in texts:
        return Column(_composed(list(texts)))
    state = np.array([MISSING if text is None else THERE for text in texts], dtype=np.int8)
    return Column([None if text is None else normalised(text) for text in texts], state)


def _converted(raw: list[Any], registry: Registry, type_: types.Type, separator: str | None, notation: str | None) -> Column:
    """A column of the data. Equal raw values are converted once: the rows of a group have the same."""
    if isinstance(type_, types.TextType) and set(map(type, raw)) <= {str}:
        return Column(_composed(raw))
    if isinstance(type_, types.MathType) and set(map(type, raw)) <= {str}:
        distinct = list(dict.fromkeys(raw))
        read = answers_from_texts(distinct, registry, notation)
        if read is not None:
            answers = dict(zip(distinct, read, strict=True))
            return Column([answers[text] for text in raw])
    known: dict[tuple[type, Any], Any] = {}
    values = []
    for value in raw:
        key = (type(value), value) if type(value) in _PLAIN else None
        if key is None:
            values.append(_number(value_from_data(type_, value, registry, separator, notation)))
            continue
        if key not in known:
            known[key] = _number(value_from_data(type_, value, registry, separator, notation))
        values.append(known[key])
    if Missing not in set(map(type, values)):
        return Column(values)
    return Column(values, np.array([MISSING if isinstance(value, Missing) else THERE for value in values], dtype=np.int8))


def _number(value: Any) -> Any:
    """Whole numbers as `int`, with which the engine is quicker."""
    return value.numerator if type(value) is Fraction and value.denominator == 1 else value
