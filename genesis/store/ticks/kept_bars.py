"""One-minute bars made of trades before those expire, exact, so that bars are kept for ever.

Bars of any width that is a whole number of minutes follow from them.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from genesis.domain.time import MINUTE
from genesis.errors import DataError
from genesis.store.ticks import blocks, parquet
from genesis.store.ticks.blocks import INT64_MAX, Block, Ints
from genesis.store.ticks.kinds import ABSENT, BARS, RECEIPT
from genesis.store.ticks.manifest import Partition, Place

_WANTED: Final = ("trade_id", "ts_ns", "price", "qty")


def keep_bars(
    root: Path, place: Place, part: Partition, held: Partition | None
) -> tuple[Place, Partition]:
    """Write the bars of a day's trades; the partition that holds them, in no manifest yet.

    held: bars of the day that are kept already; of each minute the fuller bar stays.

    Raises:
        DataError: a file is damaged, or a minute's volume does not fit 64 bits.
    """
    trades = parquet.read_entries(root, place, part, part.files, _WANTED)
    bars = minute_bars(trades)
    kept = Place(BARS.name, place.symbol, place.date)
    if held is not None:
        bars = _fuller([bars, *parquet.read_entries(root, kept, held, held.files)])
    scales = (bars.price_scale, bars.qty_scale)
    entry = parquet.write_file(root, kept, [bars], scales, source="trades", origin=part.origin)
    assert entry is not None, "a partition holds trades"
    return kept, Partition(*scales, part.origin, (entry,))


def minute_bars(trades: Iterable[Block]) -> Block:
    """Bars of trades that come file by file, sorted by id: one block of kind `bars`.

    The open is the price of the smallest trade id of the minute, the close that of the largest.
    """
    parts = [_block(block, _reduced(_as_bars(block))) for block in trades if len(block)]
    whole = blocks.concat(parts)
    return _block(whole, _reduced(whole.columns))


def _fuller(parts: Iterable[Block]) -> Block:
    """Of each minute the bar made of most trades."""
    both = blocks.concat(tuple(parts))
    c = both.columns
    order = np.lexsort((-c["trades"], c["ts_ns"]))
    minutes = c["ts_ns"][order]
    return both.take(order[np.diff(minutes, prepend=-1) != 0])


def _as_bars(block: Block) -> Mapping[str, Ints]:
    """Every trade as a bar of its own."""
    c = block.columns
    price, ids = c["price"], c["trade_id"]
    return {
        "ts_ns": c["ts_ns"] // MINUTE * MINUTE,
        "first_trade_id": ids,
        "last_trade_id": ids,
        "trades": np.ones(len(ids), np.int64),
        **dict.fromkeys(("open", "high", "low", "close"), price),
        "volume": c["qty"],
    }


def _reduced(rows: Mapping[str, Ints]) -> dict[str, Ints]:
    """One row for each minute, in order of time."""
    order = np.lexsort((rows["first_trade_id"], rows["ts_ns"]))
    c = {name: column[order] for name, column in rows.items() if name not in RECEIPT}
    starts = np.flatnonzero(np.diff(c["ts_ns"], prepend=-1))
    ends = np.append(starts[1:], len(order)) - 1
    if np.add.reduceat(c["volume"].astype(np.float64), starts).max() >= INT64_MAX / 2:
        raise DataError("the volume of a minute does not fit 64 bits: its trades are kept")
    return {
        "ts_ns": c["ts_ns"][starts],
        "first_trade_id": c["first_trade_id"][starts],
        "last_trade_id": c["last_trade_id"][ends],
        "trades": np.add.reduceat(c["trades"], starts),
        "open": c["open"][starts],
        "high": np.maximum.reduceat(c["high"], starts),
        "low": np.minimum.reduceat(c["low"], starts),
        "close": c["close"][ends],
        "volume": np.add.reduceat(c["volume"], starts),
    }


def _block(source: Block, rows: Mapping[str, Ints]) -> Block:
    count = len(rows["ts_ns"])
    columns = {**rows, **{name: np.full(count, ABSENT) for name in RECEIPT}}
    lines = np.zeros(count, np.int64)
    return Block(BARS, source.symbol, columns, source.price_scale, source.qty_scale, lines)
