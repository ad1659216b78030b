"""The completions of a prompt over one pass of it: the same log-probs and gradients as each with a prompt of its own, and fewer tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.bias import causal_upper_left

from benchmarks.gpu.shapes import SHAPES
from rewardlang.trainer import gpu_prefix
from rewardlang.trainer.gpu_canary import PolicyMismatch
from rewardlang.trainer.gpu_cards import card_named
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_prefix import pack
from rewardlang.trainer.gpu_shape import shape_from_config
from rewardlang.trainer.gpu_shared_base import adapters
from rewardlang.trainer.gpu_update import accumulate, prepare_training
from rewardlang.trainer.memory_plan import Workload, expanded_prompt_bytes, pass_tokens, plan, prompts_in_pass, saved_bytes_a_token
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm
from tests.gpu_engine.test_memory_plan import saved_by_autograd
from tests.gpu_engine.test_trl_seams import gradients, round_of, trainer

pytestmark = pytest.mark.filterwarnings("default")

KINDS = [("qwen2", True), ("llama", False), ("qwen3", True)]
A, B, C = [5, 6, 7, 8, 9, 10, 11], [12, 13, 14], [15]


def made(model_type: str = "qwen2", *, tied: bool = True) -> Engine:
    """An engine with an adapter that has an effect."""
    fake = fake_vllm(model_type, tied=tied)
    engine = Engine(FakeSampler(fake), fake.config, rank=4, alpha=8)
    torch.manual_seed(1)
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    return engine


def both(engine: Engine) -> Iterator[None]:
    """Each prompt for itself, then shared."""
    for engine.share_prompts in (False, True):
        yield


ROUNDS = {
    "two groups, ragged, not in order": ([A, B, A, C, A, B], [[20, 21, 22], [30] * 9, [40], [50, 51], [60] * 6, [70, 71]]),
    "one group of one length": ([A] * 4, [[20 + k, 30, 40 + k] for k in range(4)]),
    "groups of one": ([A, B], [[20, 21], [30]]),
    "a completion that was left out": ([A, A, B], [[20, 21], [], [30]]),
    "the same completion twice": ([C, C], [[20, 21, 22]] * 2),
}


@pytest.mark.parametrize(
    ("model_type", "tied", "round_name"),
    [("qwen2", True, name) for name in ROUNDS] + [(*kind, "two groups, ragged, not in order") for kind in KINDS[1:]],
)
def test_states_and_gradients_are_those_of_whole_sequences(model_type: str, tied: bool, round_name: str) -> None:
    """In fp32, with recomputed activations: every state before a completion's token, and the gradient of every LoRA parameter."""
    engine = made(model_type, tied=tied)
    prepare_training(engine)
    prompts, completions = ROUNDS[round_name]
    states, slopes = [], []
    for _ in both(engine):
        engine.model.zero_grad()
        found = engine.states_before(prompts, completions, exact=True)
        weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(2))
        (found * weights).sum().backward()
        states.append(found.detach())
        slopes.append(torch.cat([p.grad.flatten() for p in engine.model.parameters() if p.grad is not None]))
    assert len(states[0]) == sum(map(len, completions))
    assert torch.allclose(states[0], states[1], atol=2e-5, rtol=1e-4)
    assert float((slopes[0] - slopes[1]).norm() / slopes[0].norm()) < 1e-5


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from([A, B, C]), st.lists(st.integers(20, 90), max_size=6)), min_size=1, max_size=9).filter(
        lambda rows: any(completion for _, completion in rows)
    )
)
def test_a_pass_holds_each_prompt_once(rows: list[tuple[list[int], list[int]]]) -> None:
    """Positions go on from the prompt's; the place before each token holds the token that stands before it in its own sequence."""
    prompts, completions = [prompt for prompt, _ in rows], [completion for _, completion in rows]
    packed = pack(prompts, completions, "cpu")
    used = {tuple(prompt) for prompt, completion in rows if completion}
    assert len(packed.ids_T) == sum(map(len, used)) + sum(map(len, completions))
    sequences = [(prompt + completion, place) for prompt, completion in rows for place in range(len(prompt), len(prompt) + len(completion))]
    assert packed.ids_T[packed.before].tolist() == [tokens[place - 1] for tokens, place in sequences]
    assert packed.positions_T[packed.before].tolist() == [place - 1 for _, place in sequences]


def test_an_update_over_shared_prompts_is_the_same_step() -> None:
    """Completions of four prompts, out of order, one without advantage: one gradient, whatever shares a pass; fewer passes hold nothing."""
    engine = made()
    prepare_training(engine)
    engine.publish()
    completions = engine.generate([A, B, C, A, B, C, A, A], 5)
    advantages = [1.0, -0.5, 0.0, 2.0, 0.3, 0.0, -1.0, 0.7]
    found = []
    for _ in both(engine):
        for micro_batch in (1, 4, 8):
            engine.model.zero_grad()
            report = accumulate(engine, completions, advantages, micro_batch=micro_batch)
            assert report.tokens == 40
            found.append(torch.cat([p.grad.flatten() for p in engine.model.parameters() if p.grad is not None]))
    for other in found[1:]:
        assert float((other - found[0]).norm() / found[0].norm()) < 0.05


