"""The simulated exchange as the engine meets it: commands in, order events out.

A thin translation around `Venue`. Latency is kept here and applied by the driver.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    BalanceReported,
    BookTop,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    TradeTick,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import NOT_SENT, OrderStatus
from genesis.sim.latency import NONE, AnyLatency
from genesis.sim.lists import NewList
from genesis.sim.orders import (
    NO_LIST,
    UNTOUCHED,
    NewOrder,
    Report,
    ReportKind,
    Touch,
    VenueRejected,
)
from genesis.sim.scan import ANY_TICK, NOTHING, Levels, levels_of
from genesis.sim.venue import Venue

_UNTOUCHED: Final = (UNTOUCHED, NOTHING)


class SimExchange:
    """One venue with our orders on it. `now_ns` is always the venue's time of the moment."""

    def __init__(self, venue: Venue, latency: AnyLatency = NONE) -> None:
        self.venue = venue
        self.latency = latency
        self._ids: dict[OrderKey, int] = {}
        self._keys: dict[int, OrderKey] = {}
        self._bringing: dict[OrderKey, SubmitOrder] = {}
        """Entries whose stop, which comes in the same request, is still to be named."""
        self._levels: dict[str, tuple[Touch, Levels]] = {}

    def obey(self, command: SubmitOrder | CancelOrder, now_ns: int) -> Sequence[OrderEvent]:
        """An order or cancel arrives at the venue; what it answers."""
        if isinstance(command, CancelOrder):
            return self._cancel(command, now_ns)
        return self._submit(command, now_ns)

    def on_market(self, event: TradeTick | BookTop) -> Sequence[OrderEvent]:
        """The recorded market moves; what that did to our orders."""
        reports = self.venue.on_market(event)
        return self._told(reports) if reports else ()

    def skip(self, symbol: str, ts_ns: int, last: Decimal) -> None:
        """Ticks went by that touched no order; `last` is the price of the latest."""
        self.venue.skip(symbol, ts_ns, last)

    def levels(self, symbol: str, step: Decimal) -> Levels:
        """Which ticks can change an order, in whole price steps."""
        touch = self.venue.touch(symbol)
        known, levels = self._levels.get(symbol, _UNTOUCHED)
        if touch is not known:
            levels = ANY_TICK if touch.next_tick else levels_of(touch.below, touch.above, step)
            self._levels[symbol] = touch, levels
        return levels

    def balances(self, now_ns: int) -> BalanceReported:
        return BalanceReported(now_ns, self.venue.balances)

    def _submit(self, command: SubmitOrder, now_ns: int) -> Sequence[OrderEvent]:
        order = _new(command)
        if command.joins is not None:
            return self._pair(command, now_ns)
        if command.replaces is None:
            return self._place(command.key, order, now_ns)
        try:
            self.venue.check_filters(order)  # judged before anything is cancelled
        except VenueRejected as no:
            kept = CancelRejected(now_ns, command.replaces, no.message)
            return (kept, OrderRejected(now_ns, command.key, str(no.venue_code), no.message))
        ended = self._cancel(CancelOrder(now_ns, command.replaces, order.symbol), now_ns)
        if isinstance(ended[0], CancelRejected):
            return (*ended, OrderRejected(now_ns, command.key, NOT_SENT, ended[0].reason))
        return (*ended, *self._place(command.key, order, now_ns))

    def _place(self, key: OrderKey, order: NewOrder, now_ns: int) -> Sequence[OrderEvent]:
        try:
            reports = self.venue.place(order, now_ns)
        except VenueRejected as no:
            return (OrderRejected(now_ns, key, str(no.venue_code), no.message),)
        order_id = reports[0].order.order_id
        self._ids[key], self._keys[order_id] = order_id, key
        return self._told(reports)

    def _pair(self, command: SubmitOrder, now_ns: int) -> Sequence[OrderEvent]:
        """An entry and the stop that sells what it buys: one list, once both are named."""
        entry = None if command.joins is None else self._bringing.pop(command.joins, None)
        if entry is None:
            self._bringing[command.key] = command
            return ()
        keys = (entry.key, command.key)
        stop, working = _new(command)._replace(qty=None), _new(entry)
        new = NewList(f"list-{entry.key}", working.symbol, (stop,), working, pays_on=True)
        try:
            found, reports = self.venue.place_list(new, now_ns)
        except VenueRejected as no:
            code = str(no.venue_code)
            return tuple(OrderRejected(now_ns, key, code, no.message) for key in keys)
        for key, order in zip(keys, found.orders, strict=True):
            self._ids[key], self._keys[order.order_id] = order.order_id, key
        return self._told((*reports, *self.venue.carry_on(reports)))

    def _cancel(self, command: CancelOrder, now_ns: int) -> Sequence[OrderEvent]:
        order_id = self._ids.get(command.key)
        if order_id is None:
            return (CancelRejected(now_ns, command.key, "Unknown order sent."),)
        try:
            return self._told(self.venue.cancel(order_id, now_ns))
        except VenueRejected as no:
            return (CancelRejected(now_ns, command.key, no.message),)

    def _told(self, reports: Sequence[Report]) -> list[OrderEvent]:
        events = []
        for report in reports:
            event = _event(report, self._keys[report.order.order_id])
            if event is not None:
                events.append(event)
        return events


def _new(command: SubmitOrder) -> NewOrder:
    request = command.request
    return NewOrder(
        str(command.key),
        request.symbol,
        request.side,
        request.type,
        qty=request.qty,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        post_only=request.post_only,
    )


def _event(report: Report, key: OrderKey) -> OrderEvent | None:
    kind, at_ns = report.kind, report.ts_ns
    if kind is ReportKind.ACCEPTED:
        return _accepted(report, key)
    if kind is ReportKind.FILLED:
        assert report.fill is not None
        return OrderFilled(at_ns, key, report.fill)
    if kind is ReportKind.CANCELLED:
        return OrderCancelled(at_ns, key, report.reason)
    if kind is ReportKind.EXPIRED:
        return OrderExpired(at_ns, key, report.reason)
    if kind is ReportKind.REJECTED:  # a pending order whose turn came
        return OrderRejected(at_ns, key, "REJECTED", report.reason)
    return None


def _accepted(report: Report, key: OrderKey) -> OrderAccepted | None:
    """None: it waits for another order of its list, and its quantity is not known."""
    order = report.order
    if report.status is OrderStatus.PENDING:
        return None
    qty = None if order.list_id == NO_LIST else order.qty
    return OrderAccepted(report.ts_ns, key, str(order.order_id), qty)
