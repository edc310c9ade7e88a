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
from genesis.exchange.dialect import Dialect
from genesis.exchange.key_scope import KeyScope
from genesis.exchange.traffic import Traffic
from genesis.exchange.venue import Venue


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

    stop_price: of a stop; None for any other order. qty: of an order of a list, in base.
    """

    symbol: str
    order_id: str
    wire_id: str
    status: str
    executed_qty: Decimal
    updated_ns: int
    reason: str = ""
    stop_price: Decimal | None = None
    qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """One execution from the venue's list of our trades."""

    ts_ns: int
    order_id: str
    fill: Fill


@dataclass(frozen=True, slots=True)
class VenueFlow:
    """A row of a history of money: so much of an asset moved in all, under this name.

    amount: + in, - out, in units of the asset; 0: it was called off. or_amount: what it may be
    instead, where the venue's words can be read in two ways: the balances decide.
    """

    ts_ns: int
    asset: str
    amount: Decimal
    kind: str
    ref: str
    or_amount: Decimal | None = None


class Gateway(Protocol):
    """One account at one venue.

    Reads raise `Unreachable` when no definite answer came and `Rejected` when the venue refused.
    `submit`, `cancel` and `resolve` answer with events; each fill is told once per process.
    What a venue's adapter does not offer raises `NotBuilt`.

    traffic: limits, breaker and clock of the line to it. symbols: what is traded.
    """

    venue: Venue
    dialect: Dialect
    symbols: tuple[str, ...]
    traffic: Traffic

    async def open(self) -> None:
        """Connect and learn the symbols. Raises ConfigError on an unknown symbol."""

    async def close(self) -> None:
        """End every connection."""

    async def venue_time(self) -> VenueTime:
        """The venue's clock, read now."""

    async def key_scope(self) -> KeyScope:
        """What our key may do."""

    async def maintenance(self) -> str | None:
        """Why the venue does not trade at all; None: it does."""

    async def instruments(self, symbols: tuple[str, ...]) -> tuple[Instrument, ...]:
        """The symbols' filters, in the order asked. Raises ConfigError on an unknown symbol."""

    async def submit(self, command: SubmitOrder, wire_id: str) -> tuple[OrderEvent, ...]:
        """Send the order in exactly one request: accepted and fills, rejected, or unresolved."""

    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> tuple[OrderEvent, ...]:
        """Cancel the order `command.replaces`, which left as `replaced`, and send this one, in
        exactly one request: what became of either. Where the new one is unresolved, so may be the
        old one: both are to be asked for.
        """

    async def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> tuple[OrderEvent, ...]:
        """Send an entry and the stop that the venue shall place with what it bought, in exactly
        one request: what is known of either; of a stop that waits, nothing.
        """

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

    async def trades_since(self, symbol: str, since_ns: int) -> tuple[VenueTrade, ...]:
        """Our executions from then on, oldest first. They may be many, and wait for their turn."""

    async def flows(self, since_ns: int) -> tuple[VenueFlow, ...]:
        """What came or went without a trade since then, oldest first."""

    async def bid_and_last(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The best bid (0 where there is none) and the price of the latest trade."""

    async def depth(self, symbol: str) -> BookDelta:
        """A snapshot of the book. It tells no venue time: its stamp is 0."""
