"""What a person would want to be told while a run goes on, from its rows of metrics: each alarm with its threshold and what to do.

The thresholds were set on recorded runs of the small policy, which stand with
the tests: each alarm has a run that rings it, and is silent in healthy ones,
at every row. An alarm is a reason to look, no proof.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Rows: TypeAlias = Sequence[dict[str, Any]]

# How many rows of metrics the beginning and the end of a run are taken over.
WINDOW = 5
ONE_RULE = 0.99  # share of the variance within groups that one rule carries, over two windows
LENGTH = 2.0  # times longer, or shorter, than at the beginning …
LENGTH_TOKENS = 8  # … and by this many tokens
CUT_OFF = 0.5  # share of completions that are cut off, where it was less than half of that
REWARD_RISE = 0.08  # of the score's range, while accuracy …
ACCURACY_RISE = 0.02  # … did not rise by more than this between the first and the last measurement;
ACCURACY_FALL = 0.1  # … or any rise of the reward at all, where accuracy fell by this much
FLAT = 0.8  # share of groups in which all earned the same, over two windows
ENTROPY = 0.1  # of what it was at the beginning
CANARY = 0.5  # of the difference between sampler and trainer at which the run stops
SOLVED = 0.9  # success from which flat groups and low entropy are no wonder


TWO_POLICIES = (
    "look when it began (canary_difference in metrics.jsonl) and go on from a checkpoint before that, with a lower 'engine.canary_every'; "
    "if it comes back, train with engine.backend = 'transformers' and report it with the versions in run.json"
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that rang. `step` is that of the last row."""

    name: str
    step: int
    found: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """A row of metrics."""
        return {"kind": "alarm", "step": self.step, "alarm": self.name, "found": self.found, "remedy": self.remedy}


def ringing(rows: Rows, score_range: float, guards: Collection[str] = ()) -> list[Alarm]:
    """The alarms that ring at the end of these rows. `score_range`: the highest score of the reward file less the lowest.

    `guards`: rules that only deduct. One that hardly fires does what it is for, and is no rule that was never learned.
    """
    training = [row for row in rows if row["kind"] == "training"]
    held_out = [row for row in rows if row["kind"] == "held out" and row.get("accuracy") is not None]
    checks: list[tuple[str, Callable[[], tuple[str, str] | None]]] = [("canary", lambda: _canary(training))]
    if len(training) >= 2 * WINDOW:
        checks += _over_two_windows(training, held_out, score_range, guards)
    found = [(name, check()) for name, check in checks]
    return [Alarm(name, training[-1]["step"], *told) for name, told in found if told is not None]


def _over_two_windows(
    training: Rows, held_out: Rows, score_range: float, guards: Collection[str]
) -> list[tuple[str, Callable[[], tuple[str, str] | None]]]:
    return [
        ("one rule carries everything", lambda: _one_rule(training, guards)),
        ("length drift", lambda: _length(training)),
        ("reward without accuracy", lambda: _hacking(training, held_out, score_range)),
        ("groups without spread", lambda: _flat(training)),
        ("entropy collapse", lambda: _entropy(training)),
    ]


def all_alarms(rows: Rows, score_range: float, guards: Collection[str] = ()) -> list[Alarm]:
    """Each alarm that rang at any row of a run, at the first where it did."""
    first: dict[str, Alarm] = {}
    for end in range(1, len(rows) + 1):
        for alarm in ringing(rows[:end], score_range, guards):
            first.setdefault(alarm.name, alarm)
    return list(first.values())


def _one_rule(rows: Rows, guards: Collection[str]) -> tuple[str, str] | None:
    recent = [row["spread"] for row in rows[-2 * WINDOW :] if row.get("spread")]
    names = {name for shares in recent for name in shares}
    if len(recent) < WINDOW:
        return None
    shares = {name: _mean(one.get(name, 0.0) for one in recent) for name in names}
    name = max(shares, key=lambda rule: shares[rule])
    if shares[name] < ONE_RULE or not names - {name, *guards}:
        return None
    remedy = "look whether the other rules ever fire, and whether they are paid enough to be learned"
    share = min(shares[name], 1.0)  # above 1 where others work against it
    return f"the rule '{name}' makes {share:.1%} of the differences within groups", remedy


