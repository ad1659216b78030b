"""The trained policy as something to hand on: an adapter, merged weights, or a GGUF file, each with tokenizer and model card.

The folder appears whole or not at all, and nothing is overwritten.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rewardlang.trainer import gguf
from rewardlang.trainer.answers_log import read_answers
from rewardlang.trainer.cpu_threads import wait_without_spinning
from rewardlang.trainer.extras import TRAINING, need
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.model_card import ADAPTER, GGUF, MERGED, Form, card
from rewardlang.trainer.past_run import PastRun, SavedPolicy, in_four_bits, open_run, policy_of
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.whole_folder import new_folder, refuse_what_is_there

if TYPE_CHECKING:
    from rewardlang.trainer.merge import Merged

Report: TypeAlias = dict[str, Any]

KINDS = (ADAPTER, MERGED, GGUF)
DTYPES = ("auto", "bfloat16", "float16", "float32")
LITTLE_KEPT = 0.95
_ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
_TOKENIZER_FILES = ("tokenizer*", "chat_template*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt")
_PROMPTS = 4


@dataclass(frozen=True)
class ExportWish:
    """What is asked for. `checkpoint` None stands for the trained policy; `converter` for the one on the PATH."""

    to: str
    out: Path
    checkpoint: str | None = None
    dtype: str = "auto"
    converter: str | None = None
    gguf_type: str = "auto"
    check: bool = True


def export_run(folder: Path, wish: ExportWish, progress: Progress) -> Report:
    """Writes it; gives what was written and checked. What cannot work is refused before anything is read. Raises `TrainingProblem`."""
    need(TRAINING, "train", purpose="an export")
    wait_without_spinning()
    _check(wish)
    refuse_what_is_there(wish.out)
    run = open_run(folder)
    policy = policy_of(run, wish.checkpoint)
    if policy.folder is None:
        raise TrainingProblem("the base was not trained by this run; there is nothing of it to export", "name a step, 'best' or 'last'")
    if wish.to == ADAPTER and run.config.lora.rank == 0:
        raise TrainingProblem("this run trained all weights; there is no adapter", "export with --to merged")
    converter = gguf.find_converter(wish.converter) if wish.to == GGUF else None
    from rewardlang.trainer.noise import gathered_warnings

    with gathered_warnings(folder / "export_warnings.log"), new_folder(wish.out) as beside:
        report: Report = {"run": str(folder), "policy": policy.name, "to": wish.to, "out": str(wish.out)}
        if wish.to == ADAPTER:
            about = _adapter(run, policy, beside)
        else:
            weights = beside if wish.to == MERGED else beside / ".merged"
            weights.mkdir(exist_ok=True)
            about = _merged(run, policy, weights, wish, progress, report)
            if converter is not None:
                about = _as_gguf(converter, weights, beside, wish, progress, about)
        text = card(run, policy, Form(wish.to, wish.out.name, about))
        (beside / "README.md").write_text(text, encoding="utf-8")
        report["files"] = sorted(path.relative_to(beside).as_posix() for path in beside.rglob("*") if path.is_file())
    return report


def _check(wish: ExportWish) -> None:
    """Raises `TrainingProblem` for what means nothing beside `--to`."""
    for flag, given, kinds in (
        ("--dtype", wish.dtype != "auto", (MERGED, GGUF)),
        ("--no-check", not wish.check, (MERGED, GGUF)),
        ("--converter", wish.converter is not None, (GGUF,)),
        ("--gguf-type", wish.gguf_type != "auto", (GGUF,)),
    ):
        if given and wish.to not in kinds:
            raise TrainingProblem(f"{flag} means nothing with --to {wish.to}", f"leave it out, or export with --to {kinds[0]}")


def _adapter(run: PastRun, policy: SavedPolicy, out: Path) -> str:
    """PEFT's files. A base in a local folder is named by its whole path, so that PEFT finds it from anywhere."""
    assert policy.folder is not None
    for name in _ADAPTER_FILES:
        shutil.copyfile(policy.folder / name, out / name)
    base = Path(run.config.model.path)
    if base.is_dir():
        path = out / _ADAPTER_FILES[0]
        config = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": str(base.resolve())}
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _tokenizer(policy, out)
    return "the adapter alone, in float32; it is loaded over the base with PEFT"


