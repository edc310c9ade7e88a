"""Recorded markets as columns: what the driver scans without making an object per tick.

Prices and quantities are int64 counts of exact steps, so comparisons, sums and ties are exact;
a `Decimal` is made only where a tick or bar is handed to the engine.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from operator import mul
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from genesis.domain.events import BarClosed, BookTop, TradeTick
from genesis.domain.instrument import Instrument

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

NEVER: Final = 2**63 - 1
"""Later than every stamp."""


@dataclass(frozen=True, slots=True, eq=False)
class TickColumns:
    """Trade prints of one symbol in consumed order.

    ts_ns: (n,) UTC ns, non-decreasing. prices: (n,) counts of `price_step`. qtys: (n,) counts of
    `qty_step`. buyer_is_maker: (n,) True where the seller was the aggressor. trade_ids: (n,) or
    None (then the row number counts).
    """

    instrument: Instrument
    price_step: Decimal
    qty_step: Decimal
    ts_ns: Int64
    prices: Int64
    qtys: Int64
    buyer_is_maker: Bool
    trade_ids: Int64 | None = None
    _bars: "dict[int, BarRows]" = field(default_factory=dict, repr=False)
    _closed: dict[int, list[BarClosed] | None] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.ts_ns)

    def price(self, i: int) -> Decimal:
        return self.price_step * int(self.prices[i])

    def tick(self, i: int) -> TradeTick:
        """Row `i` as the event the engine sees."""
        return TradeTick(
            int(self.ts_ns[i]),
            self.instrument.symbol,
            i if self.trade_ids is None else int(self.trade_ids[i]),
            self.price_step * int(self.prices[i]),
            self.qty_step * int(self.qtys[i]),
            bool(self.buyer_is_maker[i]),
        )

    def closed(self, width_ns: int) -> Iterable[BarClosed]:
        """The bars of a width as the events the engine sees, oldest first.

        A single run makes them one by one and lets them go; from the second on they are kept.
        """
        kept = self._closed.get(width_ns)
        if kept is None:
            known = width_ns in self._closed
            made = _closed_bars(self, self.bars(width_ns))
            self._closed[width_ns] = kept = list(made) if known else None
            return made if kept is None else kept
        return kept

    def bars(self, width_ns: int) -> "BarRows":
        """Closed bars of a width, made once per width."""
        made = self._bars.get(width_ns)
        if made is None:
            made = self._bars[width_ns] = bar_rows(self, width_ns)
        return made


class BarRows(NamedTuple):
    """Closed bars of trades as plain lists, oldest first; widths without a trade have none.

    The bar `b` holds the ticks [first[b], first[b + 1]) and closes at `boundary_ns[b]`.
    Prices and volume are counts of the ticks' steps. The last, unfinished bar is not among them:
    its ticks start at `first[-1]`.
    """

    width_ns: int
    first: list[int]
    boundary_ns: list[int]
    open: list[int]
    high: list[int]
    low: list[int]
    close: list[int]
    volume: list[int]


def bar_rows(ticks: TickColumns, width_ns: int) -> BarRows:
    """All bars of `width_ns` that ended before the last tick."""
    first = _first_ticks(ticks.ts_ns, width_ns)
    if len(first) < 2:
        return BarRows(width_ns, first.tolist() or [0], [], [], [], [], [], [])
    starts, ends = first[:-1], first[1:]
    closed = ticks.prices[: ends[-1]]
    return BarRows(
        width_ns,
        first.tolist(),
        ((ticks.ts_ns[starts] // width_ns + 1) * width_ns).tolist(),
        closed[starts].tolist(),
        np.maximum.reduceat(closed, starts).tolist(),
        np.minimum.reduceat(closed, starts).tolist(),
        closed[ends - 1].tolist(),
        np.add.reduceat(ticks.qtys[: ends[-1]], starts).tolist(),
    )


def _closed_bars(ticks: TickColumns, rows: BarRows) -> Iterator[BarClosed]:
    price, volume = repeat(ticks.price_step), map(mul, repeat(ticks.qty_step), rows.volume)
    columns = [map(mul, price, column) for column in (rows.open, rows.high, rows.low, rows.close)]
    symbol, width = repeat(ticks.instrument.symbol), repeat(rows.width_ns)
    return map(BarClosed, rows.boundary_ns, symbol, width, *columns, volume)


def _first_ticks(ts_ns: Int64, width_ns: int) -> Int64:
    """Index of the first tick of every width that holds one, (bars + unfinished,)."""
    if len(ts_ns) == 0:
        return np.empty(0, np.int64)
    head, tail = int(ts_ns[0]) // width_ns, int(ts_ns[-1]) // width_ns
    if (tail - head) * 8 < len(ts_ns):  # few widths: search for their edges
        edges = np.arange(head, tail + 2, dtype=np.int64) * width_ns
        found = np.searchsorted(ts_ns, edges)
        return found[:-1][found[:-1] < found[1:]].astype(np.int64)
    numbers = ts_ns // width_ns
    return np.concatenate(([0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1))


@dataclass(frozen=True, slots=True, eq=False)
class TopColumns:
    """Best bids and asks of one symbol in consumed order, merged with its ticks.

    ts_ns: (m,) UTC ns, non-decreasing. bids, asks: (m,) counts of `price_step`. bid_qtys,
    ask_qtys: (m,) counts of `qty_step`. update_ids: (m,). ticks_before: (m,) how many ticks were
    consumed before each top, non-decreasing.
    """

    instrument: Instrument
    price_step: Decimal
    qty_step: Decimal
    ts_ns: Int64
    bids: Int64
    bid_qtys: Int64
    asks: Int64
    ask_qtys: Int64
    update_ids: Int64
    ticks_before: Int64

    def __len__(self) -> int:
        return len(self.ts_ns)

    def top(self, i: int) -> BookTop:
        """Row `i` as the event the engine sees."""
        return BookTop(
            int(self.ts_ns[i]),
            self.instrument.symbol,
            int(self.update_ids[i]),
            self.price_step * int(self.bids[i]),
            self.qty_step * int(self.bid_qtys[i]),
            self.price_step * int(self.asks[i]),
            self.qty_step * int(self.ask_qtys[i]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BarColumns:
    """Bars of one symbol where no ticks are known: (n,) each, oldest first.

    open_ts_ns: UTC ns at which each bar opened, at least a width apart. Prices are counts of
    `price_step`, volumes of `qty_step`.
    """

    instrument: Instrument
    price_step: Decimal
    qty_step: Decimal
    width_ns: int
    open_ts_ns: Int64
    opens: Int64
    highs: Int64
    lows: Int64
    closes: Int64
    volumes: Int64

    def __len__(self) -> int:
        return len(self.open_ts_ns)

    def closed(self) -> Iterator[BarClosed]:
        """The bars as the events the engine sees, oldest first, stamped with their ends."""
        stamps = (self.open_ts_ns + self.width_ns).tolist()
        columns = (self.opens, self.highs, self.lows, self.closes)
        prices = [map(mul, repeat(self.price_step), column.tolist()) for column in columns]
        volumes = map(mul, repeat(self.qty_step), self.volumes.tolist())
        symbol, width = repeat(self.instrument.symbol), repeat(self.width_ns)
        return map(BarClosed, stamps, symbol, width, *prices, volumes)


@dataclass(frozen=True, slots=True, eq=False)
class TickSource:
    """One symbol's recorded market and the widths of the bars its strategies want.

    all_ticks: a strategy wants TradeTick, so every tick is delivered.
    """

    ticks: TickColumns
    widths_ns: Sequence[int] = ()
    tops: TopColumns | None = None
    all_ticks: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BarSource:
    """One symbol's bars, all that is known of its market."""

    bars: BarColumns


Source = TickSource | BarSource
