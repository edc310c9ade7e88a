"""Trade archives into blocks, vectorised; a line reader names the row that spoils a block.

Decimals are read by Arrow as 128-bit integers that count 10**-8 and taken over as int64: no float
is between. Whatever that way cannot take (finer amounts, larger ones, a bad row) goes through
`wire.archive` line by line, which either explains the row or reads it exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from genesis.domain.time import MICROSECOND, MILLISECOND
from genesis.store.feeds import OpenFile
from genesis.store.ticks.blocks import INT64_MAX, Block, Ints, decimals, exact_ints, scaled_ints
from genesis.store.ticks.kinds import ABSENT, KINDS
from genesis.wire import archive
from genesis.wire.amounts import EARLIEST_NS, LATEST_NS

BLOCK_BYTES: Final = 16 << 20
_SCALE: Final = 8


class BadRow(NamedTuple):
    """A row that cannot be used: its line (from 1), the reason, and its text where known."""

    line: int
    reason: str
    text: str = ""


_Row = tuple[int, archive.Row]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one stretch of a file gave: blocks, and the rows that had to be left out."""

    blocks: tuple[Block, ...]
    bad: tuple[BadRow, ...] = ()
    ignored: int = 0
    is_synthetic: bool = False


def read_archive(file: OpenFile, layout: archive.Layout, symbol: str) -> Iterator[Parsed]:
    """The rows of an archive, block by block. Nothing is skipped but blank lines and the header."""
    first_line = 1
    for raw in file.blocks(BLOCK_BYTES):
        body, line = raw, first_line
        if layout.has_header and first_line == 1:
            body, line = raw[raw.find(b"\n") + 1 :], 2
        first_line += raw.count(b"\n")
        if body:
            yield _parse(body, line, layout, symbol)


def _parse(body: bytes, first_line: int, layout: archive.Layout, symbol: str) -> Parsed:
    block = _vectorised(body, first_line, layout, symbol)
    if block is not None:
        return Parsed((block,))
    return _line_by_line(body, first_line, layout, symbol)


def _vectorised(body: bytes, first_line: int, layout: archive.Layout, symbol: str) -> Block | None:
    """The block, or None where any row needs a closer look."""
    try:
        table = _table(body, layout)
    except pa.ArrowInvalid:
        return None
    rows = body.count(b"\n") + (not body.endswith(b"\n"))
    if table.num_rows != rows or any(column.null_count for column in table.columns):
        return None
    if layout.symbol is not None and not _is_all(table["symbol"], symbol.replace("/", "")):
        return None
    price, qty = _whole_units(table["price"]), _whole_units(table["qty"])
    ts_ns = _stamps(table["time"])
    received_ns = (
        _stamps(table["received"]) if layout.received is not None else np.full(rows, ABSENT)
    )
    if price is None or qty is None or ts_ns is None or received_ns is None:
        return None
    trade_id: Ints = table["trade_id"].to_numpy()
    if trade_id.min() < 0:
        return None
    columns = {
        "trade_id": trade_id,
        "ts_ns": ts_ns,
        "price": price,
        "qty": qty,
        "is_buyer_maker": table["maker"].to_numpy(),
        "received_ns": received_ns,
        "arrival": np.full(rows, ABSENT),
    }
    lines = np.arange(first_line, first_line + rows)
    return Block(KINDS[layout.kind], symbol, columns, _SCALE, _SCALE, lines).tightened()


def _table(body: bytes, layout: archive.Layout) -> pa.Table:
    amount = pa.decimal128(38, _SCALE)
    types = {
        "trade_id": pa.int64(),
        "price": amount,
        "qty": amount,
        "time": pa.int64(),
        "maker": pa.bool_(),
        "received": pa.int64(),
        "symbol": pa.string(),
    }
    wanted = [name for name in layout.columns if name in types]
    return pacsv.read_csv(
        pa.py_buffer(body),
        read_options=pacsv.ReadOptions(column_names=layout.columns, block_size=2 << 20),
        parse_options=pacsv.ParseOptions(quote_char=False),
        convert_options=pacsv.ConvertOptions(
            column_types={name: types[name] for name in wanted},
            include_columns=wanted,
            null_values=[],
            true_values=archive.TRUE,
            false_values=archive.FALSE,
        ),
    ).combine_chunks()


