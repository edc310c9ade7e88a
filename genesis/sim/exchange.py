"""The simulated exchange as the engine meets it: commands in, order events out.

A thin translation around `Venue`. Latency is kept here and applied by the driver.
"""

from collections.abc import Sequence
from decimal import Decimal

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
from genesis.sim.latency import NONE, Latency
from genesis.sim.orders import UNTOUCHED, NewOrder, Report, ReportKind, Touch, VenueRejected
from genesis.sim.scan import ANY_TICK, NOTHING, Levels, levels_of
from genesis.sim.venue import Venue


class SimExchange:
    """One venue with our orders on it. `now_ns` is always the venue's time of the moment."""

    def __init__(self, venue: Venue, latency: Latency = NONE) -> None:
        self.venue = venue
        self.latency = latency
        self._ids: dict[OrderKey, int] = {}
        self._keys: dict[int, OrderKey] = {}
        self._touch: Touch = UNTOUCHED
        self._levels: Levels = NOTHING

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
        if touch is not self._touch:
            self._touch = touch
            self._levels = (
                ANY_TICK if touch.next_tick else levels_of(touch.below, touch.above, step)
            )
        return self._levels

    def balances(self, now_ns: int) -> BalanceReported:
        return BalanceReported(now_ns, self.venue.balances)

    def _submit(self, command: SubmitOrder, now_ns: int) -> Sequence[OrderEvent]:
        request, key = command.request, command.key
        order = NewOrder(
            str(key),
            request.symbol,
            request.side,
            request.type,
            qty=request.qty,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            post_only=request.post_only,
        )
        try:
            reports = self.venue.place(order, now_ns)
        except VenueRejected as no:
            return (OrderRejected(now_ns, key, str(no.venue_code), no.message),)
        order_id = reports[0].order.order_id
        self._ids[key], self._keys[order_id] = order_id, key
        return self._told(reports)

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


def _event(report: Report, key: OrderKey) -> OrderEvent | None:
    kind, at_ns = report.kind, report.ts_ns
    if kind is ReportKind.ACCEPTED:
        return OrderAccepted(at_ns, key, str(report.order.order_id))
    if kind is ReportKind.FILLED:
        assert report.fill is not None
        return OrderFilled(at_ns, key, report.fill)
    if kind is ReportKind.CANCELLED:
        return OrderCancelled(at_ns, key, report.reason)
    if kind is ReportKind.EXPIRED:
        return OrderExpired(at_ns, key, report.reason)
    return None
