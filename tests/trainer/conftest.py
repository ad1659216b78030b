"""A small policy for all tests of the trainer: a smaller relative of the demonstration's, warmed up in half a minute of one core."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The training libraries warn of one another's plans; a run gathers that in its own file, and no test fails by it."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads that wait for one another cost more than they bring in models this small, most of all beside other work."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def warm_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy that is right about one time in four: enough for reinforcement to find what pays."""
    from rewardlang.trainer import small_policy
    from rewardlang.trainer.pupils import Habits
    from rewardlang.trainer.warm_up import WarmUp, warm_up

    tokenizer = small_policy.make_tokenizer()
    model = small_policy.make_model(tokenizer, seed=0, hidden=64, layers=2)
    recipe = WarmUp(steps=500, batch=32, learning_rate=6e-3, habits=Habits(right_method=0.5, tidy=0.5, hedging=0.2))
    warm_up(model, tokenizer, recipe, seed=0, report=lambda step, loss: None)
    folder = tmp_path_factory.mktemp("policy")
    small_policy.save(model, tokenizer, folder)
    return folder


@pytest.fixture(scope="session")
def raw_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy with random weights, for tests of everything but learning."""
    from rewardlang.trainer import small_policy

    tokenizer = small_policy.make_tokenizer()
    folder = tmp_path_factory.mktemp("raw")
    small_policy.save(small_policy.make_model(tokenizer, seed=0, hidden=64, layers=1), tokenizer, folder)
    return folder


@pytest.fixture(scope="session")
def finished_run(raw_policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four steps with checkpoints after the second and the fourth, measured before and at each; tests add to it and change nothing."""
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.training import train
    from tests.trainer.runs import LENGTH_PAYS, short_run

    folder = tmp_path_factory.mktemp("finished")
    reward = folder / "length_pays.reward"
    reward.write_text(LENGTH_PAYS, encoding="utf-8")
    train(short_run(raw_policy, folder / "out", reward, every=2), Silent())
    return folder / "out"