def test_groups_stand_together_in_trls_passes(tmp_path: Path) -> None:
    """TRL shuffles a round; each of its passes of 8 has the 4 completions of two prompts, loss and gradient are as without sharing."""
    run = trainer(tmp_path, canary_every=0)
    run.engine.share_prompts = True
    for _, lora_b, _ in adapters(run.engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    run.model.train()
    run.current_gradient_accumulation_steps = run.args.gradient_accumulation_steps
    rows = [{"prompt": prompt} for prompt in ("t5 t6 t7", "t8 t9 t10 t11", "t12 t13", "t14 t15 t16") for _ in range(4)]
    passes = []
    for run._step in (0, 1):
        passes.append(run._prepare_inputs(rows))
    for inputs in passes:
        prompts = [tuple(ids[mask.bool()].tolist()) for ids, mask in zip(inputs["prompt_ids"], inputs["prompt_mask"], strict=True)]
        assert len(set(prompts)) == 2
        assert prompts[:4] == [prompts[0]] * 4
    slopes = []
    for _ in both(run.engine):
        run._compute_loss(run.model, dict(passes[0])).backward()
        slopes.append(gradients(run))
    assert float((slopes[0] - slopes[1]).norm() / slopes[0].norm()) < 0.05
    assert torch.equal(round_of(run)["ledger_row"], torch.arange(16, 32))


def test_the_gate_computes_shared_prompts_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are as near to fp32 as whole sequences are; an attention that aligns completions at the other corner stops the run."""
    engine = made()
    engine.share_prompts = True
    report = engine.gate([A, B, [1, 2, 3]], max_tokens=6)
    report.check()
    assert report.shared_noise is not None
    assert report.shared_noise < 2 * report.trainer_noise
    monkeypatch.setattr(gpu_prefix, "causal_lower_right", causal_upper_left)
    with pytest.raises(PolicyMismatch, match="over shared prompts the trainer is"):
        engine.gate([A, B, [1, 2, 3]], max_tokens=6).check()


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("model_type", ["qwen2", "qwen3"])
def test_what_autograd_keeps_is_what_the_plan_counts(model_type: str, ragged: bool) -> None:
    """One layer over two prompts with three completions each, by autograd's own hooks: within 3 % of the plan's count where completions
    are padded; where they are of one length, less by the queries, which are not copied."""
    prompt, completion, count, rank = 24, 40, 6, 5
    sizes = {"hidden_size": 64, "intermediate_size": 352, "num_attention_heads": 4, "num_key_value_heads": 2}
    sizes |= {} if model_type == "qwen2" else {"head_dim": 16}
    lengths = [completion - ragged * (index % 3) for index in range(count)]
    packed = pack([[index // 3] * prompt for index in range(count)], [[index] * length for index, length in enumerate(lengths)], "cpu")
    tokens = len(packed.ids_T)
    seen = saved_by_autograd(model_type, sizes, 1, tokens, rank, packed, mask=(completion, prompt + completion))
    shape = shape_from_config({"model_type": model_type, "vocab_size": 64, "num_hidden_layers": 1, **sizes})
    load = Workload(prompt=prompt, completion=completion, completions=count, group=3, rank=rank)
    counted = saved_bytes_a_token(shape, rank) * tokens + expanded_prompt_bytes(shape, load, count)
    if not ragged:
        counted -= 2 * shape.queries * count * completion
    assert abs(seen - counted) <= 0.03 * counted


def test_the_plan_shares_prompts_where_that_makes_a_pass_shorter() -> None:
    """P + ΣC tokens a pass in place of G·P + ΣC; not for one sequence in a pass, nor for groups of one; told otherwise, it obeys."""
    load = Workload(prompt=512, completion=512, completions=64, group=8, micro_batch=8)
    assert pass_tokens(load, 8, shared=True) == 512 + 8 * 512
    assert pass_tokens(load, 8, shared=False) == 8 * 1024
    assert [prompts_in_pass(load, size) for size in (1, 2, 4, 6, 8, 12, 16, 64)] == [1, 1, 1, 2, 1, 2, 2, 8]
    config = SHAPES["qwen2.5-1.5b"]
    shared, apart = plan(config, load), plan(config, replace(load, share_prompts=False))
    assert shared.shared
    assert not apart.shared
    assert shared.phase("training") < apart.phase("training")
    assert shared.phase("rollout") == pytest.approx(apart.phase("rollout"), rel=0.15)
    assert "over shared prompts" in shared.table()
    assert not plan(config, Workload(group=8, micro_batch=1)).shared
    assert not plan(config, Workload(group=1, micro_batch=8)).shared
    small = Workload(prompt=2048, completion=512, completions=16, group=8)
    assert (
        plan(config, small, card=card_named("6GiB")).micro_batch
        > plan(config, Workload(2048, 512, 16), card=card_named("6GiB")).micro_batch
    )
