"""The order book of one symbol: best bid and ask, and deeper rows where depth is known.

Two sources feed it. Tops tell the best rows at once; deltas tell changed rows every so often and
need a snapshot to start from. Both carry update ids, and the newer source has the say about the
best rows: a newer top hides the rows it contradicts, without deleting them, until the deltas
have caught up.

Rules of the snapshot (binance-spot-api-docs, "How to manage a local order book correctly"):
deltas before it wait; those it already contains are dropped; a gap between update ids makes the
depth unknown until the next snapshot.
"""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

from genesis.domain.events import BookDelta, BookTop, Level
from genesis.domain.money import ZERO
from genesis.domain.orders import Side

KEPT_DELTAS: Final = 4096
"""Deltas that may wait for a snapshot; older ones are forgotten."""


class Book:
    """`Side.BUY` names the bids, `Side.SELL` the asks; rows come best first."""

    __slots__ = (
        "_asks",
        "_bids",
        "_latest",
        "_sorted",
        "_top",
        "_top_leads",
        "_waiting",
        "last_id",
        "synced",
    )

    def __init__(self) -> None:
        self.synced = False
        self.last_id = 0
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._top: BookTop | None = None
        self._top_leads = False
        self._latest: BookDelta | None = None
        self._waiting: deque[BookDelta] = deque(maxlen=KEPT_DELTAS)
        self._sorted: dict[Side, list[Level]] = {}

    def apply(self, event: BookTop | BookDelta) -> None:
        """Take one event of the symbol in."""
        if type(event) is BookTop:
            self._top = event
            self._top_leads = not self.synced or event.update_id >= self.last_id
        elif isinstance(event, BookDelta):
            self._apply_delta(event)

    def top(self) -> BookTop | None:
        """Best bid and ask, or None while either is unknown or empty."""
        if self._top_leads:
            return self._top
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        if bid is None or ask is None or self._latest is None:
            return None
        seen = self._latest
        return BookTop(seen.ts_ns, seen.symbol, self.last_id, *bid, *ask)

    @property
    def depth_ns(self) -> int:
        """When the deeper rows were told last; 0: they are not known."""
        return self._latest.ts_ns if self.synced and self._latest is not None else 0

    def best(self, side: Side) -> Level | None:
        """Best row of a side, or None while it is unknown or empty."""
        return next(self.rows(side), None)

    def depth(self, side: Side, levels: int | None = None) -> tuple[Level, ...]:
        """Known rows of a side."""
        return tuple(islice(self.rows(side), levels))

    def rows(self, side: Side) -> Iterator[Level]:
        """Known rows of a side, made while they are read."""
        if not self._top_leads or self._top is None:
            yield from self._rows(side)
            return
        best = _best_of(self._top, side)
        if not best.qty:
            return
        yield best
        for row in self._rows(side):
            if _is_worse(side, row.price, best.price):
                yield row

    def impact(self, side: Side, qty: Decimal) -> Decimal | None:
        """Average price of taking `qty` with an order of `side`; None where the rows end before."""
        left, paid = qty, ZERO
        for price, there in self.rows(side.opposite):
            part = min(left, there)
            paid += part * price
            left -= part
            if not left:
                return paid / qty
        return None

    def displayed(self, side: Side, price: Decimal) -> Decimal | None:
        """Quantity shown at a price: 0 where the book is known to be empty, None where unknown."""
        best = self.best(side)
        if best is None:
            return None
        if not _is_worse(side, price, best.price):
            return best.qty if price == best.price else ZERO
        known = self._bids if side is Side.BUY else self._asks
        if price in known:
            return known[price]
        rows = self._rows(side)
        within = bool(rows) and not _is_worse(side, price, rows[-1].price)
        return ZERO if within else None

    def _apply_delta(self, delta: BookDelta) -> None:
        if delta.is_snapshot:
            self._restart(delta)
        elif not self.synced:
            self._waiting.append(delta)
        else:
            self._follow(delta)
        self._latest = delta
        self._sorted.clear()
        top = self._top
        self._top_leads = top is not None and (not self.synced or top.update_id >= self.last_id)

    def _restart(self, snapshot: BookDelta) -> None:
        self._bids = {row.price: row.qty for row in snapshot.bids}
        self._asks = {row.price: row.qty for row in snapshot.asks}
        self.last_id, self.synced = snapshot.last_id, True
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for delta in waiting:
            self._follow(delta)

    def _follow(self, delta: BookDelta) -> None:
        if not self.synced:
            self._waiting.append(delta)
            return
        if delta.last_id <= self.last_id:
            return
        if delta.first_id > self.last_id + 1:
            self._lose(delta)
            return
        _change(self._bids, delta.bids)
        _change(self._asks, delta.asks)
        self.last_id = delta.last_id

    def _lose(self, delta: BookDelta) -> None:
        """A gap: the rows may be wrong now, so they are unknown."""
        self.synced = False
        self._bids.clear()
        self._asks.clear()
        self._waiting.append(delta)

    def _rows(self, side: Side) -> list[Level]:
        made = self._sorted.get(side)
        if made is None:
            known = self._bids if side is Side.BUY else self._asks
            ordered = sorted(known.items(), reverse=side is Side.BUY)
            made = self._sorted[side] = [Level(price, qty) for price, qty in ordered]
        return made


def _change(rows: dict[Decimal, Decimal], changed: tuple[Level, ...]) -> None:
    for price, qty in changed:
        if qty:
            rows[price] = qty
        else:
            rows.pop(price, None)


def _best_of(top: BookTop, side: Side) -> Level:
    return Level(top.bid, top.bid_qty) if side is Side.BUY else Level(top.ask, top.ask_qty)


def _is_worse(side: Side, price: Decimal, than: Decimal) -> bool:
    return price < than if side is Side.BUY else price > than
