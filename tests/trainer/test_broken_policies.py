"""Policies that cannot be loaded are told with cause and remedy, and no traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rewardlang.trainer.config import ModelConfig
from rewardlang.trainer.policy import load_model, load_tokenizer
from rewardlang.trainer.problem import TrainingProblem


def test_weights_that_are_none(raw_policy: Path, tmp_path: Path) -> None:
    """As after a download that was cut off."""
    folder = shutil.copytree(raw_policy, tmp_path / "policy")
    (folder / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(TrainingProblem, match=r"the model .* cannot be loaded: .*header"):
        load_model(ModelConfig(path=str(folder)))


def test_a_folder_without_a_tokenizer(raw_policy: Path, tmp_path: Path) -> None:
    """Transformers makes one that knows no word."""
    folder = shutil.copytree(raw_policy, tmp_path / "policy", ignore=shutil.ignore_patterns("token*"))
    with pytest.raises(TrainingProblem, match=r"tokenizer"):
        load_tokenizer(ModelConfig(path=str(folder)))


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% for m in messages %}{{ m.content }", "cannot be used: unexpected '}'"),
        ("Answer.", "leaves out what the messages say\n.*{% for message in messages %}"),
    ],
)
def test_a_template_that_is_none(raw_policy: Path, tmp_path: Path, template: str, told: str) -> None:
    """One with a mistake in its Jinja, and one that shows the same whatever is asked."""
    (tmp_path / "t.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(TrainingProblem, match=told):
        load_tokenizer(ModelConfig(path=str(raw_policy), chat_template=str(tmp_path / "t.jinja")))


def test_a_revision_of_a_folder(raw_policy: Path) -> None:
    """A folder has one state: a revision beside it would be left out of account in silence."""
    for load in (load_model, load_tokenizer):
        with pytest.raises(TrainingProblem, match=r"'model.revision' names a state on the hub, and .* is a folder\n.*leave it out"):
            load(ModelConfig(path=str(raw_policy), revision="main"))
