"""Driving the engine through bars where no ticks are known (fill convention `next_open`).

Within a bar only four prices are known. The order taken is the adverse one for a long: open, then
down to the low, then up to the high, then the close. A resting order that the bar reaches is
touched exactly at its price, or at the open where the bar opened beyond it. The open carries the
bar's own stamp; what happened later in the bar is stamped with its last nanosecond, the first at
which it could be known.

With several symbols the moments of all of them come in the order of time; at one instant closes
go before opens, and of equals the symbol that was given first.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from heapq import merge
from itertools import chain

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BarClosed, Event, TradeTick
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.bar_tape import STALE, BarTape
from genesis.sim.columns import NEVER, BarSource
from genesis.sim.exchange import SimExchange
from genesis.sim.schedule import Rank
from genesis.sim.traffic import Traffic


class Part(IntEnum):
    """Parts of a bar, in the order in which they come at one instant."""

    CLOSE = 0
    OPEN = 1
    INSIDE = 2


Moment = tuple[int, int, int, int]
"""(at_ns, part, number of the symbol, row): what comes next."""


class BarDrive:
    """Bars of one symbol, or of several, through the engine."""

    def __init__(self, engine: Engine, sources: Sequence[BarSource], exchange: SimExchange) -> None:
        self._traffic = Traffic(engine, exchange, self._arrive)
        self._engine, self._exchange = engine, exchange
        self._tapes = [BarTape(engine, source.bars, exchange) for source in sources]
        self._prints = 0

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        told = (self._traffic.handle(event, event.ts_ns) for event in opening)
        is_alone = len(self._tapes) == 1
        return chain(told, self._alone() if is_alone else self._together(), self._rest())

    def _alone(self) -> Iterator[Step]:
        """One symbol: a bar in which nothing can happen is told at once, by its close."""
        tape, traffic = self._tapes[0], self._traffic
        width_ns, close_rank = tape.width_ns, Rank.BAR.value
        for i, opened_ns in enumerate(tape.opened_ns):
            tape.look()
            below, above, every = tape.touch
            waiting, closed_ns = traffic.waiting, opened_ns + width_ns
            is_due = bool(waiting) and waiting[0] < (closed_ns, close_rank)
            if every or is_due or tape.lows[i] <= below or tape.highs[i] >= above:
                yield from self._open(tape, i, opened_ns)
                yield from self._inside(tape, i, closed_ns - 1)
                yield from self._arrivals(closed_ns, Rank.BAR)
                yield self._close(tape.bar(i), closed_ns)
            else:
                bar = tape.bar(i)
                self._tell(tape, bar, closed_ns - 1)
                yield self._close(bar, closed_ns)

    def _together(self) -> Iterator[Step]:
        """Several symbols, in the order of their moments."""
        tapes = self._tapes
        for at_ns, part, number, i in merge(*map(_moments, range(len(tapes)), tapes)):
            tape = tapes[number]
            if part == Part.OPEN:
                yield from self._open(tape, i, at_ns)
            elif part == Part.INSIDE:
                yield from self._inside(tape, i, at_ns)
            else:
                yield from self._arrivals(at_ns, Rank.BAR)
                yield self._close(tape.bar(i), at_ns)

    def _rest(self) -> Iterator[Step]:
        """The market is over: what is on its way still arrives."""
        self._traffic.end()
        yield from self._arrivals(NEVER, Rank.TOP)

    # -- one bar -----------------------------------------------------------------------------
    def _open(self, tape: BarTape, i: int, opened_ns: int) -> Iterator[Step]:
        yield from self._arrivals(opened_ns, Rank.TOP)
        price = tape.opens[i]
        tape.look()
        below, above, every = tape.touch
        if every or price <= below or price >= above:
            yield from self._print(tape, opened_ns, price, i)

    def _inside(self, tape: BarTape, i: int, at_ns: int) -> Iterator[Step]:
        """The adverse way: down to the low, then up to the high."""
        yield from self._down(tape, i, at_ns)
        yield from self._up(tape, i, at_ns)
        self._tell(tape, tape.bar(i), at_ns)

    def _close(self, bar: BarClosed, closed_ns: int) -> Step:
        step = self._traffic.handle(bar, closed_ns, is_news=True)
        if any(one.is_watched for one in self._tapes):
            self._look_again()
        return step

    def _down(self, tape: BarTape, i: int, at_ns: int) -> Iterator[Step]:
        low, reached = tape.lows[i], tape.opens[i]
        while True:
            tape.look()
            below, _, every = tape.touch
            if every:
                below = low
            # a stop fills at its price; a resting limit needs a trade beyond its own
            price = below if below < reached else below - 1
            if not low <= price < reached:
                return
            reached = price
            yield from self._print(tape, at_ns, price, i)

    def _up(self, tape: BarTape, i: int, at_ns: int) -> Iterator[Step]:
        high, reached = tape.highs[i], tape.opens[i]
        while True:
            tape.look()
            _, above, every = tape.touch
            if every:
                above = high
            price = above if above > reached else above + 1
            if not reached < price <= high:
                return
            reached = price
            yield from self._print(tape, at_ns, price, i)

    def _print(self, tape: BarTape, at_ns: int, price: int, i: int) -> Iterator[Step]:
        """One assumed trade of the bar's whole volume."""
        self._prints += 1
        tick = TradeTick(
            at_ns,
            tape.symbol,
            self._prints,
            tape.step * price,
            tape.qty_step * max(1, tape.volumes[i]),
            False,
        )
        tape.tell_venue()
        self._traffic.answer(self._exchange.on_market(tick), at_ns)
        yield self._traffic.handle(tick, at_ns, is_news=True)
        self._look_again()
        yield from self._arrivals(at_ns, Rank.TOP)

    def _tell(self, tape: BarTape, bar: BarClosed, at_ns: int) -> None:
        """What the bar did to prices is known at its end."""
        tape.unseen = at_ns, bar.close
        if tape.symbol in self._engine.state.ledger.positions:
            self._engine.skip(tape.symbol, at_ns, bar.high, bar.low, bar.close)
            if tape.is_watched:
                self._look_again()

    # -- what is on its way ------------------------------------------------------------------
    def _arrivals(self, now_ns: int, rank: Rank) -> Iterator[Step]:
        """Everything due before (`now_ns`, `rank`)."""
        traffic = self._traffic
        while traffic.waiting and traffic.waiting[0] < (now_ns, rank):
            arrived = traffic.pop()
            if arrived is None:
                continue
            due_ns, _, _, what = arrived
            if isinstance(what, SubmitOrder | CancelOrder):
                self._arrive(what, due_ns)
            else:
                step = traffic.handle(what, due_ns)
                self._look_again()
                yield step

    def _arrive(self, order: SubmitOrder | CancelOrder, at_ns: int) -> None:
        for tape in self._tapes:
            tape.tell_venue()
        self._traffic.answer(self._exchange.obey(order, at_ns), at_ns)
        self._look_again()

    def _look_again(self) -> None:
        for tape in self._tapes:
            tape.touch = STALE


def _moments(number: int, tape: BarTape) -> Iterator[Moment]:
    """Three for each bar: it opens, all that is inside, it closes."""
    width = tape.width_ns
    for i, opened_ns in enumerate(tape.opened_ns):
        yield opened_ns, Part.OPEN.value, number, i
        yield opened_ns + width - 1, Part.INSIDE.value, number, i
        yield opened_ns + width, Part.CLOSE.value, number, i
