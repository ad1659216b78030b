"""Settings by name, for `preset` in a configuration. A key that the configuration sets itself wins."""

from __future__ import annotations

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Tables as a configuration has them, and what they are for."""

    text: str
    tables: dict[str, Any]


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
}


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Both tables in one, table by table; where both have a key, that of `over`."""
    both = {**under, **over}
    for name, value in under.items():
        if isinstance(value, dict) and isinstance(over.get(name), dict):
            both[name] = merged(value, over[name])
    return both
