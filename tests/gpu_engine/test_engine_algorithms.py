"""RLOO, PPO and Online DPO over the engine: loss and gradient by their formulas from plain log-probs, and runs that move the policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.checkpoints import remove
from rewardlang.trainer.gpu_algorithms import EngineLeaveOneOutTrainer, EngineOnlineDpoTrainer, EnginePpoTrainer
from rewardlang.trainer.gpu_loss import CAP
from rewardlang.trainer.gpu_shared_base import adapters
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.online_dpo import pair_losses
from rewardlang.trainer.ppo import advantages, value_loss
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.gpu_engine.test_gpu_run import run_config, small_card
from tests.gpu_engine.test_trl_seams import gradients, round_of, trainer

__all__ = ["small_card"]  # a fixture

pytestmark = pytest.mark.filterwarnings("default")
WHOLE: dict[str, Any] = {"gradient_accumulation_steps": 1, "per_device_train_batch_size": 16, "steps_per_generation": 1}


def moved(run: Any) -> Any:
    """The trainer, with an adapter that has an effect."""
    torch.manual_seed(0)
    for _, lora_b, _ in adapters(run.engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    return run


def forward(run: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """log p of the completions' tokens (B, C), and the mask."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    both = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    mask = inputs["completion_mask"]
    return run._get_per_token_logps_and_entropies(run.model, ids, both, mask.shape[1])[0], mask


def assert_same_direction(run: Any, loss: torch.Tensor, wanted: torch.Tensor) -> None:
    """Both losses have the same gradient."""
    loss.backward()
    ours = gradients(run)
    wanted.backward()
    direct = gradients(run)
    assert torch.allclose(ours, direct, atol=1e-5 * float(direct.abs().max()), rtol=1e-4)


def test_rloo_is_reinforce_with_the_mean_of_the_others(tmp_path: Path) -> None:
    """Each completion's log-prob, its tokens weighted by the sampler's, times the reward less the others' mean; a mean over all."""
    run = moved(
        trainer(tmp_path, noise=0.5, canary_every=0, kind=EngineLeaveOneOutTrainer, loss_type="luspo", scale_rewards="none", **WHOLE)
    )
    inputs = round_of(run)
    rewards = torch.tensor(next(iter(run._logs["rewards"].values()))).view(-1, 4)
    baseline = (rewards.sum(1, keepdim=True) - rewards) / 3
    assert torch.allclose(inputs["advantages"], (rewards - baseline).flatten(), atol=1e-5)
    logps, mask = forward(run, inputs)
    weights = (logps.detach() - inputs["sampling_per_token_logps"]).exp().clamp(max=CAP)
    wanted = -(inputs["advantages"] * (weights * logps * mask).sum(1)).mean()
    assert_same_direction(run, run._compute_loss(run.model, dict(inputs)), wanted)


def test_ppo_reads_values_from_the_states_of_the_log_probs(tmp_path: Path) -> None:
    """Values, advantages and both parts of the loss, by the formulas, from the engine's own forward pass."""
    options = {"gae_lambda": 0.9, "value_weight": 0.5, "value_rate": 1e-2}
    run = moved(trainer(tmp_path, canary_every=0, kind=ppo_with(options), loss_type="dapo", **WHOLE))
    torch.nn.init.normal_(run.value_head.weight, std=0.1)
    inputs = round_of(run)
    logps, mask = forward(run, inputs)
    values = run._values(mask.shape[1])
    hidden = run.engine.hidden([row[kept.bool()].tolist() for row, kept in zip(*sequences(inputs), strict=True)])
    first = int(inputs["prompt_mask"][0].sum()) - 1
    length = int(mask[0].sum())
    assert torch.allclose(values[0, :length], run.value_head(hidden[0, first : first + length].float())[:, 0], atol=1e-5)
    scores = torch.tensor(next(iter(run._logs["rewards"].values())))
    raw = advantages(scores, inputs["old_values"], mask, 0.9)
    assert torch.allclose(inputs["returns"], raw + inputs["old_values"], atol=1e-5)
    weights = (logps.detach() - inputs["sampling_per_token_logps"]).exp().clamp(max=CAP)
    tokens = mask.sum()
    policy = -(weights * inputs["advantages"] * logps * mask).sum() / tokens
    value = (value_loss(values, inputs["old_values"], inputs["returns"]) * mask).sum() / tokens
    assert_same_direction(run, run._compute_loss(run.model, dict(inputs)), policy + 0.5 * value)
    assert run.value_head.weight.grad is not None


def ppo_with(options: dict[str, float]) -> Any:
    """The trainer's class with its own options, which the helper does not know."""

    def make(**given: Any) -> EnginePpoTrainer:
        return EnginePpoTrainer(**given, **options)

    return make


def sequences(inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts and completions as one, and their mask."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    return ids, torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)


def test_online_dpo_compares_with_the_base(tmp_path: Path) -> None:
    """The reference is the engine's base without the adapter; the loss is that of the pairs."""
    run = moved(trainer(tmp_path, canary_every=0, kind=EngineOnlineDpoTrainer, scale_rewards="none", beta=0.3, **WHOLE))
    inputs = round_of(run)
    with torch.no_grad(), run.model.disable_adapter():
        reference, mask = forward(run, inputs)
    assert torch.allclose(inputs["ref_per_token_logps"] * mask, reference * mask, atol=1e-5)
    logps, _ = forward(run, inputs)
    assert (logps - reference).abs().max() > 0.01
    wanted = pair_losses(((logps - reference) * mask).sum(1), inputs["advantages"], 4, 0.3).losses_G.mean()
    loss = run._compute_loss(run.model, dict(inputs))
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert_same_direction(run, loss, wanted)


def test_a_pass_of_completions_that_were_all_cut_off_moves_nothing(tmp_path: Path) -> None:
    """Where they are left out of the loss no token is left: zero, with a gradient of zeros."""
    run = moved(trainer(tmp_path, canary_every=0, mask_truncated_completions=True, loss_type="grpo", **WHOLE))
    inputs = round_of(run)
    inputs["completion_mask"] = torch.zeros_like(inputs["completion_mask"])
    loss = run._compute_loss(run.model, dict(inputs))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not gradients(run).any()


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("REWARDLANG_LONG_TESTS"), reason="takes long: set REWARDLANG_LONG_TESTS=1")
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_runs_and_resumes_on_the_engine(tmp_path: Path, small_card: list[Any], algorithm: str) -> None:
    """The whole of `train`: four steps with a canary in each; then from the second step's checkpoint again."""
    config = run_config(tmp_path, algorithm=algorithm, keep=9)
    assert train(config, Silent()).steps == 4
    remove(tmp_path / "run" / "checkpoints" / "checkpoint-4")
    assert train(config, Silent(), resume=True).steps == 4
    rows = read_ledger(tmp_path / "run" / "ledger").to_pylist()
    assert [row["version"] for row in rows[::8]][:4] == [0, 1, 2, 3] or algorithm == "dapo"
