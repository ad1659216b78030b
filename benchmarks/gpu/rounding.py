"""How a GPU's matrix products round a sum: `addmm` in bf16 against a product kept in fp32 and against two roundings."""

from __future__ import annotations

import torch

SHAPES = ((2048, 1536, 1536), (2048, 8960, 1536), (2048, 1536, 8960), (128, 8960, 1536), (8, 1536, 8960))


def ways(size: float = 1e-3) -> list[dict[str, object]]:
    """For each shape and way: the share of a small addend that it keeps, and how often it equals one rounding of the fp32 sum."""
    generator = torch.Generator(device="cuda").manual_seed(0)
    rows = []
    for count, outputs, inputs in SHAPES:
        x = torch.randn(count, inputs, device="cuda", generator=generator).bfloat16()
        weight = (torch.randn(outputs, inputs, device="cuda", generator=generator) * 0.02).bfloat16()
        exact = x.float() @ weight.float().t()
        delta = (torch.randn(exact.shape, device="cuda", generator=generator) * size * exact.std()).bfloat16()
        base, true = (x @ weight.t()).double(), delta.double().flatten()
        summed = {
            "addmm": torch.addmm(delta, x, weight.t()),
            "two roundings": x @ weight.t() + delta,
            "fp32 product": delta.clone().add_(torch.mm(x, weight.t(), out_dtype=torch.float32)),
        }
        row: dict[str, object] = {"rows": count, "outputs": outputs, "inputs": inputs}
        for name, value in summed.items():
            kept = float((value.double() - base).flatten() @ true / (true @ true))
            row[name] = {
                "kept": round(kept, 3),
                "as_one_rounding": round(float((value == (exact + delta.float()).bfloat16()).float().mean()), 4),
            }
        rows.append(row)
        print("RESULT", row, flush=True)
    return rows
