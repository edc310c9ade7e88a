"""Taking liquidity from a recorded book, row by row.

The recorded market does not know our orders, so what we take is remembered until the book's next
event: within one event the same quantity is never sold twice.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from genesis.domain.events import BookDelta, BookTop, Level
from genesis.domain.money import ZERO
from genesis.domain.orders import Side
from genesis.market.book import Book


class Take(NamedTuple):
    """A quantity at a price."""

    price: Decimal
    qty: Decimal


class Ladder:
    """The book of one symbol, less what was already taken from it."""

    __slots__ = ("_taken", "book")

    def __init__(self) -> None:
        self.book = Book()
        self._taken: dict[tuple[Side, Decimal], Decimal] = {}

    def apply(self, event: BookTop | BookDelta) -> None:
        self.book.apply(event)
        self._taken.clear()

    def is_known(self) -> bool:
        """Has any row of either side been seen?"""
        book = self.book
        return book.best(Side.BUY) is not None or book.best(Side.SELL) is not None

    def rows_for(self, side: Side) -> Iterator[Level]:
        """What an order of `side` can take, best first."""
        other = side.opposite
        for price, qty in self.book.rows(other):
            left = qty - self._taken.get((other, price), ZERO)
            if left > ZERO:
                yield Level(price, left)

    def consume(self, side: Side, takes: Iterable[Take]) -> None:
        """An order of `side` took these."""
        for price, qty in takes:
            key = (side.opposite, price)
            self._taken[key] = self._taken.get(key, ZERO) + qty


def is_within(side: Side, price: Decimal, limit: Decimal | None) -> bool:
    """May an order of `side` with this limit trade at `price`?"""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def walk(side: Side, rows: Iterable[Level], qty: Decimal, limit: Decimal | None) -> list[Take]:
    """The parts of `qty` that the rows give, up to the limit price; less than `qty` where thin."""
    takes: list[Take] = []
    left = qty
    for price, there in rows:
        if not left or not is_within(side, price, limit):
            break
        part = min(left, there)
        takes.append(Take(price, part))
        left -= part
    return takes


def qty_for_quote(rows: Iterable[Level], quote_qty: Decimal) -> Decimal:
    """How much base the rows trade for an amount of quote; all of them where they end before."""
    left, qty = quote_qty, ZERO
    for price, there in rows:
        if price * there >= left:
            return qty + left / price
        left -= price * there
        qty += there
    return qty
