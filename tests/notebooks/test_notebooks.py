"""Every notebook of the examples is executed from its first cell to its last."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.sources import ROOT

NOTEBOOKS = sorted((ROOT / "examples").rglob("*.ipynb"))


def _execute(path: Path) -> Any:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_and_shows_pages(path: Path, tmp_path: Path) -> None:
    """No cell raises; the program, the scores and the explanation are shown as HTML, and none of it is a script."""
    for file in path.parent.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    notebook = _execute(tmp_path / path.name)
    pages = [
        output["data"]["text/html"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert len(pages) >= 4
    assert not any("<script" in page.lower() for page in pages)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    """What is committed is the text of the cells; outputs are made where they are looked at."""
    nbformat = pytest.importorskip("nbformat")
    assert [cell.outputs for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and cell.outputs] == []
