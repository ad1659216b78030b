"""A model card from what a run left on the disk: README.md with the Hub's metadata. What was not measured is not said.

Local folders are named by their last part alone, so that a card tells nothing of the machine's disk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rewardlang.trainer.card_measured import Measured, measured
from rewardlang.trainer.config import DataConfig
from rewardlang.trainer.past_run import PastRun, SavedPolicy, in_four_bits, open_run, policy_of
from rewardlang.trainer.problem import TrainingProblem

ADAPTER, MERGED, GGUF = "adapter", "merged", "gguf"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_INTRODUCTION = """\
A language model trained by reinforcement learning; what a good answer earns stands in the reward file `{}`. rewardlang wrote this
card from the records of the run. What is not said here was not measured."""
_LIBRARY = {ADAPTER: "peft", MERGED: "transformers"}


class Form(NamedTuple):
    """What the card lies beside: the kind of export, its name, and a sentence about how the weights came to be."""

    kind: str
    name: str
    about: str


def card_of_run(folder: Path, checkpoint: str | None = None) -> str:
    """The card of a policy where it lies in the run's folder."""
    run = open_run(folder)
    policy = policy_of(run, checkpoint)
    all_weights = run.config.lora.rank == 0
    about = "all weights, as they were trained" if all_weights else "the adapter, in float32; it is loaded over the base with PEFT"
    return card(run, policy, Form(MERGED if all_weights else ADAPTER, folder.resolve().name, about))


def card(run: PastRun, policy: SavedPolicy, form: Form) -> str:
    """The whole text."""
    if policy.folder is None:
        raise TrainingProblem("the base was not trained here; it has no card of this run", "name a trained policy with --checkpoint")
    found = measured(run, policy)
    reward = run.record["reward"]
    lines = [
        "---",
        _metadata(run, form, found).strip(),
        "---",
        "",
        f"# {form.name}",
        "",
        _INTRODUCTION.format(reward["name"]),
        "",
        *_section("What it is", _identity(run, policy, form)),
        *_section("How it was trained", _training(run)),
        "## What was measured",
        "",
        *found.lines,
        "",
        "## Alarms",
        "",
        *_alarms(run, policy),
        "",
        "## Limits",
        "",
        *_limits(run, found),
        "",
        *_use(run, form),
        *_reward_file(run),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _metadata(run: PastRun, form: Form, found: Measured) -> str:
    """YAML as huggingface_hub writes it. Licence and languages are not known here, and so not claimed."""
    from huggingface_hub import EvalResult, ModelCardData

    config = run.config
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=config.data.hub or "held-out",
            dataset_name=_source(config.held_out or config.data),
            metric_type=name,
            metric_value=round(value, 4),
            metric_name=f"{name}, 95% interval {low:.4f} to {high:.4f}",
            verified=False,
        )
        for name, (value, low, high) in found.metrics.items()
    ]
    make: Any = ModelCardData
    data = make(
        base_model=config.model.path if _on_hub(config.model.path) else None,
        datasets=[part.hub for part in (config.data, *config.data.mix) if part.hub and _on_hub(part.hub)] or None,
        library_name=_LIBRARY.get(form.kind),
        pipeline_tag="text-generation",
        tags=["rewardlang", "reinforcement-learning", "trl", *_tags(run), *(["gguf"] if form.kind == GGUF else [])],
        model_name=form.name,
        eval_results=results or None,
    )
    text: str = data.to_yaml()
    return text


def _tags(run: PastRun) -> list[str]:
    return [run.config.training.algorithm, *(["lora"] if run.config.lora.rank else [])]


def _on_hub(path: str) -> bool:
    return _HUB_ID.fullmatch(path) is not None and not Path(path).exists()


def _named(path: str) -> str:
    return f"`{path}`" if _on_hub(path) else f"`{Path(path).name}`, a local folder"


def _section(title: str, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"## {title}", "", "| | |", "|---|---|")
    for name, text in facts:
        yield f"| {name} | {_cell(text)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _identity(run: PastRun, policy: SavedPolicy, form: Form) -> Iterator[tuple[str, str]]:
    config = run.config
    yield "base", _named(config.model.path) + (f", revision `{config.model.revision}`" if config.model.revision else "")
    if config.lora.rank:
        yield "trained", f"LoRA, rank {config.lora.rank}, alpha {config.lora.alpha}, on {', '.join(config.lora.targets)}"
    else:
        yield "trained", "all weights"
    yield "steps", f"{policy.step} of {config.training.steps}"
    yield "form", form.about
    if in_four_bits(config):
        yield "in training", "the base was held in 4 bits (NF4)"


