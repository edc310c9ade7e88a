"""The order machine: every pair of status and event moves as the table says, or changes nothing."""

from decimal import Decimal

import pytest

from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderStatus, OrderType, Purpose, Side
from genesis.execution.order_book import TRANSITIONS, OrderBook
from tests.support.build import fill

KEY = OrderKey(1, 1)
REQUEST = OrderRequest("BTC/USDT", Side.BUY, OrderType.LIMIT, Decimal(2), Purpose.ENTRY)
EVENTS = {
    OrderAccepted: OrderAccepted(2, KEY, "77"),
    OrderRejected: OrderRejected(2, KEY, "-2010", "no"),
    OrderFilled: OrderFilled(2, KEY, fill(Side.BUY, "1", "100")),
    OrderCancelled: OrderCancelled(2, KEY),
    OrderExpired: OrderExpired(2, KEY),
    OrderUnresolved: OrderUnresolved(2, KEY, "timeout"),
}


def book_in(status: OrderStatus) -> OrderBook:
    book = OrderBook()
    book.add(KEY, REQUEST, 1).status = status
    return book


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize("kind", list(EVENTS))
def test_every_pair(status: OrderStatus, kind: type) -> None:
    book = book_in(status)
    moved = book.apply(EVENTS[kind]) is not None
    expected = TRANSITIONS[status].get(kind)
    assert moved is (expected is not None)
    assert book.orders[KEY].status is (expected or status)


def test_a_fill_of_everything_ends_the_order_and_a_repeated_one_counts_once() -> None:
    book = book_in(OrderStatus.OPEN)
    whole = OrderFilled(3, KEY, fill(Side.BUY, "2", "100", n=5))
    assert book.apply(whole)
    assert not book.apply(whole)
    order = book.orders[KEY]
    assert (order.status, order.filled_qty) == (OrderStatus.FILLED, Decimal(2))
    assert book.working("BTC/USDT") == ()


def test_a_fill_that_was_under_way_when_the_order_was_cancelled_still_counts() -> None:
    book = book_in(OrderStatus.OPEN)
    book.apply(OrderCancelled(2, KEY))
    assert book.apply(OrderFilled(3, KEY, fill(Side.BUY, "1", "100")))
    assert book.orders[KEY].filled_qty == 1


def test_unknown_orders_change_nothing_and_never_placed_has_its_own_end() -> None:
    book = book_in(OrderStatus.UNRESOLVED)
    assert not book.apply(OrderCancelled(2, OrderKey(9, 9)))
    book.apply(OrderRejected(2, KEY, "NEVER_PLACED", "the venue has no such order"))
    assert book.orders[KEY].status is OrderStatus.NEVER_PLACED


def test_a_rejected_cancel_can_be_asked_again() -> None:
    book = book_in(OrderStatus.OPEN)
    book.orders[KEY].cancel_asked = True
    assert book.apply(CancelRejected(2, KEY, "unknown order"))
    assert not book.orders[KEY].cancel_asked


def test_a_repeated_part_counts_once() -> None:
    book = book_in(OrderStatus.OPEN)
    part = OrderFilled(3, KEY, fill(Side.BUY, "0.5", "100", n=5))
    assert book.apply(part)
    assert not book.apply(part)
    assert book.orders[KEY].filled_qty == Decimal("0.5")
