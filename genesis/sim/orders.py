"""What the simulated venue is told, and what it tells. Symbols are ours (`BTC/USDT`)."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from genesis.domain.fills import Fill
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.domain.quick import quick
from genesis.errors import Rejected

NO_LIST: Final = -1


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class TakerFill(StrEnum):
    """At which price an order that takes liquidity fills.

    LAST: at once, at the last trade price, whatever its quantity (convention `bar_close`).
    NEXT_TICK: at the first tick the venue is shown after the order, at that tick's price.
    BOOK: at once, walking the recorded book: the best row, then deeper rows where depth is known;
        what the known rows cannot give expires. Where no book is known at all: as LAST.
    """

    LAST = "LAST"
    NEXT_TICK = "NEXT_TICK"
    BOOK = "BOOK"


class Queue(StrEnum):
    """Who fills first at the price of our resting order.

    CONSERVATIVE: all that was displayed there when ours came to rest; where that is unknown, the
        first display of that price counts, and until then only trades beyond our price fill us.
    OPTIMISTIC: nobody.
    """

    CONSERVATIVE = "CONSERVATIVE"
    OPTIMISTIC = "OPTIMISTIC"


class Phase(StrEnum):
    """What an order waits for. PENDING: for the working order of its list to fill."""

    PENDING = "PENDING"
    NEXT_TICK = "NEXT_TICK"
    STOP = "STOP"
    RESTING = "RESTING"
    ENDED = "ENDED"


class VenueRejected(Rejected):
    """The venue's definite no: nothing was placed, cancelled or locked.

    `venue_code` is Binance's number (-2010 and so on), `message` its text.
    """

    def __init__(self, venue_code: int, message: str) -> None:
        super().__init__(message)
        self.venue_code = venue_code


class NewOrder(NamedTuple):
    """An order as it reaches the venue.

    qty: base units; None with `quote_qty`: a market order sized by what it spends or brings.
    stop_price: for STOP_LOSS, and for a LIMIT that shall become one when the price is touched.
    """

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal | None = None
    quote_qty: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC


@dataclass(slots=True)
class VenueOrder:
    """The venue's own record of an order. Only the venue changes it.

    `locked` is what is still set aside for it (quote for a buy, base for a sell);
    `ahead` the quantity that fills before it at its price, None while unknown.
    `list_id` names its order list (-1: none); `rival` the other order of its OCO pair, which ends
    as soon as this one moves. Until then the two share what is locked for either.
    """

    order_id: int
    new: NewOrder
    qty: Decimal
    placed_ns: int
    updated_ns: int
    phase: Phase
    status: OrderStatus = OrderStatus.OPEN
    working_ns: int | None = None
    filled_qty: Decimal = ZERO
    filled_quote: Decimal = ZERO
    locked: Decimal = ZERO
    ahead: Decimal | None = None
    reason: str = ""
    list_id: int = NO_LIST
    rival: "VenueOrder | None" = field(default=None, repr=False, compare=False)

    @property
    def client_order_id(self) -> str:
        return self.new.client_order_id

    @property
    def symbol(self) -> str:
        return self.new.symbol

    @property
    def side(self) -> Side:
        return self.new.side

    @property
    def remaining(self) -> Decimal:
        return self.qty - self.filled_qty


class ReportKind(StrEnum):
    """TRIGGERED: a stop with a limit price was touched and is an ordinary limit order now.

    REJECTED: a pending order of a list could not be placed when its turn came.
    """

    ACCEPTED = "ACCEPTED"
    TRIGGERED = "TRIGGERED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class Report(NamedTuple):
    """One thing that happened to an order, at venue time `ts_ns`.

    `order` is the venue's living record; status and cumulated amounts are as of this report.
    """

    kind: ReportKind
    ts_ns: int
    order: VenueOrder
    status: OrderStatus
    filled_qty: Decimal
    filled_quote: Decimal
    fill: Fill | None = None
    reason: str = ""


@quick
@dataclass(frozen=True, slots=True)
class VenueTrade:
    """One execution in the venue's ledger."""

    ts_ns: int
    order_id: int
    client_order_id: str
    fill: Fill
    list_id: int = NO_LIST


@dataclass(frozen=True, slots=True)
class Touch:
    """Which ticks of a symbol can change one of its orders.

    A tick matters when `next_tick`, or its price is <= `below` or >= `above`. Any other tick
    changes nothing but the last price, which `Venue.skip` tells in its stead.
    """

    below: Decimal | None = None
    above: Decimal | None = None
    next_tick: bool = False


UNTOUCHED: Final = Touch()
