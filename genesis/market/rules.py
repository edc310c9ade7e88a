"""How the state of a market is told, as the rules files give it. Nothing has a default in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import GlobalMarketState, MarketState


@dataclass(frozen=True, slots=True)
class StateRules:
    """One symbol's MarketState from its own bars; statistics are floats, shares are exact.

    width_ns: of the bars looked at. window_bars: how many of the latest a bar is compared with.
    bars_min: below so many the state is NORMAL, because nothing is known.
    atr_bars: bars over which the true range is smoothed. gap_ns: a bar that comes later than this
        after the last one is not compared with it: what happened between is not one bar's move.
    panic_quantile, volatile_quantile, dead_quantile: of the true range (over) and the volume
        (below), as shares of the window. exit_margin: so much further back they have to go, for
        exit_ns. dead_exit_quantile, panic_exit_quantile and volatile_exit_quantile: there.
    panic_sigmas: a move of one bar, in root mean squares of the window.
    panic_spread_factor, dead_spread_factor: of the median spread; a spread up to spread_floor (of
        the mid) is never wide: five times a single price tick is nothing.
    shares: sizes in each state. limit_only: states in which entries must be limit orders.
    """

    width_ns: int
    window_bars: int
    bars_min: int
    atr_bars: int
    gap_ns: int
    panic_quantile: float
    panic_exit_quantile: float
    volatile_quantile: float
    volatile_exit_quantile: float
    dead_quantile: float
    dead_exit_quantile: float
    exit_ns: int
    panic_sigmas: float
    panic_spread_factor: float
    dead_spread_factor: float
    spread_floor: float
    shares: Mapping[MarketState, Decimal]
    limit_only: frozenset[MarketState]


@dataclass(frozen=True, slots=True)
class CorrelationRules:
    """How much symbols move together, and how much of one bet may be held.

    slot_ns: of one return; window_slots: returns that count. common_min: with fewer in common two
        symbols count as one. shrink: of every correlation towards 0.
    alert_above, clear_below: of two open positions. cluster_above: held symbols above it are one
        bet; together they may be worth cluster_factor caps of one position.
    spike_above: the mean of all pairs, of at least spike_symbols symbols, above which sizes are
        multiplied by spike_share: in a market that moves as one nothing is spread.
    """

    slot_ns: int
    window_slots: int
    common_min: int
    shrink: float
    alert_above: float
    clear_below: float
    cluster_above: float
    cluster_factor: Decimal
    spike_above: float
    spike_symbols: int
    spike_share: Decimal


@dataclass(frozen=True, slots=True)
class WholeRules:
    """The GlobalMarketState of all followed symbols, from their closes; statistics are floats.

    slot_ns: of one close. window_slots: closes of the mean and of the usual moves. slots_min: below
    so many a symbol is not judged. days: of daily returns that are kept.
    span_slots: over which a fall is looked at; a crash is one of crash_fall (a log return) and of
        crash_sigmas usual spans. It lasts until nothing spoke for it for crash_rest_ns; the
        recovery after it lasts recovery_ns.
    bull_trend, bear_trend: distances from the mean (log returns), left exit_margin further back.
    bull_breadth, bear_breadth: shares of the symbols above their mean, at least and at most.
    shares: sizes in each state. no_adding: states in which nothing is added to a position.
    """

    slot_ns: int
    window_slots: int
    slots_min: int
    days: int
    span_slots: int
    bull_trend: float
    bear_trend: float
    exit_margin: float
    bull_breadth: float
    bear_breadth: float
    crash_fall: float
    crash_sigmas: float
    crash_rest_ns: int
    recovery_ns: int
    shares: Mapping[GlobalMarketState, Decimal]
    no_adding: frozenset[GlobalMarketState]


@dataclass(frozen=True, slots=True)
class PortfolioRules:
    """What all positions together may lose on a bad day.

    loss_fraction: of equity, the most. tail: how often a day may be worse than that. days_min:
    with fewer days in common the history of days says nothing. unknown_volatility: of a day,
    where too few returns of a symbol are known.
    """

    loss_fraction: Decimal
    tail: float
    days_min: int
    unknown_volatility: float


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What the market may do to sizes. None: symbols are not compared, have no state as a whole,
    or a bad day is not limited; so in rules from before there was one.
    """

    states: StateRules
    correlation: CorrelationRules | None
    whole: WholeRules | None = None
    portfolio: PortfolioRules | None = None
