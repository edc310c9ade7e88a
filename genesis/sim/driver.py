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
from genesis.sim.scan import ANY_TICK, NOTHING, Levels, first_touch, levels_of
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
    before `_told`, the venue of those before `_venue_told`.
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
        self._watch: Watch = NO_WATCH
        self._watched: Levels = NOTHING
        self._resting: Levels = NOTHING

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
            due, end = moment.due_ns, moment.end
            waiting = traffic.waiting
            first = bool(waiting) and waiting[0][0] <= due and waiting[0] < (due, moment.rank)
            if first:
                end = self._reached(waiting[0][0], end)
            if self._next < end:
                touching = self._touching(end, moment)
                if touching < end:
                    self._next = touching
                    yield self._tick(moment)
                    continue
                self._next = end
            if first:
                step = self._arrival(moment)
                if step is not None:
                    yield step
            elif moment.row >= 0:
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

    def _touching(self, end: int, moment: Moment) -> int:
        """The first tick before `end` that can change something, or `end`."""
        if self._all_ticks or self._resting.every or self._watched.every:
            return self._next
        below = max(self._resting.below, self._watched.below)
        above = min(self._resting.above, self._watched.above)
        if below < 0 and above == NEVER:
            return end
        if moment.low > below and moment.high < above:
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
        self._resting = self._exchange.levels(self._symbol, self._ticks.price_step)
        step = self._traffic.handle(tick, tick.ts_ns, self._exchange.latency.feed_ns)
        self._look_at_watch()
        return step

    def _at(self, moment: Moment) -> Step:
        """A bar closes or the book's top moves."""
        feed_ns = self._exchange.latency.feed_ns
        if moment.width_ns == 0:
            return self._top(moment)
        if self._timers:
            key = bar_timer_key(self._symbol, moment.width_ns)
            return self._traffic.handle(TimerFired(moment.due_ns, key), moment.due_ns, feed_ns)
        if self._held:
            self._tell(moment)
        self._told = self._next
        step = self._traffic.handle(self._bar(moment), moment.due_ns, feed_ns)
        if self._held:
            self._look_at_watch()
        return step

    def _bar(self, moment: Moment) -> BarClosed:
        ticks, i = self._ticks, moment.row
        rows, price, qty = ticks.bars(moment.width_ns), ticks.price_step, ticks.qty_step
        return BarClosed(
            moment.due_ns,
            self._symbol,
            moment.width_ns,
            price * rows.open[i],
            price * moment.high,
            price * moment.low,
            price * rows.close[i],
            qty * rows.volume[i],
        )

    def _top(self, moment: Moment) -> Step:
        assert self._source.tops is not None
        top = self._source.tops.top(moment.row)
        self._tell(moment)
        self._tell_venue()
        self._traffic.answer(self._exchange.on_market(top), top.ts_ns)
        self._resting = self._exchange.levels(self._symbol, self._ticks.price_step)
        step = self._traffic.handle(top, top.ts_ns, self._exchange.latency.feed_ns)
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
            self._resting = self._exchange.levels(self._symbol, self._ticks.price_step)
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
        last = step * int(ticks.prices[end - 1])
        high = low = last
        if self._held:
            high, low = self._extremes(start, end, moment)
        self._engine.skip(self._symbol, int(ticks.ts_ns[end - 1]), high, low, last)

    def _extremes(self, start: int, end: int, moment: Moment) -> tuple[Decimal, Decimal]:
        step = self._ticks.price_step
        if start == moment.start and end == moment.end and moment.low >= 0:
            return step * moment.high, step * moment.low
        span = self._ticks.prices[start:end]
        return step * int(span.max()), step * int(span.min())

    def _tell_venue(self) -> None:
        if self._venue_told < self._next:
            self._venue_told = self._next
            i = self._next - 1
            self._exchange.skip(self._symbol, int(self._ticks.ts_ns[i]), self._ticks.price(i))

    # -- what is watched ---------------------------------------------------------------------
    def _look(self) -> None:
        self._held = self._engine.view.position(self._symbol) is not None
        self._look_at_watch()

    def _look_at_watch(self) -> None:
        watch = self._engine.watch(self._symbol)
        if watch is not self._watch:
            self._watch = watch
            self._watched = (
                ANY_TICK
                if watch.every_tick
                else levels_of(watch.below, watch.above, self._ticks.price_step)
            )
