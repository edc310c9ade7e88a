"""The account's side of the exchange: orders, queries, balances, and the news about them."""

from collections.abc import Callable, Iterable, Mapping
from itertools import count

from genesis.domain.account import Balance
from genesis.domain.fills import Liquidity
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.budget import Budget
from genesis.exchange.loopback.params import Params
from genesis.sim.orders import Phase, Report, ReportKind, VenueOrder, VenueRejected
from genesis.sim.venue import Venue
from genesis.wire import orders as wire
from genesis.wire.orders import Payload

Publish = Callable[[Payload], None]
_UNKNOWN = "Unknown order sent."
_ROWS = 1000


class Desk:
    """One account's requests, answered. `publish` takes the events of the user data stream."""

    def __init__(
        self, venue: Venue, symbols: Mapping[str, str], budget: Budget, publish: Publish
    ) -> None:
        self._venue, self._symbols, self._budget = venue, symbols, budget
        self._publish = publish
        self._execution_ids = count(1)
        self._made_ids = count(1)
        self.updated_ns = 0

    # -- orders ------------------------------------------------------------------------------
    def place(self, params: Params, now_ns: int) -> Payload:
        order = read.new_order(params, self._symbol(params), self._made_id())
        answer = _answer(params, order.stop_price is not None)
        self._budget.check_order()
        reports = self._venue.place(order, now_ns)
        placed = reports[0].order
        self._budget.placed(placed.order_id)
        self.tell(reports)
        return wire.placed(placed, [report.fill for report in reports if report.fill], answer)

    def test(self, params: Params) -> Payload:
        """Are the parameters well formed? Nothing is sent to the venue."""
        read.new_order(params, self._symbol(params), self._made_id())
        return {}

    def cancel(self, params: Params, now_ns: int) -> Payload:
        order = self._found(params)
        if order is None or order.phase is Phase.ENDED:
            raise VenueRejected(-2011, _UNKNOWN)
        cancel_id = params.get("newClientOrderId") or self._made_id()
        self.tell(self._venue.cancel(order.order_id, now_ns), cancel_id)
        return wire.cancelled(order, cancel_id)

    def cancel_all(self, params: Params, now_ns: int) -> list[Payload]:
        symbol = self._symbol(params)
        found = [order for order in self._venue.open_orders if order.symbol == symbol]
        if not found:
            raise VenueRejected(-2011, _UNKNOWN)
        return [self._cancel_one(order, now_ns) for order in found]

    def _cancel_one(self, order: VenueOrder, now_ns: int) -> Payload:
        cancel_id = self._made_id()
        self.tell(self._venue.cancel(order.order_id, now_ns), cancel_id)
        return wire.cancelled(order, cancel_id)

    # -- queries -----------------------------------------------------------------------------
    def order(self, params: Params) -> Payload:
        order = self._found(params)
        if order is None:
            raise VenueRejected(-2013, "Order does not exist.")
        return wire.queried(order)

    def open_orders(self, params: Params) -> list[Payload]:
        symbol = self._symbol(params) if params.get("symbol") else None
        return [
            wire.queried(order)
            for order in self._venue.open_orders
            if symbol is None or order.symbol == symbol
        ]

    def all_orders(self, params: Params) -> list[Payload]:
        symbol, from_id = self._symbol(params), read.whole(params, "orderId")
        start, end = read.whole(params, "startTime"), read.whole(params, "endTime")
        found = [
            wire.queried(order)
            for order in self._venue.orders.values()
            if order.symbol == symbol
            and (from_id is None or order.order_id >= from_id)
            and _is_between(wire.ms(order.placed_ns), start, end)
        ]
        return _page(found, read.limit_of(params, 500, _ROWS), from_start=from_id is not None)

    def my_trades(self, params: Params) -> list[Payload]:
        symbol, order_id = self._symbol(params), read.whole(params, "orderId")
        from_id = read.whole(params, "fromId")
        start, end = read.whole(params, "startTime"), read.whole(params, "endTime")
        found = [
            wire.own_trade(trade)
            for trade in self._venue.trades
            if trade.fill.symbol == symbol
            and (order_id is None or trade.order_id == order_id)
            and (from_id is None or trade.fill.trade_id >= from_id)
            and _is_between(wire.ms(trade.ts_ns), start, end)
        ]
        return _page(found, read.limit_of(params, 500, _ROWS), from_start=from_id is not None)

    def account(self, params: Params) -> Payload:
        fees = self._venue.fees
        balances: Iterable[Balance] = self._venue.balances
        if params.get("omitZeroBalances") == "true":
            balances = [held for held in balances if held.total]
        maker, taker = fees.rate(Liquidity.MAKER), fees.rate(Liquidity.TAKER)
        return wire.account(balances, maker, taker, self.updated_ns)

    # -- news --------------------------------------------------------------------------------
    def tell(self, reports: Iterable[Report], cancel_id: str = "") -> None:
        """Publish what happened to orders, each with the balances it changed."""
        for report in reports:
            self.updated_ns = report.ts_ns
            if report.kind is ReportKind.FILLED:
                self._budget.filled(report.order.order_id)
            self._publish(wire.execution_report(report, next(self._execution_ids), cancel_id))
            if report.kind is not ReportKind.TRIGGERED:
                touched = self._assets(report.order.symbol)
                self._publish(wire.account_position(touched, report.ts_ns))

    # -- inside ------------------------------------------------------------------------------
    def _assets(self, symbol: str) -> list[Balance]:
        base, quote = symbol.split("/")
        return [self._venue.balance(base), self._venue.balance(quote)]

    def _symbol(self, params: Params) -> str:
        named = read.required(params, "symbol")
        try:
            return self._symbols[named]
        except KeyError:
            raise VenueRejected(-1121, "Invalid symbol.") from None

    def _found(self, params: Params) -> VenueOrder | None:
        """The order that a request names by id, by client id, or by both."""
        symbol, order_id = self._symbol(params), read.whole(params, "orderId")
        client_id = params.get("origClientOrderId")
        if order_id is None and not client_id:
            raise VenueRejected(
                -1102,
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
            )
        if order_id is None:
            order = self._venue.find(client_id or "")
        else:
            order = self._venue.orders.get(order_id)
        if order is None or order.symbol != symbol:
            return None
        return None if client_id and order.client_order_id != client_id else order

    def _made_id(self) -> str:
        """A client id for a request that brings none."""
        return f"loopback-{next(self._made_ids)}"


def _answer(params: Params, is_stop: bool) -> wire.Answer:
    """FULL for market and limit orders unless asked otherwise, as the venue does."""
    asked = params.get("newOrderRespType") or ""
    if asked and asked not in wire.Answer.__members__:
        raise VenueRejected(-1100, "Illegal characters found in parameter 'newOrderRespType'.")
    return wire.Answer[asked or ("ACK" if is_stop else "FULL")]


def _is_between(at: int, start: int | None, end: int | None) -> bool:
    return (start is None or at >= start) and (end is None or at <= end)


def _page(rows: list[Payload], limit: int, *, from_start: bool) -> list[Payload]:
    """The oldest rows where a start was named, the newest otherwise."""
    return rows[:limit] if from_start else rows[-limit:]
