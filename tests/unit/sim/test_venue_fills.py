"""The simulated venue: conventions of fills, fees, stops, queues, bars."""

from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.events import BarClosed, BookDelta, BookTop, Level, TradeTick
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.sim.fees import FeeSchedule
from genesis.sim.orders import (
    UNTOUCHED,
    NewOrder,
    Queue,
    Report,
    ReportKind,
    TakerFill,
    TimeInForce,
    Touch,
)
from genesis.sim.venue import Venue
from tests.support.build import BTC

D = Decimal
FEES = FeeSchedule(maker_bps=D(5), taker_bps=D(10))
QUOTE_FEES = FeeSchedule(maker_bps=D(5), taker_bps=D(10), asset="quote")


def a_venue(
    taker: TakerFill = TakerFill.BOOK,
    *,
    fees: FeeSchedule = FEES,
    queue: Queue = Queue.CONSERVATIVE,
    usdt: str = "10000",
    btc: str = "1",
) -> Venue:
    return Venue({BTC.symbol: BTC}, {"USDT": D(usdt), "BTC": D(btc)}, fees, taker, queue)


def an_order(side: Side = Side.BUY, qty: str | None = "0.1", **more: Any) -> NewOrder:
    kind = more.pop("type", OrderType.MARKET)
    name = more.pop("name", "o")
    for field in ("limit_price", "stop_price", "quote_qty"):
        if field in more:
            more[field] = D(more[field])
    return NewOrder(name, BTC.symbol, side, kind, D(qty) if qty else None, **more)


def limit(side: Side, price: str, qty: str = "0.1", **more: Any) -> NewOrder:
    return an_order(side, qty, type=OrderType.LIMIT, limit_price=price, **more)


def stop(side: Side, price: str, qty: str = "0.1", **more: Any) -> NewOrder:
    return an_order(side, qty, type=OrderType.STOP_LOSS, stop_price=price, **more)


def a_print(price: str, qty: str = "1", ts: int = 10, *, seller: bool = False) -> TradeTick:
    """`seller`: the seller was the aggressor."""
    return TradeTick(ts, BTC.symbol, 1, D(price), D(qty), seller)


def a_top(bid: str, bid_qty: str, ask: str, ask_qty: str, ts: int = 5, uid: int = 1) -> BookTop:
    return BookTop(ts, BTC.symbol, uid, D(bid), D(bid_qty), D(ask), D(ask_qty))


def rows(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(qty)) for price, qty in pairs)


def fills(reports: tuple[Report, ...]) -> list[Fill]:
    return [report.fill for report in reports if report.fill is not None]


def paid(reports: tuple[Report, ...]) -> list[tuple[Decimal, Decimal]]:
    return [(fill.price, fill.qty) for fill in fills(reports)]


def kinds(reports: tuple[Report, ...]) -> list[ReportKind]:
    return [report.kind for report in reports]


# -- takers ----------------------------------------------------------------------------------
def test_last_fills_at_once_at_the_last_trade() -> None:
    venue = a_venue(TakerFill.LAST)
    venue.on_market(a_print("100", ts=7))
    reports = venue.place(an_order(), 60)
    assert kinds(reports) == [ReportKind.ACCEPTED, ReportKind.FILLED]
    assert paid(reports) == [(D(100), D("0.1"))]
    assert {report.ts_ns for report in reports} == {60}
    assert reports[-1].status is OrderStatus.FILLED


def test_next_tick_waits_for_the_first_following_print() -> None:
    venue = a_venue(TakerFill.NEXT_TICK)
    venue.on_market(a_print("100", ts=7))
    assert kinds(venue.place(an_order(), 60)) == [ReportKind.ACCEPTED]
    assert venue.touch(BTC.symbol) == Touch(next_tick=True)
    assert venue.on_market(a_top("101", "1", "102", "1", ts=61)) == ()
    reports = venue.on_market(a_print("103", ts=62))
    assert paid(reports) == [(D(103), D("0.1"))]
    assert reports[0].ts_ns == 62
    assert venue.touch(BTC.symbol) is UNTOUCHED


def test_book_takes_the_top_then_deeper_rows_and_nothing_twice_within_an_event() -> None:
    venue = a_venue()
    bids, asks = rows(("99", "1")), rows(("100", "0.06"), ("101", "0.1"), ("102", "9"))
    venue.on_market(BookDelta(1, BTC.symbol, 5, 5, bids, asks, is_snapshot=True))
    assert paid(venue.place(an_order(), 2)) == [(D(100), D("0.06")), (D(101), D("0.04"))]
    assert paid(venue.place(an_order(), 3)) == [(D(101), D("0.06")), (D(102), D("0.04"))]
    venue.on_market(a_top("99", "1", "100", "0.5", uid=6))
    assert paid(venue.place(an_order(), 4)) == [(D(100), D("0.1"))]


