"""A curriculum: weights that change with the step, prompts drawn by difficulty, an end when accuracy no longer rises; all resume."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rewardlang.trainer.config import CurriculumConfig, DataConfig, EvaluationConfig, RunConfig
from rewardlang.trainer.curriculum import SolveRates, choose_by_difficulty
from rewardlang.trainer.data_order import Share
from rewardlang.trainer.evaluate import Evaluation
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.metrics import MetricsLog, read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.run_callback import RunCallback, best_accuracy
from rewardlang.trainer.run_summary import summary
from rewardlang.trainer.stopping import StopRequest
from rewardlang.trainer.training import train
from tests.trainer.runs import LENGTH_PAYS, short_run
from tests.trainer.test_resume import assert_equal_runs

# Even nonsense is right now and then; the weight of `form` falls from 1 to nothing in four steps.
SCHEDULED = """rewardlang 1
reward scheduled
column gold: text
section right
rule digit: award 1 point when completion contains "1"
section form weight from 1 at step 0 to 0 at step 4
rule words: award 0.1 points for each distinct word in completion, up to 1 point
success when completion contains "1"
score between 0 and 2
"""


def scheduled(policy: Path, folder: Path, name: str, **training: Any) -> RunConfig:
    """A run by that file, with prompts by difficulty."""
    path = folder / "scheduled.reward"
    path.write_text(SCHEDULED, encoding="utf-8")
    config = short_run(policy, folder / name, path, completions=8, max_completion_tokens=12, **training)
    data, held_out = DataConfig(recipe="decimals", size=8), DataConfig(recipe="decimals", size=2)
    return replace(config, curriculum=CurriculumConfig(prompts="difficulty"), data=data, held_out=held_out)


def test_a_run_follows_the_schedule_and_the_solve_rates_and_resumes_exactly(raw_policy: Path, tmp_path: Path) -> None:
    """The file's weights are those of the trainer's step; a run cut after two steps draws the same prompts as one that was not."""
    whole, cut = scheduled(raw_policy, tmp_path, "whole"), scheduled(raw_policy, tmp_path, "cut")
    train(whole, Silent())
    shutil.copytree(whole.output, cut.output)
    (Path(cut.output) / "checkpoints" / "checkpoint-4" / "COMPLETE").unlink()  # as if it was cut off while that one was written
    train(cut, Silent(), resume=True)
    assert_equal_runs(Path(whole.output), Path(cut.output))
    rows = read_ledger(Path(whole.output) / "ledger").to_pylist()
    for row in rows:
        assert row["section.form"] == pytest.approx(row["points.words"] * (1 - row["version"] / 4))
    for version in range(4):
        prompts = [row["prompt"] for row in rows if row["version"] == version]
        assert len(set(prompts)) == 2
        assert prompts == [prompt for prompt in prompts[::4] for _ in range(4)]
    rates = SolveRates(whole.curriculum, 4)
    rates.add_ledger(Path(whole.output) / "ledger")
    last = {row["prompt"]: [other["success"] for other in rows if other["prompt"] == row["prompt"]] for row in rows}
    once = {prompt: solved for prompt, solved in last.items() if len(solved) == 4}
    assert once
    assert all(rates.rate(prompt) == (sum(solved) + 0.5) / 5 for prompt, solved in once.items())


def test_solve_rates_fade_and_have_a_floor() -> None:
    """Of 8 completions all right: (8 + 0.5) / (8 + 1); drawn again, the first eight count half. Rows that were not marked do not count."""
    rates = SolveRates(CurriculumConfig(floor=0.3), 4)
    assert (rates.rate("new"), rates.weight("new")) == (0.5, 1.0)
    rates.add(["easy"] * 4 + ["skipped"] * 4, [1.0, 1.0, 1.0, 1.0, None, float("nan"), 1.0, 0.0])
    assert rates.rate("easy") == 4.5 / 5
    assert rates.rate("skipped") == 1.5 / 3
    assert rates.weight("easy") == pytest.approx(4 * 0.9 * 0.1)
    rates.add(["easy"] * 4, [1.0, 1.0, 1.0, 1.0])
    assert rates.rate("easy") == (2 + 4 + 0.5) / (2 + 4 + 1)
    assert 4 * 6.5 / 7 * 0.5 / 7 < rates.weight("easy") == 0.3


def test_prompts_come_as_often_as_their_weights_say() -> None:
    """One of three is drawn: shares within three standard errors of the weights; the same seed and version draw the same."""
    rates = SolveRates(CurriculumConfig(floor=0.01), 100)
    for name, right in (("hard", 0), ("half", 50), ("easy", 95)):
        rates.add([name] * 100, [1.0] * right + [0.0] * (100 - right))
    rows = [{"prompt": name} for name in ("hard", "half", "easy")]
    shares = [Share("data", 3, 1.0)]
    choose = choose_by_difficulty(rows, rates, 4, shares)
    drawn = Counter(choose(version, 1)[0]["prompt"] for version in range(4000))
    total = sum(rates.weight(row["prompt"]) for row in rows)
    for row in rows:
        share = rates.weight(row["prompt"]) / total
        assert drawn[row["prompt"]] / 4000 == pytest.approx(share, abs=3 * (share * (1 - share) / 4000) ** 0.5)
    assert choose(7, 2) == choose_by_difficulty(rows, rates, 4, shares)(7, 2)
    assert sorted(row["prompt"] for row in choose(7, 3)) == ["easy", "half", "hard"]
    assert Counter(row["prompt"] for row in choose(7, 6)) == Counter({"easy": 2, "half": 2, "hard": 2})


def test_difficulty_and_patience_need_a_success(raw_policy: Path, tmp_path: Path) -> None:
    """A file that does not say what is right cannot tell how often it is."""
    path = tmp_path / "without.reward"
    path.write_text("".join(line for line in LENGTH_PAYS.splitlines(keepends=True) if not line.startswith("success")), encoding="utf-8")
    config = short_run(raw_policy, tmp_path / "run", path)
    for changed, key in (
        (replace(config, curriculum=CurriculumConfig(prompts="difficulty")), "curriculum.prompts"),
        (replace(config, evaluation=EvaluationConfig(every=1, patience=2)), "evaluation.patience"),
    ):
        with pytest.raises(TrainingProblem, match=f"'{key}' needs to know which answers are right.*\n.*success when"):
            train(changed, Silent())


def measured(accuracies: list[float]) -> list[dict[str, Any]]:
    """Rows of held-out measurements, ten steps apart."""
    return [{"kind": "held out", "step": 10 * place, "accuracy": one} for place, one in enumerate(accuracies)]


def test_a_new_best_is_better_by_the_least_rise() -> None:
    """Equal or hardly better accuracy is none: the first to reach it stays the best."""
    rows = measured([0.3, 0.5, 0.505, 0.5, 0.52])
    assert best_accuracy(rows, 0.01) == (0.52, 40)
    assert best_accuracy(rows[:4], 0.01) == (0.5, 10)
    assert best_accuracy(rows[:4], 0.0) == (0.505, 20)
    assert best_accuracy([], 0.01) is None


def test_a_run_ends_when_accuracy_no_longer_rises(tmp_path: Path) -> None:
    """Two measurements without a new best: the policy of the best one was saved when it was measured; the metrics say why the run ended."""
    accuracies = [0.2, 0.4, 0.3, 0.6, 0.6, 0.55, 0.9]
    config = RunConfig(output=str(tmp_path), evaluation=EvaluationConfig(every=10, patience=2))
    log, saved = MetricsLog(tmp_path), []

    def measure(step: int) -> Evaluation:
        scores: Any = None
        return Evaluation((), scores, accuracies[step // 10], 0.0, {})

    stop = StopRequest(lambda: None)
    callback = RunCallback(config, "r", log, Silent(), stop, measure, 1.0, (), lambda folder: saved.append((folder.name, log_steps())))

    def log_steps() -> int:
        return int(read_metrics(log.path)[-1]["step"])

    callback.measure(0)
    for step in range(1, 61):
        control = SimpleNamespace(should_training_stop=False, should_save=True)
        callback.on_step_end(None, SimpleNamespace(global_step=step, max_steps=200), control)
        if control.should_training_stop:
            break
    log.close()
    assert (step, control.should_save) == (50, False)
    assert callback.ended_early is not None
    assert callback.ended_early.accuracy == 0.55
    assert saved == [("best", 10), ("best", 30)]
    last = read_metrics(log.path)[-1]
    assert last == {"kind": "early end", "step": 50, "found": "no new best accuracy in 2 measurements: 60.0% after step 30"}


def test_an_early_end_is_an_end(raw_policy: Path, tmp_path: Path) -> None:
    """The policy is saved, the command says where, the report says why; a resumed run ends at the same step."""
    path = tmp_path / "never.reward"
    path.write_text(
        LENGTH_PAYS.replace("success when completion contains gold", 'success when completion contains "never"'), encoding="utf-8"
    )
    config = short_run(raw_policy, tmp_path / "run", path, steps=9, save_every=1, completions=8, max_completion_tokens=4)
    few = DataConfig(recipe="decimals", size=2)
    config = replace(config, evaluation=EvaluationConfig(every=1, patience=2), data=few, held_out=few)
    result = train(config, Silent())
    assert (result.steps, result.stopped) == (2, False)
    assert result.after is not None
    assert (result.policy / "adapter_model.safetensors").is_file()
    assert "2 of 9 steps: ended early: no new best accuracy in 2 measurements" in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert summary(tmp_path / "run")["notes"][-1].startswith("ended early: no new best accuracy in 2 measurements")
    again = train(config, Silent(), resume=True)
    assert (again.steps, again.stopped) == (2, False)
