"""Where the time of something goes: Python's functions, the collector of garbage, the card's kernels. Each looks at a run of its own."""

from __future__ import annotations

import cProfile
import gc
import pstats
import time
from collections.abc import Callable
from typing import Any

import torch

MOST = 25  # functions and kernels that are told


def profile_of(run: Callable[[], object]) -> dict[str, Any]:
    """Seconds of one run undisturbed, with those in the collector; kernels and functions that took the most, of two further runs."""
    seconds, collecting, collections = _undisturbed(run)
    kernels = _kernels(run)
    return {
        "seconds": seconds,
        "collector_s": collecting,
        "collections": collections,
        "kernels_s": round(sum(taken for _, taken, _ in kernels), 4),
        "kernels": kernels[:MOST],
        "functions": _functions(run),
    }


def _undisturbed(run: Callable[[], object]) -> tuple[float, float, list[int]]:
    """Seconds in all and in the collector, and how often it looked at each generation."""
    began, taken, times = 0.0, 0.0, [0, 0, 0]

    def note(phase: str, told: dict[str, int]) -> None:
        nonlocal began, taken
        if phase == "start":
            began = time.perf_counter()
        else:
            taken += time.perf_counter() - began
            times[told["generation"]] += 1

    gc.callbacks.append(note)
    try:
        start = time.perf_counter()
        run()
        return round(time.perf_counter() - start, 4), round(taken, 4), times
    finally:
        gc.callbacks.remove(note)


def _kernels(run: Callable[[], object]) -> list[tuple[str, float, int]]:
    """Each kernel with its seconds on the card and how often it ran, the dearest first; on a machine without a card torch's operators."""
    card = torch.cuda.is_available()
    activity = torch.profiler.ProfilerActivity.CUDA if card else torch.profiler.ProfilerActivity.CPU
    with torch.profiler.profile(activities=[activity]) as profiler:
        run()
    rows = [
        (str(row.key)[:100], round((row.self_device_time_total if card else row.self_cpu_time_total) / 1e6, 4), int(row.count))
        for row in profiler.key_averages()
    ]
    return sorted((row for row in rows if row[1] > 0), key=lambda row: -row[1])


def _functions(run: Callable[[], object]) -> list[tuple[str, float, float, int]]:
    """Functions with their own seconds, those with all below them, and how often each was called; the profile itself slows them."""
    profile = cProfile.Profile()
    profile.runcall(run)
    stats: Any = pstats.Stats(profile)
    rows = [
        (f"{'/'.join(file.split('/')[-3:])}:{line} {name}", round(own, 4), round(below, 4), calls)
        for (file, line, name), (_, calls, own, below, _) in stats.stats.items()
    ]
    return sorted(rows, key=lambda row: -row[1])[:MOST]
