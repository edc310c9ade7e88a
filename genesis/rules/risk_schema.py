"""`[risk]` of the rules files."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from genesis.domain.account import Tier
from genesis.domain.money import BPS
from genesis.risk.drawdown import CRITICAL, WARNING
from genesis.risk.limits import (
    AdaptiveRules,
    BreakerRules,
    DrawdownTable,
    GiveBackRules,
    PaceRules,
    RiskRules,
    RollingLimit,
    StrategyBreakerRules,
    StreakRules,
    StreakStep,
    SystemBreakerRules,
    TierLimits,
)
from genesis.rules.conditions_schema import Conditions
from genesis.rules.fields import (
    Count,
    CountOrNone,
    Fraction,
    FractionOrNone,
    NotNegative,
    Positive,
    PositiveOrNone,
    Share,
    Table,
    nanoseconds,
    none,
)
from genesis.rules.tighter import Either, Higher, Label, Locked, Lower, OnceLower


class Drawdown(Table):
    info_trade_usdt: Lower[Positive]
    warning_daily_usdt: Lower[Positive]
    critical_total_usdt: Lower[Positive]
    halt_total_usdt: Lower[Positive]

    @model_validator(mode="after")
    def _rising(self) -> "Drawdown":
        if not self.critical_total_usdt < self.halt_total_usdt:
            raise ValueError("critical_total_usdt must be below halt_total_usdt")
        return self

    def freeze(self) -> DrawdownTable:
        return DrawdownTable(
            info_usdt=self.info_trade_usdt,
            warning_usdt=self.warning_daily_usdt,
            critical_usdt=self.critical_total_usdt,
            halt_usdt=self.halt_total_usdt,
        )


class Rolling(Table):
    """Windows by rising days; a longer one is never the milder one."""

    days: Either[Annotated[list[Count], Field(min_length=1)]]
    losses_usdt: Lower[list[Positive]]
    multipliers: Lower[list[Share]]

    @model_validator(mode="after")
    def _rising(self) -> "Rolling":
        if not len(self.days) == len(self.losses_usdt) == len(self.multipliers):
            raise ValueError("days, losses_usdt and multipliers must be equally long")
        if any(low >= high for low, high in pairwise(self.days)):
            raise ValueError("days must rise")
        if any(low > high for low, high in pairwise(self.losses_usdt)):
            raise ValueError("losses_usdt must not fall: a longer window holds the shorter one")
        if any(high < low for high, low in pairwise(self.multipliers)):
            raise ValueError("multipliers must not rise")
        return self

    def freeze(self) -> tuple[RollingLimit, ...]:
        rows = zip(self.days, self.losses_usdt, self.multipliers, strict=True)
        return tuple(RollingLimit(*row) for row in rows)


class Limits(Table):
    ceiling_usdt: Lower[PositiveOrNone]
    position_fraction: Lower[Fraction]
    risk_fraction: Lower[Fraction]
    exposure_fraction: Lower[Fraction]
    max_trades_per_day: Lower[CountOrNone]
    drawdown: Higher[Annotated[Drawdown | None, BeforeValidator(none)]]
    rolling: Higher[Annotated[Rolling | None, BeforeValidator(none)]] = None  # see Risk

    def freeze(self) -> TierLimits:
        return TierLimits(
            ceiling_usdt=self.ceiling_usdt,
            position_fraction=self.position_fraction,
            risk_fraction=self.risk_fraction,
            exposure_fraction=self.exposure_fraction,
            max_trades_per_day=self.max_trades_per_day,
            drawdown=None if self.drawdown is None else self.drawdown.freeze(),
            rolling=() if self.rolling is None else self.rolling.freeze(),
        )


class TierLimitsTable(Table):
    SNIPER: Limits
    HUNTER: Limits
    STRATEGIST: Limits
    ARCHITECT: Limits


class Confirmed(Table):
    """Rows of the drawdown table: is one mark too few for them?"""

    warning: Either[bool]
    critical: Either[bool]

    def freeze(self) -> frozenset[str]:
        asked = {WARNING: self.warning, CRITICAL: self.critical}
        return frozenset(row for row, is_asked in asked.items() if is_asked)


class Trades(Table):
    """Which entries are trades of the day."""

    counts_unfilled: Higher[bool]


class Cap(Table):
    counts_held: Higher[bool]


class Streak(Table):
    losses: Lower[Annotated[list[Count], Field(min_length=1)]]
    multipliers: Lower[list[Share]]
    pauses_s: Higher[list[NotNegative | Literal["day"]]]

    @model_validator(mode="after")
    def _rising(self) -> "Streak":
        if not len(self.losses) == len(self.multipliers) == len(self.pauses_s):
            raise ValueError("losses, multipliers and pauses_s must be equally long")
        if any(low >= high for low, high in pairwise(self.losses)):
            raise ValueError("losses must rise")
        if any(high < low for high, low in pairwise(self.multipliers)):
            raise ValueError("multipliers must not rise")
        for share, pause in zip(self.multipliers, self.pauses_s, strict=True):
            if not share and pause != "day":
                raise ValueError('a multiplier of 0 must pause until the next "day"')
        if not all(self.multipliers[:-1]):
            raise ValueError("only the last multiplier may be 0")
        return self

    def freeze(self) -> StreakRules:
        rows = zip(self.losses, self.multipliers, self.pauses_s, strict=True)
        return StreakRules(
            tuple(
                StreakStep(losses, share, None if pause == "day" else nanoseconds(pause))
                for losses, share, pause in rows
            )
        )


class OpenRisk(Table):
    factor: Lower[Positive]


class Pace(Table):
    orders_max: Lower[Count]
    span_s: Higher[Positive]

    def freeze(self) -> PaceRules:
        return PaceRules(self.orders_max, nanoseconds(self.span_s))


class GiveBack(Table):
    armed_factor: Lower[Positive]
    floor_factor: Higher[NotNegative]

    @model_validator(mode="after")
    def _below(self) -> "GiveBack":
        if not self.floor_factor < self.armed_factor:
            raise ValueError("floor_factor must be below armed_factor")
        return self

    def freeze(self) -> GiveBackRules:
        return GiveBackRules(self.armed_factor, self.floor_factor)


class StrategyBreaker(Table):
    losses_max: Lower[Count]
    fall_factor: Lower[Positive]
    rest_s: Higher[Positive]

    def freeze(self) -> StrategyBreakerRules:
        return StrategyBreakerRules(self.losses_max, self.fall_factor, nanoseconds(self.rest_s))


class SystemBreaker(Table):
    failed_orders_max: Lower[Count]
    failed_span_s: Higher[Positive]
    feed_gap_s: Lower[NotNegative]
    rest_s: Higher[Positive]
    probe_usdt: Lower[Positive]
    # runs recorded before there were any have none
    conditions: Higher[Annotated[Conditions | None, BeforeValidator(none)]] = None

    def freeze(self) -> SystemBreakerRules:
        return SystemBreakerRules(
            failed_orders=self.failed_orders_max,
            failed_span_ns=nanoseconds(self.failed_span_s),
            feed_gap_ns=nanoseconds(self.feed_gap_s),
            rest_ns=nanoseconds(self.rest_s),
            probe_usdt=self.probe_usdt,
            conditions=None if self.conditions is None else self.conditions.freeze(),
        )


class Unsent(Table):
    """An order that never left: our own line held it back."""

    counts: Locked[bool]


class Breakers(Table):
    strategy: StrategyBreaker
    system: SystemBreaker
    # in runs recorded before there was one it counted
    unsent: Locked[Unsent | None] = None

    def freeze(self) -> BreakerRules:
        counts_unsent = self.unsent is None or self.unsent.counts
        return BreakerRules(self.strategy.freeze(), self.system.freeze(), counts_unsent)


class Adaptive(Table):
    results_count: Either[Count]
    results_min: Higher[Count]
    unproven_multiplier: Lower[Annotated[Share, Field(gt=0)]]
    wins_quantile: Lower[Annotated[Share, Field(gt=0, lt=1)]]
    winsor_share: Either[Annotated[Share, Field(lt=0.5)]]
    kelly_factor: Lower[Fraction]
    volatility_target: Lower[Positive]
    volatility_decay: Either[Annotated[Share, Field(gt=0, lt=1)]]
    days_min: Lower[Count]

    @model_validator(mode="after")
    def _fits(self) -> "Adaptive":
        if self.results_min > self.results_count:
            raise ValueError("results_min must not be above results_count")
        return self

    def freeze(self) -> AdaptiveRules:
        return AdaptiveRules(
            results=self.results_count,
            results_min=self.results_min,
            unproven_share=self.unproven_multiplier,
            quantile=float(self.wins_quantile),
            winsor=float(self.winsor_share),
            kelly_factor=float(self.kelly_factor),
            target_volatility=float(self.volatility_target),
            decay=float(self.volatility_decay),
            days_min=self.days_min,
        )


class Refusals(Table):
    """The same refusal of a strategy in a symbol is told once in a span, and counted."""

    span_s: Either[Positive]


class Risk(Table):
    slippage_bps: Either[NotNegative]
    taker_fee_bps: Either[NotNegative]
    min_notional_margin_fraction: Either[NotNegative]
    daily_loss_fraction: Lower[FractionOrNone]
    mark_stale_s: Either[Positive]
    confirm_marks: Either[Count]
    confirm_span_s: Either[NotNegative]
    notify_at_fraction: OnceLower[Fraction]  # rows of a fall are armed again below it, too
    warning_multiplier: Lower[Share]
    cap: Higher[Cap | None] = (
        None  # in runs recorded before there was one each order had it for itself
    )
    tiers: TierLimitsTable
    # runs recorded before there were any have none of these
    confirmed: Either[Confirmed | None] = None
    trades: Either[Trades | None] = None
    open_risk: Higher[Annotated[OpenRisk | None, BeforeValidator(none)]] = None
    streak: Higher[Annotated[Streak | None, BeforeValidator(none)]] = None
    pace: Higher[Annotated[Pace | None, BeforeValidator(none)]] = None
    give_back: Higher[Annotated[GiveBack | None, BeforeValidator(none)]] = None
    breakers: Higher[Annotated[Breakers | None, BeforeValidator(none)]] = None
    adaptive: Higher[Annotated[Adaptive | None, BeforeValidator(none)]] = None
    refusals: Either[Annotated[Refusals | None, BeforeValidator(none)]] = None
    clip_repeat_factor: Label[Positive | None] = None  # in older texts; it never decided anything

    def freeze(self) -> RiskRules:
        return RiskRules(
            slippage_fraction=self.slippage_bps / BPS,
            taker_fee_fraction=self.taker_fee_bps / BPS,
            min_notional_margin_fraction=self.min_notional_margin_fraction,
            daily_loss_fraction=self.daily_loss_fraction,
            mark_stale_ns=nanoseconds(self.mark_stale_s),
            confirm_marks=self.confirm_marks,
            confirm_span_ns=nanoseconds(self.confirm_span_s),
            notify_at_fraction=self.notify_at_fraction,
            warning_multiplier=self.warning_multiplier,
            cap_counts_held=self.cap is not None and self.cap.counts_held,
            tiers={tier: getattr(self.tiers, tier.value).freeze() for tier in Tier},
            open_risk_factor=None if self.open_risk is None else self.open_risk.factor,
            streak=None if self.streak is None else self.streak.freeze(),
            pace=None if self.pace is None else self.pace.freeze(),
            give_back=None if self.give_back is None else self.give_back.freeze(),
            breakers=None if self.breakers is None else self.breakers.freeze(),
            adaptive=None if self.adaptive is None else self.adaptive.freeze(),
            refusals_span_ns=None if self.refusals is None else nanoseconds(self.refusals.span_s),
            confirmed_rows=frozenset() if self.confirmed is None else self.confirmed.freeze(),
            counts_unfilled=self.trades is None or self.trades.counts_unfilled,
        )
