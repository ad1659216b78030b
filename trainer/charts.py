"""Line charts as SVG text: no library, no script, colours from CSS variables, lines told apart by dashes and labels too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 520, 290
_LEFT, _TOP, _BOTTOM = 54, 16, 46
_RIGHT, _WIDEST = 114, 220  # room for labels, and the most that long ones take
_CHARACTER = 7.6  # about the width of one in a label
_LABEL_GAP = 15
_DASHES = ("", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Line:
    """One line: its label, and points (x, y) by rising x. `spans`: from and to of an interval at each point, or none at all."""

    label: str
    points: Sequence[tuple[float, float]]
    spans: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class _Scale:
    """From values to places in the drawing: x from 0 to `end`, y between the outer `ticks`; `right` is left for labels."""

    end: float
    ticks: Sequence[float]
    percent: bool
    right: float

    def x(self, value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - self.right) * value / self.end

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - min(max(value, low), high)) / (high - low)

    def number(self, value: float) -> str:
        return f"{value:.0%}" if self.percent else f"{value:g}"


def line_chart(lines: Sequence[Line], *, title: str, x_label: str, y_label: str, ticks: Sequence[float], percent: bool = False) -> str:
    """An SVG element; `ticks` are the marked values of y, the outer ones its range. `title` is read out by screen readers."""
    end = max((x for line in lines for x, _ in line.points), default=1.0) or 1.0
    longest = max((len(line.label) for line in lines), default=0)
    scale = _Scale(end, ticks, percent, min(max(_RIGHT, 8 + _CHARACTER * longest), _WIDEST))
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart"><title>{escape(title)}</title>',
        *_grid(scale),
        f'<text class="axis" x="{scale.x(end / 2):.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text class="axis" transform="translate(13 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>',
        *(_path(index, line, scale) for index, line in enumerate(lines)),
        *_labels(lines, scale),
    ]
    return "".join(parts) + "</svg>"


def _grid(scale: _Scale) -> list[str]:
    parts = []
    for value in scale.ticks:
        y = scale.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - scale.right:.0f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{scale.number(value)}</text>')
    step = _tick_step(scale.end)
    for number in range(int(scale.end // step) + 1):
        x = scale.x(number * step)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 17}" text-anchor="middle">{number * step:g}</text>')
    return parts


def _tick_step(end: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, … that gives at most seven ticks."""
    decade = 1.0
    while True:
        for factor in (1, 2, 5):
            if end / (decade * factor) <= 6:
                return decade * factor
        decade *= 10


def _path(index: int, line: Line, scale: _Scale) -> str:
    points = [(scale.x(x), scale.y(y)) for x, y in line.points]
    route = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))
    dash = f' stroke-dasharray="{_DASHES[index % 4]}"' if index % 4 else ""
    marks = "".join(
        f'<circle class="s{index % 4}" cx="{x:.1f}" cy="{y:.1f}" r="2.6">'
        f"<title>step {at:g}: {scale.number(round(value, 3))}</title></circle>"
        for (x, y), (at, value) in zip(points, line.points, strict=True)
    )
    bars = "".join(
        f'<line class="span s{index % 4}" x1="{x:.1f}" x2="{x:.1f}" y1="{scale.y(low):.1f}" y2="{scale.y(high):.1f}"/>'
        for (x, _), (low, high) in zip(points, line.spans, strict=False)
    )
    return f'<path class="line s{index % 4}" d="{route}"{dash}/>{bars}{marks}'


def _labels(lines: Sequence[Line], scale: _Scale) -> list[str]:
    """The name of each line at its right end, moved apart where ends lie close together, and up where there is no room below."""
    ends = sorted((scale.y(line.points[-1][1]), index, line.label) for index, line in enumerate(lines) if line.points)
    places: list[float] = []
    for y, _, _ in ends:
        places.append(max(y, places[-1] + _LABEL_GAP) if places else y)
    below = float(_HEIGHT - 12)
    for number in reversed(range(len(places))):
        places[number] = min(places[number], below)
        below = places[number] - _LABEL_GAP
    x, most = scale.x(scale.end) + 8, int((scale.right - 8) / _CHARACTER)
    return [
        f'<text class="name s{index % 4}" x="{x:.0f}" y="{y + 4:.1f}">{escape(_shortened(label, most))}</text>'
        for y, (_, index, label) in zip(places, ends, strict=True)
    ]


def _shortened(label: str, most: int) -> str:
    """With a sign of what is missing in the middle, where names of one family tend to differ least."""
    if len(label) <= most:
        return label
    return f"{label[: most - most // 2 - 1]}…{label[-(most // 2) :]}"
