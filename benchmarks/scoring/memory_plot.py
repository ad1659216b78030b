"""Memory over time as an SVG: a line for each engine, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 60, 36, 28
_MOST_POINTS = 400


def svg(curves: Mapping[str, Sequence[tuple[float, float]]], rows: int) -> str:
    """One plot below the other, of (second, MB) samples."""
    plots = [_plot(f"{engine}, {rows:,} rows", curve, index * (_HEIGHT + 20)) for index, (engine, curve) in enumerate(curves.items())]
    height = len(curves) * (_HEIGHT + 20)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{height}" fill="white"/>', *plots, "</svg>", ""])


def _plot(title: str, curve: Sequence[tuple[float, float]], top: int) -> str:
    curve = curve[:: ceil(len(curve) / _MOST_POINTS)]
    seconds = max(second for second, _ in curve) or 1.0
    most = 100 * ceil(max(megabytes for _, megabytes in curve) / 100) or 100
    floor, right = top + _HEIGHT - _BOTTOM, _WIDTH - 10

    def place(second: float, megabytes: float) -> tuple[float, float]:
        return _LEFT + (right - _LEFT) * second / seconds, floor - (floor - top - _TOP) * megabytes / most

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*sample) for sample in curve))
    lines = [f'<text x="{_LEFT}" y="{top + 16}" font-weight="bold">{title}</text>']
    for share in (0, 0.5, 1):
        _, y = place(0, most * share)
        lines.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * share:.0f} MB</text>')
    lines.append(f'<text x="{right}" y="{floor + 18}" text-anchor="end">{seconds:.0f} seconds</text>')
    lines.append(f'<polyline points="{points}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>')
    return "\n".join(lines)
