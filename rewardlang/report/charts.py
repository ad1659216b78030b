"""Charts as SVG inside of the page: what is right and what is not differ in form as well as in colour."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from rewardlang.report.figures import Figures
from rewardlang.report.words import short

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 220, 46, 36, 10
_MOST_DOTS = 600
_FAR_OUT = 3
_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" y2="5" stroke-width="2"/></pattern></defs>'
)


def histogram_svg(figures: Figures) -> str:
    """How many completions have which score; right ones filled, the others hatched."""
    most = max((right + wrong for right, wrong in zip(figures.right, figures.wrong, strict=True)), default=0)
    if not most:
        return ""
    inner_width, inner_height = _WIDTH - _LEFT - 10, _HEIGHT - _BOTTOM - _TOP
    width = inner_width / len(figures.right)
    bars = []
    for index, (right, wrong) in enumerate(zip(figures.right, figures.wrong, strict=True)):
        x, base = _LEFT + index * width, float(_HEIGHT - _BOTTOM)
        told = f"{short(figures.edges[index])} to {short(figures.edges[index + 1])}: "
        told += f"{right:,} right, {wrong:,} not right" if figures.knows_success else f"{wrong:,}"
        rects = ""
        for count, name, fill in ((right, "right", ""), (wrong, "box", ' fill="url(#hatch)"')):
            height = count / most * inner_height
            base -= height
            if count:
                rects += f'<rect class="{name}"{fill} x="{x + 1:.1f}" y="{base:.1f}" width="{width - 2:.1f}" height="{height:.1f}"/>'
        bars.append(f"<g><title>{told}</title>{rects}</g>")
    labels = "".join(
        f'<text x="{_LEFT + inner_width * part:.0f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
        f"{short(figures.low + (figures.high - figures.low) * part)}</text>"
        for part in (0, 0.25, 0.5, 0.75, 1)
    )
    most_label = f'<text x="{_LEFT - 6}" y="{_TOP + 10}" text-anchor="end">{most:,}</text>'
    zero = f'<text x="{_LEFT - 6}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">0</text>'
    return _svg("How the scores are distributed", _HATCH + _axes() + "".join(bars) + labels + most_label + zero + _name("score"))


def scatter_svg(scores: Sequence[float], lengths: Sequence[float], right: Sequence[float]) -> str:
    """Score against length in words: a circle for a right completion, a cross for any other. At most 600 of them, from a fixed seed."""
    numbers = list(range(len(scores)))
    if len(numbers) > _MOST_DOTS:
        numbers = sorted(Random(0).sample(numbers, _MOST_DOTS))
    low, high, longest = min(scores), max(scores), _end_of_axis(lengths)
    if low == high or not longest:
        return ""
    inner_width, inner_height = _WIDTH - _LEFT - 16, _HEIGHT - _BOTTOM - _TOP
    more = " and more" if longest < max(lengths) else ""
    dots = []
    for number in numbers:
        x = _LEFT + 4 + min(1.0, lengths[number] / longest) * inner_width
        y = _TOP + (high - scores[number]) / (high - low) * inner_height
        if right[number] == 1:
            dots.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
        else:
            dots.append(f'<path class="wrong" d="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6"/>')
    below = _HEIGHT - _BOTTOM + 16
    labels = "".join(
        f'<text x="{_LEFT + 4 + inner_width * part:.0f}" y="{below}" text-anchor="{anchor}">{longest * part:,.0f}{tail}</text>'
        for part, anchor, tail in ((0, "middle", ""), (0.5, "middle", ""), (1, "end", more))
    )
    ends = "".join(
        f'<text x="{_LEFT - 6}" y="{y}" text-anchor="end">{short(value)}</text>'
        for y, value in ((_TOP + 8, high), (_HEIGHT - _BOTTOM, low))
    )
    return _svg("Score against length", _axes() + "".join(dots) + labels + ends + _name("words of the completion"))


def _end_of_axis(lengths: Sequence[float]) -> float:
    """The longest, unless a few are so much longer than all others that these would be one column: those stand at the end."""
    nearly_all = sorted(lengths)[int(0.98 * (len(lengths) - 1))]
    return max(lengths) if max(lengths) <= _FAR_OUT * nearly_all or not nearly_all else nearly_all


def _axes() -> str:
    bottom = _HEIGHT - _BOTTOM
    return f'<path class="axis" fill="none" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - 8}"/>'


def _name(text: str) -> str:
    return f'<text x="{_LEFT + (_WIDTH - _LEFT) / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{text}</text>'


def _svg(title: str, inner: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{title}">{inner}</svg>'
