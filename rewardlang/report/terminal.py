"""The figures of a report in words, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator

from rewardlang.report.figures import Figures
from rewardlang.report.forecast import Forecast
from rewardlang.report.ranks import Correlation
from rewardlang.report.words import percent
from rewardlang.terminal_text import listed


def figure_lines(figures: Figures) -> Iterator[str]:
    """What stands under the table of rules and the scores, in their form: a word, then what it is about."""
    named = [("length", figures.length), *figures.columns.items()]
    told = [f"with {name} {found.value:.2f} ({found.low:.2f} to {found.high:.2f})" for name, found in named if found is not None]
    if told:
        yield f"Spearman {', '.join(told)}"
    if figures.always:
        yield f"always   {listed(figures.always)} fired"
    if figures.forecast is not None:
        found = figures.forecast
        share, low, high = (percent(value) for value in (found.share, found.low, found.high))
        of = f"{found.prompts:,} prompts of {found.completions:g} completions"
        yield f"forecast {share} of groups of {found.size} without spread ({low} to {high}; {of})"


def correlation_words(found: Correlation) -> str:
    """`0.31 (0.1 to 0.5, n = 200)`."""
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f}, n = {found.n:,})"


def forecast_words(forecast: Forecast) -> str:
    """The forecast, and what it rests on."""
    share, low, high = (percent(value) for value in (forecast.share, forecast.low, forecast.high))
    drawn = ", drawn with replacement" if forecast.leans else ""
    return (
        f"groups of {forecast.size}: {share} forecast without spread (95 % interval {low} to {high}; "
        f"{forecast.prompts:,} prompts, {forecast.completions:g} completions each in the median{drawn})"
    )
