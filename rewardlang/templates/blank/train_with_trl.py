"""Trains a model with blank.reward by GRPO, with TRL. Needs: pip install 'rewardlang[train]'

Ten rows are enough to see it run, not to learn from: put your own data in the place of samples.jsonl.
"""

from datasets import load_dataset
from trl import GRPOConfig, GRPOTrainer

import rewardlang

reward = rewardlang.load("blank.reward")
data = load_dataset("json", data_files="samples.jsonl", split="train").remove_columns(["id", "completion"])

trainer = GRPOTrainer(
    model="Qwen/Qwen2.5-0.5B-Instruct",
    reward_funcs=reward.trl_reward(),
    args=GRPOConfig(output_dir="trained", num_generations=8, max_completion_length=256, logging_steps=1),
    train_dataset=data,
)
trainer.train()
