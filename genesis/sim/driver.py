"""The backtest driver: recorded markets, the engine and the simulated exchange, in one order.

The engine is called only when something can happen: a bar closes, an order is answered or filled,
a timer fires, a tick touches a resting order or a watched price. What the ticks in between did to
prices is told in one go. `every_tick` feeds each of them instead: slower, and the same decisions
(the parity tests hold the two together).

Order: (time, rank, arrival), ranks as in `genesis.sim.schedule`. A tick stamped like a boundary,
a timer or an answer comes after it. What several symbols have at one instant and of one rank comes
in the order in which the symbols were given.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BarClosed, Event, TimerFired
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.bar_drive import BarDrive
from genesis.sim.columns import NEVER, BarSource, Source, TickSource
from genesis.sim.exchange import SimExchange
from genesis.sim.lane import STALE, Lane
from genesis.sim.schedule import moments, rounds
from genesis.sim.traffic import Traffic, Waiting


def run(
    engine: Engine,
    sources: Sequence[Source],
    exchange: SimExchange,
    *,
    opening: Sequence[Event] = (),
    every_tick: bool = False,
) -> Iterator[Step]:
    """Drive the engine through the sources, one a symbol, to their end; yields every step.

    All of them are ticks, or all are bars. `opening` is told first (run, account, instruments,
    balances). Orders in flight at the end are answered; orders still resting stay as they are,
    timers after the end never fire.
    """
    bars = [source for source in sources if isinstance(source, BarSource)]
    if bars:
        assert len(bars) == len(sources)
        return BarDrive(engine, bars, exchange).steps(opening)
    ticks = [source for source in sources if isinstance(source, TickSource)]
    return TickDrive(engine, ticks, exchange, every_tick=every_tick).steps(opening)


class TickDrive:
    """Ticks and book tops of one symbol, or of several, through the engine."""

    def __init__(
        self,
        engine: Engine,
        sources: Sequence[TickSource],
        exchange: SimExchange,
        *,
        every_tick: bool,
    ) -> None:
        self._traffic = Traffic(engine, exchange, self._arrive)
        self._engine, self._exchange = engine, exchange
        self._lanes = [Lane(engine, one, exchange, every_tick=every_tick) for one in sources]
        self._is_alone = len(sources) == 1
        self._moments = [moments(one, timers=every_tick) for one in sources]

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        told = (self._traffic.handle(event, event.ts_ns) for event in opening)
        return chain(told, self._alone() if self._is_alone else self._together())

    def _alone(self) -> Iterator[Step]:
        """One symbol: nothing is asked between two of its moments unless something may happen."""
        traffic, lane = self._traffic, self._lanes[0]
        for moment in self._moments[0]:
            due, rank, end, _, low, high, told = lane.moment = moment
            lane.end = end
            below, above, every = lane.touch
            waiting = traffic.waiting
            if every or low <= below or high >= above or (waiting and waiting[0] < (due, rank)):
                yield from self._until(due, rank)
            lane.next = end
            if told is not None:
                yield self._at(lane, due, told)

    def _together(self) -> Iterator[Step]:
        """Several symbols, in rounds of the moments that share an instant."""
        lanes = self._lanes
        for due, rank, parts in rounds(self._moments):
            for number, moment in parts:
                lanes[number].moment = moment
            self._begin(due, [number for number, _ in parts])
            yield from self._until(due, rank)
            for number, (*_, told) in parts:
                if told is not None:
                    yield self._at(lanes[number], due, told)

    @property
    def acted_ns(self) -> int:
        """See `Traffic.acted_ns`."""
        return self._traffic.acted_ns

    def _begin(self, due: int, numbers: Sequence[int]) -> None:
        """How far each symbol's market goes before the moments of the round."""
        for number, lane in enumerate(self._lanes):
            lane.end = lane.size
            lane.end = lane.moment[2] if number in numbers else lane.reached(due)

    def _until(self, due: int, rank: int) -> Iterator[Step]:
        """Whatever happens before a moment: ticks that touch something, arrivals, timers."""
        traffic, moment = self._traffic, (due, rank)
        while True:
            first = _first(traffic.waiting, moment)
            lane = self._touched(NEVER if first is None else first[0])
            if lane is not None:
                yield self._tick(lane)
                continue
            if due == NEVER and all(lane.is_over for lane in self._lanes):
                traffic.end()
                first = _first(traffic.waiting, moment)
            if first is None:
                break
            step = self._arrival()
            if step is not None:
                yield step
        for each in self._lanes:
            each.look()

    def _touched(self, until_ns: int) -> Lane | None:
        """Go on to the first tick stamped before `until_ns` that can change something: its lane.

        None: there is none before that, and before the end of the round.
        """
        if self._is_alone:
            lane = self._lanes[0]
            end = lane.reached(until_ns)
            if lane.next >= end:
                return None
            lane.next = lane.touching(end)
            return lane if lane.next < end else None
        best: Lane | None = None
        at_ns = NEVER
        goals = []
        for lane in self._lanes:
            end = lane.reached(until_ns)
            goal = lane.touching(end)
            goals.append(goal)
            if goal < end and lane.stamp(goal) < at_ns:
                best, at_ns = lane, lane.stamp(goal)
        is_before = best is not None
        for lane, goal in zip(self._lanes, goals, strict=True):
            if lane is best:
                is_before = False
                lane.next = goal
            elif best is None:
                lane.next = goal
            else:
                lane.next = min(goal, lane.reached(at_ns + is_before))
        return best

    # -- what happens ------------------------------------------------------------------------
    def _tick(self, lane: Lane) -> Step:
        """Deliver the next tick: the venue sees it first, then the engine."""
        for other in self._lanes:
            other.catch_up()
        tick = lane.take()
        self._traffic.answer(self._exchange.on_market(tick), tick.ts_ns)
        step = self._traffic.handle(tick, tick.ts_ns, is_news=True)
        self._look_again()
        return step

    def _at(self, lane: Lane, due: int, told: BarClosed | TimerFired | int) -> Step:
        """A bar closes or the book's top moves."""
        if isinstance(told, int):
            return self._top(lane, told)
        if not self._is_alone:
            for other in self._lanes:
                other.catch_up()
        if not lane.held:
            lane.told = lane.next
        elif lane.is_watched:
            lane.catch_up()  # else some time later: the bar tells of all but the extremes
        step = self._traffic.handle(told, due, is_news=True)
        if lane.is_watched:
            self._look_again()
        return step

    def _top(self, lane: Lane, row: int) -> Step:
        assert lane.source.tops is not None
        top = lane.source.tops.top(row)
        for other in self._lanes:
            other.catch_up()
        lane.tell_venue()
        self._to_engine(self._exchange.on_market(top), top.ts_ns)
        step = self._traffic.handle(top, top.ts_ns, is_news=True)
        self._look_again()
        return step

    def _arrival(self) -> Step | None:
        """Something that was on its way arrives: an order at the venue, an answer or timer here."""
        waiting = self._traffic.pop()
        if waiting is None:
            return None
        at_ns, _, _, what = waiting
        if isinstance(what, SubmitOrder | CancelOrder):
            self._arrive(what, at_ns)
            return None
        for lane in self._lanes:
            lane.catch_up()
        step = self._traffic.handle(what, at_ns)
        held = self._engine.state.ledger.positions
        for lane in self._lanes:
            lane.held, lane.touch = lane.symbol in held, STALE
        return step

    def _arrive(self, order: SubmitOrder | CancelOrder, at_ns: int) -> None:
        """An order or cancel reaches the venue."""
        for lane in self._lanes:
            lane.tell_venue()
        self._to_engine(self._exchange.obey(order, at_ns), at_ns)

    def _to_engine(self, reports: Sequence[Event], at_ns: int) -> None:
        """What the venue reports starts its way back; what rests there may have changed."""
        if reports:
            self._traffic.answer(reports, at_ns)
            self._look_again()

    def _look_again(self) -> None:
        for lane in self._lanes:
            lane.touch = STALE


def _first(waiting: list[Waiting], moment: tuple[int, int]) -> Waiting | None:
    """What is on its way and arrives first, if that is before the moment."""
    return waiting[0] if waiting and waiting[0] < moment else None
