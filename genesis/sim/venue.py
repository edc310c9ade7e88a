"""The simulated venue: balances, orders, filters, fees and matching against a recorded market.

Pure and synchronous. It knows no latency and no clock: whoever drives it (the backtest driver, or
the loopback exchange) says when an order arrives and shows it the market, in order. Our orders
do not move the recorded market.

Conventions of fills are those of `TakerFill` and `Queue` (`genesis.sim.orders`). A stop is
touched by the first print at or beyond its price after it rests; it fills at that print's price,
or by walking the book under `TakerFill.BOOK`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from genesis.domain.account import Balance
from genesis.domain.events import BarClosed, BookDelta, BookTop, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import OrderStatus, Side
from genesis.market.book import Book
from genesis.sim import filters, matching
from genesis.sim.book_walk import qty_for_quote
from genesis.sim.fees import Discount, FeeSchedule
from genesis.sim.floor import Floor, Market, meets
from genesis.sim.lists import MAX_NUM_ORDER_LISTS, NewList, OrderList, OrderLists, check_prices
from genesis.sim.orders import (
    NewOrder,
    Phase,
    Queue,
    Report,
    TakerFill,
    Touch,
    VenueOrder,
    VenueRejected,
)


class Venue:
    """One account at one venue.

    instruments: what is listed. balances: free amounts at the start, by asset.
    `orders` and `trades` are the venue's ledger: every order by id, every execution in order.
    Order and trade ids count from `first_id`; a venue that takes over the account of an earlier
    one starts above the ids that one gave. `queue_share`: how much of what stands before a resting
    order must trade before it does (CONSERVATIVE: the others leave; 1 is all of it).
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        balances: Mapping[str, Decimal],
        fees: FeeSchedule,
        taker: TakerFill = TakerFill.BOOK,
        queue: Queue = Queue.CONSERVATIVE,
        first_id: int = 1,
        queue_share: Decimal = ONE,
    ) -> None:
        self.fees = fees
        self._first_id = first_id
        self._floor = Floor(balances, fees, taker, queue, first_id, queue_share)
        self._lists = OrderLists(self._floor, self._check_now)
        self.orders = self._floor.orders
        self.trades = self._floor.trades
        for instrument in instruments.values():
            self.list_instrument(instrument)

    # -- the ledger --------------------------------------------------------------------------
    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(market.instrument for market in self._floor.markets.values())

    @property
    def balances(self) -> tuple[Balance, ...]:
        return self._floor.wallet.balances()

    def balance(self, asset: str) -> Balance:
        return self._floor.wallet.balance(asset)

    @property
    def open_orders(self) -> tuple[VenueOrder, ...]:
        """Oldest first."""
        found = [order for market in self._floor.markets.values() for order in market.open.values()]
        return tuple(sorted(found, key=lambda order: order.order_id))

    @property
    def lists(self) -> Mapping[int, OrderList]:
        """Every order list by its id."""
        return self._lists.all

    def find(self, client_order_id: str) -> VenueOrder | None:
        """The latest order with that id: a client id is unique among open orders only."""
        found = (o for o in reversed(self.orders.values()) if o.client_order_id == client_order_id)
        return next(found, None)

    def book(self, symbol: str) -> Book:
        return self._floor.market(symbol).ladder.book

    def last(self, symbol: str) -> Decimal | None:
        """Last trade price shown."""
        return self._floor.market(symbol).last

    def list_instrument(self, instrument: Instrument) -> None:
        """Open trading in an instrument, or change its filters."""
        known = self._floor.markets.get(instrument.symbol)
        if known is not None:
            known.instrument = instrument
            return
        self._floor.markets[instrument.symbol] = Market(instrument)
        self._floor.wallet.know(instrument.base)
        self._floor.wallet.know(instrument.quote)

    # -- orders ------------------------------------------------------------------------------
    def place(self, order: NewOrder, now_ns: int) -> tuple[Report, ...]:
        """Take an order: accepted, then whatever happens to it at once.

        Raises:
            VenueRejected: with Binance's code and message; nothing has changed.
        """
        market = self._market(order.symbol)
        self._check_ids([order])
        qty = self.check_filters(order)
        self._check_moment(order, market)
        order_id = self._first_id + len(self.orders)
        placed = VenueOrder(order_id, order, qty, now_ns, now_ns, Phase.RESTING)
        return tuple(self._floor.enter(placed, market, now_ns))

    def place_list(self, new: NewList, now_ns: int) -> tuple[OrderList, tuple[Report, ...]]:
        """Take an order list. What its fills lead to is told by `carry_on`.

        Raises:
            VenueRejected: with Binance's code and message; nothing has changed.
        """
        market = self._market(new.symbol)
        sizes = self._check_list(new, market)
        next_id = self._first_id + len(self.orders)
        list_id = len(self._lists.all)
        orders = [
            VenueOrder(next_id + n, order, qty, now_ns, now_ns, Phase.RESTING, list_id=list_id)
            for n, (order, qty) in enumerate(zip(new.orders, sizes, strict=True))
        ]
        working = orders.pop(0) if new.working is not None else None
        terms = (tuple(orders), working, new.pays_on)
        placed = OrderList(list_id, new.client_id, new.symbol, now_ns, now_ns, *terms)
        return placed, tuple(self._lists.place(placed, now_ns))

    def carry_on(self, reports: tuple[Report, ...]) -> tuple[Report, ...]:
        """What follows for order lists from what `place_list` told."""
        return tuple(self._lists.follow(reports))

    def cancel(self, order_id: int, now_ns: int) -> tuple[Report, ...]:
        """Take an open order back, and the list it belongs to; its lock is free again.

        Raises:
            VenueRejected: -2011, there is no such open order (any more).
        """
        order = self.orders.get(order_id)
        if order is None or order.phase is Phase.ENDED:
            raise VenueRejected(-2011, "Unknown order sent.")
        reports = (self._floor.end(order, OrderStatus.CANCELLED, now_ns),)
        return reports + self.carry_on(reports)

    @property
    def discount(self) -> Discount | None:
        """In which third asset fees are paid, if any."""
        return self._floor.wallet.discount

    def pay_fees_in(self, discount: Discount | None) -> None:
        """From now on pay fees so; None: in what is received, or as the schedule says."""
        self._floor.wallet.discount = discount

    def queue_from_now(self, share: Decimal) -> None:
        """How much of what stands before an order that comes to rest from now on must trade."""
        self._floor.queue_share = share

    def flow(self, asset: str, amount: Decimal) -> None:
        """Bring an amount into the account, or out of it (below 0), past all orders.

        Raises:
            VenueRejected: less than that is free.
        """
        self._floor.wallet.flow(asset, amount)

    # -- the market --------------------------------------------------------------------------
    def on_market(self, event: TradeTick | BookTop | BookDelta | BarClosed) -> tuple[Report, ...]:
        """Show the venue the next event of the recorded market; what it did to our orders.

        Tops and deltas fill nothing; they are what later orders walk and queue in. A BarClosed is
        for markets known by bars alone: orders waiting for a tick fill at its open (stamped with
        the bar's start), then stops, the adverse case, then limits (stamped with its end).
        """
        market = self._floor.market(event.symbol)
        if type(event) is TradeTick:
            market.last, market.last_ns = event.price, event.ts_ns
            if not market.open:
                return ()
            reports = tuple(self._floor.on_tick(market, event))
            if not reports or not self._lists.open:
                return reports
            return reports + self.carry_on(reports)
        if type(event) is BarClosed:
            reports = tuple(self._floor.on_bar(market, event))
            return reports + self.carry_on(reports)
        assert isinstance(event, BookTop | BookDelta)
        market.ladder.apply(event)
        return ()

    def touch(self, symbol: str) -> Touch:
        """Which ticks can change an order of the symbol. All others may be skipped."""
        market = self._floor.market(symbol)
        touch = market.touch
        if touch is None:
            touch = market.touch = matching.touch_of([*market.open.values()])
        return touch

    def skip(self, symbol: str, ts_ns: int, last: Decimal) -> None:
        """Ticks went by that `touch` rules out; `last` is the price of the latest."""
        market = self._floor.market(symbol)
        market.last, market.last_ns = last, ts_ns

    # -- inside ------------------------------------------------------------------------------
    def _market(self, symbol: str) -> Market:
        try:
            return self._floor.markets[symbol]
        except KeyError:
            raise VenueRejected(-1121, "Invalid symbol.") from None

    def check_filters(self, order: NewOrder) -> Decimal:
        """Refuse what never reaches the matching engine; the quantity in base.

        Raises:
            VenueRejected: a parameter or a filter of the symbol.
        """
        market = self._market(order.symbol)
        filters.check_form(order)
        qty = order.qty if order.qty is not None else self._sized(order, market)
        filters.check_filters(order, qty, market.instrument, market.reference())
        filters.check_counts(order, market.open.values())
        return qty

    def _check_list(self, new: NewList, market: Market) -> list[Decimal]:
        """Refuse what the venue would refuse; the quantities of `new.orders`, 0 while unknown."""
        filters.check_client_id(new.client_id, "listClientOrderId")
        self._check_ids(new.orders)
        if any(found.client_id == new.client_id for found in self._lists.open.values()):
            raise VenueRejected(-2010, "Duplicate order sent.")
        on_symbol = (found.symbol == new.symbol for found in self._lists.open.values())
        if sum(on_symbol) >= MAX_NUM_ORDER_LISTS:
            raise VenueRejected(-1013, "Filter failure: MAX_NUM_ORDER_LISTS")
        check_prices(new, market.last)
        sizes = []
        for order in new.orders:
            if new.pays_on and order is not new.working:
                filters.check_form(order._replace(qty=ONE))
                filters.check_counts(order, market.open.values())
                sizes.append(ZERO)
            else:
                sizes.append(self.check_filters(order))
        if new.working is not None:
            self._check_moment(new.working, market)
        return sizes

    def _check_ids(self, orders: Sequence[NewOrder]) -> None:
        """Client ids are unique among open orders."""
        taken = {
            open_order.new.client_order_id
            for listed in self._floor.markets.values()
            for open_order in listed.open.values()
        }
        for order in orders:
            if order.client_order_id in taken:
                raise VenueRejected(-2010, "Duplicate order sent.")
            taken.add(order.client_order_id)

    def _check_now(self, order: NewOrder, qty: Decimal, market: Market) -> None:
        """A pending order's turn has come: is it one that can be placed now?"""
        filters.check_filters(order, qty, market.instrument, market.reference())
        self._check_moment(order, market)

    def _check_moment(self, order: NewOrder, market: Market) -> None:
        """Would it trigger, or take where it must not, at once?"""
        stop, last = order.stop_price, market.last
        if stop is not None and last is not None:
            if last <= stop if order.side is Side.SELL else last >= stop:
                raise VenueRejected(-2010, "Order would trigger immediately.")
        elif order.post_only and meets(order, market.opposite(order.side)):
            raise VenueRejected(-2010, "Order would immediately match and take.")

    def _sized(self, order: NewOrder, market: Market) -> Decimal:
        """Base quantity of a market order that names an amount of quote."""
        assert order.quote_qty is not None
        spend = order.quote_qty / (ONE + self.fees.on_top(order.side))
        if self._floor.walks(market):
            found = qty_for_quote(market.ladder.rows_for(order.side), spend)
        else:
            found = spend / market.last if market.last else ZERO
        return market.instrument.fit_qty(found, market=True)
