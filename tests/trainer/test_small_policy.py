"""The small policy and its tokenizer, in the Hugging Face format."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.trainer import problems, pupils, small_policy, warm_up
from rewardlang.trainer.config import ModelConfig
from rewardlang.trainer.policy import load_tokenizer
from rewardlang.trainer.pupils import Habits

TOKENIZER = small_policy.make_tokenizer()


@given(st.text(alphabet=[chr(code) for code in range(32, 127)] + ["\n"]))
def test_a_text_of_printable_ascii_survives(text: str) -> None:
    """Encoding and decoding give the text back, whole-word tokens or not; only the names of special tokens are no text."""
    if any(name in text for name in TOKENIZER.all_special_tokens):
        return
    assert TOKENIZER.decode(TOKENIZER(text, add_special_tokens=False)["input_ids"], skip_special_tokens=True) == text


def test_other_characters_are_unknown_and_do_no_harm() -> None:
    """An emoji is one unknown token."""
    assert TOKENIZER.convert_ids_to_tokens(TOKENIZER("9🦉9", add_special_tokens=False)["input_ids"]) == ["9", "<|unknown|>", "9"]


def test_the_usual_sequences_are_short() -> None:
    """Question and tidy answer together take about thirty tokens, so that two cores suffice."""
    rng = random.Random(0)
    for _ in range(50):
        problem = problems.draw(rng, held_out=False)
        text = problem.question + pupils.write(problem, rng, Habits())
        assert len(TOKENIZER(text)["input_ids"]) <= 40


def test_a_saved_policy_loads_with_the_auto_classes(tmp_path: Path) -> None:
    """The folder is a checkpoint like any other, with its chat template."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = small_policy.make_model(TOKENIZER, seed=0)
    assert 0.8e6 < sum(parameter.numel() for parameter in model.parameters()) < 0.9e6
    small_policy.save(model, TOKENIZER, tmp_path)
    loaded: Any = AutoTokenizer.from_pretrained(tmp_path)
    chat = [{"role": "user", "content": "What is 27 + 8?"}]
    text = loaded.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    assert text == "<|user|>What is 27 + 8?<|assistant|>"
    assert AutoModelForCausalLM.from_pretrained(tmp_path).config.model_type == "qwen2"


def test_equal_seeds_make_equal_weights() -> None:
    """And making a model leaves torch's random numbers as they were."""
    import torch

    before = torch.random.get_rng_state()
    first, second, third = (small_policy.make_model(TOKENIZER, seed=seed, hidden=32, layers=1) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.lm_head.weight, second.lm_head.weight)
    assert not torch.equal(first.lm_head.weight, third.lm_head.weight)


def test_the_warm_up_sees_no_held_out_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer that it learns from is to a training problem."""
    seen: list[problems.Problem] = []
    write = pupils.write

    def spy(problem: problems.Problem, rng: random.Random, habits: Habits) -> str:
        seen.append(problem)
        return write(problem, rng, habits)

    monkeypatch.setattr(warm_up, "write", spy)
    model = small_policy.make_model(TOKENIZER, seed=0, hidden=32, layers=1)
    losses: list[float] = []
    recipe = warm_up.WarmUp(steps=12, batch=16, learning_rate=1e-2)
    warm_up.warm_up(model, TOKENIZER, recipe, seed=0, report=lambda step, loss: losses.append(loss))
    assert len(seen) == 12 * 16
    assert not any(problem.is_held_out for problem in seen)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("text", ["7 8  9", "a\nb\n\n", "Which is larger, 9.11 or 9.9?", " <think>x = 1</think> ~", "12\t"])
def test_a_saved_tokenizer_reads_as_it_was(tmp_path: Path, text: str) -> None:
    """Spaces and line breaks are kept by our own loading, and by `AutoTokenizer` for characters of the alphabet."""
    from transformers import AutoTokenizer

    tokenizer = small_policy.make_tokenizer()
    small_policy.save(small_policy.make_model(tokenizer, seed=0), tokenizer, tmp_path)
    expected = tokenizer(text)["input_ids"]
    loaded = load_tokenizer(ModelConfig(path=str(tmp_path)))
    assert loaded(text)["input_ids"] == expected
    assert loaded.decode(expected) == text.replace("\t", small_policy.UNKNOWN)
    if "\t" not in text:
        automatic: Any = AutoTokenizer.from_pretrained(tmp_path)
        assert automatic(text)["input_ids"] == expected
        assert automatic.decode(expected) == text