def test_a_thin_book_expires_what_it_cannot_give() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "1", "100", "0.06"))
    reports = venue.place(an_order(), 2)
    assert kinds(reports) == [ReportKind.ACCEPTED, ReportKind.FILLED, ReportKind.EXPIRED]
    assert reports[-1].filled_qty == D("0.06")
    assert reports[-1].reason == "INSUFFICIENT_LIQUIDITY"
    assert venue.balance("USDT").locked == 0
    assert venue.balance("USDT").free == 10000 - 6


def test_without_any_book_the_last_trade_stands_in() -> None:
    venue = a_venue()
    venue.on_market(a_print("100"))
    assert paid(venue.place(an_order(qty="50", side=Side.BUY), 2)) == [(D(100), D(50))]


def test_without_any_market_a_market_order_expires() -> None:
    venue = a_venue()
    assert kinds(venue.place(an_order(), 2)) == [ReportKind.ACCEPTED, ReportKind.EXPIRED]


def test_quote_quantity_spends_at_most_the_amount() -> None:
    venue = a_venue()
    asks = rows(("100", "0.06"), ("200", "9"))
    venue.on_market(BookDelta(1, BTC.symbol, 5, 5, rows(("99", "1")), asks, is_snapshot=True))
    reports = venue.place(an_order(qty=None, quote_qty="20"), 2)
    assert paid(reports) == [(D(100), D("0.06")), (D(200), D("0.07"))]
    assert reports[-1].status is OrderStatus.FILLED


def test_a_venue_that_takes_over_gives_higher_ids() -> None:
    venue = Venue({BTC.symbol: BTC}, {"USDT": D(100)}, FEES, TakerFill.LAST, first_id=500)
    venue.on_market(a_print("100"))
    reports = venue.place(an_order(), 2)
    assert (reports[0].order.order_id, fills(reports)[0].trade_id) == (500, 500)
    assert venue.orders[500].status is OrderStatus.FILLED


# -- fees ------------------------------------------------------------------------------------
def test_fees_are_taken_in_what_is_received() -> None:
    venue = a_venue(TakerFill.LAST)
    venue.on_market(a_print("100"))
    buy = fills(venue.place(an_order(), 2))[0]
    sell = fills(venue.place(an_order(Side.SELL, "0.2", name="s"), 3))[0]
    assert (buy.fee, buy.fee_asset) == (D("0.0001"), "BTC")
    assert (sell.fee, sell.fee_asset) == (D("0.02"), "USDT")
    assert venue.balance("BTC").free == D("1") + D("0.0999") - D("0.2")
    assert venue.balance("USDT").free == 10000 - 10 + D("19.98")


def test_quote_fees_leave_the_quantity_whole() -> None:
    venue = a_venue(TakerFill.LAST, fees=QUOTE_FEES)
    venue.on_market(a_print("100"))
    buy = fills(venue.place(an_order(), 2))[0]
    assert (buy.fee, buy.fee_asset) == (D("0.01"), "USDT")
    assert venue.balance("BTC").free == D("1.1")
    assert venue.balance("USDT").free == 10000 - 10 - D("0.01")


def test_truncated_fees_have_eight_decimals() -> None:
    fees = FeeSchedule(D(10), D("7.5"), truncated=True)
    fee, asset = fees.charge(BTC, Side.BUY, D(100), D("0.00037"), Liquidity.TAKER)
    assert (fee, asset) == (D("0.00000027"), "BTC")


# -- limits ----------------------------------------------------------------------------------
def test_a_crossing_limit_takes_up_to_its_price_and_rests_with_the_remainder() -> None:
    venue = a_venue()
    asks = rows(("100", "0.04"), ("101", "1"))
    venue.on_market(BookDelta(1, BTC.symbol, 5, 5, rows(("99", "1")), asks, is_snapshot=True))
    reports = venue.place(limit(Side.BUY, "100"), 2)
    assert paid(reports) == [(D(100), D("0.04"))]
    assert reports[-1].status is OrderStatus.PARTIAL
    assert venue.balance("USDT").locked == D("6.00")
    assert venue.touch(BTC.symbol) == Touch(below=D(100))


def test_what_was_bought_below_the_limit_unlocks_the_difference() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "1", "100", "0.04"))
    venue.place(limit(Side.BUY, "101"), 2)
    assert venue.balance("USDT").locked == D("0.06") * 101
    assert venue.balance("USDT").free == 10000 - 4 - D("0.06") * 101


