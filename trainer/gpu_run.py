"""A run's configuration on the engine: what fits the card, the start of both sides, and measuring with the sampler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import EvaluationConfig, RunConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.evaluate import Drawn
from rewardlang.trainer.extras import need
from rewardlang.trainer.gpu_cards import GIB, Card, card_at_hand
from rewardlang.trainer.gpu_shape import UnsupportedPolicy
from rewardlang.trainer.gpu_world import World, join, processes, share_of
from rewardlang.trainer.memory_plan import PREFILL_OF_SPEED, Plan, Workload, can_nest, plan
from rewardlang.trainer.policy import context_length
from rewardlang.trainer.problem import TrainingProblem

ENGINE = ("vllm", "bitsandbytes", "peft", "trl")
_EVALUATION_SEED = 20260101


def check_for_engine(config: RunConfig) -> None:
    """Raises `TrainingProblem` for what the engine does not train."""
    backend = f"the {config.engine.backend!r} backend"
    if config.lora.rank == 0:
        raise TrainingProblem(f"{backend} trains an adapter over a base that never changes", "set 'lora.rank' to 8 or more")
    if config.lora.targets != ("all-linear",):
        raise TrainingProblem(f"{backend} adapts all linear layers", "leave out 'lora.targets'")
    if config.lora.dropout:
        raise TrainingProblem("with dropout the policy that is trained is not the one that is sampled", "leave out 'lora.dropout'")
    if config.training.iterations > 1:
        raise TrainingProblem(f"{backend} makes one update from each round", "leave out 'training.iterations'")
    if config.training.algorithm == "rloo" and config.training.kl:
        raise TrainingProblem(f"{backend} takes no KL off the reward of 'rloo'", "leave out 'training.kl', or choose another algorithm")


def prompt_ids(tokenizer: Any, prompt: Any) -> list[int]:
    """A prompt's tokens, as TRL makes them: chat messages by the template, text as it is."""
    if isinstance(prompt, str):
        ids: list[int] = tokenizer(prompt)["input_ids"]
        return ids
    templated: list[int] = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=False)
    return templated


def workload(config: RunConfig, prompt: int) -> Workload:
    """What one step of a run holds in each process, with a longest prompt of so many tokens."""
    training, speed = config.training, config.engine.backend == "speed"
    return Workload(
        prompt=prompt,
        completion=training.max_completion_tokens,
        completions=training.completions // processes(),
        group=training.group,
        share_prompts=config.engine.share_prompts,
        concurrent=config.engine.concurrent,
        micro_batch=training.micro_batch,
        rank=config.lora.rank,
        nested_scales=config.engine.nested_scales,
        unmap_cache=config.engine.unmap_cache,
        merged=speed,
        prefill=PREFILL_OF_SPEED if speed else Workload.prefill,
    )


def run_plan(config: RunConfig, tokenizer: Any, rows: Sequence[Row], card: Card | None) -> Plan:
    """The memory plan of a run: its longest prompt, its completions, its adapter. Raises `TrainingProblem`."""
    from transformers import AutoConfig

    check_for_engine(config)
    training = config.training
    load = workload(config, max(len(prompt_ids(tokenizer, row["prompt"])) for row in rows))
    read: Any = AutoConfig.from_pretrained(config.model.path, revision=config.model.revision)
    table = read.to_dict()
    if config.engine.nested_scales and not can_nest(table):
        raise TrainingProblem(f"the scales of {config.model.path} were saved without nesting", "leave out 'engine.nested_scales'")
    # TRL makes equal passes: the largest that fits and divides the round, of whole groups where these are compared.
    whole = training.group if ALGORITHMS[training.algorithm].pairs else 1
    sizes = [size for size in range(whole, load.completions + 1, whole) if load.completions % size == 0]
    try:
        return plan(table, load, card=card, passes=sizes)
    except UnsupportedPolicy as error:
        raise TrainingProblem(str(error), "leave out 'engine.backend'; TRL's own generation takes more architectures") from None


