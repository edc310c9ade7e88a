"""Our orders and their life: every step is in the table, everything else changes nothing."""

from dataclasses import replace
from typing import Final

from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderRequest, OrderStatus, Purpose, Side

ORDER_EVENTS: Final = frozenset(OrderEvent.__args__)
_S = OrderStatus
NEVER_PLACED: Final = "NEVER_PLACED"

TRANSITIONS: Final[dict[OrderStatus, dict[type, OrderStatus]]] = {
    _S.PENDING: {
        OrderAccepted: _S.OPEN,
        OrderFilled: _S.PARTIAL,
        OrderRejected: _S.REJECTED,
        OrderCancelled: _S.CANCELLED,
        OrderExpired: _S.EXPIRED,
        OrderUnresolved: _S.UNRESOLVED,
    },
    _S.OPEN: {
        OrderFilled: _S.PARTIAL,
        OrderCancelled: _S.CANCELLED,
        OrderExpired: _S.EXPIRED,
    },
    _S.PARTIAL: {
        OrderFilled: _S.PARTIAL,
        OrderCancelled: _S.CANCELLED,
        OrderExpired: _S.EXPIRED,
    },
    _S.UNRESOLVED: {
        OrderAccepted: _S.OPEN,
        OrderFilled: _S.PARTIAL,
        OrderRejected: _S.REJECTED,
        OrderCancelled: _S.CANCELLED,
        OrderExpired: _S.EXPIRED,
    },
    # A fill that was under way when the order ended still counts: money moved.
    _S.CANCELLED: {OrderFilled: _S.CANCELLED},
    _S.EXPIRED: {OrderFilled: _S.EXPIRED},
    _S.REJECTED: {OrderFilled: _S.PARTIAL, OrderAccepted: _S.OPEN},
    _S.NEVER_PLACED: {OrderFilled: _S.PARTIAL, OrderAccepted: _S.OPEN},
    _S.FILLED: {},
}
"""(status, event) -> status. A fill of everything ends in FILLED whatever the table says."""


class OrderBook:
    """Every order we ever sent in this home, and the working ones by symbol."""

    def __init__(self) -> None:
        self.orders: dict[OrderKey, Order] = {}
        self._working: dict[str, dict[OrderKey, Order]] = {}

    def add(
        self,
        key: OrderKey,
        request: OrderRequest,
        now_ns: int,
        replaces: OrderKey | None = None,
        joins: OrderKey | None = None,
    ) -> Order:
        """A new order; of one whose place it takes, that is the cancel."""
        order = Order(key, request, now_ns, replaces=replaces, joins=joins)
        if replaces is not None:
            self.orders[replaces].ask_cancel()
        self.orders[key] = order
        self._working.setdefault(request.symbol, {})[key] = order
        return order

    def apply(self, event: OrderEvent) -> Order | None:
        """Advance the order an event is about; None where it changes nothing.

        A fill whose trade id was seen, an order nobody knows, a transition outside the table.
        """
        order = self.orders.get(event.key)
        if order is None:
            return None
        if isinstance(event, CancelRejected):
            order.cancel_asked = False
            return order
        target = TRANSITIONS[order.status].get(type(event))
        if target is None:
            return None
        if isinstance(event, OrderFilled):
            fill = event.fill
            if fill.trade_id in order.trade_ids:
                return None
            order.trade_ids.add(fill.trade_id)
            order.filled_qty += fill.qty
            order.filled_usdt += fill.qty * fill.price
            if order.filled_qty >= order.request.qty:
                target = _S.FILLED
        elif isinstance(event, OrderAccepted):
            order.exchange_order_id = event.exchange_order_id
            if event.qty is not None and event.qty != order.request.qty:
                order.request = replace(order.request, qty=event.qty)
            if order.filled_qty:
                target = _S.PARTIAL
        elif isinstance(event, OrderRejected) and event.code == NEVER_PLACED:
            target = _S.NEVER_PLACED
        self._move(order, target, event)
        return order

    def _move(self, order: Order, target: OrderStatus, event: OrderEvent) -> None:
        order.status = target
        if not isinstance(event, (OrderAccepted, OrderFilled, CancelRejected)):
            order.note = event.reason
        working = self._working[order.request.symbol]
        if target.is_final:
            order.ended_ns = event.ts_ns
            working.pop(order.key, None)
        else:
            working[order.key] = order

    # -- questions ---------------------------------------------------------------------------
    def working(self, symbol: str) -> tuple[Order, ...]:
        """Orders of the symbol that may still fill, oldest first."""
        return tuple(self._working.get(symbol, {}).values())

    def all_working(self) -> list[Order]:
        """The same of every symbol."""
        return [order for orders in self._working.values() for order in orders.values()]

    def is_busy(self, symbol: str) -> bool:
        """Is any order of the symbol working?"""
        return bool(self._working.get(symbol))

    def split(self, symbol: str) -> tuple[tuple[Order, ...], tuple[Order, ...]]:
        """Working entries, and working sells."""
        if not self._working.get(symbol):
            return (), ()
        return self.entries(symbol), self.sells(symbol)

    def entries(self, symbol: str) -> tuple[Order, ...]:
        return tuple([o for o in self.working(symbol) if o.request.purpose is Purpose.ENTRY])

    def sells(self, symbol: str) -> tuple[Order, ...]:
        return tuple([o for o in self.working(symbol) if o.request.side is Side.SELL])

    def is_too_early(self, event: OrderFilled) -> bool:
        """Does it tell that a stop sold, of an entry of which not all is known to be bought?

        What is missing comes first; then the venue's lists tell this one again.
        """
        order = self.orders.get(event.key)
        if order is None or order.joins is None:
            return False
        is_sold = order.request.side is Side.SELL
        return is_sold and self.orders[order.joins].status is not _S.FILLED

    def is_to_come(self, order: Order) -> bool:
        """Is it a stop that came with an entry, and not placed before all of that is bought?"""
        if order.joins is None or order.request.side is Side.BUY:
            return False
        entry = self.orders[order.joins]
        unheard = order.status in (_S.PENDING, _S.UNRESOLVED)
        return entry.is_working or (unheard and entry.status is not _S.FILLED)

    def has_unresolved(self, symbol: str) -> bool:
        working = self._working.get(symbol)
        if not working:
            return False
        return any(o.status is _S.UNRESOLVED for o in working.values())
