"""Losses in a row: sizes shrink, pauses grow; a win takes back one step, never all of them.

The level counts losing trades, at most up to the last step; it is context of risk and never part
of the tilt score. A trade that neither won nor lost changes nothing.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.money import ONE, ZERO
from genesis.domain.time import DAY, utc_day
from genesis.risk.limits import StreakRules, StreakStep
from genesis.risk.multipliers import Multiplier

CODE: Final = "LOSS_STREAK"


@dataclass(frozen=True, slots=True)
class Streak:
    """losses: the level reached. pause_until_ns: no new risk before that."""

    losses: int = 0
    pause_until_ns: int | None = None


def after_trade(streak: Streak, pnl: Decimal, ts_ns: int, rules: StreakRules) -> Streak:
    """The streak after a closed trade of this net result."""
    losses = losses_at(streak, ts_ns, rules)
    if pnl > ZERO:  # a pause that began runs to its end
        return Streak(max(0, losses - 1), streak.pause_until_ns)
    if pnl == ZERO:
        return Streak(losses, streak.pause_until_ns)
    losses = min(losses + 1, rules.steps[-1].losses)
    step = step_of(losses, rules)
    until_ns = None if step is None else _pause_end(step, ts_ns)
    ends = [at for at in (until_ns, streak.pause_until_ns) if at is not None]
    return Streak(losses, max(ends, default=None))


def stricter(one: Streak, other: Streak) -> Streak:
    """As many losses, and as long a pause, as either of them tells."""
    ends = [at for at in (one.pause_until_ns, other.pause_until_ns) if at is not None]
    return Streak(max(one.losses, other.losses), max(ends, default=None))


def losses_at(streak: Streak, now_ns: int, rules: StreakRules) -> int:
    """The level now: a day that was given to rest takes back one step, too."""
    step, until_ns = step_of(streak.losses, rules), streak.pause_until_ns
    rested = step is not None and not step.share and until_ns is not None and now_ns >= until_ns
    return streak.losses - 1 if rested else streak.losses


def pauses(streak: Streak, now_ns: int) -> bool:
    """Is new risk to wait?"""
    return streak.pause_until_ns is not None and now_ns < streak.pause_until_ns


def multiplier(streak: Streak, now_ns: int, rules: StreakRules) -> Multiplier:
    """What the streak does to sizes."""
    losses = losses_at(streak, now_ns, rules)
    step = step_of(losses, rules)
    share = ONE if step is None else step.share
    return Multiplier(share, CODE, f"after {losses} losses in a row")


def step_of(losses: int, rules: StreakRules) -> StreakStep | None:
    """The step that so many losses reached; None below the first."""
    reached = [step for step in rules.steps if step.losses <= losses]
    return reached[-1] if reached else None


def _pause_end(step: StreakStep, ts_ns: int) -> int | None:
    if step.pause_ns is None:
        return (utc_day(ts_ns) + 1) * DAY
    return ts_ns + step.pause_ns if step.pause_ns else None
