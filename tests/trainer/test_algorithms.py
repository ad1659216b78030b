"""Each algorithm against its published formula, written out here on the same numbers: advantages, loss, and the gradient of the loss.

The policy is a small one; the formulas take its log-probabilities from a plain forward pass of the model, sequence by sequence, and
share no code with the trainer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import RunConfig
from tests.trainer.runs import short_run

# Points from the text alone, in two sections of very different size.
TWO_SECTIONS = """rewardlang 1
reward two_sections
column gold: text
section substance
rule right: award 2 points when completion contains gold
section form
rule ones: award 0.1 points for each match of /1/ in completion, up to 0.3 points
score between 0 and 2.3
"""
TEXTS = ["1 2", "2 2 2", "111 1", "3", "1", "2 1", "3 3 3 3 3 3", "11"]  # the seventh is cut off
GROUP, CUT_OFF = 4, 6
POINTS: dict[str, list[float]] = {"right": [2, 2, 0, 0, 0, 2, 0, 0], "ones": [0.1, 0, 0.3, 0, 0.1, 0.1, 0, 0.2]}
LIMIT = 12


class Drawn:
    """An engine that gives the same completions whatever the prompt."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def publish(self, model: Any, step: int) -> None:
        """Nothing to take over."""

    def generate(self, prompts: list[list[int]], group: int, ended: Any = None) -> tuple[list[list[int]], None]:
        """As many texts as there are prompts."""
        ids = [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS[: len(prompts)]]
        return [one if index == CUT_OFF else [*one, self.tokenizer.eos_token_id] for index, one in enumerate(ids)], None


def trainer_for(policy: Path, folder: Path, algorithm: str, **training: Any) -> Any:
    """A trainer of the algorithm that has drawn nothing yet; dropout is off, so that a second forward pass gives the same."""
    from rewardlang.trainer.grpo import make_trainer
    from rewardlang.trainer.policy import load_model, load_tokenizer

    reward = folder / "two_sections.reward"
    reward.write_text(TWO_SECTIONS, encoding="utf-8")
    settings: dict[str, Any] = {"completions": len(TEXTS), "group": GROUP, "max_completion_tokens": LIMIT}
    settings |= {"algorithm": algorithm, "refill": 0}
    config: RunConfig = short_run(policy, folder / "run", reward, **(settings | training))
    tokenizer = load_tokenizer(config.model)
    rows = [{"prompt": f"What is {number} + 1?", "gold": "2"} for number in range(8)]
    trainer = make_trainer(config, rewardlang.load(reward), load_model(config.model), tokenizer, rows, generation=Drawn(tokenizer))
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    return trainer


