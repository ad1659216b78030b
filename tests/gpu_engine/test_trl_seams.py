"""TRL over the engine: the three methods that are replaced, held to what TRL 1.16.0 does around them. CPU, with a sampler of plain fp32."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rewardlang.trainer.generation import PolicyTrainer
from rewardlang.trainer.gpu_canary import PolicyMismatch
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_loss import truncated_loss
from rewardlang.trainer.gpu_shared_base import adapters, base_tensors
from rewardlang.trainer.gpu_swap import SlotMismatch
from rewardlang.trainer.gpu_trainer import EngineGeneration, EngineTrainer
from rewardlang.trainer.gpu_vllm_weights import EngineContract
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm

pytestmark = pytest.mark.filterwarnings("default")

PROMPTS = ["t5 t6 t7", "t8 t9 t10 t11", "t12 t13", "t14 t15 t16"]


def tokenizer() -> Any:
    """One token a word, `t0` to `t95`; `t0` pads and `t1` ends."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({f"t{index}": index for index in range(96)}, unk_token="t2"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    make: Any = PreTrainedTokenizerFast
    return make(tokenizer_object=inner, pad_token="t0", eos_token="t1", unk_token="t2", padding_side="left")


def low_tokens(completions: list[str], **_: Any) -> list[float]:
    """Pays for tokens below 48."""
    return [float(sum(int(word[1:]) < 48 for word in completion.split())) for completion in completions]


def trainer(folder: Path, *, noise: float = 0.0, canary_every: int = 1, kind: type[PolicyTrainer] = EngineTrainer, **arguments: Any) -> Any:
    """A trainer over a fresh engine, 16 completions a step in passes of 8."""
    import datasets
    from trl.trainer.grpo_config import GRPOConfig

    fake = fake_vllm("qwen2")
    engine = Engine(FakeSampler(fake, noise), fake.config, rank=4, alpha=8)
    if not noise:
        engine.gate([[5, 6, 7], [8, 9, 10]], max_tokens=6).check()
    settings: dict[str, Any] = {
        "output_dir": str(folder / "checkpoints"), "save_total_limit": 2, "use_cpu": True, "bf16": False, "max_steps": 2,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 2, "num_generations": 4, "max_completion_length": 5, "learning_rate": 5e-2, "beta": 0.0,
        "lr_scheduler_type": "constant", "logging_steps": 1, "save_strategy": "no", "report_to": [], "disable_tqdm": True,
        "shuffle_dataset": False, "max_grad_norm": 1e9, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "gradient_checkpointing": False,
    }  # fmt: skip
    return kind(
        engine=engine,
        generation=EngineGeneration(engine, max_tokens=5, stop=(), seed=3, canary_every=canary_every),
        reward_funcs=low_tokens,
        args=GRPOConfig(**(settings | arguments)),
        train_dataset=datasets.Dataset.from_list([{"prompt": prompt} for prompt in PROMPTS * 16]),
        processing_class=tokenizer(),
    )


def test_it_is_the_trl_that_the_seams_are_written_for() -> None:
    """Version and signatures; another TRL fails here first, by name."""
    import trl
    from trl.trainer.grpo_trainer import GRPOTrainer

    private: Any = GRPOTrainer
    assert trl.__version__ == "1.16.0"
    logprobs = list(inspect.signature(private._get_per_token_logps_and_entropies).parameters)
    assert logprobs[:8] == [
        "self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size", "compute_entropy", "compute_aux_loss",
    ]  # fmt: skip
    assert list(inspect.signature(private._compute_loss).parameters) == ["self", "model", "inputs"]
    source = inspect.getsource(private._compute_loss)
    assert source.count('inputs["importance_sampling_ratio"]') == 1
    assert source.count("self.use_vllm") == 1


def test_the_policy_moves_towards_what_is_paid(tmp_path: Path) -> None:
    """Ten steps through TRL: the reward rises, every canary passes, and the base has not moved in memory."""
    run = trainer(tmp_path, max_steps=10)
    before = [tensor.data_ptr() for tensor in base_tensors(run.engine.model)]
    run.train()
    rewards = [row["reward"] for row in run.state.log_history if "reward" in row]
    assert np.mean(rewards[-3:]) > np.mean(rewards[:3]) + 0.5
    assert run.engine.version == 10
    assert run.generation.last_canary.verdict == "the same policy"
    assert [tensor.data_ptr() for tensor in base_tensors(run.engine.model)] == before


def round_of(run: Any) -> dict[str, Any]:
    """One round as TRL hands it to the loss, with advantages."""
    rows = [{"prompt": prompt} for prompt in PROMPTS for _ in range(4)]
    run.model.train()
    run.current_gradient_accumulation_steps = run.args.gradient_accumulation_steps  # the training loop sets it
    inputs: dict[str, Any] = run._generate_and_score_completions(rows)
    return inputs


def gradients(run: Any) -> torch.Tensor:
    """The adapter's gradient as one vector; cleared afterwards."""
    found = torch.cat([p.grad.flatten() for p in run.model.parameters() if p.grad is not None])
    run.model.zero_grad()
    return found