def _merged(run: PastRun, policy: SavedPolicy, out: Path, wish: ExportWish, progress: Progress, report: Report) -> str:
    from rewardlang.trainer.merge import base_folder, merge

    assert policy.folder is not None
    all_weights = run.config.lora.rank == 0
    progress.say("summing the adapter into the weights" if not all_weights else "writing the weights")
    base = policy.folder if all_weights else base_folder(run.config.model)
    merged = merge(base, None if all_weights else policy.folder, out, wish.dtype)
    _tokenizer(policy, out)
    report["dtype"], report["kept"] = merged.dtype, merged.kept
    about = f"merged weights in {merged.dtype}: {_came_from(run, merged)}" if not all_weights else f"the trained weights in {merged.dtype}"
    if merged.kept is not None and merged.kept < LITTLE_KEPT:
        about += f"; the rounding left {merged.kept:.0%} of the adapter's change"
    report["about"] = about
    if wish.check and not all_weights:
        about += _checked(run, policy, out, merged, progress, report)
    return about


def _came_from(run: PastRun, merged: Merged) -> str:
    how = "summed in float32, rounded once"
    if merged.from_four_bits:
        return f"the base's 4-bit weights, taken as codes times scales, and the adapter, {how}"
    text = f"the base's weights as they are stored and the adapter, {how}"
    if in_four_bits(run.config):
        text += "; in training the base was in 4 bits, so this is near the trained policy and not the same"
    return text


def _checked(run: PastRun, policy: SavedPolicy, out: Path, merged: Merged, progress: Progress, report: Report) -> str:
    from rewardlang.trainer.merge_check import check_merged
    from rewardlang.trainer.policy import load_tokenizer

    prompts = _prompts(run)
    if not prompts:
        return "; not compared with the policy, as the run kept no prompt"
    progress.say("comparing the merged weights with base and adapter")
    found = check_merged(run, policy, out, merged.dtype, load_tokenizer(run.config.model), prompts)
    report["agreement"] = found._asdict()
    compared = f"{found.places} places of {found.prompts} prompts"
    told = f"on {compared} next-token probabilities differ from base and adapter by {found.distance:.2g}"
    return f"; {told} (total variation, at most {found.tolerance:g}), where the adapter changes them by {found.effect:.2g}"


def _prompts(run: PastRun) -> list[Any]:
    """The first held-out prompts, else the first of the ledger."""
    _, answers, _ = read_answers(run.folder)
    if answers:
        return [answer["prompt"] for answer in answers[:_PROMPTS]]
    table = read_ledger(run.folder / "ledger", ["prompt"])
    texts = [] if table is None else list(dict.fromkeys(table["prompt"].to_pylist()))[:_PROMPTS]
    return [json.loads(text) if text.startswith("[{") else text for text in texts]


def _as_gguf(converter: Path, merged: Path, out: Path, wish: ExportWish, progress: Progress, about: str) -> str:
    name = f"{wish.out.name}.gguf"
    progress.say(f"converting with {converter}")
    gguf.convert(converter, merged, out / name, wish.gguf_type)
    shutil.rmtree(merged)
    return f"one GGUF file, type {wish.gguf_type}, by llama.cpp's converter, from {about}"


def _tokenizer(policy: SavedPolicy, out: Path) -> None:
    """The tokenizer's files and the chat template, as the run saved them."""
    assert policy.folder is not None
    for pattern in _TOKENIZER_FILES:
        for path in policy.folder.glob(pattern):
            shutil.copyfile(path, out / path.name)
