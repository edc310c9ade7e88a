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

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import Event, TradeTick
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.columns import NEVER, BarColumns, BarSource
from genesis.sim.exchange import SimExchange
from genesis.sim.scan import Levels, levels_of
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
        self._markets = [source.bars for source in sources]
        self._prints = 0

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        for event in opening:
            yield self._traffic.handle(event, event.ts_ns)
        for at_ns, part, number, i in merge(
            *map(_moments, range(len(self._markets)), self._markets)
        ):
            bars = self._markets[number]
            if part == Part.OPEN:
                yield from self._arrivals(at_ns, Rank.TOP)
                yield from self._open(bars, i, at_ns)
            elif part == Part.INSIDE:
                yield from self._adverse_first(bars, i, at_ns)
                self._tell(bars, i, at_ns)
            else:
                yield from self._arrivals(at_ns, Rank.BAR)
                yield self._traffic.handle(bars.bar(i), at_ns, is_news=True)
        self._traffic.end()
        yield from self._arrivals(NEVER, Rank.TOP)

    # -- inside one bar ----------------------------------------------------------------------
    def _open(self, bars: BarColumns, i: int, opened_ns: int) -> Iterator[Step]:
        price = int(bars.opens[i])
        below, above, every = self._levels(bars)
        if every or price <= below or price >= above:
            yield from self._print(bars, opened_ns, price, i)

    def _adverse_first(self, bars: BarColumns, i: int, at_ns: int) -> Iterator[Step]:
        yield from self._down(bars, i, at_ns)
        yield from self._up(bars, i, at_ns)

    def _down(self, bars: BarColumns, i: int, at_ns: int) -> Iterator[Step]:
        low, reached = int(bars.lows[i]), int(bars.opens[i])
        while True:
            below, _, every = self._levels(bars)
            if every:
                below = low
            # a stop fills at its price; a resting limit needs a trade beyond its own
            price = below if below < reached else below - 1
            if not low <= price < reached:
                return
            reached = price
            yield from self._print(bars, at_ns, price, i)

    def _up(self, bars: BarColumns, i: int, at_ns: int) -> Iterator[Step]:
        high, reached = int(bars.highs[i]), int(bars.opens[i])
        while True:
            _, above, every = self._levels(bars)
            if every:
                above = high
            price = above if above > reached else above + 1
            if not reached < price <= high:
                return
            reached = price
            yield from self._print(bars, at_ns, price, i)

    def _print(self, bars: BarColumns, at_ns: int, price: int, i: int) -> Iterator[Step]:
        """One assumed trade of the bar's whole volume."""
        self._prints += 1
        tick = TradeTick(
            at_ns,
            bars.instrument.symbol,
            self._prints,
            bars.price_step * price,
            bars.qty_step * max(1, int(bars.volumes[i])),
            False,
        )
        self._traffic.answer(self._exchange.on_market(tick), at_ns)
        yield self._traffic.handle(tick, at_ns, is_news=True)
        yield from self._arrivals(at_ns, Rank.TOP)

    def _tell(self, bars: BarColumns, i: int, at_ns: int) -> None:
        symbol, step = bars.instrument.symbol, bars.price_step
        close = step * int(bars.closes[i])
        self._exchange.skip(symbol, at_ns, close)
        if self._engine.view.position(symbol) is not None:
            high, low = step * int(bars.highs[i]), step * int(bars.lows[i])
            self._engine.skip(symbol, at_ns, high, low, close)

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
                yield traffic.handle(what, due_ns)

    def _arrive(self, order: SubmitOrder | CancelOrder, at_ns: int) -> None:
        self._traffic.answer(self._exchange.obey(order, at_ns), at_ns)

    def _levels(self, bars: BarColumns) -> Levels:
        symbol, step = bars.instrument.symbol, bars.price_step
        resting = self._exchange.levels(symbol, step)
        watch = self._engine.watch(symbol)
        watched = levels_of(watch.below, watch.above, step)
        return Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            resting.every or watch.every_tick,
        )


def _moments(number: int, bars: BarColumns) -> Iterator[Moment]:
    """Three for each bar: it opens, all that is inside, it closes."""
    width = bars.width_ns
    for i, opened_ns in enumerate(bars.open_ts_ns.tolist()):
        yield opened_ns, Part.OPEN.value, number, i
        yield opened_ns + width - 1, Part.INSIDE.value, number, i
        yield opened_ns + width, Part.CLOSE.value, number, i
