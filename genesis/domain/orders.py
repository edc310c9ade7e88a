"""Order nouns."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO
from genesis.domain.quick import quick


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_LOSS = "STOP_LOSS"


class OrderStatus(StrEnum):
    PENDING = "PENDING"
    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNRESOLVED = "UNRESOLVED"
    NEVER_PLACED = "NEVER_PLACED"

    @property
    def is_final(self) -> bool:
        """Nothing more can happen to the order."""
        return self in _FINAL


_FINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.NEVER_PLACED,
    }
)


class Purpose(StrEnum):
    """Why an order exists. Only an ENTRY adds risk."""

    ENTRY = "ENTRY"
    PROTECT = "PROTECT"
    EXIT = "EXIT"


OF_STRATEGY: Final = "strategy:"
NOT_SENT: Final = "NOT_SENT"
"""Code of a rejection that was our own: the order never left."""


@quick
@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One sized order, as it would be sent now.

    `qty` is in base units, `limit_price` and `stop_price` in quote per base.
    `stop_plan` of an entry is the price its protective stop will rest at (None: the rules' default
    distance below the fill). `why` is the reason shown to people and kept with the trade. `source`:
    who wants it; of a strategy `OF_STRATEGY` and its name.
    """

    symbol: str
    side: Side
    type: OrderType
    qty: Decimal
    purpose: Purpose
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    stop_plan: Decimal | None = None
    source: str = ""
    client_ref: str | None = None
    why: str = ""

    @property
    def reduces(self) -> bool:
        return self.purpose is not Purpose.ENTRY


@dataclass(slots=True)
class Order:
    """The life of one order of ours, from the intent that was logged to its end.

    unwanted: it is to be cancelled, however often that takes. cancel_asked: a cancel is under way.
    cancel_was_asked: one was, at some time: who cancelled it is no question. replaces: the order
    whose place it takes. joins: of an entry the stop that it brings along, of that stop the entry.
    """

    key: OrderKey
    request: OrderRequest
    placed_ns: int
    status: OrderStatus = OrderStatus.PENDING
    exchange_order_id: str | None = None
    filled_qty: Decimal = ZERO
    filled_usdt: Decimal = ZERO
    unwanted: bool = False
    cancel_asked: bool = False
    cancel_was_asked: bool = False
    ended_ns: int | None = None
    note: str = ""
    trade_ids: set[int] = field(default_factory=set)
    replaces: OrderKey | None = None
    joins: OrderKey | None = None

    def ask_cancel(self) -> None:
        self.cancel_asked = self.cancel_was_asked = True

    @property
    def is_working(self) -> bool:
        """Not ended: it may still fill."""
        return not self.status.is_final

    @property
    def remaining_qty(self) -> Decimal:
        return self.request.qty - self.filled_qty
