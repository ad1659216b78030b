"""Answers of a saved policy to a set of prompts, drawn once and kept: `evaluations/POLICY-DIGEST/pass-NNN.jsonl` in the run's folder.

A pass is one answer to every prompt, with a seed of its own, in one file that
is written whole. So a measurement that was cut off goes on where it was, one
with more answers draws only what is missing, and one with another reward file
draws nothing. The folder's name holds a digest of all that the answers depend
on. A line has the row's prompt and columns, `completion`, `completion_tokens`
and `truncated`, so the files are samples for every other command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.data import Row
from rewardlang.trainer.evaluate import Drawn
from rewardlang.trainer.past_run import PastRun, SavedPolicy, in_four_bits
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.run_record import data_fingerprint

FOLDER = "evaluations"
# One answer a prompt, for the prompts, how they are drawn, the seed of the pass, and who is told how many are there.
Answer: TypeAlias = "Callable[[Sequence[Any], Drawing, int, Callable[[int], None]], list[Drawn]]"


@dataclass(frozen=True)
class Drawing:
    """How answers are drawn. `batch` is part of it: which random number reaches which prompt depends on it."""

    answers: int
    seed: int
    temperature: float
    max_tokens: int
    batch: int


@dataclass(frozen=True)
class Passes:
    """Answers (K, P): one list a pass, one answer a prompt; where they are kept, and how many passes were there already."""

    folder: Path
    drawn: list[list[Drawn]]
    reused: int


class Answers(Protocol):
    """Who draws: see `eval_answers`."""

    sampler: str | None  # None for generation by transformers

    def of(self, policy: SavedPolicy) -> Answer:
        """Loads a policy of the run; the one before is no longer asked."""


def drawn_passes(run: PastRun, policy: SavedPolicy, rows: Sequence[Row], drawing: Drawing, answers: Answers, progress: Progress) -> Passes:
    """All passes, from the disk or drawn now; the model is loaded only where one is missing."""
    settings = {
        "policy": _identity(run, policy) | ({"sampler": answers.sampler} if answers.sampler else {}),
        "rows": data_fingerprint(rows),
        **{name: value for name, value in asdict(drawing).items() if name != "answers"},
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    folder = run.folder / FOLDER / f"{policy.name.replace(' ', '-')}-{digest}"
    files = [folder / f"pass-{number:03d}.jsonl" for number in range(drawing.answers)]
    missing = [path for path in files if _read(path, len(rows)) is None]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(folder / "settings.json", json.dumps(settings, indent=2) + "\n")
        _draw(policy, rows, drawing, answers, progress, files, missing)
    found = [_read(path, len(rows)) for path in files]
    return Passes(folder, [drawn for drawn in found if drawn is not None], len(files) - len(missing))


def _draw(
    policy: SavedPolicy,
    rows: Sequence[Row],
    drawing: Drawing,
    answers: Answers,
    progress: Progress,
    files: Sequence[Path],
    missing: Sequence[Path],
) -> None:
    progress.say(f"loading {policy.name}")
    answer = answers.of(policy)
    prompts = [row["prompt"] for row in rows]
    progress.start(f"Answers of {policy.name}", len(missing) * len(rows))
    try:
        for place, path in enumerate(missing):
            drawn = answer(prompts, drawing, _seed(drawing.seed, files.index(path)), _moves(progress, place * len(rows)))
            replace_text(path, "".join(_line(row, one) for row, one in zip(rows, drawn, strict=True)))
    finally:
        progress.finish()


def _moves(progress: Progress, before: int) -> Callable[[int], None]:
    return lambda done: progress.step(before + done)


def _line(row: Row, one: Drawn) -> str:
    line = {**row, "completion": one.text, "completion_tokens": one.tokens, "truncated": one.cut_off}
    return json.dumps(line, ensure_ascii=True, default=str) + "\n"


def _read(path: Path, rows: int) -> list[Drawn] | None:
    """A pass that is there with an answer for every row, or None."""
    if not path.is_file():
        return None
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        drawn = [Drawn(line["completion"], line["completion_tokens"], line["truncated"]) for line in lines]
    except (ValueError, KeyError, TypeError):
        return None  # changed by somebody: drawn again
    return drawn if len(drawn) == rows else None


def _seed(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4], "big")


def _identity(run: PastRun, policy: SavedPolicy) -> dict[str, Any]:
    """What the answers depend on: the base by its name and the sizes of its files, trained weights by their content."""
    model = run.config.model
    base = Path(model.path)
    sizes = {path.name: path.stat().st_size for path in sorted(base.glob("*.safetensors"))} if base.is_dir() else {}
    trained = None if policy.folder is None else weights_digest(policy.folder)
    return {"base": base.name if sizes else model.path, "files": sizes, "revision": model.revision, "nf4": in_four_bits(run.config)} | {
        "dtype": model.dtype,
        "trained": trained,
    }


def weights_digest(folder: Path) -> str:
    """sha256 (hex) of the weights in a folder, whatever else stands there."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as stream:
            digest.update(path.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
