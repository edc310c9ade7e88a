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
)
from genesis.tiers.rules import (
    CeremonyRules,
    CourseRules,
    GateRules,
    ModeEffect,
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


class Ceremony(Table):
    phrase: Annotated[str, Field(min_length=1, max_length=200)]
    paper_hours: NotNegative
    paper_profitable_days: CountOrZero

    def freeze(self) -> CeremonyRules:
        return CeremonyRules(
            phrase=self.phrase,
            paper_ns=int(self.paper_hours * HOUR),
            paper_profitable_days=self.paper_profitable_days,
        )


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


class Gates(Table):
    capital_usdt: Positive
    deposit_season_days: Count
    closes_required: Count
    days_at_tier: Count
    trading_days_min: Count
    profitable_day_ratio: Fraction
    violations_max: CountOrZero
    violations_window_days: Count
    exec_share: Fraction
    exec_within_ms: Count
    exec_orders_min: Count
    ceremony: Ceremony | None = None  # runs recorded before there was one have none

    def freeze(self) -> GateRules:
        numbers = self.model_dump(exclude={"ceremony"})
        ceremony = None if self.ceremony is None else self.ceremony.freeze()
        return GateRules(**numbers, ceremony=ceremony)


class GatesTable(Table):
    """By the tier they lead out of. The ways up from HUNTER on come later; a book may set some."""

    SNIPER: Gates
    HUNTER: Gates | None = None
    STRATEGIST: Gates | None = None

    def freeze(self) -> dict[Tier, GateRules]:
        found = {tier: getattr(self, tier.value, None) for tier in Tier}
        return {tier: gates.freeze() for tier, gates in found.items() if gates is not None}


class Tiers(Table):
    opening_tier: TierName
    readvance_days: NotNegative
    features: FeaturesTable
    modes: Modes
    gates: GatesTable
    course: Course | None = None  # likewise: such a run evaluates nothing

    def freeze(self) -> TierTable:
        return TierTable(
            opening_tier=self.opening_tier,
            readvance_ns=int(self.readvance_days * DAY),
            features=self.features.freeze(),
            modes={mode: getattr(self.modes, mode.value).freeze() for mode in TierMode},
            gates=self.gates.freeze(),
            course=None if self.course is None else self.course.freeze(),
        )
