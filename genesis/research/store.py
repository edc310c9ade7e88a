"""The tick store for notebooks: SQL, ticks and bars of what was imported or recorded."""

from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genesis.domain.instrument import Instrument
from genesis.domain.time import format_utc, parse_width
from genesis.errors import UsageError
from genesis.research.instruments import instrument as instrument_of
from genesis.research.quality import Quality
from genesis.research.setup import Moment, span_ns
from genesis.research.tables import Table
from genesis.research.ticks import Ticks
from genesis.service.home import resolve_home
from genesis.sim.columns import TickColumns, TopColumns
from genesis.store import ticks as stored
from genesis.wire.symbols import parse_symbol

Int64 = npt.NDArray[np.int64]

SAMPLE_SYMBOL: Final = "BTC/USDT"
SAMPLE_MINUTES: Final = 480


class TickStore:
    """What the tick store of a home holds; reads only.

    home: the home folder; None finds it as the command line does.
    """

    def __init__(self, home: str | Path | None = None) -> None:
        self.home = resolve_home(None if home is None else Path(home))
        self._store = stored.TickStore(self.home)

    @classmethod
    def or_sample(
        cls, home: str | Path | None = None, minutes: int = SAMPLE_MINUTES
    ) -> "TickStore":
        """The store of a home; where it holds nothing at all, the synthetic market is put in.

        It is made up, always the same, and labelled so wherever it shows. Imported ticks never mix
        with it, and `genesis ticks sample --remove` takes it out again.
        """
        store = cls(home)
        if not store._store.list():
            store._fill(minutes)
        return store

    def _fill(self, minutes: int) -> None:
        from genesis.sim.sample import START_NS
        from genesis.store.ticks.samples import sample_blocks

        blocks = sample_blocks(0, START_NS, minutes * 60, SAMPLE_SYMBOL)
        span = f"{minutes} min from {format_utc(START_NS)}"
        self._store.add_synthetic(blocks, f"synthetic sample, seed 0, {span}")

    def sql(self, query: str) -> Any:
        """A DuckDB relation over the views trades, books, depth, bars_1m and bars_1h."""
        return self._store.sql(query)

    def frame(self, query: str) -> Table:
        """The rows of a query over the same views, as a table that shows itself."""
        with stored.naming_damage():
            return Table(self.sql(query).df())

    def symbols(self) -> tuple[str, ...]:
        return self._store.symbols()

    def holdings(self) -> tuple[stored.Holding, ...]:
        """What is held, by symbol and kind; `origin` says whether it is synthetic."""
        return self._store.list()

    def check(self, symbol: str) -> Quality:
        """Are the trades whole? Gaps by trade id, order, coverage, silence, receive delays.

        Raises:
            UsageError: nothing is held of the symbol.
        """
        return Quality(self._store.check(parse_symbol(symbol)))

    def __repr__(self) -> str:
        held = ", ".join(f"{h.symbol} {h.kind} {h.rows:,} ({h.origin})" for h in self.holdings())
        return f"TickStore({self.home}: {held or 'empty'})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from genesis.research.faces import store_face

        face = store_face(self.home, self.holdings())
        return {"text/html": face.html, "text/plain": repr(self)}

    def ticks(
        self,
        symbol: str | Instrument,
        start: Moment | None = None,
        end: Moment | None = None,
        books: bool = True,
    ) -> Ticks:
        """Trades, and book tops where they were recorded, stamped in [start, end).

        books=False leaves the tops out: a strategy that does not look at the book, filled at
        trades, then runs many times faster, as nothing happens between the bars.

        A stamp below an earlier one is taken as the earlier one. A book top follows the trades of
        its stamp: the stream gives it the time of the latest message before it.

        The instrument of a symbol that was recorded is the one that the venue told at the time.

        Raises:
            UsageError: the store holds nothing of the symbol, or its instrument was never recorded
            and is not built in (then pass an Instrument).
        """
        name = symbol.symbol if isinstance(symbol, Instrument) else parse_symbol(symbol)
        first, last = span_ns(start, end)
        trades = self._store.arrays(name, first, last)
        is_given = isinstance(symbol, Instrument)
        known = instrument_of(symbol) if is_given else self._instrument(name, trades)
        columns = TickColumns(
            known,
            _step(trades.price_scale),
            _step(trades.qty_scale),
            np.maximum.accumulate(trades.ts_ns),
            trades.price,
            trades.qty,
            trades.is_buyer_maker,
            trades.trade_id,
        )
        tops = _merged(self._store.tops(name, first, last), columns) if books else None
        gaps = self._store.gaps(name, first, last)
        return Ticks(columns, tops, source=f"{name} in {self.home}", gaps=gaps)

    def _instrument(self, symbol: str, trades: stored.TickArrays) -> Instrument:
        """As it was recorded when the trades begin, else the built-in one."""
        begin_ns = int(trades.ts_ns[0]) if len(trades) else None
        return self._store.instrument(symbol, begin_ns) or instrument_of(symbol)

    def bars(
        self,
        symbol: str,
        width: str = "1m",
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> Table:
        """Bars of trades that opened in [start, end), oldest first.

        Raises:
            UsageError: nothing is held of the symbol, or the width does not divide a day.
        """
        try:
            width_ns = parse_width(width)
        except ValueError as wrong:
            raise UsageError(str(wrong)) from wrong
        first, last = span_ns(start, end)
        name = parse_symbol(symbol)
        made = self._store.bar_arrays(name, width_ns, first, last)
        if made is not None:
            columns = {each.name: getattr(made, each.name) for each in fields(made)}
            return Table({"symbol": np.full(len(made), name, object), **columns})
        relation = self._store.bars(name, width_ns, first, last)
        with stored.naming_damage():
            return Table(relation.df())


def _merged(tops: stored.TopArrays, ticks: TickColumns) -> TopColumns | None:
    if not len(tops):
        return None
    times: Int64 = np.maximum.accumulate(tops.ts_ns)
    return TopColumns(
        ticks.instrument,
        _step(tops.price_scale),
        _step(tops.qty_scale),
        times,
        tops.bid,
        tops.bid_qty,
        tops.ask,
        tops.ask_qty,
        tops.update_id,
        np.searchsorted(ticks.ts_ns, times, side="right"),
    )


def _step(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)
