"""Keeps the libraries' chatter off the screen without losing their warnings: those go to a file, each once.

What they print goes to standard error, as standard output is for results; transformers greets there when WANDB_MODE is offline.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

_LIBRARIES = ("transformers", "trl", "peft", "accelerate", "datasets", "huggingface_hub", "py.warnings")


class Gathered(logging.Handler):
    """Writes each different message once and counts them."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.path = path
        self.seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Appends the message, with the library that it came from."""
        text = f"{record.name}: {record.getMessage().strip()}"
        if text not in self.seen:
            self.seen.add(text)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(text + "\n")


@contextmanager
def gathered_warnings(path: Path) -> Iterator[Gathered]:
    """While entered, warnings and log messages of the training libraries go to `path` alone, and their progress bars are off."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with redirect_stdout(sys.stderr):
        yield from _gathered(path)


def _gathered(path: Path) -> Iterator[Gathered]:
    import datasets
    from transformers.utils import logging as transformers_logging

    quieten: Callable[[], None] = transformers_logging.disable_progress_bar
    quieten()
    datasets.disable_progress_bars()
    path.unlink(missing_ok=True)
    handler = Gathered(path)
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    before = [(logger, list(logger.handlers), logger.propagate) for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        for logger in loggers:
            logger.handlers, logger.propagate = [handler], False
        try:
            yield handler
        finally:
            logging.captureWarnings(False)
            for logger, handlers, propagate in before:
                logger.handlers, logger.propagate = handlers, propagate
