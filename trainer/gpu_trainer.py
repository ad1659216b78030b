"""TRL's GRPO over the engine: completions and log-probs from the one base, and importance sampling against the sampler by token.

TRL stays the driver: data, rewards, advantages, its loss variants and schedules are its own. Three of its methods are replaced, all
private, so the version is pinned and `tests/gpu_engine/test_trl_seams.py` holds the contract (TRL 1.16.0):

* `_generate_single_turn`, by `generation.PolicyTrainer`: the sampler draws, with the log-prob of each token;
* `_get_per_token_logps_and_entropies`: sequences without padding, and no logits in memory;
* `_compute_loss`: each token's loss is weighted by min(p_trainer / p_sampler, cap), from the training forward itself. TRL would make a
  second pass for the old log-probs, and by default cuts the product of the ratios over a whole sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from rewardlang.trainer.generation import Ended, PolicyTrainer, TokenIds
from rewardlang.trainer.gpu_canary import CanaryReport
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_head import token_logprobs_and_entropies
from rewardlang.trainer.gpu_loss import CAP
from rewardlang.trainer.gpu_shared_base import adapters, base_tensors
from rewardlang.trainer.gpu_update import prepare_training
from rewardlang.trainer.gpu_vllm import Completion
from rewardlang.trainer.gpu_vllm_weights import EngineContract
from rewardlang.trainer.gpu_world import World
from rewardlang.trainer.memory_plan import head_chunk
from rewardlang.trainer.online_dpo import in_order
from rewardlang.trainer.problem import TwoPolicies

_CANARY_ROWS = 32  # completions that one canary looks at

# Losses divided by the tokens of the whole round: a row without advantage may be left out, and the gradient is unchanged.
_DIVIDED_BY_ROUND = ("dapo", "cispo")


class EngineGeneration:
    """The seam's generation: publishes the adapter, samples, and every `canary_every` versions proves that both were one policy."""

    def __init__(
        self,
        engine: Engine,
        *,
        max_tokens: int,
        stop: Sequence[int],
        seed: int,
        canary_every: int = 20,
        unmap_cache: bool = False,
        world: World | None = None,
    ) -> None:
        self.engine, self._world = engine, world or World()
        self._step, self._drawn = 0, 0  # of the run, and completions of all processes in it
        self.last_canary: CanaryReport | None = None
        self._max_tokens, self._stop, self._seed, self._every = max_tokens, tuple(stop), seed, canary_every
        engine.unmap_cache = unmap_cache
        if unmap_cache:
            engine.release()

    def publish(self, model: Any, step: int) -> None:
        """The trained adapter becomes the sampled one. Raises `SlotMismatch` where it did not."""
        self._step, self._drawn = step, 0
        self._proved(self.engine.publish)

    def generate(self, prompts: list[TokenIds], group: int, ended: Ended | None = None) -> tuple[list[TokenIds], list[list[float]] | None]:
        """One completion a prompt; `ended` is told of each when it ends.

        Raises `PolicyMismatch` or `SlotMismatch` when the canary finds two policies.
        """
        first = self._drawn + self._world.rank * len(prompts)
        self._drawn += self._world.size * len(prompts)
        # By the step, not by the version, which a resumed run counts anew.
        seeds = [_seed(self._seed, self._step, first + index) for index in range(len(prompts))]
        due = self._every and (self.engine.version - 1) % self._every == 0
        with self.engine.cache_mapped():
            completions = self.engine.generate(prompts, self._max_tokens, seeds=seeds, stop=self._stop, ended=ended)
            if due:
                self._proved(self.engine.check_sampler)
        if due:
            self._proved(lambda: self._canary(completions[:_CANARY_ROWS]))
            self._world.check_same([one for pair in adapters(self.engine.model).values() for one in pair[:2]])
        return [one.tokens for one in completions], [one.logprobs.tolist() for one in completions]

    def _canary(self, completions: Sequence[Completion]) -> None:
        self.last_canary = self.engine.canary(completions)
        self.last_canary.check()

    def _proved(self, proof: Callable[[], None]) -> None:
        """A proof that fails in one process stops all."""
        found: TwoPolicies | None = None
        try:
            proof()
        except TwoPolicies as error:
            found = error
        self._world.agree(found)


