"""A package of somebody else adds a verifier: installed, its word can be used, checked and scored."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

PLUGIN = ROOT / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example package, as pip installs it."""
    copy, target = tmp_path_factory.mktemp("plugin") / "plugin", tmp_path_factory.mktemp("target")
    shutil.copytree(PLUGIN, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--target", str(target))
    command = [sys.executable, "-m", "pip", "install", *options, str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return target


def _check(folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    (reward,) = re.findall(r"```reward\n(.*?)```", (PLUGIN / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    file = folder / "payment.reward"
    file.write_text(reward, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT]))}
    command = [sys.executable, "-m", "rewardlang", "check", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment, cwd=folder)


def test_an_installed_package_adds_its_word(installed: Path, tmp_path: Path) -> None:
    """The file of the page compiles, and its example and attack hold."""
    done = _check(tmp_path, installed)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_package_the_word_is_unknown(tmp_path: Path) -> None:
    """The mistake is told at its place."""
    done = _check(tmp_path)
    assert done.returncode != 0
    assert "nothing called 'iban' can be looked for" in done.stdout + done.stderr


def test_the_verifier_finds_what_its_docstring_says(installed: Path) -> None:
    """Right check digits and length, in both spellings; a wrong digit or a wrong length is nothing."""
    code = (
        "from rewardlang.registry import default_registry\n"
        "verifier = default_registry().get('finder', 'iban')\n"
        "texts = ['DE89 3704 0044 0532 0130 00', 'xGB82WEST12345698765432', 'GB82WEST12345698765432.', 'DE89370400440532013001', 'DE89']\n"
        "print([[finding.value for finding in found] for found in verifier(texts)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert done.stdout == "[['DE89370400440532013000'], [], ['GB82WEST12345698765432'], [], []]\n"
