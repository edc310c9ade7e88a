"""An example strategy: buy what breaks out of its channel, leave when it falls out of another.

Premise: a close above everything of the last weeks is the beginning of a trend more often than of
nothing, and the few long trends pay for many false starts. Channel: the highest high and lowest
low of earlier bars (Richard Donchian, 1960), long only.

Entry: the close is strictly above the highest high of the `entry_bars` bars before it; a close on
it is no breakout. Exit: the close is strictly below the lowest low of the `exit_bars` bars before
it. The protective stop rests at that low as it was at entry; it does not trail, the exit does.

Costs: a taker fee and half a spread on each side, few times a month on hourly bars.

When it fails: in a sideways market every touch of the channel's edge is a false start, and there
it loses most of the time. A stop at the low of the exit channel can be far away; the gate makes
the size smaller, not the distance. Whoever looks for the best channel on the past finds one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.strategy.base import Intent, View
from genesis.strategy.windows import LONGEST, Highest, check_width


@dataclass(frozen=True, slots=True)
class DonchianParams:
    """entry_bars, exit_bars: bars in the channels, exit_bars <= entry_bars. bar: their width."""

    entry_bars: int = 20
    exit_bars: int = 10
    bar: str = "1h"

    def __post_init__(self) -> None:
        if not 0 < self.exit_bars <= self.entry_bars:
            told = f"not exit_bars={self.exit_bars}, entry_bars={self.entry_bars}"
            raise ValueError(f"0 < exit_bars <= entry_bars is needed, {told}")
        if self.entry_bars > LONGEST:
            raise ValueError(f"entry_bars must be at most {LONGEST}, not {self.entry_bars}")
        check_width(self.bar)


class Donchian:
    name = "donchian"
    tier = Tier.SNIPER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = DonchianParams

    def __init__(self, params: DonchianParams | None = None) -> None:
        self.params = params or DonchianParams()
        self.bar: str | None = self.params.bar
        self._width_ns = check_width(self.params.bar)
        self._channels: dict[str, _Channels] = {}

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed or event.width_ns != self._width_ns:
            return ()
        channels = self._channels.get(event.symbol)
        if channels is None:
            channels = _Channels(self.params)
            self._channels[event.symbol] = channels
        high, low = channels.high, channels.low
        channels.add(event)
        if view.position(event.symbol) is not None:
            if low is not None and event.close < low:
                return (Intent(event.symbol, Side.SELL, reduces=True, why="signal"),)
        elif high is not None and event.close > high:
            return (Intent(event.symbol, Side.BUY, stop=low, why="breakout"),)
        return ()


class _Channels:
    """The highest high and the lowest low of the bars so far; None before there are enough."""

    __slots__ = ("_highs", "_lows")

    def __init__(self, params: DonchianParams) -> None:
        self._highs = Highest(params.entry_bars)
        self._lows = Highest(params.exit_bars)

    def add(self, bar: BarClosed) -> None:
        self._highs.add(bar.high)
        self._lows.add(-bar.low)

    @property
    def high(self) -> Decimal | None:
        return self._highs.value

    @property
    def low(self) -> Decimal | None:
        highest = self._lows.value
        return None if highest is None else -highest
