"""What gates look at, kept day by day: closes, trading days, young deposits, violations.

A pure fold of what the engine sees. A day is a UTC day. Days on which nothing ran belong to the day
that was open before them: it ends when the next one begins.
"""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Final

from genesis.domain.money import BPS, ZERO
from genesis.domain.time import DAY, utc_day
from genesis.tiers.gates import TierFacts
from genesis.tiers.rules import GateRules

_DAYS_KEPT: Final = 400
_STAMPS_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A UTC day that is over. `equity_usdt` at its end, `pnl_usdt` without flows of money."""

    day: int
    start_usdt: Decimal
    equity_usdt: Decimal
    pnl_usdt: Decimal
    young_usdt: Decimal
    traded: bool

    @property
    def is_profitable(self) -> bool:
        """A trading day with a result above one basis point of its starting equity."""
        return self.traded and self.pnl_usdt > self.start_usdt / BPS

    @property
    def capital_usdt(self) -> Decimal:
        """Closing capital without the deposits that were young then."""
        return self.equity_usdt - self.young_usdt


@dataclass(slots=True)
class _Deposit:
    """Money that came in at `ts_ns`; what withdrawals have not taken out again is left."""

    ts_ns: int
    left_usdt: Decimal


class TierHistory:
    """The days of one account. `season_days`: see `GateRules.deposit_season_days`."""

    def __init__(self, season_days: int) -> None:
        self.season_days = season_days
        self.is_paper = False
        self.days: deque[ClosedDay] = deque(maxlen=_DAYS_KEPT)
        self.violations: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._closes: deque[int] = deque(maxlen=_STAMPS_KEPT)
        self._deposits: deque[_Deposit] = deque()
        self._day = -1
        self._start_usdt = self._start_flows_usdt = ZERO
        self._traded = False

    # -- what happens ------------------------------------------------------------------------
    def begin(self, day: int, equity: Decimal, flows: Decimal) -> None:
        """A UTC day begins with this equity; the one before it, if any, ends with it.

        flows: all money that ever came in, less what went out.
        """
        if self._day >= 0:
            pnl = equity - self._start_usdt - (flows - self._start_flows_usdt)
            young = self._young_usdt(day * DAY)
            self.days.append(
                ClosedDay(self._day, self._start_usdt, equity, pnl, young, self._traded)
            )
        self._day, self._traded = day, False
        self._start_usdt, self._start_flows_usdt = equity, flows

    def traded(self) -> None:
        """An entry was filled or a position was left."""
        self._traded = True

    def trade_closed(self, ts_ns: int) -> None:
        """A trade ended, flat to flat."""
        self._closes.append(ts_ns)

    def violated(self, ts_ns: int) -> None:
        self.violations.append(ts_ns)

    def flow(self, ts_ns: int, amount: Decimal) -> None:
        """Money came in (+), or went out (-): that takes the oldest young deposits first."""
        if amount > 0:
            self._deposits.append(_Deposit(ts_ns, amount))
            return
        self._young_usdt(ts_ns)
        out = -amount
        while out and self._deposits:
            oldest = self._deposits[0]
            taken = min(out, oldest.left_usdt)
            oldest.left_usdt, out = oldest.left_usdt - taken, out - taken
            if not oldest.left_usdt:
                self._deposits.popleft()

    # -- what it tells -----------------------------------------------------------------------
    def facts(self, tier_since_ns: int, now_ns: int, rules: GateRules | None) -> TierFacts:
        """What the gates ask for, of the days that are over; of the tier since it began."""
        first = utc_day(tier_since_ns)
        here = [day for day in self.days if day.day >= first]
        window_ns = 0 if rules is None else rules.violations_window_days * DAY
        closes = 0 if rules is None else rules.closes_required
        return TierFacts(
            closing_capital_usdt=tuple(day.capital_usdt for day in self.days)[-closes:],
            days_at_tier=max(0, utc_day(now_ns) - first),
            trading_days=sum(day.traded for day in here),
            profitable_days=sum(day.is_profitable for day in here),
            violations=sum(at > now_ns - window_ns for at in self.violations),
            orders_sent=0,  # nothing reports yet when an order left after its decision
            orders_in_time=0,
            is_paper=self.is_paper,
        )

    def profitable_in_a_row(self, since_ns: int) -> int:
        """Profitable trading days without another between them, up to now; of those since then."""
        first = utc_day(since_ns)
        traded = [day for day in self.days if day.traded and day.day >= first]
        return sum(1 for _ in takewhile(lambda day: day.is_profitable, reversed(traded)))

    def trades_since(self, ts_ns: int) -> int:
        return sum(at >= ts_ns for at in self._closes)

    def violations_since(self, ts_ns: int) -> int:
        return sum(at >= ts_ns for at in self.violations)

    def _young_usdt(self, now_ns: int) -> Decimal:
        """What is left of the deposits that are still young; those that are not are forgotten."""
        oldest_ns = now_ns - self.season_days * DAY
        while self._deposits and self._deposits[0].ts_ns <= oldest_ns:
            self._deposits.popleft()
        return sum((one.left_usdt for one in self._deposits), ZERO)