def test_touch_names_the_nearest_prices_of_all_open_orders() -> None:
    venue = a_venue()
    venue.on_market(a_print("100"))
    venue.place(stop(Side.SELL, "95", name="a"), 2)
    venue.place(limit(Side.BUY, "97", name="b"), 2)
    venue.place(limit(Side.SELL, "103", name="c"), 2)
    venue.place(limit(Side.SELL, "105", name="d"), 2)
    assert venue.touch(BTC.symbol) == Touch(below=D(97), above=D(103))
    venue.cancel(2, 3)
    venue.cancel(3, 3)
    assert venue.touch(BTC.symbol) == Touch(below=D(95), above=D(105))
    venue.on_market(a_print("94"))
    venue.cancel(4, 4)
    assert venue.touch(BTC.symbol) is UNTOUCHED


def test_an_empty_purse_fills_nothing() -> None:
    venue = a_venue(TakerFill.NEXT_TICK, usdt="0", btc="0")
    venue.place(an_order(), 2)
    assert kinds(venue.on_market(a_print("125"))) == [ReportKind.EXPIRED]
    assert venue.trades == []


def test_a_resting_limit_fills_as_maker_at_its_price_when_traded_through() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "5", "100", "5"))
    venue.place(limit(Side.BUY, "99"), 2)
    assert venue.on_market(a_print("99.01", seller=True)) == ()
    fill = fills(venue.on_market(a_print("98.99", "0.00001", seller=True)))[0]
    assert (fill.price, fill.qty, fill.liquidity) == (D(99), D("0.1"), Liquidity.MAKER)
    assert (fill.fee, fill.fee_asset) == (D("0.00005"), "BTC")


def test_at_the_touch_the_queue_ahead_is_served_first_by_aggressors_of_the_other_side() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "2", "100", "5"))
    venue.place(limit(Side.BUY, "99"), 2)
    assert venue.on_market(a_print("99", "1.5", seller=True)) == ()
    assert venue.on_market(a_print("99", "7", seller=False)) == ()
    assert paid(venue.on_market(a_print("99", "0.54", seller=True))) == [(D(99), D("0.04"))]
    assert paid(venue.on_market(a_print("99", "5", seller=True))) == [(D(99), D("0.06"))]


def test_an_order_that_improves_the_best_price_has_nobody_ahead() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "2", "100", "5"))
    venue.place(limit(Side.SELL, "99.5"), 2)
    assert paid(venue.on_market(a_print("99.5", "0.03"))) == [(D("99.5"), D("0.03"))]


def test_two_orders_at_one_price_share_a_print() -> None:
    venue = a_venue(queue=Queue.OPTIMISTIC)
    venue.on_market(a_top("99", "2", "100", "5"))
    venue.place(limit(Side.BUY, "99", name="a"), 2)
    venue.place(limit(Side.BUY, "99", name="b"), 3)
    reports = venue.on_market(a_print("99", "0.15", seller=True))
    assert paid(reports) == [(D(99), D("0.1")), (D(99), D("0.05"))]


def test_an_unknown_queue_is_believed_long_by_the_conservative_and_empty_by_the_optimist() -> None:
    for queue, expected in ((Queue.CONSERVATIVE, []), (Queue.OPTIMISTIC, [(D(99), D("0.1"))])):
        venue = a_venue(queue=queue)
        venue.on_market(a_print("100"))
        venue.place(limit(Side.BUY, "99"), 2)
        assert paid(venue.on_market(a_print("99", "50", seller=True))) == expected


def test_immediate_or_cancel_and_fill_or_kill() -> None:
    venue = a_venue()
    venue.on_market(a_top("99", "1", "100", "0.04"))
    some = venue.place(limit(Side.BUY, "100", time_in_force=TimeInForce.IOC), 2)
    assert kinds(some) == [ReportKind.ACCEPTED, ReportKind.FILLED, ReportKind.EXPIRED]
    assert some[-1].reason == "UNFILLED_IOC_QUANTITY_EXPIRED"
    venue.on_market(a_top("99", "1", "100", "0.04"))
    none = venue.place(limit(Side.BUY, "100", time_in_force=TimeInForce.FOK), 2)
    assert kinds(none) == [ReportKind.ACCEPTED, ReportKind.EXPIRED]
    venue.on_market(a_top("99", "1", "100", "0.1"))
    all_of_it = venue.place(limit(Side.BUY, "100", time_in_force=TimeInForce.FOK), 2)
    assert all_of_it[-1].status is OrderStatus.FILLED


