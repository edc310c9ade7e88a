"""The trading floor: how accepted orders take, rest, trigger and end. `Venue` is its door."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from genesis.domain.events import BarClosed, TradeTick
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.errors import InvariantBroken
from genesis.sim import matching
from genesis.sim.book_walk import Ladder, Take, is_within, walk
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import (
    UNTOUCHED,
    NewOrder,
    Phase,
    Queue,
    Report,
    ReportKind,
    TakerFill,
    TimeInForce,
    Touch,
    VenueOrder,
    VenueTrade,
)
from genesis.sim.wallet import Wallet

_ENDS: Final = {
    OrderStatus.CANCELLED: ReportKind.CANCELLED,
    OrderStatus.EXPIRED: ReportKind.EXPIRED,
    OrderStatus.REJECTED: ReportKind.REJECTED,
}
_LEFT_OVER: Final = {
    TimeInForce.IOC: "UNFILLED_IOC_QUANTITY_EXPIRED",
    TimeInForce.FOK: "UNFILLED_FOK_ORDER_EXPIRED",
}
_IDLE: Final = frozenset({Phase.PENDING, Phase.ENDED})
ONE_CANCELS_OTHER: Final = "OCO_TRIGGER"
_TWO: Final = Decimal(2)


class Market:
    """One symbol at the venue: what was shown of it, and our open orders by id."""

    __slots__ = ("instrument", "ladder", "last", "last_ns", "open", "touch")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.ladder = Ladder()
        self.last: Decimal | None = None
        self.last_ns = 0
        self.open: dict[int, VenueOrder] = {}
        self.touch: Touch | None = UNTOUCHED

    def reference(self) -> Decimal | None:
        """Price that values an order without one: last trade, else mid."""
        top = self.ladder.book.top() if self.last is None else None
        return self.last if top is None else (top.bid + top.ask) / _TWO

    def in_phase(self, phase: Phase) -> list[VenueOrder]:
        return [order for order in self.open.values() if order.phase is phase]

    def opposite(self, side: Side) -> Decimal | None:
        """Price at which an order of `side` meets the market: best other row, else last trade."""
        best = self.ladder.book.best(side.opposite)
        return self.last if best is None else best.price


class Floor:
    """The markets, the wallet and the ledger of one account, and what moves them."""

    def __init__(
        self,
        balances: Mapping[str, Decimal],
        fees: FeeSchedule,
        taker: TakerFill,
        queue: Queue,
        first_id: int,
        queue_share: Decimal = ONE,
    ) -> None:
        self.taker, self.queue, self.queue_share = taker, queue, queue_share
        self._first_id = first_id
        self.wallet = Wallet(balances, fees)
        self.markets: dict[str, Market] = {}
        self.orders: dict[int, VenueOrder] = {}
        self.trades: list[VenueTrade] = []

    def market(self, symbol: str) -> Market:
        try:
            return self.markets[symbol]
        except KeyError:
            raise InvariantBroken(f"the simulated venue does not list {symbol}") from None

    def enter(self, order: VenueOrder, market: Market, ts_ns: int) -> Iterator[Report]:
        """A checked order arrives: lock what it needs, accept it, let it take what it can.

        The second of a pair only locks what it needs beyond the first.

        Raises:
            VenueRejected: the balance does not suffice; nothing has changed.
        """
        takes = self._takes_at_once(order, market)
        is_whole = order.new.time_in_force is TimeInForce.FOK
        if is_whole and sum(take.qty for take in takes) < order.qty:
            takes = []
        shared = order.rival.locked if order.rival else ZERO
        needed = max(ZERO, self._to_lock(order, market, takes) - shared)
        self.wallet.reserve(order, market.instrument, needed)
        yield self.admit(order, market, ts_ns)
        if order.phase is Phase.RESTING:
            order.working_ns = ts_ns
            yield from self._take(order, market, takes, ts_ns)

    def admit(self, order: VenueOrder, market: Market, ts_ns: int) -> Report:
        """Write an order into the ledger and among the open ones."""
        self.orders[order.order_id] = order
        market.open[order.order_id] = order
        market.touch = None
        order.updated_ns = ts_ns
        return _report(ReportKind.ACCEPTED, ts_ns, order)

    def needs(self, order: VenueOrder, market: Market) -> Decimal:
        """What a resting order would lock; a pending market order is valued at the last price."""
        new = order.new
        price = new.limit_price or new.stop_price or market.reference() or ZERO
        return self.wallet.cost(order.side, price, order.qty)

    def end(self, order: VenueOrder, status: OrderStatus, ts_ns: int, reason: str = "") -> Report:
        """Cancelled, expired or (a pending one) rejected: the lock is free again."""
        order.status, order.updated_ns, order.reason = status, ts_ns, reason
        self._close(order, self.market(order.symbol))
        return _report(_ENDS[status], ts_ns, order)

    def walks(self, market: Market) -> bool:
        """Do takers meet the book here (or the last price)?"""
        return self.taker is TakerFill.BOOK and market.ladder.is_known()

    def _takes_at_once(self, order: VenueOrder, market: Market) -> list[Take]:
        """What a new order takes now; sets the phase of one that has to wait."""
        new = order.new
        if new.stop_price is not None:
            order.phase = Phase.STOP
            return []
        if new.type is OrderType.LIMIT and not meets(new, market.opposite(new.side)):
            return []
        if self.taker is TakerFill.NEXT_TICK:
            order.phase = Phase.NEXT_TICK
            return []
        return self._takes(order, market)

    def _takes(self, order: VenueOrder, market: Market) -> list[Take]:
        limit = order.new.limit_price
        if self.walks(market):
            return walk(order.side, market.ladder.rows_for(order.side), order.remaining, limit)
        if market.last is None:
            return []
        price = market.last if is_within(order.side, market.last, limit) else limit
        assert price is not None
        return [Take(price, order.remaining)]

    def _to_lock(self, order: VenueOrder, market: Market, takes: list[Take]) -> Decimal:
        new = order.new
        price = new.limit_price or new.stop_price
        if order.side is Side.SELL:
            return order.qty
        if price is None and order.phase is Phase.NEXT_TICK:
            price = market.last or ZERO
        if price is not None:
            return self.wallet.cost(Side.BUY, price, order.qty)
        return sum((self.wallet.cost(Side.BUY, *take) for take in takes), ZERO)

    def on_tick(self, market: Market, tick: TradeTick) -> Iterator[Report]:
        """Orders in the order of their ids; those at the print's price share its quantity."""
        left = tick.qty
        for order in tuple(market.open.values()):
            if order.phase in _IDLE:
                continue
            if order.phase is Phase.RESTING:
                limit = order.new.limit_price
                assert limit is not None
                book = market.ladder.book
                qty = matching.resting_qty(order, tick, left, book, self.queue_share)
                if qty:
                    if tick.price == limit:
                        left -= qty
                    takes = [Take(limit, qty)]
                    yield from self._fill(order, market, takes, tick.ts_ns, Liquidity.MAKER)
            elif order.phase is Phase.NEXT_TICK:
                yield from self._take_print(order, market, tick.price, tick.ts_ns)
            elif matching.is_triggered(order, tick.price):
                yield from self._trigger(order, market, tick.price, tick.ts_ns)

    def on_bar(self, market: Market, bar: BarClosed) -> Iterator[Report]:
        market.last = bar.open
        for order in market.in_phase(Phase.NEXT_TICK):
            yield from self._take_print(order, market, bar.open, bar.ts_ns - bar.width_ns)
        resting = market.in_phase(Phase.RESTING)
        for order in market.in_phase(Phase.STOP):
            price = matching.stop_price_in_bar(order, bar)
            if price is not None and order.phase is Phase.STOP:
                market.last = price
                yield from self._trigger(order, market, price, bar.ts_ns)
        for order in resting:
            limit = order.new.limit_price
            assert limit is not None
            if order.phase is Phase.RESTING and matching.is_filled_in_bar(order, bar, self.queue):
                takes = [Take(limit, order.remaining)]
                yield from self._fill(order, market, takes, bar.ts_ns, Liquidity.MAKER)
        market.last, market.last_ns = bar.close, bar.ts_ns

    def _take_print(
        self, order: VenueOrder, market: Market, price: Decimal, ts_ns: int
    ) -> list[Report]:
        """The tick an order waited for: it fills there, or rests where its limit forbids."""
        order.phase, order.working_ns, market.touch = Phase.RESTING, ts_ns, None
        within = is_within(order.new.side, price, order.new.limit_price)
        takes = [Take(price, order.remaining)] if within else []
        return self._take(order, market, takes, ts_ns)

    def _trigger(
        self, order: VenueOrder, market: Market, price: Decimal, ts_ns: int
    ) -> list[Report]:
        reports = self._outlive(order, ts_ns)
        order.phase, order.working_ns, order.updated_ns = Phase.RESTING, ts_ns, ts_ns
        market.touch = None
        if order.new.type is OrderType.LIMIT:
            reports.append(_report(ReportKind.TRIGGERED, ts_ns, order))
            if not meets(order.new, self._print_or_book(market, order.side, price)):
                self._queue_up(order, market)
                return reports
        return reports + self._take(order, market, self._takes(order, market), ts_ns)

    def _outlive(self, order: VenueOrder, ts_ns: int) -> list[Report]:
        """Before one of a pair moves the other ends, and leaves it what was locked for either."""
        rival, order.rival = order.rival, None
        if rival is None:
            return []
        rival.rival = None
        self.wallet.inherit(order, rival)
        return [self.end(rival, OrderStatus.EXPIRED, ts_ns, ONE_CANCELS_OTHER)]

    def _print_or_book(self, market: Market, side: Side, price: Decimal) -> Decimal | None:
        return market.opposite(side) if self.walks(market) else price

    def _take(
        self, order: VenueOrder, market: Market, takes: list[Take], ts_ns: int
    ) -> list[Report]:
        """Fill as taker; what is left over rests, or expires."""
        reports = self._fill(order, market, takes, ts_ns, Liquidity.TAKER)
        if order.phase is Phase.ENDED:
            return reports
        if order.new.type is OrderType.LIMIT and order.new.time_in_force is TimeInForce.GTC:
            self._queue_up(order, market)
        else:
            reports.append(self.end(order, OrderStatus.EXPIRED, ts_ns, _why_left_over(order)))
        return reports

    def _queue_up(self, order: VenueOrder, market: Market) -> None:
        limit = order.new.limit_price
        assert limit is not None
        if self.queue is Queue.OPTIMISTIC:
            order.ahead = ZERO
        else:
            displayed = market.ladder.book.displayed(order.side, limit)
            order.ahead = None if displayed is None else displayed * self.queue_share

    def _fill(
        self,
        order: VenueOrder,
        market: Market,
        takes: list[Take],
        ts_ns: int,
        liquidity: Liquidity,
    ) -> list[Report]:
        wallet, instrument = self.wallet, market.instrument
        reports = self._outlive(order, ts_ns) if takes and order.rival is not None else []
        for price, wanted in takes:
            qty = wallet.affordable(order, instrument, price, wanted)
            if not qty:
                break
            if liquidity is Liquidity.TAKER:
                market.ladder.consume(order.new.side, [Take(price, qty)])
            trade_id = self._first_id + len(self.trades)
            fill = wallet.settle(order, instrument, trade_id, price, qty, liquidity)
            named = (order.order_id, order.new.client_order_id)
            self.trades.append(VenueTrade(ts_ns, *named, fill, order.list_id))
            order.updated_ns = ts_ns
            if order.remaining:
                order.status = OrderStatus.PARTIAL
            else:
                order.status = OrderStatus.FILLED
                self._close(order, market)
            reports.append(_report(ReportKind.FILLED, ts_ns, order, fill))
        return reports

    def _close(self, order: VenueOrder, market: Market) -> None:
        order.phase = Phase.ENDED
        self.wallet.release(order, market.instrument)
        del market.open[order.order_id]
        market.touch = None if market.open else UNTOUCHED


def meets(new: NewOrder, price: Decimal | None) -> bool:
    """Would the order trade at the other side's price? Where none is known, it would not."""
    return price is not None and is_within(new.side, price, new.limit_price)


def _why_left_over(order: VenueOrder) -> str:
    """Binance's expiry reason; a market order ends where the book, or the money, does."""
    is_limit = order.new.type is OrderType.LIMIT
    return _LEFT_OVER[order.new.time_in_force] if is_limit else "INSUFFICIENT_LIQUIDITY"


def _report(kind: ReportKind, ts_ns: int, order: VenueOrder, fill: Fill | None = None) -> Report:
    return Report(
        kind,
        ts_ns,
        order,
        order.status,
        order.filled_qty,
        order.filled_quote,
        fill,
        order.reason,
    )
