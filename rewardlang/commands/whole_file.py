"""A file that is whole or not there: written beside its place, and given its name at the end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

Records: TypeAlias = Iterable[dict[str, Any]]
_BATCH = 1024


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends well, and is removed when it does not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def batched(records: Records) -> Iterator[list[dict[str, Any]]]:
    """Records in groups of about a thousand."""
    iterator = iter(records)
    for first in iterator:
        yield list(chain([first], islice(iterator, _BATCH - 1)))
