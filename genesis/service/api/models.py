"""The answers as the contract names them. Further fields are allowed, those here are promised.

Amounts are decimal text; times are ISO 8601 in UTC.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[str, Field(json_schema_extra={"format": "decimal"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
TierName = Literal["SNIPER", "HUNTER", "STRATEGIST", "ARCHITECT"]
LevelName = Literal["NORMAL", "CAUTION", "WARNING", "LOCKED"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Problem(Shape):
    """Why not, in one line."""

    detail: str


# -- the contract's own ----------------------------------------------------------------------
class Components(Shape):
    """`ok`, or what is wrong."""

    exchange_gateway: str | None = None
    event_bus: str | None = None
    database: str | None = None
    websocket_streams: str | None = None


class Used(Shape):
    used: int
    limit: int


class Line(Shape):
    """The traffic with the venue; a time is null while it is not known."""

    weight_used: int
    weight_limit: int
    orders: dict[str, Used]
    breaker: Literal["CLOSED", "OPEN", "HALF_OPEN"]
    silent_s: int
    clock_skew_ms: float | None
    latency_ms: float | None
    order_latency_ms: float | None


class HealthStatus(Shape):
    status: Literal["healthy", "degraded", "unhealthy"]
    uptime_seconds: int
    components: Components
    line: Line | None = None


class AccountStatus(Shape):
    account_id: Id
    balance: Amount
    tier: TierName
    tier_started_at: Moment
    gates_passed: list[str] = []
    locked_features: list[str] = []
    mode: str
    free: Amount
    balances: dict[str, Amount]


class Position(Shape):
    position_id: Id
    symbol: str
    side: Literal["LONG", "SHORT"]
    entry_price: Amount
    quantity: Amount
    pnl_dollars: Amount
    pnl_percent: float | None = None
    opened_at: Moment | None = None
    closed_at: Moment | None = None


class PagesOwed(Shape):
    """`later`: pages that no open pause of tilt waits for. `told`: what each is for, in words."""

    owed: int
    later: int
    told: str


class TiltStatus(Shape):
    tilt_score: Annotated[int, Field(ge=0, le=100)]
    tilt_level: LevelName
    indicators_triggered: list[str]
    intervention_active: bool | None = None
    journal_entries_required: int | None = None
    pages: PagesOwed
    contributions: dict[str, int] = {}


class CloseAllResult(Shape):
    positions_closed: int
    total_pnl: Amount
    errors: list[str] = []


class TierGate(Shape):
    gate: str
    current_value: str
    required_value: str
    passed: bool


class TierConfig(Shape):
    current_tier: str
    next_tier_requirements: list[TierGate]
    mode: str


class PerformanceMetrics(Shape):
    """Ratios that have no value are left out."""

    total_trades: int | None = None
    winning_trades: int | None = None
    losing_trades: int | None = None
    win_rate: float | None = None
    profit_factor: float | None = None
    sharpe_ratio: float | None = None
    max_drawdown: Amount | None = None
    total_pnl: Amount | None = None


class Event(Shape):
    event_id: Id
    event_type: str
    created_at: Moment
    aggregate_id: Id | None = None
    event_data: dict[str, Any] | None = None


# -- beyond it -------------------------------------------------------------------------------
class Pong(Shape):
    pong: Literal[True]


class VersionTold(Shape):
    version: str
    code_sha256: str
    rules: str
    rules_sha256: str


class WorkingOrder(Shape):
    order_key: str
    client_order_id: str | None
    exchange_order_id: str | None
    symbol: str
    side: Literal["BUY", "SELL"]
    type: str
    purpose: str
    status: str
    quantity: Amount
    filled: Amount
    limit_price: Amount | None
    stop_price: Amount | None
    source: str
    placed_at: Moment


class SlicedOrder(Shape):
    """One that goes to the venue in slices. sent: how many of `slices`."""

    order_key: str
    symbol: str
    side: Literal["BUY", "SELL"]
    algorithm: str
    quantity: Amount
    filled: Amount
    sent: int
    slices: int
    source: str
    started_at: Moment


class FillTold(Shape):
    order_key: str
    at: Moment
    symbol: str
    side: Literal["BUY", "SELL"]
    price: Amount
    qty: Amount
    fee: Amount
    fee_asset: str
    recovered: bool


class LockTold(Shape):
    """What refuses new risk now, until when if that is known.

    `scope`: what is locked by it: the account, the whole system, one symbol or one strategy.
    `when`: the end in words, against the venue's clock.
    """

    stage: str
    code: str
    scope: str
    reason: str
    until: Moment | None
    when: str | None


class LimitTold(Shape):
    name: str
    used: Amount
    limit: Amount
    unit: Literal["USDT", "count", "fraction"]
    fraction: Annotated[float, Field(ge=0, le=1)]


class MarketTold(Shape):
    """How a symbol's market is, judged by its own bars."""

    symbol: str
    state: Literal["DEAD", "NORMAL", "VOLATILE", "PANIC", "MAINTENANCE"]
    reason: str


