"""What only a GPU can show: one rounding in its matrix products, the fused head's fp32 logits, and the engine over a real vLLM."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rewardlang.trainer.gpu_head import token_logprobs
from rewardlang.trainer.gpu_rounding import adapted_product
from tests.gpu_engine.test_rounding import adapter, share_kept

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("rows", [1, 40, 2048, 33968])
@pytest.mark.parametrize(("outputs", "inputs"), [(1536, 1536), (8960, 1536), (1536, 8960)])
def test_a_small_adapter_is_kept_whole_by_the_gpus_own_products(rows: int, outputs: int, inputs: int) -> None:
    """At 1e-3 of the base's output, the sum keeps the whole effect, with and without a bias; cuBLAS's `addmm` of an output keeps half."""
    from bitsandbytes.functional import quantize_4bit

    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(outputs, inputs, device="cuda").bfloat16() * 0.02
    codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=False, quant_type="nf4")
    x, (lora_a, lora_b) = (
        torch.randn(rows, inputs, device="cuda").bfloat16(),
        (one.cuda() for one in adapter(16, outputs, inputs, generator)),
    )
    bias = torch.randn(outputs, device="cuda").bfloat16()
    base = adapted_product(x, None, None, codes, state)
    lora_b *= 1e-3 * base.float().std()
    delta = (x @ lora_a.bfloat16().t()).float() @ lora_b.bfloat16().float().t()
    for one in (None, bias):
        share = share_kept(adapted_product(x, lora_a, lora_b, codes, state, one), adapted_product(x, None, None, codes, state, one), delta)
        assert abs(share - 1.0) < (0.03 if rows * outputs > 2**20 else 0.4), (share, one is None)


def test_nested_scales_are_the_expanded_ones_to_the_bit() -> None:
    """On the card as on the CPU: scales and matrix in the shared buffer are bitsandbytes' own, also where a graph replays the product."""
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    from rewardlang.trainer.gpu_nested import share_buffer
    from rewardlang.trainer.gpu_rounding import add_products_, dequantized

    made = [
        quantize_4bit(torch.randn(rows, 1536, device="cuda").bfloat16(), blocksize=64, compress_statistics=True, quant_type="nf4")
        for rows in (1536, 8960)
    ]
    wanted = [dequantize_4bit(codes, state) for codes, state in made]
    buffer = share_buffer([state for _, state in made])
    for (codes, state), own in zip(made, wanted, strict=True):
        found = dequantized(codes, state, torch.bfloat16)
        assert found.data_ptr() == buffer.matrix.data_ptr()
        assert torch.equal(found, own)
    x, delta = torch.randn(8, 1536, device="cuda").bfloat16(), torch.zeros(8, 10496, device="cuda").bfloat16()
    eager = add_products_(delta.clone(), x, made)
    graph, output = torch.cuda.CUDAGraph(), torch.empty_like(delta)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        add_products_(output.zero_(), x, made)
    buffer.matrix.zero_()
    graph.replay()
    assert torch.equal(output, eager)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32])
def test_logits_are_fp32_on_the_gpu(kind: torch.dtype) -> None:
    """bf16 and fp32 states against a bf16 head give the log-probs of an fp32 product, without an fp32 head."""
    hidden, head = torch.randn(40, 256, device="cuda").to(kind), torch.randn(5000, 256, device="cuda").bfloat16() * 0.1
    wanted = torch.arange(40, device="cuda")
    exact = (hidden.double() @ head.double().t()).log_softmax(-1).gather(1, wanted[:, None])[:, 0]
    assert float((token_logprobs(hidden, head, wanted).double() - exact).abs().max()) < 1e-4


