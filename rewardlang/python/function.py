"""A function of the author as a verifier: typed on both sides, called in a worker process, never in this one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from rewardlang import types
from rewardlang.answers.values import Answer
from rewardlang.python.crossing import NoValue, Signature, plain, shown_number, value_of, wanted
from rewardlang.python.source import PythonSource
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import Verifier

_CALLED_TWICE = 3


class FunctionBroke(Exception):
    """The function gave no answer that the file can use; the words name the function and say why."""


class _Caller:
    """The column function of a verifier. The first values are given to it twice: two answers show that it is not pure."""

    def __init__(self, source: PythonSource, name: str, signature: Signature, seconds: float, batched: bool) -> None:
        self._source, self._name, self._signature, self._seconds, self._batched = source, name, signature, seconds, batched
        self._lock = threading.Lock()
        self._checked = 0

    def __call__(self, *columns: Sequence[Any]) -> list[Any]:
        return [self._one(arguments) for arguments in zip(*columns, strict=True)]

    def _one(self, arguments: tuple[Any, ...]) -> Any:
        for value, (name, type_) in zip(arguments, self._signature.parameters, strict=True):
            if not _within(value, type_):
                return Refused(f"{self._name} takes {wanted(type_)} as its {name}, and was given {_shown(value)}")
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
        given = [plain(value, type_) for value, (_, type_) in zip(arguments, self._signature.parameters, strict=True)]
        request = {"function": source.function, "arguments": [packed(value) for value in given], "batched": self._batched}
        try:
            answer = pool().call(home, request, self._seconds)
        except WorkFailed as failed:
            raise FunctionBroke(f"{self._name}: {failed}") from None
        return self._fitted(unpacked(answer))

    def _fitted(self, answer: Any) -> Any:
        """The answer as a value of the declared type. Raises `FunctionBroke` when it is none."""
        gives = self._signature.gives
        if answer is None and isinstance(gives, types.OptionalType):
            return Missing(f"{self._name} found nothing")
        inner = gives.item if isinstance(gives, types.OptionalType) else gives
        try:
            return value_of(answer, inner, self._signature.notation)
        except NoValue as problem:
            why = f" ({problem})" if str(problem) else ""
            raise FunctionBroke(f"{self._name} returned {_shown(answer)}, and it must return {wanted(inner)}{why}") from None


def _within(value: Any, type_: types.Type) -> bool:
    """Whether a number, or each of a list, lies in its declared range."""
    if isinstance(type_, types.ListType):
        return all(_within(item, type_.item) for item in value)
    return not isinstance(type_, types.NumberType) or type_.holds(value)


def _shown(value: Any) -> str:
    if isinstance(value, Missing):
        return "None"
    if isinstance(value, Answer):
        value = value.written
    if isinstance(value, Fraction):
        return shown_number(value)
    shown = repr(value) if not isinstance(value, tuple) else f"a list of {len(value)}"
    return shown if len(shown) <= 60 else shown[:59] + "…"


def python_verifier(name: str, source: PythonSource, signature: Signature, milliseconds: int, *, batched: bool) -> Verifier:
    """The verifier; its version is the hash of the module, so that a changed module changes the fingerprint."""
    return Verifier(
        word=name,
        kind="measure",
        cost="external",
        version=source.sha256,
        function=_Caller(source, name, signature, milliseconds / 1000, batched),
        parameters=signature.parameters,
        gives=signature.gives,
        options=MappingProxyType({}),
        limits=MappingProxyType({"milliseconds": milliseconds}),
        module=source.module,
        doc=_doc(source, signature),
    )


def _doc(source: PythonSource, signature: Signature) -> str:
    """What a document for people says of the function."""
    given = ", ".join(f"{name} ({_named(type_)})" for name, type_ in signature.parameters)
    return f"What the function '{source.function}' of the Python module '{source.module}' gives, of {given}: {_named(signature.gives)}."


def _named(type_: types.Type) -> str:
    item = type_.item if isinstance(type_, (types.OptionalType, types.ListType)) else type_
    return f"{type_} in {item.unit}" if isinstance(item, types.QuantityType) else str(type_)
