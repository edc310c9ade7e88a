"""The simulated venue: what it refuses, cancels and lists; money is conserved."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, BookTop, Level, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.errors import InvariantBroken, Rejected
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import Latency
from genesis.sim.orders import (
    NewOrder,
    Queue,
    Report,
    TakerFill,
    TimeInForce,
    VenueRejected,
)
from genesis.sim.venue import Venue
from tests.support.build import BTC

D = Decimal
FEES = FeeSchedule(maker_bps=D(5), taker_bps=D(10))
LISTED = replace(BTC, max_market_qty=D(2), market_lot=D("0.001"))


def a_venue(instrument: Instrument = LISTED) -> Venue:
    venue = Venue({instrument.symbol: instrument}, {"USDT": D(1000), "BTC": D(5)}, FEES)
    venue.on_market(TradeTick(1, BTC.symbol, 1, D(100), D(1), False))
    venue.on_market(BookTop(2, BTC.symbol, 1, D(100), D(9), D("100.01"), D(9)))
    return venue


def an_order(**fields: Any) -> NewOrder:
    given_ = {"type": OrderType.LIMIT, "qty": D("0.1"), "limit_price": D(90)} | fields
    return NewOrder(given_.pop("name", "o"), BTC.symbol, given_.pop("side", Side.BUY), **given_)


def market(**fields: Any) -> NewOrder:
    return an_order(**{"type": OrderType.MARKET, "limit_price": None} | fields)


REFUSED = [
    (an_order()._replace(symbol="ETH/USDT"), -1121, "Invalid symbol."),
    (an_order(qty=D("0.055")), -1013, "Filter failure: NOTIONAL"),
    (an_order(qty=D("0.000001")), -1013, "Filter failure: LOT_SIZE"),
    (an_order(qty=D("0.100001")), -1013, "Filter failure: LOT_SIZE"),
    (an_order(qty=D(9001)), -1013, "Filter failure: LOT_SIZE"),
    (an_order(qty=D(0)), -1013, "Invalid quantity."),
    (an_order(limit_price=D("90.001")), -1013, "Filter failure: PRICE_FILTER"),
    (market(qty=D("0.1001")), -1013, "Filter failure: MARKET_LOT_SIZE"),
    (market(qty=D(3)), -1013, "Filter failure: MARKET_LOT_SIZE"),
    (market(qty=D("0.049")), -1013, "Filter failure: NOTIONAL"),
    (market(qty=None, quote_qty=D("4.9")), -1013, "Filter failure: NOTIONAL"),
    (market(qty=None), -1102, "Param 'quantity' or 'quoteOrderQty'"),
    (market(limit_price=D(90)), -1106, "Parameter 'price'"),
    (an_order(qty=None), -1102, "'quantity'"),
    (an_order(limit_price=None), -1102, "'price'"),
    (an_order(type=OrderType.STOP_LOSS), -1102, "'stopPrice'"),
    (an_order(name="a.dot"), -1100, "newClientOrderId"),
    (an_order(name="x" * 37), -1100, "newClientOrderId"),
    (an_order(name=""), -1100, "newClientOrderId"),
    (an_order(qty=D(12)), -2010, "Account has insufficient balance for requested action."),
    (market(qty=D("1.5"), side=Side.SELL, quote_qty=D(5)), -1102, "Param"),
    (an_order(side=Side.SELL, qty=D(6), limit_price=D(200)), -2010, "insufficient balance"),
    (
        an_order(type=OrderType.STOP_LOSS, limit_price=None, stop_price=D(100), side=Side.SELL),
        -2010,
        "Order would trigger immediately.",
    ),
    (
        an_order(type=OrderType.STOP_LOSS, limit_price=None, stop_price=D(100)),
        -2010,
        "Order would trigger immediately.",
    ),
    (
        an_order(limit_price=D("100.01"), post_only=True),
        -2010,
        "Order would immediately match and take.",
    ),
    (an_order(post_only=True, time_in_force=TimeInForce.IOC), -1106, "timeInForce"),
]


@pytest.mark.parametrize(("order", "code", "words"), REFUSED)
def test_refusals_carry_binance_codes_and_change_nothing(
    order: NewOrder, code: int, words: str
) -> None:
    venue = a_venue()
    before = venue.balances
    with pytest.raises(VenueRejected) as refused:
        venue.place(order, 3)
    assert refused.value.venue_code == code
    assert words in refused.value.message
    assert isinstance(refused.value, Rejected)
    assert (venue.balances, venue.orders, venue.open_orders) == (before, {}, ())


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    venue = a_venue()
    venue.place(an_order(), 3)
    with pytest.raises(VenueRejected, match="Duplicate order sent"):
        venue.place(an_order(), 4)
    venue.cancel(1, 5)
    venue.place(an_order(), 6)
    found = venue.find("o")
    assert found is not None
    assert found.order_id == 2
    assert venue.find("unknown") is None


def test_a_sixth_stop_on_a_symbol_is_refused() -> None:
    venue = a_venue()
    for n in range(6):
        order = an_order(
            name=f"s{n}",
            type=OrderType.STOP_LOSS,
            limit_price=None,
            stop_price=D(90),
            side=Side.SELL,
        )
        if n < 5:
            venue.place(order, 3)
            continue
        with pytest.raises(VenueRejected, match="MAX_NUM_ALGO_ORDERS"):
            venue.place(order, 3)


def test_cancel_frees_the_lock_exactly_and_only_once() -> None:
    venue = a_venue()
    venue.place(an_order(), 3)
    assert (venue.balance("USDT").free, venue.balance("USDT").locked) == (D(991), D("9.0"))
    report = venue.cancel(1, 4)[0]
    assert report.status is OrderStatus.CANCELLED
    assert (venue.balance("USDT").free, venue.balance("USDT").locked) == (D(1000), D(0))
    for order_id in (1, 99):
        with pytest.raises(VenueRejected) as refused:
            venue.cancel(order_id, 5)
        assert refused.value.venue_code == -2011


def test_a_resting_stop_locks_what_a_market_sell_would_need() -> None:
    venue = a_venue()
    stop = an_order(
        name="s",
        type=OrderType.STOP_LOSS,
        limit_price=None,
        stop_price=D(90),
        side=Side.SELL,
        qty=D(5),
    )
    venue.place(stop, 3)
    with pytest.raises(VenueRejected, match="insufficient balance"):
        venue.place(market(side=Side.SELL), 4)


def test_an_unlisted_symbol_in_the_market_is_a_broken_invariant() -> None:
    with pytest.raises(InvariantBroken, match="ETH/USDT"):
        a_venue().on_market(TradeTick(1, "ETH/USDT", 1, D(1), D(1), False))


def test_filters_may_change_while_trading() -> None:
    venue = a_venue()
    venue.list_instrument(replace(LISTED, min_notional_usdt=D(50)))
    with pytest.raises(VenueRejected, match="NOTIONAL"):
        venue.place(an_order(), 3)


def test_latency_is_never_negative() -> None:
    assert Latency.of_ms(1, 2, 3) == Latency(1_000_000, 2_000_000, 3_000_000)
    with pytest.raises(ValueError, match="negative"):
        Latency(entry_ns=-1)


# -- invariants ------------------------------------------------------------------------------
cents = st.integers(9_000, 11_000).map(lambda n: D(n) / 100)
lots = st.integers(5_000, 300_000).map(lambda n: D(n) / 100_000)
sides = st.sampled_from(Side)


@st.composite
def orders(draw: st.DrawFn) -> NewOrder:
    kind = draw(st.sampled_from(OrderType))
    quote = kind is OrderType.MARKET and draw(st.booleans())
    needs_stop = kind is OrderType.STOP_LOSS or (kind is OrderType.LIMIT and draw(st.booleans()))
    return NewOrder(
        "",
        BTC.symbol,
        draw(sides),
        kind,
        None if quote else draw(lots),
        D(draw(st.integers(5, 200))) if quote else None,
        draw(cents) if kind is OrderType.LIMIT else None,
        draw(cents) if needs_stop else None,
        time_in_force=draw(st.sampled_from(TimeInForce)),
    )


@st.composite
def tops(draw: st.DrawFn) -> BookTop:
    bid = draw(cents)
    ask = bid + D(draw(st.integers(1, 20))) / 100
    return BookTop(1, BTC.symbol, 1, bid, draw(lots), ask, draw(lots))


prints = st.builds(
    TradeTick, st.just(1), st.just(BTC.symbol), st.just(1), cents, lots, st.booleans()
)
acts = st.lists(orders() | prints | tops() | st.integers(1, 20), max_size=40)


def run(venue: Venue, steps: list[Any]) -> list[Report]:
    """Place, show or cancel; every order gets an id of its own."""
    reports: list[Report] = []
    names = count()
    for now, act in enumerate(steps):
        try:
            if isinstance(act, NewOrder):
                reports += venue.place(act._replace(client_order_id=f"o{next(names)}"), now)
            elif isinstance(act, int):
                reports += venue.cancel(act, now)
            else:
                reports += venue.on_market(act)
        except VenueRejected:
            continue
    return reports


@given(
    acts, st.sampled_from(TakerFill), st.sampled_from(Queue), st.sampled_from(["received", "quote"])
)
@settings(max_examples=150, deadline=None)
def test_money_is_conserved_and_locks_belong_to_open_orders(
    steps: list[Any], taker: TakerFill, queue: Queue, asset: Any
) -> None:
    start = {"USDT": D(500), "BTC": D(2)}
    fees = FeeSchedule(D(5), D("7.5"), asset)
    venue = Venue({BTC.symbol: BTC}, start, fees, taker, queue)
    reports = run(venue, steps)
    owed: Counter[str] = Counter()
    for trade in venue.trades:
        fill = trade.fill
        sign = 1 if fill.side is Side.BUY else -1
        owed["BTC"] += sign * fill.qty  # type: ignore[assignment]
        owed["USDT"] -= sign * fill.qty * fill.price  # type: ignore[assignment]
        owed[fill.fee_asset] -= fill.fee  # type: ignore[assignment]
    locked: Counter[str] = Counter()
    for order in venue.open_orders:
        locked["USDT" if order.side is Side.BUY else "BTC"] += order.locked  # type: ignore[assignment]
    for held in venue.balances:
        assert held.total == start[held.asset] + owed[held.asset]
        assert held.locked == locked[held.asset]
        assert held.free >= 0
    for order in venue.orders.values():
        parts = [t.fill for t in venue.trades if t.order_id == order.order_id]
        assert order.filled_qty == sum(part.qty for part in parts) <= order.qty
        assert order.filled_quote == sum(part.qty * part.price for part in parts)
        assert order.status.is_final is (
            order.order_id not in [o.order_id for o in venue.open_orders]
        )
        for part in parts:
            assert part.qty > 0
            limit = order.new.limit_price
            if limit is not None:
                assert part.price <= limit if order.side is Side.BUY else part.price >= limit
    assert [r.fill for r in reports if r.fill] == [trade.fill for trade in venue.trades]
    assert [t.fill.trade_id for t in venue.trades] == list(range(1, len(venue.trades) + 1))


@given(acts, st.sampled_from(TakerFill), st.sampled_from(Queue))
@settings(max_examples=150, deadline=None)
def test_a_tick_that_touch_rules_out_may_be_skipped(
    steps: list[Any], taker: TakerFill, queue: Queue
) -> None:
    start = {"USDT": D(500), "BTC": D(2)}
    shown, skipping = (Venue({BTC.symbol: BTC}, start, FEES, taker, queue) for _ in range(2))
    names = count()
    for now, act in enumerate(steps):
        step = act._replace(client_order_id=f"o{next(names)}") if isinstance(act, NewOrder) else act
        seen = run_one(shown, step, now)
        if isinstance(step, TradeTick):
            touch = skipping.touch(BTC.symbol)
            below = touch.below is not None and step.price <= touch.below
            above = touch.above is not None and step.price >= touch.above
            if not (touch.next_tick or below or above):
                assert seen == []
                skipping.skip(BTC.symbol, step.ts_ns, step.price)
                continue
        assert run_one(skipping, step, now) == seen
    assert shown.orders == skipping.orders
    assert shown.balances == skipping.balances


def run_one(venue: Venue, act: Any, now: int) -> list[Any]:
    try:
        if isinstance(act, NewOrder):
            reports = venue.place(act, now)
        elif isinstance(act, int):
            reports = venue.cancel(act, now)
        else:
            reports = venue.on_market(act)
    except VenueRejected as refused:
        return [str(refused)]
    return [(r.kind, r.ts_ns, r.status, r.filled_qty, r.fill) for r in reports]


def test_depth_and_tops_alone_never_fill() -> None:
    venue = a_venue()
    venue.place(an_order(limit_price=D(100)), 3)
    crossed = (Level(D(98), D(1)),), (Level(D(99), D(1)),)
    assert venue.on_market(BookDelta(4, BTC.symbol, 9, 9, *crossed, is_snapshot=True)) == ()
    assert venue.on_market(BookTop(5, BTC.symbol, 10, D(98), D(1), D(99), D(1))) == ()
