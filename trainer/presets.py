"""Settings by name, for `preset` in a configuration. A key that the configuration sets itself wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rewardlang.suggest import did_you_mean

PROMPT, COMPLETIONS, GROUP, RANK = 512, 64, 8, 16  # of every preset for a card: longest prompt, completions a step and of a prompt, LoRA


class Preset(NamedTuple):
    """Tables as a configuration has them, and what they are for."""

    text: str
    tables: dict[str, Any]


class OnCard(NamedTuple):
    """A model on a card of so many GB: the longest completion, how many are drawn at a time, and how many are in a forward pass.

    `planned`: the peak in GiB by `memory_plan`, which a test holds it to. No preset was run as a whole; GPU.md says what was measured.
    """

    model: str
    card: int
    completion: int
    drawn: int
    micro_batch: int
    planned: float

    def preset(self) -> Preset:
        """As settings of a run on the engine with one shared base, whose KV cache leaves the card while training."""
        load = f"{COMPLETIONS} × ({PROMPT} + {self.completion}) tokens a step"
        return Preset(
            f"{self.model.partition('/')[2]} on {self.card} GB: {load}; planned peak {self.planned} GiB, not measured",
            {
                "model": {"path": self.model},
                "lora": {"rank": RANK, "alpha": 2 * RANK},
                "data": {"max_prompt_tokens": PROMPT},
                "training": {
                    "completions": COMPLETIONS,
                    "group": GROUP,
                    "micro_batch": self.micro_batch,
                    "max_completion_tokens": self.completion,
                    "steps": 300,
                },
                "engine": {"backend": "memory", "concurrent": self.drawn, "unmap_cache": True},
            },
        )


ON_CARDS = {
    "qwen2.5-0.5b-8gb": OnCard("Qwen/Qwen2.5-0.5B-Instruct", 8, 1024, 64, 16, 3.7),
    "qwen2.5-1.5b-8gb": OnCard("Qwen/Qwen2.5-1.5B-Instruct", 8, 1024, 32, 8, 4.4),
    "qwen2.5-1.5b-24gb": OnCard("Qwen/Qwen2.5-1.5B-Instruct", 24, 2048, 64, 16, 10.0),
    "qwen2.5-3b-12gb": OnCard("Qwen/Qwen2.5-3B-Instruct", 12, 1024, 32, 8, 6.3),
    "qwen2.5-7b-16gb": OnCard("Qwen/Qwen2.5-7B-Instruct", 16, 1024, 32, 4, 10.3),
    "qwen2.5-7b-24gb": OnCard("Qwen/Qwen2.5-7B-Instruct", 24, 1024, 64, 8, 12.9),
    "qwen2.5-14b-24gb": OnCard("Qwen/Qwen2.5-14B-Instruct", 24, 1024, 16, 4, 16.8),
    "qwen3-1.7b-12gb": OnCard("Qwen/Qwen3-1.7B", 12, 1024, 16, 8, 5.5),
    "qwen3-4b-16gb": OnCard("Qwen/Qwen3-4B", 16, 1024, 16, 8, 7.8),
    "qwen3-8b-24gb": OnCard("Qwen/Qwen3-8B", 24, 1024, 32, 8, 14.8),
    "llama3.1-8b-16gb": OnCard("meta-llama/Llama-3.1-8B-Instruct", 16, 1024, 16, 4, 10.8),
    "llama3.1-8b-24gb": OnCard("meta-llama/Llama-3.1-8B-Instruct", 24, 1024, 32, 8, 13.8),
    "llama3.3-70b-80gb": OnCard("meta-llama/Llama-3.3-70B-Instruct", 80, 1024, 16, 4, 53.6),
}
PRESETS = {
    "try": Preset(
        "four short steps, to see that model, data and reward file go together; too little to learn anything",
        {
            "training": {
                "steps": 4,
                "completions": 16,
                "group": 4,
                "max_completion_tokens": 64,
                "warmup_steps": 1,
                "log_every": 1,
                "save_every": 2,
            },
        },
    ),
    "small-cpu": Preset(
        "what the demonstration trains with: a policy of about a million parameters and short answers, on a CPU",
        {
            "model": {"dtype": "float32"},
            "lora": {"rank": 32, "alpha": 64},
            "training": {"steps": 150, "learning_rate": 3e-4, "max_completion_tokens": 32},
        },
    ),
    **{name: one.preset() for name, one in ON_CARDS.items()},
}


def no_preset(name: str) -> str:
    """What is told of a name that is no preset, with those that may be meant."""
    like = [known for known in PRESETS if name.lower() in known]
    return f"there is no preset '{name}'; {did_you_mean(name, PRESETS) or 'there are ' + ', '.join(like or PRESETS)}"


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Both tables in one, table by table; where both have a key, that of `over`."""
    both = {**under, **over}
    for name, value in under.items():
        if isinstance(value, dict) and isinstance(over.get(name), dict):
            both[name] = merged(value, over[name])
    return both


def flat(table: dict[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Each key of the tables, dotted, with its value."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{place}{name}.")
        else:
            yield place + name, value
