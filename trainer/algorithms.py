"""The algorithms by name, each as what it sets in the loss. What TRL lacks is in `refill.py`, `ppo.py`, `online_dpo.py`.

Every one draws a group of completions for each prompt and moves the policy
along advantages A; r is the ratio of a token's new probability to the one it
was drawn with. They differ in A, in what is clipped, and in what the loss is a mean of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rewardlang.trainer.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Algorithm:
    """Settings of one algorithm; `loss`, `scale` and `ratio` are TRL's words for loss_type, scale_rewards and importance_sampling_level.

    `clip` and `clip_high`: r counts within 1 - clip and 1 + clip_high (CISPO: r counts at most clip_high).
    `refill`: how often groups without spread are replaced by groups of further prompts before they are left as they are.
    `unused`: keys of [training] that mean nothing under it.
    """

    text: str
    loss: str = "grpo"
    scale: str = "group"
    ratio: str = "token"
    clip: float = 0.2
    clip_high: float = 0.2
    mask_cut_off: bool = False
    refill: int = 0
    by_section: bool = False
    leave_one_out: bool = False
    value_head: bool = False
    pairs: bool = False
    unused: tuple[str, ...] = ()


ALGORITHMS = {
    "grpo_token": Algorithm("GRPO with every token of the step weighing the same, as TRL has it by default", loss="dapo"),
    "grpo": Algorithm("Group Relative Policy Optimization as published (arXiv 2402.03300): a mean for each completion, then over them"),
    "bnpo": Algorithm("GRPO with every token of a micro-batch weighing the same", loss="bnpo"),
    "dr_grpo": Algorithm(
        "Dr. GRPO (arXiv 2503.20783): no division by the spread of the group, nor by the length of a completion",
        loss="dr_grpo",
        scale="none",
    ),
    "dapo": Algorithm(
        "DAPO (arXiv 2503.14476): clips higher above than below, leaves cut-off completions out, replaces groups without spread",
        loss="dapo",
        clip_high=0.28,
        mask_cut_off=True,
        refill=3,
    ),
    "gspo": Algorithm(
        "Group Sequence Policy Optimization (arXiv 2507.18071): one ratio for each completion, clipped closely",
        ratio="sequence",
        clip=3e-4,
        clip_high=4e-4,
    ),
    "cispo": Algorithm(
        "CISPO (arXiv 2506.13585): the ratio is a capped weight, and no token is clipped out of the gradient",
        loss="cispo",
        clip_high=5.0,
        unused=("clip",),
    ),
    "gdpo": Algorithm(
        "GDPO (arXiv 2601.05242): each section of the reward file is normalised in its group by itself, then their sum over the step",
        by_section=True,
        unused=("scale_rewards",),
    ),
    "rloo": Algorithm(
        "REINFORCE Leave-One-Out (arXiv 2402.14740): the baseline is the mean of the others; one ratio for each completion; "
        "KL is taken off the reward",
        leave_one_out=True,
        unused=("scale_rewards",),
    ),
    "ppo": Algorithm(
        "PPO (arXiv 1707.06347): a value head on the adapted trunk says what each token was worth; groups do not matter",
        loss="dapo",
        value_head=True,
        unused=("scale_rewards", "refill"),
    ),
    "online_dpo": Algorithm(
        "Online DPO (arXiv 2402.04792): completions of a prompt are compared in pairs, and the score only says which is better",
        scale="none",
        pairs=True,
        unused=("scale_rewards", "clip", "clip_high", "mask_cut_off", "kl"),
    ),
}


def algorithm_of(training: TrainingConfig) -> Algorithm:
    """The algorithm with what the configuration sets otherwise."""
    own: dict[str, Any] = {
        "scale": training.scale_rewards,
        "clip": training.clip,
        "clip_high": training.clip_high,
        "mask_cut_off": training.mask_cut_off,
        "refill": training.refill,
    }
    return replace(ALGORITHMS[training.algorithm], **{name: value for name, value in own.items() if value is not None})
