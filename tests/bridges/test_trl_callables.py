"""The callables that TRL gets, called as TRL calls them but without TRL."""

from __future__ import annotations

import math
import multiprocessing
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

import rewardlang

TEXT = """
rewardlang 1
reward digits

column gold: text

let found = only <answer> in completion

require not gold equals "" else skip because "no gold"
require found is present else score -1

section substance
rule correct: award 2 points when found equals gold

section form weight from 1 at step 0 to 0 at step 10
rule digit: award 0.5 points when completion matches /[0-9]/

success when found equals gold
score clamped between -1 and 2.25
"""

COMPLETIONS = ["<answer>1</answer>", "<answer>one</answer>", "2", "<answer>4</answer>"]
GOLD = ["1", "1", "2", ""]


@pytest.fixture
def reward() -> rewardlang.Reward:
    """A small file with a skip, a gate, two sections, a schedule and clamping."""
    return rewardlang.loads(TEXT, name="digits.reward")


def _call(function: Any, **more: Any) -> Any:
    return function(prompts=["a", "b", "c", "d"], completions=COMPLETIONS, **{"gold": GOLD, **more})


def test_one_float_a_completion_and_none_for_a_skipped_row(reward: rewardlang.Reward) -> None:
    """The list that TRL wants: the clamped right answer, the wrong one, the gated one, the skipped one."""
    assert _call(reward.trl_reward()) == [2.25, 0.0, -1.0, None]


def test_it_has_the_name_of_the_reward(reward: rewardlang.Reward) -> None:
    """TRL logs under `__name__`."""
    assert reward.trl_reward().__name__ == "digits"


def test_chat_completions_are_marked_as_their_text(reward: rewardlang.Reward) -> None:
    """A list of messages scores as the text of the assistant's message does."""
    chats = [[{"role": "assistant", "content": text}] for text in COMPLETIONS]
    prompts = [[{"role": "user", "content": "Say a number"}]] * 4
    assert reward.trl_reward()(prompts=prompts, completions=chats, gold=GOLD) == _call(reward.trl_reward())


def test_the_trainers_step_moves_the_schedule(reward: rewardlang.Reward) -> None:
    """`trainer_state.global_step` is the step of `weight from … at step …`."""
    assert _call(reward.trl_reward(), trainer_state=SimpleNamespace(global_step=8)) == [2.1, 0.0, -1.0, None]


def test_columns_that_the_file_does_not_declare_are_left_alone(reward: rewardlang.Reward) -> None:
    """Whatever else TRL or the data set passes has no influence."""
    other = {"gould": [object()] * 4, "environments": None, "completion_ids": [[1, 2]] * 4, "log_extra": None, "note": "text"}
    assert _call(reward.trl_reward(), **other) == _call(reward.trl_reward())


def test_a_missing_column_is_named_with_a_guess() -> None:
    """The error names the column, what the data set has, and the nearest name."""
    reward = rewardlang.loads(TEXT, name="digits.reward")
    with pytest.raises(rewardlang.DataError, match=r"no column 'gold', which digits.reward declares.*did you mean 'gould'") as caught:
        reward.trl_reward()(prompts=["a"], completions=["b"], gould=["1"])
    assert caught.value.column == "gold"


def test_columns_can_be_checked_before_the_first_step(reward: rewardlang.Reward) -> None:
    """`check_columns(dataset.column_names)` raises the same error before anything is generated."""
    reward.trl_reward().check_columns(["prompt", "gold"])
    with pytest.raises(rewardlang.DataError, match="no column 'gold'"):
        reward.trl_section_rewards()[0].check_columns(["prompt", "gould"])


def test_completion_tokens_come_from_the_ids(reward: rewardlang.Reward) -> None:
    """`completion_tokens` in a file is the number of ids that TRL passes."""
    long = rewardlang.loads("rewardlang 1 reward long rule short: award 1 point when completion_tokens < 3 score between 0 and 1")
    assert long.trl_reward()(prompts=["", ""], completions=["a", "b"], completion_ids=[[1, 2], [1, 2, 3]]) == [1.0, 0.0]


def test_rules_are_logged_where_the_host_takes_metrics(reward: rewardlang.Reward) -> None:
    """Means over the marked rows: points and firing of each rule, shares of skipped, gated and right rows; and the marks in words."""
    metrics: dict[str, float] = {}
    extra: dict[str, list[str]] = {}
    _call(reward.trl_reward(), log_metric=metrics.__setitem__, log_extra=extra.__setitem__)
    third = 1 / 3
    assert metrics == pytest.approx(
        {
            "digits/skipped": 0.25,
            "digits/gated": 0.25,
            "digits/success": third,
            "digits/correct/points": 2 * third,
            "digits/correct/fired": third,
            "digits/digit/points": 0.5 * third,
            "digits/digit/fired": third,
        }
    )
    assert extra["digits marks"][0] == "correct +2, digit +0.5"
    assert extra["digits marks"][1] == "no rule fired"
    assert extra["digits marks"][2].startswith("-1: ")
    assert extra["digits marks"][3] == "skipped: no gold"


def test_the_sections_sum_to_the_score(reward: rewardlang.Reward) -> None:
    """One callable a section, and one for gates and clamping, so that nothing of the score is lost."""
    functions = reward.trl_section_rewards()
    assert [function.__name__ for function in functions] == ["digits/substance", "digits/form", "digits/gates-and-clamping"]
    columns = [_call(function) for function in functions]
    whole = _call(reward.trl_reward())
    assert [None if None in parts else sum(parts) for parts in zip(*columns, strict=True)] == whole
    assert columns == [[2.0, 0.0, 0.0, None], [0.5, 0.0, 0.0, None], [-0.25, 0.0, -1.0, None]]


