"""Facts from outside, in the past tense: everything the engine is ever told.

`ts_ns` is venue time. As it is stored: a type may gain fields with defaults, never lose its name.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from genesis.domain.account import Balance, MarketState
from genesis.domain.fills import Fill
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.keeping import CodeConfirmed, LogForked, StopAdopted, StrategySwapped
from genesis.domain.orders import OrderType, Side
from genesis.domain.paper import (
    PaperDayReported,
    PaperLaneReported,
    PaperTradeReported,
    RecoverySessionDone,
)
from genesis.domain.quick import quick
from genesis.domain.slicing import VolumeProfileReported


# -- the market ------------------------------------------------------------------------------
class Level(NamedTuple):
    """One price row of the book; `qty` 0 removes the row."""

    price: Decimal
    qty: Decimal


@dataclass(frozen=True, slots=True)
class TradeTick:
    """One public trade print. `buyer_is_maker` is True when the seller was the aggressor."""

    ts_ns: int
    symbol: str
    trade_id: int
    price: Decimal
    qty: Decimal
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class BookTop:
    """Best bid and best ask."""

    ts_ns: int
    symbol: str
    update_id: int
    bid: Decimal
    bid_qty: Decimal
    ask: Decimal
    ask_qty: Decimal


@dataclass(frozen=True, slots=True)
class BookDelta:
    """Changed book rows between two update ids; a snapshot replaces the whole book."""

    ts_ns: int
    symbol: str
    first_id: int
    last_id: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    is_snapshot: bool = False


@dataclass(frozen=True, slots=True)
class BarClosed:
    """One finished bar of trades; `ts_ns` is the boundary at which it closed."""

    ts_ns: int
    symbol: str
    width_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer asked for with SetTimer, or a bar's boundary (key `bar:SYMBOL:WIDTH_NS`)."""

    ts_ns: int
    key: str


# -- our orders ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OrderAccepted:
    ts_ns: int
    key: OrderKey
    exchange_order_id: str
    qty: Decimal | None = None  # where the venue decides it: of an order of a list


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The venue said no. Code NEVER_PLACED: the proven bound passed, it has no such order."""

    ts_ns: int
    key: OrderKey
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution; `recovered` when it came from a query rather than from the live answer."""

    ts_ns: int
    key: OrderKey
    fill: Fill
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    ts_ns: int
    key: OrderKey
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderExpired:
    ts_ns: int
    key: OrderKey
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderUnresolved:
    """Nobody knows whether the venue has the order."""

    ts_ns: int
    key: OrderKey
    reason: str


@dataclass(frozen=True, slots=True)
class CancelRejected:
    """The venue has nothing to cancel: the order may have filled."""

    ts_ns: int
    key: OrderKey
    reason: str


