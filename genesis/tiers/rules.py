"""The numbers and features of the four tiers, as the rules files give them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType


@dataclass(frozen=True, slots=True)
class TierFeatures:
    """What one tier unlocks, the lower tiers' features included.

    floor_usdt: capital at which the tier begins. order_types: of entries; a protective stop is
    nobody's privilege. max_symbols, max_positions: None is no limit. names: features, strategies
    and execution algorithms by name.
    """

    floor_usdt: Decimal
    order_types: frozenset[OrderType]
    max_symbols: int | None
    max_positions: int | None
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ModeEffect:
    """What a mode does to sizes: a multiplier, and a cap that no minimum may lift."""

    multiplier: Decimal
    cap_usdt: Decimal | None


@dataclass(frozen=True, slots=True)
class CeremonyRules:
    """What follows on passed gates: paper time first, then the typed phrase.

    paper_profitable_days: trading days in a row, since the paper time began.
    """

    phrase: str
    paper_ns: int
    paper_profitable_days: int


@dataclass(frozen=True, slots=True)
class CourseRules:
    """How promotions run, in every tier.

    evaluation_after_ns: so long after 00:00 UTC the closed day is evaluated. ttl_ns: PAPER48 and
    CEREMONY end by themselves then. adjust_*: half sizes after a promotion last so long and until
    so many trades without a violation, else they are extended.
    """

    evaluation_after_ns: int
    ttl_ns: int
    adjust_ns: int
    adjust_trades_min: int
    adjust_extension_ns: int


@dataclass(frozen=True, slots=True)
class TradeGateRules:
    """Of closed trades in the tier, net of fees. profit_factor_min: won over lost."""

    trades_min: int
    profit_factor_min: Decimal


@dataclass(frozen=True, slots=True)
class SteadyGateRules:
    """drawdown_max: fall of the NAV index from its peak in the tier. best_day_share_max: of the
    whole profit. Both are fractions.
    """

    drawdown_max: Decimal
    best_day_share_max: Decimal


@dataclass(frozen=True, slots=True)
class IcebergGateRules:
    """Of at least `orders_min` iceberg orders: mean slippage in bps, share that was aborted."""

    slippage_max_bps: Decimal
    aborted_share_max: Decimal
    orders_min: int


@dataclass(frozen=True, slots=True)
class TiltGateRules:
    """Days with a WARNING, days with a LOCKED and accepted overrides in the last `window_days`.

    The two limits of days are Poisson quantiles of the detector's false alarms (`FalseAlarms`).
    """

    window_days: int
    overrides_max: int
    warning_days_max: int
    locked_days_max: int


@dataclass(frozen=True, slots=True)
class PageGateRules:
    """Share of trading days on which a page of at least `words_min` words was written."""

    days_share_min: Decimal
    words_min: int


@dataclass(frozen=True, slots=True)
class MonthGateRules:
    """`profitable_min` of the last `months` whole calendar months (UTC) ended with a profit."""

    months: int
    profitable_min: int


@dataclass(frozen=True, slots=True)
class ReturnGateRules:
    """Of daily returns without flows, zero days included. sharpe_min: annualised over 365 days.
    psr_min: probability that the true Sharpe ratio is above 0.
    """

    sharpe_min: float
    psr_min: float


@dataclass(frozen=True, slots=True)
class StrategyGateRules:
    """Strategies traded live, and the largest correlation of the results of any two."""

    live_min: int
    correlation_max: Decimal


@dataclass(frozen=True, slots=True)
class GateRules:
    """What must hold in the same evaluation before the next tier.

    capital_usdt: without deposits of the last `deposit_season_days`, at each of the last
    `closes_required` daily closes. exec_*: share of at least `exec_orders_min` live orders sent
    within `exec_within_ms` of the decision. ceremony: None leads nowhere, however many gates pass.
    The rest is asked for where it is given: `drills` by name, `withdrawals_min` in the tier.
    """

    capital_usdt: Decimal
    closes_required: int
    deposit_season_days: int
    days_at_tier: int
    trading_days_min: int
    profitable_day_ratio: Decimal
    violations_max: int
    violations_window_days: int
    exec_share: Decimal
    exec_within_ms: int
    exec_orders_min: int
    ceremony: CeremonyRules | None = None
    trades: TradeGateRules | None = None
    steady: SteadyGateRules | None = None
    iceberg: IcebergGateRules | None = None
    tilt: TiltGateRules | None = None
    pages: PageGateRules | None = None
    months: MonthGateRules | None = None
    returns: ReturnGateRules | None = None
    strategies: StrategyGateRules | None = None
    drills: tuple[str, ...] = ()
    withdrawals_min: int | None = None


@dataclass(frozen=True, slots=True)
class OpeningRules:
    """The first days of a live account.

    look_ns: OPENING48 lasts at least so long, then the phrase opens GO_LIVE for `small_ns`, in
    which `at_work_usdt` is all that may be at work. retry_ns: GO_LIVE is looked at again after
    this, where the books were not clean at its end.
    """

    look_ns: int
    phrase: str
    small_ns: int
    at_work_usdt: Decimal
    retry_ns: int


@dataclass(frozen=True, slots=True)
class CapitalRules:
    """When lost capital leads down: below `slow_share` of the tier's floor at each of `closes`
    daily closes, or below `fast_share` of it at one.
    """

    slow_share: Decimal
    closes: int
    fast_share: Decimal


@dataclass(frozen=True, slots=True)
class RecoveryRules:
    """The way back from an emergency: `emergency_ns` and `profitable_days` to RECOVERY, from there
    `trading_days` without a violation and without a loss over them.
    """

    emergency_ns: int
    profitable_days: int
    trading_days: int


@dataclass(frozen=True, slots=True)
class ResetRules:
    """Manual reset of a halt: the wait by tier, the shortest typed reason in characters, and the
    least time between two resets. A halt that the trader asked for himself waits `own_wait_ns` and
    never for another reset: nobody should think twice before he halts.
    """

    wait_ns: Mapping[Tier, int]
    own_wait_ns: int
    reason_min: int
    again_ns: int


@dataclass(frozen=True, slots=True)
class InterruptionRules:
    """What begins nothing anew; none of it did in runs recorded before there were such rules.

    halts: what a halt ended goes on after it with its clock, unless a loss made the halt, and a
    step down changes no clock of a way back. Else RECOVERY follows, or the same begun anew.
    faults: a promotion waits while the machine or its books lack something. Else it ends.
    """

    halts: bool = False
    faults: bool = False


@dataclass(frozen=True, slots=True)
class OutsideRules:
    """Bought elsewhere, a position that costs more than `cap_multiple` of the tier's cap for one is
    a violation.
    """

    cap_multiple: Decimal


@dataclass(frozen=True, slots=True)
class BypassRules:
    """What is bought elsewhere within `parts_ns` is one act, which tilt scores; it is a violation
    while entries are locked, and so is a stop that was cancelled elsewhere.
    """

    parts_ns: int


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What the tilt detector makes of a calm trader, per week. `source`: where it was measured."""

    warnings_per_week: Decimal
    locks_per_week: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class TierTable:
    """All tiers.

    opening_tier: where a paper account opens; a live one opens in SNIPER whatever stands here.
    readvance_ns: no promotion so long after an emergency, a fall by lost capital or a promotion.
    gates: by the tier they lead out of. course and what follows it: None in rules from before
    there was such a thing, and where a rulebook wants none of it; then it does not happen.
    knows_slices: orders may be sent in slices, where the tier opens it.
    """

    opening_tier: Tier
    readvance_ns: int
    features: Mapping[Tier, TierFeatures]
    modes: Mapping[TierMode, ModeEffect]
    gates: Mapping[Tier, GateRules]
    course: CourseRules | None = None
    opening: OpeningRules | None = None
    capital: CapitalRules | None = None
    recovery: RecoveryRules | None = None
    reset: ResetRules | None = None
    false_alarms: FalseAlarms | None = None
    interruptions: InterruptionRules = InterruptionRules()
    outside: OutsideRules | None = None
    bypass: BypassRules | None = None
    knows_slices: bool = False
