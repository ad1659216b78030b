"""Presets for a model on a card: each is a configuration, and fits its card by the memory plan, from published shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu.shapes import SHAPES
from rewardlang.trainer.config_from_toml import read_config
from rewardlang.trainer.gpu_cards import GIB, card_named
from rewardlang.trainer.gpu_run import check_for_engine, workload
from rewardlang.trainer.memory_plan import plan
from rewardlang.trainer.presets import ON_CARDS, PRESETS, PROMPT


def like(
    name: str, vocabulary: int, hidden: int, intermediate: int, layers: int, heads: int, kv_heads: int, *, tied: bool
) -> dict[str, Any]:
    """The shape of a relative of one of the benchmarks' models, from its config.json."""
    sizes = {"vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": layers}
    return SHAPES[name] | sizes | {"num_attention_heads": heads, "num_key_value_heads": kv_heads, "tie_word_embeddings": tied}


PUBLISHED = SHAPES | {
    "qwen2.5-3b": like("qwen2.5-1.5b", 151936, 2048, 11008, 36, 16, 2, tied=True),
    "qwen2.5-7b": like("qwen2.5-1.5b", 152064, 3584, 18944, 28, 28, 4, tied=False),
    "qwen3-4b": like("qwen3-1.7b", 151936, 2560, 9728, 36, 32, 8, tied=True),
    "qwen3-8b": like("qwen3-1.7b", 151936, 4096, 12288, 36, 32, 8, tied=False),
}


@pytest.mark.parametrize("name", sorted(ON_CARDS))
def test_a_preset_fits_its_card_by_the_plan(tmp_path: Path, name: str) -> None:
    """With room for a fifth of the card beside it, since a screen takes some; its text tells the planned peak."""
    path = tmp_path / "run.toml"
    path.write_text(f'preset = "{name}"\nreward = "a.reward"\noutput = "run"\n[data]\nfile = "rows.jsonl"\n', encoding="utf-8")
    config = read_config(path)
    check_for_engine(config)
    preset = ON_CARDS[name]
    model, _, card = name.rpartition("-")
    assert card == f"{preset.card}gb"
    made = plan(PUBLISHED[model], workload(config, PROMPT), card=card_named(f"{preset.card}GB"))
    assert made.fits
    assert made.peak <= 0.8 * preset.card * 10**9
    assert made.peak / GIB == pytest.approx(preset.planned, abs=0.05)
    assert f"planned peak {preset.planned} GiB, not measured" in PRESETS[name].text


def test_the_shapes_have_as_many_parameters_as_their_names_say() -> None:
    """Billions, to the digit that the models' pages give."""
    billions = {
        "qwen2.5-0.5b": 0.49,
        "qwen2.5-1.5b": 1.54,
        "qwen2.5-3b": 3.09,
        "qwen2.5-7b": 7.62,
        "qwen2.5-14b": 14.77,
        "qwen3-1.7b": 1.72,
    }
    billions |= {"qwen3-4b": 4.02, "qwen3-8b": 8.19, "llama3.1-8b": 8.03, "llama3.3-70b": 70.55}
    for name, wanted in billions.items():
        assert plan(PUBLISHED[name]).shape.parameters / 1e9 == pytest.approx(wanted, abs=0.006)
