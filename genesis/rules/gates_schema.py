"""`[tiers.gates]` of the rules files: what must hold before the next tier."""

from typing import Annotated, Protocol, TypeVar

from pydantic import Field, model_validator

from genesis.domain.account import Tier
from genesis.domain.time import HOUR
from genesis.rules.fields import Count, CountOrZero, Fraction, NotNegative, Number, Positive, Table
from genesis.rules.tighter import Either, Higher, Locked, Lower
from genesis.tiers.poisson import quantile
from genesis.tiers.rules import (
    CeremonyRules,
    FalseAlarms,
    GateRules,
    IcebergGateRules,
    MonthGateRules,
    PageGateRules,
    ReturnGateRules,
    SteadyGateRules,
    StrategyGateRules,
    TiltGateRules,
    TradeGateRules,
)

_WEEK_DAYS = 7
_COUNTS_OF_DAYS = 2
"""Days with a WARNING and days with a LOCKED: the odds of a block are shared between them."""


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Freezes(Protocol[T_co]):
    def freeze(self) -> T_co: ...


def frozen(table: _Freezes[T] | None) -> T | None:
    """A table that need not be there."""
    return None if table is None else table.freeze()


class Ceremony(Table):
    phrase: Locked[Annotated[str, Field(min_length=1, max_length=200)]]
    paper_hours: Higher[NotNegative]
    paper_profitable_days: Higher[CountOrZero]

    def freeze(self) -> CeremonyRules:
        return CeremonyRules(
            phrase=self.phrase,
            paper_ns=int(self.paper_hours * HOUR),
            paper_profitable_days=self.paper_profitable_days,
        )


class Trades(Table):
    trades_min: Higher[Count]
    profit_factor_min: Higher[Positive]

    def freeze(self) -> TradeGateRules:
        return TradeGateRules(self.trades_min, self.profit_factor_min)


class Steady(Table):
    drawdown_max: Lower[Fraction]
    best_day_share_max: Lower[Fraction]

    def freeze(self) -> SteadyGateRules:
        return SteadyGateRules(self.drawdown_max, self.best_day_share_max)


class Iceberg(Table):
    slippage_max_bps: Lower[NotNegative]
    aborted_share_max: Lower[Fraction]
    orders_min: Higher[Count]

    def freeze(self) -> IcebergGateRules:
        return IcebergGateRules(self.slippage_max_bps, self.aborted_share_max, self.orders_min)


class TiltGate(Table):
    window_days: Either[Count]
    overrides_max: Lower[CountOrZero]
    block_odds_max: Higher[Annotated[Number, Field(gt=0, lt=1)]]

    def freeze(self, alarms: FalseAlarms) -> TiltGateRules:
        """Limits that a calm trader passes: together they block him at most so often, whatever
        the two counts have to do with each other (the bound of Boole).
        """
        share = 1 - float(self.block_odds_max) / _COUNTS_OF_DAYS
        weeks = self.window_days / _WEEK_DAYS
        return TiltGateRules(
            window_days=self.window_days,
            overrides_max=self.overrides_max,
            warning_days_max=quantile(float(alarms.warnings_per_week) * weeks, share),
            locked_days_max=quantile(float(alarms.locks_per_week) * weeks, share),
        )


class Pages(Table):
    days_share_min: Higher[Fraction]
    words_min: Higher[Count]

    def freeze(self) -> PageGateRules:
        return PageGateRules(self.days_share_min, self.words_min)


class Months(Table):
    months: Either[Count]
    profitable_min: Higher[Count]

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Months":
        if self.profitable_min > self.months:
            raise ValueError("profitable_min must not be above months")
        return self

    def freeze(self) -> MonthGateRules:
        return MonthGateRules(self.months, self.profitable_min)


class Returns(Table):
    sharpe_min: Higher[Number]
    psr_min: Higher[Annotated[Number, Field(gt=0, lt=1)]]

    def freeze(self) -> ReturnGateRules:
        return ReturnGateRules(float(self.sharpe_min), float(self.psr_min))


class Strategies(Table):
    live_min: Higher[Count]
    correlation_max: Lower[Fraction]

    def freeze(self) -> StrategyGateRules:
        return StrategyGateRules(self.live_min, self.correlation_max)


class Drills(Table):
    names: Higher[list[Annotated[str, Field(min_length=1)]]]


class Withdrawals(Table):
    count_min: Higher[Count]


class Gates(Table):
    capital_usdt: Higher[Positive]
    deposit_season_days: Higher[Count]
    closes_required: Higher[Count]
    days_at_tier: Higher[Count]
    trading_days_min: Higher[Count]
    profitable_day_ratio: Higher[Fraction]
    violations_max: Lower[CountOrZero]
    violations_window_days: Higher[Count]
    exec_share: Higher[Fraction]
    exec_within_ms: Lower[Count]
    exec_orders_min: Higher[Count]
    ceremony: Higher[Ceremony | None] = None  # runs recorded before there was one have none
    trades: Higher[Trades | None] = None  # the rest is asked for in some tiers only
    steady: Higher[Steady | None] = None
    iceberg: Higher[Iceberg | None] = None
    tilt: Higher[TiltGate | None] = None
    pages: Higher[Pages | None] = None
    months: Higher[Months | None] = None
    returns: Higher[Returns | None] = None
    strategies: Higher[Strategies | None] = None
    drills: Higher[Drills | None] = None
    withdrawals: Higher[Withdrawals | None] = None

    def freeze(self, alarms: FalseAlarms | None) -> GateRules:
        tilt = None if self.tilt is None or alarms is None else self.tilt.freeze(alarms)
        return GateRules(
            capital_usdt=self.capital_usdt,
            deposit_season_days=self.deposit_season_days,
            closes_required=self.closes_required,
            days_at_tier=self.days_at_tier,
            trading_days_min=self.trading_days_min,
            profitable_day_ratio=self.profitable_day_ratio,
            violations_max=self.violations_max,
            violations_window_days=self.violations_window_days,
            exec_share=self.exec_share,
            exec_within_ms=self.exec_within_ms,
            exec_orders_min=self.exec_orders_min,
            ceremony=frozen(self.ceremony),
            trades=frozen(self.trades),
            steady=frozen(self.steady),
            iceberg=frozen(self.iceberg),
            tilt=tilt,
            pages=frozen(self.pages),
            months=frozen(self.months),
            returns=frozen(self.returns),
            strategies=frozen(self.strategies),
            drills=() if self.drills is None else tuple(self.drills.names),
            withdrawals_min=None if self.withdrawals is None else self.withdrawals.count_min,
        )


class GatesTable(Table):
    """By the tier they lead out of. Runs recorded before they were built know none from HUNTER."""

    SNIPER: Gates
    HUNTER: Higher[Gates | None] = None
    STRATEGIST: Higher[Gates | None] = None

    @property
    def counts_alarms(self) -> bool:
        found = (self.SNIPER, self.HUNTER, self.STRATEGIST)
        return any(gates is not None and gates.tilt is not None for gates in found)

    def freeze(self, alarms: FalseAlarms | None) -> dict[Tier, GateRules]:
        """alarms: of the tilt detector; asked for by gates that count days of tilt."""
        found = {tier: getattr(self, tier.value, None) for tier in Tier}
        return {tier: gates.freeze(alarms) for tier, gates in found.items() if gates is not None}
