"""Joined tests are asked in the order of their cost; whatever the order, a row earns the same."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang.engine.batch import Batch
from rewardlang.engine.calls import Calls
from rewardlang.engine.plan_from_program import plan
from rewardlang.engine.run import Prepared, run
from rewardlang.meaning import AtLeast, walk
from rewardlang.program import Program, WhenBody
from rewardlang.record import FrozenRecord, names_of, replaced
from rewardlang.reward import Reward
from rewardlang.verifier import Verifier
from tests.engine.faulty import faulty_rewards, rows


@settings(
    max_examples=int(os.environ.get("REWARDLANG_EXAMPLES", "10")),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(faulty_rewards(), st.lists(rows, min_size=1, max_size=12), st.integers(0, 99))
def test_the_order_of_joined_tests_changes_no_number(reward: Reward, batch: list[tuple[str, str]], seed: int) -> None:
    """Score, rules, sections, gates and success, bit for bit, also where verdicts were refused or verifiers broke."""
    shuffled = _with_other_orders(reward.program, random.Random(seed))
    marks, others = _marks(reward, reward.program, batch), _marks(reward, shuffled, batch)
    # Not the failures: a verdict that decided nothing is asked in one order and not in the other.
    for name in ("score", "rules", "fired", "sections", "clamping", "success", "gates"):
        _same(getattr(marks, name), getattr(others, name))


@pytest.mark.parametrize(
    ("test", "order"),
    [
        ('final is valid_json and completion contains "a"', (0, 1)),
        ("final as math equals gold as math and final is present", (1, 0)),
        (
            'any of (final as math equals gold as math; count of misspelling in completion > 1; long; gold contains "b"; flag)',
            (4, 2, 3, 1, 0),
        ),
    ],
)
def test_cheap_classes_come_first(test: str, order: tuple[int, ...]) -> None:
    """Tests of one class keep the order of the file; a named value costs what is behind its name."""
    text = (
        "rewardlang 1\nreward small\ncolumn gold: text\ncolumn flag: boolean\nlet final = only <a> in completion\n"
        f"let long = count of word in completion > 9\nrule r: award 1 point when {test}\n"
    )
    used = "".join(line + "\n" for line in text.splitlines() if not line.startswith("let long") or "long" in test)
    used = used if "flag" in test else used.replace("column flag: boolean\n", "")
    reward = rewardlang.loads(used + "score between 0 and 1\n")
    (rule,) = plan(reward.program).rules
    assert isinstance(rule.rule.body, WhenBody)
    (condition,) = (case.condition for case in rule.rule.body.cases)
    assert condition is not None
    assert next(node.order for node in walk(condition) if isinstance(node, AtLeast)) == order


def _marks(reward: Reward, program: Program, batch: list[tuple[str, str]]) -> Any:
    given_rows = Batch(program, reward.registry, [completion for completion, _ in batch], None, {"gold": [gold for _, gold in batch]})
    return run(Prepared(plan(program)), given_rows, 0, Calls())


def _with_other_orders(value: Any, rng: random.Random) -> Any:
    """The same with every joined test in another order."""
    if isinstance(value, Program):
        parts = {name: _with_other_orders(getattr(value, name), rng) for name in ("lets", "requires", "rules", "success")}
        return replaced(value, **parts)
    if isinstance(value, FrozenRecord) and not isinstance(value, Verifier):
        changed = {name: _with_other_orders(getattr(value, name), rng) for name in names_of(value)}
        if isinstance(value, AtLeast):
            changed["order"] = tuple(rng.sample(value.order, len(value.order)))
        return replaced(value, **changed)
    if type(value) is tuple:
        return tuple(_with_other_orders(item, rng) for item in value)
    if isinstance(value, Mapping):
        return {name: _with_other_orders(item, rng) for name, item in value.items()}
    return value


def _same(one: Any, other: Any) -> None:
    if isinstance(one, Mapping):
        assert one.keys() == other.keys()
        for name in one:
            _same(one[name], other[name])
    else:
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
