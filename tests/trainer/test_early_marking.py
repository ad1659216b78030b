"""Marking begins when a round is drawn, goes on through the forward passes, and gives what it would have given later."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from tests.trainer.runs import short_run

# The verdict is reached in another process, and only once the forward pass behind the drawing has begun.
MODULE = """
import time
from pathlib import Path

def f(text, mark):
    while not Path(mark).exists(): time.sleep(0.01)
    return len(text) / 100
"""
FILE = """rewardlang 1
reward dear
column mark: text
use python "checks:f" as f(text: text, mark: text) returns number between 0 and 1 timeout 60 s
section one
rule length: award up to 1 point scaled by f(completion, mark)
section two
rule ones: award 0.1 points for each match of /1/ in completion, up to 0.3 points
score between 0 and 1.3
"""
TEXTS = ["1 2", "2 2 2", "111 1", "3"]


class Drawn:
    """An engine that gives the same completions whatever the prompt."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def publish(self, model: Any, step: int) -> None:
        """Nothing to take over."""

    def generate(self, prompts: list[list[int]], group: int, ended: Any = None) -> tuple[list[list[int]], None]:
        """As many texts as there are prompts; nobody is told of one before all are there."""
        ids = [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS[: len(prompts)]]
        return [[*one, self.tokenizer.eos_token_id] for one in ids], None


