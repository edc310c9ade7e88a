"""Driving the engine through bars where no ticks are known (fill convention `next_open`).

Within a bar only four prices are known. The order taken is the adverse one for a long: open, then
down to the low, then up to the high, then the close. A resting order that the bar reaches is
touched exactly at its price, or at the open where the bar opened beyond it. The open carries the
bar's own stamp; what happened later in the bar is stamped with its last nanosecond, the first at
which it could be known.
"""

from collections.abc import Iterator, Sequence

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import Event, TradeTick
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.sim.columns import NEVER, BarColumns, BarSource
from genesis.sim.exchange import SimExchange
from genesis.sim.scan import Levels, levels_of
from genesis.sim.schedule import Rank
from genesis.sim.traffic import Traffic


class BarDrive:
    """One symbol's bars through the engine."""

    def __init__(self, engine: Engine, source: BarSource, exchange: SimExchange) -> None:
        self._traffic = Traffic(engine, exchange, self._arrive)
        self._engine, self._exchange = engine, exchange
        self._bars: BarColumns = source.bars
        self._symbol = source.bars.instrument.symbol
        self._prints = 0

    def steps(self, opening: Sequence[Event]) -> Iterator[Step]:
        for event in opening:
            yield self._traffic.handle(event, event.ts_ns)
        bars = self._bars
        for i in range(len(bars)):
            opened_ns = int(bars.open_ts_ns[i])
            boundary_ns = opened_ns + bars.width_ns
            yield from self._arrivals(opened_ns, Rank.TOP)
            yield from self._open(i, opened_ns)
            yield from self._adverse_first(i, boundary_ns - 1)
            self._tell(i, boundary_ns - 1)
            yield from self._arrivals(boundary_ns, Rank.BAR)
            yield self._traffic.handle(bars.bar(i), boundary_ns, self._exchange.latency.feed_ns)
        self._traffic.end()
        yield from self._arrivals(NEVER, Rank.TOP)

    # -- inside one bar ----------------------------------------------------------------------
    def _open(self, i: int, opened_ns: int) -> Iterator[Step]:
        price = int(self._bars.opens[i])
        below, above, every = self._levels()
        if every or price <= below or price >= above:
            yield from self._print(opened_ns, price, i)

    def _adverse_first(self, i: int, at_ns: int) -> Iterator[Step]:
        yield from self._down(i, at_ns)
        yield from self._up(i, at_ns)

    def _down(self, i: int, at_ns: int) -> Iterator[Step]:
        low, reached = int(self._bars.lows[i]), int(self._bars.opens[i])
        while True:
            below, _, every = self._levels()
            if every:
                below = low
            # a stop fills at its price; a resting limit needs a trade beyond its own
            price = below if below < reached else below - 1
            if not low <= price < reached:
                return
            reached = price
            yield from self._print(at_ns, price, i)

    def _up(self, i: int, at_ns: int) -> Iterator[Step]:
        high, reached = int(self._bars.highs[i]), int(self._bars.opens[i])
        while True:
            _, above, every = self._levels()
            if every:
                above = high
            price = above if above > reached else above + 1
            if not reached < price <= high:
                return
            reached = price
            yield from self._print(at_ns, price, i)

    def _print(self, at_ns: int, price: int, i: int) -> Iterator[Step]:
        """One assumed trade of the bar's whole volume."""
        bars = self._bars
        self._prints += 1
        tick = TradeTick(
            at_ns,
            self._symbol,
            self._prints,
            bars.price_step * price,
            bars.qty_step * max(1, int(bars.volumes[i])),
            False,
        )
        self._traffic.answer(self._exchange.on_market(tick), at_ns)
        yield self._traffic.handle(tick, at_ns, self._exchange.latency.feed_ns)
        yield from self._arrivals(at_ns, Rank.TOP)

    def _tell(self, i: int, at_ns: int) -> None:
        bars, step = self._bars, self._bars.price_step
        close = step * int(bars.closes[i])
        self._exchange.skip(self._symbol, at_ns, close)
        if self._engine.view.position(self._symbol) is not None:
            high, low = step * int(bars.highs[i]), step * int(bars.lows[i])
            self._engine.skip(self._symbol, at_ns, high, low, close)

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

    def _levels(self) -> Levels:
        step = self._bars.price_step
        resting = self._exchange.levels(self._symbol, step)
        watch = self._engine.watch(self._symbol)
        watched = levels_of(watch.below, watch.above, step)
        return Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            resting.every or watch.every_tick,
        )
