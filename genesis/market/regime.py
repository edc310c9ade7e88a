"""MarketState of one symbol: how its last minute compares with its own last weeks.

    PANIC      the true range is in the highest hundredth of its window, a bar moved by more than
               six of its sigmas, or the spread is wide
    VOLATILE   the true range is in the highest tenth
    DEAD       hardly anything trades, and the spread is wider than usual
    NORMAL     else, and while there are too few bars to tell

(The numbers are examples: they stand in the rules.) Every state is a latch of its own: it is
entered at once, and left when nothing has spoken for it for a while, its quantile a margin back.
Where several hold, the strictest is told. MAINTENANCE is the venue's word and no affair of bars.

All of it is a fold of closed bars and of the book's top at their boundaries: ticks in between
cost nothing and change nothing.
"""

from collections.abc import Callable
from math import sqrt
from typing import Final, NamedTuple

from genesis.domain.account import MarketState
from genesis.domain.events import BarClosed, BookTop
from genesis.market.ranks import Moves, Ranks
from genesis.market.rules import StateRules


class Reading(NamedTuple):
    """What one bar says.

    range_rank, volume_rank: share of the window below it. sigmas: its move over the usual one.
    spread_over: is the spread over so many medians? Never where no fresh top is known.
    """

    range_rank: float
    volume_rank: float
    sigmas: float
    spread_over: Callable[[float], bool]


def _panics(seen: Reading, rules: StateRules) -> str:
    if seen.sigmas > rules.panic_sigmas:
        return f"one bar moved by {seen.sigmas:.1f} sigmas"
    if seen.spread_over(rules.panic_spread_factor):
        return f"the spread is over {rules.panic_spread_factor:g} times its median"
    return _range_over(seen, rules.panic_quantile)


def _still_panics(seen: Reading, rules: StateRules) -> bool:
    leaves = seen.range_rank <= rules.panic_exit_quantile
    return not leaves or bool(_panics(seen, rules))


def _is_volatile(seen: Reading, rules: StateRules) -> str:
    return _range_over(seen, rules.volatile_quantile)


def _still_volatile(seen: Reading, rules: StateRules) -> bool:
    return seen.range_rank > rules.volatile_exit_quantile


def _is_dead(seen: Reading, rules: StateRules) -> str:
    if seen.volume_rank >= rules.dead_quantile or not seen.spread_over(rules.dead_spread_factor):
        return ""
    return f"volume is below its {rules.dead_quantile:.0%} quantile and the spread is wide"


def _still_dead(seen: Reading, rules: StateRules) -> bool:
    is_quiet = seen.volume_rank < rules.dead_exit_quantile
    return is_quiet and seen.spread_over(rules.dead_spread_factor)


def _range_over(seen: Reading, quantile: float) -> str:
    if seen.range_rank <= quantile:
        return ""
    return f"the true range is above its {quantile:.0%} quantile"


_LATCHES: Final = (
    (MarketState.PANIC, _panics, _still_panics),
    (MarketState.VOLATILE, _is_volatile, _still_volatile),
    (MarketState.DEAD, _is_dead, _still_dead),
)
"""The strictest first: what brings a state about, and what keeps it."""


