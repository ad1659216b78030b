"""What somebody meant by a key that is none: a name of another library, a key of another table, a misspelt one."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Iterator

from rewardlang.suggest import did_you_mean
from rewardlang.trainer.config import RunConfig, table_in

# Names that TRL, Transformers and PEFT have for what stands here.
NAMED_ELSEWHERE = {
    "num_generations": "training.group",
    "beta": "training.kl",
    "kl_coef": "training.kl",
    "epsilon": "training.clip",
    "epsilon_high": "training.clip_high",
    "loss_type": "training.algorithm",
    "num_iterations": "training.iterations",
    "mask_truncated_completions": "training.mask_cut_off",
    "max_completion_length": "training.max_completion_tokens",
    "max_new_tokens": "training.max_completion_tokens",
    "max_tokens": "training.max_completion_tokens",
    "max_prompt_length": "data.max_prompt_tokens",
    "max_steps": "training.steps",
    "num_train_epochs": "training.steps",
    "epochs": "training.steps",
    "lr": "training.learning_rate",
    "lr_scheduler_type": "training.schedule",
    "per_device_train_batch_size": "training.micro_batch",
    "batch_size": "training.completions",
    "generation_batch_size": "training.completions",
    "gradient_accumulation_steps": "training.micro_batch",
    "logging_steps": "training.log_every",
    "save_steps": "training.save_every",
    "save_total_limit": "training.keep",
    "eval_steps": "evaluation.every",
    "output_dir": "output",
    "model_name_or_path": "model.path",
    "model_name": "model.path",
    "torch_dtype": "model.dtype",
    "load_in_4bit": "model.nf4",
    "dataset_name": "data.hub",
    "dataset": "data",
    "system_prompt": "data.system",
    "r": "lora.rank",
    "lora_r": "lora.rank",
    "lora_alpha": "lora.alpha",
    "lora_dropout": "lora.dropout",
    "target_modules": "lora.targets",
    "use_vllm": "engine.backend",
    "warmup_ratio": "training.warmup_steps",
    "num_train_steps": "training.steps",
    "learning_steps": "training.steps",
    "max_seq_length": "data.max_prompt_tokens",
    "bf16": "model.dtype",
    "fp16": "model.dtype",
    "train": "training",
    "trainer": "training",
    "grpo": "training",
    "eval": "evaluation",
    "validation": "held_out",
    "test": "held_out",
    "peft": "lora",
    "vllm": "engine",
    "wandb": "report_to",
}


def meant(name: str, known: Iterable[str], in_a_table: bool) -> str:
    """The end of a message about an unknown key: where it stands, how it is spelt, or which keys there are."""
    known = list(known)
    hints = typing.get_type_hints(RunConfig)
    if in_a_table and name in hints:
        return f"it is a table of its own: [{name}]" if table_in(hints[name]) is not None else "it stands above the first [table]"
    if name in NAMED_ELSEWHERE:
        here = NAMED_ELSEWHERE[name]
        return f"here that is [{here}]" if here in hints and table_in(hints[here]) is not None else f"here that is '{here}'"
    tables = [table for table, keys in _tables() if name in keys]
    if tables:
        return f"it stands in {' and '.join(f'[{table}]' for table in tables)}"
    return did_you_mean(name, known) or "there are " + ", ".join(known)


def _tables() -> Iterator[tuple[str, list[str]]]:
    """Each table of a run with its keys; the run's own keys stand in none."""
    for name, hint in typing.get_type_hints(RunConfig).items():
        table = table_in(hint)
        if table is not None:
            yield name, [field.name for field in dataclasses.fields(table)]
