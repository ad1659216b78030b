"""Where a library of an extra is not installed, a verdict is not reached, and the reason is the command that installs it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from rewardlang.registry import default_registry
from rewardlang.verdict import Refused, Verdict
from rewardlang.verifier import Kind

CASES: list[tuple[Kind, str, str, str, dict[str, Any]]] = [
    ("predicate", "valid_json", "jsonschema_rs", "structure", {"schema": "{}"}),
    ("predicate", "valid_yaml", "yaml", "structure", {}),
    ("predicate", "valid_sql", "sqlglot", "structure", {}),
    ("predicate", "written_in", "py3langid.langid", "text", {}),
    ("measure", "repetition", "rjieba", "text", {"unit": "chinese words"}),
    ("measure", "tokens", "tokenizers", "text", {"tokenizer": "models/policy"}),
]


def _forget(module: str) -> None:
    """Empties the caches of a verifier's module."""
    for value in vars(importlib.import_module(module)).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@pytest.mark.parametrize(("kind", "word", "library", "extra", "options"), CASES, ids=[case[1] for case in CASES])
def test_a_missing_library_is_told(
    kind: Kind, word: str, library: str, extra: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a silent no: the verdict is unknown."""
    verifier = default_registry().get(kind, word)
    assert verifier is not None
    _forget(verifier.module)
    monkeypatch.setitem(sys.modules, library, None)
    try:
        result = verifier(["{}"], **options)[0]
    finally:
        _forget(verifier.module)
    assert isinstance(result, (Verdict, Refused))
    assert not isinstance(result, Verdict) or result.holds is None
    assert f"pip install 'rewardlang[{extra}]'" in result.reason
