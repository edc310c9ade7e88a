"""How sure a backtest's figures are: intervals, odds, and how long a record would have to be."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genesis.analytics import (
    DAYS_PER_YEAR,
    FigureInterval,
    NoValue,
    bootstrap_interval,
    daily_returns,
    min_track_record,
    psr,
)
from genesis.analytics.blocks import DRAWS, seeded
from genesis.research.measured import Measured
from genesis.research.style import Card, Shown, cards, note, signed

LEVEL: Final = 0.95

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HowSure:
    """What one run tells, and how far to trust it.

    expectancy: of a trade, in quote currency. sharpe: of daily returns, not annualised. odds: that
    the true ratio is above 0 (`psr`). needed_days: of such returns, until those odds are 95 %.
    streak: losses in a row; streaks: the longest of each other order of the same trades.
    """

    quote: str
    trades: int
    days: int
    expectancy: FigureInterval | NoValue
    sharpe: FigureInterval | NoValue
    odds: float | NoValue
    needed_days: float | NoValue
    streak: int
    streaks: Int64

    @property
    def is_evidence(self) -> bool:
        """The odds are 95 % or more, and the interval of a trade lies above 0."""
        has_all = not isinstance(self.odds, NoValue) and not isinstance(self.expectancy, NoValue)
        return has_all and self.odds >= LEVEL and self.expectancy.low > 0  # type: ignore[union-attr, operator]

    def shown(self) -> Shown:
        words = note(
            f"{self.trades:,} trades, {self.days:,} days. Intervals hold 95 %, drawn again in "
            "blocks from this sample: they know nothing of a market that changes, nor of how many "
            "others were tried."
        )
        parts = (cards(self._cards()), words)
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def _cards(self) -> list[Card]:
        typical, rare = np.quantile(self.streaks, (0.5, 0.95)) if self.streaks.size else (0, 0)
        mood = "up" if self.is_evidence else ""
        return [
            Card("a trade earns", *_between(self.expectancy, 1.0, f" {self.quote}")),
            Card("Sharpe ratio, per year", *_between(self.sharpe, sqrt(DAYS_PER_YEAR), "")),
            Card("odds of an edge", _share(self.odds), self._needed(), mood),
            Card("losses in a row", f"{self.streak}",
                 f"half of other orders: {typical:.0f} or more; one in twenty: {rare:.0f}"),
        ]  # fmt: skip

    def _needed(self) -> str:
        if isinstance(self.needed_days, NoValue):
            return self.needed_days.reason
        return f"95 % need {self.needed_days:,.0f} days like these; there are {self.days:,}"

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def how_sure(result: Measured, seed: int = 0) -> HowSure:
    """Intervals and odds of a run, as if it were the only one tried. seed: of the drawing."""
    pnl = result.trades["pnl"].to_numpy(np.float64)
    cash = float(result.setup.cash)
    daily = daily_returns(result.equity.index.to_numpy() - 1, result.equity.to_numpy(), cash)
    return HowSure(
        result.setup.instrument.quote,
        len(pnl),
        len(daily),
        bootstrap_interval(pnl, seed=seed),
        bootstrap_interval(daily, "sharpe", seed=seed),
        psr(daily),
        min_track_record(daily, level=LEVEL),
        int(_longest((pnl < 0)[None, :]).max()) if pnl.size else 0,
        _streaks(pnl < 0, seed),
    )


def _streaks(lost: npt.NDArray[np.bool_], seed: int) -> Int64:
    """(draws,) the longest run of losses in other orders of the same trades."""
    if not lost.size:
        return np.empty(0, np.int64)
    return _longest(seeded(seed).permuted(np.tile(lost, (DRAWS, 1)), axis=1))


def _longest(orders: npt.NDArray[np.bool_]) -> Int64:
    """(rows,) the longest run of True in each of (rows, n)."""
    at = np.arange(orders.shape[1])
    last_won = np.maximum.accumulate(np.where(orders, -1, at), axis=1)
    return np.asarray((at - last_won).max(axis=1), np.int64)


def _between(found: FigureInterval | NoValue, scale: float, unit: str) -> tuple[str, str, str]:
    """A figure, its interval, and its mood: none where the interval holds 0."""
    if isinstance(found, NoValue):
        return "–", found.reason, ""
    low, point, high = (one * scale for one in (found.low, found.point, found.high))
    mood = "" if low <= 0 <= high else "up" if low > 0 else "down"
    return f"{signed(point)}{unit}", f"from {signed(low)} to {signed(high)}", mood


def _share(value: float | NoValue) -> str:
    return f"{value:.0%}"
