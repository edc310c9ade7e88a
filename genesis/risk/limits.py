"""The numbers of the risk engine, as the rules files give them. None has a default in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

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
class RollingLimit:
    """A fall from the highest result at the start of one of the last `days` UTC days.

    Touching it multiplies sizes by `share`, until a day starts with a fall that is small again.
    """

    days: int
    loss_usdt: Decimal
    share: Decimal

    @property
    def name(self) -> str:
        return _rolling(self.days)


@cache
def _rolling(days: int) -> str:
    return f"ROLLING_{days}D"


@dataclass(frozen=True, slots=True)
class TierLimits:
    """How much one tier may put at risk.

    Fractions are of sizing capital: equity, but at most `ceiling_usdt` (None: no ceiling).
    `drawdown` None: no drawdown limits (a permissive research rulebook). `rolling`: shortest
    window first, none in a permissive rulebook.
    """

    ceiling_usdt: Decimal | None
    position_fraction: Decimal
    risk_fraction: Decimal
    exposure_fraction: Decimal
    max_trades_per_day: int | None
    drawdown: DrawdownTable | None
    rolling: tuple[RollingLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class StreakStep:
    """From so many losses in a row on: sizes by `share`, and a pause after each loss.

    pause_ns None: until the next UTC day.
    """

    losses: int
    share: Decimal
    pause_ns: int | None


@dataclass(frozen=True, slots=True)
class StreakRules:
    """Steps by rising count of losses; a later one is never the milder one."""

    steps: tuple[StreakStep, ...]


@dataclass(frozen=True, slots=True)
class PaceRules:
    """At most `orders` entries within `span_ns`."""

    orders: int
    span_ns: int


@dataclass(frozen=True, slots=True)
class GiveBackRules:
    """What may be given back of a good day, in multiples of the day's warning limit.

    A profit of `armed_factor` limits fixes a floor at `floor_factor` limits for that day.
    """

    armed_factor: Decimal
    floor_factor: Decimal


@dataclass(frozen=True, slots=True)
class StrategyBreakerRules:
    """A strategy rests for `rest_ns` after so many losses in a row, or after a fall of its own
    results by `fall_factor` times the risk of one trade.
    """

    losses: int
    fall_factor: Decimal
    rest_ns: int


@dataclass(frozen=True, slots=True)
class ConditionRules:
    """When the line to the venue, or this machine, is no longer fit to take new risk.

    silent_ns: the venue answers nothing for so long. slow_orders in a row, each slower than
    slow_order_ns. limit_share: of a limit of the venue's is used. disk_free_bytes: less is left.
    memory_share: more of the machine's memory is used.
    """

    silent_ns: int
    slow_order_ns: int
    slow_orders: int
    limit_share: Decimal
    disk_free_bytes: int
    memory_share: Decimal


@dataclass(frozen=True, slots=True)
class SystemBreakerRules:
    """New risk rests for `rest_ns` after a fault of ours or the venue's, then one order tries.

    failed_orders within failed_span_ns trip it, and so does a stream silent for feed_gap_ns.
    probe_usdt: the most that the trying order may cost. conditions: None: none are watched.
    """

    failed_orders: int
    failed_span_ns: int
    feed_gap_ns: int
    rest_ns: int
    probe_usdt: Decimal
    conditions: ConditionRules | None = None


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """counts_unsent: an order that never left is a failed one, as one the venue rejected is."""

    strategy: StrategyBreakerRules
    system: SystemBreakerRules
    counts_unsent: bool = True


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """How large a strategy's entries may be by what it has shown; it only ever makes them smaller.

    results: the latest that count. Below results_min of them sizes are multiplied by
        unproven_share. quantile: of the share of wins; winsor: share of wins and of losses that is
        drawn in at either end. kelly_factor: of Kelly's share of equity that may be at risk.
    target_volatility: of a day's return of the symbol; above it sizes shrink in proportion. It is
        told by at least days_min days, each weighing `decay` times the one after it.
    """

    results: int
    results_min: int
    unproven_share: Decimal
    quantile: float
    winsor: float
    kelly_factor: float
    target_volatility: float
    decay: float
    days_min: int


@dataclass(frozen=True, slots=True)
class RiskRules:
    """Sizing and limits.

    slippage_fraction: how much worse than the quote a market order is assumed to fill.
    taker_fee_fraction: the venue's fee for taking, both ways.
    min_notional_margin_fraction: by how much an entry must exceed the venue's minimum.
    daily_loss_fraction: loss of a UTC day, of the day's starting equity, that demotes (None: off);
        strictly more counts.
    mark_stale_ns: a book top older than this does not value a position; the last trade does.
    confirm_marks, confirm_span_ns: so many marks in a row, over at least so long, must confirm a
        breach before it acts; until then entries are blocked.
    notify_at_fraction: share of a limit at which the trader is told.
    warning_multiplier: sizes for the rest of a day that touched the warning row.
    cap_counts_held: the cap of a position counts what is held of the symbol already.
    open_risk_factor: what all positions together may lose at their stops, in multiples of the
        risk of one trade. None in permissive rulebooks and in rules from before there was one; so
        with streak, pace, give_back, breakers and adaptive.
    refusals_span_ns: so long the same refusal of a strategy is only counted; None: all are told.
    confirmed_rows: rows of the drawdown table that need the confirmation of a halt, too; in rules
        from before there were any each acts at one mark.
    counts_unfilled: an entry is a trade of the day when it is sent, not with its first fill; so in
        rules from before one could say so.
    """

    slippage_fraction: Decimal
    taker_fee_fraction: Decimal
    min_notional_margin_fraction: Decimal
    daily_loss_fraction: Decimal | None
    mark_stale_ns: int
    confirm_marks: int
    confirm_span_ns: int
    notify_at_fraction: Decimal
    warning_multiplier: Decimal
    cap_counts_held: bool
    tiers: Mapping[Tier, TierLimits]
    open_risk_factor: Decimal | None = None
    streak: StreakRules | None = None
    pace: PaceRules | None = None
    give_back: GiveBackRules | None = None
    breakers: BreakerRules | None = None
    adaptive: AdaptiveRules | None = None
    refusals_span_ns: int | None = None
    confirmed_rows: frozenset[str] = frozenset()
    counts_unfilled: bool = True


def limits_equity(limits: TierLimits, rules: RiskRules) -> bool:
    """Does any limit look at equity at all?"""
    is_limited = limits.drawdown is not None or rules.daily_loss_fraction is not None
    return is_limited or bool(limits.rolling)
