"""Facts decided inside, in the past tense: recomputable from the events, logged to be compared."""

from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import GlobalMarketState, MarketState, Tier, TierMode, TiltLevel
from genesis.domain.approval import Failure
from genesis.domain.edits import RulesEdited
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import ClocksSetBack, RefusalsCounted
from genesis.domain.orders import OrderRequest, OrderType, Side
from genesis.domain.quick import quick
from genesis.domain.slicing import OrderReceipt, ParentStarted


@dataclass(frozen=True, slots=True)
class OrderApproved:
    """The gate let an order pass. `notes` say what it changed (a clip to the cap, for example)."""

    ts_ns: int
    key: OrderKey
    request: OrderRequest
    limits_used: tuple[tuple[str, Decimal], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """The gate said no. `failures` are all failed checks, the strictest first."""

    ts_ns: int
    symbol: str
    side: Side | None
    source: str
    client_ref: str | None
    failures: tuple[Failure, ...]
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class CommandAnswered:
    """What the operator was told about an act that needed no verdict of the gate."""

    ts_ns: int
    client_ref: str | None
    verb: str
    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class PositionOpened:
    ts_ns: int
    symbol: str
    qty: Decimal
    entry_price: Decimal


@dataclass(frozen=True, slots=True)
class PositionChanged:
    ts_ns: int
    symbol: str
    qty: Decimal
    entry_price: Decimal


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """A closed trade, flat to flat. `pnl_usdt` is net of `fees_usdt`; MAE <= 0 <= MFE, in quote."""

    ts_ns: int
    symbol: str
    opened_ns: int
    entry_price: Decimal
    exit_price: Decimal
    qty: Decimal
    fees_usdt: Decimal
    pnl_usdt: Decimal
    reason: str
    mae_usdt: Decimal
    mfe_usdt: Decimal
    risk_usdt: Decimal
    dust_qty: Decimal


@dataclass(frozen=True, slots=True)
class DayStarted:
    """The fixed baseline of a UTC day."""

    ts_ns: int
    day: int
    equity_usdt: Decimal


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A row of the drawdown table was touched: `alert` is INFO, WARNING, CRITICAL or HALT."""

    ts_ns: int
    alert: str
    measure: str
    amount_usdt: Decimal
    limit_usdt: Decimal


@dataclass(frozen=True, slots=True)
class Halted:
    """No new risk until a reset; positions may only be reduced."""

    ts_ns: int
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class RiskBlocked:
    """New risk is blocked (reconciliation, feed, venue) or free again."""

    ts_ns: int
    source: str
    blocked: bool
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerMoved:
    """A breaker changed its state: `level` STRATEGY, ACCOUNT or SYSTEM, `state` as it is now.

    `until_ns`: when it moves on by itself, where there is such a time.
    """

    ts_ns: int
    level: str
    name: str
    state: str
    reason: str
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class MarketStateChanged:
    """A symbol's market, judged by its own bars, is in another state."""

    ts_ns: int
    symbol: str
    old: MarketState
    new: MarketState
    reason: str


@dataclass(frozen=True, slots=True)
class GlobalMarketChanged:
    """All followed symbols together, judged by their prices, are in another state."""

    ts_ns: int
    old: GlobalMarketState
    new: GlobalMarketState
    reason: str


@dataclass(frozen=True, slots=True)
class CorrelationAlerted:
    """Two open positions move together (`raised`), or no longer do."""

    ts_ns: int
    first: str
    second: str
    correlation: Decimal
    raised: bool


@dataclass(frozen=True, slots=True)
class TiltScored:
    ts_ns: int
    score: int
    level: TiltLevel
    contributions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TiltLevelChanged:
    ts_ns: int
    old: TiltLevel
    new: TiltLevel
    score: int
    reason: str


@dataclass(frozen=True, slots=True)
class InterventionOpened:
    """Trading is locked until the page is written, and until `until_ns` where there is a time.

    `journal_words` 0: the page is written already, only the time is still to be waited for.
    """

    ts_ns: int
    level: TiltLevel
    message: str
    journal_words: int
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class LimitedHourStarted:
    """The page was accepted: sizes are limited until `until_ns`."""

    ts_ns: int
    multiplier: Decimal
    until_ns: int


@dataclass(frozen=True, slots=True)
class LimitedHourEnded:
    ts_ns: int


@dataclass(frozen=True, slots=True)
class SizesEased:
    """Trading resumes after a lock: sizes stay below full for the rest of the UTC day, too."""

    ts_ns: int
    multiplier: Decimal
    until_ns: int


@dataclass(frozen=True, slots=True)
class LockedByHalt:
    """A breaker halted trading: the trader is locked, and no override lifts that lock."""

    ts_ns: int
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecoverySessionJudged:
    """A session in the paper lane counts for the way out of a lock, or `reason` says why not."""

    ts_ns: int
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmationAsked:
    """In CAUTION a wish for new risk waits: the same one passes from `until_ns` on, once, for a
    while (`valid_until_ns`)."""

    ts_ns: int
    symbol: str
    order_type: OrderType
    amount_usdt: Decimal | None
    qty: Decimal | None
    until_ns: int
    valid_until_ns: int


@dataclass(frozen=True, slots=True)
class ConfirmationGiven:
    """The wish that waited came again and was let through."""

    ts_ns: int
    symbol: str
    order_type: OrderType


@dataclass(frozen=True, slots=True)
class TierChanged:
    ts_ns: int
    old_tier: Tier
    old_mode: TierMode
    tier: Tier
    mode: TierMode
    reason: str


@dataclass(frozen=True, slots=True)
class TierAnnounced:
    """What the trader is told when his tier moves; lines are parted by line feeds."""

    ts_ns: int
    message: str


@dataclass(frozen=True, slots=True)
class GatePassed:
    """Told by no engine any more; it stays, so that every log is readable for ever."""

    ts_ns: int
    tier: Tier
    gate: str
    has: str
    needed: str


@dataclass(frozen=True, slots=True)
class TierGate:
    """One requirement of the way up: `needed` and `has` as people read them."""

    name: str
    needed: str
    has: str
    passed: bool


@dataclass(frozen=True, slots=True)
class TierEvaluated:
    """The evaluation of a closed UTC `day`: every gate out of `tier`, none without a way up.

    `passed`: all of them did. What it led to, if anything, is a TierChanged beside it.
    """

    ts_ns: int
    day: int
    tier: Tier
    gates: tuple[TierGate, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class ViolationNoted:
    """The trader broke a rule that counts against his gates. `kind`: override, locked_entry."""

    ts_ns: int
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideJudged:
    """An attempt to override an intervention. `reason`: accepted, or what was wrong with it.

    `attempts_left`: before overrides are locked; a call while they are locked changes nothing.
    """

    ts_ns: int
    client_ref: str | None
    accepted: bool
    reason: str
    attempts_left: int
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class OverrideLocked:
    """No override is possible until `until_ns`: attempts are used up, or one was accepted."""

    ts_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class PageOwed:
    """`pages` are still to be written for accepted overrides; 0: the last one was handed in."""

    ts_ns: int
    pages: int


quick(OrderApproved, OrderRefused, PositionOpened, PositionChanged, PositionClosed)
Outcome = (
    OrderApproved
    | OrderRefused
    | RefusalsCounted
    | CommandAnswered
    | PositionOpened
    | PositionChanged
    | PositionClosed
    | DayStarted
    | AlertRaised
    | Halted
    | RiskBlocked
    | BreakerMoved
    | TiltScored
    | TiltLevelChanged
    | InterventionOpened
    | LimitedHourStarted
    | LimitedHourEnded
    | TierChanged
    | TierAnnounced
    | ClocksSetBack
    | GatePassed
    | TierEvaluated
    | ViolationNoted
    | OverrideJudged
    | OverrideLocked
    | PageOwed
    | SizesEased
    | LockedByHalt
    | RecoverySessionJudged
    | ConfirmationAsked
    | ConfirmationGiven
    | RulesEdited
    | MarketStateChanged
    | GlobalMarketChanged
    | CorrelationAlerted
    | ParentStarted
    | OrderReceipt
)
