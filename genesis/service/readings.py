"""What faces ask about the past: fills, closed trades, refusals, days. A fold of the steps.

A cache only: it is rebuilt from the event log at every start, and nothing is decided by it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol

from genesis.domain.account import TiltLevel
from genesis.domain.commands import Command
from genesis.domain.events import AccountOpened, Event, JournalAssessed, OrderFilled
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.money import BPS, ZERO
from genesis.domain.outcomes import (
    DayStarted,
    GatePassed,
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    Outcome,
    PositionClosed,
    TierChanged,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import utc_day
from genesis.tiers.gates import TierFacts

_KEPT: Final = 2_000


class AnyStep(Protocol):
    """A step as it happens or as it was recorded."""

    @property
    def event(self) -> Event: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...
    @property
    def commands(self) -> tuple[Command, ...]: ...


@dataclass(frozen=True, slots=True)
class Made:
    """One execution of ours with the order it belongs to."""

    event: OrderFilled

    @property
    def key(self) -> OrderKey:
        return self.event.key


@dataclass(slots=True)
class Day:
    """One UTC day of trading."""

    equity_usdt: Decimal = ZERO
    pnl_usdt: Decimal = ZERO
    fills: int = 0

    @property
    def is_profitable(self) -> bool:
        """Trading result above one basis point of the day's starting equity."""
        return self.pnl_usdt > self.equity_usdt / BPS


@dataclass(slots=True)
class Readings:
    """Counters and lists since the home was opened, the newest `_KEPT` of each kind."""

    events: int = 0
    orders: int = 0
    fills: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    made: deque[Made] = field(default_factory=lambda: deque(maxlen=_KEPT))
    closed: deque[PositionClosed] = field(default_factory=lambda: deque(maxlen=_KEPT))
    days: dict[int, Day] = field(default_factory=dict)
    gates_passed: list[str] = field(default_factory=list)
    tilt_score: int = 0
    tilt_level: TiltLevel = TiltLevel.NORMAL
    indicators: tuple[tuple[str, int], ...] = ()
    intervention: InterventionOpened | None = None
    limited_until_ns: int | None = None
    refs: set[str] = field(default_factory=set)
    accepted_pages: set[str] = field(default_factory=set)
    ring_fenced: dict[str, Decimal] = field(default_factory=dict)
    adopted: set[tuple[str, int]] = field(default_factory=set)
    """(symbol, trade id) of trades of the account that no order of ours made."""
    _trades: set[tuple[str, int]] = field(default_factory=set)

    def take(self, step: AnyStep) -> None:
        """Count one step."""
        self.events += 1
        ref = getattr(step.event, "client_ref", None)
        if ref is not None:
            self.refs.add(ref)
        if isinstance(step.event, AccountOpened):
            self.ring_fenced = {held.asset: held.total for held in step.event.ring_fenced}
        if isinstance(step.event, JournalAssessed) and step.event.accepted:
            self.accepted_pages.add(step.event.sha256)
        if isinstance(step.event, OrderFilled):
            self._take_fill(step.event)
        if step.outcomes:
            self._take_outcomes(step.outcomes)

    def _take_fill(self, event: OrderFilled) -> None:
        """Count a fill, once: the venue's stream and its lists may both tell it."""
        name = (event.fill.symbol, event.fill.trade_id)
        if event.key.run == EXTERNAL_RUN:
            self.adopted.add(name)
        if name in self._trades:
            return
        self._trades.add(name)
        self.fills += 1
        self.made.append(Made(event))
        self._day(event.ts_ns).fills += 1

    def _take_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case OrderApproved():
                    self.orders += 1
                case OrderRefused(failures=failures):
                    self.refusals[failures[0].code] += 1
                case PositionClosed():
                    self.closed.append(outcome)
                    self._day(outcome.ts_ns).pnl_usdt += outcome.pnl_usdt
                case DayStarted(day=day, equity_usdt=equity):
                    self.days.setdefault(day, Day()).equity_usdt = equity
                case GatePassed(gate=gate):
                    self.gates_passed.append(gate)
                case TierChanged(old_tier=old, tier=tier) if old is not tier:
                    self.gates_passed.clear()
                case TiltScored(score=score, level=level, contributions=contributions):
                    self.tilt_score, self.tilt_level = score, level
                    self.indicators = contributions
                case TiltLevelChanged(new=level, score=score):
                    self.tilt_level, self.tilt_score = level, score
                case InterventionOpened():
                    self.intervention = outcome
                case LimitedHourStarted(until_ns=until_ns):
                    self.intervention, self.limited_until_ns = None, until_ns
                case LimitedHourEnded():
                    self.limited_until_ns = None

    def _day(self, ts_ns: int) -> Day:
        return self.days.setdefault(utc_day(ts_ns), Day())

    def tier_facts(self, since_ns: int, now_ns: int) -> TierFacts:
        """The history of the account in its tier, for its gates."""
        first, today = utc_day(since_ns), utc_day(now_ns)
        days = {day: told for day, told in sorted(self.days.items()) if day >= first}
        traded = [told for told in days.values() if told.fills]
        return TierFacts(
            closing_capital_usdt=tuple(
                told.equity_usdt for day, told in days.items() if first < day <= today
            ),
            days_at_tier=max(0, today - first),
            trading_days=len(traded),
            profitable_days=sum(told.is_profitable for told in traded),
            violations=0,
            orders_sent=0,
            orders_in_time=0,
        )
