"""The option that renews the messages on the pages of `bad/`, and what the tests of the language share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/language --update-messages`; read the difference before you commit it."""
    parser.addoption("--update-messages", action="store_true", help="rewrite the expected messages on the pages under tests/language/bad")
