"""Captured events into blocks: trades, book tops and changed book rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from genesis.domain.events import BookDelta, BookTop, Level, TradeTick
from genesis.domain.money import ZERO
from genesis.store.ticks.archive_blocks import BadRow, Parsed
from genesis.store.ticks.blocks import Block, Ints, exact_ints
from genesis.store.ticks.kinds import BOOKS, DEPTH, TRADES
from genesis.wire.capture import BadLine, Capture, Captured

BATCH: Final = 20_000
"""Lines turned into blocks at a time."""
_EMPTY: Final = ((False, Level(ZERO, ZERO)),)


def read_capture(lines: Iterable[bytes], symbol: str | None, only: str | None) -> Iterator[Parsed]:
    """The rows of a capture, batch by batch.

    symbol: what its bare depth snapshots belong to. only: leave out every other symbol.
    """
    capture = Capture(symbol)
    given: list[Captured | BadLine] = []
    for number, raw in enumerate(lines, 1):
        given += capture.take(raw)
        if number % BATCH == 0:
            yield _parsed(given, only, capture)
            given = []
    given += capture.finish()
    yield _parsed(given, only, capture)


def _parsed(given: Sequence[Captured | BadLine], only: str | None, capture: Capture) -> Parsed:
    bad = [
        BadRow(one.line, one.reason, one.raw.decode("utf-8", "replace").rstrip("\r\n"))
        for one in given
        if isinstance(one, BadLine)
    ]
    good = [one for one in given if not isinstance(one, BadLine)]
    kept = [one for one in good if only is None or one.event.symbol == only]
    ignored, capture.ignored = capture.ignored + len(good) - len(kept), 0
    return Parsed(tuple(captured_blocks(kept)), tuple(bad), ignored, capture.is_synthetic)


def captured_blocks(rows: Sequence[Captured]) -> Iterator[Block]:
    """Blocks of the trades, tops and book changes among `rows`, one for each kind and symbol."""
    symbols = sorted({row.event.symbol for row in rows})
    for symbol in symbols:
        own = [row for row in rows if row.event.symbol == symbol]
        if trades := [(row, row.event) for row in own if isinstance(row.event, TradeTick)]:
            yield _trades(symbol, trades)
        if tops := [(row, row.event) for row in own if isinstance(row.event, BookTop)]:
            yield _tops(symbol, tops)
        if deltas := [(row, row.event) for row in own if isinstance(row.event, BookDelta)]:
            yield _depth(symbol, deltas)


def _ints(numbers: Iterable[int]) -> Ints:
    return np.array(list(numbers), np.int64)


def _receipt(rows: Sequence[Captured]) -> dict[str, Ints]:
    return {
        "received_ns": _ints(row.received_ns for row in rows),
        "arrival": _ints(row.arrival for row in rows),
    }


def _trades(symbol: str, rows: Sequence[tuple[Captured, TradeTick]]) -> Block:
    ticks = [tick for _, tick in rows]
    price, price_scale = exact_ints((tick.price for tick in ticks), symbol)
    qty, qty_scale = exact_ints((tick.qty for tick in ticks), symbol)
    columns = {
        "trade_id": _ints(tick.trade_id for tick in ticks),
        "ts_ns": _ints(tick.ts_ns for tick in ticks),
        "price": price,
        "qty": qty,
        "is_buyer_maker": np.array([tick.buyer_is_maker for tick in ticks], np.bool_),
        **_receipt([row for row, _ in rows]),
    }
    lines = _ints(row.line for row, _ in rows)
    return Block(TRADES, symbol, columns, price_scale, qty_scale, lines).tightened()


def _tops(symbol: str, rows: Sequence[tuple[Captured, BookTop]]) -> Block:
    tops = [top for _, top in rows]
    prices, price_scale = exact_ints((x for top in tops for x in (top.bid, top.ask)), symbol)
    qtys, qty_scale = exact_ints((x for top in tops for x in (top.bid_qty, top.ask_qty)), symbol)
    columns = {
        "update_id": _ints(top.update_id for top in tops),
        "ts_ns": _ints(top.ts_ns for top in tops),
        "bid": prices[0::2],
        "ask": prices[1::2],
        "bid_qty": qtys[0::2],
        "ask_qty": qtys[1::2],
        **_receipt([row for row, _ in rows]),
    }
    lines = _ints(row.line for row, _ in rows)
    return Block(BOOKS, symbol, columns, price_scale, qty_scale, lines).tightened()


def _depth(symbol: str, rows: Sequence[tuple[Captured, BookDelta]]) -> Block:
    flat = [(row, delta, is_ask, level) for row, delta in rows for is_ask, level in _sides(delta)]
    price, price_scale = exact_ints((level.price for *_, level in flat), symbol)
    qty, qty_scale = exact_ints((level.qty for *_, level in flat), symbol)
    columns = {
        "last_id": _ints(delta.last_id for _, delta, *_ in flat),
        "first_id": _ints(delta.first_id for _, delta, *_ in flat),
        "ts_ns": _ints(delta.ts_ns for _, delta, *_ in flat),
        "price": price,
        "qty": qty,
        "is_snapshot": np.array([delta.is_snapshot for _, delta, *_ in flat], np.bool_),
        "is_ask": np.array([is_ask for _, _, is_ask, _ in flat], np.bool_),
        **_receipt([row for row, *_ in flat]),
    }
    lines = _ints(row.line for row, *_ in flat)
    return Block(DEPTH, symbol, columns, price_scale, qty_scale, lines).tightened()


def _sides(delta: BookDelta) -> Sequence[tuple[bool, Level]]:
    rows = [(False, level) for level in delta.bids] + [(True, level) for level in delta.asks]
    return rows or _EMPTY
