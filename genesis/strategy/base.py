"""What a strategy is: it sees events through a read-only view and returns wishes.

A strategy has no handle on orders. It says what it would like (`Intent`); the gate decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from genesis.domain.account import MarketState, Tier
from genesis.domain.events import BarClosed, BookTop, Event
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, Side
from genesis.positions.ledger import Position


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish, before the gate.

    symbol: such as `BTC/USDT`.
    type: `market` or `limit` (`post_only` limits never take); `iceberg`, `twap` or `vwap`: sent in
    slices, the last two over `over_ns` (None: as long as is usual), and cancelled as a whole by the
    key of any of them.
    price: limit price, quote per base. stop: price of the protective stop.
    qty: base units; None lets the gate size (with `reduces`: all of it).
    cancel: the key of a working order to cancel instead of placing one.
    confidence: 0..1, for ranking. why: shown to people and kept with the trade.
    expected_value_bps: what it expects to gain, net of all costs, in basis points of the price;
    for ranking. None: it makes no such claim.
    """

    symbol: str
    side: Side
    type: str = "market"
    price: Decimal | None = None
    stop: Decimal | None = None
    qty: Decimal | None = None
    reduces: bool = False
    cancel: OrderKey | None = None
    confidence: float | None = None
    why: str = ""
    post_only: bool = False
    over_ns: int | None = None
    expected_value_bps: Decimal | None = None


class View(Protocol):
    """What a strategy may see: the past, never a handle."""

    @property
    def now_ns(self) -> int: ...
    @property
    def tier(self) -> Tier: ...
    def price(self, symbol: str) -> Decimal | None:
        """Last trade price."""

    def top(self, symbol: str) -> BookTop | None: ...
    def bars(self, symbol: str, n: int) -> Sequence[BarClosed]:
        """The last `n` closed bars the strategy's engine keeps, oldest first."""

    def state(self, symbol: str) -> MarketState: ...
    def position(self, symbol: str) -> Position | None: ...
    def orders(self, symbol: str) -> Sequence[Order]:
        """Working orders of the symbol, oldest first."""


@runtime_checkable
class Strategy(Protocol):
    """`wants`: the event types it is called for (TradeTick, BookTop, BarClosed, OrderFilled).

    `bar` is the width of the bars it wants, such as `1m`, or None. The same sequence of events
    must give the same intents: no clock, no randomness, no state outside the object.
    """

    @property
    def name(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def bar(self) -> str | None: ...
    @property
    def wants(self) -> frozenset[type]: ...
    def on_event(self, event: Event, view: View) -> Sequence[Intent]: ...
