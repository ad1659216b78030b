"""What a training run is made of, as typed values. `config_from_toml` reads them; the text of each key is its documentation.

`key("text", default)` puts the text beside the default, so that
`rewardlang train --keys` can print every key and cannot forget one.
"""

# ruff: noqa: RUF009  `key` makes a dataclass field

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def key(text: str, default: Any = None, *, make: Callable[[], Any] | None = None) -> Any:
    """A dataclass field with its documentation."""
    metadata = {"text": text}
    return field(default_factory=make, metadata=metadata) if make is not None else field(default=default, metadata=metadata)


def table_in(hint: Any) -> Any:
    """The dataclass that a type hint `Table`, `Table | None` or `tuple[Table, ...]` names, or None."""
    return next((part for part in typing.get_args(hint) or (hint,) if dataclasses.is_dataclass(part)), None)


def is_list(hint: Any) -> bool:
    """Whether a type hint is a list, of texts or of tables."""
    return typing.get_origin(hint) is tuple


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The policy before training."""

    path: str = key("a folder in the Hugging Face format, or the id of a model on the hub", "")
    revision: str | None = key("branch, tag or commit on the hub")
    dtype: str = key("'float32', 'bfloat16' or 'auto' (as the checkpoint is stored)", "auto")
    chat_template: str | None = key("a file with a chat template in Jinja, relative to the configuration; by default the tokenizer's own")
    nf4: bool = key("hold the frozen weights in 4 bits (NF4, bitsandbytes); LoRA parameters stay in float32", False)


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """The adapter that is trained."""

    rank: int = key("rank of the adapter; 0 trains all weights instead", 16)
    alpha: int = key("scale of the adapter: its output is multiplied by alpha / rank", 32)
    dropout: float = key("dropout before the adapter", 0.0)
    targets: tuple[str, ...] = key(
        "names of the layers that get an adapter; 'all-linear' stands for every one but the head", ("all-linear",)
    )


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where rows come from: exactly one of `file`, `hub`, `reasoning_gym` and `recipe`, or several of them in `mix`."""

    file: str | None = key("a .jsonl or .parquet file, relative to the configuration")
    hub: str | None = key("the id of a data set on the Hugging Face hub, or a folder that `datasets` reads, relative to the configuration")
    subset: str | None = key("the hub data set's configuration, such as 'main'")
    split: str = key("the hub data set's split", "train")
    reasoning_gym: str | None = key(
        "the name of a reasoning-gym task; its question becomes 'prompt', its answer 'gold', and 'task' and 'entry' are for puzzle_score"
    )
    recipe: str | None = key("a recipe of this package: 'decimals'; its held-out problems never occur in its training problems")
    size: int | None = key("how many rows to make (reasoning_gym, recipe), or to keep from the start (file, hub)")
    seed: int = key("the seed of made rows", 0)
    rename: dict[str, str] = key("our column = the data's column, such as { prompt = 'question' }", make=dict)
    system: str | None = key("a system message put before every prompt")
    unusable: str = key("rows that the reward file cannot read or judge: 'refuse' them before the run, or 'leave_out'", "refuse")
    max_prompt_tokens: int | None = key("longer prompts are left out; by default those for which the model has no room")
    held_out_share: float | None = key(
        "[data] only: measure on this share of the rows, chosen by a hash of the prompt, in place of [held_out]"
    )
    mix: tuple[DataConfig, ...] = key(
        "several sources, each a [[data.mix]] with keys of [data]; what [data] says of rename, system, chat, unusable holds for all", ()
    )
    weight: float = key("[[data.mix]] only: how many prompts come from here for each that comes from a source of weight 1", 1.0)
    chat: bool | None = key("hand text prompts to the model as chat messages; by default, where its tokenizer has a chat template")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the policy is trained."""

    steps: int = key("optimizer steps", 200)
    completions: int = key("completions made and learned from in each step; a multiple of `group`", 64)
    group: int = key("completions for the same prompt; the reward of each is compared with their mean", 8)
    micro_batch: int | None = key("completions in one forward and backward pass; by default all of a step")
    iterations: int = key("updates made from each round of completions", 1)
    learning_rate: float = key("peak learning rate of AdamW", 1e-5)
    schedule: str = key("'constant', 'linear' or 'cosine' after the warm-up", "constant")
    warmup_steps: int = key("steps over which the learning rate rises", 5)
    temperature: float = key("temperature at which completions are drawn", 1.0)
    max_completion_tokens: int = key("completions are cut off here", 256)
    algorithm: str = key(
        "'grpo_token', 'grpo', 'bnpo', 'dr_grpo', 'dapo', 'gspo', 'cispo', 'gdpo', 'rloo', 'ppo' or 'online_dpo'", "grpo_token"
    )
    clip: float | None = key(
        "the ratio of new to old probability counts down to 1 - clip; by default as the algorithm says, as up to 'refill'"
    )
    clip_high: float | None = key("… and up to 1 + clip_high; for 'cispo', up to clip_high")
    scale_rewards: str | None = key("what advantages are divided by: the spread of the 'group', of the 'batch', or 'none'")
    mask_cut_off: bool | None = key("leave completions that were cut off out of the loss")
    refill: int | None = key("times that groups without spread are replaced, in a step, by groups of further prompts")
    value_learning_rate: float = key("ppo: peak learning rate of the value head", 1e-3)
    value_weight: float = key("ppo: weight of the value's part in the loss", 0.5)
    gae_lambda: float = key("ppo: how far a reward reaches back over tokens, from 0 to 1", 0.95)
    dpo_beta: float = key("online_dpo: how closely the policy is held to the one before training; larger is closer", 0.1)
    kl: float = key("weight of the KL divergence from the policy before training (TRL's beta)", 0.0)
    max_grad_norm: float = key("gradients are scaled down to this norm", 1.0)
    log_every: int = key("steps between rows of metrics", 5)
    save_every: int = key("steps between checkpoints; 0 saves one only when stopped; the trained policy is saved in any case", 50)
    keep: int = key("how many checkpoints are kept", 2)


@dataclass(frozen=True, slots=True)
class CurriculumConfig:
    """Which prompts come next."""

    prompts: str = key(
        "'shuffled': each once an epoch; 'difficulty': more often those that are solved now and then (needs 'success')", "shuffled"
    )
    floor: float = key("difficulty: how often a prompt that is always or never solved comes, beside 1 for one solved half of the time", 0.1)
    memory: float = key("difficulty: how much the earlier completions of a prompt count, each time that it is drawn again", 0.5)


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Where completions come from."""

    backend: str = key(
        "'transformers': TRL's own generation, on a CPU or a GPU; with the extra 'gpu', vLLM beside a 4-bit base, on one GPU: 'memory', "
        "which shares the base, or 'speed', with 16-bit weights of its own while it samples",
        "transformers",
    )
    concurrent: int | None = key(
        "sequences generated at a time; by default all completions of a step. Without an engine those that are drawn are marked meanwhile"
    )
    unmap_cache: bool = key(
        "memory, speed: give the KV cache's memory back to the card while training, and with 'speed' that of the sampler's weights", False
    )
    share_prompts: bool | None = key(
        "memory, speed: compute the completions of a prompt over one pass of it while training; by default where that saves memory"
    )
    nested_scales: bool | None = key(
        "memory, speed: keep a byte a block of the base's scales in place of four, and expand them in every product; by default where the "
        "card is too small without"
    )
    canary_every: int = key("memory, speed: policy versions between two proofs that the sampler has the trained policy; 0 makes none", 20)


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Held-out measurement: before training, after it, and on the way. Needs the table [held_out]."""

    every: int = key("steps between measurements; 0 measures only before and after", 0)
    temperature: float = key("temperature at which the answers are drawn; 0 takes the most likely token", 1.0)
    batch: int = key("prompts answered at once", 64)
    patience: int = key(
        "end the run after so many measurements in a row without a new best accuracy; the best is kept in 'best'; 0 never", 0
    )
    min_rise: float = key("patience: by how much accuracy must rise over the best before, to be a new best", 0.01)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A whole run, as a TOML file tells it."""

    reward: str = key("the .reward file that pays, relative to the configuration", "")
    output: str = key("folder for checkpoints, metrics and warnings, relative to the configuration", "")
    seed: int = key("seed of everything random", 0)
    preset: str | None = key(
        "settings by name, such as 'try' or 'qwen2.5-1.5b-8gb'; they lie under this file's keys, and with --preset over them"
    )
    report_to: tuple[str, ...] | None = key(
        "where metrics go besides metrics.jsonl: 'tensorboard', 'wandb', 'trackio', [] for nowhere; by default TensorBoard where installed"
    )
    project: str = key("the project's name in W&B and Trackio", "rewardlang")
    params: dict[str, Any] = key("values for params that the reward file declares", make=dict)
    model: ModelConfig = key("the policy", make=ModelConfig)
    lora: LoraConfig = key("the adapter", make=LoraConfig)
    data: DataConfig = key("what is trained on", make=DataConfig)
    held_out: DataConfig | None = key("what is measured on; same keys as [data]")
    training: TrainingConfig = key("how the policy is trained", make=TrainingConfig)
    curriculum: CurriculumConfig = key("which prompts come next", make=CurriculumConfig)
    engine: EngineConfig = key("where completions come from", make=EngineConfig)
    evaluation: EvaluationConfig = key("the measurement", make=EvaluationConfig)