def _length(rows: Rows) -> tuple[str, str] | None:
    before, now = _ends(rows, "tokens")
    cut_before, cut_now = _ends(rows, "cut_off")
    if before is not None and now is not None and before > 0 and now > 0:
        factor = max(now / before, before / now)
        if factor >= LENGTH and abs(now - before) >= LENGTH_TOKENS:
            remedy = "read completions of now and then (rewardlang runs show): does length pay, or does brevity?"
            return f"completions have {now:.0f} tokens, and had {before:.0f}", remedy
    if cut_now is not None and cut_before is not None and cut_now >= CUT_OFF and cut_before < CUT_OFF / 2:
        return (
            f"{cut_now:.0%} of the completions are cut off, and {cut_before:.0%} were",
            "raise 'training.max_completion_tokens', or pay brevity",
        )
    return None


def _hacking(rows: Rows, held_out: Rows, score_range: float) -> tuple[str, str] | None:
    before, now = _ends(rows, "reward")
    if before is None or now is None or len(held_out) < 3 or score_range <= 0:
        return None
    first, last = held_out[0]["accuracy"], held_out[-1]["accuracy"]
    needed = 0.0 if first - last >= ACCURACY_FALL else REWARD_RISE * score_range
    if now - before <= needed or last - first > ACCURACY_RISE:
        return None
    remedy = "read what earns most now (rewardlang runs show), write it down as an attack, and close the hole: rewardlang check"
    return f"the reward rose from {before:.2f} to {now:.2f}, held-out accuracy went from {first:.1%} to {last:.1%}", remedy


def _flat(rows: Rows) -> tuple[str, str] | None:
    share = _mean(row.get("flat_groups", 0.0) for row in rows[-2 * WINDOW :])
    if share < FLAT or _solved(rows):
        return None
    remedy = "points for a part of the way, problems of another difficulty, a larger 'training.group', or 'training.refill'"
    return f"in {share:.0%} of the groups all completions earned the same, so nothing is learned from them", remedy


def _entropy(rows: Rows) -> tuple[str, str] | None:
    before, now = _ends(rows, "entropy")
    if before is None or now is None or now > ENTROPY * before or _solved(rows):
        return None
    remedy = "go back to an earlier checkpoint with a lower 'training.learning_rate', a higher 'training.clip_high' or some 'training.kl'"
    return f"the policy's entropy is {now:.3f} and was {before:.3f}: it hardly tries anything else", remedy


def _canary(rows: Rows) -> tuple[str, str] | None:
    """The newest word of the canary, which an engine has; it ends the run at the limit, and this rings before."""
    seen = [row for row in rows if "canary_difference" in row]
    if not seen or seen[-1]["canary_difference"] <= CANARY * seen[-1]["canary_limit"]:
        return None
    difference, limit = seen[-1]["canary_difference"], seen[-1]["canary_limit"]
    return f"sampler and trainer differ by {difference:.4f} nats a token; the run stops at {limit:.4f}", TWO_POLICIES


def _solved(rows: Rows) -> bool:
    recent = [row["success"] for row in rows[-WINDOW:] if "success" in row]
    return bool(recent) and _mean(recent) >= SOLVED


def _ends(rows: Rows, name: str) -> tuple[float | None, float | None]:
    """The mean of the first rows and of the last ones; None where the metric is missing."""
    values = [row[name] for row in rows if name in row]
    if len(values) < 2 * WINDOW:
        return None, None
    return _mean(values[:WINDOW]), _mean(values[-WINDOW:])


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)
