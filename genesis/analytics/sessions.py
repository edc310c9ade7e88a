"""The trader's sessions: stretches of trading, with what they earned and how calm they were.

A session begins with a sign of life (an act of the operator, an order judged, a fill) and ends

- half an hour after the last one, once no position is open (money at work keeps it open),
- with the operator's own SESSION_END, with a new SESSION_START or another session id of his,
- with the run.

Balances are realised ones: what was there, closed results and flows of the quote currency; an
open position stands in them at cost.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final

from genesis.analytics.steps import AnyStep
from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import (
    AccountOpened,
    Event,
    FlowReported,
    JournalAssessed,
    OperatorActed,
    OrderFilled,
    RunEnded,
    RunStarted,
)
from genesis.domain.money import ZERO
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    Outcome,
    OverrideJudged,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import MINUTE

SILENCE_NS: Final = 30 * MINUTE
"""A flat account without a sign of life for this long: the session is over."""

_ACTS: Final = (OperatorActed, JournalAssessed, OrderFilled)
_JUDGED: Final = (OrderApproved, OrderRefused)
_PAPER_MODES: Final = frozenset({TierMode.OPENING48, TierMode.PAPER48})
_RECOVERY_MODES: Final = frozenset({TierMode.EMERGENCY, TierMode.RECOVERY})


class SessionType(StrEnum):
    """RECOVERY: after an intervention, or in a tier mode that recovers. PAPER: play money."""

    NORMAL = "NORMAL"
    RECOVERY = "RECOVERY"
    PAPER = "PAPER"


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One stretch of trading, in quote currency.

    ended_ns: the last sign of life or the explicit end, None while the session may go on.
    max_drawdown >= 0: the deepest fall of the balance from its peak in the session; a trade counts
    with its worst moment. tilt_events_count: interventions opened. trades: closed in the session.
    """

    session_id: str
    account_id: str
    started_ns: int
    ended_ns: int | None
    starting_balance: Decimal
    ending_balance: Decimal
    total_trades: int
    winning_trades: int
    losing_trades: int
    max_drawdown: Decimal
    tilt_events_count: int
    session_type: SessionType
    trades: tuple[PositionClosed, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of the account before the first step: nothing, where the log begins there."""

    account_id: str = ""
    balance_usdt: Decimal = ZERO
    is_paper: bool = False
    mode: TierMode = TierMode.ACTIVE
    limited_until_ns: int = 0
    held: tuple[str, ...] = ()
    quote: str = "USDT"


def sessions(
    steps: Iterable[AnyStep], opening: Opening = Opening(), *, silence_ns: int = SILENCE_NS
) -> tuple[TradingSession, ...]:
    """The sessions of recorded steps, oldest first. Steps without a decision may be left out.

    opening: the account before the first step, for a reading that begins in the middle of a log.
    """
    return tuple(_Fold(opening, silence_ns).run(steps))


@dataclass(slots=True)
class _Open:
    """The session that is on."""

    started_ns: int
    last_ns: int
    balance: Decimal
    name: str
    kind: SessionType
    peak: Decimal
    fall: Decimal = ZERO
    tilts: int = 0
    trades: list[PositionClosed] = field(default_factory=list)


class _Fold:
    def __init__(self, opening: Opening, silence_ns: int) -> None:
        self._account = opening.account_id
        self._balance = opening.balance_usdt
        self._is_paper = opening.is_paper
        self._mode = opening.mode
        self._due = False
        self._limited_until_ns = opening.limited_until_ns
        self._held = set(opening.held)
        self._silence_ns = silence_ns
        self._quote = opening.quote
        self._now: _Open | None = None

    def run(self, steps: Iterable[AnyStep]) -> Iterator[TradingSession]:
        for step in steps:
            yield from self._before(step)
            self._take(step.event)
            for outcome in step.outcomes:
                self._learn(outcome)
        if self._now is not None:
            yield self._closed(self._now, None)

    # -- where sessions begin and end --------------------------------------------------------
    def _before(self, step: AnyStep) -> Iterator[TradingSession]:
        """End the session that cannot hold this step, begin the one that does."""
        event, now = step.event, self._now
        if now is not None and self._is_over(now, event):
            yield self._closed(now, now.last_ns)
            self._now = now = None
        alive = isinstance(event, _ACTS) or any(isinstance(o, _JUDGED) for o in step.outcomes)
        if alive and not _is_farewell(event, now):
            if now is None:
                self._now = now = self._begun(event)
            now.last_ns = max(now.last_ns, event.ts_ns)
            now.name = now.name or _name(event)
        if now is not None and _ends(event):
            yield self._closed(now, max(now.last_ns, event.ts_ns))
            self._now = None

    def _is_over(self, now: _Open, event: Event) -> bool:
        silent = not self._held and event.ts_ns - now.last_ns >= self._silence_ns
        name = _name(event)
        renamed = bool(name and now.name and name != now.name)
        return silent or renamed or _begins(event)

    def _begun(self, event: Event) -> _Open:
        start = self._balance
        kind = self._kind(event.ts_ns)
        return _Open(event.ts_ns, event.ts_ns, start, _name(event), kind, start)

    def _kind(self, now_ns: int) -> SessionType:
        limited = now_ns < self._limited_until_ns
        if self._due or limited or self._mode in _RECOVERY_MODES:
            return SessionType.RECOVERY
        if self._is_paper or self._mode in _PAPER_MODES:
            return SessionType.PAPER
        return SessionType.NORMAL

    def _closed(self, now: _Open, ended_ns: int | None) -> TradingSession:
        pnls = [trade.pnl_usdt for trade in now.trades]
        return TradingSession(
            session_id=_identity(self._account, now.started_ns),
            account_id=self._account,
            started_ns=now.started_ns,
            ended_ns=ended_ns,
            starting_balance=now.balance,
            ending_balance=self._balance,
            total_trades=len(pnls),
            winning_trades=sum(pnl > 0 for pnl in pnls),
            losing_trades=sum(pnl < 0 for pnl in pnls),
            max_drawdown=now.fall,
            tilt_events_count=now.tilts,
            session_type=now.kind,
            trades=tuple(now.trades),
        )

    # -- what happens in them ----------------------------------------------------------------
    def _take(self, event: Event) -> None:
        if isinstance(event, AccountOpened):
            self._account, self._is_paper = event.account_id, event.is_paper
            self._balance = sum((b.total for b in event.balances if b.asset == event.quote), ZERO)
            self._quote = event.quote
        elif isinstance(event, FlowReported) and event.asset == self._quote:
            self._balance += event.amount
            if self._now is not None:  # money that came or went is no result
                self._now.peak += event.amount

    def _learn(self, outcome: Outcome) -> None:
        match outcome:
            case PositionOpened(symbol=symbol) | PositionChanged(symbol=symbol):
                self._held.add(symbol)
            case PositionClosed():
                self._held.discard(outcome.symbol)
                self._count(outcome)
            case TierChanged(mode=mode):
                self._mode = mode
            case InterventionOpened():
                if not self._due and self._now is not None:
                    self._now.tilts += 1
                self._due = True
            case TiltLevelChanged(new=level) if level.rank < TiltLevel.WARNING.rank:
                self._due = False
            case LimitedHourStarted(until_ns=until_ns):
                self._due, self._limited_until_ns = False, until_ns
            case LimitedHourEnded():
                self._limited_until_ns = 0
            case OverrideJudged(accepted=True):
                self._due, self._limited_until_ns = False, outcome.until_ns or 0

    def _count(self, trade: PositionClosed) -> None:
        before = self._balance
        self._balance += trade.pnl_usdt
        now = self._now
        if now is None:
            return
        now.trades.append(trade)
        lowest = min(before + trade.mae_usdt, self._balance)
        now.fall = max(now.fall, now.peak - lowest)
        now.peak = max(now.peak, self._balance)


def _name(event: Event) -> str:
    return event.session_id if isinstance(event, OperatorActed) else ""


def _begins(event: Event) -> bool:
    started = isinstance(event, OperatorActed) and event.kind == "SESSION_START"
    return started or isinstance(event, RunStarted)


def _ends(event: Event) -> bool:
    ended = isinstance(event, OperatorActed) and event.kind == "SESSION_END"
    return ended or isinstance(event, RunEnded)


def _is_farewell(event: Event, now: _Open | None) -> bool:
    """The end of a session is no beginning of one."""
    return now is None and _ends(event)


def _identity(account_id: str, started_ns: int) -> str:
    """The same for the same session, for ever; in the shape of a UUID."""
    h = sha256(f"session:{account_id}:{started_ns}".encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}"
