"""Rows to train on and to measure on, from a file, the hub, a reasoning-gym task or a recipe of this package.

Whatever the source, a row ends up with `prompt` (a text or a chat) and the
columns that the reward file declares.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.config import DataConfig
from rewardlang.trainer.extras import need
from rewardlang.trainer.hub import check_hub
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.problems import CLASSIC, draw_distinct

Row: TypeAlias = dict[str, Any]

_RECIPES = ("decimals",)
_ROLES = ("system", "developer", "user", "assistant", "tool")


def load_rows(config: DataConfig, *, columns: Iterable[str], chat: bool, held_out: bool) -> list[Row]:
    """All rows, checked: every row has a prompt and the wanted columns. `chat` says what `config.chat` means where it is not set.

    Where rows may be left out, one without a usable prompt has None in its place, and other values may be None too: `markable` tells them.
    """
    rows, name = _raw_rows(config, held_out)
    if config.size is not None:
        rows = rows[: config.size]
    if not rows:
        raise TrainingProblem(f"{name} holds no rows", "give it at least one")
    for ours, theirs in config.rename.items():
        if not any(theirs in row for row in rows):
            there = ", ".join(rows[0])
            if ours in rows[0]:
                raise TrainingProblem(
                    f"rename = {{ {ours} = '{theirs}' }}: {name} has a column '{ours}' and none '{theirs}'",
                    f"the data's name stands on the right: rename = {{ {theirs} = '{ours}' }}",
                )
            raise TrainingProblem(
                f"rename = {{ {ours} = '{theirs}' }}: {name} has no column '{theirs}'; it has {there}",
                did_you_mean(theirs, rows[0]) or f"name the column that holds '{ours}'",
            )
    rows = [_renamed(row, config.rename) for row in rows]
    some = config.unusable == "leave_out"
    for column in ("prompt", *columns):
        _need_column(rows, column, name, some=some)
    wrap = chat if config.chat is None else config.chat
    return [_checked(row, f"row {number} of {name}", wrap, config.system, some=some) for number, row in enumerate(rows, 1)]


def _raw_rows(config: DataConfig, held_out: bool) -> tuple[list[Row], str]:
    """Rows as the source has them, and what messages call the source."""
    if config.file is not None:
        path = Path(config.file)
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "is not there"
            raise TrainingProblem(f"the data file {path} {found}", "correct 'file'; it is relative to the configuration")
        return (_parquet(path) if path.suffix == ".parquet" else _jsonl(path)), str(path)
    if config.hub is not None:
        return _hub(config), f"the data set {config.hub}, split {config.split}"
    if config.reasoning_gym is not None:
        return _reasoning_gym(config), f"the reasoning-gym task {config.reasoning_gym}"
    return _recipe(config, held_out), f"the recipe {config.recipe}"


def _jsonl(path: Path) -> list[Row]:
    rows: list[Row] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except json.JSONDecodeError as error:
                raise TrainingProblem(f"{path}:{number} is not JSON: {error.msg}", "a .jsonl file holds one JSON object a line") from None
            except (UnicodeDecodeError, RecursionError) as error:
                found = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "is nested too deeply"
                raise TrainingProblem(f"{path}:{number} {found}", "a .jsonl file holds one JSON object a line, in UTF-8") from None
            if not isinstance(row, dict):
                raise TrainingProblem(f"{path}:{number} is not a JSON object", "a .jsonl file holds one JSON object a line")
            rows.append(row)
    return rows


def _parquet(path: Path) -> list[Row]:
    need(("pyarrow",), "train", purpose="reading Parquet")
    import pyarrow.lib
    import pyarrow.parquet

    try:
        rows: list[Row] = pyarrow.parquet.read_table(path).to_pylist()
    except pyarrow.lib.ArrowInvalid as error:
        raise TrainingProblem(f"{path} is not a Parquet file: {error}", "write it again, or name a .jsonl file") from None
    return rows


def _hub(config: DataConfig) -> list[Row]:
    need(("datasets",), "train", purpose="a data set from the hub")
    from datasets import load_dataset
    from datasets.exceptions import DatasetNotFoundError, DatasetsError

    if str(config.hub).startswith((".", "/", "~")) and not Path(str(config.hub)).is_dir():
        raise TrainingProblem(f"the folder {config.hub} is not there", "correct 'hub'; a folder is relative to the configuration")
    if not Path(str(config.hub)).is_dir():
        check_hub("the id of a data set", str(config.hub), model=False)
    try:
        saved = _saved(Path(str(config.hub)), config.split)
        dataset = load_dataset(config.hub, config.subset, split=config.split) if saved is None else saved
    except (DatasetNotFoundError, ConnectionError) as error:
        raise TrainingProblem(
            f"the data set {config.hub} cannot be had: {error}", "correct 'hub', or sign in with `hf auth login`"
        ) from None
    except ValueError as error:
        raise TrainingProblem(f"the data set {config.hub}: {error}", "correct 'subset' or 'split'") from None
    except (DatasetsError, OSError) as error:
        raise TrainingProblem(f"the data set {config.hub} cannot be read: {error}", "name one that `datasets.load_dataset` reads") from None
    return [dict(row) for row in dataset]


def _saved(folder: Path, split: str) -> Any:
    """A folder written by `save_to_disk`; None for any other. Raises ValueError where it lacks the split."""
    if not ((folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file()):
        return None
    from datasets import Dataset, load_from_disk

    found = load_from_disk(str(folder))
    if isinstance(found, Dataset):
        return found
    if split not in found:
        raise ValueError(f"it has no split '{split}', but {', '.join(map(str, found))}")
    return found[split]


def _reasoning_gym(config: DataConfig) -> list[Row]:
    need(("reasoning_gym",), "train", purpose="a reasoning-gym task")
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    name = str(config.reasoning_gym)
    if name not in DATASETS:
        raise TrainingProblem(f"reasoning-gym has no task '{name}'", did_you_mean(name, DATASETS) or f"it has {len(DATASETS)} tasks")
    tasks = reasoning_gym.create_dataset(name, seed=config.seed, size=config.size)
    return [{"prompt": task["question"], "gold": task["answer"], "task": name, **_entry(task)} for task in tasks]


def _entry(task: dict[str, Any]) -> Row:
    """The whole puzzle as `puzzle_score` reads it; nothing where JSON cannot hold it."""
    try:
        return {"entry": json.dumps(task)}
    except (TypeError, ValueError):
        return {}


def _recipe(config: DataConfig, held_out: bool) -> list[Row]:
    if config.recipe not in _RECIPES:
        name = str(config.recipe)
        raise TrainingProblem(f"there is no recipe '{name}'", did_you_mean(name, _RECIPES) or f"recipes: {', '.join(_RECIPES)}")
    rng = random.Random(f"{'held out' if held_out else 'training'} {config.seed}")
    problems = draw_distinct(rng, config.size or 1, held_out=held_out)
    if held_out:
        problems = [CLASSIC, *(problem for problem in problems if problem != CLASSIC)][: config.size]
    return [problem.row() for problem in problems]


def _renamed(row: Row, rename: dict[str, str]) -> Row:
    return {**row, **{ours: row[theirs] for ours, theirs in rename.items() if theirs in row}}


def _checked(row: Row, where: str, chat: bool, system: str | None, *, some: bool) -> Row:
    """The row with its prompt as the model gets it; with None where the prompt is none and `some` are enough."""
    try:
        _check_prompt(row.get("prompt"), where)
    except TrainingProblem:
        if not some:
            raise
        return {**row, "prompt": None}
    return _with_prompt(row, chat, system)


def _need_column(rows: list[Row], column: str, name: str, *, some: bool) -> None:
    """Raises `TrainingProblem` unless all rows hold something in a column, or `some` where that is enough."""
    without = next((number for number, row in enumerate(rows, 1) if row.get(column) is None), None)
    if without is None:
        return
    if any(row.get(column) is not None for row in rows):
        if some:
            return
        empty = sum(row.get(column) is None for row in rows)
        raise TrainingProblem(
            f"{empty} of {len(rows)} rows of {name} hold nothing in '{column}', the first is row {without}",
            "fill it in, or leave such rows out with unusable = 'leave_out'",
        )
    there = [known for known in rows[without - 1] if known != column]
    guess = did_you_mean(column, there)
    who = "every row needs" if column == "prompt" else "the reward file declares"
    raise TrainingProblem(
        f"row {without} of {name} has no column '{column}', which {who}; it has {', '.join(there)}" + (f"; {guess}" if guess else ""),
        f"if one of them holds it: rename = {{ {column} = 'NAME' }}",
    )


def _check_prompt(prompt: Any, where: str) -> None:
    """Raises `TrainingProblem` unless it is a text, or a chat as messages with a role and a text."""
    if isinstance(prompt, str) and prompt:
        return
    remedy = 'a prompt is a text that is not empty, or a list of messages such as { role = "user", content = "…" }'
    if not isinstance(prompt, (list, tuple)) or not prompt:
        raise TrainingProblem(f"{where} has {prompt!r} as its prompt", remedy)
    for message in prompt:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str) or not isinstance(message.get("content"), str):
            raise TrainingProblem(f"{where} has a message in its prompt without a role or a text: {message!r}", remedy)
        if message["role"] not in _ROLES:
            told = did_you_mean(message["role"], _ROLES) or f"there are {', '.join(_ROLES)}"
            raise TrainingProblem(f"{where} has a message of '{message['role']}' in its prompt, which is no role", told)


def _with_prompt(row: Row, chat: bool, system: str | None) -> Row:
    """The row with its prompt as the model gets it. A chat stays a chat; a text becomes one where wanted."""
    prompt = row["prompt"]
    if isinstance(prompt, str) and not chat:
        return row if system is None else {**row, "prompt": f"{system}\n{prompt}"}
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
    if system is not None:
        messages = [{"role": "system", "content": system}, *messages]
    return {**row, "prompt": messages}
