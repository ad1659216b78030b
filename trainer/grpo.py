"""A run's configuration in TRL's words: the data in the order of the steps, the arguments, the trainer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rewardlang.reward import Reward
from rewardlang.trainer.algorithms import Algorithm, algorithm_of
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.curriculum import SolveRates, choose_by_difficulty
from rewardlang.trainer.data import Row
from rewardlang.trainer.data_order import Share, endless_order
from rewardlang.trainer.generation import Generation, LeaveOneOutTrainer, PolicyTrainer
from rewardlang.trainer.gpu_run import EngineRun
from rewardlang.trainer.ledger import Ledger
from rewardlang.trainer.online_dpo import OnlineDpoTrainer
from rewardlang.trainer.policy import adapter, check_targets
from rewardlang.trainer.ppo import PpoTrainer
from rewardlang.trainer.recording import RecordingReward

_PER_COMPLETION = ("truncated", "completion_tokens")


def make_trainer(
    config: RunConfig,
    reward: Reward | RecordingReward,
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    *,
    callbacks: Sequence[Any] = (),
    generation: Generation | None = None,
    engine: EngineRun | None = None,
    rates: SolveRates | None = None,
    shares: Sequence[Share] = (),
    ledger: Ledger | None = None,
) -> Any:
    """One of TRL's trainers in our clothes, ready to run; over an engine its model is the engine's, and `model` None.

    With `rates` the prompts of a round are drawn by difficulty. `shares`: the sources of the rows, where there are several.
    Importance ratios go into the `ledger`.
    """
    shares = shares or [Share("data", len(rows), 1.0)]
    algorithm = algorithm_of(config.training)
    trained = _rows_as_trained(reward, rows)
    shared: dict[str, Any] = {
        "reward_funcs": reward.trl_section_rewards() if algorithm.by_section else reward.trl_reward(),
        "train_dataset": rows_in_order(config, reward, rows, shares),
        "processing_class": tokenizer,
        "callbacks": list(callbacks),
        "ledger": ledger,
        "begins": reward if isinstance(reward, RecordingReward) else None,
        "refill_rows": trained,
        "refill_shares": shares,
        "refill_tries": algorithm.refill,
        "choose": None if rates is None else choose_by_difficulty(trained, rates, config.seed, shares),
    }
    if algorithm.value_head:
        shared |= {"gae_lambda": config.training.gae_lambda, "value_weight": config.training.value_weight}
        shared["value_rate"] = config.training.value_learning_rate
    if engine is not None:
        return _over_engine(config, algorithm, engine, shared)
    make: Any = LeaveOneOutTrainer if algorithm.leave_one_out else PolicyTrainer
    if algorithm.value_head:
        make = PpoTrainer
    elif algorithm.pairs:
        make = OnlineDpoTrainer
    arguments = _arguments(config, algorithm)
    check_targets(config.lora, model)
    shared |= {"generation": generation, "portion": config.engine.concurrent}
    trainer: Any = make(model=model, args=arguments, peft_config=adapter(config.lora), **shared)
    # TRL casts the adapter of a 4-bit model to bfloat16, where an Adam step at a usual learning rate changes few entries.
    for parameter in trainer.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return trainer


def _over_engine(config: RunConfig, algorithm: Algorithm, engine: EngineRun, shared: dict[str, Any]) -> Any:
    from rewardlang.trainer import gpu_algorithms
    from rewardlang.trainer.gpu_trainer import EngineTrainer

    make: Any = EngineTrainer
    if algorithm.leave_one_out:
        make, algorithm = gpu_algorithms.EngineLeaveOneOutTrainer, replace(algorithm, loss="luspo", scale="none", leave_one_out=False)
    elif algorithm.value_head:
        make = gpu_algorithms.EnginePpoTrainer
    elif algorithm.pairs:
        make = gpu_algorithms.EngineOnlineDpoTrainer
    own = replace(config.training, micro_batch=engine.plan.micro_batch, completions=config.training.completions // engine.world.size)
    arguments = _arguments(replace(config, training=own), algorithm)
    arguments.gradient_checkpointing = False  # the engine recomputes layers itself
    if not arguments.use_cpu:
        arguments.optim = "adamw_8bit"  # what the memory plan counts
    return make(engine=engine.engine, generation=engine.generation(config), args=arguments, world=engine.world, **shared)


def rows_in_order(config: RunConfig, reward: Reward | RecordingReward, rows: Sequence[Row], shares: Sequence[Share]) -> Any:
    """The rows as a data set in exactly the order of training, one epoch long.

    TRL's sampler would shuffle, and its state is in no checkpoint: a run resumed in its second epoch would see the first
    epoch's order again. Written down beforehand, the order depends on the seed alone.
    """
    import datasets

    training = config.training
    prompts_a_step = training.completions // training.group
    rounds = -(-training.steps // training.iterations)
    trained = _rows_as_trained(reward, rows)
    order = itertools.islice(endless_order(shares, f"order {config.seed}"), rounds * prompts_a_step)
    return datasets.Dataset.from_list([trained[index] for index in order])


def _rows_as_trained(reward: Reward | RecordingReward, rows: Sequence[Row]) -> list[Row]:
    """The rows with the columns that the reward is given, and no others."""
    wanted = ["prompt", *(name for name in (*reward.columns, *_PER_COMPLETION) if name != "prompt" and name in rows[0])]
    return [{name: row.get(name) for name in wanted} for row in rows]


def _arguments(config: RunConfig, algorithm: Algorithm) -> Any:
    """TRL's arguments: those that all algorithms share, and those of this one."""
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.rloo_config import RLOOConfig

    shared = _shared_arguments(config, algorithm)
    if algorithm.leave_one_out:
        return RLOOConfig(**shared)
    return GRPOConfig(
        **shared,
        loss_type=algorithm.loss,
        scale_rewards=algorithm.scale,
        importance_sampling_level=algorithm.ratio,
        multi_objective_aggregation="normalize_then_sum" if algorithm.by_section else "sum_then_normalize",
    )


def _shared_arguments(config: RunConfig, algorithm: Algorithm) -> dict[str, Any]:
    import torch

    training = config.training
    micro_batch = training.micro_batch or training.completions
    on_cpu = not torch.cuda.is_available()
    return {
        "output_dir": str(Path(config.output) / "checkpoints"),
        "seed": config.seed,
        "use_cpu": on_cpu,
        "bf16": not on_cpu and config.model.dtype != "float32",
        "max_steps": training.steps,
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": training.completions // micro_batch,
        "num_generations": training.group,
        "num_iterations": training.iterations,
        "shuffle_dataset": False,
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if training.schedule == "constant" else training.schedule,
        "warmup_steps": training.warmup_steps,
        "max_grad_norm": training.max_grad_norm,
        "temperature": training.temperature,
        "top_p": 1.0,
        "top_k": 0,
        "max_completion_length": training.max_completion_tokens,
        "beta": training.dpo_beta if algorithm.pairs else training.kl,
        "epsilon": algorithm.clip,
        "epsilon_high": algorithm.clip_high,
        "mask_truncated_completions": algorithm.mask_cut_off,
        "gradient_checkpointing": not on_cpu,
        "logging_steps": min(training.log_every, training.steps),
        "save_strategy": "steps" if training.save_every else "no",
        "save_steps": training.save_every or training.steps,
        "save_total_limit": training.keep,
        "report_to": [],
        "disable_tqdm": True,
    }
