"""Order lists of the simulated venue: pairs, pending orders, and what pays for them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.sim.fees import FeeSchedule
from genesis.sim.lists import BAD_PRICES, MAX_NUM_ORDER_LISTS, NewList, OrderList
from genesis.sim.orders import NewOrder, Phase, Report, VenueRejected
from genesis.sim.venue import Venue
from tests.support.build import BTC

D = Decimal
FEES = FeeSchedule(D(10), D(10), truncated=True)
S = BTC.symbol


def a_venue(usdt: str = "1000", btc: str = "0") -> Venue:
    venue = Venue({S: BTC}, {"USDT": D(usdt), "BTC": D(btc)}, FEES)
    venue.on_market(BookTop(1, S, 1, D(99), D(50), D(101), D(50)))
    venue.on_market(TradeTick(2, S, 1, D(100), D(1), False))
    return venue


def an_order(name: str, side: Side, kind: OrderType, qty: str | None, **prices: str) -> NewOrder:
    amounts: dict[str, Any] = {field: D(price) for field, price in prices.items()}
    return NewOrder(name, S, side, kind, D(qty) if qty else None, **amounts)


def limit(name: str, side: Side, price: str, qty: str | None = "1") -> NewOrder:
    return an_order(name, side, OrderType.LIMIT, qty, limit_price=price)


def stop(name: str, side: Side, price: str, qty: str | None = "1") -> NewOrder:
    return an_order(name, side, OrderType.STOP_LOSS, qty, stop_price=price)


def maker(name: str, side: Side, price: str, qty: str | None = "1") -> NewOrder:
    return limit(name, side, price, qty)._replace(post_only=True)


def place(venue: Venue, new: NewList, now_ns: int = 5) -> tuple[OrderList, tuple[Report, ...]]:
    found, reports = venue.place_list(new, now_ns)
    return found, reports + venue.carry_on(reports)


def trade(venue: Venue, price: str, qty: str = "10", ts: int = 10, *, seller: bool = True) -> Any:
    return venue.on_market(TradeTick(ts, S, ts, D(price), D(qty), seller))


def told(reports: tuple[Report, ...]) -> list[tuple[str, str]]:
    return [(report.order.client_order_id, report.kind.value) for report in reports]


def pair(side: Side = Side.SELL, qty: str = "1") -> NewList:
    far, near = ("110", "90") if side is Side.SELL else ("90", "110")
    return NewList("l", S, (stop("s", side, near, qty), maker("m", side, far, qty)))


def paid(price: str = "100", qty: str = "1", *legs: NewOrder) -> NewList:
    pending = legs or (stop("s", Side.SELL, "90", None),)
    return NewList("l", S, pending, limit("w", Side.BUY, price, qty), pays_on=True)


# -- one cancels the other -------------------------------------------------------------------
def test_a_pair_locks_once_and_the_one_that_fills_ends_the_other() -> None:
    venue = a_venue(btc="1")
    found, reports = place(venue, pair())
    assert told(reports) == [("s", "ACCEPTED"), ("m", "ACCEPTED")]
    assert venue.balance("BTC").locked == 1
    reports = trade(venue, "111", seller=False)
    assert told(reports) == [("s", "EXPIRED"), ("m", "FILLED")]
    assert found.is_done
    assert venue.balance("BTC").total == 0
    assert venue.balance("USDT").free == D(1000) + D(110) - D("0.11")


def test_a_partial_fill_ends_the_stop_at_once() -> None:
    venue = a_venue(btc="1")
    found, _ = place(venue, pair())
    venue.on_market(BookTop(6, S, 2, D(99), D(50), D(110), D(1)))
    trade(venue, "110", "1", seller=False)
    reports = trade(venue, "110", "0.4", 11, seller=False)
    assert told(reports) == [("s", "EXPIRED"), ("m", "FILLED")]
    assert reports[-1].status is OrderStatus.PARTIAL
    assert not found.is_done
    assert venue.balance("BTC").locked == D("0.6")


def test_the_stop_of_a_pair_fires_and_the_target_ends() -> None:
    for side, price in ((Side.SELL, "89"), (Side.BUY, "111")):
        venue = a_venue(btc="1")
        place(venue, pair(side))
        assert venue.balance("USDT").locked == (0 if side is Side.SELL else 110)
        reports = trade(venue, price)
        assert told(reports)[:2] == [("m", "EXPIRED"), ("s", "FILLED")]
        assert not venue.open_orders
        assert venue.balance("USDT").locked == venue.balance("BTC").locked == 0


def test_cancelling_one_of_a_pair_cancels_both() -> None:
    venue = a_venue(btc="1")
    found, _ = place(venue, pair())
    reports = venue.cancel(found.legs[1].order_id, 7)
    assert told(reports) == [("m", "CANCELLED"), ("s", "CANCELLED")]
    assert found.is_done
    assert venue.balance("BTC").free == 1


def test_a_pair_has_the_last_price_between_it() -> None:
    venue = a_venue(btc="2")
    wrong = pair()._replace(legs=(stop("s", Side.SELL, "105"), maker("m", Side.SELL, "110")))
    with pytest.raises(VenueRejected, match=BAD_PRICES):
        venue.place_list(wrong, 5)
    assert not venue.orders


# -- one triggers the other ------------------------------------------------------------------
def test_a_pending_order_is_placed_when_the_working_one_is_full_and_not_before() -> None:
    venue = a_venue(btc="1")
    found, reports = place(
        venue, NewList("l", S, (stop("s", Side.SELL, "80"),), limit("w", Side.BUY, "95"))
    )
    assert told(reports) == [("w", "ACCEPTED"), ("s", "ACCEPTED")]
    assert found.legs[0].status is OrderStatus.PENDING
    assert venue.balance("BTC").locked == 1  # the venue locks for the pending order too
    venue.on_market(BookTop(6, S, 2, D(95), D(1), D(101), D(50)))
    trade(venue, "95", "1", 7)
    trade(venue, "95", "0.4", 8)
    assert found.working is not None
    assert found.working.filled_qty == D("0.4")
    assert found.legs[0].phase.value == "PENDING"
    assert told(trade(venue, "95", "0.6", 9)) == [("w", "FILLED"), ("s", "ACCEPTED")]
    assert found.legs[0].phase.value == "STOP"
    assert found.version == 2
    assert told(trade(venue, "80", "1", 10)) == [("s", "FILLED")]
    assert found.is_done


def test_without_the_base_an_otos_pending_sale_is_refused_and_an_opos_is_not() -> None:
    venue = a_venue()
    legs, working = (stop("s", Side.SELL, "80"),), limit("w", Side.BUY, "95")
    with pytest.raises(VenueRejected, match="insufficient balance"):
        venue.place_list(NewList("l", S, legs, working), 5)
    assert not venue.orders
    assert not venue.lists
    assert venue.balance("USDT").locked == 0
    place(venue, paid("95"))


def test_a_cancelled_working_order_takes_the_pending_one_with_it() -> None:
    for which in (0, 1):
        venue = a_venue()
        found, _ = place(venue, paid("95"))
        reports = venue.cancel(found.orders[which].order_id, 7)
        assert {name for name, kind in told(reports) if kind == "CANCELLED"} == {"w", "s"}
        assert found.is_done
        assert venue.balance("USDT").free == 1000


# -- one pays for the other ------------------------------------------------------------------
def test_what_was_received_net_of_its_fee_is_protected_down_to_the_lot() -> None:
    venue = a_venue()
    found, reports = place(venue, paid("101", "0.12345"))
    assert told(reports)[-1] == ("s", "ACCEPTED")
    assert found.legs[0].qty == D("0.12332")  # 0.12345 less 0.1 % is 0.12332655
    held = venue.balance("BTC")
    assert (held.locked, held.free) == (D("0.12332"), D("0.00000655"))


def test_what_was_free_before_pays_the_fee() -> None:
    venue = a_venue(btc="0.5")
    found, _ = place(venue, paid("101", "0.12345"))
    assert found.legs[0].qty == D("0.12345")


def test_what_a_partial_fill_brought_is_locked_until_the_list_ends() -> None:
    venue = a_venue()
    found, _ = place(venue, paid("95"))
    venue.on_market(BookTop(7, S, 2, D(95), D(1), D(101), D(50)))
    trade(venue, "95", "1.2", 8)
    trade(venue, "95", "0.3", 9)
    assert found.working is not None
    assert found.working.filled_qty == D("0.5")
    assert venue.balance("BTC").locked == D("0.4995")
    assert found.legs[0].phase is Phase.PENDING  # a partial entry has no stop
    venue.cancel(found.orders[0].order_id, 12)
    assert venue.balance("BTC").locked == 0
    assert found.is_done


def test_a_stop_that_would_trigger_at_its_turn_is_rejected_and_the_entry_stays_naked() -> None:
    venue = a_venue()
    found, _ = place(venue, paid("95"))
    reports = trade(venue, "89")
    assert told(reports) == [("w", "FILLED"), ("s", "REJECTED")]
    assert reports[-1].reason == "Order would trigger immediately."
    assert found.is_done
    assert venue.balance("BTC").free == D("0.999")


def test_a_paid_pair_sells_only_once() -> None:
    venue = a_venue()
    legs = (stop("s", Side.SELL, "90", None), maker("m", Side.SELL, "110", None))
    found, _ = place(venue, paid("101", "1", *legs))
    assert [leg.qty for leg in found.legs] == [D("0.999"), D("0.999")]
    assert venue.balance("BTC").locked == D("0.999")
    assert told(trade(venue, "89"))[:2] == [("m", "EXPIRED"), ("s", "FILLED")]
    assert venue.balance("BTC").total == 0


def test_ids_and_the_number_of_lists_are_limited() -> None:
    venue = a_venue("100000", btc="100")
    place(venue, paid("50"))
    with pytest.raises(VenueRejected, match="Duplicate"):
        venue.place_list(paid("50"), 6)
    for n in range(1, MAX_NUM_ORDER_LISTS):
        legs = (maker(f"m{n}", Side.SELL, "150"), limit(f"x{n}", Side.BUY, "50"))
        place(venue, NewList(f"l{n}", S, legs[:1], legs[1]))
    with pytest.raises(VenueRejected, match="MAX_NUM_ORDER_LISTS"):
        last = paid("50", "1", stop("z", Side.SELL, "40", None))
        venue.place_list(last._replace(client_id="m", working=limit("y", Side.BUY, "50")), 6)


def test_pending_stops_count_among_the_algo_orders() -> None:
    venue = a_venue("100000", btc="100")
    for n in range(5):
        legs = (stop(f"s{n}", Side.SELL, "40"),)
        place(venue, NewList(f"l{n}", S, legs, limit(f"w{n}", Side.BUY, "50")))
    with pytest.raises(VenueRejected, match="MAX_NUM_ALGO_ORDERS"):
        venue.place(stop("more", Side.SELL, "40"), 6)


# -- whatever happens ------------------------------------------------------------------------
shapes = st.sampled_from(["oco", "oto", "opo", "opoco", "cancel", "limit", "market"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.integers(85, 115), st.integers(1, 30)),
        st.tuples(shapes, st.integers(92, 108), st.integers(1, 30)),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_nothing_is_made_or_lost_and_locks_belong_to_open_orders(acts: Any) -> None:
    venue = a_venue("500", btc="2")
    for n, (kind, level, tenths) in enumerate(acts):
        _act(venue, n, kind, D(level), D(tenths) / 10)
        for asset, begun in (("USDT", D(500)), ("BTC", D(2))):
            held = venue.balance(asset)
            assert held.free >= 0
            sells = Side.SELL if asset == "BTC" else Side.BUY
            locked = sum((o.locked for o in venue.open_orders if o.side is sells), D(0))
            assert held.locked == locked >= 0
            assert held.total == begun + _moved(venue, asset)
        for found in venue.lists.values():
            ended = all(order.phase is Phase.ENDED for order in found.orders)
            assert found.is_done == ended
            _at_most_one_of_a_pair_traded(found)


def _act(venue: Venue, n: int, kind: str, level: Decimal, qty: Decimal) -> None:
    low, high = str(level - 7), str(level + 7)
    size = str(qty)
    pending = stop(f"s{n}", Side.SELL, low, size)
    target = maker(f"m{n}", Side.SELL, high, size)
    working = limit(f"w{n}", Side.BUY, str(level), size)
    unsized = pending._replace(qty=None)
    new = {
        "oco": NewList(f"l{n}", S, (pending, target)),
        "oto": NewList(f"l{n}", S, (pending,), working),
        "opo": NewList(f"l{n}", S, (unsized,), working, pays_on=True),
        "opoco": NewList(f"l{n}", S, (unsized, target._replace(qty=None)), working, pays_on=True),
    }
    try:
        if kind == "trade":
            venue.on_market(BookTop(10 + n, S, 10 + n, level - 1, qty, level + 1, qty))
            trade(venue, str(level), size, 10 + n, seller=n % 2 == 0)
        elif kind == "cancel" and venue.open_orders:
            venue.cancel(venue.open_orders[n % len(venue.open_orders)].order_id, 10 + n)
        elif kind == "limit":
            venue.place(working, 10 + n)
        elif kind == "market":
            venue.place(an_order(f"x{n}", Side.BUY, OrderType.MARKET, size), 10 + n)
        elif kind in new:
            place(venue, new[kind], 10 + n)
    except VenueRejected:
        pass


def _moved(venue: Venue, asset: str) -> Decimal:
    moved = D(0)
    for fill in (entry.fill for entry in venue.trades):
        sign = 1 if fill.side is Side.BUY else -1
        moved += sign * fill.qty if asset == "BTC" else -sign * fill.qty * fill.price
        moved -= fill.fee if fill.fee_asset == asset else 0
    return moved


def _at_most_one_of_a_pair_traded(found: OrderList) -> None:
    assert sum(bool(leg.filled_qty) for leg in found.legs) <= 1
    if found.pays_on and found.working is not None:
        assert sum(leg.filled_qty for leg in found.legs) <= found.working.filled_qty
