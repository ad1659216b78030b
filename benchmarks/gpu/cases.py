"""What the parts that count memory measure on each shape, and the sizes that runs are held to. Imports no torch: `run.py` reads it, too."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.gpu import shapes
from rewardlang.trainer.memory_plan import Workload


@dataclass(frozen=True)
class Case:
    """A round of 8 completions of one prompt. `passes`: sequences in a forward pass and whether they share their prompt, one round each.

    The plan is that of the first pass. `decoded`: tokens that the sampler decodes; the rest of a completion is drawn at random beforehand
    and given to the sampler as a prompt, so that its cache is filled all the same.
    """

    passes: tuple[tuple[int, bool], ...]
    prompt: int = 512
    completion: int = 512
    concurrent: int = 8
    unmap: bool = False
    nested: bool = False
    decoded: int | None = None

    def workload(self) -> Workload:
        """For the plan."""
        micro_batch, shared = self.passes[0]
        rest = {"prefill": 512, "nested_scales": self.nested, "unmap_cache": self.unmap}
        return Workload(self.prompt, self.completion, 8, 8, shared, self.concurrent, micro_batch, **rest)  # type: ignore[arg-type]


SMALL, LARGE = ((2, False),) * 3 + ((4, False), (8, False), (8, True)), ((1, False),) * 2 + ((2, False), (4, True))
# The sizes that runs are held to by a ballast (`run.py`), and the settings that the plan says will do.
FITS = {
    "qwen2.5-1.5b": (3.5, Case(((4, True),) * 3, unmap=True)),
    "llama3.1-8b": (9.5, Case(((2, True),) * 2, unmap=True)),
    "qwen2.5-14b": (13.97, Case(((1, False),) * 2, unmap=True, concurrent=4)),  # 15 GB
    "llama3.3-70b": (44.7, Case(((1, False),) * 2, unmap=True, concurrent=4, nested=True)),  # 48 GB
}
LONG = (20.0, Case(((1, False),) * 2, completion=19_968, concurrent=4, unmap=True, decoded=512))


def case_of(part: str, model: str) -> Case:
    """What a part measures on a shape."""
    if part == "long":
        return LONG[1]
    if part == "fit":
        return FITS[model][1]
    passes = SMALL if shapes.SHAPES[model]["hidden_size"] < 3000 else LARGE
    return Case(passes) if part == "memory" else Case(passes[:3], unmap=True, nested=part == "nested")
