"""`[tiers]` of the rules files."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.rules.fields import (
    Count,
    CountOrNone,
    CountOrZero,
    Fraction,
    NotNegative,
    Number,
    Positive,
    PositiveOrNone,
    Share,
    Table,
    is_recorded,
    nanoseconds,
    none,
)
from genesis.rules.gates_schema import GatesTable, frozen
from genesis.rules.tighter import Either, Higher, Label, Locked, Lower, Subset
from genesis.tiers.rules import (
    BypassRules,
    CapitalRules,
    CourseRules,
    FalseAlarms,
    InterruptionRules,
    ModeEffect,
    OpeningRules,
    OutsideRules,
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
    floor_usdt: Higher[Positive]
    order_types: Subset[list[OrderTypeName]]
    max_symbols: Lower[CountOrNone]
    max_positions: Lower[CountOrNone]
    names: Either[list[str]]  # one taken out opens what bears it to the tiers below


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
    multiplier: Lower[Share]
    cap_usdt: Lower[PositiveOrNone]

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

    @model_validator(mode="after")
    def _no_entries(self, info: ValidationInfo) -> "Modes":
        is_open = self.OPENING48.multiplier or self.HALTED.multiplier
        if is_open and not is_recorded(info):
            raise ValueError("the multiplier of OPENING48 and HALTED must be 0")
        return self


class Course(Table):
    evaluation_after_s: Locked[NotNegative]
    ttl_days: Lower[Positive]
    adjust_hours: Higher[NotNegative]
    adjust_trades_min: Higher[CountOrZero]
    adjust_extension_hours: Higher[Positive]

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


class Interruptions(Table):
    halts: Locked[bool]
    faults: Locked[bool]

    def freeze(self) -> InterruptionRules:
        return InterruptionRules(self.halts, self.faults)


class Outside(Table):
    cap_multiple: Lower[Annotated[Number, Field(ge=1)]]

    def freeze(self) -> OutsideRules:
        return OutsideRules(self.cap_multiple)


class Bypass(Table):
    parts_s: Lower[Positive]

    def freeze(self) -> BypassRules:
        return BypassRules(nanoseconds(self.parts_s))


class Opening(Table):
    look_hours: Higher[NotNegative]
    phrase: Locked[Annotated[str, Field(min_length=1, max_length=200)]]
    small_hours: Higher[NotNegative]
    at_work_usdt: Lower[Positive]
    retry_hours: Higher[Positive]

    def freeze(self) -> OpeningRules:
        return OpeningRules(
            look_ns=int(self.look_hours * HOUR),
            phrase=self.phrase,
            small_ns=int(self.small_hours * HOUR),
            at_work_usdt=self.at_work_usdt,
            retry_ns=int(self.retry_hours * HOUR),
        )


class Capital(Table):
    slow_share: Higher[Fraction]
    closes: Lower[Count]
    fast_share: Higher[Fraction]

    @model_validator(mode="after")
    def _the_faster_one_is_lower(self) -> "Capital":
        if self.fast_share > self.slow_share:
            raise ValueError("fast_share must not be above slow_share")
        return self

    def freeze(self) -> CapitalRules:
        return CapitalRules(self.slow_share, self.closes, self.fast_share)


class Recovery(Table):
    emergency_hours: Higher[NotNegative]
    profitable_days: Higher[CountOrZero]
    trading_days: Higher[Count]

    def freeze(self) -> RecoveryRules:
        waits_ns = int(self.emergency_hours * HOUR)
        return RecoveryRules(waits_ns, self.profitable_days, self.trading_days)


class ResetHours(Table):
    SNIPER: Higher[NotNegative]
    HUNTER: Higher[NotNegative]
    STRATEGIST: Higher[NotNegative]
    ARCHITECT: Higher[NotNegative]


class Reset(Table):
    reason_min: Higher[CountOrZero]
    again_days: Higher[NotNegative]
    own_hours: Higher[NotNegative]
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
    warnings_per_week: Lower[NotNegative]
    locks_per_week: Lower[NotNegative]
    source: Label[Annotated[str, Field(min_length=1)]]

    def freeze(self) -> FalseAlarms:
        return FalseAlarms(self.warnings_per_week, self.locks_per_week, self.source)


class Tiers(Table):
    opening_tier: Locked[TierName]
    readvance_days: Higher[NotNegative]
    features: FeaturesTable
    modes: Modes
    gates: GatesTable
    course: Higher[Course | None] = None  # runs recorded before there was one evaluate nothing
    opening: Higher[Opening | None] = None  # and so with what follows
    capital: Higher[Annotated[Capital | None, BeforeValidator(none)]] = None
    recovery: Higher[Recovery | None] = None
    reset: Higher[Reset | None] = None
    false_alarms: Higher[Alarms | None] = None
    interruptions: Locked[Interruptions | None] = None
    outside: Higher[Outside | None] = None
    bypass: Higher[Bypass | None] = None

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
            interruptions=frozen(self.interruptions) or InterruptionRules(),
            outside=frozen(self.outside),
            bypass=frozen(self.bypass),
        )