def _training(run: PastRun) -> Iterator[tuple[str, str]]:
    record, config = run.record, run.config
    reward, training = record["reward"], config.training
    version = f" {reward['version']}" if reward["version"] else ""
    yield "reward file", f"{reward['name']}{version}, fingerprint `{reward['fingerprint']}`; {len(reward['rules'])} rules"
    yield "score", f"from {record['score']['low']:g} to {record['score']['high']:g}"
    yield "data", f"{_source(config.data)}, {record['data']['rows']:,} rows, sha256 `{record['data']['fingerprint']}`"
    if record["held_out"]["rows"]:
        where = (
            _source(config.held_out) if config.held_out else f"a share of {config.data.held_out_share} of the data, by a hash of the prompt"
        )
        yield "held out", f"{where}, {record['held_out']['rows']:,} rows, sha256 `{record['held_out']['fingerprint']}`"
    for note in record["notes"]:
        yield "found in the data", note
    yield "algorithm", f"{training.algorithm}; {training.completions} completions a step in groups of {training.group}"
    yield "learning rate", f"{training.learning_rate:g}, {training.schedule}, {training.warmup_steps} steps of warm-up"
    yield "completions", f"temperature {training.temperature:g}, at most {training.max_completion_tokens:,} tokens"
    yield "KL to the base", f"weight {training.kl:g}"
    yield "seed", str(config.seed)
    yield "versions", ", ".join(f"{name} {value}" for name, value in record["versions"].items())
    machine = record["machine"]
    yield "machine", machine["gpu"] or f"{machine['processor']}, {machine['cores']} cores, no GPU"
    yield "started", record["started"]
    for entry in record["resumed"]:
        changed = f"; changed: {', '.join(entry['changed'])}" if entry["changed"] else ""
        yield "resumed", f"at step {entry['step']}, {entry['at']}{changed}"


def _source(data: DataConfig) -> str:
    if data.mix:
        return "a mix of " + ", ".join(f"{_source(part)} (weight {part.weight:g})" for part in data.mix)
    if data.file:
        return Path(data.file).name
    if data.hub:
        subset = f", {data.subset}" if data.subset else ""
        return f"{data.hub if _on_hub(data.hub) else Path(data.hub).name}{subset}, split {data.split}"
    return f"reasoning-gym {data.reasoning_gym}" if data.reasoning_gym else f"the recipe {data.recipe}"


def _alarms(run: PastRun, policy: SavedPolicy) -> Iterator[str]:
    rang = [row for row in run.rows if row["kind"] == "alarm" and row["step"] <= policy.step]
    if not rang:
        yield "None rang up to this step."
    for row in rang:
        yield f"- step {row['step']}, **{row['alarm']}**: {_cell(row['found'])}"


def _limits(run: PastRun, found: Measured) -> Iterator[str]:
    if found.metrics:
        yield "- The measurement is on held-out rows of the source named above; other tasks, prompts and languages were not measured."
        yield "- An answer counts as right when `success` in the reward file holds; nobody else judged the answers."
    yield "- Neither safety nor bias was measured. What the card of the base says about them and about its licence holds here, too."
    yield "- The reward pays what the reward file can see. What it does not look at may have become better or worse."
    if run.config.lora.rank == 0:
        yield "- All weights were trained: what the base could do besides may be lost in part."


def _use(run: PastRun, form: Form) -> Iterator[str]:
    if form.kind == GGUF:
        return
    yield from ("## How to load it", "", "```python")
    if form.kind == ADAPTER:
        base = run.config.model.path if _on_hub(run.config.model.path) else "BASE"
        yield from ("from peft import PeftModel", "from transformers import AutoModelForCausalLM, AutoTokenizer", "")
        yield f'model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("{base}"), "{form.name}")'
    else:
        yield from ("from transformers import AutoModelForCausalLM, AutoTokenizer", "")
        yield f'model = AutoModelForCausalLM.from_pretrained("{form.name}", dtype="auto")'
    yield from (f'tokenizer = AutoTokenizer.from_pretrained("{form.name}")', "```", "")


def _reward_file(run: PastRun) -> Iterator[str]:
    """Its text, when it is the one that paid."""
    import rewardlang
    from rewardlang.errors import RewardError

    path = Path(run.config.reward)
    try:
        same = path.is_file() and rewardlang.load(path, params=run.config.params).fingerprint == run.record["reward"]["fingerprint"]
    except RewardError:
        same = False
    if not same:
        return
    text = path.read_text(encoding="utf-8").rstrip()
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`+", text))])
    yield from ("## The reward file", "", f"{fence}reward", text, fence, "")
    if run.config.params:
        yield f"With params {json.dumps(run.config.params, ensure_ascii=False)}."
