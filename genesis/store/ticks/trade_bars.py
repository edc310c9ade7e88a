"""Bars of trades as numbers, without SQL: several days at once, exact until they are shown.

A width divides a day and a partition is a day, so no bar needs two partitions. `views.bars_query`
says the same in SQL, some two times slower; tests hold the two together.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.store.ticks import read
from genesis.store.ticks.blocks import INT64_MAX, Block, Ints
from genesis.store.ticks.kinds import TRADES
from genesis.store.ticks.manifest import Manifest, Partition, Place

Floats = npt.NDArray[np.float64]
Span = tuple[int, int]

_WANTED: Final = ("trade_id", "ts_ns", "price", "qty")


@dataclass(frozen=True, slots=True)
class BarArrays:
    """Bars oldest first, all (n,).

    open_ts_ns: int64 UTC ns. open, high, low, close: float64 quote per base, and volume: float64
    base, each the double nearest to the exact value. trades, first_trade_id, last_trade_id: int64.
    """

    open_ts_ns: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    trades: Ints
    first_trade_id: Ints
    last_trade_id: Ints

    def __len__(self) -> int:
        return len(self.open_ts_ns)


def trade_bars(root: Path, held: Manifest, symbol: str, width_ns: int, span_ns: Span) -> BarArrays:
    """Bars of the trades held of `symbol` that open within [start, end).

    The open is the price of the smallest trade id of the bar, the close that of the largest. A
    span without a trade has no bar; the last bar may be unfinished.
    """
    places = held.of(TRADES.name, symbol)

    def of_day(place: Place) -> BarArrays | None:
        return _of_day(root, place, places[place], width_ns, span_ns)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # reading and reducing leave Python
        days = [bars for bars in pool.map(of_day, places) if bars is not None]
    return _joined(days)


def _of_day(
    root: Path, place: Place, part: Partition, width_ns: int, span_ns: Span
) -> BarArrays | None:
    first, last = span_ns
    ends = min(-(-last // width_ns) * width_ns, read.ALWAYS[1])  # the last bar is whole, too
    block = read.whole(root, {place: part}, (first, ends), _WANTED)
    if block is None or not len(block):
        return None
    return _opened_from(_reduced(block, width_ns), first)


def _opened_from(bars: BarArrays, first_ns: int) -> BarArrays:
    """Without the bar that opened before: only its later trades were read."""
    if bars.open_ts_ns[0] >= first_ns:
        return bars
    return BarArrays(*(getattr(bars, each.name)[1:] for each in fields(BarArrays)))


def _reduced(block: Block, width_ns: int) -> BarArrays:
    """One row for each width that holds a trade, of trades sorted by id."""
    times: Ints = block.columns["ts_ns"]
    if np.all(times[1:] >= times[:-1]):
        starts = _starts(times, width_ns)
    else:  # stamps may fall while ids rise
        block = block.take(np.argsort(times // width_ns, kind="stable"))
        times = block.columns["ts_ns"]
        starts = _changes(times // width_ns)
    ends = np.append(starts[1:], len(times))
    c, price_unit, qty_unit = block.columns, 10.0**block.price_scale, 10.0**block.qty_scale
    prices: Ints = c["price"]
    return BarArrays(
        times[starts] // width_ns * width_ns,
        prices[starts] / price_unit,
        np.maximum.reduceat(prices, starts) / price_unit,
        np.minimum.reduceat(prices, starts) / price_unit,
        prices[ends - 1] / price_unit,
        _sums(c["qty"], starts, ends) / qty_unit,
        ends - starts,
        c["trade_id"][starts],
        c["trade_id"][ends - 1],
    )


def _starts(times: Ints, width_ns: int) -> Ints:
    """Index of the first trade of each width that holds one; times never fall."""
    head, tail = int(times[0]) // width_ns, int(times[-1]) // width_ns
    if (tail - head) * 8 >= len(times):
        return _changes(times // width_ns)
    edges = np.arange(head, tail + 2, dtype=np.int64) * width_ns  # few widths: look for their edges
    found: Ints = np.searchsorted(times, edges)
    return found[:-1][found[:-1] < found[1:]]


def _changes(numbers: Ints) -> Ints:
    found: Ints = np.concatenate(([0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1))
    return found


def _sums(qtys: Ints, starts: Ints, ends: Ints) -> Floats:
    """Exact sums, each as the nearest double, also where 64 bits do not hold them."""
    if int(qtys.max()) * int((ends - starts).max()) <= INT64_MAX:
        return np.add.reduceat(qtys, starts).astype(np.float64)
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return np.array([float(sum(qtys[a:b].tolist())) for a, b in spans])


def _joined(days: Sequence[BarArrays]) -> BarArrays:
    if not days:
        none, amounts = np.empty(0, np.int64), np.empty(0, np.float64)
        return BarArrays(none, *(amounts,) * 5, none, none, none)
    names = [each.name for each in fields(BarArrays)]
    return BarArrays(*(np.concatenate([getattr(day, name) for day in days]) for name in names))
