"""Standard input and output as the way to the client, and for nothing else."""

from __future__ import annotations

import logging
import os
import sys

from rewardlang.editor.server import make_server


def serve() -> None:
    """Serves one client. Whatever else is printed, by a function of the author for one, goes to standard error."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    make_server().start_io(sys.stdin.buffer, channel)
