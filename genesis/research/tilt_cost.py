"""What tilt cost the trader of a home, out of its log, with how sure that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from genesis.analytics import (
    Interval,
    JudgedTrade,
    NoValue,
    TiltCorrelation,
    TiltImpact,
    analyze_tilt_correlation,
    impact,
    judged_trades,
    seeded,
    sessions,
)
from genesis.analytics.steps import AnyStep
from genesis.domain.events import TimerFired
from genesis.engine.step import Step
from genesis.research.day_log import opened, steps_of
from genesis.research.style import Card, Shown, cards, note, signed, table

_KINDS: Final = (
    *("RunStarted", "RunEnded", "AccountOpened", "FlowReported", "OperatorActed", "OrderFilled"),
    *("JournalAssessed", "OrderApproved", "OrderRefused", "PositionOpened", "PositionChanged"),
    *("PositionClosed", "TiltScored", "TiltLevelChanged", "OverrideJudged", "ViolationNoted"),
)


@dataclass(frozen=True, slots=True)
class TiltCost:
    """trades: the trader's own. impact, correlation: see `genesis.analytics.tilt_impact`."""

    trades: tuple[JudgedTrade, ...]
    impact: TiltImpact
    correlation: TiltCorrelation

    @property
    def bands(self) -> pd.DataFrame:
        """Mean R of the trades opened at each band of the score."""
        rows = [
            (f"{band.low}–{band.high}", band.trades,
             float("nan") if isinstance(band.mean_r, NoValue) else band.mean_r)
            for band in self.correlation.bands
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["score", "trades", "mean_r"])

    def shown(self) -> Shown:
        """The three answers, the bands, and the verdicts that belong to them."""
        told = self.impact
        excess = f"{told.excess_trades} beyond the usual, fees {told.excess_fees_usdt:,.2f} USDT"
        costs = cards(
            [
                Card("tilted trades", f"{told.tilted} of {told.trades}", excess),
                Card("cost, directly", _usdt(told.direct_usdt), "what they lost in the end"),
                Card("cost of their size", _usdt(told.resize_usdt), "against the calm median"),
                Card("cost against calm ones", _usdt(told.control_usdt), _range(told.interval)),
            ]
        )
        by_score = table(
            self.bands[self.bands["trades"] > 0],
            names={"score": "score at entry", "trades": "trades", "mean_r": "mean R"},
            formats={"mean_r": signed},
            empty="No trade had a stop.",
        )
        words = note(f"Cost: {told.verdict}.\nScore and result: {self.correlation.verdict}.")
        parts = (costs, by_score, words)
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def tilt_cost(home: str | Path | None = None, seed: int = 0) -> TiltCost:
    """Over everything in the log of a home; the same seed gives the same interval.

    Raises:
        EventLogError: there is no log, or it cannot be read.
    """
    with opened(None if home is None else Path(home)) as (_, reader):
        steps = list(logged_steps(reader.of_kinds(_KINDS)))
    starts = [session.started_ns for session in sessions(steps)]
    trades = judged_trades(steps, lambda ts_ns: str(sum(start <= ts_ns for start in starts)))
    return TiltCost(trades, impact(trades, seeded(seed)), analyze_tilt_correlation(trades))


def logged_steps(rows: Any) -> Iterator[AnyStep]:
    """Steps of the log; a market event, which says nothing here, is a moment that passed."""
    for step in steps_of(rows):
        event = TimerFired(step.ts_ns, "market") if step.event is None else step.event
        yield Step(event, step.outcomes, step.commands)


def _usdt(amount: Decimal | float | NoValue) -> str:
    """A cost: money lost, or below 0 money gained."""
    if isinstance(amount, NoValue):
        return f"{amount:}"
    return f"{signed(float(amount)).removeprefix('+')} USDT"


def _range(interval: Interval | NoValue) -> str:
    if isinstance(interval, NoValue):
        return interval.reason
    return f"95 %: {signed(interval.low)} to {signed(interval.high)}"