def test_the_loss_is_the_truncated_one(tmp_path: Path) -> None:
    """TRL's loss with our weights has the gradient of `gpu_loss`'s formula on the same tokens, with a sampler that is off."""
    run = trainer(
        tmp_path, noise=0.5, canary_every=0, gradient_accumulation_steps=1, per_device_train_batch_size=16, steps_per_generation=1
    )
    for _, lora_b, _ in adapters(run.engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    inputs = round_of(run)
    loss = run._compute_loss(run.model, dict(inputs))
    loss.backward()
    ours = gradients(run)
    mask = inputs["completion_mask"].bool()
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    both = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    logprobs, _, _ = run._get_per_token_logps_and_entropies(run.model, ids, both, mask.shape[1])
    advantages = inputs["advantages"][:, None].expand(mask.shape)
    wanted, report = truncated_loss(logprobs[mask], inputs["sampling_per_token_logps"][mask], advantages[mask], tokens=int(mask.sum()))
    wanted.backward()
    direct = gradients(run)
    # The clipped objective has the value Σ w·A at ratio 1, the formula Σ w·A·log p: only their gradients are the same.
    assert torch.allclose(ours, direct, atol=1e-5 * float(direct.abs().max()), rtol=1e-4)
    assert report.truncated > 0
    assert run._metrics["train"]["sampling/truncated"][-1] > 0


def test_rows_without_advantage_are_left_out_and_change_nothing(tmp_path: Path) -> None:
    """A group that was all paid the same is not computed; the gradient is that of the whole round."""
    run = trainer(tmp_path, canary_every=0)
    for _, lora_b, _ in adapters(run.engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    inputs = round_of(run)
    inputs["advantages"][4:12] = 0.0
    found = []
    for leave_out in (True, False):
        if not leave_out:
            run._with_gradient = dict
        run._compute_loss(run.model, dict(inputs)).backward()
        found.append(gradients(run))
    assert torch.allclose(found[0], found[1], atol=1e-6, rtol=1e-4)
    assert run._metrics["train"]["rows_skipped"] == [0.5, 0.0]
    del run._with_gradient
    inputs["advantages"].zero_()
    loss = run._compute_loss(run.model, dict(inputs))
    loss.backward()
    assert float(loss) == 0.0
    assert not gradients(run).any()


def test_padding_and_passes_change_no_logprob(tmp_path: Path) -> None:
    """Prompts of different lengths, one row at a time or all at once; entropies are those of the whole distribution."""
    run = trainer(tmp_path, canary_every=0, temperature=0.7)
    inputs = round_of(run)
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    width = inputs["completion_ids"].shape[1]
    together, entropies, _ = run._get_per_token_logps_and_entropies(run.model, ids, mask, width, compute_entropy=True)
    single, _, _ = run._get_per_token_logps_and_entropies(run.model, ids, mask, width, batch_size=1)
    assert torch.allclose(together, single, atol=2e-2)
    row = ids[0][mask[0].bool()]
    hidden = run.engine.hidden([row.tolist()])[0]
    logits = (hidden[-width - 1 : -1].float() @ run.engine.head.float().t()) / 0.7
    assert torch.allclose(entropies[0], torch.distributions.Categorical(logits=logits).entropy(), atol=2e-2)
    assert torch.allclose(together[0], logits.log_softmax(-1).gather(1, row[-width:, None])[:, 0], atol=2e-2)


@pytest.mark.parametrize("kind", ["lost", "old"])
def test_a_broken_swap_stops_the_run(tmp_path: Path, kind: str) -> None:
    """The adapter is not written, or lost after it was: the run ends with the reason, before another update."""
    run = trainer(tmp_path, max_steps=6)
    swap = run.engine.swap
    if kind == "old":
        swap.write = lambda: None
    else:
        check, swap.check = swap.check, lambda: None
        publish = run.engine.publish

        def lost() -> None:
            publish()
            swap.clear()
            swap.check = check

        run.engine.publish = lost
    with pytest.raises((SlotMismatch, PolicyMismatch), match="not the policy that is trained"):
        run.train()
    assert run.state.global_step < 3


def test_a_copied_base_stops_the_run(tmp_path: Path) -> None:
    """A library that moves or copies a weight while it prepares the model is caught before the first step."""
    run = trainer(tmp_path)
    norm = run.engine.decoder.norm.weight
    norm.data = norm.data.clone()
    with pytest.raises(EngineContract, match="1 tensors of the base were copied"):
        run.train()


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """Adapter and optimizer come back, the sampler has the adapter before it draws, with the seeds of the step: the end is the same."""
    first = trainer(tmp_path / "a", save_strategy="steps", save_steps=2, max_steps=4)
    first.train()
    second = trainer(tmp_path / "b", max_steps=4)
    second.train(resume_from_checkpoint=str(tmp_path / "a" / "checkpoints" / "checkpoint-2"))
    assert second.state.global_step == 4
    assert second.generation.last_canary.verdict == "the same policy"
    ones, others = adapters(first.engine.model), adapters(second.engine.model)
    assert all(others[name][1].abs().max() > 0 for name in ones)
    assert all(torch.equal(one, other) for name in ones for one, other in zip(ones[name][:2], others[name][:2], strict=True))
