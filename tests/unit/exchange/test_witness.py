"""Orders under our name that our log never sent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.ids import OrderKey
from genesis.exchange.gateway import VenueOrder
from genesis.exchange.wire_id import compose
from genesis.exchange.witness import complaint, strangers

HEAD = "0123456789abcdef"


def order(number: int, wire_id: str, updated_ns: int = 10) -> VenueOrder:
    return VenueOrder("BTC/USDT", str(number), wire_id, "FILLED", Decimal(1), updated_ns)


def ours(n: int, head: str = HEAD) -> str:
    return compose(OrderKey(1, n, 0), head)


def test_what_the_log_sent_and_what_others_sent_is_no_stranger() -> None:
    orders = [order(1, ours(1)), order(2, "web_abc"), order(3, ours(2))]
    assert strangers(orders, {ours(1), ours(2)}, 0) == ()
    assert strangers(orders, {ours(1)}, 0) == (orders[2],)


def test_the_same_number_that_grew_from_another_log_is_a_stranger() -> None:
    """After a cut the numbers are given out again; the head is another one."""
    assert len(strangers([order(1, ours(1, "f" * 16))], {ours(1)}, 0)) == 1


def test_what_was_sold_directly_past_the_log_is_no_stranger() -> None:
    assert strangers([order(1, compose(OrderKey(0, 1, 0), HEAD))], (), 0) == ()


def test_orders_that_ended_before_the_account_was_opened_are_of_a_home_before() -> None:
    assert strangers([order(1, ours(1), 9), order(2, ours(2), 10)], (), 10)[0].order_id == "2"


@given(n=st.integers(1, 30), kept=st.integers(0, 30))
def test_whatever_end_of_the_log_is_cut_the_orders_after_it_are_found(n: int, kept: int) -> None:
    orders = [order(number, ours(number)) for number in range(1, n + 1)]
    found = strangers(orders, {ours(number) for number in range(1, kept + 1)}, 0)
    assert [int(each.order_id) for each in found] == list(range(kept + 1, n + 1))


def test_the_complaint_names_the_order_the_command_and_that_closing_works() -> None:
    told = complaint((order(1, ours(1)), order(2, ours(2))))
    assert ours(1) in told and "and 1 more" in told
    assert "genesis recover" in told and "genesis close-all --direct" in told
