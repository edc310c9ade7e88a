"""An example strategy: two moving averages of closes, long only.

Cross rule: the sign of (fast average - slow average), decided on exact integer sums of closes; a
tie keeps the last sign that was not zero; the first bar with enough history counts as a cross up
when fast > slow. A cross up buys, a sign below zero sells everything held.

Premise: moves last. Where a price has risen over some time, it goes on rising more often than not,
and an average of few bars above one of many says that it has.

Costs: a taker fee and half a spread on each side, at every cross; the shorter the averages, the
more of them.

When it fails: sideways. Each swing crosses the averages late, near its end, and pays for both
sides. After fees a cross on minute bars loses in most markets. It is here to show the flow and to
be compared with other engines, not to make money.
"""

from collections import deque
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass
from typing import Final

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.orders import Side
from genesis.strategy.base import Intent, View
from genesis.strategy.signal import Signal, SignalBars
from genesis.strategy.windows import LONGEST, UNITS, check_width

_HELD: Final = 2**62


@dataclass(frozen=True, slots=True)
class SmaCrossParams:
    """fast, slow: bars in the two averages, fast < slow. bar: width of the bars."""

    fast: int = 10
    slow: int = 30
    bar: str = "1m"

    def __post_init__(self) -> None:
        if not 0 < self.fast < self.slow:
            raise ValueError(f"0 < fast < slow is needed, not fast={self.fast}, slow={self.slow}")
        if self.slow > LONGEST:
            raise ValueError(f"slow must be at most {LONGEST}, not {self.slow}")
        check_width(self.bar)


def sma_wishes(bars: SignalBars, out: MutableSequence[int], fast: int, slow: int) -> None:
    """The sign of (fast average - slow average) at each bar; 0 for a tie or too little history."""
    now, fast_ago, slow_ago = bars.sums[slow:], bars.sums[slow - fast :], bars.sums
    signs = out[slow - 1 :]
    for i in range(len(now)):
        difference = (now[i] - fast_ago[i]) * slow - (now[i] - slow_ago[i]) * fast
        signs[i] = 1 if difference > 0 else (-1 if difference < 0 else 0)


def sma_fits(span: int, fast: int, slow: int) -> bool:
    """Both products of `sma_wishes` are at most span * fast * slow."""
    return span * fast * slow < _HELD


class SmaCross:
    name = "sma_cross"
    tier = Tier.SNIPER
    wants: frozenset[type] = frozenset({BarClosed})
    Params = SmaCrossParams
    signal = Signal(sma_wishes, ("fast", "slow"), sma_fits)

    def __init__(self, params: SmaCrossParams | None = None) -> None:
        self.params = params or SmaCrossParams()
        self.bar: str | None = self.params.bar
        self._width_ns = check_width(self.params.bar)
        self._averages: dict[str, _Averages] = {}

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed or event.width_ns != self._width_ns:
            return ()
        averages = self._averages.get(event.symbol)
        if averages is None:
            averages = _Averages(self.params.fast, self.params.slow)
            self._averages[event.symbol] = averages
        before = averages.sign
        now = averages.add(int(event.close * UNITS))
        if now < 0:
            if view.position(event.symbol) is not None:
                return (Intent(event.symbol, Side.SELL, reduces=True, why="signal"),)
        elif now > 0 >= before and view.position(event.symbol) is None:
            return (Intent(event.symbol, Side.BUY, why="signal"),)
        return ()


class _Averages:
    """Running sums of the last `fast` and `slow` closes, and the sign of their difference.

    `sign` is that of the last bar with enough history that was not a tie; 0 before the first.
    """

    __slots__ = ("_fast", "_fast_sum", "_slow", "_slow_sum", "_window", "sign")

    def __init__(self, fast: int, slow: int) -> None:
        self._fast, self._slow = fast, slow
        self._window = deque((0,) * slow, maxlen=slow)
        self._fast_sum = self._slow_sum = 0
        self.sign = 0

    def add(self, close: int) -> int:
        """Take one close in; 1, -1 or, for a tie or too little history, 0."""
        window, fast, slow = self._window, self._fast, self._slow
        fast_sum = self._fast_sum = self._fast_sum + close - window[-fast]
        slow_sum = self._slow_sum = self._slow_sum + close - window[0]
        window.append(close)
        if not window[0]:  # prices are above 0: there are not `slow` of them yet
            return 0
        difference = fast_sum * slow - slow_sum * fast
        if difference > 0:
            self.sign = 1
            return 1
        if difference < 0:
            self.sign = -1
            return -1
        return 0
