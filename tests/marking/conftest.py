"""`pytest --update-marks` writes what the pages' files give now; a person reads the difference."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.addoption("--update-marks", action="store_true", help="rewrite the marks on the pages under tests/marking")
