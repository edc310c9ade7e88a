"""`[market]` of the rules files."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from genesis.domain.account import MarketState
from genesis.domain.money import BPS
from genesis.market.rules import CorrelationRules, MarketRules, StateRules
from genesis.rules.fields import (
    Count,
    NotNegative,
    Number,
    Positive,
    Share,
    Table,
    nanoseconds,
    none,
)
from genesis.rules.tighter import Either, Higher, Lower
from genesis.rules.whole_schema import Portfolio, Whole

Quantile = Annotated[Number, Field(gt=0, lt=1)]


class Panic(Table):
    range_quantile: Lower[Quantile]
    move_sigmas: Lower[Positive]
    spread_factor: Lower[Annotated[Number, Field(ge=1)]]


class Volatile(Table):
    range_quantile: Lower[Quantile]


class Dead(Table):
    volume_quantile: Higher[Quantile]
    spread_factor: Lower[Annotated[Number, Field(ge=1)]]


class StateMultipliers(Table):
    """A rougher market is never the milder one, and NORMAL makes nothing smaller."""

    DEAD: Lower[Share]
    NORMAL: Lower[Share]
    VOLATILE: Lower[Share]
    PANIC: Lower[Share]
    MAINTENANCE: Lower[Share]

    @model_validator(mode="after")
    def _falling(self) -> "StateMultipliers":
        if self.NORMAL != 1:
            raise ValueError("NORMAL must be 1")
        if self.PANIC > self.VOLATILE:
            raise ValueError("PANIC must not be above VOLATILE")
        if self.MAINTENANCE:
            raise ValueError("MAINTENANCE must be 0: nothing can be entered there")
        return self

    def freeze(self) -> dict[MarketState, Decimal]:
        return {state: getattr(self, state.value) for state in MarketState}


def _state(value: object) -> object:
    """The text names a state; anything else is left for the complaint."""
    known = MarketState.__members__
    return known[value] if isinstance(value, str) and value in known else value


class States(Table):
    bar_s: Either[Positive]
    window_s: Either[Positive]
    bars_min: Either[Count]
    atr_bars: Either[Count]
    gap_s: Either[NotNegative]
    exit_s: Higher[NotNegative]
    exit_margin: Higher[Share]
    spread_floor_bps: Lower[NotNegative]
    limit_only: Higher[list[Annotated[MarketState, BeforeValidator(_state)]]]
    panic: Panic
    volatile: Volatile
    dead: Dead
    multipliers: StateMultipliers

    @model_validator(mode="after")
    def _orderly(self) -> "States":
        if nanoseconds(self.window_s) % nanoseconds(self.bar_s):
            raise ValueError("window_s must be a multiple of bar_s")
        if self.bars_min > self.window_s / self.bar_s:
            raise ValueError("bars_min must fit into window_s")
        if not self.volatile.range_quantile < self.panic.range_quantile:
            raise ValueError("volatile.range_quantile must be below panic.range_quantile")
        if self.exit_margin > self.volatile.range_quantile:
            raise ValueError("exit_margin must not be above volatile.range_quantile")
        if self.dead.volume_quantile + self.exit_margin > 1:
            raise ValueError("exit_margin and dead.volume_quantile must not be above 1 together")
        return self

    def freeze(self) -> StateRules:
        panic, volatile, dead = self.panic, self.volatile, self.dead
        return StateRules(
            width_ns=nanoseconds(self.bar_s),
            window_bars=int(self.window_s / self.bar_s),
            bars_min=self.bars_min,
            atr_bars=self.atr_bars,
            gap_ns=nanoseconds(self.gap_s),
            panic_quantile=float(panic.range_quantile),
            panic_exit_quantile=float(panic.range_quantile - self.exit_margin),
            volatile_quantile=float(volatile.range_quantile),
            volatile_exit_quantile=float(volatile.range_quantile - self.exit_margin),
            dead_quantile=float(dead.volume_quantile),
            dead_exit_quantile=float(dead.volume_quantile + self.exit_margin),
            exit_ns=nanoseconds(self.exit_s),
            panic_sigmas=float(panic.move_sigmas),
            panic_spread_factor=float(panic.spread_factor),
            dead_spread_factor=float(dead.spread_factor),
            spread_floor=float(self.spread_floor_bps / BPS),
            shares=self.multipliers.freeze(),
            limit_only=frozenset(self.limit_only),
        )


class Correlation(Table):
    slot_s: Either[Positive]
    window_s: Either[Positive]
    common_min: Higher[Annotated[Count, Field(ge=2)]]
    shrink: Lower[Share]
    alert_above: Lower[Share]
    clear_below: Lower[Share]
    cluster_above: Lower[Share]
    cluster_factor: Lower[Annotated[Number, Field(ge=1)]]
    spike_above: Lower[Share]
    spike_symbols_min: Lower[Annotated[Count, Field(ge=2)]]
    spike_multiplier: Lower[Share]

    @model_validator(mode="after")
    def _orderly(self) -> "Correlation":
        if nanoseconds(self.window_s) % nanoseconds(self.slot_s):
            raise ValueError("window_s must be a multiple of slot_s")
        if self.common_min > self.window_s / self.slot_s:
            raise ValueError("common_min must fit into window_s")
        if not self.clear_below <= self.alert_above < 1:
            raise ValueError("clear_below must not be above alert_above, and this must be below 1")
        if not self.cluster_above < 1:
            raise ValueError("cluster_above must be below 1")
        return self

    def freeze(self) -> CorrelationRules:
        return CorrelationRules(
            slot_ns=nanoseconds(self.slot_s),
            window_slots=int(self.window_s / self.slot_s),
            common_min=self.common_min,
            shrink=float(self.shrink),
            alert_above=float(self.alert_above),
            clear_below=float(self.clear_below),
            cluster_above=float(self.cluster_above),
            cluster_factor=self.cluster_factor,
            spike_above=float(self.spike_above),
            spike_symbols=self.spike_symbols_min,
            spike_share=self.spike_multiplier,
        )


class Market(Table):
    states: States
    correlation: Higher[Annotated[Correlation | None, BeforeValidator(none)]]
    # runs recorded before there were any have neither
    whole: Higher[Annotated[Whole | None, BeforeValidator(none)]] = None
    portfolio: Higher[Annotated[Portfolio | None, BeforeValidator(none)]] = None

    @model_validator(mode="after")
    def _whole_bars(self) -> "Market":
        slots, whole, bar_ns = self.correlation, self.whole, nanoseconds(self.states.bar_s)
        if slots is not None and nanoseconds(slots.slot_s) % bar_ns:
            raise ValueError("correlation.slot_s must be a multiple of states.bar_s")
        if whole is not None and nanoseconds(whole.slot_s) % bar_ns:
            raise ValueError("whole.slot_s must be a multiple of states.bar_s")
        return self

    @model_validator(mode="after")
    def _days_are_kept(self) -> "Market":
        portfolio, whole = self.portfolio, self.whole
        if portfolio is not None and whole is not None and portfolio.days_min > whole.days:
            raise ValueError("portfolio.days_min must not be above whole.days")
        return self

    def freeze(self) -> MarketRules:
        return MarketRules(
            states=self.states.freeze(),
            correlation=None if self.correlation is None else self.correlation.freeze(),
            whole=None if self.whole is None else self.whole.freeze(),
            portfolio=None if self.portfolio is None else self.portfolio.freeze(),
        )
