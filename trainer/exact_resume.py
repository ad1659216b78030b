"""What a checkpoint must hold, beside what transformers puts there, for a resumed run to end in the same weights to the bit.

Trainer saves the adapter, the optimizer, the scheduler, the random states and
the step, which is also the version of the policy and what the reward file's
schedules read. The order of the data is a list made from the seed
(`grpo.rows_in_order`), so the step says where it stands. Missing are: the round of completions that is
still being learned from and the count of micro-steps, the sums behind the
next row of metrics, and what an algorithm of ours remembers. TRL starts a
resumed run with a new round and a count of 0, whatever stood in the middle.

The names that are overridden are private ones of TRL and transformers, whose
versions are pinned; tests hold the behaviour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from trl.trainer.utils import split_tensor_dict

from rewardlang.trainer.checkpoints import keep_newest, written_whole

_FILE = "resume_state.pt"


class ExactResume:
    """Mixed into one of TRL's trainers, before it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._restored: dict[str, Any] = {}
        super().__init__(*arguments, **options)
        trainer: Any = self
        trainer.add_callback(_SumsRestored(self))

    def algorithm_state(self) -> dict[str, Any]:
        """What the algorithm itself remembers from step to step, as plain values and tensors."""
        return {}

    def restore_algorithm(self, state: dict[str, Any]) -> None:
        """Takes back what `algorithm_state` gave."""

    def learning_rates(self) -> list[float]:
        """The peak rate of each group of the optimizer, as this configuration has it."""
        trainer: Any = self
        return [trainer.args.learning_rate for _ in trainer.optimizer.param_groups]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Trainer's files and ours into a folder beside, which then gets the name of the checkpoint."""
        trainer: Any = self
        checkpoints = Path(trainer.args.output_dir)
        target = checkpoints / f"checkpoint-{trainer.state.global_step}"
        try:
            with written_whole(target) as folder:
                trainer.args.output_dir = str(folder.parent)
                parent: Any = super()
                parent._save_checkpoint(model, trial)
                torch.save(self._state(), folder / _FILE)
        finally:
            trainer.args.output_dir = str(checkpoints)
        keep_newest(checkpoints.parent, trainer.args.save_total_limit)

    def _state(self) -> dict[str, Any]:
        trainer: Any = self
        in_a_round = trainer.state.global_step % trainer.num_iterations != 0
        return {
            "round": trainer._buffered_inputs if in_a_round else None,
            "sums": {name: list(values) for name, values in trainer._metrics["train"].items()},
            "loss": trainer._tr_loss,
            "last_logged": trainer._globalstep_last_logged,
            "algorithm": self.algorithm_state(),
        }

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        trainer: Any = self
        parent: Any = super()
        parent._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is None:
            return
        device = trainer.args.device if trainer.args.device.type != "cpu" else "cpu"  # torch restores nothing to a 'cpu:0'
        state = torch.load(Path(checkpoint) / _FILE, map_location=device, weights_only=True)
        trainer._step = trainer.state.global_step * trainer.args.gradient_accumulation_steps
        trainer._buffered_inputs = _split_anew(state["round"], trainer.args.steps_per_generation)
        self.restore_algorithm(state["algorithm"])
        self._restored = state
        self._take_learning_rate()

    def _take_learning_rate(self) -> None:
        """The learning rate of this configuration, where it was changed: the checkpoint's scheduler and optimizer hold the old one."""
        trainer: Any = self
        scheduler, wanted = trainer.lr_scheduler, self.learning_rates()
        if scheduler.base_lrs != wanted:
            scheduler.base_lrs = wanted
            for group, rate, factor in zip(trainer.optimizer.param_groups, wanted, scheduler.lr_lambdas, strict=True):
                group["initial_lr"], group["lr"] = rate, rate * factor(scheduler.last_epoch)
            scheduler._last_lr = [group["lr"] for group in trainer.optimizer.param_groups]

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        """Raises `FloatingPointError` before a loss that is not finite can reach the weights."""
        parent: Any = super()
        loss: torch.Tensor = parent.training_step(*arguments, **options)
        self._finite(loss, "the loss")
        return loss

    def _clip_grad_norm(self, model: Any) -> Any:
        parent: Any = super()
        norm = parent._clip_grad_norm(model)
        self._finite(norm, "the norm of the gradients")
        return norm

    def _finite(self, value: Any, name: str) -> None:
        if not bool(torch.isfinite(torch.as_tensor(value)).all()):
            trainer: Any = self
            raise FloatingPointError(f"{name} in step {trainer.state.global_step + 1} is {float(value)}")


def _split_anew(parts: list[dict[str, Any]] | None, number: int) -> list[dict[str, Any]] | None:
    """A round in `number` micro-batches, however many it was saved in: `training.micro_batch` may change where memory ran out."""
    if parts is None or len(parts) == number:
        return parts
    whole = {name: torch.cat([part[name] for part in parts]) if value.ndim else value for name, value in parts[0].items()}
    split: list[dict[str, Any]] = split_tensor_dict(whole, number)
    return split


class _SumsRestored(transformers.TrainerCallback):
    """Trainer empties the sums behind its logs when it starts; here they come back, with the intervals of this configuration."""

    def __init__(self, trainer: ExactResume) -> None:
        self._trainer: Any = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """After Trainer has reset everything, before the first step."""
        trainer, restored = self._trainer, self._trainer._restored
        if not restored:
            return
        state.compute_steps(args, state.max_steps)
        trainer._metrics["train"].update(restored["sums"])
        trainer._tr_loss, trainer._globalstep_last_logged = restored["loss"], restored["last_logged"]
        trainer._restored = {}
