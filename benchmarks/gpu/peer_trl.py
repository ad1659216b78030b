"""The learning run in TRL's own 4-bit path: GRPO over an NF4 base, sampled by vLLM in the same process, as TRL's documentation has it.

Policy, data in their order, reward, LoRA, learning rate, loss and number of steps are those of our run; measured on the same held-out rows
by the same code, from the policy that is trained. Without a card TRL draws by transformers, which shows that the script works and no more.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import rewardlang
from rewardlang.trainer.algorithms import algorithm_of
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.data_checks import prepared_rows
from rewardlang.trainer.data_order import Share
from rewardlang.trainer.evaluate import Evaluation, evaluate
from rewardlang.trainer.grpo import rows_in_order
from rewardlang.trainer.policy import adapter, load_tokenizer


def learned(config: RunConfig) -> dict[str, Any]:
    """Accuracy, reward and answers before and after, the curve of both, seconds."""
    import torch
    import transformers
    from trl import GRPOConfig, GRPOTrainer

    began, card, training = time.monotonic(), torch.cuda.is_available(), config.training
    reward, tokenizer = rewardlang.load(config.reward), load_tokenizer(config.model)
    rows = prepared_rows(config, reward, tokenizer, None)
    algorithm = algorithm_of(training)
    make: Any = transformers.BitsAndBytesConfig
    dtype = torch.bfloat16 if card else torch.float32
    quantisation = make(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype, bnb_4bit_use_double_quant=True)
    by_vllm = {
        "use_vllm": True,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": 0.2,
        "vllm_max_model_length": 64 + training.max_completion_tokens,
    }
    arguments = GRPOConfig(
        output_dir=str(Path(config.output) / "trl"), seed=config.seed, max_steps=training.steps, use_cpu=not card, bf16=card,
        per_device_train_batch_size=training.completions, num_generations=training.group, shuffle_dataset=False,
        learning_rate=training.learning_rate, lr_scheduler_type="constant_with_warmup", warmup_steps=training.warmup_steps,
        max_grad_norm=training.max_grad_norm, temperature=training.temperature, top_p=1.0, top_k=0, beta=training.kl,
        max_completion_length=training.max_completion_tokens, loss_type=algorithm.loss, scale_rewards=algorithm.scale,
        epsilon=algorithm.clip, epsilon_high=algorithm.clip_high, gradient_checkpointing=False, logging_steps=training.log_every,
        save_strategy="no", report_to=[], disable_tqdm=True,
        model_init_kwargs={"dtype": dtype, "quantization_config": quantisation}, **(by_vllm if card else {}),
    )  # fmt: skip
    curve: list[dict[str, Any]] = []

    class Measured(transformers.TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            if state.global_step % max(1, config.evaluation.every) == 0:
                found = measured()
                curve.append({"step": state.global_step, "accuracy": found.accuracy, "held_out_reward": found.score})

    trainer = GRPOTrainer(
        config.model.path, reward_funcs=reward.trl_reward(), args=arguments, processing_class=tokenizer, callbacks=[Measured()],
        train_dataset=rows_in_order(config, reward, rows.training, [Share("data", len(rows.training), 1.0)]),
        peft_config=adapter(config.lora),
    )  # fmt: skip
    # TRL casts the adapter of a 4-bit model to bfloat16, where Adam at this learning rate changes few entries: our run has it in fp32 too.
    for parameter in trainer.model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()

    def measured() -> Evaluation:
        return evaluate(trainer.model, tokenizer, rows.held_out, reward, config.evaluation, max_tokens=training.max_completion_tokens)

    before = measured()
    trainer.train()
    after = measured()
    logged = [row for row in trainer.state.log_history if "reward" in row]
    return {
        "fingerprint": reward.fingerprint,
        "drawn_by": "vLLM" if card else "transformers",
        "steps": trainer.state.global_step,
        "held_out": len(rows.held_out),
        "accuracy_before": before.accuracy,
        "accuracy_after": after.accuracy,
        "reward_before": before.score,
        "reward_after": after.score,
        "seconds": round(time.monotonic() - began, 1),
        "curve": curve,
        "logged": logged,
        "completions": [list(pair) for pair in zip(before.completions[:8], after.completions[:8], strict=True)],
    }
