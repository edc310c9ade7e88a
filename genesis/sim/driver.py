"""The backtest driver: a recorded market, the engine and the simulated exchange, in one order.

The engine is called only when something can happen: a bar closes, an order is answered or filled,
a timer fires, a tick touches a resting order or a watched price. What the ticks in between did to
prices is told in one go. `every_tick` feeds each of them instead: slower, and the same decisions
(the parity tests hold the two together).

Order: (time, rank, arrival), ranks as in `genesis.sim.schedule`. A tick stamped like a boundary,
a timer or an answer comes after it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BarClosed, Event, TimerFired
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
        return BarDrive(engine, source, exchange).steps(opening)
    return TickDrive(engine, source, exchange, every_tick=every_tick).steps(opening)


STALE: Final = Levels(-1, NEVER, every=True)
"""Something happened: which ticks matter has to be asked again."""


class TickDrive:
    """One symbol's ticks and book tops through the engine.

    `_next` is the first tick the market has not reached; the engine has been told of the ticks
    before `_told`, the venue of those before `_venue_told`. `_high` and `_low` are extremes
    while a position is open that the engine is yet to be told of.
    """

    def __init__(
        self, engine: Engine, source: TickSource, exchange: SimExchange, *, every_tick: bool
    ) -> None:
        self._traffic = Traffic(engine, exchange, self._arrive)
        self._engine, self._exchange = engine, exchange
        self._source, self._ticks = source, source.ticks
        self._symbol = source.ticks.instrument.symbol
        self._all_ticks = every_tick or source.all_ticks
        self._moments = moments(source, timers=every_tick)
        self._feed_ns = exchange.latency.feed_ns
        self._next = self._told = self._venue_told = 0
        self._held = False
        self._high, self._low = -1, NEVER
        self._watch: Watch = NO_WATCH
        self._watched: Levels = NOTHING
        self._touch: Levels = STALE

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        for event in opening:
            yield self._traffic.handle(event, event.ts_ns)
        traffic = self._traffic
        for moment in self._moments:
            due, rank, end, _, low, high, told = moment
            below, above, every = self._touch
            waiting = traffic.waiting
            first = bool(waiting) and waiting[0] < (due, rank)
            if first or every or low <= below or high >= above:
                yield from self._until(moment)
            self._next = end
            if told is not None:
                yield self._at(moment, told)

    def _until(self, moment: Moment) -> Iterator[Step]:
        """Whatever happens before a moment: ticks that touch something, arrivals, timers."""
        due, rank, moment_end, *_ = moment
        traffic, count = self._traffic, len(self._ticks)
        while True:
            if due == NEVER and self._next == count:
                traffic.end()
            waiting = traffic.waiting
            first = bool(waiting) and waiting[0] < (due, rank)
            end = self._reached(waiting[0][0], moment_end) if first else moment_end
            if self._next < end:
                self._next = self._touching(end)
                if self._next < end:
                    yield self._tick(moment)
            elif first:
                step = self._arrival(moment)
                if step is not None:
                    yield step
            else:
                self._look()
                return

    # -- finding the next tick that matters --------------------------------------------------
    def _reached(self, at_ns: int, end: int) -> int:
        """The first tick stamped at or after `at_ns`, not before the next one nor after `end`."""
        start = self._next
        if start >= end or self._ticks.ts_ns[start] >= at_ns:
            return min(start, end)
        return start + int(np.searchsorted(self._ticks.ts_ns[start:end], at_ns))

    def _touching(self, end: int) -> int:
        """The first tick before `end` that can change something, or `end`."""
        self._look()
        below, above, every = self._touch
        if every:
            return self._next
        if below < 0 and above == NEVER:
            return end
        return first_touch(self._ticks.prices, self._next, end, below, above)

    # -- what happens ------------------------------------------------------------------------
    def _tick(self, moment: Moment) -> Step:
        """Deliver the next tick: the venue sees it first, then the engine."""
        self._catch_up(moment)
        self._tell_venue()
        tick = self._ticks.tick(self._next)
        self._next += 1
        self._told = self._venue_told = self._next
        self._to_engine(self._exchange.on_market(tick), tick.ts_ns)
        step = self._traffic.handle(tick, tick.ts_ns, self._feed_ns)
        self._touch = STALE
        return step

    def _at(self, moment: Moment, told: BarClosed | TimerFired | int) -> Step:
        """A bar closes or the book's top moves."""
        if isinstance(told, int):
            return self._top(moment, told)
        if self._held:
            self._note(moment)
            if self._watch is not NO_WATCH:
                self._tell()
        self._told = self._next
        step = self._traffic.handle(told, moment[0], self._feed_ns)
        if self._watch is not NO_WATCH:
            self._touch = STALE
        return step

    def _top(self, moment: Moment, row: int) -> Step:
        assert self._source.tops is not None
        top = self._source.tops.top(row)
        self._catch_up(moment)
        self._tell_venue()
        self._to_engine(self._exchange.on_market(top), top.ts_ns)
        step = self._traffic.handle(top, top.ts_ns, self._feed_ns)
        self._touch = STALE
        return step

    def _arrival(self, moment: Moment) -> Step | None:
        """Something that was on its way arrives: an order at the venue, an answer or timer here."""
        waiting = self._traffic.pop()
        if waiting is None:
            return None
        at_ns, _, _, what = waiting
        if isinstance(what, SubmitOrder | CancelOrder):
            self._arrive(what, at_ns)
            return None
        self._catch_up(moment)
        step = self._traffic.handle(what, at_ns)
        self._held = self._engine.view.position(self._symbol) is not None
        self._touch = STALE
        return step

    def _arrive(self, order: SubmitOrder | CancelOrder, at_ns: int) -> None:
        """An order or cancel reaches the venue."""
        self._tell_venue()
        self._to_engine(self._exchange.obey(order, at_ns), at_ns)

    def _to_engine(self, reports: Sequence[Event], at_ns: int) -> None:
        """What the venue reports starts its way back; what rests there may have changed."""
        if reports:
            self._traffic.answer(reports, at_ns)
            self._touch = STALE

    # -- what was skipped --------------------------------------------------------------------
    def _note(self, moment: Moment) -> None:
        """Remember the extremes of the ticks the engine was spared."""
        start, end = self._told, self._next
        if start >= end:
            return
        self._told = end
        _, _, bar_end, bar_start, low, high, _ = moment
        if start != bar_start or end != bar_end or low < 0:
            span = self._ticks.prices[start:end]
            low, high = int(span.min()), int(span.max())
        if high > self._high:
            self._high = high
        if low < self._low:
            self._low = low

    def _tell(self) -> None:
        """Tell the engine what the ticks it was spared did to prices."""
        if self._high < 0:
            return
        ticks, step = self._ticks, self._ticks.price_step
        high, low = step * self._high, step * self._low
        last, at_ns = ticks.price(self._told - 1), int(ticks.ts_ns[self._told - 1])
        self._high, self._low = -1, NEVER
        self._engine.skip(self._symbol, at_ns, high, low, last)

    def _catch_up(self, moment: Moment) -> None:
        """Before an event: nothing that went by is left untold."""
        if self._held:
            self._note(moment)
        elif self._told < self._next:
            self._told = self._next
            self._high = self._low = int(self._ticks.prices[self._next - 1])
        self._tell()

    def _tell_venue(self) -> None:
        if self._venue_told < self._next:
            self._venue_told = self._next
            i = self._next - 1
            self._exchange.skip(self._symbol, int(self._ticks.ts_ns[i]), self._ticks.price(i))

    # -- what is watched ---------------------------------------------------------------------
    def _look(self) -> None:
        """Which ticks matter now: those of resting orders and those the engine watches for."""
        if self._touch is not STALE:
            return
        step = self._ticks.price_step
        watch = self._engine.watch(self._symbol)
        if watch is not self._watch:
            self._watch = watch
            watched = ANY_TICK if watch.every_tick else levels_of(watch.below, watch.above, step)
            self._watched = watched
        resting, watched = self._exchange.levels(self._symbol, step), self._watched
        self._touch = Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            self._all_ticks or resting.every or watched.every,
        )