def _seed(run: int, step: int, index: int) -> int:
    """A seed for one completion, different in every run, step and place (a splitmix64 step over the three)."""
    mixed = (run * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9 + index * 0x94D049BB133111EB) & (2**64 - 1)
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    return (mixed ^ (mixed >> 27)) >> 33


class EngineTrainer(PolicyTrainer):
    """`PolicyTrainer` over an engine. Its `model` is the engine's; everything else as TRL takes it."""

    def __init__(self, *arguments: Any, engine: Engine, cap: float = CAP, world: World | None = None, **options: Any) -> None:
        self.engine, self.cap, self.world = engine, cap, world or World()
        self._inputs: dict[str, Any] = {}
        before = [tensor.data_ptr() for tensor in base_tensors(engine.model)]
        super().__init__(*arguments, model=engine.model, **options)
        prepare_training(engine)
        self._addresses = before
        if self.world.size > 1:
            trainer: Any = self
            prepare = trainer.accelerator.prepare_model

            def unwrapped(model: Any, device_placement: bool | None = None, evaluation_mode: bool = False) -> Any:
                """As if for evaluation: without the wrapper that would copy the base and wait for every process's gradients."""
                return prepare(model, device_placement=False, evaluation_mode=True)

            trainer.accelerator.prepare_model = unwrapped
            self.world.check_same(self._trained())

    def _move_model_to_device(self, model: Any, device: Any) -> None:
        """It lies where the sampler has it; to 'cpu:0', the device of one of several processes on a CPU, it would be copied."""

    def check_shared(self) -> None:
        """Raises `EngineContract` unless every tensor of the base still lies where the sampler has it."""
        moved = sum(tensor.data_ptr() != address for tensor, address in zip(base_tensors(self.engine.model), self._addresses, strict=True))
        if moved:
            raise EngineContract(f"{moved} tensors of the base were copied or moved by the trainer: they are no longer the sampler's")

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """TRL's, after a look at the addresses: `prepare` has had its chance to move things by now. Gradients are then everyone's mean."""
        self.check_shared()
        trl: Any = super()
        loss = trl.training_step(model, inputs, num_items_in_batch)
        trainer: Any = self
        if self.world.size > 1 and trainer.accelerator.sync_gradients:
            self.world.average(self._trained())
        return loss

    def _trained(self) -> list[torch.nn.Parameter]:
        return [parameter for parameter in self.engine.model.parameters() if parameter.requires_grad]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """By the first process; the others wait."""
        trl: Any = super()
        if self.world.rank == 0:
            trl._save_checkpoint(model, trial)
        else:
            trl.store_flos()  # the one part of it in which all take part
        self.world.gathered(None)

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        """TRL's, which shuffles a new round before it is sliced; where prompts are shared, a group's completions stand together again."""
        trainer: Any = self
        before = trainer._buffered_inputs
        trl: Any = super()
        inputs: dict[str, Any] = trl._prepare_inputs(generation_batch)
        if not self.engine.share_prompts or trainer._buffered_inputs is before:
            return inputs
        trainer._buffered_inputs = in_order(trainer._buffered_inputs, "ledger_row")
        ordered: dict[str, Any] = trainer._buffered_inputs[trainer._step % trainer.args.steps_per_generation]
        return ordered

    def _generate_single_turn(self, *arguments: Any, **options: Any) -> Any:
        source: Any = self.generation
        before = source.last_canary
        made = super()._generate_single_turn(*arguments, **options)
        report = source.last_canary
        if report is not before:
            for name, value in report.figures().items():
                self._metrics["train" if self.engine.model.training else "eval"][name].append(value)
        return made

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        compute_aux_loss: bool = False,
        **others: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, None]:
        """log p of the completion's tokens (B, C), 0 beyond its end; and their entropies in nats, without gradient."""
        given = sorted(name for name, value in others.items() if value is not None)
        if given or compute_aux_loss:
            raise EngineContract(f"the GPU engine trains on text and dense models; TRL passed {', '.join(given) or 'an auxiliary loss'}")
        size = batch_size or len(input_ids)
        parts = [
            self._logprobs(input_ids[first : first + size], attention_mask[first : first + size], logits_to_keep, compute_entropy)
            for first in range(0, len(input_ids), size)
        ]
        logprobs = torch.cat([part for part, _ in parts])
        if self._inputs:
            self._weigh(logprobs.detach())
        return logprobs, torch.cat([part for _, part in parts]) if compute_entropy else None, None

    def _logprobs(self, ids_BT: torch.Tensor, mask_BT: torch.Tensor, completion: int, entropies: bool) -> tuple[torch.Tensor, torch.Tensor]:
        kept = mask_BT[:, -completion:].bool()
        prompts, completions = (
            [ids[mask].tolist() for ids, mask in zip(part, real, strict=True)]
            for part, real in ((ids_BT[:, :-completion], mask_BT[:, :-completion].bool()), (ids_BT[:, -completion:], kept))
        )
        states = self.engine.states_before(prompts, completions)
        self._saw(states, kept)
        targets = ids_BT[:, -completion:][kept]
        if not len(targets):  # every completion of the pass was cut off, and those are left out
            nothing = states.float().sum(-1)
            return torch.zeros(kept.shape, device=kept.device).masked_scatter(kept, nothing), torch.zeros(kept.shape, device=kept.device)
        found, entropy = token_logprobs_and_entropies(
            states, self.engine.head, targets, temperature=self.temperature, chunk=head_chunk(len(targets)), entropies=entropies
        )
        empty = torch.zeros(kept.shape, dtype=found.dtype, device=found.device)
        return empty.masked_scatter(kept, found), empty.masked_scatter(kept, entropy)

    def _saw(self, states_NH: torch.Tensor, kept_BC: torch.Tensor) -> None:
        """The states before each of N completion tokens, which are those of the mask, for an algorithm that needs them."""

    def _weigh(self, logprobs: torch.Tensor) -> None:
        """Sets the weights that TRL's loss multiplies each token by."""
        inputs = self._inputs
        mask = inputs["completion_mask"].bool()
        log_ratio = torch.where(mask, logprobs - inputs["sampling_per_token_logps"], 0.0)
        inputs["importance_sampling_ratio"] = log_ratio.exp().clamp(max=self.cap)
        self.note_ratios(logprobs, inputs)
        seen = log_ratio[mask]
        if not len(seen):
            return
        metrics = self._metrics["train" if self.engine.model.training else "eval"]
        metrics["sampling/sampling_logp_difference/mean"].append(float(seen.abs().mean()))
        metrics["sampling/sampling_logp_difference/max"].append(float(seen.abs().max()))
        metrics["sampling/importance_sampling_ratio/max"].append(float(seen.max().exp()))
        metrics["sampling/truncated"].append(float((seen.exp() > self.cap).float().mean()))

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """TRL's loss with the weights of this engine, over the rows that have a gradient."""
        if "sampling_per_token_logps" not in inputs:
            raise EngineContract("TRL handed on no log-probs of the sampler; the GPU engine is written for trl==1.16.0")
        kept = self._with_gradient(inputs)
        self._metrics["train" if self.engine.model.training else "eval"]["rows_skipped"].append(
            1.0 - len(kept["completion_ids"]) / len(inputs["completion_ids"])
        )
        if not len(kept["completion_ids"]):
            # Zero, with a gradient of zeros: Adam's moments move as they would have.
            return torch.stack([parameter.sum() for parameter in self._trained()]).sum() * 0.0
        trl: Any = super()
        trainer: Any = self
        gather = trainer.accelerator.gather
        before = self.use_vllm, self.vllm_importance_sampling_correction
        # TRL multiplies by the weights only where it believes in a vLLM of its own; it starts none after its construction.
        self.use_vllm, self.vllm_importance_sampling_correction, self._inputs = True, True, kept
        if self.world.size > 1:
            trainer.accelerator.gather = self.world.joined  # TRL takes it that every process has as many rows
        try:
            loss: torch.Tensor = trl._compute_loss(model, kept)
        finally:
            self.use_vllm, self.vllm_importance_sampling_correction = before
            self._inputs, trainer.accelerator.gather = {}, gather
        return loss

    def _with_gradient(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The rows that move the policy: without those of no advantage, where leaving them out changes no gradient."""
        if self.beta != 0.0 or self.loss_type not in _DIVIDED_BY_ROUND or self.entropy_coef:
            return dict(inputs)
        rows = inputs["advantages"].nonzero(as_tuple=True)[0]
        if self.world.size > 1 and not len(rows):
            rows = rows.new_zeros(1)  # one of no advantage: TRL's loss speaks to the other processes, which may have some
        size = len(inputs["completion_ids"])
        return {
            name: value[rows] if isinstance(value, torch.Tensor) and value.dim() and len(value) == size else value
            for name, value in inputs.items()
        }
