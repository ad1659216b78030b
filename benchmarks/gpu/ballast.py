"""Holds all of the card but a given size, so that a run is really kept to it: `ballast.py 4.0` leaves 4 GiB, until it is ended.

`set_per_process_memory_fraction` would not do: it misses cumem's pages, the context and the graphs. Prints one line when it holds.
"""

from __future__ import annotations

import sys
import time

GIB = 2**30
STEP = 64 * 2**20


def main() -> None:
    """Takes the card in large pieces, then in small ones, as the driver counts what is free."""
    import pynvml
    import torch

    leave = float(sys.argv[1]) * GIB
    torch.zeros(1, device="cuda")
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)

    def free() -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(handle).free)

    held = []
    while (spare := free() - leave) > STEP:
        held.append(torch.empty(int(spare) // STEP * STEP, dtype=torch.uint8, device="cuda"))
    print(f"HOLDING, {free() / GIB:.3f} GiB free", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
