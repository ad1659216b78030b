"""One session of the language server for all tests of the folder: a test opens its own file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.editor.client import Client


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A running server, its handshake done."""
    with Client() as session:
        yield session
