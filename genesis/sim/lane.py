"""One symbol's recorded ticks on their way through the venue and the engine."""

import numpy as np

from genesis.domain.events import TradeTick
from genesis.engine.engine import Engine
from genesis.engine.step import NO_WATCH, Watch
from genesis.sim.columns import NEVER, TickSource
from genesis.sim.exchange import SimExchange
from genesis.sim.scan import ANY_TICK, NOTHING, Levels, first_touch, levels_of
from genesis.sim.schedule import UNKNOWN, Moment

STALE = Levels(-1, NEVER, every=True)
"""Something happened: which ticks matter has to be asked again."""


class Lane:
    """Where one symbol's market is, and what is known of it.

    next: the first tick the market has not reached. end: the first one that comes after the round
    of moments under way. moment: the symbol's own in it, or an older one. held: a position is
    open. is_watched: the engine asks for some of its ticks. touch: which ticks matter. The engine
    has been told of the ticks before `told`, the venue of those before `_venue_told`; `_high` and
    `_low` are extremes of a held symbol that the engine is yet to be told of.
    """

    __slots__ = (
        *("symbol", "source", "size", "next", "end", "moment", "held", "is_watched", "touch"),
        *("told", "_ticks", "_engine", "_exchange", "_all_ticks", "_venue_told"),
        *("_high", "_low", "_watch", "_watched", "_goal", "_goal_end", "_goal_touch"),
    )

    def __init__(
        self, engine: Engine, source: TickSource, exchange: SimExchange, *, every_tick: bool
    ) -> None:
        self._engine, self._exchange = engine, exchange
        self.source, self._ticks = source, source.ticks
        self.symbol = source.ticks.instrument.symbol
        self.size = len(source.ticks)
        self._all_ticks = every_tick or source.all_ticks
        self.next = self.end = self.told = self._venue_told = 0
        self.moment: Moment = UNKNOWN
        self.held = False
        self._high, self._low = -1, NEVER
        self._watch: Watch = NO_WATCH
        self.is_watched = False
        self._watched: Levels = NOTHING
        self.touch: Levels = STALE
        self._goal = self._goal_end = 0
        self._goal_touch: Levels = STALE

    @property
    def is_over(self) -> bool:
        return self.next == self.size

    # -- which tick is next ------------------------------------------------------------------
    def reached(self, at_ns: int) -> int:
        """The first tick stamped at `at_ns` or later, or the end of the round."""
        start, end = self.next, self.end
        if at_ns == NEVER or start >= end:
            return end
        stamps = self._ticks.ts_ns
        if stamps[start] >= at_ns:
            return start
        return start + int(np.searchsorted(stamps[start:end], at_ns))

    def touching(self, end: int) -> int:
        """The first tick before `end` that can change something, or `end`."""
        self.look()
        below, above, every = self.touch
        if every or self.next >= end:
            return min(self.next, end)
        if below < 0 and above == NEVER:
            return end
        is_known = self.next <= self._goal and end <= self._goal_end
        if not is_known or self.touch != self._goal_touch:
            self._goal = first_touch(self._ticks.prices, self.next, end, below, above)
            self._goal_end, self._goal_touch = end, self.touch
        return min(self._goal, end)

    def stamp(self, row: int) -> int:
        return int(self._ticks.ts_ns[row])

    def look(self) -> None:
        """Which ticks matter now: those of resting orders and those the engine watches for."""
        if self.touch is not STALE:
            return
        step = self._ticks.price_step
        watch = self._engine.watch(self.symbol)
        if watch is not self._watch:
            self._watch, self.is_watched = watch, watch is not NO_WATCH
            watched = ANY_TICK if watch.every_tick else levels_of(watch.below, watch.above, step)
            self._watched = watched
        resting, watched = self._exchange.levels(self.symbol, step), self._watched
        if watched is NOTHING and not self._all_ticks:
            self.touch = resting
            return
        self.touch = Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            self._all_ticks or resting.every or watched.every,
        )

    # -- what was skipped --------------------------------------------------------------------
    def _note(self) -> None:
        """Remember the extremes of the ticks the engine was spared."""
        start, end = self.told, self.next
        if start >= end:
            return
        self.told = end
        _, _, bar_end, bar_start, low, high, _ = self.moment
        if start != bar_start or end != bar_end or low < 0:
            span = self._ticks.prices[start:end]
            low, high = int(span.min()), int(span.max())
        if high > self._high:
            self._high = high
        if low < self._low:
            self._low = low

    def _tell(self) -> None:
        """Tell the engine what the ticks it was spared did to prices."""
        ticks, step = self._ticks, self._ticks.price_step
        high, low = step * self._high, step * self._low
        last, at_ns = ticks.price(self.told - 1), int(ticks.ts_ns[self.told - 1])
        self._high, self._low = -1, NEVER
        self._engine.skip(self.symbol, at_ns, high, low, last)

    def catch_up(self) -> None:
        """Before an event: nothing that went by is left untold."""
        if self.held:
            self._note()
        elif self.told < self.next:
            self.told = self.next
            self._high = self._low = int(self._ticks.prices[self.next - 1])
        if self._high >= 0:
            self._tell()

    def tell_venue(self) -> None:
        if self._venue_told < self.next:
            self._venue_told = self.next
            i = self.next - 1
            self._exchange.skip(self.symbol, int(self._ticks.ts_ns[i]), self._ticks.price(i))

    def take(self) -> TradeTick:
        """The next tick, once nothing before it is left untold; venue and engine hear of it."""
        self.tell_venue()
        tick = self._ticks.tick(self.next)
        self.next += 1
        self.told = self._venue_told = self.next
        return tick