@pytest.mark.parametrize("width", [128, 1536, 8192])
def test_norms_and_activations_are_the_formulas(width: int) -> None:
    """Compiled: values and gradients of bf16 rows lie within a step or two of bf16 of those in fp64."""
    from rewardlang.trainer.gpu_layer import gated, normed

    torch.manual_seed(0)
    first, second, upstream = (torch.randn(3000, width, device="cuda").bfloat16() * 3 for _ in range(3))
    weight = torch.randn(width, device="cuda").bfloat16()
    results: list[list[torch.Tensor]] = []
    for kind in (torch.bfloat16, torch.float64):
        ours = kind == torch.bfloat16
        x, gate, up = (one.to(kind, copy=True).requires_grad_() for one in (first, first, second))
        made = normed(x, weight, 1e-6) if ours else x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight.double()
        product = gated(gate, up) if ours else torch.nn.functional.silu(gate) * up
        both = torch.autograd.grad(product, (gate, up), upstream.to(kind))
        results.append([made, *torch.autograd.grad(made, x, upstream.to(kind)), product, *both])
    for found, wanted in zip(*results, strict=True):
        distance = (found.double() - wanted).abs() / (wanted.abs() + wanted.abs().mean())
        assert float(distance.detach().max()) < 2**-6


@pytest.mark.parametrize(("heads", "width"), [(12, 128), (2, 128), (64, 64)])
def test_a_rotation_is_the_formula(heads: int, width: int) -> None:
    """Compiled, of rows that lie further apart than they are long: as in fp64 but for the last rounding; its gradient turns back."""
    from rewardlang.trainer.gpu_layer import rotated
    from rewardlang.trainer.gpu_layer_plain import rotate

    angle = torch.randn(1, 700, width // 2, device="cuda").repeat(1, 1, 2)
    cos, sin = angle.cos().bfloat16(), angle.sin().bfloat16()
    x = torch.randn(3, 700, heads, 2 * width, device="cuda").bfloat16()[..., :width].detach().requires_grad_()
    made = rotated(x, cos, sin)
    wanted = rotate(x.detach().double(), cos.double(), sin.double(), backward=False)
    assert float((made.detach().double() - wanted).abs().max()) < 2**-5
    upstream = torch.randn(3, heads, 700, width, device="cuda").bfloat16().transpose(1, 2)
    (found,) = torch.autograd.grad(made, x, upstream)
    exact = rotate(upstream.double(), cos.double(), sin.double(), backward=True)
    assert float((found.double() - exact).abs().max()) < 2**-4


def test_merged_weights_are_rounded_once() -> None:
    """The compiled kernel's bf16 is the reference's to the bit but for ties of another order of summation, at a real size."""
    from bitsandbytes.functional import quantize_4bit

    from rewardlang.trainer.gpu_merge import merge_into
    from rewardlang.trainer.gpu_rollout import merged_reference

    weight = torch.randn(1536, 8960, device="cuda").bfloat16() * 0.02
    codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=False, quant_type="nf4")
    a, b = torch.randn(16, 8960, device="cuda"), torch.randn(1536, 16, device="cuda") * 1e-4
    merged = torch.empty_like(weight)
    merge_into(merged, codes, state.absmax, state.code, a, b, 2.0)
    reference = merged_reference(codes, state.absmax, state.code, a.double().float(), b, 2.0)
    assert float((merged != reference).float().mean()) < 2e-3


