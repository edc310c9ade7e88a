"""The backtest driver: a recorded market, the engine and the simulated exchange, in one order.

The engine is called only when something can happen: a bar closes, an order is answered or filled,
a timer fires, a tick touches a resting order or a watched price. What the ticks in between did to
prices is told in one go. `every_tick` feeds each of them instead: slower, and the same decisions
(the parity tests hold the two together).

Order: (time, rank, arrival), ranks as in `genesis.sim.schedule`. A tick stamped like a boundary,
a timer or an answer comes after it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BarClosed, Event, TimerFired, bar_timer_key
from genesis.engine.engine import Engine
from genesis.engine.step import NO_WATCH, Step, Watch
from genesis.sim.bar_drive import BarDrive
from genesis.sim.columns import NEVER, BarSource, Source, TickSource
from genesis.sim.exchange import SimExchange
from genesis.sim.scan import ANY_TICK, NOTHING, Levels, first_touch, levels_of, up_to
from genesis.sim.schedule import Moment, moments
from genesis.sim.traffic import Traffic

def run(
    engine: Engine,
    source: Source,
    exchange: SimExchange,
    *,
    opening: Sequence[Event] = (),
    every_tick: bool = False,
) -> Iterator[Step]:
    """Drive the engine through the source to its end; yields every step.

    `opening` is told first (run, account, instruments, balances). Orders in flight at the end are
    answered; orders still resting stay as they are, timers after the end never fire.
    """
    if isinstance(source, BarSource):
        yield from BarDrive(engine, source, exchange).steps(opening)
    else:
        yield from TickDrive(engine, source, exchange, every_tick=every_tick).steps(opening)


class TickDrive:
    """One symbol's ticks and book tops through the engine.

    `_next` is the first tick the market has not reached; the engine has been told of the ticks
    before `_told`, the venue of those before `_venue_told`. `_high` and `_low` are the extremes
    the engine knows of the open position.
    """

    def __init__(
        self, engine: Engine, source: TickSource, exchange: SimExchange, *, every_tick: bool
    ) -> None:
        self._traffic = Traffic(engine, exchange)
        self._engine, self._exchange = engine, exchange
        self._source, self._ticks = source, source.ticks
        self._symbol = source.ticks.instrument.symbol
        self._all_ticks = every_tick or source.all_ticks
        self._moments = moments(source, timers=every_tick)
        self._timers = every_tick
        self._next = self._told = self._venue_told = 0
        self._held = False
        self._high, self._low = -1, NEVER
        self._watch: Watch = NO_WATCH
        self._watched: Levels = NOTHING
        self._resting: Levels = NOTHING
        self._touch: Levels = ANY_TICK if self._all_ticks else NOTHING

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        for event in opening:
            yield self._traffic.handle(event, event.ts_ns)
        self._look()
        traffic, row, last_row = self._traffic, 0, len(self._moments) - 1
        while True:
            if row == last_row and self._next == len(self._ticks):
                traffic.end()
                if not traffic.waiting:
                    return
            moment = self._moments[row]
            due, rank, _, end, _, low, high, told = moment
            waiting = traffic.waiting
            first = bool(waiting) and waiting[0][0] <= due and waiting[0] < (due, rank)
            if first:
                end = self._reached(waiting[0][0], end)
            if self._next < end:
                below, above, every = self._touch
                if every or low <= below or high >= above:
                    touching = self._touching(end)
                    if touching < end:
                        self._next = touching
                        yield self._tick(moment)
                        continue
                self._next = end
            if first:
                step = self._arrival(moment)
                if step is not None:
                    yield step
            elif told >= 0:
                yield self._at(moment)
                row += 1
            elif row < last_row:
                row += 1

    # -- finding the next tick that matters --------------------------------------------------
    def _reached(self, at_ns: int, end: int) -> int:
        """The first tick stamped at or after `at_ns`, not before the next one nor after `end`."""
        start = self._next
        if start >= end or self._ticks.ts_ns[start] >= at_ns:
            return min(start, end)
        return start + int(np.searchsorted(self._ticks.ts_ns[start:end], at_ns))

    def _touching(self, end: int) -> int:
        """The first tick before `end` that can change something, or `end`."""
        below, above, every = self._touch
        if every:
            return self._next
        if below < 0 and above == NEVER:
            return end
        return first_touch(self._ticks.prices, self._next, end, below, above)

    # -- what happens ------------------------------------------------------------------------
    def _tick(self, moment: Moment) -> Step:
        """Deliver the next tick: the venue sees it first, then the engine."""
        self._tell(moment)
        self._tell_venue()
        tick = self._ticks.tick(self._next)
        self._next += 1
        self._told = self._venue_told = self._next
        self._traffic.answer(self._exchange.on_market(tick), tick.ts_ns)
        step = self._traffic.handle(tick, tick.ts_ns, self._exchange.latency.feed_ns)
        self._look_at_orders()
        self._look_at_watch()
        return step

    def _at(self, moment: Moment) -> Step:
        """A bar closes or the book's top moves."""
        due, _, width, _, _, low, high, row = moment
        if width == 0:
            return self._top(moment)
        feed_ns = self._exchange.latency.feed_ns
        if self._timers:
            timer = TimerFired(due, bar_timer_key(self._symbol, width))
            return self._traffic.handle(timer, due, feed_ns)
        if self._held and (self._watch is not NO_WATCH or high > self._high or low < self._low):
            self._tell(moment)
        self._told = self._next
        step = self._traffic.handle(self._bar(due, width, low, high, row), due, feed_ns)
        if self._watch is not NO_WATCH:
            self._look_at_watch()
        return step

    def _bar(self, due: int, width: int, low: int, high: int, row: int) -> BarClosed:
        ticks = self._ticks
        rows, price = ticks.bars(width), ticks.price_step
        return BarClosed(
            due,
            self._symbol,
            width,
            price * rows.open[row],
            price * high,
            price * low,
            price * rows.close[row],
            ticks.qty_step * rows.volume[row],
        )

    def _top(self, moment: Moment) -> Step:
        assert self._source.tops is not None
        top = self._source.tops.top(moment[-1])
        self._tell(moment)
        self._tell_venue()
        self._traffic.answer(self._exchange.on_market(top), top.ts_ns)
        step = self._traffic.handle(top, top.ts_ns, self._exchange.latency.feed_ns)
        self._look_at_orders()
        self._look_at_watch()
        return step

    def _arrival(self, moment: Moment) -> Step | None:
        """Something that was on its way arrives: an order at the venue, an answer or timer here."""
        waiting = self._traffic.pop()
        if waiting is None:
            return None
        at_ns, _, _, what = waiting
        if isinstance(what, SubmitOrder | CancelOrder):
            self._tell_venue()
            self._traffic.answer(self._exchange.obey(what, at_ns), at_ns)
            self._look_at_orders()
            return None
        self._tell(moment)
        step = self._traffic.handle(what, at_ns)
        self._look()
        return step

    # -- what was skipped --------------------------------------------------------------------
    def _tell(self, moment: Moment) -> None:
        """Tell the engine of the ticks it was spared."""
        start, end = self._told, self._next
        if start >= end:
            return
        self._told = end
        ticks, step = self._ticks, self._ticks.price_step
        last = high = low = int(ticks.prices[end - 1])
        if self._held:
            high, low = self._extremes(start, end, moment)
            self._high, self._low = max(high, self._high), min(low, self._low)
        self._engine.skip(
            self._symbol, int(ticks.ts_ns[end - 1]), step * high, step * low, step * last
        )

    def _extremes(self, start: int, end: int, moment: Moment) -> tuple[int, int]:
        _, _, _, bar_end, bar_start, low, high, _ = moment
        if start == bar_start and end == bar_end and low >= 0:
            return high, low
        span = self._ticks.prices[start:end]
        return int(span.max()), int(span.min())

    def _tell_venue(self) -> None:
        if self._venue_told < self._next:
            self._venue_told = self._next
            i = self._next - 1
            self._exchange.skip(self._symbol, int(self._ticks.ts_ns[i]), self._ticks.price(i))

    # -- what is watched ---------------------------------------------------------------------
    def _look(self) -> None:
        """After an event that may have moved the position."""
        position = self._engine.view.position(self._symbol)
        self._held = position is not None
        if position is not None:
            step = self._ticks.price_step
            self._high, self._low = int(position.high // step), up_to(position.low, step)
        self._look_at_watch()

    def _look_at_orders(self) -> None:
        resting = self._exchange.levels(self._symbol, self._ticks.price_step)
        if resting is not self._resting:
            self._resting = resting
            self._combine()

    def _look_at_watch(self) -> None:
        watch = self._engine.watch(self._symbol)
        if watch is not self._watch:
            self._watch = watch
            self._watched = (
                ANY_TICK
                if watch.every_tick
                else levels_of(watch.below, watch.above, self._ticks.price_step)
            )
            self._combine()

    def _combine(self) -> None:
        resting, watched = self._resting, self._watched
        self._touch = Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            self._all_ticks or resting.every or watched.every,
        )
