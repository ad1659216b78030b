"""The figures of a report in words, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewardlang.report.figures import Figures
from rewardlang.report.forecast import Forecast
from rewardlang.report.ranks import Correlation
from rewardlang.report.words import percent, share
from rewardlang.terminal_text import listed

if TYPE_CHECKING:
    from rewardlang.report.agreement import Agreement


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


def pairs_words(agreement: Agreement) -> Iterator[str]:
    """How many completions have a mark, and how the pairs of them are ordered."""
    if agreement.without:
        yield f"{agreement.of:,} of {agreement.of + agreement.without:,} completions have a number in that column"
    if agreement.used < agreement.of:
        yield f"pairs are counted of a sample of {agreement.used:,} of {agreement.of:,} completions with a mark"
    if not agreement.pairs:
        yield "no two completions have different marks, so there is no order to compare"
        return
    turned, tied = share(agreement.reversed, agreement.pairs), share(agreement.tied, agreement.pairs)
    yield f"of the pairs that the expert marks differently, {turned} are scored the other way round, {tied} alike"


def forecast_words(forecast: Forecast) -> str:
    """The forecast, and what it rests on."""
    share, low, high = (percent(value) for value in (forecast.share, forecast.low, forecast.high))
    drawn = ", drawn with replacement" if forecast.leans else ""
    return (
        f"groups of {forecast.size}: {share} forecast without spread (95 % interval {low} to {high}; "
        f"{forecast.prompts:,} prompts, {forecast.completions:g} completions each in the median{drawn})"
    )
