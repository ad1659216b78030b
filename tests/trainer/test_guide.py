"""The guide in `trainer/README.md` says what the package has."""

from __future__ import annotations

import re
from pathlib import Path

from rewardlang.trainer.config_text import explained
from rewardlang.trainer.presets import PRESETS

README = (Path(__file__).parent.parent.parent / "trainer" / "README.md").read_text(encoding="utf-8")


def test_the_memory_table_is_that_of_the_presets() -> None:
    """Every preset for a card, with its planned peak."""
    told = dict(re.findall(r"^\| `([\w.-]+)` \|.*\| ([\d.]+) \| \d+ GB \|$", README, re.MULTILINE))
    planned = {name: found[1] for name, preset in PRESETS.items() if (found := re.search(r"planned peak ([\d.]+) GiB", preset.text))}
    assert told == planned


def test_keys_that_the_guide_names_are_there() -> None:
    """Those in code that look like `table.key`."""
    known = {line.split(":")[0] for line in explained().splitlines() if re.match(r"[a-z_.]+: ", line)}
    tables = {name.split(".")[0] for name in known if "." in name}
    named = {name for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", README) if name.split(".")[0] in tables and not name.endswith(".py")}
    assert named
    assert named <= known
