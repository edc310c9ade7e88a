"""What the service may ask of a venue, and the plain facts it gets back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from genesis.domain.account import Balance
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import BookDelta, OrderEvent
from genesis.domain.fills import Fill
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument


@dataclass(frozen=True, slots=True)
class VenueTime:
    """The venue's clock. `elapsed_ns` is our monotonic time half way between asking and hearing.

    `speed` is how many seconds pass there in one of ours: 1, except at a replaying exchange, which
    may also hold its clock until somebody listens (`is_held`).
    """

    ns: int
    speed: float
    elapsed_ns: int
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order as the venue tells it; `status` is the venue's own word.

    stop_price: of a stop; None for any other order.
    """

    symbol: str
    order_id: str
    wire_id: str
    status: str
    executed_qty: Decimal
    updated_ns: int
    reason: str = ""
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """One execution from the venue's list of our trades."""

    ts_ns: int
    order_id: str
    fill: Fill


class Gateway(Protocol):
    """One account at one venue.

    Reads raise `Unreachable` when no definite answer came and `Rejected` when the venue refused.
    `submit`, `cancel` and `resolve` answer with events; each fill is told once per process.
    """

    async def open(self) -> None:
        """Connect and learn the symbols. Raises ConfigError on an unknown symbol."""

    async def close(self) -> None:
        """End every connection."""

    async def venue_time(self) -> VenueTime:
        """The venue's clock, read now."""

    async def instruments(self, symbols: tuple[str, ...]) -> tuple[Instrument, ...]:
        """The symbols' filters, in the order asked. Raises ConfigError on an unknown symbol."""

    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        """Send the order in exactly one request: accepted and fills, rejected, or unresolved."""

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> tuple[OrderEvent, ...]:
        """Cancel; where there is nothing to cancel, what became of the order instead."""

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> tuple[OrderEvent, ...]:
        """Ask until it is certain what became of the order; waits through outages.

        `sent_ns` is the latest venue time at which the order can have been signed. "No such
        order" counts only after the proven bound: then OrderRejected with code NEVER_PLACED.
        """

    async def balances(self) -> tuple[Balance, ...]:
        """Every asset held, sorted by name."""

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """Orders resting at the venue, ours and others'."""

    async def order(self, wire_id: str, symbol: str) -> VenueOrder | None:
        """The order of that client id; None when the venue says there is none."""

    async def find_in_lists(self, wire_id: str, symbol: str) -> VenueOrder | None:
        """The order of that client id in the lists of open and of latest orders, or None."""

    async def latest_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """The newest orders of the account in the symbol, ended ones too, by the venue's number."""

    async def order_by_id(self, order_id: str, symbol: str) -> VenueOrder | None:
        """The order of that venue id; None when the venue says there is none."""

    async def order_trades(self, order: VenueOrder) -> tuple[VenueTrade, ...]:
        """All executions of one order. Raises OutOfSync when the list stays incomplete."""

    async def my_trades(self, symbol: str, since_id: int) -> tuple[VenueTrade, ...]:
        """Our executions with a trade id above `since_id`, oldest first."""

    async def depth(self, symbol: str) -> BookDelta:
        """A snapshot of the book. It tells no venue time: its stamp is 0."""
