"""What is held of one symbol and what works for it, at one look."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from genesis.domain.instrument import Instrument
from genesis.domain.orders import Order, OrderStatus, OrderType, Purpose
from genesis.execution.draft import Draft
from genesis.positions.ledger import Position


class SymbolFacts(Protocol):
    """What upkeep needs to know of the world."""

    @property
    def now_ns(self) -> int: ...
    @property
    def taker_fee_fraction(self) -> Decimal: ...
    def price(self, symbol: str) -> Decimal | None: ...
    def fresh_price(self, symbol: str) -> Decimal | None: ...
    def position(self, symbol: str) -> Position | None: ...
    def instrument(self, symbol: str) -> Instrument | None: ...


@dataclass(slots=True)
class Closing:
    """A position on its way out: how much is still to be sold (None: all of it), and why."""

    reason: str
    source: str
    client_ref: str | None
    left_qty: Decimal | None = None


class Upkeep(NamedTuple):
    """The next step for one symbol: orders to judge, orders to cancel, when to look again.

    doubt: why the venue is to be asked what it knows.
    """

    drafts: tuple[Draft, ...] = ()
    cancels: tuple[Order, ...] = ()
    again_ns: int | None = None
    doubt: str = ""


class Held(NamedTuple):
    """A position and everything of its symbol that rests or is known, at one look.

    sellable: quantity on the grid. last: last trade price. least: the venue's minimum notional.
    fresh: the last price, where it is young enough to say how the market stands.
    """

    symbol: str
    position: Position
    instrument: Instrument
    sellable: Decimal
    last: Decimal | None
    least: Decimal
    entries: tuple[Order, ...]
    sells: tuple[Order, ...]
    now_ns: int
    fresh: Decimal | None

    @property
    def is_leaving(self) -> bool:
        """Is an exit at work already?"""
        return any(o.request.purpose is Purpose.EXIT for o in self.sells)

    @property
    def bringing(self) -> tuple[Order, ...]:
        """Entries that brought their stop along: what they bought is kept for it."""
        return tuple([o for o in self.entries if o.joins is not None])


NOTHING = Upkeep()


def to_sell(held: Held, closing: Closing) -> Decimal:
    """How much is to be sold now: all, if the rest alone could neither be protected nor sold."""
    if closing.left_qty is None or closing.left_qty >= held.sellable:
        return held.sellable
    rest = held.sellable - closing.left_qty
    too_little = held.last is not None and rest * held.last < held.least
    return held.sellable if too_little else closing.left_qty


def covers(order: Order, price: Decimal, qty: Decimal) -> bool:
    return order.request.stop_price == price and order.remaining_qty == qty


def is_unheard(stop: Order) -> bool:
    """Did it come with an entry that is bought, and nothing was told of it since?"""
    return stop.joins is not None and stop.status is OrderStatus.PENDING


def is_filling(entry: Order) -> bool:
    """Will more of it be held in a moment? What nobody knows of is not waited for."""
    is_known = entry.status is not OrderStatus.UNRESOLVED
    return is_known and entry.request.type is OrderType.MARKET


def unasked(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Those of which no cancel is under way."""
    return tuple([o for o in orders if not o.cancel_asked])
