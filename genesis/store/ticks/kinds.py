"""The kinds of rows the tick store keeps, and which columns each has."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

ABSENT: Final = -1
"""In memory: a receive stamp or arrival number that the source did not tell. On disk: null."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Columns of one kind of row; all are int64 except `flags`, which are bool.

    `prices` and `qtys` are scaled integers: value = integer / 10**scale. `key` is the venue's own
    number, by which rows are told apart; rows of a kind that `is_merged` lie sorted by it, the
    others in arrival order.
    """

    name: str
    key: str
    others: tuple[str, ...]
    prices: tuple[str, ...]
    qtys: tuple[str, ...]
    flags: tuple[str, ...] = ()
    is_merged: bool = False
    noun: str = "trade id"

    @property
    def told(self) -> tuple[str, ...]:
        """Every column that the venue told: rows with equal key must agree in all of them."""
        return (self.key, *self.others, *self.prices, *self.qtys, *self.flags)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.told, *RECEIPT)

    @property
    def schema(self) -> pa.Schema:
        """Parquet and Arrow columns; only those of the receipt may be null."""
        told = [pa.field(name, self._type(name), nullable=False) for name in self.told]
        return pa.schema([*told, *(pa.field(name, pa.int64()) for name in RECEIPT)])

    def _type(self, name: str) -> pa.DataType:
        return pa.bool_() if name in self.flags else pa.int64()


RECEIPT: Final = ("received_ns", "arrival")
"""What our own recorder added: its clock's stamp, and the place in the capture."""

TRADES: Final = Kind(
    "trades", "trade_id", ("ts_ns",), ("price",), ("qty",), ("is_buyer_maker",), is_merged=True
)
AGG_TRADES: Final = Kind(
    "agg_trades",
    "trade_id",
    ("ts_ns",),
    ("price",),
    ("qty",),
    ("is_buyer_maker",),
    is_merged=True,
    noun="aggregated trade id",
)
BOOKS: Final = Kind(
    "books", "update_id", ("ts_ns",), ("bid", "ask"), ("bid_qty", "ask_qty"), noun="update id"
)
DEPTH: Final = Kind(
    "depth",
    "last_id",
    ("first_id", "ts_ns"),
    ("price",),
    ("qty",),
    ("is_snapshot", "is_ask"),
    noun="update id",
)
"""One row per changed price. A message without any row is kept as one row of price 0."""

BARS: Final = Kind(
    "bars",
    "first_trade_id",
    ("ts_ns", "last_trade_id", "trades"),
    ("open", "high", "low", "close"),
    ("volume",),
    is_merged=True,
    noun="bar of trade id",
)
"""One-minute bars of recorded trades that had their day. `ts_ns` is when the minute opens."""

RECORDED_ARRIVAL: Final = 1 << 40
"""Arrival numbers of our own recorder begin here: session * 2**40 + place in the session. They rise
through all sessions of a symbol, so they order its recordings whatever the clocks said."""

KINDS: Final = {kind.name: kind for kind in (TRADES, AGG_TRADES, BOOKS, DEPTH, BARS)}
