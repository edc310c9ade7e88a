"""`[tiers]` of the rules files."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType
from genesis.domain.time import DAY
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
)
from genesis.tiers.rules import GateRules, ModeEffect, TierFeatures, TierTable


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

    def freeze(self) -> GateRules:
        return GateRules(**self.model_dump())


class GatesTable(Table):
    SNIPER: Gates


class Tiers(Table):
    opening_tier: TierName
    readvance_days: NotNegative
    features: FeaturesTable
    modes: Modes
    gates: GatesTable

    def freeze(self) -> TierTable:
        return TierTable(
            opening_tier=self.opening_tier,
            readvance_ns=int(self.readvance_days * DAY),
            features=self.features.freeze(),
            modes={mode: getattr(self.modes, mode.value).freeze() for mode in TierMode},
            gates={Tier.SNIPER: self.gates.SNIPER.freeze()},
        )
