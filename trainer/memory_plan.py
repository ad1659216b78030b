"""How much GPU memory a run takes, part by part, from `config.json` alone: no weights, no GPU, no torch.

The figures are whole bytes. A part is *exact* where it follows from shapes (weights, scales, adapter, optimizer, KV cache,
saved activations), *estimated* where it counts the tensors that live together at the worst moment, and *measured* where it
is a constant of driver and libraries, read once on a real card. `trainer/GPU.md` compares plans with measurements.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from rewardlang.trainer.gpu_cards import GIB, Card
from rewardlang.trainer.gpu_shape import PolicyShape, shape_from_config

QUANTISATION_BLOCK = 64  # weights that share one NF4 scale
NESTED_BLOCK = 256  # scales that share one second-level scale
ADAM8_BLOCK = 256  # optimizer states that share one scale
ADAM8_SMALLEST = 4096  # smaller tensors keep 32-bit states
KV_BLOCK = 16  # tokens in one block of vLLM's cache
PREFILL_OF_SPEED = 8192  # tokens that vLLM takes into one step where speed is wanted; its own default on cards below 70 GB
SLOT_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # sizes that vLLM allows for a LoRA slot

ROLLOUT, TRAINING = "rollout", "training"
BOTH = frozenset((ROLLOUT, TRAINING))
Certainty = Literal["exact", "estimated", "measured"]


@dataclass(frozen=True)
class Calibration:
    """Bytes that no shape tells, read on one H100 with torch 2.11 and vllm 0.26 (`trainer/GPU.md` has the table)."""

    context: int = int(0.78 * GIB)  # what the driver counts and torch does not: context, kernels, graphs
    buffers: int = int(0.14 * GIB)  # vLLM's tensors other than weights, slot and cache
    graph_pool: int = int(0.05 * GIB)  # besides the expanded matrices in it
    slack: int = int(0.05 * GIB)  # what the caching allocator holds beyond its tensors while training,
    slack_percent: int = 19  # and the share of a training step's activations that stays split up in it
    rollout_slack: int = int(0.25 * GIB)  # the same of a rollout,
    rollout_slack_percent: int = 50  # and the share of a layer's expanded matrices: a prefill expands them one by one, each of another size


@dataclass(frozen=True)
class Workload:
    """What one optimizer step holds. Lengths are in tokens, the worst case of the run."""

    prompt: int = 512
    completion: int = 512
    completions: int = 8  # generated and trained on in one step
    group: int = 1  # completions of one prompt, which stand together
    share_prompts: bool | None = None  # the completions of a prompt are computed over one pass of it; where that saves memory unless told
    concurrent: int | None = None  # sequences whose KV cache is mapped at a time; all of them unless told
    micro_batch: int | None = None  # sequences in one forward pass of the trainer; chosen from the card unless told
    rank: int = 16
    prefill: int = 1024  # tokens that vLLM takes into one step
    head_chunk: int | None = None  # tokens whose logits exist at a time; by the length of the pass unless told
    nested_scales: bool | None = None  # the base's scales stay nested; where the card needs it unless told
    unmap_cache: bool = False  # the KV cache is unmapped while training, and merged weights with it
    merged: bool = False  # the sampler has 16-bit weights of its own, in place of a share of the base and a LoRA slot

    @property
    def length(self) -> int:
        """Tokens of the longest sequence."""
        return self.prompt + self.completion


@dataclass(frozen=True)
class Part:
    """One line of the table: bytes, the phases in which they are held, and how far they can be trusted."""

    name: str
    bytes: int
    phases: frozenset[str] = BOTH
    certainty: Certainty = "exact"


@dataclass(frozen=True)
class Plan:
    """The parts of one run, their peaks by phase, and whether a card holds them."""

    shape: PolicyShape
    workload: Workload
    micro_batch: int
    parts: tuple[Part, ...]
    card: Card | None = None
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def shared(self) -> bool:
        """Whether the completions of a prompt are computed over one pass of it."""
        return shares_prompts(self.workload, self.micro_batch)

    def phase(self, name: str) -> int:
        """Bytes held at the worst moment of a phase."""
        return sum(part.bytes for part in self.parts if name in part.phases)

    @property
    def peak(self) -> int:
        """Bytes at the worst moment of the run."""
        return max(self.phase(ROLLOUT), self.phase(TRAINING), self.loading)

    @property
    def loading(self) -> int:
        """Bytes held while weights are loaded: the base, and the widest matrix in 16 bits with its codes and three forms of its scales."""
        base = sum(part.bytes for part in self.parts if part.name in _BASE or part.name.startswith(SCALES))
        widest = expanded_bytes(self.shape)
        return base + self.calibration.context + widest + widest // 4 + 3 * 4 * (widest // 2 // QUANTISATION_BLOCK)

    @property
    def margin(self) -> int:
        """How far the measured peak may lie above the plan: 5 %, at most a quarter of what shapes do not tell, at least 0.25 GiB."""
        phase = max((ROLLOUT, TRAINING), key=self.phase)
        guessed = sum(part.bytes for part in self.parts if phase in part.phases and part.certainty != "exact")
        return max(min(self.peak // 20, guessed // 4), GIB // 4)

    @property
    def fits(self) -> bool | None:
        """Whether the peak and its margin stay within the card; `None` without a card."""
        return None if self.card is None else self.peak + self.margin <= self.card.total

    @property
    def cache_bytes(self) -> int:
        """Bytes of vLLM's KV cache, its `kv_cache_memory_bytes`."""
        return next(part.bytes for part in self.parts if part.name == CACHE)

    def table(self) -> str:
        """The plan as lines of text: GiB by part and phase, then the verdict."""
        lines = [f"{'part':<44}{'rollout':>9}{'training':>10}   certainty"]
        for part in self.parts:
            cells = [f"{part.bytes / GIB:.3f}" if phase in part.phases else "–" for phase in (ROLLOUT, TRAINING)]
            lines.append(f"{part.name:<44}{cells[0]:>9}{cells[1]:>10}   {part.certainty}")
        lines.append(f"{'sum, GiB':<44}{self.phase(ROLLOUT) / GIB:>9.3f}{self.phase(TRAINING) / GIB:>10.3f}")
        load = self.workload
        if load.nested_scales:
            saved = scale_bytes(self.shape, nested=False) - scale_bytes(self.shape, nested=True)
            lines.append(f"the base's scales stay nested: {saved / GIB:.2f} GiB less than multiplied out")
        lines.append(
            f"{load.completions} × ({load.prompt} + {load.completion}) tokens, {self.micro_batch} in a forward pass"
            f"{' over shared prompts' if self.shared else ''}, "
            f"LoRA rank {load.rank}, {self.shape.parameters / 1e9:.2f} billion parameters"
        )
        if self.card is not None:
            verdict = "fits" if self.fits else "does not fit"
            lines.append(
                f"peak {self.peak / GIB:.2f} GiB and a margin of {self.margin / GIB:.2f} GiB: {verdict} in {self.card.name} "
                f"({self.card.total / GIB:.2f} GiB)"
            )
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data, sizes in bytes."""
        return {
            "parts": [
                {"name": part.name, "bytes": part.bytes, "phases": sorted(part.phases), "certainty": part.certainty} for part in self.parts
            ],
            "loading": self.loading,
            "rollout": self.phase(ROLLOUT),
            "training": self.phase(TRAINING),
            "peak": self.peak,
            "margin": self.margin,
            "micro_batch": self.micro_batch,
            "shared_prompts": self.shared,
            "nested_scales": bool(self.workload.nested_scales),
            "workload": asdict(self.workload),
            "card": None if self.card is None else {"name": self.card.name, "bytes": self.card.total},
            "fits": self.fits,
        }


CACHE, SCALES = "KV cache", "NF4 scales"
_BASE = ("NF4 codes", "embeddings and head, bf16", "norms and biases, bf16")


def plan(
    config: Mapping[str, Any],
    workload: Workload | None = None,
    *,
    card: Card | None = None,
    calibration: Calibration | None = None,
    passes: Sequence[int] | None = None,
) -> Plan:
    """The plan of a run.

    The micro-batch is the workload's, else the largest of `passes` (any up to the round's completions unless told) that fits the card,
    else the smallest. Scales stay nested where the workload says so, else where nothing fits the card without.
    Raises `gpu_shape.UnsupportedPolicy` for an architecture that the engine does not know, `ValueError` for sizes that make no sense.
    """
    shape = shape_from_config(config)
    load = workload or Workload()
    if min(load.prompt, load.completion, load.completions, load.group, load.rank) < 1:
        raise ValueError("prompt, completion, completions, group and rank are at least 1")
    constants = calibration or Calibration()

    def made(micro_batch: int, nested: bool) -> Plan:
        settled = replace(load, nested_scales=nested)
        return Plan(shape, settled, micro_batch, _parts(shape, settled, micro_batch, constants), card, constants)

    sizes = list(passes or range(1, load.completions + 1))
    if load.micro_batch is not None or card is None:
        sizes = [load.micro_batch or sizes[0]]
    forms = [load.nested_scales] if load.nested_scales is not None else [False] + [True] * can_nest(config)
    # Not every size below one that fits does: seven completions of groups of eight may have two prompts, eight have one.
    plans = (made(size, nested) for nested in forms for size in sorted(sizes, reverse=True))
    return next((one for one in plans if one.fits), made(min(sizes), forms[0 if card is None else -1]))


def can_nest(config: Mapping[str, Any]) -> bool:
    """Whether scales can stay nested: 16-bit checkpoints are quantised so when they are loaded, 4-bit ones have them so or not."""
    quantised = config.get("quantization_config")
    return not quantised or bool(quantised.get("bnb_4bit_use_double_quant"))


def _parts(shape: PolicyShape, load: Workload, micro_batch: int, constants: Calibration) -> tuple[Part, ...]:
    rollout, training = frozenset((ROLLOUT,)), frozenset((TRAINING,))
    lora = shape.lora_parameters(load.rank)
    concurrent = min(load.concurrent or load.completions, load.completions)
    shared = shares_prompts(load, micro_batch)
    tokens = pass_tokens(load, micro_batch, shared=shared)
    checkpoints = 2 * shape.hidden * shape.layers * tokens
    layer = layer_bytes(shape, tokens, load.rank) + (expanded_prompt_bytes(shape, load, micro_batch) if shared else 0)
    # With nested scales matrices are expanded into a buffer of their own, in every phase; else into a new one where they are needed.
    matrix = 0 if load.nested_scales else expanded_bytes(shape)
    beside = expanded_bytes(shape) if load.merged else matrix
    # A layer that is computed again has no gradients yet, but a second form of a matrix, with the adapter beside it, and of its input.
    layer += max(0, expanded_bytes(shape) - 2 * shape.intermediate * tokens)
    working = max(layer + matrix, head_bytes(shape, load.head_chunk or head_chunk(micro_batch * load.completion), tokens))
    slack = constants.slack + (checkpoints + working) * constants.slack_percent // 100
    # Neither a buffer nor merged weights leave matrices of many sizes behind.
    sizes = 0 if load.merged or load.nested_scales else 2 * sum(linear.elements for linear in shape.linears())
    split = constants.rollout_slack + sizes * constants.rollout_slack_percent // 100
    paged = rollout if load.unmap_cache else BOTH
    if load.merged:
        sampler = Part("rollout weights, bf16", 2 * shape.parameters, paged)
        graphs = constants.graph_pool
    else:
        sampler = Part("LoRA slot of the sampler, bf16", 2 * shape.lora_parameters(slot_rank(load.rank)))
        graphs = constants.graph_pool + 2 * matrix
    buffer = (Part("one expanded matrix and its scales", buffer_bytes(shape)),) if load.nested_scales else ()
    return (
        Part("NF4 codes", code_bytes(shape)),
        Part(f"{SCALES}, nested" if load.nested_scales else SCALES, scale_bytes(shape, nested=bool(load.nested_scales))),
        *buffer,
        Part("embeddings and head, bf16", 2 * shape.embedding_elements),
        Part("norms and biases, bf16", 2 * shape.small_elements),
        Part("LoRA parameters, fp32", 4 * lora),
        sampler,
        Part("8-bit Adam", adam8_bytes(shape, load.rank)),
        Part("LoRA gradients, fp32", 4 * lora, training),
        Part(CACHE, cache_bytes(shape, concurrent, load.length), paged),
        Part("prefill and sampling", prefill_bytes(shape, load, concurrent) + beside, rollout, "estimated"),
        Part("checkpointed activations", checkpoints, training),
        Part("one layer recomputed, or a chunk of logits", working, training, "estimated"),
        Part("CUDA graphs and what they keep", graphs, BOTH, "estimated"),
        Part("allocator slack of a rollout", split, rollout, "estimated"),
        Part("allocator slack of training", slack, training, "estimated"),
        Part("vLLM's buffers", constants.buffers, BOTH, "measured"),
        Part("CUDA context and libraries", constants.context, BOTH, "measured"),
    )


def prompts_in_pass(load: Workload, micro_batch: int) -> int:
    """Most prompts whose completions meet in one pass, when the step is cut into passes of this size."""
    firsts = range(0, load.group * micro_batch // math.gcd(load.group, micro_batch), micro_batch)
    return max((first + micro_batch - 1) // load.group - first // load.group + 1 for first in firsts)


def pass_tokens(load: Workload, micro_batch: int, *, shared: bool) -> int:
    """Tokens of a forward pass of the trainer; each prompt counts once where it is shared."""
    prompts = prompts_in_pass(load, micro_batch) if shared else micro_batch
    return prompts * load.prompt + micro_batch * load.completion


def shares_prompts(load: Workload, micro_batch: int) -> bool:
    """As the workload says, else where it makes a pass shorter."""
    if load.share_prompts is not None:
        return load.share_prompts
    return pass_tokens(load, micro_batch, shared=True) < pass_tokens(load, micro_batch, shared=False)


def expanded_prompt_bytes(shape: PolicyShape, load: Workload, micro_batch: int) -> int:
    """What attention over shared prompts keeps of a layer beyond what autograd keeps of each token (`gpu_prefix`).

    Keys and values of the prompt once more for each completion, queries and outputs of the completions padded to the longest, and
    outputs of the prompts. Queries are counted for the worst case: completions of one length are not copied.
    """
    queries = 2 * shape.queries * (prompts_in_pass(load, micro_batch) * load.prompt + 2 * micro_batch * load.completion)
    return queries + 2 * 2 * shape.keys * micro_batch * load.length


def code_bytes(shape: PolicyShape) -> int:
    """Packed 4-bit codes of every adapted matrix."""
    return shape.layers * sum((linear.elements + 1) // 2 for linear in shape.linears())


def scale_bytes(shape: PolicyShape, *, nested: bool) -> int:
    """Scales of every adapted matrix: one fp32 a block, or one byte a block and one fp32 every 256 of them.

    Each tensor also holds its table of 16 values and, nested, a table of 256 values and an offset (bitsandbytes' `QuantState`).
    """
    total = 0
    for linear in shape.linears():
        blocks = -(-linear.elements // QUANTISATION_BLOCK)
        total += 16 * 4 + (blocks + 4 * -(-blocks // NESTED_BLOCK) + 256 * 4 + 4 if nested else 4 * blocks)
    return shape.layers * total


def slot_rank(rank: int) -> int:
    """The smallest slot of vLLM that holds an adapter of this rank."""
    for allowed in SLOT_RANKS:
        if allowed >= rank:
            return allowed
    raise ValueError(f"LoRA rank {rank} is larger than vLLM's largest slot, {SLOT_RANKS[-1]}")


def adam8_bytes(shape: PolicyShape, rank: int) -> int:
    """Both states of bitsandbytes' 8-bit Adam over the adapter, with their scales and their two tables of 256 values."""
    total = 0
    for linear in shape.linears():
        for elements in (rank * linear.inputs, rank * linear.outputs):
            small = elements < ADAM8_SMALLEST
            total += 8 * elements if small else 2 * (elements + 4 * -(-elements // ADAM8_BLOCK))
    return shape.layers * total + 2 * 256 * 4


def cache_token_bytes(shape: PolicyShape) -> int:
    """Keys and values of one token in bf16."""
    return 2 * 2 * shape.layers * shape.keys


def cache_bytes(shape: PolicyShape, sequences: int, length: int) -> int:
    """Whole blocks for the sequences, and the one block that vLLM keeps empty."""
    return cache_token_bytes(shape) * KV_BLOCK * (sequences * -(-length // KV_BLOCK) + 1)


def prefill_bytes(shape: PolicyShape, load: Workload, concurrent: int) -> int:
    """What vLLM's forward pass and sampler hold at the worst moment.

    A prefill of `load.prefill` tokens keeps the residual, the normed input and the MLP's two halves and product; sampling keeps fp32
    logits and one processed copy a sequence. Not counted: the expanded matrix beside it, or the merged one that the written is compared
    with.
    """
    widest = 2 * shape.intermediate + shape.intermediate
    prefill = 2 * load.prefill * (2 * shape.hidden + widest)
    return max(prefill, 2 * 4 * concurrent * shape.vocabulary)


def saved_bytes_a_token(shape: PolicyShape, rank: int) -> int:
    """What autograd keeps of one decoder layer with LoRA under bf16 autocast, a token.

    Both norms keep their bf16 input and the root of its squares; each matrix keeps its bf16 input once, and A's output; attention keeps
    q, k, v, its output and the log of its sums; the MLP keeps gate, up and their product. Counted by the test with autograd's own hooks.
    """
    norms = 2 * 2 * shape.hidden + 2 * 4
    inputs = 2 * 2 * shape.hidden
    attention = 2 * 2 * shape.queries + 2 * 2 * shape.keys + 4 * shape.heads
    if shape.query_key_norm:
        attention += 2 * (shape.queries + shape.keys) + 4 * (shape.heads + shape.kv_heads)
    return norms + inputs + attention + 3 * 2 * shape.intermediate + 7 * 2 * rank


def expanded_bytes(shape: PolicyShape) -> int:
    """The largest matrix of a layer expanded to bf16, as every product needs it for a moment."""
    return 2 * max(linear.elements for linear in shape.linears())


def buffer_bytes(shape: PolicyShape) -> int:
    """What `gpu_nested` expands every matrix into: the largest in 16 bits, and its scales in fp32."""
    return expanded_bytes(shape) + 4 * -(-expanded_bytes(shape) // 2 // QUANTISATION_BLOCK)


def layer_bytes(shape: PolicyShape, tokens: int, rank: int) -> int:
    """One layer in the backward pass but its expanded matrix: what autograd keeps, two gradients as wide as the MLP, LoRA in bf16."""
    lora = 2 * shape.lora_parameters(rank) // shape.layers
    return saved_bytes_a_token(shape, rank) * tokens + 2 * 2 * shape.intermediate * tokens + lora


def head_chunk(tokens: int) -> int:
    """Tokens whose logits exist at a time in a pass with so many completion tokens.

    The whole head is read for each chunk, so long passes have longer ones; a layer's activations still take more than their logits.
    """
    return min(max(128, tokens // 32), 1024)


def head_bytes(shape: PolicyShape, chunk: int, tokens: int) -> int:
    """Logits of one chunk in fp32, their gradient in bf16, and the hidden states with their gradient for the whole micro-batch."""
    return (4 + 4 + 2) * min(chunk, tokens) * shape.vocabulary + 2 * 2 * shape.hidden * tokens