def drawn_batch(trainer: Any) -> dict[str, Any]:
    """A round of completions, scored, as it goes into the loss."""
    rows = [trainer.train_dataset[index // GROUP] for index in range(len(TEXTS))]
    batch: dict[str, Any] = trainer._generate_and_score_completions(rows)
    return batch


def advantages_by_formula(algorithm: str) -> Any:
    """The advantages (B,) of the eight completions, from their points."""
    import numpy as np

    sections = {name: np.array(points, dtype=np.float64).reshape(-1, GROUP) for name, points in POINTS.items()}
    total = sections["right"] + sections["ones"]
    centred = total - total.mean(axis=1, keepdims=True)
    if algorithm in ("dr_grpo", "online_dpo"):
        return centred.reshape(-1)
    if algorithm == "rloo":
        return ((total * GROUP - total.sum(axis=1, keepdims=True)) / (GROUP - 1)).reshape(-1)
    if algorithm == "gdpo":
        parts = [
            (points - points.mean(axis=1, keepdims=True)) / (points.std(axis=1, ddof=1, keepdims=True) + 1e-4)
            for points in sections.values()
        ]
        summed = sum(parts).reshape(-1)
        return (summed - summed.mean()) / (summed.std(ddof=1) + 1e-4)
    return (centred / (total.std(axis=1, ddof=1, keepdims=True) + 1e-4)).reshape(-1)


@pytest.mark.parametrize("algorithm", sorted(set(ALGORITHMS) - {"ppo"}))
def test_advantages_are_those_of_the_formula(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """From the points of the reward file to what each completion pulls with."""
    trainer = trainer_for(raw_policy, tmp_path, algorithm)
    assert drawn_batch(trainer)["advantages"].tolist() == pytest.approx(advantages_by_formula(algorithm).tolist(), abs=1e-5)


def log_probs(model: Any, batch: dict[str, Any], index: int) -> Any:
    """The log-probabilities (T,) of one completion's tokens, from a forward pass of that sequence without padding."""
    import torch

    prompt = batch["prompt_ids"][index][batch["prompt_mask"][index].bool()]
    real = batch["true_mask"][index].bool()
    completion = batch["completion_ids"][index][real]
    logits = model(torch.cat([prompt, completion])[None]).logits[0]
    table = logits[len(prompt) - 1 : -1].log_softmax(-1)
    return table.gather(1, completion[:, None])[:, 0]


def loss_by_formula(algorithm: str, model: Any, batch: dict[str, Any], old: Any) -> Any:
    """The published objective, with its sign turned: tokens one by one, in sums over sequences o_i of lengths |o_i|."""
    import torch

    advantages = batch["advantages"]
    kept = [index for index in range(len(TEXTS)) if not (algorithm == "dapo" and index == CUT_OFF)]
    token_sums, lengths, sequence_losses = [], [], []
    for index in kept:
        new = log_probs(model, batch, index)
        log_ratio = new - old[index][: len(new)]
        advantage, length = advantages[index], len(new)
        lengths.append(length)
        if algorithm == "gspo":
            ratio = (log_ratio.sum() / length).exp()
            sequence_losses.append(-torch.minimum(ratio * advantage, ratio.clamp(1 - 3e-4, 1 + 4e-4) * advantage))
        elif algorithm == "rloo":
            ratio = log_ratio.sum().exp()
            sequence_losses.append(-torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage))
        elif algorithm == "cispo":
            token_sums.append(-(log_ratio.exp().clamp(max=5.0).detach() * advantage * new).sum())
        else:
            high = 1.28 if algorithm == "dapo" else 1.2
            ratios = log_ratio.exp()
            token_sums.append(-torch.minimum(ratios * advantage, ratios.clamp(0.8, high) * advantage).sum())
    if sequence_losses:
        return torch.stack(sequence_losses).mean()
    if algorithm in ("grpo", "gdpo"):
        return torch.stack([total / length for total, length in zip(token_sums, lengths, strict=True)]).mean()
    if algorithm == "dr_grpo":
        return sum(token_sums) / (len(TEXTS) * LIMIT)
    return sum(token_sums) / sum(lengths)


def gradient(loss: Any, model: Any) -> list[float]:
    """What the loss asks of the adapter, as one flat list."""
    import torch

    model.zero_grad()
    loss.backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.requires_grad]).tolist()


@pytest.mark.parametrize("algorithm", sorted(set(ALGORITHMS) - {"ppo", "online_dpo"}))
def test_loss_and_gradient_are_those_of_the_formula(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """With old log-probabilities so far from the new ones that some ratios are clipped above and some below."""
    import torch

    trainer = trainer_for(raw_policy, tmp_path, algorithm)
    batch = drawn_batch(trainer)
    batch["true_mask"] = torch.tensor(
        [[place < length for place in range(batch["completion_ids"].shape[1])] for length in true_lengths(trainer)]
    )
    with torch.no_grad():
        for parameter in (item for item in trainer.model.parameters() if item.requires_grad):
            parameter.add_(torch.randn_like(parameter) * 0.05)
        new = torch.nn.utils.rnn.pad_sequence([log_probs(trainer.model, batch, index) for index in range(len(TEXTS))], batch_first=True)
    noise = torch.randn(new.shape, generator=torch.Generator().manual_seed(1))
    old = new + noise * {"gspo": 1e-3, "cispo": 2.0}.get(algorithm, 0.3) / (3 if algorithm == "rloo" else 1)
    if algorithm == "rloo":
        batch["old_logps"] = (old * batch["true_mask"]).sum(1)
    else:
        batch["old_per_token_logps"] = old
    given = {name: value for name, value in batch.items() if name != "true_mask"}
    wanted = loss_by_formula(algorithm, trainer.model, batch, old)
    wanted_gradient = gradient(wanted, trainer.model)
    loss = trainer._compute_loss(trainer.model, given)
    assert loss.item() == pytest.approx(wanted.item(), abs=2e-6, rel=1e-5)
    assert gradient(loss, trainer.model) == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)
    clipped = trainer._metrics["train"][{"cispo": "cispo_clip_ratio"}.get(algorithm, "clip_ratio/region_mean")]
    assert clipped[-1] > 0


