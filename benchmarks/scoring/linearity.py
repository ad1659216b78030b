"""What scoring costs against rows, rules and the length of a completion: it should grow no faster than they do.

    python benchmarks/scoring/linearity.py --out benchmarks/results/DATE-linearity.json --picture benchmarks/results/linearity.svg

Processor time of `reward.score`, the median of several runs, of the reward in `gsm8k.reward`; for rules, of files with more and more
rules, each over a literal of its own and a count of its own. `slope` is that of a straight line through the points on logarithmic
scales: 1 is linear, less means that a fixed cost is shared by more.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

from gsm8k_completions import prose, rows

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

import rewardlang  # noqa: E402 - the tree that this script stands in
from rewardlang.answers import parse  # noqa: E402

RULES = """rewardlang 1
reward many
let reply = completion outside <think>
{rules}
score between -{count} and {count}
"""
_WIDTH, _HEIGHT, _MARGIN = 260, 200, 46


class Series(NamedTuple):
    """Seconds of processor time against something counted."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def slope(self) -> float:
        """Of a line through the points, both sides as logarithms."""
        return statistics.linear_regression([math.log(x) for x in self.sizes], [math.log(y) for y in self.seconds]).slope


def timed(reward: rewardlang.Reward, completions: list[str], columns: dict[str, list[str]], runs: int) -> float:
    """The median, after a run that is not counted."""
    reward.score(completions, columns=columns)
    taken = []
    for _ in range(runs):
        parse._read_short.cache_clear()  # else a small batch would be read once for all runs, and a large one each time
        began = time.process_time()
        scores = reward.score(completions, columns=columns)
        assert len(scores.values) == len(completions)
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def against_rows(runs: int) -> Series:
    """Up to 16,384 completions of about 150 words."""
    reward = rewardlang.load(FOLDER / "gsm8k.reward")
    sizes = tuple(2**power for power in range(9, 15))
    drawn = rows(sizes[-1], 1)
    found = [
        timed(reward, [row.completion for row in drawn[:size]], {"gold": [row.gold for row in drawn[:size]]}, max(3, runs * 2048 // size))
        for size in sizes
    ]
    return Series("rows", "completions", sizes, tuple(found))


def against_rules(runs: int) -> Series:
    """Up to 128 rules, over 1,024 completions."""
    completions = [row.completion for row in rows(1024, 2)]
    sizes = tuple(2**power for power in range(1, 8))
    found = []
    for size in sizes:
        rules = "\n".join(
            f'rule r{index}: award 0.5 points when reply contains "word{index} " and count of <t{index}> in reply = 0 '
            f"else 0.1 points when length(reply) > {index + 10}"
            for index in range(size)
        )
        found.append(timed(rewardlang.loads(RULES.format(rules=rules, count=size)), completions, {}, runs))
    return Series("rules", "rules", sizes, tuple(found))


def against_length(runs: int) -> Series:
    """256 completions of up to 6,400 words."""
    reward = rewardlang.load(FOLDER / "gsm8k.reward")
    sizes = tuple(100 * 2**power for power in range(7))
    found = []
    for size in sizes:
        rng = random.Random(size)
        completions = [f"<think>{prose(rng, size)}</think>\n<answer>{index}</answer>" for index in range(256)]
        found.append(timed(reward, completions, {"gold": [str(index) for index in range(256)]}, runs))
    return Series("length", "words a completion", sizes, tuple(found))


def picture(series: list[Series]) -> str:
    """Three panels as SVG, logarithmic on both sides, each with the line of exact proportion through its last point."""
    total = len(series) * (_WIDTH + _MARGIN) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {_HEIGHT + 2 * _MARGIN}" font-family="sans-serif" font-size="11">',
        f'<rect width="{total}" height="{_HEIGHT + 2 * _MARGIN}" fill="#ffffff"/>',
    ]
    for index, one in enumerate(series):
        parts += _panel(one, _MARGIN + index * (_WIDTH + _MARGIN), _MARGIN)
    return "\n".join([*parts, "</svg>", ""])


def _panel(series: Series, left: float, top: float) -> list[str]:
    proportion = [series.seconds[-1] * size / series.sizes[-1] for size in series.sizes]
    low, high = min(*series.seconds, *proportion), max(*series.seconds, *proportion)

    def place(size: float, seconds: float) -> tuple[float, float]:
        across = math.log(size / series.sizes[0]) / math.log(series.sizes[-1] / series.sizes[0])
        up = math.log(seconds / low) / math.log(high / low)
        return left + across * _WIDTH, top + (1 - up) * _HEIGHT

    def line(values: tuple[float, ...] | list[float], style: str) -> str:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, series.sizes, values))
        return f'<polyline points="{points}" fill="none" {style}/>'

    title = f"{series.unit}: slope {series.slope:.2f}"
    parts = [
        f'<rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999999"/>',
        f'<text x="{left}" y="{top - 10}" font-size="13">{title}</text>',
        line(proportion, 'stroke="#bbbbbb" stroke-dasharray="4 4"'),
        line(series.seconds, 'stroke="#2563a8" stroke-width="2"'),
    ]
    for size, seconds in zip(series.sizes, series.seconds, strict=True):
        x, y = place(size, seconds)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2563a8"/>')
        parts.append(f'<text x="{x:.1f}" y="{top + _HEIGHT + 14}" text-anchor="middle">{size:,}</text>')
    for seconds in (series.seconds[0], series.seconds[-1]):
        _, y = place(series.sizes[0], seconds)
        parts.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{_shown(seconds)}</text>')
    return parts


def _shown(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds >= 0.1 else f"{seconds * 1000:.2g} ms"


def main() -> None:
    """Measures, prints and writes figures and picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    series = [against_rows(given.runs), against_rules(given.runs), against_length(given.runs)]
    figures = {
        "what": "processor time of reward.score, medians; slope of a line on logarithmic scales, 1 is linear",
        **{
            one.name: {
                "unit": one.unit,
                "slope": round(one.slope, 3),
                "milliseconds": {str(size): round(seconds * 1000, 2) for size, seconds in zip(one.sizes, one.seconds, strict=True)},
            }
            for one in series
        },
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    text = json.dumps(figures, indent=2)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")
    if given.picture is not None:
        given.picture.write_text(picture(series), encoding="utf-8")


if __name__ == "__main__":
    main()
