"""A chunk through the reward: the numbers that are added to its rows, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from rewardlang.errors import DataError
from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Row, Samples
from rewardlang.scoring.rows_in_batches import PER_COMPLETION, Arguments, arguments_of, ill_typed, lacking, missing_columns, spread
from rewardlang.scoring.table_chunks import TableChunk, is_text, lengths_of_lists, renamed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.reward import Reward
    from rewardlang.scores import Scores

    Floats = NDArray[np.float64]


class Added(NamedTuple):
    """What is added to R rows, for each of their B completions, in order: scores and points (B,), NaN where skipped.

    `lengths` (R,) says how many completions a row has, None where it is one and no list. `errors` holds the completions
    that have any.
    """

    score: Floats
    rules: Mapping[str, Floats]
    errors: Mapping[int, list[str]]
    lengths: Sequence[int | None]

    @property
    def total(self) -> float:
        """The sum of the scores that there are."""
        return fsum(self.score[self.score == self.score].tolist())  # NaN alone is unequal to itself

    @property
    def skipped(self) -> int:
        """How many completions have no score."""
        return int((self.score != self.score).sum())


def together(parts: Sequence[Added]) -> Added:
    """What is added to the rows of several chunks, in order."""
    import numpy as np

    errors: dict[int, list[str]] = {}
    first = 0
    for part in parts:
        errors |= {first + place: told for place, told in part.errors.items()}
        first += len(part.score)
    return Added(
        np.concatenate([part.score for part in parts]),
        {name: np.concatenate([part.rules[name] for part in parts]) for name in parts[0].rules},
        errors,
        [length for part in parts for length in part.lengths],
    )


class Marked(NamedTuple):
    """A chunk after marking. `records` are its rows as JSON has them, where they were needed; `seen` are its columns,
    which only renames need.

    Where there is an error among the problems, nothing was added.
    """

    records: list[Mapping[str, Any]] | None
    added: Added | None
    problems: list[Problem]
    seen: set[str]


def marked_table(reward: Reward, samples: Samples, chunk: TableChunk, step: int) -> Marked:
    """Scores a chunk of a table: by its columns where they hold what they should, else row by row, so that each bad row is told."""
    seen = set(chunk.names)
    plainly = _arguments(reward, samples, chunk)
    if plainly is not None:
        arguments, lengths = plainly
        try:
            scores = reward.score(arguments.completions, arguments.prompts, arguments.columns, step)
        except DataError:
            pass
        else:
            return Marked(None, _added(scores, reward, lengths, {}), [], seen)
    rows = [samples.row(number, record) for number, record in chunk.records()]
    return marked_rows(reward, samples, rows, step)._replace(seen=seen)


def needed(reward: Reward, samples: Samples, schema: Any, *, prompts: bool) -> list[str]:
    """The columns of a table that scoring needs, by their names there.

    Where nothing is computed from `prompts`, they are read only if they are chats, which can begin the completion.
    """
    ours = renamed(schema.names, samples.renames)
    wanted = ("id", "prompt", "completion", "completions", *PER_COMPLETION, *reward.columns)
    if not prompts and "prompt" in ours and "prompt" not in reward.columns and is_text(schema.field(ours["prompt"]).type):
        wanted = tuple(name for name in wanted if name != "prompt")
    return list(dict.fromkeys(ours[name] for name in wanted if name in ours))


def has_several(samples: Samples, schema: Any) -> bool | None:
    """Whether the rows of a table have lists of completions, as their type says; None where it does not say."""
    import pyarrow

    ours = renamed(schema.names, samples.renames)
    found = [schema.field(ours[name]).type for name in ("completion", "completions") if name in ours]
    if len(found) != 1:
        return None
    if is_text(found[0]):
        return False
    if pyarrow.types.is_list(found[0]) or pyarrow.types.is_large_list(found[0]):
        inner = found[0].value_type
        return False if pyarrow.types.is_struct(inner) else True if is_text(inner) or pyarrow.types.is_list(inner) else None
    return None


def _arguments(reward: Reward, samples: Samples, chunk: TableChunk) -> tuple[Arguments, list[int | None]] | None:
    """What to score, and how many completions each row has; None where a row needs a look of its own."""
    names = renamed(chunk.batch.schema.names, samples.renames)
    ours = [name for name in ("completion", "completions") if name in names]
    if len(ours) != 1 or lacking(reward, names):
        return None
    completion = chunk.batch.column(chunk.batch.schema.get_field_index(names[ours[0]]))
    lengths: list[int | None]
    if is_text(completion.type) and not completion.null_count:
        completions, lengths, several = chunk.column(names[ours[0]]), [None] * len(completion), False
    elif _is_list_of_text(completion.type) and not completion.null_count:
        flat = completion.flatten()
        counts = lengths_of_lists(completion)
        if flat.null_count or not all(counts):
            return None
        completions, lengths, several = flat.to_pylist(), list(counts), True
    else:
        return None
    values = {name: chunk.column(names[name]) for name in ("prompt", *PER_COMPLETION, *reward.columns) if name in names}

    def per_completion(name: str) -> list[Any]:
        of_rows = values.get(name) or [None] * len(lengths)
        if not several:
            return of_rows
        pairs = zip(of_rows, lengths, strict=True)
        return [each for value, count in pairs for each in spread(value, count or 1, several=name in PER_COMPLETION)]

    wanted = [name for name in dict.fromkeys((*reward.columns, *PER_COMPLETION)) if name in values or name in reward.columns]
    prompts = per_completion("prompt") if "prompt" in values else None
    return Arguments(completions, prompts, {name: per_completion(name) for name in wanted}), lengths


def _is_list_of_text(type_: Any) -> bool:
    import pyarrow

    return (pyarrow.types.is_list(type_) or pyarrow.types.is_large_list(type_)) and is_text(type_.value_type)


def marked_rows(reward: Reward, samples: Samples, items: list[Row | Problem], step: int) -> Marked:
    """Scores rows, and tells every bad one."""
    rows: list[Row] = []
    problems: list[Problem] = []
    notes: dict[int, list[str]] = {}
    for item in items:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        problems += item.warnings
        missing = list(missing_columns(reward, samples, item))
        problems += missing
        if not missing:
            if item.warnings:
                notes[len(rows)] = [warning.message for warning in item.warnings]
            rows.append(item)
    seen = {str(name) for row in rows for name in row.record} if samples.renames else set()
    records = [row.record for row in rows]
    if not rows:
        return Marked(records, None, problems, seen)
    try:
        scores = reward.score(*arguments_of(reward, rows), step)
    except DataError:
        problems += _ill_typed_rows(reward, samples, rows, step)
        return Marked(records, None, problems, seen)
    lengths = [len(row.completions) if row.several else None for row in rows]
    return Marked(records, _added(scores, reward, lengths, notes), problems, seen)


def _ill_typed_rows(reward: Reward, samples: Samples, rows: list[Row], step: int) -> Iterator[Problem]:
    for row in rows:
        try:
            reward.score(*arguments_of(reward, [row]), step)
        except DataError as error:
            yield ill_typed(reward, samples, row, error)


def _added(scores: Scores, reward: Reward, lengths: Sequence[int | None], notes: Mapping[int, list[str]]) -> Added:
    errors: dict[int, list[str]] = {}
    place = 0
    for row, count in enumerate(lengths) if notes else ():
        for _ in range(count or 1):
            if row in notes:
                errors[place] = list(notes[row])
            place += 1
    for place, failures in scores.failures.items():
        told = sorted(f"{failure.verifier} {'broke' if failure.broke else 'refused'}: {failure.reason}" for failure in failures)
        errors[place] = [*errors.get(place, ()), *told]
    return Added(scores.values, {name: scores.rules[name] for name in reward.rules}, errors, lengths)
