"""Strategies with a signal, for tests of screening: a breakout, and one whose signal lies."""

from collections import deque
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.strategy import Intent, Signal, SignalBars, View
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams


@dataclass(frozen=True, slots=True)
class BreakoutParams:
    up: int = 5
    down: int = 3
    bar: str = "1m"

    def __post_init__(self) -> None:
        if min(self.up, self.down) < 1:
            raise ValueError("up and down must be 1 or more")


def breakout_wishes(bars: SignalBars, out: MutableSequence[int], up: int, down: int) -> None:
    """Buys above the highest high of the `up` bars before, sells below the lowest low of `down`."""
    for i in range(max(up, down), len(out)):
        if bars.close[i] > max(bars.high[i - up : i]):
            out[i] = 1
        elif bars.close[i] < min(bars.low[i - down : i]):
            out[i] = -1


class Breakout:
    name = "breakout"
    tier = Tier.SNIPER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = BreakoutParams
    signal = Signal(breakout_wishes, ("up", "down"))

    def __init__(self, params: BreakoutParams | None = None) -> None:
        self.params = params or BreakoutParams()
        self.bar: str | None = self.params.bar
        self.seen: deque[BarClosed] = deque(maxlen=max(self.params.up, self.params.down))

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed:
            return ()
        before, enough = list(self.seen), len(self.seen) == self.seen.maxlen
        self.seen.append(event)
        held = view.position(event.symbol) is not None
        if not enough:
            return ()
        if event.close > max(bar.high for bar in before[-self.params.up :]):
            return () if held else (Intent(event.symbol, Side.BUY, why="signal"),)
        if event.close < min(bar.low for bar in before[-self.params.down :]) and held:
            return (Intent(event.symbol, Side.SELL, reduces=True, why="signal"),)
        return ()


def late_wishes(bars: SignalBars, out: MutableSequence[int], fast: int, slow: int) -> None:
    """Not what the strategy does: a bar late."""
    now, fast_ago, slow_ago = bars.sums[slow:], bars.sums[slow - fast :], bars.sums
    for i in range(len(now) - 1):
        difference = (now[i] - fast_ago[i]) * slow - (now[i] - slow_ago[i]) * fast
        out[slow + i] = 1 if difference > 0 else (-1 if difference < 0 else 0)


class Liar(SmaCross):
    """Its signal does not say what it does."""

    name = "liar"
    Params = SmaCrossParams
    signal = Signal(late_wishes, ("fast", "slow"))


class Heir(SmaCross):
    """Decides otherwise than what it inherits from: the inherited signal says nothing of it."""

    name = "heir"

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        return ()