# -- the account and the venue ---------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class AccountOpened:
    """The first event of a home. `ring_fenced` are coins held before: outside equity and limits."""

    ts_ns: int
    account_id: str
    venue: str
    is_paper: bool
    quote: str
    balances: tuple[Balance, ...]
    ring_fenced: tuple[Balance, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceReported:
    """All balances as the venue tells them. `clean`: everything in them is explained by its lists.
    `complaint` names what was left unexplained; new risk is blocked until it is explained.
    """

    ts_ns: int
    balances: tuple[Balance, ...]
    clean: bool = True
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class FlowReported:
    """Money that came or went without a trade: + in, - out.

    `ref` names it at the venue. `fenced`: coins outside the account. `note`: a person's words.
    """

    ts_ns: int
    asset: str
    amount: Decimal
    kind: str
    ref: str
    fenced: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentReported:
    ts_ns: int
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class VenueStatus:
    ts_ns: int
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HealthReported:
    """One of our own parts (`gateway`, `streams`, `store`, ...) is ok, degraded or failed."""

    ts_ns: int
    component: str
    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FeedLost:
    ts_ns: int
    stream: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeedRestored:
    ts_ns: int
    stream: str


@dataclass(frozen=True, slots=True)
class TicksMissed:
    """Trade prints `first_id` to `last_id` of a symbol were missed; the venue has none of them.

    first_ns, last_ns: venue times of the print before them and of the one after them.
    """

    ts_ns: int
    symbol: str
    first_id: int
    last_id: int
    first_ns: int
    last_ns: int
    reason: str = ""


# -- the operator ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OperatorActed:
    """One act of the trader: what he asked for, and how he asked (content-free).

    `kind` is one of the action kinds of the tilt detector; the fields from `session_id` on are
    those of its UserAction. What is asked for stands in the first group: `verb` is one of
    `trade close cancel_all stop halt close_all status help ceremony go_live step_down reset
    override none`. `phrase` is what was typed to confirm a ceremony or an override; `page` the
    hash of an override's page, whose verdict is the `reason`. `share`: how much of a position is to
    be closed; None: an amount, or all. `algorithm`: iceberg, twap or vwap, sent over `over_ns`.
    """

    ts_ns: int
    kind: str
    client_ref: str | None = None
    verb: str = "none"
    symbol: str | None = None
    side: Side | None = None
    order_type: OrderType | None = None
    amount_usdt: Decimal | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    max_slippage_fraction: Decimal | None = None
    reason: str | None = None
    session_id: str = ""
    seq: int | None = None
    size_fraction: Decimal | None = None
    latency_ms: int | None = None
    keys: int | None = None
    backspaces: int | None = None
    parse_ok: bool | None = None
    checklist_done: bool | None = None
    dwell_ms: int | None = None
    stop_old: Decimal | None = None
    stop_new: Decimal | None = None
    entry: Decimal | None = None
    pnl_r: Decimal | None = None
    reduces_risk: bool = False
    market_state: MarketState | None = None
    phrase: str | None = None
    page: str | None = None
    share: Decimal | None = None
    algorithm: str | None = None
    over_ns: int | None = None


@dataclass(frozen=True, slots=True)
class JournalAssessed:
    """The page was judged. The text itself is private and never part of an event.

    reasons: all that spoke against it. again_ns: when the next try may be made.
    """

    ts_ns: int
    sha256: str
    word_count: int
    accepted: bool
    reason: str
    client_ref: str | None = None
    reasons: tuple[str, ...] = ()
    again_ns: int | None = None


# -- the run ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Somebody wants these rules. What of them holds, and from when, the engine decides.

    `reason`: `file` (what the settings name says so since this start), `version` (the same, for it
    came with other code) or `proposed`. `text` is a whole rulebook.
    """

    ts_ns: int
    text: str
    sha256: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """One engine under one rules text and one code manifest."""

    ts_ns: int
    run: int
    rules_name: str
    rules_text: str
    rules_sha256: str
    code_sha256: str
    seed: str
    symbols: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnded:
    ts_ns: int
    run: int
    reason: str


quick(TradeTick, BookTop, BarClosed, OrderAccepted, OrderFilled, OrderCancelled)
MarketEvent = TradeTick | BookTop | BookDelta | BarClosed
OrderEvent = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderCancelled
    | OrderExpired
    | OrderUnresolved
    | CancelRejected
)
Event = (
    MarketEvent
    | TimerFired
    | OrderEvent
    | AccountOpened
    | BalanceReported
    | FlowReported
    | InstrumentReported
    | VenueStatus
    | HealthReported
    | FeedLost
    | FeedRestored
    | TicksMissed
    | OperatorActed
    | JournalAssessed
    | PaperLaneReported
    | RecoverySessionDone
    | PaperDayReported
    | PaperTradeReported
    | RulesChanged
    | RunStarted
    | RunEnded
    | CodeConfirmed
    | StrategySwapped
    | StopAdopted
    | LogForked
    | VolumeProfileReported
)

BAR_TIMER = "bar:"


def bar_timer_key(symbol: str, width_ns: int) -> str:
    return f"{BAR_TIMER}{symbol}:{width_ns}"


def is_market(event: Event) -> bool:
    """Does the event belong on the tape (ticks, tops, deltas, bars and bar timers)?"""
    is_bar = type(event) is TimerFired and event.key.startswith(BAR_TIMER)
    return is_bar or isinstance(event, MarketEvent)
