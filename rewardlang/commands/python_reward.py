"""Reward functions of Python that the user names as `module:function`: found, called on rows, their failures told.

A function is called in this process. Its signature says how: with a parameter
`completions` as TRL calls it (`prompts`, `completions` and the columns, each a
list with one value a completion, by keyword); with a parameter `completion` once
for each completion; with a parameter `solution_str` as verl calls it, also once for
each (`data_source`, `solution_str`, `ground_truth`, `extra_info`). What it prints
goes to standard error.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from rewardlang.attempt import Raised, attempt
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Row, kind_of
from rewardlang.scoring.rows_in_batches import RowSource

_TARGET = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<names>[^\W\d]\w*(?:,[^\W\d]\w*)*)")
_NOT_COLUMNS = ("prompt", "completion", "completions")


class PythonMarks(NamedTuple):
    """The points that each function gave one completion; `None` where a function leaves the row out."""

    points: dict[str, float | None]

    @property
    def score(self) -> float | None:
        """The sum, as TRL sums several reward functions; None where all of them leave the row out."""
        given = [points for points in self.points.values() if points is not None]
        return math.fsum(given) if given else None


def is_target(text: str) -> bool:
    """Whether OLD names functions, and no file that is there."""
    return _TARGET.fullmatch(text) is not None and not Path(text).exists()


@contextmanager
def current_folder_first() -> Iterator[None]:
    """While it is open, modules are looked for in the current folder first, as `python -m` does, and printing goes to standard error."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path.remove(folder)


def functions_of(target: str) -> list[Function]:
    """The functions that `module:function` or `module:first,second` names. Raises `UsageError` for what cannot be used."""
    match = _TARGET.fullmatch(target)
    assert match is not None, "the caller asked is_target"
    module = attempt(_import, match["module"])
    if isinstance(module, Raised):
        where = _place(module.error, None)
        raise UsageError(f"the module {match['module']} cannot be imported{f' ({where})' if where else ''}: {module}")
    return [Function(name, _callable(module, match["module"], name)) for name in dict.fromkeys(match["names"].split(","))]


def _import(name: str) -> Any:
    """The module. `sys.exit` at its top level is told like any other error."""
    try:
        return import_module(name)
    except SystemExit as error:
        raise RuntimeError(f"it ends the program with sys.exit({error.code!r})") from None


def _callable(module: Any, module_name: str, name: str) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if callable(found):
        return found  # type: ignore[no-any-return]
    from rewardlang.suggest import did_you_mean

    there = [other for other, value in vars(module).items() if inspect.isfunction(value)]
    what = "is no function" if hasattr(module, name) else f"has no function '{name}'"
    hint = did_you_mean(name, there) or ("functions there: " + ", ".join(sorted(there)[:8]) if there else "it has none")
    raise UsageError(f"{module_name}:{name} {what}; {hint}" if hasattr(module, name) else f"{module_name} {what}; {hint}")