@pytest.mark.parametrize("batch", [1, 8, 64, 200])
def test_the_fused_product_is_rounded_once(batch: int) -> None:
    """The compiled kernel's sum is rounded once: bf16's nearest of a sum within fp32's error; in one part and in several the same again."""
    from bitsandbytes.functional import quantize_4bit

    from rewardlang.trainer.gpu_product import Tuning, add_product_, product_reference

    for outputs, inputs in ((2048, 1536), (1536, 8960)):
        codes, state = quantize_4bit(torch.randn(outputs, inputs, device="cuda").bfloat16() * 0.02, blocksize=64, quant_type="nf4")
        x, delta = torch.randn(batch, inputs, device="cuda").bfloat16(), torch.randn(batch, outputs, device="cuda").bfloat16() * 1e-3
        torch.set_float32_matmul_precision("highest")
        exact = product_reference(delta, x, codes, state.absmax, state.code)
        # Another order of so many terms moves a sum by some ulps of fp32 of their absolute sum (tensor cores cut what they add).
        error = product_reference(delta.abs(), x.abs(), codes, state.absmax, state.code.abs()) * 2**-18
        least, most = (exact - error).bfloat16(), (exact + error).bfloat16()
        for tuning in (Tuning(), Tuning(programs=1)):
            found = [delta.clone(), delta.clone()]
            for one in found:
                add_product_(one, x, codes, state.absmax, state.code, tuning=tuning)
            assert torch.equal(*found)
            assert bool(((least <= found[0]) & (found[0] <= most)).all())
            assert float((least != most).float().mean()) < 0.5  # most sums leave one value only


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # vLLM's imports go through a module that torch itself has given up
def test_the_engine_over_vllm(tmp_path: Path) -> None:
    """Gate, publish, decode, canary on random weights in the shape of Qwen2.5-0.5B; then a cleared slot is caught."""
    pytest.importorskip("vllm")
    from benchmarks.gpu.shapes import SHAPES, register_random_weights, write_config
    from rewardlang.trainer.gpu_engine import start_engine
    from rewardlang.trainer.gpu_shared_base import adapters
    from rewardlang.trainer.gpu_swap import SlotMismatch
    from rewardlang.trainer.gpu_vllm import SamplerSettings
    from rewardlang.trainer.memory_plan import Workload, plan

    register_random_weights()
    folder = write_config("qwen2.5-0.5b", tmp_path)
    cache = plan(SHAPES["qwen2.5-0.5b"], Workload(prompt=32, completion=64, completions=16)).cache_bytes
    engine = start_engine(SamplerSettings(str(folder), rank=8, length=96, sequences=16, cache_bytes=cache))
    prompts = [list(range(5 + index, 37 + index)) for index in range(16)]
    engine.gate(prompts).check()
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.normal_(lora_b, std=1e-3)
    engine.publish()
    report = engine.canary(engine.generate(prompts, 64))
    report.check()
    assert report.verdict == "the same policy"
    engine.swap.clear()
    with pytest.raises(SlotMismatch):
        engine.canary(engine.generate(prompts, 64))


@pytest.mark.parametrize(("heads", "keys"), [(12, 2), (32, 8)])
def test_completions_see_their_prompt_and_themselves(heads: int, keys: int) -> None:
    """Attention over two shared prompts with ragged completions, and its gradients, are those of a dense mask in fp32 to bf16's noise."""
    from rewardlang.trainer.gpu_prefix import attend, pack

    prompts, completions = [[1] * 150] * 3 + [[2] * 37] * 2, [[3] * 512, [4] * 100, [5] * 7, [6] * 64, [7] * 300]
    packed = pack(prompts, completions, "cuda")
    tokens = len(packed.ids_T)
    given = [torch.randn(1, count, tokens, 128, device="cuda").bfloat16().requires_grad_() for count in (heads, keys, keys)]
    query, key, value = given
    found = attend(torch.nn.Module(), query, key, value, None, packed=packed, scaling=128**-0.5)[0]
    weights = torch.randn_like(found)
    slopes = torch.autograd.grad((found * weights).sum(), given)
    seen = torch.zeros(tokens, tokens, dtype=torch.bool, device="cuda")
    for prompt, completion in zip(prompts, completions, strict=True):
        own, after = ((packed.ids_T == row[0]).nonzero().flatten() for row in (prompt, completion))
        for tensor in (own, after):
            seen[tensor[0] : tensor[-1] + 1, tensor[0] : tensor[-1] + 1] = torch.ones(len(tensor), len(tensor), device="cuda").tril().bool()
        seen[after[0] : after[-1] + 1, own[0] : own[-1] + 1] = True
    exact = [one.detach().float().requires_grad_() for one in given]
    dense = torch.nn.functional.scaled_dot_product_attention(exact[0], exact[1], exact[2], attn_mask=seen, enable_gqa=True).transpose(1, 2)
    wanted = torch.autograd.grad((dense * weights.float()).sum(), exact)
    assert float((found.float() - dense).norm() / dense.norm()) < 0.01
    for slope, true in zip(slopes, wanted, strict=True):
        assert float((slope.float() - true).norm() / true.norm()) < 0.02