class CorrelationTold(Shape):
    """Correlations of all symbols, row by row in their order."""

    symbols: list[str]
    rows: list[list[Annotated[float, Field(ge=-1, le=1)]]]


class WholeMarketTold(Shape):
    """How all markets together are, judged without what is `missing`."""

    state: Literal["BULL", "CRAB", "BEAR", "RECOVERY", "CRASH"]
    reason: str
    missing: list[str]
    moves_as_one: bool


class PortfolioTold(Shape):
    """What positions may lose within a day; `assumed`: symbols whose volatility is not known."""

    volatility: Amount
    var_parametric: Amount
    var_historical: Amount | None
    days: int
    assumed: list[str]


class StrategyTold(Shape):
    """What a strategy has shown in `results` trades, and what it makes of its sizes."""

    name: str
    results: int
    multiplier: Amount
    multiplier_reason: str | None
    breaker: str | None


class WishTold(Shape):
    """An entry that was asked for once: the same passes from `until` on, for a while."""

    symbol: str
    until: Moment
    when: str


class ConfirmationTold(Shape):
    """In CAUTION an entry is asked for twice, so many seconds apart."""

    seconds: int
    waiting: list[WishTold]


class Headroom(Shape):
    position_cap: Amount
    multiplier: Amount
    multiplier_code: str | None
    multiplier_reason: str | None
    breaker_level: str | None
    losses_in_a_row: int
    exposure: Amount
    free: Amount
    trades_today: int
    trades_left: int | None
    tilt_level: LevelName
    confirmation: ConfirmationTold | None
    markets: list[MarketTold]
    whole_market: WholeMarketTold | None
    correlation: CorrelationTold | None
    portfolio: PortfolioTold | None
    strategies: list[StrategyTold]
    limits: list[LimitTold]


class FlowTold(Shape):
    """Money that came (+) or went (-) without a trade.

    `fenced`: coins outside the account's own. `note`: what a person said of it.
    """

    at: Moment
    asset: str
    amount: Amount
    kind: str
    ref: str
    fenced: bool = False
    note: str = ""


class Approved(Shape):
    """The gate let it pass, or the command needed none."""

    verdict: Literal["approved"]
    order_key: str | None
    qty: Amount | None
    symbol: str | None
    notes: list[str]


class FailureTold(Shape):
    stage: str
    code: str
    reason: str
    until: Moment | None
    when: str | None
    scope: str


class Refused(Shape):
    """The strictest refusal, and all of them."""

    verdict: Literal["refused"]
    stage: str
    code: str
    reason: str
    until: Moment | None
    when: str | None
    all: list[FailureTold]


class NotUnderstood(Shape):
    verdict: Literal["not_understood"]
    reason: str


class PageJudged(Shape):
    """`reason`: accepted, or why not, `detail` the same in words, `reasons` all that speak against
    it, `next_try` when another may be made; the text is never told."""

    accepted: bool
    reason: str
    word_count: int
    sha256: str
    detail: str
    reasons: list[str]
    next_try: Moment | None


class PageRead(Shape):
    """What speaks against the draft as it is kept now, beside its length, its form and its time."""

    reasons: list[str]
    details: list[str]
    next_try: Moment | None


class DraftTold(Shape):
    text: str
    deltas: list[dict[str, Any]]
    opened_at: Moment | None
    saved_at: Moment | None
    version: int


class NewerDraft(DraftTold):
    """Another tab saved since: its text, so that nothing is lost."""

    reason: Literal["newer_draft"]


class DraftSaved(Shape):
    saved_at: Moment
    characters: int
    version: int