class Regime:
    """One symbol's state and the window it is judged by.

    Volumes and spreads are those of bars whose book was known: the two are only ever asked
    together.
    """

    __slots__ = (
        "_atr",
        "_close",
        "_held_ns",
        "_moves",
        "_ranges",
        "_spreads",
        "_ts_ns",
        "_volumes",
        "reason",
        "rules",
        "state",
    )

    def __init__(self, rules: StateRules) -> None:
        self.rules = rules
        self.state = MarketState.NORMAL
        self.reason = ""
        self._ranges, self._volumes = Ranks(rules.window_bars), Ranks(rules.window_bars)
        self._spreads, self._moves = Ranks(rules.window_bars), Moves(rules.window_bars)
        self._atr = self._close = 0.0
        self._ts_ns = 0
        self._held_ns: dict[MarketState, int] = {}
        """Latched states, and when something spoke for each last."""

    @property
    def bars(self) -> int:
        """Bars known, at most those of the window."""
        return self._ranges.count

    @property
    def is_known(self) -> bool:
        """Are there enough bars? Until then the state is NORMAL because nothing is known."""
        return self.bars >= self.rules.bars_min

    def under(self, rules: StateRules) -> "Regime":
        """The same under other rules; another window or another width is learned anew."""
        same = (rules.width_ns, rules.window_bars) == (self.rules.width_ns, self.rules.window_bars)
        if not same:
            return Regime(rules)
        self.rules = rules
        return self

    def take(self, bar: BarClosed, top: BookTop | None) -> MarketState:
        """The state after one more closed bar; `top`: the book's at its boundary."""
        closed = float(bar.close)
        if closed <= 0:
            return self.state  # no market price: nothing can be compared with it
        rules, known, ts_ns = self.rules, self._ranges.count, bar.ts_ns
        before, root = self._close, 1.0
        if not before or ts_ns - self._ts_ns != rules.width_ns:
            before, root = self._came_from(bar)
        self._close, self._ts_ns = closed, ts_ns
        high, low = float(bar.high), float(bar.low)
        if high < before:
            high = before
        if low > before:
            low = before
        true_range = (high - low) / before / root
        smoothed = rules.atr_bars if known >= rules.atr_bars else known + 1
        self._atr += (true_range - self._atr) / smoothed
        range_rank = self._ranges.take(self._atr)
        sigmas = self._moves.take((closed - before) / before / root)
        spread = None if top is None else _spread(bar, top)
        volume_rank = 0.5
        spread_over: Callable[[float], bool] = _never
        if spread is not None:
            spread_over = self._spread_over(spread)
            volume_rank = self._volumes.take(float(bar.volume))
        if known >= rules.bars_min and not (
            spread_over is _never
            and range_rank <= rules.volatile_quantile
            and sigmas <= rules.panic_sigmas
            and not self._held_ns
        ):  # most bars say nothing, and nothing is held
            self._judge(ts_ns, Reading(range_rank, volume_rank, sigmas, spread_over))
        if spread is not None:
            self._spreads.take(spread)
        return self.state

    def _came_from(self, bar: BarClosed) -> tuple[float, float]:
        """The price of a bar that does not follow the last one, and the root of its bars."""
        passed_ns = bar.ts_ns - self._ts_ns
        if not self._close or passed_ns > self.rules.gap_ns:
            return float(bar.open) or float(bar.close), 1.0
        # bars without a trade lie between: their time went by, too
        return self._close, sqrt(max(1, passed_ns // self.rules.width_ns))

    def _spread_over(self, spread: float) -> Callable[[float], bool]:
        """The spread is over k medians where more than half of all are below a k-th of it."""
        spreads, rules = self._spreads, self.rules
        if spread <= rules.spread_floor or spreads.count < rules.bars_min:
            return _never
        return lambda factor: spreads.rank(spread / factor) > 0.5

    def _judge(self, ts_ns: int, seen: Reading) -> None:
        reasons: dict[MarketState, str] = {}
        held, rules = self._held_ns, self.rules
        for state, enters, keeps in _LATCHES:
            reason = enters(seen, rules)
            if reason or (state in held and keeps(seen, rules)):
                held[state] = ts_ns
            elif state in held and ts_ns - held[state] >= rules.exit_ns:
                del held[state]
            reasons[state] = reason
        strictest = next((state for state, _, _ in _LATCHES if state in held), MarketState.NORMAL)
        if strictest is not self.state:
            self.state = strictest
            self.reason = reasons.get(strictest) or "the market is calmer"


def _spread(bar: BarClosed, top: BookTop) -> float | None:
    """The spread as a share of the mid; None where the top is older than the bar."""
    if bar.ts_ns - top.ts_ns > bar.width_ns:
        return None
    bid, ask = float(top.bid), float(top.ask)
    return max(0.0, (ask - bid) / (ask + bid) * 2) if bid > 0 and ask > 0 else None


def _never(factor: float) -> bool:
    return False
