"""The numbers of the risk engine, as the rules files give them. None has a default in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier


@dataclass(frozen=True, slots=True)
class DrawdownTable:
    """Falls in quote currency at which an alert is raised; touching counts.

    `info` looks at one trade, `warning` at the day, `critical` and `halt` at the fall from the
    peak. All on trading results: flows of money in and out do not move them.
    """

    info_usdt: Decimal
    warning_usdt: Decimal
    critical_usdt: Decimal
    halt_usdt: Decimal


@dataclass(frozen=True, slots=True)
class TierLimits:
    """How much one tier may put at risk.

    Fractions are of sizing capital: equity, but at most `ceiling_usdt` (None: no ceiling).
    `drawdown` None: no drawdown limits (a permissive research rulebook).
    """

    ceiling_usdt: Decimal | None
    position_fraction: Decimal
    risk_fraction: Decimal
    exposure_fraction: Decimal
    max_trades_per_day: int | None
    drawdown: DrawdownTable | None


@dataclass(frozen=True, slots=True)
class RiskRules:
    """Sizing and limits.

    slippage_fraction: how much worse than the quote a market order is assumed to fill.
    taker_fee_fraction: the venue's fee for taking, both ways.
    min_notional_margin_fraction: by how much an entry must exceed the venue's minimum.
    clip_repeat_factor: a request above this multiple of its cap is a sign, not a typing habit.
    daily_loss_fraction: loss of a UTC day, of the day's starting equity, that demotes (None: off);
        strictly more counts.
    mark_stale_ns: a book top older than this does not value a position; the last trade does.
    confirm_marks, confirm_span_ns: so many marks in a row, over at least so long, must confirm a
        breach before it acts; until then entries are blocked.
    notify_at_fraction: share of a limit at which the trader is told.
    warning_multiplier: sizes for the rest of a day that touched the warning row.
    cap_counts_held: the cap of a position counts what is held of the symbol already.
    """

    slippage_fraction: Decimal
    taker_fee_fraction: Decimal
    min_notional_margin_fraction: Decimal
    clip_repeat_factor: Decimal
    daily_loss_fraction: Decimal | None
    mark_stale_ns: int
    confirm_marks: int
    confirm_span_ns: int
    notify_at_fraction: Decimal
    warning_multiplier: Decimal
    cap_counts_held: bool
    tiers: Mapping[Tier, TierLimits]
