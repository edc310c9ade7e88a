"""Buy what fell far below its own mean, leave at the mean.

Premise: over some hours, in a calm market without news, a price that moved far from its rolling
mean without the mean following was pushed there by someone in a hurry, and drifts back. The edge
is the way back to the mean, and it has to cover the costs of both sides.

Entry: the close is `entry_z` standard deviations or more below the mean of the last `bars` closes,
and the close before it was not (a fresh fall; what goes on falling is not bought again). Decided
exactly on whole numbers; a close that lies exactly on the line counts as below it.
Only in a calm market (standard deviation at most `max_sigma_bps` of the mean) and only where the
way to the mean, less all costs, is at least `min_edge_bps`.
Exit: the close is at the mean or above it, or `hold_bars` are over; the protective stop rests
`stop_bps` below the close of the entry.

Costs: `taker_bps` and `slippage_bps` on each side, both counted before it enters.

When it fails: when the fall is news, the mean comes down to the price and not the price up to the
mean; then the time exit or the stop takes the loss. Many small gains and few large losses: a
sample without such a fall shows nothing of it. In a trend it buys every dip on the way down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.money import BPS, ONE, ZERO
from genesis.domain.orders import Side
from genesis.positions.ledger import Position
from genesis.strategy.base import Intent, View
from genesis.strategy.windows import LONGEST, Sums, check_width


@dataclass(frozen=True, slots=True)
class MeanReversionParams:
    """bars: closes in the mean, of width `bar`. Distances in basis points of the price.

    entry_z: standard deviations below the mean at which it buys. max_sigma_bps: the largest
    standard deviation it still calls calm. min_edge_bps: what must be left of the way to the mean
    after both sides' fees and slippage. hold_bars: how long a position may stay open.
    """

    bars: int = 48
    bar: str = "5m"
    entry_z: Decimal = Decimal(2)
    max_sigma_bps: Decimal = Decimal(150)
    taker_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)
    min_edge_bps: Decimal = Decimal(5)
    stop_bps: Decimal = Decimal(150)
    hold_bars: int = 24

    def __post_init__(self) -> None:
        if not 2 <= self.bars <= LONGEST:
            raise ValueError(f"bars must lie between 2 and {LONGEST}, not {self.bars}")
        if min(self.entry_z, self.max_sigma_bps) <= 0 or self.hold_bars <= 0:
            raise ValueError("entry_z, max_sigma_bps and hold_bars must be positive")
        if self.entry_z**2 > self.bars - 1:
            told = f"entry_z of {self.entry_z} is further than one of {self.bars} closes can be"
            raise ValueError(f"{told}: more bars must be taken, or a smaller entry_z")
        if min(self.taker_bps, self.slippage_bps) < 0:
            raise ValueError("taker_bps and slippage_bps must not be negative")
        if not 0 < self.stop_bps < BPS:
            raise ValueError(f"stop_bps must lie between 0 and 10000, not {self.stop_bps}")
        check_width(self.bar)

    @property
    def costs_bps(self) -> Decimal:
        """Of both sides."""
        return 2 * (self.taker_bps + self.slippage_bps)


class MeanReversion:
    name = "mean_reversion"
    tier = Tier.HUNTER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = MeanReversionParams

    def __init__(self, params: MeanReversionParams | None = None) -> None:
        self.params = params or MeanReversionParams()
        self.bar: str | None = self.params.bar
        self._width_ns = check_width(self.params.bar)
        self._signals: dict[str, Signal] = {}

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed or event.width_ns != self._width_ns:
            return ()
        signal = self._signals.get(event.symbol)
        if signal is None:
            signal = self._signals[event.symbol] = Signal(self.params)
        signal.add(event.close)
        position = view.position(event.symbol)
        if position is not None:
            left = signal.leave(position, view.now_ns, self._width_ns)
            return () if left is None else (left,)
        return (signal.entry(event),) if signal.is_entry else ()


class Signal:
    """One symbol: how far it fell below its mean, and what the way back is worth."""

    __slots__ = ("_params", "_sums", "_was_below", "edge_bps", "is_entry")

    def __init__(self, params: MeanReversionParams) -> None:
        self._params = params
        self._sums = Sums(params.bars)
        self._was_below = True
        self.is_entry = False
        self.edge_bps = ZERO
        """The way to the mean, less all costs."""

    def add(self, close: Decimal) -> None:
        """Take a close in. The first one with enough history before it can only be a past."""
        params, sums = self._params, self._sums
        sums.add(close)
        if not sums.is_full:
            return
        is_below = sums.above_mean < 0 and sums.is_beyond(params.entry_z)
        self.edge_bps = sums.to_mean_bps - params.costs_bps
        self.is_entry = (
            is_below
            and not self._was_below
            and sums.is_calm(params.max_sigma_bps)
            and self.edge_bps >= params.min_edge_bps
        )
        self._was_below = is_below

    def entry(self, bar: BarClosed) -> Intent:
        stop = bar.close * (ONE - self._params.stop_bps / BPS)
        return Intent(
            bar.symbol, Side.BUY, stop=stop, why="below its mean", expected_value_bps=self.edge_bps
        )

    def leave(self, position: Position, now_ns: int, width_ns: int) -> Intent | None:
        if self._sums.is_full and self._sums.above_mean >= 0:
            return Intent(position.symbol, Side.SELL, reduces=True, why="target")
        if now_ns - position.opened_ns >= self._params.hold_bars * width_ns:
            return Intent(position.symbol, Side.SELL, reduces=True, why="signal")
        return None
