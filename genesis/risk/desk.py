"""RISK as the engine holds it: drawdown, breakers, blocks, the streak, entries of the day."""

from collections.abc import Iterable
from decimal import Decimal

from genesis.domain.approval import Failure
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO, fraction
from genesis.domain.outcomes import BreakerMoved, RiskBlocked
from genesis.domain.time import utc_day
from genesis.risk.blocks import STARTING, code_of
from genesis.risk.breakers import Breaker, Breakers, Level, State
from genesis.risk.checks import CHECKS, EntryFacts, breaker_failures
from genesis.risk.drawdown import Drawdown
from genesis.risk.edge import Results
from genesis.risk.limits import RiskRules, StreakRules, TierLimits
from genesis.risk.multipliers import Multiplier
from genesis.risk.pace import Pace
from genesis.risk.streak import Streak, after_trade, multiplier, stricter
from genesis.risk.trips import Trips

__all__ = ["EntryFacts", "RiskDesk"]


class RiskDesk:
    """State of the risk engine; changed by events, asked by the gate."""

    def __init__(self, rules: RiskRules) -> None:
        self.rules = rules
        self.drawdown = Drawdown()
        self.blocks: dict[str, str] = {}
        self.streak = Streak()
        """Losses in a row: the stricter of what this record and a lost part of it tell."""
        self._streaks: tuple[Streak, Streak] | None = None
        self.pace = Pace()
        self.breakers = Breakers()
        self.trips = Trips(self.breakers)
        self.results: dict[str, Results] = {}
        """What strategies have shown, by name."""
        self._trades = 0
        self._trades_day = -1
        self._carried_trades: dict[int, int] = {}

    # -- facts -------------------------------------------------------------------------------
    def block(self, ts_ns: int, source: str, reason: str | None) -> tuple[RiskBlocked, ...]:
        """Block new risk for `source`, or free it again (reason None). Idempotent."""
        if reason is None:
            if self.blocks.pop(source, None) is None:
                return ()
            return (RiskBlocked(ts_ns, source, False, ""),)
        if self.blocks.get(source) == reason:
            return ()
        self.blocks[source] = reason
        return (RiskBlocked(ts_ns, source, True, reason),)

    def count_entry(self, now_ns: int, key: OrderKey) -> None:
        """An entry is sent: it counts for the pace, and it is the breakers' probe."""
        if self.rules.counts_unfilled:
            self._count_trade(now_ns)
        if self.rules.pace is not None:
            self.pace.count(now_ns, self.rules.pace)
        self.breakers.try_with(key)

    def trade_opened(self, now_ns: int) -> None:
        """The first fill of an entry: a trade of the day."""
        if not self.rules.counts_unfilled:
            self._count_trade(now_ns)

    def _count_trade(self, now_ns: int) -> None:
        if utc_day(now_ns) != self._trades_day:
            self._trades_day, self._trades = utc_day(now_ns), 0
        self._trades += 1

    def carry_trades(self, day: int, trades: int) -> None:
        """Trades of that day that only a lost part of the record counted."""
        self._carried_trades[day] = self._carried_trades.get(day, 0) + trades

    def carry_streak(self, ended: Iterable[tuple[int, Decimal]]) -> None:
        """Trades that ended in a lost part of the record, when and with which net result.

        The venue may tell of the same ones again: they are counted beside those, not with them.
        """
        known, carried = self._streaks or (self.streak, self.streak)
        for ts_ns, pnl in ended:
            if self.rules.streak is not None:
                carried = after_trade(carried, pnl, ts_ns, self.rules.streak)
                self._streaks = known, carried
                self.streak = stricter(known, carried)

    def _count_result(self, ts_ns: int, pnl: Decimal, rules: StreakRules) -> None:
        if self._streaks is None:
            self.streak = after_trade(self.streak, pnl, ts_ns, rules)
            return
        known, carried = self._streaks
        known = after_trade(known, pnl, ts_ns, rules)
        if STARTING not in self.blocks:  # else the venue tells of it, maybe again
            carried = after_trade(carried, pnl, ts_ns, rules)
        self._streaks, self.streak = (known, carried), stricter(known, carried)

    def trade_closed(
        self,
        ts_ns: int,
        pnl: Decimal,
        strategy: str | None,
        risk_usdt: Decimal,
        paid_usdt: Decimal | None = None,
    ) -> tuple[BreakerMoved, ...]:
        """A trade closed with this net result; `strategy` None: it was the operator's.

        risk_usdt: what one trade of the account may lose now. paid_usdt: what was paid for it.
        """
        if self.rules.streak is not None:
            self._count_result(ts_ns, pnl, self.rules.streak)
        if strategy is None:
            return ()
        has_edge = self._edge_after(strategy, pnl, paid_usdt)
        trips, rules = self.trips, self.rules.breakers
        if rules is None:
            return ()
        return trips.trade_closed(ts_ns, strategy, pnl, risk_usdt, rules, has_edge=has_edge)

    def paper_trade(
        self, ts_ns: int, strategy: str, pnl: Decimal, paid_usdt: Decimal
    ) -> tuple[BreakerMoved, ...]:
        """A strategy that goes on in paper closed a trade there: a win with an edge brings it back.

        What others do on paper says nothing here.
        """
        if not self.trips.is_on_paper(strategy):
            return ()
        has_edge = self._edge_after(strategy, pnl, paid_usdt)
        return self.trips.won_on_paper(ts_ns, strategy) if has_edge and pnl > ZERO else ()

    def _edge_after(self, strategy: str, pnl: Decimal, paid_usdt: Decimal | None) -> bool:
        """Does one more result leave the strategy an edge? Too few results speak for none yet."""
        rules = self.rules.adaptive
        if rules is None or not paid_usdt:
            return True
        results = self.results.setdefault(strategy, Results())
        results.take(float(fraction(pnl, paid_usdt)), rules)
        return results.kelly(rules) != 0

    # -- questions ---------------------------------------------------------------------------
    def multipliers(self, now_ns: int, limits: TierLimits) -> list[Multiplier]:
        """Everything of the risk engine that makes sizes smaller now."""
        found = self.drawdown.multipliers(limits, self.rules)
        if self.rules.streak is not None:
            found.append(multiplier(self.streak, now_ns, self.rules.streak))
        return found

    def trying(self) -> Breaker | None:
        """The system breaker that lets one order try; of several the first by name."""
        if self.breakers.are_closed:
            return None
        system = self.breakers.of(Level.SYSTEM).values()
        return next((one for one in system if one.state is State.HALF_OPEN), None)

    def probe_usdt(self) -> Decimal | None:
        """How large the order that tries after a fault may be; None: no entry is one."""
        rules = self.rules.breakers
        return rules.system.probe_usdt if rules is not None and self.trying() else None

    def open_risk_limit_usdt(self, capital: Decimal, limits: TierLimits) -> Decimal | None:
        """What all positions together may lose at their stops; None: not limited."""
        factor = self.rules.open_risk_factor
        return None if factor is None else factor * limits.risk_fraction * max(ZERO, capital)

    def failures(self, facts: EntryFacts, limits: TierLimits) -> list[Failure]:
        """Every reason of the risk engine not to take new risk now."""
        blocks = [
            Failure("risk", code_of(source), reason)
            for source, reason in sorted(self.blocks.items())
        ]
        checked = [check(self, facts, limits) for check in CHECKS]
        found = [failure for failure in checked if failure is not None]
        return [*blocks, *found, *breaker_failures(self, facts)]

    def trades_today(self, now_ns: int, working: int) -> int:
        """working: entries without a fill yet; each may still become a trade."""
        today = utc_day(now_ns)
        counted = self._trades if today == self._trades_day else 0
        counted += self._carried_trades.get(today, 0)
        return counted if self.rules.counts_unfilled else counted + working
