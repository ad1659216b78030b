"""The engine gives the numbers of the scalar marking, bit for bit, whatever the file and the rows.

The longer run: `REWARDLANG_EXAMPLES=5000 pytest tests/engine tests/test_marking_laws.py`; with `--hypothesis-profile=explore
--hypothesis-seed=N` on other cases each time.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rewardlang
from tests.engine.agreement import agree, plain
from tests.engine.files import batches, files
from tests.test_marking_laws import REWARD
from tests.test_marking_laws import batches as law_batches
from tests.test_promises import completions as promised_completions
from tests.test_promises import files as promised_files

SETTINGS = settings(
    max_examples=int(os.environ.get("REWARDLANG_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHORT = settings(SETTINGS, max_examples=SETTINGS.max_examples // 3)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


@SETTINGS
@given(files(), batches, st.sampled_from([0, 3, 50]))
def test_generated_files(text: str, batch: list[tuple[str, dict[str, Any], str]], step: int) -> None:
    """Values, rules, sections, clamping, success, gates and failures, of files that use all that the language has."""
    completions, rows, prompts = (list(part) for part in zip(*batch, strict=True))
    agree(rewardlang.loads(text), completions, _columns(rows), prompts, step)


@SHORT
@given(files(), batches)
def test_plain_records(text: str, batch: list[tuple[str, dict[str, Any], str]]) -> None:
    """The records of a batch without words have the numbers, gates and failures of the full ones."""
    completions, rows, prompts = (list(part) for part in zip(*batch, strict=True))
    plain(rewardlang.loads(text), completions, _columns(rows), prompts)


@SETTINGS
@given(
    promised_files(),
    st.lists(st.tuples(promised_completions, st.sampled_from([7, 5, 0])), min_size=1, max_size=12),
    st.sampled_from([0, 3]),
)
def test_files_of_the_promises(text: str, rows: list[tuple[str, int]], step: int) -> None:
    """Gates, caps, weights and schedules, in the files that promises are tried on."""
    agree(rewardlang.loads(text), [completion for completion, _ in rows], {"gold": [gold for _, gold in rows]}, step=step)


@SETTINGS
@given(law_batches, st.integers(0, 120))
def test_awkward_completions(batch: list[dict[str, Any]], step: int) -> None:
    """Surrogates, combining letters and broken tags."""
    columns = _columns(batch)
    agree(REWARD, columns.pop("completion"), columns, step=step)
