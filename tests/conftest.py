"""What every test shares: `gpu` tests are skipped, with the reason, where there is no CUDA GPU."""

from __future__ import annotations

import shutil
import signal

import pytest
from hypothesis import settings

# The same cases on every machine, however slow; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("steady")


def pytest_configure() -> None:
    """Lets Ctrl-C through to the commands that tests start: a shell that runs the tests in the background ignores it for all of them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Flags that renew what a test compares with; a person reads the change before it is committed."""
    parser.addoption("--update-verdicts", action="store_true", help="write what the verifiers say into the pages of tests/verifiers")
    parser.addoption("--update-docs", action="store_true", help="write the table of verifiers/README.md from the docstrings")
    parser.addoption("--update-pages", action="store_true", help="write what the commands of README pages print into them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests marked `gpu` unless a driver is there; torch is asked only where one is."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked or _has_gpu():
        return
    for item in marked:
        item.add_marker(pytest.mark.skip(reason="needs a CUDA GPU"))


def _has_gpu() -> bool:
    if shutil.which("nvidia-smi") is None:
        return False
    import torch

    return torch.cuda.is_available()