def test_each_metric_is_logged_once_by_the_sections(reward: rewardlang.Reward) -> None:
    """Together the section callables log what the whole reward logs, nothing twice."""
    whole: list[str] = []
    parts: list[str] = []
    _call(reward.trl_reward(), log_metric=lambda name, _: whole.append(name))
    for function in reward.trl_section_rewards():
        _call(function, log_metric=lambda name, _: parts.append(name))
    assert sorted(parts) == sorted(whole)


def _counting(reward: rewardlang.Reward, monkeypatch: pytest.MonkeyPatch, wait: threading.Event | None = None) -> list[int]:
    """Counts the evaluations of a reward; with `wait`, each lasts until it is set."""
    calls: list[int] = []
    score = reward.score

    def counted(completions: Any, **options: Any) -> Any:
        calls.append(len(completions))
        if wait is not None:
            wait.wait(timeout=30)
        return score(completions, **options)

    monkeypatch.setattr(reward, "score", counted, raising=True)
    return calls


def test_sections_share_one_evaluation(reward: rewardlang.Reward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is marked once for all sections, a new batch anew; a changed list is a new batch."""
    calls = _counting(reward, monkeypatch)
    functions = reward.trl_section_rewards()
    completions = list(COMPLETIONS)
    for _ in range(2):
        for function in functions:
            function(prompts=None, completions=completions, gold=GOLD)
    assert len(calls) == 1
    completions[0] = "<answer>2</answer>"
    assert [function(prompts=None, completions=completions, gold=GOLD)[0] for function in functions] == [0.0, 0.5, 0.0]
    assert len(calls) == 2
    functions[0](prompts=None, completions=completions, gold=GOLD, trainer_state=SimpleNamespace(global_step=1))
    assert len(calls) == 3


def test_two_threads_wait_for_one_evaluation(reward: rewardlang.Reward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callables that ask for the same batch at the same time wait for the first."""
    go = threading.Event()
    calls = _counting(reward, monkeypatch, go)
    functions = reward.trl_section_rewards()
    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(_call, function) for function in functions]
        go.set()
        assert [future.result(timeout=30)[0] for future in running] == [2.0, 0.5, -0.25]
    assert len(calls) == 1


def test_an_error_reaches_every_waiting_thread(reward: rewardlang.Reward) -> None:
    """A bad row raises in each callable, and the next batch works."""
    functions = reward.trl_section_rewards()
    with ThreadPoolExecutor(len(functions)) as pool:
        failing = [pool.submit(function, prompts=None, completions=["a"], gold=[None]) for function in functions]
        assert all(isinstance(future.exception(timeout=30), rewardlang.DataError) for future in failing)
    assert _call(functions[0]) == [2.0, 0.0, 0.0, None]


def test_many_threads_get_what_one_gets(reward: rewardlang.Reward) -> None:
    """Sixteen threads over different batches: every result is that of a single call."""
    function, sections = reward.trl_reward(), reward.trl_section_rewards()
    batches = [[f"<answer>{number}</answer>", "none"] for number in range(32)]

    def both(completions: list[str]) -> tuple[Any, Any]:
        columns = {"completions": completions, "gold": ["7", "7"]}
        return function(prompts=None, **columns), [section(prompts=None, **columns)[0] for section in sections]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(both, batches))
    assert found == [both(completions) for completions in batches]
    assert [whole[0] for whole, _ in found].count(2.25) == 1


def test_it_pickles_as_text_and_is_compiled_again(reward: rewardlang.Reward) -> None:
    """The pickle holds the file's text; what comes back has the same fingerprint and marks the same."""
    whole = pickle.loads(pickle.dumps(reward.trl_reward()))
    assert whole.reward.fingerprint == reward.fingerprint
    assert _call(whole) == _call(reward.trl_reward())
    sections = pickle.loads(pickle.dumps(reward.trl_section_rewards()))
    assert sections[0].shared is sections[1].shared
    assert [_call(section) for section in sections] == [_call(section) for section in reward.trl_section_rewards()]
    assert b"award 2 points" in pickle.dumps(reward.trl_reward())


def test_it_works_in_a_spawned_process(reward: rewardlang.Reward) -> None:
    """The way multi-process hosts use it: pickled into a fresh interpreter."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_call, reward.trl_reward()).result(timeout=60) == [2.25, 0.0, -1.0, None]


def test_the_bridge_loads_no_training_library() -> None:
    """Neither TRL nor torch is imported for a TRL reward."""
    code = (
        "import sys, rewardlang\n"
        "reward = rewardlang.loads('rewardlang 1 reward r rule a: award 1 point when completion contains \"x\" score between 0 and 1')\n"
        "assert reward.trl_reward()(prompts=['p'], completions=['x']) == [1.0]\n"
        "print([name for name in ('trl', 'torch', 'transformers') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "[]"


def test_nan_never_reaches_the_host(reward: rewardlang.Reward) -> None:
    """Skipped is None, never NaN: older versions of TRL would average a NaN."""
    assert not any(isinstance(value, float) and math.isnan(value) for value in _call(reward.trl_reward()))
