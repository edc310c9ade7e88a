"""The account's side of the exchange: orders, queries, balances."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import count

from genesis.domain.account import Balance
from genesis.domain.fills import Liquidity
from genesis.domain.time import DAY, MILLISECOND
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.budget import Budget
from genesis.exchange.loopback.filters import Filters
from genesis.exchange.loopback.info import TRADING
from genesis.exchange.loopback.news import News
from genesis.exchange.loopback.params import Params
from genesis.sim.orders import NewOrder, Phase, VenueOrder, VenueRejected
from genesis.sim.venue import Venue
from genesis.wire import order_lists
from genesis.wire import orders as wire
from genesis.wire.orders import Answer, Payload

UNKNOWN = "Unknown order sent."
_ROWS = 1000
_DAY_MS = DAY // MILLISECOND


class Desk:
    """One account's requests, answered.

    symbols: ours by the venue's. averages: a symbol's price of the last five minutes, 0 unknown.
    statuses: of symbols that do not simply trade (HALT, BREAK, CANCEL_ONLY).
    """

    def __init__(
        self,
        venue: Venue,
        symbols: Mapping[str, str],
        budget: Budget,
        news: News,
        filters: Filters,
        averages: Callable[[str], Decimal],
    ) -> None:
        self.venue, self.budget, self.news = venue, budget, news
        self.statuses: dict[str, str] = {}
        self.is_known: Callable[[int], bool] = lambda ts_ns: True
        """Do queries already tell of an order of this moment?"""
        self.is_trade_known: Callable[[int], bool] = lambda ts_ns: True
        self._symbols, self._filters, self._averages = symbols, filters, averages
        self._made_ids = count(1)

    # -- orders ------------------------------------------------------------------------------
    def place(self, params: Params, now_ns: int) -> Payload:
        order = self.read(params)
        is_stop = order.stop_price is not None
        answer = read.answer_of(params, Answer.ACK if is_stop else Answer.FULL)
        self.check_new([order])
        reports = self.venue.place(order, now_ns)
        placed = reports[0].order
        self.placed([placed])
        self.news.tell(reports)
        return wire.placed(placed, [report.fill for report in reports if report.fill], answer)

    def test(self, params: Params) -> Payload:
        """Would it come to the matching engine? Nothing is sent there."""
        self.check_new([self.read(params)])
        return {}

    def cancel(self, params: Params, now_ns: int) -> Payload:
        order = self.found(params)
        if order is None or order.phase is Phase.ENDED:
            raise VenueRejected(-2011, UNKNOWN)
        return self.cancel_order(order, params.get("newClientOrderId"), now_ns)

    def cancel_all(self, params: Params, now_ns: int) -> list[Payload]:
        symbol = self.symbol(params)
        found = [order for order in self.venue.open_orders if order.symbol == symbol]
        if not found:
            raise VenueRejected(-2011, UNKNOWN)
        return [
            self.cancel_order(order, None, now_ns)
            for order in found
            if order.phase is not Phase.ENDED  # as part of a list before it
        ]

    def cancel_order(self, order: VenueOrder, cancel_id: str | None, now_ns: int) -> Payload:
        """Cancel an open order, and with it the list it belongs to, which then is the answer."""
        cancel_id = cancel_id or self.made_id()
        self.news.tell(self.venue.cancel(order.order_id, now_ns), cancel_id)
        found = self.venue.lists.get(order.list_id)
        if found is None:
            return wire.cancelled(order, cancel_id)
        return order_lists.cancelled(found, cancel_id)

    def read(self, params: Params) -> NewOrder:
        """The order a request asks for. Raises VenueRejected: it is not well formed."""
        return read.new_order(params, self.symbol(params), self.made_id())

    def check_new(self, orders: Sequence[NewOrder]) -> None:
        """Raises VenueRejected: a filter (-1013), a closed market, too many orders (-1015)."""
        for order in orders:
            if self.statuses.get(order.symbol, TRADING) != TRADING:
                raise VenueRejected(-2010, "Market is closed.")
            self._filters.check(order, self._averages(order.symbol))
        self.budget.check_order()

    def placed(self, orders: Iterable[VenueOrder]) -> None:
        for order in orders:
            self.budget.placed(order.order_id)

    # -- queries -----------------------------------------------------------------------------
    def order(self, params: Params) -> Payload:
        order = self.found(params)
        if order is None or not self.is_known(order.placed_ns):
            raise VenueRejected(-2013, "Order does not exist.")
        return wire.queried(order)

    def open_orders(self, params: Params) -> list[Payload]:
        symbol = self.symbol(params) if params.get("symbol") else None
        return [
            wire.queried(order)
            for order in self.venue.open_orders
            if (symbol is None or order.symbol == symbol) and self.is_known(order.placed_ns)
        ]

    def all_orders(self, params: Params) -> list[Payload]:
        symbol, from_id = self.symbol(params), read.whole(params, "orderId")
        start, end = _day_at_most(params)
        found = [
            wire.queried(order)
            for order in self.venue.orders.values()
            if order.symbol == symbol
            and self.is_known(order.placed_ns)
            and (from_id is None or order.order_id >= from_id)
            and is_between(wire.ms(order.placed_ns), start, end)
        ]
        is_onward = from_id is not None or start is not None
        return page(found, read.limit_of(params, 500, _ROWS), from_start=is_onward)

    def my_trades(self, params: Params) -> list[Payload]:
        symbol, order_id = self.symbol(params), read.whole(params, "orderId")
        from_id = read.whole(params, "fromId")
        start, end = _day_at_most(params)
        found = [
            wire.own_trade(trade)
            for trade in self.venue.trades
            if trade.fill.symbol == symbol
            and self.is_trade_known(trade.ts_ns)
            and (order_id is None or trade.order_id == order_id)
            and (from_id is None or trade.fill.trade_id >= from_id)
            and is_between(wire.ms(trade.ts_ns), start, end)
        ]
        is_onward = from_id is not None or start is not None
        return page(found, read.limit_of(params, 500, _ROWS), from_start=is_onward)

    def account(self, params: Params) -> Payload:
        fees = self.venue.fees
        balances: Iterable[Balance] = self.venue.balances
        if params.get("omitZeroBalances") == "true":
            balances = [held for held in balances if held.total]
        maker, taker = fees.rate(Liquidity.MAKER), fees.rate(Liquidity.TAKER)
        return wire.account(balances, maker, taker, self.news.updated_ns)

    def commission(self, params: Params) -> Payload:
        """Rates on one symbol."""
        fees = self.venue.fees
        maker, taker = fees.rate(Liquidity.MAKER), fees.rate(Liquidity.TAKER)
        return wire.commission(self.symbol(params), maker, taker, self.venue.discount)

    # -- inside ------------------------------------------------------------------------------
    def symbol(self, params: Params) -> str:
        named = read.required(params, "symbol")
        try:
            return self._symbols[named]
        except KeyError:
            raise VenueRejected(-1121, "Invalid symbol.") from None

    def found(self, params: Params) -> VenueOrder | None:
        """The order that a request names by id, by client id, or by both."""
        symbol, order_id = self.symbol(params), read.whole(params, "orderId")
        client_id = params.get("origClientOrderId")
        if order_id is None and not client_id:
            raise VenueRejected(
                -1102,
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
            )
        if order_id is None:
            order = self.venue.find(client_id or "")
        else:
            order = self.venue.orders.get(order_id)
        if order is None or order.symbol != symbol:
            return None
        return None if client_id and order.client_order_id != client_id else order

    def made_id(self) -> str:
        """A client id for a request that brings none."""
        return f"loopback-{next(self._made_ids)}"


def _day_at_most(params: Params) -> tuple[int | None, int | None]:
    """startTime and endTime, in ms. Raises VenueRejected: -1127, more than a day between them."""
    start, end = read.whole(params, "startTime"), read.whole(params, "endTime")
    if start is not None and end is not None and end - start > _DAY_MS:
        raise VenueRejected(-1127, "More than 24 hours between startTime and endTime.")
    return start, end


def is_between(at: int, start: int | None, end: int | None) -> bool:
    return (start is None or at >= start) and (end is None or at <= end)


def page(rows: list[Payload], limit: int, *, from_start: bool) -> list[Payload]:
    """The oldest rows where a start was named, the newest otherwise."""
    return rows[:limit] if from_start else rows[-limit:]
