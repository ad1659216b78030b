"""A real GRPOTrainer on the CPU with a tiny random policy: `python trl_run.py FILE.reward MODE...`.

A script, because the tests run it under other interpreters with other versions
of TRL. The modes are `text`, `chat`, `sections` and `missing-column`; for each,
one JSON object is printed with what the trainer logged.
"""

from __future__ import annotations

import inspect
import json
import string
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import transformers
import trl
from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

import rewardlang

TEMPLATE = "{% for m in messages %}{{ m['content'] }}{% endfor %}"


def tiny_policy() -> tuple[Any, Any]:
    """A Qwen2 of two narrow layers over single characters, with random weights."""
    vocabulary = {token: index for index, token in enumerate(["<pad>", "<end>", "<unk>", *string.printable])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    raw.decoder = decoders.Fuse()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<end>", unk_token="<unk>")
    tokenizer.chat_template = TEMPLATE
    config = transformers.Qwen2Config(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    return transformers.Qwen2ForCausalLM(config), tokenizer


def data(mode: str) -> Dataset:
    """Four prompts with a gold answer each; the last row has none, so the file skips it."""
    golds = ["1", "2", "3", ""]
    prompts: list[Any] = [f"Say {gold}" for gold in golds]
    if mode == "chat":
        prompts = [[{"role": "user", "content": prompt}] for prompt in prompts]
    column = "gould" if mode == "missing-column" else "gold"
    return Dataset.from_dict({"prompt": prompts, column: golds, "unused": [{"a": 1}] * 4})


def train(path: str, mode: str) -> dict[str, Any]:
    """Two steps; gives what was logged."""
    reward = rewardlang.load(path)
    functions: Any = reward.trl_section_rewards() if mode == "sections" else reward.trl_reward()
    model, tokenizer = tiny_policy()
    known = inspect.signature(trl.GRPOConfig.__init__).parameters
    with tempfile.TemporaryDirectory() as folder:
        wanted: dict[str, Any] = {
            "output_dir": folder, "per_device_train_batch_size": 16, "num_generations": 4,
            "max_completion_length": 12, "max_prompt_length": 64,
            "max_steps": 2, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "use_cpu": True, "bf16": False, "seed": 1,
            "disable_tqdm": True, "shuffle_dataset": False, "beta": 0.0, "gradient_checkpointing": False,
        }  # fmt: skip
        config = trl.GRPOConfig(**{name: value for name, value in wanted.items() if name in known})
        trainer = trl.GRPOTrainer(model, reward_funcs=functions, args=config, train_dataset=data(mode), processing_class=tokenizer)
        try:
            trainer.train()
        except rewardlang.DataError as error:
            return {"mode": mode, "trl": trl.__version__, "error": str(error), "column": error.column}
    extra = {name: list(values) for name, values in getattr(trainer, "_logs", {}).get("extra", {}).items()}
    return {"mode": mode, "trl": trl.__version__, "steps": trainer.state.global_step, "log": trainer.state.log_history, "extra": extra}


if __name__ == "__main__":
    for wanted_mode in sys.argv[2:]:
        print("seen", json.dumps(train(sys.argv[1], wanted_mode)), flush=True)
