"""A resting bid where the spread pays for itself, and the three ways it ends."""

from decimal import Decimal as D

import pytest

from genesis.domain.events import BookTop
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.positions.ledger import Position
from genesis.strategy.sniper.spread_capture import SpreadCapture, SpreadCaptureParams
from tests.support.strategy_contract import SYMBOL, FakeView, check_contract, wishes

NEEDED = SpreadCaptureParams().needed_spread_bps


def top(bid: str, ask: str, at_s: int = 0) -> BookTop:
    return BookTop(at_s * SECOND, SYMBOL, 1, D(bid), D(1), D(ask), D(1))


def resting(price: str, placed_s: int = 0) -> Order:
    request = OrderRequest(SYMBOL, Side.BUY, OrderType.LIMIT, D(1), Purpose.ENTRY, D(price))
    return Order(OrderKey(1, 1), request, placed_s * SECOND)


def held(entry: str, opened_s: int = 0) -> Position:
    return Position(SYMBOL, D(1), D(entry), opened_s * SECOND, entry_qty=D(1), entry_usdt=D(entry))


def one(view: FakeView, event: BookTop):
    found = wishes(SpreadCapture(), [event], view)
    assert len(found) == 1
    return found[0][1]


def test_contract():
    tops = [top(str(100 - i % 3), str(101 + i % 2), i) for i in range(40)]
    check_contract(SpreadCapture, tops)


def test_it_bids_where_the_spread_covers_fees_and_edge():
    assert D(25) == NEEDED
    wish = one(FakeView(), top("100", "100.26"))
    assert (wish.type, wish.post_only, wish.price) == ("limit", True, D(100))
    assert wish.stop == D(99)
    assert wish.qty is None


def test_a_refused_bid_is_not_repeated_at_every_move_of_the_book():
    tops = [top("100", "101", at) for at in range(25)]
    assert [at // SECOND for at, _ in wishes(SpreadCapture(), tops)] == [0, 10, 20]


@pytest.mark.parametrize("ask", ["100.01", "100.24"])
def test_it_leaves_a_narrow_spread_alone(ask):
    assert wishes(SpreadCapture(), [top("100", ask)]) == []


@pytest.mark.parametrize(
    ("event", "withdrawn"),
    [
        (top("100", "100.30", 10), False),
        (top("100", "100.30", 30), True),  # waited too long
        (top("100.01", "100.31", 10), True),  # outbid
        (top("100", "100.05", 10), True),  # the spread is gone
    ],
)
def test_a_resting_bid_is_withdrawn_when_it_lost_its_reason(event, withdrawn):
    view = FakeView()
    view.working = (resting("100"),)
    found = wishes(SpreadCapture(), [event], view)
    assert [wish.cancel for _, wish in found] == ([OrderKey(1, 1)] if withdrawn else [])


def test_a_withdrawal_is_asked_for_once():
    view, order = FakeView(), resting("100")
    order.cancel_asked = True
    view.working = (order,)
    assert wishes(SpreadCapture(), [top("101", "102")], view) == []


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (top("100.24", "100.5", 10), None),
        (top("100.25", "100.5", 10), "target"),
        (top("99.5", "99.9", 299), None),
        (top("99.5", "99.9", 300), "signal"),
    ],
)
def test_it_leaves_at_the_target_or_when_time_is_up(event, why):
    view = FakeView()
    view.held = held("100")
    found = wishes(SpreadCapture(), [event], view)
    assert [(wish.reduces, wish.why) for _, wish in found] == ([(True, why)] if why else [])


@pytest.mark.parametrize(
    "wrong", [{"stop_bps": D(0)}, {"rest_s": 0}, {"hold_s": -1}, {"pause_s": 0}]
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        SpreadCaptureParams(**wrong)
