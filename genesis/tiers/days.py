"""Days that are over, and what can be said of a row of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from genesis.domain.money import BPS, ONE, ZERO

_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A UTC day that is over. `equity_usdt` at its end, `pnl_usdt` without flows of money.

    young_usdt: deposits that were young at its end. deposits_usdt: of the day, less what was taken
    out on it: money that only passes through dilutes no result. withdrawn_usdt: what withdrawals
    took beyond young deposits. trades, won_usdt, lost_usdt: of trades that ended, lost as a
    positive amount.
    """

    day: int
    start_usdt: Decimal
    equity_usdt: Decimal
    pnl_usdt: Decimal
    young_usdt: Decimal
    traded: bool
    deposits_usdt: Decimal = ZERO
    withdrawn_usdt: Decimal = ZERO
    trades: int = 0
    won_usdt: Decimal = ZERO
    lost_usdt: Decimal = ZERO

    @property
    def is_profitable(self) -> bool:
        """A trading day with a result above one basis point of its starting equity."""
        return self.traded and self.pnl_usdt > self.start_usdt / BPS

    @property
    def capital_usdt(self) -> Decimal:
        """Closing capital without the deposits that were young then."""
        return self.equity_usdt - self.young_usdt

    @property
    def return_fraction(self) -> Decimal:
        """Result over what was there to trade with: starting equity and the day's deposits."""
        base = self.start_usdt + self.deposits_usdt
        return self.pnl_usdt / base if base > 0 else ZERO


@dataclass(frozen=True, slots=True)
class LaneDay:
    """A UTC day of the paper lane beside a live account."""

    day: int
    trades: int
    pnl_usdt: Decimal
    start_usdt: Decimal

    @property
    def is_profitable(self) -> bool:
        return bool(self.trades) and self.pnl_usdt > self.start_usdt / BPS


def drawdown_fraction(days: Iterable[ClosedDay]) -> Decimal:
    """Deepest fall of the NAV index from its peak: the product of 1 + daily returns."""
    index = peak = ONE
    deepest = ZERO
    for day in days:
        index *= ONE + day.return_fraction
        peak = max(peak, index)
        deepest = max(deepest, ONE - index / peak)
    return deepest


def daily_returns(days: Sequence[ClosedDay]) -> tuple[float, ...]:
    """One return per calendar day from the first to the last; days on which nothing ran are 0."""
    if not days:
        return ()
    returns = [0.0] * (days[-1].day - days[0].day + 1)
    for day in days:
        returns[day.day - days[0].day] = float(day.return_fraction)
    return tuple(returns)


def month_of(day: int) -> int:
    """Calendar month (UTC) of a day, counted on from year 0."""
    found = date.fromordinal(_EPOCH + day)
    return found.year * 12 + found.month - 1


def profitable_months(days: Iterable[ClosedDay], today: int, months: int) -> int:
    """Of the last `months` calendar months that are over, those that ended with a profit."""
    this = month_of(today)
    results: dict[int, Decimal] = {}
    for day in days:
        month = month_of(day.day)
        if this - months <= month < this:
            results[month] = results.get(month, ZERO) + day.pnl_usdt
    return sum(result > 0 for result in results.values())
