"""A run's configuration in TRL's words: the data in the order of the steps, the arguments, the trainer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rewardlang.reward import Reward
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.generation import Generation, PolicyTrainer
from rewardlang.trainer.gpu_run import EngineRun
from rewardlang.trainer.policy import adapter

_PER_COMPLETION = ("truncated", "completion_tokens")


def make_trainer(
    config: RunConfig,
    reward: Reward,
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    *,
    callbacks: Sequence[Any] = (),
    generation: Generation | None = None,
    engine: EngineRun | None = None,
) -> Any:
    """A `PolicyTrainer` that is ready to run; over an engine its model is the engine's, and `model` None."""
    if engine is not None:
        return _over_engine(config, reward, engine, tokenizer, rows, callbacks)
    trainer: Any = PolicyTrainer(
        model=model,
        reward_funcs=reward.trl_reward(),
        args=_arguments(config),
        train_dataset=rows_in_order(config, reward, rows),
        processing_class=tokenizer,
        peft_config=adapter(config.lora),
        callbacks=list(callbacks),
        generation=generation,
    )
    # TRL casts the adapter of a 4-bit model to bfloat16, where an Adam step at a usual learning rate changes few entries.
    for parameter in trainer.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return trainer


def _over_engine(
    config: RunConfig, reward: Reward, engine: EngineRun, tokenizer: Any, rows: Sequence[Row], callbacks: Sequence[Any]
) -> Any:
    from rewardlang.trainer.gpu_trainer import EngineTrainer

    arguments = _arguments(replace(config, training=replace(config.training, micro_batch=engine.plan.micro_batch)))
    arguments.gradient_checkpointing = False  # the engine recomputes layers itself
    if not arguments.use_cpu:
        arguments.optim = "adamw_8bit"  # what the memory plan counts
    return EngineTrainer(
        engine=engine.engine,
        generation=engine.generation(config),
        reward_funcs=reward.trl_reward(),
        args=arguments,
        train_dataset=rows_in_order(config, reward, rows),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )


def rows_in_order(config: RunConfig, reward: Reward, rows: Sequence[Row]) -> Any:
    """The rows as a data set in exactly the order of training, one epoch long.

    TRL's sampler would shuffle, and its state is in no checkpoint: a run resumed in its second epoch would see the first
    epoch's order again. Written down beforehand, the order depends on the seed alone.
    """
    import datasets

    training = config.training
    prompts_a_step = training.completions // training.group
    rounds = -(-training.steps // training.iterations)
    rng = random.Random(f"order {config.seed}")
    order: list[int] = []
    while len(order) < rounds * prompts_a_step:
        epoch = list(range(len(rows)))
        rng.shuffle(epoch)
        order.extend(epoch)
    wanted = ["prompt", *(name for name in (*reward.columns, *_PER_COMPLETION) if name != "prompt" and name in rows[0])]
    return datasets.Dataset.from_list([{name: rows[index].get(name) for name in wanted} for index in order[: rounds * prompts_a_step]])


def _arguments(config: RunConfig) -> Any:
    import torch
    from trl.trainer.grpo_config import GRPOConfig

    training = config.training
    micro_batch = training.micro_batch or training.completions
    on_cpu = not torch.cuda.is_available()
    return GRPOConfig(
        output_dir=str(Path(config.output) / "checkpoints"),
        seed=config.seed,
        use_cpu=on_cpu,
        bf16=not on_cpu and config.model.dtype != "float32",
        max_steps=training.steps,
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=training.completions // micro_batch,
        num_generations=training.group,
        num_iterations=training.iterations,
        shuffle_dataset=False,
        learning_rate=training.learning_rate,
        lr_scheduler_type="constant_with_warmup" if training.schedule == "constant" else training.schedule,
        warmup_steps=training.warmup_steps,
        max_grad_norm=training.max_grad_norm,
        temperature=training.temperature,
        top_p=1.0,
        top_k=0,
        max_completion_length=training.max_completion_tokens,
        beta=training.kl,
        loss_type=training.loss,
        epsilon=training.clip,
        gradient_checkpointing=not on_cpu,
        logging_steps=training.log_every,
        save_strategy="steps" if training.save_every else "no",
        save_steps=training.save_every or training.steps,
        save_total_limit=training.keep,
        report_to=[],
        disable_tqdm=True,
    )
