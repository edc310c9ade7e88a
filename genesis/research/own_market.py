"""The market around orders of our own, as columns read from the tape.

Only spans around orders are read. Positions on the tape tell what was known when an order was
decided; stamps of the venue tell what happened there while it rested.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.time import MINUTE
from genesis.store.tape_pages import TapePages

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

WINDOW_NS: Final = 5 * MINUTE
"""How far back the usual volume of a minute is counted."""
_LEAST_NS: Final = MINUTE
_KINDS: Final = frozenset({"TradeTick", "BookTop"})


class Span(NamedTuple):
    """[first_ns, until_ns) of a symbol, in venue time."""

    symbol: str
    first_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns by name, (n,) each, in consumed order."""

    pos: Int64
    ts_ns: Int64
    columns: dict[str, Float64]

    def __getitem__(self, name: str) -> Float64:
        return self.columns[name]


@dataclass(frozen=True, slots=True)
class OwnMarket:
    """trades: price, qty, buyer_is_maker. tops: bid, bid_qty, ask, ask_qty. first_ns: of all."""

    trades: Rows
    tops: Rows
    first_ns: int

    def mid(self, tape_pos: int) -> float | None:
        """The middle of the book, or without one the last price, after so much was consumed."""
        row = int(np.searchsorted(self.tops.pos, tape_pos, side="right")) - 1
        if row >= 0:
            return (float(self.tops["bid"][row]) + float(self.tops["ask"][row])) / 2.0
        row = int(np.searchsorted(self.trades.pos, tape_pos, side="right")) - 1
        return float(self.trades["price"][row]) if row >= 0 else None

    def displayed(self, is_buy: bool, price: float, at_ns: int) -> float | None:
        """What stood at the best price of a side before a moment; None: that was another price."""
        row = int(np.searchsorted(self.tops.ts_ns, at_ns, side="left")) - 1
        side = "bid" if is_buy else "ask"
        if row < 0 or float(self.tops[side][row]) != price:
            return None
        return float(self.tops[f"{side}_qty"][row])


def minute_volume(ts_ns: Int64, qty: Float64, at_ns: int, first_ns: int) -> float:
    """Base traded in a minute, as a mean of the `WINDOW_NS` before; nan where too little is known.

    first_ns: since when the market was watched.
    """
    since_ns = max(at_ns - WINDOW_NS, first_ns)
    if at_ns - since_ns < _LEAST_NS:
        return float("nan")
    first, last = np.searchsorted(ts_ns, (since_ns, at_ns))
    return float(qty[first:last].sum()) * MINUTE / (at_ns - since_ns)


@dataclass(slots=True)
class _Column:
    """What is read of one symbol."""

    trades: list[tuple[float, ...]] = field(default_factory=list)
    tops: list[tuple[float, ...]] = field(default_factory=list)


def read_markets(pages: TapePages, spans: Iterable[Span]) -> dict[str, OwnMarket]:
    """Trades and book tops of the tape within the spans, by symbol."""
    asked = list(spans)
    symbols = {span.symbol for span in asked}
    read = {symbol: _Column() for symbol in symbols}
    for first_ns, until_ns in _merged(asked):
        for pos, event in _events(pages, first_ns, until_ns):
            column = read.get(event.symbol)
            if column is None:
                continue
            if isinstance(event, TradeTick):
                told = (float(event.price), float(event.qty), float(event.buyer_is_maker))
                column.trades.append((pos, event.ts_ns, *told))
            else:
                sides = (event.bid, event.bid_qty, event.ask, event.ask_qty)
                column.tops.append((pos, event.ts_ns, *map(float, sides)))
    first_ns = pages.ts_ns_at(1) if pages.last else 0
    return {
        symbol: OwnMarket(
            _rows(column.trades, ("price", "qty", "buyer_is_maker")),
            _rows(column.tops, ("bid", "bid_qty", "ask", "ask_qty")),
            first_ns,
        )
        for symbol, column in read.items()
    }


def _merged(spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Spans of time that do not overlap, oldest first."""
    merged: list[tuple[int, int]] = []
    for _, first, until in sorted(spans, key=lambda span: span.first_ns):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((first, until))
    return merged


def _events(
    pages: TapePages, first_ns: int, until_ns: int
) -> Iterator[tuple[int, TradeTick | BookTop]]:
    """Trades and tops stamped within the span, with their positions on the tape, from 1."""
    for seq in range(pages.reaching(first_ns), pages.last + 1):
        block = pages.block(seq)
        for index in range(len(block)):
            if block.kind(index) in _KINDS:
                event = block.event(index)
                if first_ns <= event.ts_ns < until_ns:
                    assert isinstance(event, TradeTick | BookTop)
                    yield block.row.first_pos + index, event
        if block.last_ns >= until_ns:
            return


def _rows(rows: list[tuple[float, ...]], names: tuple[str, ...]) -> Rows:
    """A stamp before one that was consumed earlier counts as that one."""
    parts = list(zip(*rows, strict=True)) or [() for _ in range(len(names) + 2)]
    pos, ts_ns = (np.array(part, dtype=np.int64) for part in parts[:2])
    values = (np.array(part, dtype=np.float64) for part in parts[2:])
    return Rows(pos, np.maximum.accumulate(ts_ns), dict(zip(names, values, strict=True)))
