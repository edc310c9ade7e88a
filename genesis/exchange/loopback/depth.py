"""The depth stream of one symbol: a consistent sequence of changes, and the rows they lead to.

Whatever the recording does (no snapshot yet, a gap, a new snapshot, tops alone), those who follow
the stream and those who ask for the rows see the same book: every change is published, each
update begins where the one before ended.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.events import BookDelta, BookTop, Level
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.domain.time import MILLISECOND
from genesis.market.book import Book

PACE_NS: Final = 100 * MILLISECOND
"""Venue time between updates that are made from tops alone."""


class DepthStream:
    """`after` is told every book event once `book` has taken it in."""

    def __init__(self, symbol: str, book: Book) -> None:
        self._symbol, self._book = symbol, book
        self._rows: dict[Side, dict[Decimal, Decimal]] = {Side.BUY: {}, Side.SELL: {}}
        self._follows_depth = False
        self._book_id = 0
        self._told_ns = 0
        self.last_id = 0

    def rows(self, side: Side, limit: int) -> list[Level]:
        """The published rows of a side, best first."""
        ordered = sorted(self._rows[side].items(), reverse=side is Side.BUY)
        return [Level(price, qty) for price, qty in ordered[:limit]]

    def after(self, event: BookTop | BookDelta) -> BookDelta | None:
        """The update to publish now, if any."""
        if isinstance(event, BookTop):
            return self._after_top(event)
        if not self._book.synced:
            self._follows_depth = False
            return None
        if self._follows_depth and not event.is_snapshot:
            if self._book.last_id == self._book_id:
                return None
            self._book_id = self._book.last_id
            return self._publish(event.ts_ns, event.last_id, event.bids, event.asks)
        self._follows_depth, self._book_id = True, self._book.last_id
        return self._catch_up(event.ts_ns, self._book.last_id, None)

    def _after_top(self, top: BookTop) -> BookDelta | None:
        is_early = self._told_ns and top.ts_ns - self._told_ns < PACE_NS
        if self._book.synced or is_early:
            return None
        return self._catch_up(top.ts_ns, top.update_id, 1)

    def _catch_up(self, ts_ns: int, update_id: int, levels: int | None) -> BookDelta | None:
        """Publish the difference between what was told and what the book holds."""
        bids, asks = (
            _changes(self._rows[side], dict(self._book.depth(side, levels))) for side in Side
        )
        return self._publish(ts_ns, update_id, bids, asks) if bids or asks else None

    def _publish(
        self, ts_ns: int, update_id: int, bids: tuple[Level, ...], asks: tuple[Level, ...]
    ) -> BookDelta:
        first_id = self.last_id + 1
        self.last_id = max(first_id, update_id)
        self._told_ns = ts_ns
        for side, changed in ((Side.BUY, bids), (Side.SELL, asks)):
            rows = self._rows[side]
            for price, qty in changed:
                if qty:
                    rows[price] = qty
                else:
                    rows.pop(price, None)
        return BookDelta(ts_ns, self._symbol, first_id, self.last_id, bids, asks)


def _changes(old: dict[Decimal, Decimal], new: dict[Decimal, Decimal]) -> tuple[Level, ...]:
    gone = [Level(price, ZERO) for price in old if price not in new]
    changed = [Level(price, qty) for price, qty in new.items() if old.get(price) != qty]
    return (*gone, *changed)
