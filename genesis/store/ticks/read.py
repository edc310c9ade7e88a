"""The one sorted read path from Parquet to numpy, and back to events in arrival order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from genesis.domain.events import BookDelta, BookTop, Level, MarketEvent, TradeTick
from genesis.store.ticks import blocks, parquet
from genesis.store.ticks.blocks import Block, Flags, Ints
from genesis.store.ticks.kinds import (
    ABSENT,
    BOOKS,
    DEPTH,
    KINDS,
    RECEIPT,
    RECORDED_ARRIVAL,
    TRADES,
)
from genesis.store.ticks.manifest import FileEntry, Manifest, Partition, Place

ALWAYS: Final = (0, 2**63 - 1)
"""The span (UTC ns) that holds every stamp."""


@dataclass(frozen=True, slots=True)
class TickArrays:
    """Trades sorted by trade id, exact: value = int / 10**scale.

    ts_ns: (n,) int64 UTC ns. price: (n,) int64, counts 10**-price_scale quote per base.
    qty: (n,) int64, counts 10**-qty_scale base. is_buyer_maker: (n,) bool. trade_id: (n,) int64.
    """

    symbol: str
    ts_ns: Ints
    price: Ints
    price_scale: int
    qty: Ints
    qty_scale: int
    is_buyer_maker: Flags
    trade_id: Ints

    def __len__(self) -> int:
        return len(self.ts_ns)


@dataclass(frozen=True, slots=True)
class TopArrays:
    """Book tops in arrival order, exact as `TickArrays`; all columns (n,) int64."""

    symbol: str
    ts_ns: Ints
    update_id: Ints
    bid: Ints
    ask: Ints
    price_scale: int
    bid_qty: Ints
    ask_qty: Ints
    qty_scale: int

    def __len__(self) -> int:
        return len(self.ts_ns)


def trade_arrays(root: Path, held: Manifest, symbol: str, span_ns: tuple[int, int]) -> TickArrays:
    """Trades of `symbol` stamped within [start, end)."""
    wanted = ("trade_id", "ts_ns", "price", "qty", "is_buyer_maker")
    block = whole(root, held.of(TRADES.name, symbol), span_ns, wanted)
    if block is None:
        none = np.empty(0, np.int64)
        return TickArrays(symbol, none, none, 0, none, 0, np.empty(0, np.bool_), none)
    columns = block.columns
    return TickArrays(
        symbol,
        columns["ts_ns"],
        columns["price"],
        block.price_scale,
        columns["qty"],
        block.qty_scale,
        columns["is_buyer_maker"],
        columns["trade_id"],
    )


def top_arrays(root: Path, held: Manifest, symbol: str, span_ns: tuple[int, int]) -> TopArrays:
    """Book tops of `symbol` stamped within [start, end)."""
    block = whole(root, held.of(BOOKS.name, symbol), span_ns, BOOKS.columns)
    if block is None:
        none = np.empty(0, np.int64)
        return TopArrays(symbol, none, none, none, none, 0, none, none, 0)
    columns = in_arrival_order(block).columns
    prices = (columns["bid"], columns["ask"], block.price_scale)
    qtys = (columns["bid_qty"], columns["ask_qty"], block.qty_scale)
    return TopArrays(symbol, columns["ts_ns"], columns["update_id"], *prices, *qtys)


def whole(
    root: Path,
    partitions: dict[Place, Partition],
    span_ns: tuple[int, int],
    columns: Sequence[str],
) -> Block | None:
    """The rows of a span as they lie in the files; None where no file holds any."""
    cut: list[Block] = []
    for place, part in partitions.items():
        is_inside = all(span_ns[0] <= e.first_ns and e.last_ns < span_ns[1] for e in part.files)
        read = day_blocks(root, {place: part}, span_ns, columns)
        cut.extend(read if is_inside else (_cut(block, span_ns) for block in read))
    return blocks.concat(cut) if cut else None


def day_blocks(
    root: Path,
    partitions: dict[Place, Partition],
    span_ns: tuple[int, int] = ALWAYS,
    columns: Iterable[str] | None = None,
) -> Iterator[Block]:
    """Blocks that hold the rows of a span (and some around it), day by day."""
    for place, partition in partitions.items():
        files = [entry for entry in partition.files if _is_within(entry, span_ns)]
        yield from parquet.read_entries(root, place, partition, files, columns, span_ns)


def _is_within(entry: FileEntry, span_ns: tuple[int, int]) -> bool:
    return entry.last_ns >= span_ns[0] and entry.first_ns < span_ns[1]


def _cut(block: Block, span_ns: tuple[int, int]) -> Block:
    times = block.columns["ts_ns"]
    inside = (times >= span_ns[0]) & (times < span_ns[1])
    return block if np.all(inside) else block.take(inside)


def in_arrival_order(block: Block) -> Block:
    """The rows as they arrived, also where several captures lie side by side."""
    received, arrival = (block.columns[name] for name in RECEIPT)
    if is_ours(arrival):
        rises = np.all(arrival[1:] >= arrival[:-1])
        return block if rises else block.take(np.argsort(arrival, kind="stable"))
    if np.all(received[1:] >= received[:-1]):
        return block
    return block.take(np.lexsort((arrival, received)))


def is_ours(arrival: Ints) -> bool:
    """Were all rows taken down by our own recorder, whose arrival numbers order them alone?"""
    return bool(np.all(arrival >= RECORDED_ARRIVAL))


# -- events ----------------------------------------------------------------------------------
def events(
    root: Path, held: Manifest, symbol: str, span_ns: tuple[int, int], kinds: Sequence[str]
) -> Iterator[MarketEvent]:
    """What was recorded of `symbol` within [start, end), day by day.

    In arrival order where everything was received by a recorder; else by venue time, and within
    one stamp in the order of `kinds`.
    """
    days = sorted({place.date for kind in kinds for place in held.of(kind, symbol)})
    for date in days:
        loaded = [
            block
            for kind in kinds
            if (block := _day(root, held, Place(kind, symbol, date), span_ns)) is not None
        ]
        yield from _merged(loaded)


def _day(root: Path, held: Manifest, place: Place, span_ns: tuple[int, int]) -> Block | None:
    partition = held.partitions.get(place)
    if partition is None:
        return None
    block = whole(root, {place: partition}, span_ns, KINDS[place.kind].columns)
    if block is None or KINDS[place.kind].is_merged:
        return block
    return in_arrival_order(block)


def _merged(loaded: Sequence[Block]) -> Iterator[MarketEvent]:
    if not loaded:
        return
    received = np.concatenate([block.columns["received_ns"] for block in loaded])
    arrival = np.concatenate([block.columns["arrival"] for block in loaded])
    times = np.concatenate([block.columns["ts_ns"] for block in loaded])
    number = np.concatenate([np.full(len(block), i) for i, block in enumerate(loaded)])
    row = np.concatenate([np.arange(len(block)) for block in loaded])
    if is_ours(arrival):
        order = np.lexsort((row, number, arrival))
    elif np.all(received != ABSENT):
        order = np.lexsort((row, number, arrival, received))
    else:
        order = np.lexsort((row, number, times))
    makers = [_Maker(block) for block in loaded]
    for which, index in zip(number[order].tolist(), row[order].tolist(), strict=True):
        yield from makers[which].make(index)
    for maker in makers:
        yield from maker.rest()


class _Maker:
    """Turns the rows of one block into events; depth rows are gathered into their message."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._columns = {name: column.tolist() for name, column in block.columns.items()}
        self._price = Decimal(1).scaleb(-block.price_scale)
        self._qty = Decimal(1).scaleb(-block.qty_scale)
        self._held: list[int] = []

    def make(self, i: int) -> Iterator[MarketEvent]:
        if self._block.kind is DEPTH:
            if self._held and not self._is_same_message(i):
                yield from self.rest()
            self._held.append(i)
            if i + 1 == len(self._block) or not self._is_same_message(i + 1):
                yield from self.rest()
        elif self._block.kind is BOOKS:
            yield self._top(i)
        else:
            yield self._trade(i)

    def rest(self) -> Iterator[MarketEvent]:
        if self._held:
            yield self._delta(self._held)
            self._held = []

    def _is_same_message(self, i: int) -> bool:
        c, j = self._columns, self._held[0]
        return all(c[name][i] == c[name][j] for name in ("last_id", "is_snapshot", "arrival"))

    def _trade(self, i: int) -> TradeTick:
        c = self._columns
        return TradeTick(
            c["ts_ns"][i],
            self._block.symbol,
            c["trade_id"][i],
            c["price"][i] * self._price,
            c["qty"][i] * self._qty,
            c["is_buyer_maker"][i],
        )

    def _top(self, i: int) -> BookTop:
        c = self._columns
        return BookTop(
            c["ts_ns"][i],
            self._block.symbol,
            c["update_id"][i],
            c["bid"][i] * self._price,
            c["bid_qty"][i] * self._qty,
            c["ask"][i] * self._price,
            c["ask_qty"][i] * self._qty,
        )

    def _delta(self, rows: Sequence[int]) -> BookDelta:
        c, i = self._columns, rows[0]
        return BookDelta(
            c["ts_ns"][i],
            self._block.symbol,
            c["first_id"][i],
            c["last_id"][i],
            self._levels(rows, is_ask=False),
            self._levels(rows, is_ask=True),
            c["is_snapshot"][i],
        )

    def _levels(self, rows: Sequence[int], *, is_ask: bool) -> tuple[Level, ...]:
        c = self._columns
        return tuple(
            Level(c["price"][i] * self._price, c["qty"][i] * self._qty)
            for i in rows
            if c["is_ask"][i] == is_ask and c["price"][i]
        )