class Function:
    """A reward function and how it is called. Raises `UsageError` for a signature that is neither TRL's nor one a row."""

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self.name, self._call = name, call
        signature = attempt(inspect.signature, call)
        if isinstance(signature, Raised):
            raise UsageError(f"the signature of {name} cannot be read: {signature}")
        if inspect.iscoroutinefunction(call):
            raise UsageError(f"{name} is an async function; functions that return their scores at once can be compared")
        parameters = signature.parameters.values()
        self._takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        named = [parameter for parameter in parameters if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)]
        self._names = {parameter.name for parameter in named}
        self._required = [parameter.name for parameter in named if parameter.default is parameter.empty]
        if not self._names & {"completions", "completion", "solution_str"}:
            raise UsageError(
                f"{name}{signature} has neither a parameter 'completions' (TRL's signature: prompts, completions, **columns)"
                " nor 'completion' (one row: completion, **columns) nor 'solution_str' (verl's signature)"
            )
        self._batched = "completions" in self._names
        self._verl = not self._names & {"completions", "completion"}
        self._file = getattr(getattr(call, "__code__", None), "co_filename", None)

    def points(self, rows: Sequence[Row], samples: RowSource) -> list[list[float | None] | Problem]:
        """The points of each completion of each row, or what went wrong with the row."""
        lacking = [self._lacks(row, samples) for row in rows]
        good = [row for row, problem in zip(rows, lacking, strict=True) if problem is None]
        found = iter(self._marked(good, samples))
        return [next(found) if problem is None else problem for problem in lacking]

    def _marked(self, rows: Sequence[Row], samples: RowSource) -> list[list[float | None] | Problem]:
        """All rows in one call where the function takes batches and survives it, else row by row, so that every bad row is named."""
        if self._batched and len(rows) > 1:
            flat = self._called(rows)
            if not isinstance(flat, str | Raised):
                values = iter(flat)
                return [[next(values) for _ in row.completions] for row in rows]
        marked: list[list[float | None] | Problem] = []
        for row in rows:
            result = self._called([row])
            marked.append(self._problem(row, samples, result) if isinstance(result, str | Raised) else result)
        return marked

    def _called(self, rows: Sequence[Row]) -> list[float | None] | str | Raised:
        """The points of all completions, or what is wrong with what came back, or what was raised."""
        if self._batched:
            returned = attempt(_calling, self._call, self._arguments(rows))
            if isinstance(returned, Raised):
                return returned
            values = returned.tolist() if hasattr(returned, "tolist") else returned
            count = sum(len(row.completions) for row in rows)
            if not isinstance(values, list | tuple):
                return f"it returned {kind_of(values)}, and a list with one number for each completion is wanted"
            if len(values) != count:
                return f"it returned {len(values)} values for {count} completions"
        else:
            values = []
            for row in rows:
                for completion in row.completions:
                    returned = attempt(_calling, self._call, self._one(row, completion))
                    if isinstance(returned, Raised):
                        return returned
                    values.append(returned)
        points = [_number(value) for value in values]
        return next((value for value in points if isinstance(value, str)), [value for value in points if not isinstance(value, str)])

    def _arguments(self, rows: Sequence[Row]) -> dict[str, list[Any]]:
        each = [self._one(row, completion) for row in rows for completion in row.completions]
        names = dict.fromkeys(name for arguments in each for name in arguments)
        return {name: [arguments.get(name) for arguments in each] for name in names}

    def _one(self, row: Row, completion: Any) -> dict[str, Any]:
        """What one completion hands over by keyword: of the columns those that the function names, or all if it takes `**columns`."""
        prompt, text = ("prompts", "completions") if self._batched else ("prompt", "completion")
        values = {name: value for name, value in row.values.items() if name not in _NOT_COLUMNS}
        if self._verl:
            values = {**_of_verl(row), **values, "solution_str": _text_of(completion)}
        values.update({prompt: row.values.get("prompt"), text: completion})
        return {str(name): value for name, value in values.items() if self._takes_all or name in self._names}

    def _lacks(self, row: Row, samples: RowSource) -> Problem | None:
        there = {"prompts", "prompt", "completions", "completion", *row.values}
        there |= {"solution_str", *_of_verl(row)} if self._verl else set()
        missing = next((name for name in self._required if name not in there), None)
        if missing is None:
            return None
        help_text = f"if another column holds it: --map {missing}=NAME"
        return _told(
            "RW606", row, samples, f"row '{row.id}' has no column '{missing}', which {self.name} asks for", column=missing, help=help_text
        )

    def _problem(self, row: Row, samples: RowSource, what: str | Raised) -> Problem:
        if isinstance(what, str):
            return _told("RW626", row, samples, f"{self.name} on row '{row.id}': {what}")
        where = _place(what.error, self._file)
        return _told("RW626", row, samples, f"{self.name} raised on row '{row.id}': {what}", notes=(f"raised at {where}",) if where else ())


def _of_verl(row: Row) -> dict[str, Any]:
    """verl keeps the gold answer inside of the column `reward_model`."""
    holder = row.values.get("reward_model")
    return {"ground_truth": holder["ground_truth"]} if isinstance(holder, dict) and "ground_truth" in holder else {}


def _text_of(completion: Any) -> str:
    """verl hands over the text alone: of a chat, the last message."""
    content = completion if isinstance(completion, str) else completion[-1].get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content or ""


def _calling(call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The call. `sys.exit` inside a reward function is an error of that row and no end of the comparison."""
    try:
        return call(**arguments)
    except SystemExit as error:
        raise RuntimeError(f"it ends the program with sys.exit({error.code!r})") from None


def _number(value: Any) -> float | str | None:
    """The points as a float; None leaves the row out, as in TRL; a text says what is wrong with the value."""
    if isinstance(value, dict) and "score" in value:  # verl's functions may return what they want logged beside the score
        value = value["score"]
    if value is None:
        return None
    number = attempt(float, value) if not isinstance(value, str | bytes) else Raised(TypeError("text"))
    if isinstance(number, Raised):
        return f"it returned {kind_of(value)} where a number is wanted"
    return float(number) if math.isfinite(number) else f"it returned {number}, which is no score"


def _place(error: BaseException, file: str | None) -> str | None:
    """`rewards.py:12`: the deepest line of the function's own file, or of any file where none is named."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file] if file else frames[-1:]
    inside = [frame for frame in own if not frame.filename.startswith("<frozen") and Path(frame.filename).name != "guard.py"]
    return f"{Path(inside[-1].filename).name}:{inside[-1].lineno}" if inside else None


def _told(code: str, row: Row, samples: RowSource, message: str, **more: Any) -> Problem:
    return Problem(code, "error", message, samples.name, row.line, samples.counted, row.id, **more)
