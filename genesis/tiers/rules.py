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
class GateRules:
    """What must hold in the same evaluation before the next tier.

    capital_usdt: without deposits of the last `deposit_season_days`, at each of the last
    `closes_required` daily closes. exec_*: share of at least `exec_orders_min` live orders sent
    within `exec_within_ms` of the decision. ceremony: None leads nowhere, however many gates pass.
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


@dataclass(frozen=True, slots=True)
class TierTable:
    """All tiers.

    opening_tier: where a paper account opens; a live one opens in SNIPER whatever stands here.
    readvance_ns: no promotion so long after an emergency or a promotion. gates: by the tier they
    lead out of. course: None in rules from before there was one; then nothing is evaluated.
    """

    opening_tier: Tier
    readvance_ns: int
    features: Mapping[Tier, TierFeatures]
    modes: Mapping[TierMode, ModeEffect]
    gates: Mapping[Tier, GateRules]
    course: CourseRules | None = None
