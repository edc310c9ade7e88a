"""Buy the cheap leg of two symbols that belong together, as long as they prove that they do.

Premise: two prices with a common cause keep a distance that wanders off and returns (they are
cointegrated). When one is cheap against the other, it has some of the way back ahead of it.

Every bar it fits the log price of the first symbol on that of the second over the last `bars`
moments in which both traded: a rolling hedge ratio, and a spread with its z-score. It enters only
while the spread returns by its own record: Dickey-Fuller t at most `max_t`, half-life between
`min_half_life` and `max_half_life` bars, hedge ratio above 0. z at most -`entry_z`: the first
symbol is cheap; z at least `entry_z`: the second one is. After an entry it waits until z has come
back inside. Beyond `stop_z` nothing is bought: that is no spread any more.
Exit: z has come back to `exit_z`, z is beyond `stop_z`, the half-life is out of bounds, or
`hold_bars` are over; the protective stop rests `stop_bps` below the close.

It decides when both symbols have closed their bar of a moment, in whichever order; only the time
exit does not wait for the other symbol. Statistics are float64; a z on the line counts as there.

**The leg is not hedged.** Spot knows no short: the dear leg is not sold, so all of the market's
own movement stays in the result, and it is usually larger than the edge. It is a reason to buy
one symbol rather than the other, not an arbitrage.

Costs: `taker_bps` and `slippage_bps` on both sides. Of the spread, only `own_share` is counted as
coming back through the leg that is held: the rest may come back through the other one.

When it fails: pairs part for good (a listing, a fork, a new use), and the test knows only later.
At 1 % one of a hundred windows of two strangers passes it, and windows overlap: over months some
entries are chance. A pair chosen because it was cointegrated has its best time behind it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import log

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.domain.money import BPS, ONE
from genesis.domain.orders import Side
from genesis.strategy.base import Intent, View
from genesis.strategy.strategist.cointegration import Fit, fit
from genesis.strategy.symbols import Moment, listed
from genesis.strategy.windows import check_width

_LEAST_BARS, _MOST_BARS = 30, 5_000
_GRAIN = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class StatisticalArbParams:
    """symbols: two, parted by commas. bars: moments in the fit, of width `bar`.

    entry_z, exit_z, stop_z: of the spread, exit_z < entry_z < stop_z. min_half_life and
    max_half_life: in bars. max_t: the largest Dickey-Fuller t it believes. own_share: of the
    spread, what the held leg gains of it. Distances in basis points. hold_bars: the longest stay.
    """

    symbols: str = "BTC/USDT,ETH/USDT"
    bars: int = 200
    bar: str = "15m"
    entry_z: float = 2.0
    exit_z: float = 0.25
    stop_z: float = 4.0
    max_t: float = -3.9
    min_half_life: float = 1.0
    max_half_life: float = 50.0
    own_share: float = 0.5
    taker_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)
    min_edge_bps: Decimal = Decimal(5)
    stop_bps: Decimal = Decimal(300)
    hold_bars: int = 100

    def __post_init__(self) -> None:
        if not _LEAST_BARS <= self.bars <= _MOST_BARS:
            raise ValueError(f"bars must lie between {_LEAST_BARS} and {_MOST_BARS}: {self.bars}")
        if not 0 <= self.exit_z < self.entry_z < self.stop_z:
            raise ValueError("0 <= exit_z < entry_z < stop_z is needed")
        if self.entry_z**2 > self.bars - 1:
            raise ValueError(f"entry_z is further than a spread of {self.bars} bars can be")
        if not 0 < self.min_half_life < self.max_half_life <= self.bars:
            raise ValueError("0 < min_half_life < max_half_life <= bars is needed")
        if not self.max_t < 0:
            raise ValueError(f"max_t must be below 0, not {self.max_t}")
        if not 0 < self.own_share <= 1:
            raise ValueError(f"own_share must lie between 0 and 1, not {self.own_share}")
        if min(self.taker_bps, self.slippage_bps) < 0 or self.hold_bars <= 0:
            raise ValueError("taker_bps, slippage_bps must not be negative, hold_bars positive")
        if not 0 < self.stop_bps < BPS:
            raise ValueError(f"stop_bps must lie between 0 and 10000, not {self.stop_bps}")
        check_width(self.bar)
        assert self.names

    @property
    def names(self) -> tuple[str, ...]:
        return listed(self.symbols, 2, 2)

    @property
    def costs_bps(self) -> Decimal:
        """Of both sides."""
        return 2 * (self.taker_bps + self.slippage_bps)


class StatisticalArb:
    name = "statistical_arb"
    tier = Tier.STRATEGIST
    wants: frozenset[type] = frozenset({BarClosed})
    Params = StatisticalArbParams

    def __init__(self, params: StatisticalArbParams | None = None) -> None:
        self.params = params or StatisticalArbParams()
        self.bar: str | None = self.params.bar
        self._width_ns = check_width(self.params.bar)
        self._names = self.params.names
        self._moment = Moment(self._names)
        self._logs = tuple(deque[float](maxlen=self.params.bars) for _ in self._names)
        self._waits = False
        """Has it entered on this excursion of the spread already?"""

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if type(event) is not BarClosed or event.width_ns != self._width_ns:
            return ()
        if event.symbol not in self._names:
            return ()
        bars = self._moment.add(event)
        if not bars:
            return (_sell(event.symbol),) if self._is_over(event.symbol, view) else ()
        for kept, bar in zip(self._logs, bars, strict=True):
            kept.append(log(bar.close))
        found = fit(*self._logs) if len(self._logs[0]) == self.params.bars else None
        held = [name for name in self._names if view.position(name) is not None]
        if held:
            return [wish for name in held for wish in self._leave(name, found, view)]
        return self._enter(found, bars, view)

    # -- entries -----------------------------------------------------------------------------
    def _enter(self, found: Fit | None, bars: Sequence[BarClosed], view: View) -> Sequence[Intent]:
        params = self.params
        if found is None:
            return ()
        if abs(found.z) < params.entry_z:
            self._waits = False
            return ()
        is_busy = any(view.orders(name) for name in self._names)
        if self._waits or is_busy or abs(found.z) >= params.stop_z or not self._returns(found):
            return ()
        cheap = bars[0] if found.z < 0 else bars[1]
        edge_bps = self._edge_bps(found)
        if edge_bps < params.min_edge_bps:
            return ()
        self._waits = True
        stop = cheap.close * (ONE - params.stop_bps / BPS)
        return (
            Intent(cheap.symbol, Side.BUY, stop=stop, why="cheap leg", expected_value_bps=edge_bps),
        )

    def _returns(self, found: Fit) -> bool:
        """Does the spread come back, by its own record?"""
        return found.hedge > 0 and found.t <= self.params.max_t and self._is_in_time(found)

    def _is_in_time(self, found: Fit) -> bool:
        return self.params.min_half_life <= found.half_life <= self.params.max_half_life

    def _edge_bps(self, found: Fit) -> Decimal:
        """What the cheap leg may gain, net of costs."""
        way = -found.spread if found.spread < 0 else found.spread / found.hedge
        gain = Decimal(way * self.params.own_share) * BPS
        return gain.quantize(_GRAIN) - self.params.costs_bps

    # -- exits -------------------------------------------------------------------------------
    def _leave(self, name: str, found: Fit | None, view: View) -> Sequence[Intent]:
        if self._is_over(name, view):
            return (_sell(name),)
        if found is None:
            return ()
        z = found.z if name == self._names[0] else -found.z  # below 0: the leg is cheap
        if z >= -self.params.exit_z:
            return (_sell(name, "target"),)
        if z <= -self.params.stop_z or not self._is_in_time(found):
            return (_sell(name),)
        return ()

    def _is_over(self, name: str, view: View) -> bool:
        position = view.position(name)
        if position is None:
            return False
        return view.now_ns - position.opened_ns >= self.params.hold_bars * self._width_ns


def _sell(symbol: str, why: str = "signal") -> Intent:
    return Intent(symbol, Side.SELL, reduces=True, why=why)
