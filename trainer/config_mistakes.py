"""What the types of a configuration do not say: keys that must be there, values out of range, values that exclude one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.presets import PRESETS, no_preset
from rewardlang.trainer.trackers import TRACKERS

SOURCES = ("file", "hub", "reasoning_gym", "recipe")
_CHOICES = {
    "model.dtype": ("auto", "float32", "bfloat16"),
    "engine.backend": ("transformers", "memory", "speed"),
    "curriculum.prompts": ("shuffled", "difficulty"),
    "training.schedule": ("constant", "linear", "cosine"),
    "training.algorithm": tuple(ALGORITHMS),
    "training.scale_rewards": ("group", "batch", "none"),
}
# What a number must be, and the keys that must be so; a key without a value is not looked at.
_RANGES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "more than 0",
        lambda value: value > 0,
        (
            "lora.alpha training.iterations training.max_completion_tokens "
            "training.max_grad_norm training.dpo_beta training.log_every training.keep evaluation.batch "
            "engine.concurrent"
        ),
    ),
    (
        "0 or more",
        lambda value: value >= 0,
        (
            "training.warmup_steps training.clip_high training.refill training.value_weight training.kl "
            "training.save_every evaluation.every evaluation.temperature evaluation.patience engine.canary_every"
        ),
    ),
    ("from 0 to 1", lambda value: 0 <= value <= 1, "training.clip training.gae_lambda curriculum.memory"),
    ("0 or more and less than 1", lambda value: 0 <= value < 1, "lora.dropout evaluation.min_rise"),
    ("from 1 to 10,000,000", lambda value: 1 <= value <= 10_000_000, "training.steps training.completions"),
    ("more than 0 and at most 1", lambda value: 0 < value <= 1, "curriculum.floor training.learning_rate training.value_learning_rate"),
    ("from 0 to 4,096", lambda value: 0 <= value <= 4096, "lora.rank"),
    ("from 0 to 4,294,967,295", lambda value: 0 <= value < 2**32, "seed"),
)


def mistakes_of(config: RunConfig) -> Iterator[str]:
    """Each as a sentence with the key, what was found and, where something is meant, what that may be."""
    if not config.reward:
        yield "'reward' is missing: the .reward file that pays"
    if not config.output:
        yield "'output' is missing: the folder for checkpoints and metrics"
    if not config.model.path:
        yield "'model.path' is missing: a folder, or the id of a model on the hub"
    if config.preset is not None and config.preset not in PRESETS:
        yield no_preset(config.preset)
    for name in config.report_to or ():
        if name not in TRACKERS:
            yield f"'report_to' takes {', '.join(map(repr, TRACKERS))}, found {name!r}; {did_you_mean(name, TRACKERS) or '[] for none'}"
    yield from _sides(config)
    for place, choices in _CHOICES.items():
        value = _value(config, place)
        if value is not None and value not in choices:
            guess = did_you_mean(value, choices)
            yield f"'{place}' must be one of {', '.join(map(repr, choices))}, found {value!r}" + (f"; {guess}" if guess else "")
    for words, holds, places in _RANGES:
        for place in places.split():
            value = _value(config, place)
            if value is not None and not holds(value):
                yield f"'{place}' must be {words}, found {value}"
    yield from _training(config)
    yield from _unread(config)
    yield from _together(config)


def _value(config: RunConfig, place: str) -> Any:
    value: Any = config
    for name in place.split("."):
        value = getattr(value, name)
    return value


def _sides(config: RunConfig) -> Iterator[str]:
    """What is trained on, and what is measured on."""
    yield from _data_mistakes("data", config.data)
    share = config.data.held_out_share
    if config.held_out is not None:
        yield from _data_mistakes("held_out", config.held_out)
        if config.held_out.held_out_share is not None or share is not None:
            yield "'held_out_share' stands in [data] in place of the table [held_out], not beside it or in it"
    elif share is not None:
        if not 0 < share < 1:
            yield f"'data.held_out_share' must be between 0 and 1, found {share}"
    elif config.evaluation.every:
        yield "'evaluation.every' asks for measurements, but there is neither a table [held_out] nor 'data.held_out_share'"


def _training(config: RunConfig) -> Iterator[str]:
    training = config.training
    if training.group < 2:
        yield f"'training.group' must be at least 2, found {training.group}: a reward is compared with others for the same prompt"
    elif training.completions % training.group:
        yield f"'training.completions' ({training.completions}) must be a multiple of 'training.group' ({training.group})"
    if training.micro_batch is not None and (training.micro_batch < 1 or training.completions % training.micro_batch):
        yield f"'training.micro_batch' ({training.micro_batch}) must divide 'training.completions' ({training.completions})"
    if training.temperature <= 0:
        yield "'training.temperature' must be more than 0: without chance all completions of a group are the same"
    algorithm = ALGORITHMS.get(training.algorithm)
    if algorithm is None:
        return
    for name in algorithm.unused:
        if getattr(training, name):
            yield f"'training.{name}' means nothing under '{training.algorithm}'; leave it out"
    if algorithm.pairs and training.micro_batch and training.micro_batch % training.group:
        yield (
            f"'training.micro_batch' ({training.micro_batch}) must be a multiple of 'training.group' ({training.group}) under "
            f"'{training.algorithm}', which compares the completions of a group"
        )


# Keys that only one setting reads, and which: another value than the default shows that somebody expects something of them.
_READ_UNDER = (
    ("training.algorithm", "online_dpo", "training.dpo_beta"),
    ("training.algorithm", "ppo", "training.value_learning_rate training.value_weight training.gae_lambda"),
    ("curriculum.prompts", "difficulty", "curriculum.floor curriculum.memory"),
)


def _unread(config: RunConfig) -> Iterator[str]:
    """Values that nothing reads."""
    usual = RunConfig()
    for setting, wanted, places in _READ_UNDER:
        found = _value(config, setting)
        for place in places.split() if found != wanted else ():
            if _value(config, place) != _value(usual, place):
                yield f"'{place}' is read with {setting} = '{wanted}' only, and that is '{found}'; leave it out"


def _together(config: RunConfig) -> Iterator[str]:
    """Keys of different tables that do not go together."""
    if config.evaluation.patience and not config.evaluation.every:
        yield "'evaluation.patience' counts measurements on the way; set 'evaluation.every'"
    if config.lora.rank == 0 and config.model.nf4:
        yield "'model.nf4' holds the weights in 4 bits, which cannot be trained themselves; set 'lora.rank' to 8 or more"


def _data_mistakes(place: str, data: DataConfig) -> Iterator[str]:
    given = [name for name in SOURCES if getattr(data, name) is not None]
    if data.mix:
        if given:
            yield f"[{place}] has a mix, and {' and '.join(given)} beside it; put it into a [[{place}.mix]] of its own"
        for number, part in enumerate(data.mix, 1):
            named = f"{place}.mix {number}"
            yield from _data_mistakes(named, part)
            if part.mix or part.held_out_share is not None:
                yield f"[{named}] has '{'mix' if part.mix else 'held_out_share'}', which stands in [{place}] alone"
        return
    if data.weight <= 0:
        yield f"'{place}.weight' must be more than 0, found {data.weight}"
    if data.weight != 1 and place in ("data", "held_out"):
        yield f"'{place}.weight' stands in a [[{place}.mix]], where there are several sources"
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        yield f"[{place}] must name exactly one of {', '.join(SOURCES)}; {found}"
    if data.size is not None and data.size < 1:
        yield f"'{place}.size' must be at least 1, found {data.size}"
    if data.size is None and given in (["recipe"], ["reasoning_gym"]):
        yield f"'{place}.size' is missing: how many rows to make"
    if data.unusable not in ("refuse", "leave_out"):
        yield f"'{place}.unusable' must be one of 'refuse', 'leave_out', found {data.unusable!r}"
    if data.max_prompt_tokens is not None and data.max_prompt_tokens < 1:
        yield f"'{place}.max_prompt_tokens' must be at least 1, found {data.max_prompt_tokens}"
    if given == ["file"] and not str(data.file).endswith((".jsonl", ".parquet")):
        yield f"'{place}.file' must end in .jsonl or .parquet, found {data.file!r}"
    if data.subset is not None and given and given != ["hub"]:
        yield f"'{place}.subset' belongs to a data set of the hub; leave it out"
    if data.split != "train" and given and given != ["hub"]:
        yield f"'{place}.split' belongs to a data set of the hub; leave it out"
