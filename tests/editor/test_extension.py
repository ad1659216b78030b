"""The extension for Visual Studio Code: what its manifest names is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sources import ROOT

FOLDER = ROOT / "grammars" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))


def _paths(value: Any) -> Iterator[str]:
    """Every text of the manifest that is a path of the folder."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _paths(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner)
    elif isinstance(value, str) and value.startswith("./"):
        yield value


@pytest.mark.parametrize("path", sorted(set(_paths(MANIFEST))))
def test_the_manifest_names_files_that_exist(path: str) -> None:
    """`./extension.js` and the others."""
    assert (FOLDER / path).is_file()


def test_what_is_packed_exists() -> None:
    """The list of files, but for the libraries that npm brings."""
    for name in MANIFEST["files"]:
        if not name.startswith("node_modules"):
            assert list(FOLDER.glob(name.removesuffix("/**"))), name


def test_the_language_is_the_grammars() -> None:
    """Scope, name and ending agree, and the lock file holds the versions that the manifest asks for."""
    grammar = json.loads((FOLDER / "syntaxes" / "reward.tmLanguage.json").read_text(encoding="utf-8"))
    (language,) = MANIFEST["contributes"]["languages"]
    (colours,) = MANIFEST["contributes"]["grammars"]
    assert (colours["language"], colours["scopeName"]) == (language["id"], grammar["scopeName"])
    assert language["extensions"] == [f".{kind}" for kind in grammar["fileTypes"]]
    locked = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in {**MANIFEST["dependencies"], **MANIFEST["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_the_licence_is_the_projects() -> None:
    """The folder has its own copy, which is packed with it."""
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert MANIFEST["license"] == "Apache-2.0"


def test_the_language_configuration_is_json() -> None:
    """Comments begin with `#`; brackets and quotation marks come in pairs."""
    configuration = json.loads((FOLDER / "language-configuration.json").read_text(encoding="utf-8"))
    assert configuration["comments"] == {"lineComment": "#"}
    assert ["(", ")"] in configuration["brackets"]
