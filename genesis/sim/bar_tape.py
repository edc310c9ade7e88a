"""One symbol's bars on their way through the venue and the engine."""

from decimal import Decimal
from typing import Final

from genesis.domain.events import BarClosed
from genesis.engine.engine import Engine
from genesis.engine.step import NO_WATCH
from genesis.sim.columns import NEVER, BarColumns
from genesis.sim.exchange import SimExchange
from genesis.sim.scan import Levels, levels_of

STALE: Final = Levels(-1, NEVER, every=True)
"""Something happened: which prices matter has to be asked again."""


class BarTape:
    """The bars as plain lists, in whole steps, and which prices matter now (`touch`).

    is_watched: the engine asks for some prices. unseen: time and price that the venue has yet to
    be told of.
    """

    __slots__ = (
        *("symbol", "step", "qty_step", "width_ns", "opened_ns", "opens", "highs", "lows"),
        *("volumes", "touch", "is_watched", "unseen", "_bars", "_engine", "_exchange"),
        *("_at", "_bar"),
    )

    def __init__(self, engine: Engine, bars: BarColumns, exchange: SimExchange) -> None:
        self._engine, self._exchange, self._bars = engine, exchange, bars.closed()
        self.symbol, self.width_ns = bars.instrument.symbol, bars.width_ns
        self.step, self.qty_step = bars.price_step, bars.qty_step
        self.opened_ns: list[int] = bars.open_ts_ns.tolist()
        self.opens: list[int] = bars.opens.tolist()
        self.highs: list[int] = bars.highs.tolist()
        self.lows: list[int] = bars.lows.tolist()
        self.volumes: list[int] = bars.volumes.tolist()
        self.touch: Levels = STALE
        self.is_watched = False
        self.unseen: tuple[int, Decimal] | None = None
        self._at = -1
        self._bar: BarClosed | None = None

    def bar(self, i: int) -> BarClosed:
        """Row `i` as the event the engine sees; rows are asked for in order."""
        if i != self._at:
            self._at, self._bar = i, next(self._bars)
        assert self._bar is not None
        return self._bar

    def look(self) -> None:
        """Which prices matter now: those of resting orders and those the engine watches for."""
        if self.touch is not STALE:
            return
        watch = self._engine.watch(self.symbol)
        resting = self._exchange.levels(self.symbol, self.step)
        self.is_watched = watch is not NO_WATCH
        if not self.is_watched:
            self.touch = resting
            return
        watched = levels_of(watch.below, watch.above, self.step)
        self.touch = Levels(
            max(resting.below, watched.below),
            min(resting.above, watched.above),
            resting.every or watch.every_tick,
        )

    def tell_venue(self) -> None:
        """The venue hears of the last price before anything happens there."""
        if self.unseen is not None:
            self._exchange.skip(self.symbol, *self.unseen)
            self.unseen = None
