"""What opens and closes the breakers: failed orders, faults, silent feeds, limits, losses."""

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import Rests
from genesis.domain.money import ZERO
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    Halted,
    Outcome,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, SECOND, utc_day
from genesis.risk.blocks import FEED
from genesis.risk.breakers import Breakers, Key, Level, State
from genesis.risk.drawdown import CRITICAL, GIVE_BACK
from genesis.risk.limits import BreakerRules
from genesis.risk.records import StrategyRecord

ORDERS: Final = "orders"
HALT: Final = "halt"
TILT: Final = "tilt"
SYSTEM_CODE: Final = "BREAKER_OPEN"
STRATEGY_CODE: Final = "STRATEGY_RESTS"
NO_EDGE: Final = "has not shown that it wins more than it loses"
OWN_CHECK: Final = ""
"""Code of a breaker whose refusal another check words: halt, the critical row, tilt."""

DAY_ENDERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        CRITICAL: (OWN_CHECK, "the fall from the peak is critical"),
        GIVE_BACK: ("GIVE_BACK_REACHED", "the profit of the day fell back to its floor"),
    }
)
"""Alerts that end new risk for the UTC day, with the code and the words of the refusal."""


class Trips:
    """Takes facts in and moves the breakers. Without rules (None) nothing ever trips."""

    def __init__(self, breakers: Breakers) -> None:
        self._breakers = breakers
        self._failed: deque[tuple[int, OrderKey]] = deque()
        self._silent_since: dict[str, int] = {}
        self.records: dict[str, StrategyRecord] = {}

    # -- the system --------------------------------------------------------------------------
    def order_failed(
        self, ts_ns: int, order: OrderKey, why: str, rules: BreakerRules | None
    ) -> tuple[BreakerMoved, ...]:
        """The venue rejected it, or nobody knows what became of it."""
        if rules is None or any(order == known for _, known in self._failed):
            return ()
        system = rules.system
        self._failed.append((ts_ns, order))
        while ts_ns - self._failed[0][0] >= system.failed_span_ns:
            self._failed.popleft()
        told = f"the order that tried failed: {why}"
        keys = dict.fromkeys(self._breakers.probed_by(order), told)
        count = len(self._failed)
        if count >= system.failed_orders:
            self._failed.clear()
            span = _span(system.failed_span_ns)
            keys[Level.SYSTEM, ORDERS] = f"{_orders(count)} failed within {span}: {why}"
        moved: tuple[BreakerMoved, ...] = ()
        for key in sorted(keys):
            moved += self._trip_system(ts_ns, key, keys[key], rules)
        return moved

    def order_went_well(self, ts_ns: int, order: OrderKey) -> tuple[BreakerMoved, ...]:
        """The venue took it: what it tried passes."""
        if self._breakers.are_closed:
            return ()
        keys = self._breakers.probed_by(order)
        return tuple(fact for key in keys for fact in self._breakers.passed(ts_ns, key))

    def faulty(
        self, ts_ns: int, part: str, why: str, rules: BreakerRules | None
    ) -> tuple[BreakerMoved, ...]:
        """A part of ours failed; it stays so until it is `healed`."""
        if rules is None:
            return ()
        return self._trip_system(ts_ns, (Level.SYSTEM, part), f"{part}: {why}", rules, lasting=True)

    def healed(self, ts_ns: int, part: str, how: str = "") -> tuple[BreakerMoved, ...]:
        """It works again; `how`: what ended the fault."""
        told = how or f"{part} works again"
        return self._breakers.healed(ts_ns, (Level.SYSTEM, part), told)

    def feed_lost(self, ts_ns: int, stream: str) -> None:
        """The silence is judged when it ends: until then the lost feed blocks by itself."""
        self._silent_since.setdefault(stream, ts_ns)

    def feed_restored(
        self, ts_ns: int, stream: str, rules: BreakerRules | None
    ) -> tuple[BreakerMoved, ...]:
        since_ns = self._silent_since.pop(stream, ts_ns)
        if rules is None or ts_ns - since_ns <= rules.system.feed_gap_ns:
            return ()
        told = f"{stream} was silent for {_span(ts_ns - since_ns)}"
        return self._trip_system(ts_ns, (Level.SYSTEM, FEED + stream), told, rules)

    def begin_run(self) -> None:
        """A new process: streams that are not open yet were not lost."""
        self._silent_since.clear()

    def _trip_system(
        self, ts_ns: int, key: Key, why: str, rules: BreakerRules, *, lasting: bool = False
    ) -> tuple[BreakerMoved, ...]:
        until_ns = ts_ns + rules.system.rest_ns
        return self._breakers.trip(ts_ns, key, SYSTEM_CODE, why, until_ns, lasting=lasting)

    # -- the account -------------------------------------------------------------------------
    def told(self, fact: Outcome, rules: BreakerRules | None) -> tuple[BreakerMoved, ...]:
        """A limit of the account was reached, or it is left again."""
        if isinstance(fact, AlertRaised) and fact.alert == GIVE_BACK:  # a rule of its own
            return self._day_ended(fact)
        if rules is None:
            return ()
        match fact:
            case AlertRaised(alert=alert) if alert == CRITICAL:
                return self._day_ended(fact)
            case Halted():
                key = (Level.ACCOUNT, HALT)
                why, at_ns = fact.reason, fact.ts_ns
                return self._breakers.trip(at_ns, key, OWN_CHECK, why, at_ns, lasting=True)
            case TiltLevelChanged(new=TiltLevel.LOCKED):
                key, at_ns = (Level.ACCOUNT, TILT), fact.ts_ns
                return self._breakers.trip(at_ns, key, OWN_CHECK, "tilt", at_ns, lasting=True)
            case TiltLevelChanged(old=TiltLevel.LOCKED):
                return self._breakers.healed(fact.ts_ns, (Level.ACCOUNT, TILT))
        return ()

    def halt_ended(self, ts_ns: int) -> tuple[BreakerMoved, ...]:
        return self._breakers.healed(ts_ns, (Level.ACCOUNT, HALT))

    def _day_ended(self, fact: AlertRaised) -> tuple[BreakerMoved, ...]:
        code, why = DAY_ENDERS[fact.alert]
        midnight = (utc_day(fact.ts_ns) + 1) * DAY
        amounts = f"{fact.amount_usdt:.2f} against {fact.limit_usdt:.2f} USDT"
        key = (Level.ACCOUNT, fact.alert)
        return self._breakers.trip(fact.ts_ns, key, code, f"{why} ({amounts})", midnight)

    def carried(self, ts_ns: int, breakers: Iterable[Rests]) -> tuple[BreakerMoved, ...]:
        """Breakers that a lost part of the record left open, of the day and of strategies."""
        moved: tuple[BreakerMoved, ...] = ()
        for one in breakers:
            key = (Level(one.level), one.name)
            is_over = one.until_ns is not None and one.until_ns <= ts_ns
            if key[0] is Level.STRATEGY and (one.state == State.HALF_OPEN or is_over):
                moved += self._breakers.to_paper(ts_ns, key, one.reason)
            elif one.until_ns is not None and one.until_ns > ts_ns and key[0] is not Level.SYSTEM:
                code, _ = DAY_ENDERS.get(one.name, (STRATEGY_CODE, ""))
                moved += self._breakers.trip(ts_ns, key, code, one.reason, one.until_ns)
        return moved

    # -- strategies --------------------------------------------------------------------------
    def trade_closed(
        self,
        ts_ns: int,
        strategy: str,
        pnl: Decimal,
        risk_usdt: Decimal,
        rules: BreakerRules,
        *,
        has_edge: bool = True,
    ) -> tuple[BreakerMoved, ...]:
        """A trade of the strategy closed with this net result.

        risk_usdt: what one trade of the account may lose, the unit of its fall. has_edge: do its
        latest results, this one included, speak for it? Without it goes to paper and stays there.
        """
        record = self.records.get(strategy, StrategyRecord()).after(pnl)
        key = (Level.STRATEGY, strategy)
        known, limits = self._breakers.get(key), rules.strategy
        tries = known is not None and known.state is State.HALF_OPEN
        rested = tries and known is not None and known.code == STRATEGY_CODE
        why = None
        if record.losses >= limits.losses or (rested and record.losses):
            why = f"{strategy} lost {record.losses} {_times(record.losses)} in a row"
        elif record.fall_usdt > limits.fall_factor * risk_usdt:
            why = f"{strategy} fell by {record.fall_usdt:.2f} USDT from its best result"
        self.records[strategy] = record if why is None else StrategyRecord()
        if why is not None:
            return self._breakers.trip(ts_ns, key, STRATEGY_CODE, why, ts_ns + limits.rest_ns)
        if not has_edge:
            return self._breakers.to_paper(ts_ns, key, f"{strategy} {NO_EDGE}")
        return self._breakers.passed(ts_ns, key) if tries and pnl > ZERO else ()

    def is_on_paper(self, strategy: str) -> bool:
        """Has it rested, and has to win on paper before it trades again?"""
        known = self._breakers.get((Level.STRATEGY, strategy))
        return known is not None and known.state is State.HALF_OPEN

    def won_on_paper(self, ts_ns: int, strategy: str) -> tuple[BreakerMoved, ...]:
        """It may trade again; falls and losses count from here."""
        self.records.pop(strategy, None)
        return self._breakers.passed(ts_ns, (Level.STRATEGY, strategy))


def _orders(count: int) -> str:
    return f"{count} order{'s' if count != 1 else ''}"


def _times(count: int) -> str:
    return "times" if count != 1 else "time"


def _span(span_ns: int) -> str:
    seconds = span_ns // SECOND
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"
