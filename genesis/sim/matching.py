"""When a waiting order meets the market: pure questions about one order and one print or bar.

Resting orders move by prints only: a recorded book does not know our order, a print proves that
somebody traded there.
"""

from decimal import Decimal

from genesis.domain.events import BarClosed, TradeTick
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import Side
from genesis.market.book import Book
from genesis.sim.orders import UNTOUCHED, Phase, Queue, Touch, VenueOrder


def is_triggered(order: VenueOrder, price: Decimal) -> bool:
    """Does a print at `price` set the stop off?"""
    stop = order.new.stop_price
    assert stop is not None
    return price <= stop if order.side is Side.SELL else price >= stop


def resting_qty(
    order: VenueOrder, tick: TradeTick, left: Decimal, book: Book, queue_share: Decimal = ONE
) -> Decimal:
    """How much of a resting order a print fills.

    Beyond its price: all of it. At its price: what an aggressor of the other side (`left` of the
    print) has over once those ahead are served; where the place in the queue is still unknown,
    it is behind all that the book shows there now, or behind `queue_share` of it.
    """
    limit = order.new.limit_price
    assert limit is not None
    is_buy = order.side is Side.BUY
    if tick.price < limit if is_buy else tick.price > limit:
        return order.remaining
    if tick.price != limit or tick.buyer_is_maker is not is_buy:
        return ZERO
    if order.ahead is None:
        displayed = book.displayed(order.side, limit)
        if displayed is None:
            return ZERO
        order.ahead = displayed * queue_share
    served = min(order.ahead, left)
    order.ahead -= served
    return min(order.remaining, left - served)


def stop_price_in_bar(order: VenueOrder, bar: BarClosed) -> Decimal | None:
    """Price at which a stop that rested before the bar fills in it, None if it was not touched.

    A bar that opens beyond the stop fills at its open.
    """
    stop = order.new.stop_price
    assert stop is not None
    if is_triggered(order, bar.open):
        return bar.open
    worst = bar.low if order.side is Side.SELL else bar.high
    return stop if is_triggered(order, worst) else None


def is_filled_in_bar(order: VenueOrder, bar: BarClosed, queue: Queue) -> bool:
    """Did the bar trade beyond the limit price (for the optimist: at it)?"""
    limit = order.new.limit_price
    assert limit is not None
    if queue is Queue.OPTIMISTIC and limit in (bar.low, bar.high):
        return True
    return bar.low < limit if order.side is Side.BUY else bar.high > limit


def touch_of(orders: list[VenueOrder]) -> Touch:
    """The prices and moments at which any of the orders can change."""
    if not orders:
        return UNTOUCHED
    below: Decimal | None = None
    above: Decimal | None = None
    for order in orders:
        if order.phase is Phase.PENDING:
            continue
        if order.phase is Phase.NEXT_TICK:
            return Touch(next_tick=True)
        is_stop = order.phase is Phase.STOP
        price = order.new.stop_price if is_stop else order.new.limit_price
        assert price is not None
        if (order.side is Side.SELL) is is_stop:
            below = price if below is None else max(below, price)
        else:
            above = price if above is None else min(above, price)
    return Touch(below, above)
