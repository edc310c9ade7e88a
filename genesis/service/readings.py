"""What faces ask about the past: fills, closed trades, refusals, days. A fold of the steps.

A cache only: it is rebuilt from the event log at every start, and nothing is decided by it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Protocol

from genesis.domain.account import TiltLevel
from genesis.domain.commands import Command
from genesis.domain.events import (
    AccountOpened,
    Event,
    FlowReported,
    JournalAssessed,
    OperatorActed,
    OrderFilled,
)
from genesis.domain.ids import EXTERNAL_RUN
from genesis.domain.keeping import LogForked, RefusalsCounted
from genesis.domain.money import BPS, ZERO
from genesis.domain.outcomes import (
    DayStarted,
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    Outcome,
    OverrideJudged,
    PageOwed,
    PositionClosed,
    TierChanged,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import utc_day
from genesis.exchange.flows import fenced_after, trade_of

KEPT: Final = 2_000
_CHANGES_KEPT: Final = 200


class AnyStep(Protocol):
    """A step as it happens or as it was recorded."""

    @property
    def event(self) -> Event: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...
    @property
    def commands(self) -> tuple[Command, ...]: ...


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
class Intervened:
    """One intervention from its opening to its end. how: page, time, override; None: it is open."""

    opened: InterventionOpened
    ended_ns: int | None = None
    how: str | None = None


@dataclass(slots=True)
class Readings:
    """Counters and lists since the home was opened, the newest `KEPT` of each kind."""

    events: int = 0
    orders: int = 0
    fills: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    made: deque[OrderFilled] = field(default_factory=lambda: deque(maxlen=KEPT))
    closed: deque[PositionClosed] = field(default_factory=lambda: deque(maxlen=KEPT))
    days: dict[int, Day] = field(default_factory=dict)
    tilt_score: int = 0
    tilt_level: TiltLevel = TiltLevel.NORMAL
    indicators: tuple[tuple[str, int], ...] = ()
    intervention: InterventionOpened | None = None
    interventions: deque[Intervened] = field(default_factory=lambda: deque(maxlen=_CHANGES_KEPT))
    tier_changes: deque[TierChanged] = field(default_factory=lambda: deque(maxlen=_CHANGES_KEPT))
    limited_until_ns: int | None = None
    page_owed_ns: int = 0
    """When a page was last asked for that is owed for an override; 0: never."""
    refs: set[str] = field(default_factory=set)
    accepted_pages: set[str] = field(default_factory=set)
    page_again_ns: int | None = None
    page_asked_ns: int = 0
    """When the page that is due was first asked for; a stricter pause asks for no other."""
    ring_fenced: dict[str, Decimal] = field(default_factory=dict)
    adopted: set[tuple[str, int]] = field(default_factory=set)
    """(symbol, trade id) of trades of the account that no order of ours made."""
    flows: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(ref, asset) -> how much of a flow was told."""
    _trades: set[tuple[str, int]] = field(default_factory=set)

    def take(self, step: AnyStep) -> None:
        """Count one step."""
        self.events += 1
        ref = getattr(step.event, "client_ref", None)
        if ref is not None:
            self.refs.add(ref)
        if isinstance(step.event, AccountOpened):
            self.ring_fenced = {held.asset: held.total for held in step.event.ring_fenced}
        if isinstance(step.event, JournalAssessed):
            self.page_again_ns = step.event.again_ns
            if step.event.accepted:
                self.accepted_pages.add(step.event.sha256)
                self.page_asked_ns = 0
        if isinstance(step.event, LogForked) and step.event.carried is not None:
            self.accepted_pages.update(step.event.carried.counted.pages)
        if isinstance(step.event, OrderFilled):
            self._take_fill(step.event)
        if isinstance(step.event, FlowReported):
            self._take_flow(step.event)
        if step.outcomes:
            self._take_outcomes(step.outcomes, step.event)

    def _take_fill(self, event: OrderFilled) -> None:
        """Count a fill, once: the venue's stream and its lists may both tell it."""
        name = (event.fill.symbol, event.fill.trade_id)
        if event.key.run == EXTERNAL_RUN:
            self.adopted.add(name)
        if name in self._trades:
            return
        self._trades.add(name)
        self.fills += 1
        self.made.append(event)
        self._day(event.ts_ns).fills += 1

    def _take_flow(self, event: FlowReported) -> None:
        name = (event.ref, event.asset)
        self.flows[name] = self.flows.get(name, ZERO) + event.amount
        self.ring_fenced = fenced_after(self.ring_fenced, event)
        trade = trade_of(event)
        if trade is not None:
            self.adopted.add(trade)

    def _take_outcomes(self, outcomes: Iterable[Outcome], event: Event) -> None:
        for outcome in outcomes:
            match outcome:
                case OrderApproved():
                    self.orders += 1
                case OrderRefused(failures=failures):
                    self.refusals[failures[0].code] += 1
                case RefusalsCounted(codes=codes, count=count):
                    self.refusals[codes[0]] += count
                case PositionClosed():
                    self.closed.append(outcome)
                    self._day(outcome.ts_ns).pnl_usdt += outcome.pnl_usdt
                case DayStarted(day=day, equity_usdt=equity):
                    self.days.setdefault(day, Day()).equity_usdt = equity
                case TierChanged():
                    self.tier_changes.append(outcome)
                case TiltScored(score=score, level=level, contributions=contributions):
                    self.tilt_score, self.tilt_level = score, level
                    self.indicators = contributions
                case TiltLevelChanged(new=level, score=score):
                    self.tilt_level, self.tilt_score = level, score
                case InterventionOpened():
                    self._open(outcome)
                case LimitedHourStarted(ts_ns=ts_ns, until_ns=until_ns):
                    self._end(ts_ns, event)
                    self.limited_until_ns = until_ns
                case OverrideJudged(accepted=True) if isinstance(event, OperatorActed):
                    self.accepted_pages.add(event.page or "")
                case PageOwed(ts_ns=ts_ns):
                    self.page_owed_ns = ts_ns
                case LimitedHourEnded():
                    self.limited_until_ns = None

    def _open(self, opened: InterventionOpened) -> None:
        """An intervention opens; one that gets stricter, or waits for time only, is the same."""
        if self.intervention is None:
            self.interventions.append(Intervened(opened))
        elif self.interventions[-1].opened.level is not opened.level:
            since_ns = self.interventions[-1].opened.ts_ns
            self.interventions[-1].opened = replace(opened, ts_ns=since_ns)
        self.intervention = opened
        if opened.journal_words:
            self.page_asked_ns = self.page_asked_ns or opened.ts_ns

    def _end(self, ts_ns: int, event: Event) -> None:
        """Trading resumes; that the limited hour began again ends nothing."""
        if self.intervention is None:
            return
        how = "override" if isinstance(event, OperatorActed) else "time"
        self.interventions[-1].ended_ns = ts_ns
        self.interventions[-1].how = "page" if isinstance(event, JournalAssessed) else how
        self.intervention = None
        self.page_asked_ns = 0

    def _day(self, ts_ns: int) -> Day:
        return self.days.setdefault(utc_day(ts_ns), Day())
