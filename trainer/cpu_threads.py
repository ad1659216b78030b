"""How the CPU's threads wait for one another."""

from __future__ import annotations

import os


def wait_without_spinning() -> None:
    """Lets OpenMP threads sleep while they wait. Acts only before torch is imported; what the user set stays.

    By default they spin. On a machine that does anything else besides, a spinning thread keeps the one that it waits for from
    running: the warm-up of the small policy was 4 to 10 times slower that way (two cores, load 4), and hardly faster on a quiet one.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
