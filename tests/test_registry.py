"""Verifiers are found by standing in the folder; words are looked up, and mistyped ones suggested."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from rewardlang import registry as registry_module
from rewardlang.record import replaced
from rewardlang.registry import (
    DuplicateVerifierError,
    Registry,
    declared_in,
    default_registry,
    entry_point_modules,
    find_verifiers,
    modules,
    words_of,
)
from rewardlang.unusable import UnusableVerifierError
from rewardlang.verifier import finder


def test_every_file_in_the_folder_declares_a_verifier() -> None:
    """A module in `verifiers/` that declares nothing would be dead weight."""
    assert {verifier.module for verifier in find_verifiers()} >= set(modules())


@pytest.mark.parametrize("name", modules())
def test_what_is_read_in_a_file_is_what_its_module_declares(name: str) -> None:
    """Files of the folder are not imported to be found, so their words are read in their text: kind, word and order are the same."""
    module = importlib.import_module(name)
    read = words_of(Path(module.__file__ or "").read_bytes(), name)
    assert [(entry.kind, entry.word) for entry in read] == [(entry.kind, entry.word) for entry in declared_in(module)]


def test_order_is_by_kind_then_word() -> None:
    """The order does not depend on the order of files."""
    keys = [(verifier.kind, verifier.word) for verifier in default_registry()]
    assert keys == sorted(keys)
    assert list(Registry(reversed(list(default_registry())))) == list(default_registry())


def test_words_are_looked_up_by_kind() -> None:
    """`number` is a finder and a reader; a word may be written with spaces."""
    registry = default_registry()
    finder, reader = registry.get("finder", "number"), registry.get("reader", "number")
    assert finder is not None
    assert reader is not None
    assert finder is not reader
    assert registry.get("predicate", "valid json") is registry.get("predicate", "valid_json")
    assert registry.get("finder", "nubmer") is None


def test_a_mistyped_word_is_suggested() -> None:
    """The closest word of the kind, or nothing."""
    assert default_registry().suggest("finder", "mispelling") == "misspelling"
    assert default_registry().suggest("finder", "qqqqqqq") is None


def test_two_verifiers_with_one_word_are_an_error() -> None:
    """Both modules are named."""
    word = default_registry().get("finder", "word")
    assert word is not None
    with pytest.raises(DuplicateVerifierError, match=r"rewardlang\.verifiers\.word and elsewhere"):
        Registry([word, replaced(word, module="elsewhere")])


def test_entry_points_are_read() -> None:
    """Modules of our group in a package's `entry_points.txt`, with or without an object's name."""
    text = "[console_scripts]\na = b:c\n\n[rewardlang.verifiers]\nmore = package.more\nand_more=package.and_more:thing\n[other]\nx = y\n"
    assert entry_point_modules(text) == ["package.more", "package.and_more"]


def test_finding_verifiers_loads_no_library() -> None:
    """Sympy, numpy, regex and the dictionary wait for their first use."""
    code = (
        "import sys; from rewardlang.registry import default_registry; default_registry(); "
        "print([name for name in ('sympy', 'numpy', 'regex', 'json.decoder', 'rewardlang.answers.parse', 'gzip') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its module and the reason, instead of a traceback of somebody else's code."""
    monkeypatch.setattr(registry_module, "_entry_points", lambda: ["no_such_module_anywhere"])
    with pytest.raises(UnusableVerifierError, match=r"the module no_such_module_anywhere, which cannot be imported \(ModuleNotFoundError"):
        find_verifiers()


def test_a_verifier_without_annotations_is_named() -> None:
    """The function and the parameter, with what to write."""

    @finder("spooky", cost="linear", version="1")
    def spooky(texts):  # type: ignore[no-untyped-def]
        return [[] for _ in texts]

    with pytest.raises(UnusableVerifierError, match=r"spooky: 'texts' has no annotation; a column of texts is Sequence\[str\]"):
        Registry([spooky.declaration]).get("finder", "spooky")  # type: ignore[attr-defined]
