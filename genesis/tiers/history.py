"""What gates look at, kept day by day: closes, trades, young deposits, violations, pages, tilt.

A pure fold of what the engine sees. A day is a UTC day. Days on which nothing ran belong to the day
that was open before them: it ends when the next one begins.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.money import ZERO
from genesis.domain.time import DAY, utc_day
from genesis.tiers.days import (
    ClosedDay,
    LaneDay,
    daily_returns,
    drawdown_fraction,
    profitable_months,
)
from genesis.tiers.gate_facts import IcebergResult, TierFacts
from genesis.tiers.rules import GateRules, TierTable

_DAYS_KEPT: Final = 400
_STAMPS_KEPT: Final = 1_000


@dataclass(slots=True)
class _Deposit:
    """Money that came in at `ts_ns`; what withdrawals have not taken out again is left."""

    ts_ns: int
    left_usdt: Decimal


@dataclass(slots=True)
class _Today:
    """What is gathered of the day that is open."""

    traded: bool = False
    withdrawn_usdt: Decimal = ZERO
    trades: int = 0
    won_usdt: Decimal = ZERO
    lost_usdt: Decimal = ZERO


@dataclass(slots=True)
class _Days:
    """Numbers of the UTC days on which something happened, in order and each once."""

    found: deque[int] = field(default_factory=lambda: deque(maxlen=_DAYS_KEPT))

    def add(self, day: int) -> None:
        if not self.found or day > self.found[-1]:
            self.found.append(day)

    def since(self, day: int) -> int:
        return sum(one >= day for one in self.found)

    def among(self, days: Iterable[ClosedDay]) -> int:
        known = set(self.found)
        return sum(day.day in known for day in days)


class TierHistory:
    """The days of one account. `season_days`: see `GateRules.deposit_season_days`."""

    def __init__(self, season_days: int) -> None:
        self.season_days = season_days
        self.is_paper = False
        self.days: deque[ClosedDay] = deque(maxlen=_DAYS_KEPT)
        self.lane: deque[LaneDay] = deque(maxlen=_DAYS_KEPT)
        self.violations: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._closes: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._overrides: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._withdrawals: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self.icebergs: deque[IcebergResult] | None = None
        """None until rules know any."""
        self._warnings, self._locks, self._pages = _Days(), _Days(), _Days()
        self._deposits: deque[_Deposit] = deque()
        self._day = -1
        self._start_usdt = self._start_flows_usdt = ZERO
        self._today = _Today()

    # -- what happens ------------------------------------------------------------------------
    def begin(self, day: int, equity: Decimal, flows: Decimal) -> None:
        """A UTC day begins with this equity; the one before it, if any, ends with it.

        flows: all money that ever came in, less what went out.
        """
        if self._day >= 0:
            self.days.append(self._closed(day, equity, flows))
        self._day, self._today = day, _Today()
        self._start_usdt, self._start_flows_usdt = equity, flows

    def _closed(self, next_day: int, equity: Decimal, flows: Decimal) -> ClosedDay:
        today = self._today
        return ClosedDay(
            self._day,
            self._start_usdt,
            equity,
            equity - self._start_usdt - (flows - self._start_flows_usdt),
            self.young_usdt(next_day * DAY),
            today.traded,
            max(ZERO, flows - self._start_flows_usdt),
            today.withdrawn_usdt,
            today.trades,
            today.won_usdt,
            today.lost_usdt,
        )

    def traded(self) -> None:
        """An entry was filled or a position was left."""
        self._today.traded = True

    def trade_closed(self, ts_ns: int, pnl_usdt: Decimal = ZERO) -> None:
        """A trade ended, flat to flat, with this result after fees."""
        self._closes.append(ts_ns)
        self._today.trades += 1
        if pnl_usdt > 0:
            self._today.won_usdt += pnl_usdt
        else:
            self._today.lost_usdt -= pnl_usdt

    def lane_day(self, day: LaneDay) -> None:
        """A day of the paper lane is over; each counts once."""
        if not self.lane or day.day > self.lane[-1].day:
            self.lane.append(day)

    def violated(self, ts_ns: int) -> None:
        self.violations.append(ts_ns)

    def overridden(self, ts_ns: int) -> None:
        """An intervention was overridden."""
        self._overrides.append(ts_ns)

    def tilted(self, ts_ns: int, level: TiltLevel) -> None:
        """Tilt rose to WARNING or beyond: the day counts once for each of the two levels."""
        self._warnings.add(utc_day(ts_ns))
        if level is TiltLevel.LOCKED:
            self._locks.add(utc_day(ts_ns))

    def knows_icebergs(self) -> None:
        """The rules have them: from here on they are looked at."""
        if self.icebergs is None:
            self.icebergs = deque(maxlen=_STAMPS_KEPT)

    def iceberg(self, result: IcebergResult) -> None:
        """An iceberg ended that says something of the quality of execution."""
        self.knows_icebergs()
        assert self.icebergs is not None
        self.icebergs.append(result)

    def page(self, ts_ns: int) -> None:
        """A page was written that counts for its day."""
        self._pages.add(utc_day(ts_ns))

    def flow(self, ts_ns: int, amount: Decimal) -> None:
        """Money came in (+), or went out (-): that takes the oldest young deposits first."""
        if amount > 0:
            self._deposits.append(_Deposit(ts_ns, amount))
            return
        self._withdrawals.append(ts_ns)
        self.young_usdt(ts_ns)
        out = -amount
        while out and self._deposits:
            oldest = self._deposits[0]
            taken = min(out, oldest.left_usdt)
            oldest.left_usdt, out = oldest.left_usdt - taken, out - taken
            if not oldest.left_usdt:
                self._deposits.popleft()
        self._today.withdrawn_usdt += out

    # -- what it tells -----------------------------------------------------------------------
    def facts(self, tier_since_ns: int, now_ns: int, rules: GateRules | None) -> TierFacts:
        """What the gates ask for, of the days that are over; of the tier since it began."""
        here, today = self.days_since(tier_since_ns), utc_day(now_ns)
        window_ns = 0 if rules is None else rules.violations_window_days * DAY
        closes = 0 if rules is None else rules.closes_required
        tilt = None if rules is None else rules.tilt
        tilt_days = 0 if tilt is None else tilt.window_days
        months = 0 if rules is None or rules.months is None else rules.months.months
        return TierFacts(
            closing_capital_usdt=tuple(day.capital_usdt for day in self.days)[-closes:],
            days_at_tier=max(0, today - utc_day(tier_since_ns)),
            trading_days=sum(day.traded for day in here),
            profitable_days=sum(day.is_profitable for day in here),
            violations=_since(self.violations, now_ns - window_ns + 1),
            orders_sent=0,  # nothing reports yet when an order left after its decision
            orders_in_time=0,
            is_paper=self.is_paper,
            trades=sum(day.trades for day in here),
            won_usdt=sum((day.won_usdt for day in here), ZERO),
            lost_usdt=sum((day.lost_usdt for day in here), ZERO),
            drawdown_fraction=drawdown_fraction(here),
            profit_usdt=sum((day.pnl_usdt for day in here), ZERO),
            best_day_usdt=max((day.pnl_usdt for day in here), default=ZERO),
            overrides=_since(self._overrides, now_ns - tilt_days * DAY + 1),
            warning_days=self._warnings.since(today - tilt_days + 1),
            locked_days=self._locks.since(today - tilt_days + 1),
            page_days=self._pages.among(day for day in here if day.traded),
            profitable_months=profitable_months(here, today, months),
            returns=daily_returns(here),
            withdrawals=_since(self._withdrawals, tier_since_ns),
            icebergs=self._icebergs_since(tier_since_ns),
        )

    def _icebergs_since(self, ts_ns: int) -> tuple[IcebergResult, ...] | None:
        if self.icebergs is None:
            return None
        return tuple(one for one in self.icebergs if one.ts_ns >= ts_ns)

    def days_since(self, ts_ns: int) -> tuple[ClosedDay, ...]:
        """Closed days from the one that holds `ts_ns` on."""
        first = utc_day(ts_ns)
        return tuple(day for day in self.days if day.day >= first)

    def profitable_in_a_row(self, since_ns: int) -> int:
        """Profitable trading days without another between them, up to now; of those since then."""
        first = utc_day(since_ns)
        traded = [day for day in self.days if day.traded and day.day >= first]
        return sum(1 for _ in takewhile(lambda day: day.is_profitable, reversed(traded)))

    def lane_in_a_row(self, since_ns: int) -> int:
        """The same of the paper lane."""
        first = utc_day(since_ns)
        traded = [day for day in self.lane if day.trades and day.day >= first]
        return sum(1 for _ in takewhile(lambda day: day.is_profitable, reversed(traded)))

    def profitable_in_all(self, since_ns: int) -> int:
        """Days since then that ended well, of the account or in the paper lane.

        The account's own are those of EMERGENCY, with a few USDT in a position: any profit counts,
        as one basis point of a large account could never be earned with them.
        """
        first = utc_day(since_ns)
        good = (day for day in self.days if day.traded and day.pnl_usdt > 0)
        own = {day.day for day in good if day.day >= first}
        lane = {day.day for day in self.lane if day.is_profitable and day.day >= first}
        return len(own | lane)

    def has_page(self, now_ns: int) -> bool:
        """Was a page written on the day of this instant?"""
        return bool(self._pages.since(utc_day(now_ns)))

    def trades_since(self, ts_ns: int) -> int:
        return _since(self._closes, ts_ns)

    def violations_since(self, ts_ns: int) -> int:
        return _since(self.violations, ts_ns)

    def young_usdt(self, now_ns: int) -> Decimal:
        """What is left of the deposits that are still young; those that are not are forgotten."""
        oldest_ns = now_ns - self.season_days * DAY
        while self._deposits and self._deposits[0].ts_ns <= oldest_ns:
            self._deposits.popleft()
        return sum((one.left_usdt for one in self._deposits), ZERO)


def season_days(table: TierTable) -> int:
    """The longest time any gate of the table lets deposits season."""
    return max(gates.deposit_season_days for gates in table.gates.values())


def _since(stamps: Iterable[int], ts_ns: int) -> int:
    return sum(at >= ts_ns for at in stamps)