def true_lengths(trainer: Any) -> list[int]:
    """Tokens of each completion, with the one that ends it."""
    ids, _ = Drawn(trainer.processing_class).generate([[0]] * len(TEXTS), GROUP)
    return [len(one) for one in ids]


def test_kl_is_taken_to_the_policy_before_training(raw_policy: Path, tmp_path: Path) -> None:
    """With `kl` the loss of GRPO grows by its weight times the estimate r - 1 - log r of each token, r being the reference's ratio."""
    import torch

    losses = {}
    for weight in (0.0, 0.5):
        trainer = trainer_for(raw_policy, tmp_path, "grpo_token", kl=weight)
        torch.manual_seed(0)
        with torch.no_grad():
            for parameter in (item for item in trainer.model.parameters() if item.requires_grad):
                parameter.add_(torch.randn_like(parameter) * 0.05)
        batch = drawn_batch(trainer)
        losses[weight] = float(trainer._compute_loss(trainer.model, batch).detach())
        batch["true_mask"] = batch["completion_mask"]
        new = torch.cat([log_probs(trainer.model, batch, index) for index in range(len(TEXTS))])
        with trainer.model.disable_adapter():
            reference = torch.cat([log_probs(trainer.model, batch, index) for index in range(len(TEXTS))])
    estimate = ((reference - new).exp() - (reference - new) - 1).mean()
    assert losses[0.5] - losses[0.0] == pytest.approx(0.5 * float(estimate), rel=1e-4)


def test_groups_without_spread_are_replaced_by_groups_of_other_prompts(raw_policy: Path, tmp_path: Path) -> None:
    """Six of eight groups pay all the same; the call is made again for six further prompts, whose good groups take their places.

    Masks, advantages and the count of tokens are those of the merged round, padded to the longer of the two.
    """
    import torch

    trainer = trainer_for(raw_policy, tmp_path, "dapo", refill=2, completions=32)
    tokenizer = trainer.processing_class
    flat, spread = ["2"] * GROUP, ["2 2 2 2 2", "3", "2", "1 1"]
    rounds = [[flat, spread] + [flat] * 5 + [spread], [spread, flat, spread, flat, flat, flat], [flat, spread, flat, flat]]
    asked: list[int] = []

    class Scripted(Drawn):
        def generate(self, prompts: list[list[int]], group: int, ended: Any = None) -> tuple[list[list[int]], None]:
            texts = [text for one in rounds[len(asked)] for text in one]
            asked.append(len(prompts))
            return [[*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id] for text in texts], None

    trainer.generation = Scripted(tokenizer)
    rows = [trainer.train_dataset[index // GROUP % len(trainer.train_dataset)] for index in range(32)]
    batch = trainer._generate_and_score_completions(rows)
    assert asked == [32, 24, 16]
    spreads = batch["advantages"].reshape(-1, GROUP).abs().amax(1) > 0
    assert spreads.tolist() == [True, True, True, True, False, False, False, True]
    assert trainer._metrics["train"]["groups_replaced"] == [3.0]
    assert trainer._metrics["train"]["groups_flat_after_refill"] == [3.0]
    assert batch["num_items_in_batch"] == batch["completion_mask"].sum()
    texts = tokenizer.batch_decode([ids[mask.bool()] for ids, mask in zip(batch["completion_ids"], batch["completion_mask"], strict=True)])
    made = [text.replace(tokenizer.eos_token, "").replace(" ", "") for text in texts]
    assert made == [text.replace(" ", "") for text in [*(spread * 4), *(flat * 3), *spread]]
    assert trainer.algorithm_state() == {"refill_taken": 10}
    assert torch.isfinite(trainer._compute_loss(trainer.model, batch))


def test_a_resumed_run_goes_on_with_the_further_prompts(raw_policy: Path, tmp_path: Path) -> None:
    """The order of prompts for refilling comes from the seed alone, and the place in it from the checkpoint."""
    first, second = (trainer_for(raw_policy, tmp_path, "dapo", refill=1) for _ in range(2))
    uncut = [row["prompt"] for row in first._further(20)]
    assert [row["prompt"] for row in second._further(7)] == uncut[:7]
    third = trainer_for(raw_policy, tmp_path, "dapo", refill=1)
    third.restore_algorithm(second.algorithm_state())
    assert [row["prompt"] for row in third._further(13)] == uncut[7:]
    assert set(uncut[:8]) == set(uncut[8:16])
