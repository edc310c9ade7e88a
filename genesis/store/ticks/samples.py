"""The synthetic sample on its way into files: blocks for the store, captures, research files."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genesis.errors import UsageError
from genesis.sim import sample
from genesis.sim.sample import Sample
from genesis.store.ticks.blocks import Block
from genesis.store.ticks.durable import naming_disk_faults, whole_file
from genesis.store.ticks.kinds import BOOKS, TRADES
from genesis.wire import capture

LABEL = "SYNTHETIC sample market of Genesis: made up, no recorded trade is in it"


def sample_blocks(seed: int, start_ns: int, seconds: int, symbol: str) -> Iterator[Block]:
    """The sample as blocks of trades and book tops; received when they happened."""
    for part in sample.sample_chunks(seed, start_ns, seconds, symbol):
        yield _tops(part)
        if len(part.trades.ts_ns):
            yield _trades(part)


def write_sample(path: Path, seed: int, start_ns: int, seconds: int, symbol: str) -> int:
    """Write the sample as `.parquet` (trades for `backtest --ticks`) or `.gz` (a capture).

    Returns the number of rows or lines. An existing file is replaced, in one step.

    Raises:
        UsageError: the name ends with neither.
    """
    whole = (seed, start_ns, seconds, symbol)
    with naming_disk_faults(path.parent):
        if path.suffix == ".parquet":
            return _write_parquet(path, sample.sample_arrays(*whole))
        if path.suffix == ".gz":
            return _write_capture(path, *whole)
    raise UsageError(f"{path}: a sample is written to a name ending with .parquet or .gz")


def _write_parquet(path: Path, whole: Sample) -> int:
    trades = whole.trades
    columns = {
        "ts_ns": trades.ts_ns,
        "price": trades.price / 10**sample.PRICE_SCALE,
        "qty": trades.qty / 10**sample.QTY_SCALE,
        "is_buyer_maker": trades.is_buyer_maker,
        "trade_id": trades.trade_id,
    }
    table = pa.table(columns).replace_schema_metadata({"genesis": LABEL, "symbol": whole.symbol})
    with whole_file(path) as file:
        pq.write_table(table, file, compression="zstd", use_dictionary=False)
    return int(table.num_rows)


def _write_capture(path: Path, seed: int, start_ns: int, seconds: int, symbol: str) -> int:
    lines = 1
    with (
        whole_file(path) as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed,
    ):
        packed.write(capture.write_label(start_ns, LABEL))
        for event in sample.sample_market(seed, start_ns, seconds, symbol):
            packed.write(capture.write_line(event.ts_ns, event))
            lines += 1
    return lines


def _trades(part: Sample) -> Block:
    t = part.trades
    columns = {
        "trade_id": t.trade_id,
        "ts_ns": t.ts_ns,
        "price": t.price,
        "qty": t.qty,
        "is_buyer_maker": t.is_buyer_maker,
        "received_ns": t.ts_ns,
        "arrival": t.arrival,
    }
    none = np.zeros(len(t.ts_ns), np.int64)
    return Block(TRADES, part.symbol, columns, sample.PRICE_SCALE, sample.QTY_SCALE, none)


def _tops(part: Sample) -> Block:
    t = part.tops
    columns = {
        "update_id": t.update_id,
        "ts_ns": t.ts_ns,
        "bid": t.bid,
        "ask": t.ask,
        "bid_qty": t.bid_qty,
        "ask_qty": t.ask_qty,
        "received_ns": t.ts_ns,
        "arrival": t.arrival,
    }
    none = np.zeros(len(t.ts_ns), np.int64)
    return Block(BOOKS, part.symbol, columns, sample.PRICE_SCALE, sample.QTY_SCALE, none)
