"""`[tiers]` of the rules files."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.rules.fields import (
    Count,
    CountOrNone,
    CountOrZero,
    Fraction,
    NotNegative,
    Positive,
    PositiveOrNone,
    Share,
    Table,
    nanoseconds,
    none,
)
from genesis.rules.gates_schema import GatesTable, frozen
from genesis.tiers.rules import (
    CapitalRules,
    CourseRules,
    FalseAlarms,
    ModeEffect,
    OpeningRules,
    RecoveryRules,
    ResetRules,
    TierFeatures,
    TierTable,
)


def _named(kind: type[StrEnum]) -> BeforeValidator:
    """Takes the name of a member and says which names there are."""

    def member(value: Any) -> Any:
        if not isinstance(value, str) or value not in kind.__members__:
            raise ValueError(f"must be one of {', '.join(kind.__members__)}")
        return kind[value]

    return BeforeValidator(member)


TierName = Annotated[Tier, _named(Tier)]
OrderTypeName = Annotated[OrderType, _named(OrderType)]


class Features(Table):
    floor_usdt: Positive
    order_types: list[OrderTypeName]
    max_symbols: CountOrNone
    max_positions: CountOrNone
    names: list[str]


class FeaturesTable(Table):
    SNIPER: Features
    HUNTER: Features
    STRATEGIST: Features
    ARCHITECT: Features

    @model_validator(mode="after")
    def _rising(self) -> "FeaturesTable":
        floors = [getattr(self, tier.value).floor_usdt for tier in Tier]
        if any(low >= high for low, high in pairwise(floors)):
            raise ValueError("floor_usdt must rise from tier to tier")
        return self

    def freeze(self) -> dict[Tier, TierFeatures]:
        frozen: dict[Tier, TierFeatures] = {}
        names: frozenset[str] = frozenset()
        for tier in Tier:
            own: Features = getattr(self, tier.value)
            names |= frozenset(own.names)
            frozen[tier] = TierFeatures(
                floor_usdt=own.floor_usdt,
                order_types=frozenset(own.order_types),
                max_symbols=own.max_symbols,
                max_positions=own.max_positions,
                names=names,
            )
        return frozen


class Effect(Table):
    multiplier: Share
    cap_usdt: PositiveOrNone

    def freeze(self) -> ModeEffect:
        return ModeEffect(self.multiplier, self.cap_usdt)


class Modes(Table):
    OPENING48: Effect
    GO_LIVE: Effect
    ACTIVE: Effect
    PAPER48: Effect
    CEREMONY: Effect
    ADJUST48: Effect
    EMERGENCY: Effect
    RECOVERY: Effect
    HALTED: Effect


class Course(Table):
    evaluation_after_s: NotNegative
    ttl_days: Positive
    adjust_hours: NotNegative
    adjust_trades_min: CountOrZero
    adjust_extension_hours: Positive

    @model_validator(mode="after")
    def _within_the_day(self) -> "Course":
        if self.evaluation_after_s >= DAY // SECOND:
            raise ValueError("evaluation_after_s must lie within the day")
        return self

    def freeze(self) -> CourseRules:
        return CourseRules(
            evaluation_after_ns=nanoseconds(self.evaluation_after_s),
            ttl_ns=int(self.ttl_days * DAY),
            adjust_ns=int(self.adjust_hours * HOUR),
            adjust_trades_min=self.adjust_trades_min,
            adjust_extension_ns=int(self.adjust_extension_hours * HOUR),
        )


class Opening(Table):
    look_hours: NotNegative
    phrase: Annotated[str, Field(min_length=1, max_length=200)]
    small_hours: NotNegative
    at_work_usdt: Positive
    retry_hours: Positive

    def freeze(self) -> OpeningRules:
        return OpeningRules(
            look_ns=int(self.look_hours * HOUR),
            phrase=self.phrase,
            small_ns=int(self.small_hours * HOUR),
            at_work_usdt=self.at_work_usdt,
            retry_ns=int(self.retry_hours * HOUR),
        )


class Capital(Table):
    slow_share: Fraction
    closes: Count
    fast_share: Fraction

    @model_validator(mode="after")
    def _the_faster_one_is_lower(self) -> "Capital":
        if self.fast_share > self.slow_share:
            raise ValueError("fast_share must not be above slow_share")
        return self

    def freeze(self) -> CapitalRules:
        return CapitalRules(self.slow_share, self.closes, self.fast_share)


class Recovery(Table):
    emergency_hours: NotNegative
    profitable_days: CountOrZero
    trading_days: Count

    def freeze(self) -> RecoveryRules:
        waits_ns = int(self.emergency_hours * HOUR)
        return RecoveryRules(waits_ns, self.profitable_days, self.trading_days)


class ResetHours(Table):
    SNIPER: NotNegative
    HUNTER: NotNegative
    STRATEGIST: NotNegative
    ARCHITECT: NotNegative


class Reset(Table):
    reason_min: CountOrZero
    again_days: NotNegative
    own_hours: NotNegative
    hours: ResetHours

    def freeze(self) -> ResetRules:
        waits = {tier: int(getattr(self.hours, tier.value) * HOUR) for tier in Tier}
        return ResetRules(
            wait_ns=waits,
            own_wait_ns=int(self.own_hours * HOUR),
            reason_min=self.reason_min,
            again_ns=int(self.again_days * DAY),
        )


class Alarms(Table):
    warnings_per_week: NotNegative
    locks_per_week: NotNegative
    source: Annotated[str, Field(min_length=1)]

    def freeze(self) -> FalseAlarms:
        return FalseAlarms(self.warnings_per_week, self.locks_per_week, self.source)


class Tiers(Table):
    opening_tier: TierName
    readvance_days: NotNegative
    features: FeaturesTable
    modes: Modes
    gates: GatesTable
    course: Course | None = None  # runs recorded before there was one evaluate nothing
    opening: Opening | None = None  # and so with what follows: in them nothing of it happens
    capital: Annotated[Capital | None, BeforeValidator(none)] = None
    recovery: Recovery | None = None
    reset: Reset | None = None
    false_alarms: Alarms | None = None

    @model_validator(mode="after")
    def _alarms_are_known(self) -> "Tiers":
        if self.false_alarms is None and self.gates.counts_alarms:
            raise ValueError("false_alarms must be given where gates count days of tilt")
        return self

    def freeze(self) -> TierTable:
        return TierTable(
            opening_tier=self.opening_tier,
            readvance_ns=int(self.readvance_days * DAY),
            features=self.features.freeze(),
            modes={mode: getattr(self.modes, mode.value).freeze() for mode in TierMode},
            gates=self.gates.freeze(frozen(self.false_alarms)),
            course=frozen(self.course),
            opening=frozen(self.opening),
            capital=frozen(self.capital),
            recovery=frozen(self.recovery),
            reset=frozen(self.reset),
            false_alarms=frozen(self.false_alarms),
        )