@pytest.mark.parametrize("algorithm", ["gdpo", "rloo"])
def test_verdicts_are_reached_while_the_trainer_computes(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """Marking that waits for the reference's forward pass would wait for ever if it began behind it; the scores are those of `score`."""
    from rewardlang.trainer.grpo import make_trainer
    from rewardlang.trainer.ledger import Ledger, read_ledger
    from rewardlang.trainer.policy import load_model, load_tokenizer
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.recording import RecordingReward
    from rewardlang.work import pool

    (tmp_path / "checks.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "dear.reward").write_text(FILE, encoding="utf-8")
    reward, mark = rewardlang.load(tmp_path / "dear.reward"), tmp_path / "forward"
    settings: dict[str, Any] = {"completions": 4, "group": 4, "max_completion_tokens": 12, "algorithm": algorithm, "refill": 0, "kl": 0.1}
    config = short_run(raw_policy, tmp_path / "run", tmp_path / "dear.reward", **settings)
    tokenizer = load_tokenizer(config.model)
    recorded = RecordingReward(reward, Ledger(tmp_path / "ledger", reward.program, 4, from_version=0), 4, Silent())
    rows = [{"prompt": f"What is {number} + 1?", "mark": str(mark)} for number in range(4)]
    trainer = make_trainer(config, recorded, load_model(config.model), tokenizer, rows, generation=Drawn(tokenizer))
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    forward = trainer._get_per_token_logps_and_entropies

    def marked_forward(*given: Any, **named: Any) -> Any:
        mark.touch()
        return forward(*given, **named)

    trainer._get_per_token_logps_and_entropies = marked_forward
    try:
        trainer._generate_and_score_completions([trainer.train_dataset[0]] * 4)
        expected = reward.score(TEXTS, columns={"mark": [str(mark)] * 4})
    finally:
        pool.close()
    given = [sum(column) for column in zip(*(list(column)[-4:] for column in trainer._logs["rewards"].values()), strict=True)]
    assert given == pytest.approx(expected.values.tolist(), abs=1e-6)
    entered = read_ledger(tmp_path / "ledger").to_pylist()
    assert all(row["verifier_seconds"] > 0 for row in entered)
    assert {row["marked_together"] for row in entered} == {4}


TELLS = """
from pathlib import Path

def f(text, mark):
    Path(mark).touch()
    return min(len(text), 100) / 100
"""


@pytest.mark.parametrize("algorithm", ["grpo", "rloo"])
@pytest.mark.parametrize("chat", [False, True])
def test_verdicts_are_reached_while_others_are_drawn(raw_policy: Path, tmp_path: Path, algorithm: str, chat: bool) -> None:
    """With `engine.concurrent` a round is drawn in portions; the second waits here for a verdict on the first."""
    from rewardlang.trainer.config import EngineConfig
    from rewardlang.trainer.grpo import make_trainer
    from rewardlang.trainer.ledger import Ledger, read_ledger
    from rewardlang.trainer.policy import load_model, load_tokenizer
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.recording import RecordingReward
    from rewardlang.work import pool

    (tmp_path / "checks.py").write_text(TELLS, encoding="utf-8")
    (tmp_path / "dear.reward").write_text(FILE, encoding="utf-8")
    reward, mark = rewardlang.load(tmp_path / "dear.reward"), tmp_path / "judged"
    config = short_run(raw_policy, tmp_path / "run", tmp_path / "dear.reward", completions=4, algorithm=algorithm, max_completion_tokens=6)
    config = replace(config, engine=EngineConfig(concurrent=3))
    tokenizer = load_tokenizer(config.model)
    recorded = RecordingReward(reward, Ledger(tmp_path / "ledger", reward.program, 4, from_version=0), 4, Silent())
    asked: Any = [{"role": "user", "content": "1 + 1?"}] if chat else "1 + 1?"
    rows = [{"prompt": asked, "mark": str(mark)}] * 4
    trainer = make_trainer(config, recorded, load_model(config.model), tokenizer, rows)
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    portions: list[int] = []
    generate = trainer.model.generate

    def generate_in_turn(*given: Any, **named: Any) -> Any:
        deadline = time.monotonic() + 60
        while portions and not mark.exists():
            assert time.monotonic() < deadline, "no verdict on the first portion was reached"
            time.sleep(0.01)
        portions.append(len(named["input_ids"]))
        return generate(*given, **named)

    trainer.model.generate = generate_in_turn
    begun: list[Any] = []
    taken: list[int] = []
    begin = recorded.begin

    def noted(place: int, prompts: Any, *given: Any, **named: Any) -> None:
        begin(place, prompts, *given, **named)
        taken.append(len(prompts))
        begun.append(recorded._begun)

    recorded.begin = noted  # type: ignore[method-assign]
    try:
        trainer._generate_and_score_completions(rows)
        entered = read_ledger(tmp_path / "ledger").to_pylist()
        expected = reward.score([row["completion"] for row in entered], columns={"mark": [str(mark)] * 4})
    finally:
        pool.close()
    assert portions == [3, 1]
    assert taken == [3, 1]
    assert [len(one.rows) for one in begun] == [4, 4]
    assert recorded._begun is begun[0]  # what was begun was collected, not dropped and marked anew
    assert [row["score"] for row in entered] == pytest.approx(expected.values.tolist())


def test_other_rows_than_were_begun_are_marked_when_they_come(tmp_path: Path) -> None:
    """What was begun for nothing is dropped."""
    from rewardlang.trainer.ledger import Ledger
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.recording import RecordingReward

    text = 'rewardlang 1\nreward r\nrule a: award 1 point when completion contains "1"\nscore between 0 and 1\n'
    reward = rewardlang.loads(text)
    recorded = RecordingReward(reward, Ledger(tmp_path / "ledger", reward.program, 2, from_version=0), 2, Silent())
    recorded.begin(0, ["p", "p"], ["1", "2"], {}, anew=True)
    assert recorded.score(["2", "1"], ["p", "p"], {}).values.tolist() == [0, 1]
    recorded.begin(0, ["p", "p"], ["1", "2"], {}, anew=True)
    assert recorded.score(["1", "2"], ["p", "p"], {}).values.tolist() == [1, 0]
    recorded.begin(0, ["p", "p"], ["1", "2"], {}, anew=True)
    recorded.begin(0, ["p", "p"], ["2", "2"], {}, anew=True)
    assert recorded.score(["2", "2"], ["p", "p"], {}).values.tolist() == [0, 0]


def test_completions_that_end_out_of_turn_are_marked_in_their_places(tmp_path: Path) -> None:
    """Each as it ends; the scores and the ledger stand in the order of the round, and nothing is marked twice."""
    from rewardlang.trainer.ledger import Ledger, read_ledger
    from rewardlang.trainer.progress import Silent
    from rewardlang.trainer.recording import RecordingReward

    text = "rewardlang 1\nreward r\nrule a: award 0.1 points for each match of /1/ in completion, up to 1 point\nscore between 0 and 1\n"
    reward = rewardlang.loads(text)
    recorded = RecordingReward(reward, Ledger(tmp_path / "ledger", reward.program, 4, from_version=0), 4, Silent())
    for number, place in enumerate((2, 0, 3, 1)):
        recorded.begin(place, ["p"], ["1" * place], {}, anew=number == 0)
    begun = recorded._begun
    assert begun is not None
    scores = recorded.score(["", "1", "11", "111"], ["p"] * 4, {})
    assert scores is begun.submission.collect()
    assert scores.values.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert [row["completion"] for row in read_ledger(tmp_path / "ledger").to_pylist()] == ["", "1", "11", "111"]
