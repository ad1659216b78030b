"""What can go wrong in the middle of a run, as cause and remedy, with what is left to go on from."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rewardlang.errors import DataError
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.trainer.alarms import TWO_POLICIES
from rewardlang.trainer.checkpoints import discard_incomplete, last_complete
from rewardlang.trainer.problem import TrainingProblem, TwoPolicies

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# torch and safetensors turn the error number of a failed write into a text of their own.
_CUT_SHORT = ("PytorchStreamWriter failed", "unexpected pos")  # what follows is of torch's insides
_WRITING_FAILED = ("No space left on device", "File too large", "Disk quota exceeded", *_CUT_SHORT)
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")

_FREE_SPACE = "free space there or lower 'training.keep'"
_LESS_MEMORY = "lower 'training.micro_batch', 'engine.concurrent', 'training.max_completion_tokens' or 'evaluation.batch'"


@contextmanager
def failures_told(output: Path, *, measuring: bool = False) -> Iterator[None]:
    """While entered, a failure of the disk, the memory, a verifier or the arithmetic becomes a `TrainingProblem`; others pass.

    `measuring`: a policy of a run that is over, where answers are kept as they are drawn.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, MemoryError, FloatingPointError, DataError, SafetensorError) as error:
        problem = _problem_of_measuring(error, output) if measuring else problem_of(error, output)
        if problem is None:
            raise
        raise problem from error


def _problem_of_measuring(error: Exception, output: Path) -> TrainingProblem | None:
    found = _cause_and_remedy(error, output)
    if found is None:
        return None
    remedy = {_FREE_SPACE: "free space there", _LESS_MEMORY: "ask for a smaller --batch"}.get(found[1], found[1])
    return TrainingProblem(f"{found[0]}; whole passes of answers are kept", f"{remedy}, then ask again")


def problem_of(error: Exception, output: Path) -> TrainingProblem | None:
    """Cause, what is left, and remedy; None for an error that is a mistake of the program."""
    found = _cause_and_remedy(error, output)
    if found is None:
        return None
    discard_incomplete(output)
    checkpoint = last_complete(output)
    left = "nothing was saved before it" if checkpoint is None else f"{checkpoint.name} is whole"
    how = "start again" if checkpoint is None else "go on with --resume"
    return TrainingProblem(f"{found[0]}; {left}", f"{found[1]}, then {how}")


def _cause_and_remedy(error: Exception, output: Path) -> tuple[str, str] | None:
    text = str(error)
    if getattr(error, "errno", None) in _NO_ROOM or any(part in text for part in _WRITING_FAILED):
        why = "a file came out shorter than it was written" if any(part in text for part in _CUT_SHORT) else _first_line(text)
        return f"the disk that holds {output} took no more: {why}", _FREE_SPACE
    if isinstance(error, MemoryError) or any(part in text for part in _OUT_OF_MEMORY):
        said = _first_line(text).rpartition("DefaultCPUAllocator: ")[2]  # before it stands a line of torch's own source
        return f"there was not enough memory: {said or 'an allocation failed'}", _LESS_MEMORY
    if isinstance(error, VerifierBreakdown):
        return f"a verifier of the reward file keeps failing: {_first_line(text)}", "repair or replace it in the reward file"
    if isinstance(error, TwoPolicies):
        return f"the canary stopped the run: {_first_line(text)}", TWO_POLICIES
    if isinstance(error, DataError):
        return f"a row cannot be marked: {text}", "correct the row"
    if isinstance(error, FloatingPointError):
        remedy = "lower 'training.learning_rate' or 'training.max_grad_norm'; with half-precision weights try model.dtype = 'float32'"
        return f"{text}; the weights were not changed by it", remedy
    return None


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0][:300]