# -- stops -----------------------------------------------------------------------------------
@pytest.mark.parametrize("taker", [TakerFill.LAST, TakerFill.NEXT_TICK])
def test_a_stop_fires_on_the_first_print_at_its_price_after_it_rests(taker: TakerFill) -> None:
    venue = a_venue(taker)
    venue.on_market(a_print("100"))
    venue.place(stop(Side.SELL, "98"), 2)
    assert venue.touch(BTC.symbol) == Touch(below=D(98))
    assert venue.balance("BTC").locked == D("0.1")
    assert venue.on_market(a_print("98.01")) == ()
    reports = venue.on_market(a_print("97.5", ts=33))
    assert paid(reports) == [(D("97.5"), D("0.1"))]
    assert reports[0].ts_ns == 33
    assert fills(reports)[0].liquidity is Liquidity.TAKER
    assert venue.balance("BTC").locked == 0


def test_under_book_a_stop_walks_the_bids() -> None:
    venue = a_venue()
    bids = rows(("97", "0.03"), ("96", "1"))
    venue.on_market(a_print("100"))
    venue.place(stop(Side.SELL, "98"), 2)
    venue.on_market(BookDelta(1, BTC.symbol, 5, 5, bids, rows(("98", "1")), is_snapshot=True))
    reports = venue.on_market(a_print("98"))
    assert paid(reports) == [(D(97), D("0.03")), (D(96), D("0.07"))]


def test_a_buy_stop_fires_from_below_and_pays_the_difference_from_the_free_balance() -> None:
    venue = a_venue(TakerFill.LAST, usdt="10.5")
    venue.on_market(a_print("100"))
    venue.place(stop(Side.BUY, "102"), 2)
    assert venue.touch(BTC.symbol) == Touch(above=D(102))
    assert paid(venue.on_market(a_print("104"))) == [(D(104), D("0.1"))]
    assert venue.balance("USDT").free == D("0.10")


def test_a_fill_never_takes_more_than_there_is() -> None:
    venue = a_venue(TakerFill.NEXT_TICK, usdt="10")
    venue.on_market(a_print("100"))
    venue.place(an_order(), 2)
    reports = venue.on_market(a_print("125"))
    assert paid(reports) == [(D(125), D("0.08"))]
    assert kinds(reports) == [ReportKind.FILLED, ReportKind.EXPIRED]
    assert venue.balance("USDT").free == 0


def test_a_stop_with_a_limit_becomes_a_limit_order() -> None:
    venue = a_venue()
    venue.on_market(a_print("100"))
    venue.on_market(a_top("100", "1", "100.01", "1"))
    venue.place(limit(Side.SELL, "98.5", stop_price="99"), 2)
    venue.on_market(a_top("98", "1", "98.01", "1"))
    reports = venue.on_market(a_print("98"))
    assert kinds(reports) == [ReportKind.TRIGGERED]
    assert venue.touch(BTC.symbol) == Touch(above=D("98.5"))
    assert paid(venue.on_market(a_print("98.6"))) == [(D("98.5"), D("0.1"))]


# -- bars ------------------------------------------------------------------------------------
def a_bar(o: str, h: str, low: str, c: str, end: int = 120) -> BarClosed:
    return BarClosed(end, BTC.symbol, 60, D(o), D(h), D(low), D(c), D(1))


def test_on_bars_a_waiting_order_fills_at_the_next_open_stamped_with_its_start() -> None:
    venue = a_venue(TakerFill.NEXT_TICK)
    venue.on_market(a_bar("99", "101", "98", "100", end=60))
    venue.place(an_order(), 60)
    reports = venue.on_market(a_bar("100.5", "101", "98", "99"))
    assert paid(reports) == [(D("100.5"), D("0.1"))]
    assert reports[0].ts_ns == 60
    assert venue.last(BTC.symbol) == D(99)


def test_on_bars_stops_go_first_and_a_gap_fills_at_the_open() -> None:
    venue = a_venue(TakerFill.NEXT_TICK)
    venue.on_market(a_bar("99", "101", "98", "100", end=60))
    venue.place(limit(Side.SELL, "102", name="target"), 60)
    venue.place(stop(Side.SELL, "98", name="stop"), 60)
    reports = venue.on_market(a_bar("100", "103", "97", "99"))
    assert paid(reports) == [(D(98), D("0.1")), (D(102), D("0.1"))]
    assert {report.ts_ns for report in reports} == {120}
    venue.place(stop(Side.SELL, "98", name="second"), 120)
    assert paid(venue.on_market(a_bar("95", "96", "94", "96", end=180))) == [(D(95), D("0.1"))]


def test_on_bars_a_limit_must_be_traded_through_unless_optimistic() -> None:
    for queue, count in ((Queue.CONSERVATIVE, 0), (Queue.OPTIMISTIC, 1)):
        venue = a_venue(TakerFill.NEXT_TICK, queue=queue)
        venue.on_market(a_bar("99", "101", "98", "100", end=60))
        venue.place(limit(Side.BUY, "97"), 60)
        assert len(fills(venue.on_market(a_bar("100", "103", "97", "99")))) == count
