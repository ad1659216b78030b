"""A function of the author as a verifier: typed on both sides, called in a worker process, never in this one."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from rewardlang import types
from rewardlang.python.source import PythonSource
from rewardlang.verdict import Missing
from rewardlang.verifier import Verifier

_CALLED_TWICE = 3


class FunctionBroke(Exception):
    """The function gave no answer that the file can use; the words name the function and say why."""


class _Caller:
    """The column function of a verifier. The first values are given to it twice: two answers show that it is not pure."""

    def __init__(self, source: PythonSource, name: str, gives: types.Type, seconds: float, batched: bool) -> None:
        self._source, self._name, self._gives, self._seconds, self._batched = source, name, gives, seconds, batched
        self._lock = threading.Lock()
        self._checked = 0

    def __call__(self, *columns: Sequence[Any]) -> list[Any]:
        return [self._one(arguments) for arguments in zip(*columns, strict=True)]

    def _one(self, arguments: tuple[Any, ...]) -> Any:
        with self._lock:
            twice = self._checked < _CALLED_TWICE
            self._checked += twice
        answer = self._asked(arguments)
        if twice and (again := self._asked(arguments)) != answer:
            raise FunctionBroke(
                f"{self._name} gave two answers for the same values, {_shown(answer)} and {_shown(again)}: a row's score must not depend "
                "on chance, the clock or what was marked before"
            )
        return answer

    def _asked(self, arguments: tuple[Any, ...]) -> Any:
        from rewardlang.work.frames import packed, unpacked
        from rewardlang.work.pool import pool
        from rewardlang.work.process import Home, WorkFailed

        source = self._source
        home = Home(source.folder, source.first, source.module, source.path, source.sha256)
        request = {"function": source.function, "arguments": [packed(argument) for argument in arguments], "batched": self._batched}
        try:
            answer = pool().call(home, request, self._seconds)
        except WorkFailed as failed:
            raise FunctionBroke(f"{self._name}: {failed}") from None
        return self._fitted(unpacked(answer))

    def _fitted(self, answer: Any) -> Any:
        """The answer as a value of the declared type. Raises `FunctionBroke` when it is none."""
        if answer is None and isinstance(self._gives, types.OptionalType):
            return Missing(f"{self._name} found nothing")
        inner = self._gives.item if isinstance(self._gives, types.OptionalType) else self._gives
        if not _fits(answer, inner):
            raise FunctionBroke(f"{self._name} returned {_shown(answer)}, and it must return {_wanted(inner)}")
        return _composed(answer)


def _fits(value: Any, type_: types.Type) -> bool:
    match type_:
        case types.TextType():
            return isinstance(value, str)
        case types.OneOfType(values=values):
            return value in values
        case types.BooleanType():
            return isinstance(value, bool)
        case types.NumberType(low=low, high=high):
            return isinstance(value, Fraction) and (low is None or value >= low) and (high is None or value <= high)
        case types.ListType(item=item):
            return isinstance(value, tuple) and all(_fits(part, item) for part in value)
    return False


def _composed(value: Any) -> Any:
    """Texts in Unicode's composed form, as all texts of a row are."""
    if isinstance(value, tuple):
        return tuple(_composed(item) for item in value)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _wanted(type_: types.Type) -> str:
    if isinstance(type_, types.NumberType) and type_.low is not None and type_.high is not None:
        return f"a number between {_number(type_.low)} and {_number(type_.high)}"
    return {"text": "a text", "number": "a number", "boolean": "True or False"}.get(str(type_), f"a {type_}")


def _number(value: Fraction) -> str:
    return f"{float(value):g}" if abs(value) < 2**1000 else "a very large number"


def _shown(value: Any) -> str:
    if isinstance(value, Missing):
        return "None"
    if isinstance(value, Fraction):
        return _number(value)
    shown = repr(value) if not isinstance(value, tuple) else f"a list of {len(value)}"
    return shown if len(shown) <= 60 else shown[:59] + "…"


def python_verifier(
    name: str, source: PythonSource, parameters: tuple[tuple[str, types.Type], ...], gives: types.Type, milliseconds: int, *, batched: bool
) -> Verifier:
    """The verifier; its version is the hash of the module, so that a changed module changes the fingerprint."""
    return Verifier(
        word=name,
        kind="measure",
        cost="external",
        version=source.sha256,
        function=_Caller(source, name, gives, milliseconds / 1000, batched),
        parameters=parameters,
        gives=gives,
        options=MappingProxyType({}),
        limits=MappingProxyType({"milliseconds": milliseconds}),
        module=source.module,
        doc="",
    )