@dataclass(frozen=True)
class EngineRun:
    """A started engine with what a run needs beside it."""

    engine: Any
    plan: Plan
    stop: tuple[int, ...]
    world: World = field(default_factory=World)

    def generation(self, config: RunConfig) -> Any:
        """The trainer's source of completions."""
        from rewardlang.trainer.gpu_trainer import EngineGeneration

        return EngineGeneration(
            self.engine,
            max_tokens=config.training.max_completion_tokens,
            stop=self.stop,
            seed=config.seed,
            canary_every=config.engine.canary_every,
            unmap_cache=config.engine.unmap_cache,
            world=self.world,
        )

    def complete(
        self, tokenizer: Any, prompts: Sequence[Any], config: EvaluationConfig, *, max_tokens: int, seed: int = _EVALUATION_SEED
    ) -> list[Drawn]:
        """One completion a prompt by the policy as it is now; the seeds are the same at every measurement. Each process draws its share."""
        self.engine.publish()
        chosen = share_of(range(len(prompts)), self.world)
        with self.engine.cache_mapped():
            own = self.engine.sampler.generate(
                [prompt_ids(tokenizer, prompts[index]) for index in chosen],
                adapter=self.engine.adapter,
                max_tokens=max_tokens,
                seeds=[seed + index for index in chosen],
                temperature=config.temperature,
                stop=self.stop,
            )
        completions = [one for part in self.world.gathered(own) for one in part]
        texts: list[str] = tokenizer.batch_decode([one.tokens for one in completions], skip_special_tokens=True)
        return [Drawn(text, len(one.tokens), not one.finished) for text, one in zip(texts, completions, strict=True)]


def start_run(config: RunConfig, tokenizer: Any, rows: Sequence[Row], say: Any) -> EngineRun:
    """Plans, starts vLLM and the trainer's side over one base, and passes the gate. Raises `TrainingProblem` where it cannot be."""
    check_for_engine(config)
    chosen = f"'engine.backend = \"{config.engine.backend}\"'"
    need(ENGINE, "gpu", purpose=chosen)
    world = join()
    card = card_at_hand()
    if card is None:
        raise TrainingProblem(f"{chosen} needs an NVIDIA GPU, and there is none", "leave it out to train on the CPU")
    made = run_plan(config, tokenizer, rows, card)
    if not made.fits:
        raise TrainingProblem(
            f"the run needs {(made.peak + made.margin) / GIB:.2f} GiB and {card.name} has {card.total / GIB:.2f}",
            "lower 'training.max_completion_tokens' or 'engine.concurrent', or set 'engine.unmap_cache'; --plan shows each part",
        )
    together = (" over shared prompts" if made.shared else "") + (", nested scales" if made.workload.nested_scales else "")
    say(f"plan: {made.peak / GIB:.2f} GiB of {card.total / GIB:.2f}, {made.micro_batch} sequences in a pass{together}")
    return EngineRun(_started(config, made, world), made, stop_tokens(config, tokenizer), world)


def _started(config: RunConfig, made: Plan, world: World) -> Any:
    from rewardlang.trainer.gpu_engine import start_engine
    from rewardlang.trainer.gpu_vllm import SamplerSettings

    load = made.workload
    settings = SamplerSettings(
        model=config.model.path,
        rank=config.lora.rank,
        length=load.length,
        sequences=min(load.concurrent or load.completions, load.completions),
        cache_bytes=made.cache_bytes,
        prefill=load.prefill,
        unmap_cache=load.unmap_cache,
        merged=load.merged,
        nested_scales=bool(load.nested_scales),
        revision=config.model.revision,
        context=context_length(config.model),
        launched=world.size > 1,
    )
    engine = start_engine(settings, alpha=config.lora.alpha, seed=config.seed, temperature=config.training.temperature)
    vocabulary = made.shape.vocabulary
    probes = [[(17 * row + 31 * place) % vocabulary for place in range(min(16, load.prompt))] for row in range(8)]
    engine.share_prompts = made.shared
    engine.gate(probes, max_tokens=min(32, load.completion)).check()
    return engine


def stop_tokens(config: RunConfig, tokenizer: Any) -> tuple[int, ...]:
    """Every token that ends a completion: the tokenizer's, and those of the checkpoint's generation configuration."""
    from transformers import GenerationConfig

    found = {tokenizer.eos_token_id}
    read: Any = GenerationConfig.from_pretrained
    try:
        given = read(config.model.path, revision=config.model.revision).eos_token_id
    except OSError:
        given = None  # a checkpoint without one
    found.update(given if isinstance(given, list) else [given])
    return tuple(sorted(token for token in found if token is not None))
