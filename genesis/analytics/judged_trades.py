"""Closed trades with the state of mind they were opened in: who, at which score, how large."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from genesis.analytics.steps import AnyStep
from genesis.domain.account import MarketState, TiltLevel
from genesis.domain.events import OperatorActed
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderRequest, Purpose
from genesis.domain.outcomes import (
    OrderApproved,
    Outcome,
    OverrideJudged,
    PositionClosed,
    PositionOpened,
    TiltLevelChanged,
    TiltScored,
    ViolationNoted,
)
from genesis.domain.time import format_utc

OPERATOR: Final = "operator"
VIOLATION: Final = "violation"
OVERRIDE: Final = "override"
OFF_PLAN: Final = "off-plan"


def utc_session(ts_ns: int) -> str:
    """A session is a UTC day."""
    return format_utc(ts_ns)[:10]


@dataclass(frozen=True, slots=True)
class JudgedTrade:
    """One closed trade. `score` and `level` are those at the moment of its first entry.

    session: any text that names the stretch it belongs to. size_usdt: what its entries cost.
    tags: `violation`, `override`, `off-plan` (its stop was moved away or taken off).
    """

    session: str
    strategy: str
    market_state: str
    score: int
    level: TiltLevel
    pnl_usdt: Decimal
    risk_usdt: Decimal
    size_usdt: Decimal
    fees_usdt: Decimal = ZERO
    tags: frozenset[str] = frozenset()

    @property
    def is_tilted(self) -> bool:
        """Opened at CAUTION or above, or against the rules or the plan."""
        return self.level is not TiltLevel.NORMAL or bool(self.tags)


def judged_trades(
    steps: Iterable[AnyStep],
    session_of: Callable[[int], str] = utc_session,
    whose: str | None = OPERATOR,
) -> tuple[JudgedTrade, ...]:
    """The closed trades of recorded steps, oldest first.

    session_of: the session of an entry's stamp. whose: the trader's own, as only he can be tilted;
    None takes those of strategies, too.
    """
    found = _Fold(session_of).run(steps)
    return tuple(trade for trade in found if whose in (None, trade.strategy))


@dataclass(slots=True)
class _Entry:
    """What was so when the position was entered."""

    strategy: str
    market_state: str
    score: int
    level: TiltLevel
    at_ns: int
    tags: set[str] = field(default_factory=set)
    stop: Decimal | None = None

    def stop_at(self, price: Decimal) -> None:
        """The stop now rests at `price`; farther away than before is off the plan."""
        if self.stop is not None and price < self.stop:
            self.tags.add(OFF_PLAN)
        self.stop = price


class _Fold:
    def __init__(self, session_of: Callable[[int], str]) -> None:
        self._session_of = session_of
        self._score = 0
        self._level = TiltLevel.NORMAL
        self._market_state = MarketState.NORMAL.value
        self._override_until_ns = 0
        self._asked: dict[str, _Entry] = {}
        self._open: dict[str, _Entry] = {}

    def run(self, steps: Iterable[AnyStep]) -> Iterator[JudgedTrade]:
        for step in steps:
            event = step.event
            if isinstance(event, OperatorActed) and event.market_state is not None:
                self._market_state = event.market_state.value
            if isinstance(event, OperatorActed) and event.kind == "STOP_REMOVE":
                self._tag(OFF_PLAN, event.symbol)
            for outcome in step.outcomes:
                if isinstance(outcome, PositionClosed):
                    yield self._closed(outcome)
                else:
                    self._learn(outcome)

    def _learn(self, outcome: Outcome) -> None:
        match outcome:
            case TiltScored(score=score, level=level) | TiltLevelChanged(score=score, new=level):
                self._score, self._level = score, level
            case OrderApproved(request=request):
                self._approved(outcome.ts_ns, request)
            case PositionOpened(symbol=symbol):
                known = symbol in self._asked
                entry = self._asked.pop(symbol) if known else self._entry(outcome.ts_ns, "")
                self._open[symbol] = entry
            case OverrideJudged(accepted=True):
                self._override_until_ns = outcome.until_ns or 0
            case ViolationNoted(kind=kind) if kind != OVERRIDE:
                self._tag(VIOLATION)

    def _approved(self, ts_ns: int, request: OrderRequest) -> None:
        held = self._open.get(request.symbol)
        if request.purpose is Purpose.ENTRY and held is None:
            self._asked[request.symbol] = self._entry(ts_ns, request.source)
        elif request.purpose is Purpose.PROTECT and held and request.stop_price is not None:
            held.stop_at(request.stop_price)

    def _entry(self, ts_ns: int, strategy: str) -> _Entry:
        entry = _Entry(strategy, self._market_state, self._score, self._level, ts_ns)
        if ts_ns < self._override_until_ns:
            entry.tags.add(OVERRIDE)
        return entry

    def _tag(self, tag: str, symbol: str | None = None) -> None:
        for held, entry in self._open.items():
            if symbol in (None, held):
                entry.tags.add(tag)

    def _closed(self, trade: PositionClosed) -> JudgedTrade:
        known = trade.symbol in self._open
        entry = self._open.pop(trade.symbol) if known else self._entry(trade.opened_ns, "")
        return JudgedTrade(
            session=self._session_of(entry.at_ns),
            strategy=entry.strategy,
            market_state=entry.market_state,
            score=entry.score,
            level=entry.level,
            pnl_usdt=trade.pnl_usdt,
            risk_usdt=trade.risk_usdt,
            size_usdt=trade.entry_price * (trade.qty + trade.dust_qty),
            fees_usdt=trade.fees_usdt,
            tags=frozenset(entry.tags),
        )