def _whole_units(column: pa.ChunkedArray) -> Ints | None:
    """The 128-bit counts as int64; None where one is not positive or does not fit."""
    words = [_words(chunk) for chunk in column.chunks]
    both = words[0] if len(words) == 1 else np.concatenate(words)
    low, high = both[:, 0], both[:, 1]
    if np.any(high) or low.min() <= 0:
        return None
    return np.ascontiguousarray(low)


def _words(chunk: pa.Array) -> Ints:
    words = np.frombuffer(chunk.buffers()[1], np.int64).reshape(-1, 2)
    counts: Ints = words[chunk.offset : chunk.offset + len(chunk)]
    return counts


def _stamps(column: pa.ChunkedArray) -> Ints | None:
    """ns of stamps in ms, µs or ns by their size; None where one is out of range."""
    raw: Ints = column.to_numpy()
    units: npt.NDArray[np.int64] = np.where(
        raw < 10**14, MILLISECOND, np.where(raw < 10**17, MICROSECOND, 1)
    )
    if np.any(raw < EARLIEST_NS // units) or np.any(raw >= LATEST_NS // units):
        return None
    stamps: Ints = raw * units
    return stamps


def _is_all(column: pa.ChunkedArray, text: str) -> bool:
    return bool(column.unique().to_pylist() == [text])


def _line_by_line(body: bytes, first_line: int, layout: archive.Layout, symbol: str) -> Parsed:
    good: list[_Row] = []
    bad: list[BadRow] = []
    for line, raw in enumerate(body.split(b"\n"), first_line):
        if not raw.strip():
            continue
        try:
            row = archive.parse_row(raw, layout, symbol)
            scaled_ints((row.tick.price,))
            scaled_ints((row.tick.qty,))
        except ValueError as error:
            bad.append(BadRow(line, str(error), raw.decode("utf-8", "replace").rstrip("\r")))
        else:
            good.append((line, row))
    good, wide = _too_wide(good)
    blocks = (_block(good, layout, symbol),) if good else ()
    return Parsed(blocks, tuple(sorted([*bad, *wide])))


def _too_wide(rows: Sequence[_Row]) -> tuple[list[_Row], list[BadRow]]:
    """Sets rows aside that fit 64 bits alone and not beside the finest amounts of the others."""
    price = max((decimals(row.tick.price) for _, row in rows), default=0)
    qty = max((decimals(row.tick.qty) for _, row in rows), default=0)
    most_price, most_qty = (Decimal(INT64_MAX).scaleb(-scale) for scale in (price, qty))
    fits = [row.tick.price <= most_price and row.tick.qty <= most_qty for _, row in rows]
    reason = "an amount does not fit 64 bits beside the finest of the other rows"
    return (
        [row for row, does_fit in zip(rows, fits, strict=True) if does_fit],
        [BadRow(row[0], reason) for row, does_fit in zip(rows, fits, strict=True) if not does_fit],
    )


def _block(rows: Sequence[_Row], layout: archive.Layout, symbol: str) -> Block:
    price, price_scale = exact_ints((row.tick.price for _, row in rows), symbol)
    qty, qty_scale = exact_ints((row.tick.qty for _, row in rows), symbol)
    received = [ABSENT if row.received_ns is None else row.received_ns for _, row in rows]
    columns = {
        "trade_id": np.array([row.tick.trade_id for _, row in rows], np.int64),
        "ts_ns": np.array([row.tick.ts_ns for _, row in rows], np.int64),
        "price": price,
        "qty": qty,
        "is_buyer_maker": np.array([row.tick.buyer_is_maker for _, row in rows], np.bool_),
        "received_ns": np.array(received, np.int64),
        "arrival": np.full(len(rows), ABSENT),
    }
    lines = np.array([line for line, _ in rows], np.int64)
    return Block(KINDS[layout.kind], symbol, columns, price_scale, qty_scale, lines).tightened()
