"""`[risk]` and `[execution]` of the rules files."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator

from genesis.domain.account import Tier
from genesis.domain.money import BPS
from genesis.execution.rules import ExecutionRules
from genesis.risk.limits import DrawdownTable, RiskRules, TierLimits
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


class Drawdown(Table):
    info_trade_usdt: Positive
    warning_daily_usdt: Positive
    critical_total_usdt: Positive
    halt_total_usdt: Positive

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


class Limits(Table):
    ceiling_usdt: PositiveOrNone
    position_fraction: Fraction
    risk_fraction: Fraction
    exposure_fraction: Fraction
    max_trades_per_day: CountOrNone
    drawdown: Annotated[Drawdown | None, BeforeValidator(none)]

    def freeze(self) -> TierLimits:
        return TierLimits(
            ceiling_usdt=self.ceiling_usdt,
            position_fraction=self.position_fraction,
            risk_fraction=self.risk_fraction,
            exposure_fraction=self.exposure_fraction,
            max_trades_per_day=self.max_trades_per_day,
            drawdown=None if self.drawdown is None else self.drawdown.freeze(),
        )


class TierLimitsTable(Table):
    SNIPER: Limits
    HUNTER: Limits
    STRATEGIST: Limits
    ARCHITECT: Limits


class Cap(Table):
    counts_held: bool


class Risk(Table):
    slippage_bps: NotNegative
    taker_fee_bps: NotNegative
    min_notional_margin_fraction: NotNegative
    clip_repeat_factor: Positive
    daily_loss_fraction: FractionOrNone
    mark_stale_s: Positive
    confirm_marks: Count
    confirm_span_s: NotNegative
    notify_at_fraction: Fraction
    warning_multiplier: Share
    cap: Cap | None = None  # in runs recorded before there was one each order had it for itself
    tiers: TierLimitsTable

    def freeze(self) -> RiskRules:
        return RiskRules(
            slippage_fraction=self.slippage_bps / BPS,
            taker_fee_fraction=self.taker_fee_bps / BPS,
            min_notional_margin_fraction=self.min_notional_margin_fraction,
            clip_repeat_factor=self.clip_repeat_factor,
            daily_loss_fraction=self.daily_loss_fraction,
            mark_stale_ns=nanoseconds(self.mark_stale_s),
            confirm_marks=self.confirm_marks,
            confirm_span_ns=nanoseconds(self.confirm_span_s),
            notify_at_fraction=self.notify_at_fraction,
            warning_multiplier=self.warning_multiplier,
            cap_counts_held=self.cap is not None and self.cap.counts_held,
            tiers={tier: getattr(self.tiers, tier.value).freeze() for tier in Tier},
        )


class Execution(Table):
    default_stop_fraction: FractionOrNone
    stop_retry_s: Positive
    fee_asset: Literal["received", "quote"]

    def freeze(self) -> ExecutionRules:
        return ExecutionRules(
            default_stop_fraction=self.default_stop_fraction,
            stop_retry_ns=nanoseconds(self.stop_retry_s),
            fee_asset=self.fee_asset,
        )
