"""Every open position keeps its stop until it is flat, whatever happens."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.events import (
    BalanceReported,
    CancelRejected,
    Event,
    FeedLost,
    HealthReported,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    VenueStatus,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import CommandAnswered, PositionClosed
from genesis.rules import parse
from tests.support.build import fill
from tests.support.engines import SYMBOL, T0, Bench, cancels, only, submits
from tests.support.old_rules import text_before_stops_were_checked

D = Decimal


def purposes_after(bench: Bench, seconds: int) -> list[Purpose]:
    """Of the orders sent while time passes."""
    before = len(bench.steps)
    bench.later(seconds)
    return [s.request.purpose for step in bench.steps[before:] for s in submits(step)]


def test_an_entry_is_followed_by_its_stop_net_of_the_fee() -> None:
    bench = Bench()
    stop = bench.open_position()
    request = stop.request
    assert (request.type, request.side, request.purpose) == (
        OrderType.STOP_LOSS,
        Side.SELL,
        Purpose.PROTECT,
    )
    assert request.qty == D("0.00036")
    assert request.stop_price == D("66103.94")


def test_a_manual_close_frees_the_coins_first_and_then_sells() -> None:
    bench = Bench()
    stop = bench.open_position()
    step = bench.act("close", reduces_risk=True)
    assert [c.key for c in cancels(step)] == [stop.key]
    assert not submits(step)
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.purpose is Purpose.EXIT
    step = bench.fill(leave, "67400")
    (closed,) = only(step, PositionClosed)
    assert closed.reason == "manual"
    assert not list(bench.engine.state.execution.orders.all_working())


def test_the_stop_filling_while_it_is_being_cancelled_ends_the_position_once() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("close", reduces_risk=True)
    bench.tell(CancelRejected(bench.now_ns, stop.key, "unknown order"))
    step = bench.fill(stop, "66100")
    (closed,) = only(step, PositionClosed)
    assert closed.reason == "stop"
    bench.later(60)
    assert not submits(bench.steps[-1])


def test_a_stop_is_tightened_while_the_fate_of_another_entry_is_unknown() -> None:
    bench = Bench()
    stop = bench.open_position(usdt="11")
    (entry,) = submits(bench.buy("11"))
    bench.tell(OrderUnresolved(bench.now_ns, entry.key, "no answer"))
    step = bench.act("stop", "STOP_MODIFY", stop_new=D("67000.019"), reduces_risk=True)
    assert [c.key for c in cancels(step)] == [stop.key]
    (new,) = submits(bench.cancelled(stop.key))
    assert (new.request.stop_price, new.request.qty) == (D("67000.01"), stop.request.qty)
    bench.accept(new.key)
    more = bench.fill(entry, "67300")  # it had been filled after all: the stop covers that, too
    assert [c.key for c in cancels(more)] == [new.key]
    (whole,) = submits(bench.cancelled(new.key))
    assert whole.request.qty > new.request.qty


def test_a_tightened_stop_is_replaced() -> None:
    bench = Bench()
    stop = bench.open_position()
    step = bench.act("stop", "STOP_MODIFY", stop_new=D("67000.019"), reduces_risk=True)
    assert [c.key for c in cancels(step)] == [stop.key]
    (new,) = submits(bench.cancelled(stop.key))
    assert new.request.stop_price == D("67000.01")
    assert new.request.qty == stop.request.qty


def test_a_stop_that_the_market_has_passed_means_leaving_now() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("stop", "STOP_MODIFY", stop_new=D("67400"), reduces_risk=True)
    bench.tick("67390")
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.type is OrderType.MARKET


@pytest.mark.parametrize("price", ["67453", "99999"])
def test_a_stop_that_is_asked_for_above_the_market_is_refused(price: str) -> None:
    bench = Bench()
    bench.open_position()
    step = bench.act("stop", "STOP_MODIFY", stop_new=D(price), reduces_risk=True)
    [answer] = only(step, CommandAnswered)
    assert not answer.accepted and not step.commands
    assert answer.text.endswith("it would sell at once; to sell now: close BTC/USDT")
    assert cancels(bench.act("stop", "STOP_MODIFY", stop_new=D("67452.99"), reduces_risk=True))


def test_a_price_that_is_too_old_stands_in_no_stops_way() -> None:
    bench = Bench()
    bench.open_position()
    bench.now_ns += bench.engine.state.rules.risk.mark_stale_ns + 1
    assert cancels(bench.act("stop", "STOP_MODIFY", stop_new=D("67460"), reduces_risk=True))


@pytest.mark.parametrize(("stop", "is_sent"), [("67453", False), ("67452.99", True)])
def test_the_stop_of_an_entry_lies_below_the_price(stop: str, is_sent: bool) -> None:
    assert bool(submits(Bench().buy("20", stop_new=D(stop)))) is is_sent


@pytest.fixture
def before() -> Bench:
    """Under rules from before stops were compared with the price."""
    bench = Bench()
    bench.rules = parse(text_before_stops_were_checked(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    return bench


def test_what_old_rules_let_through_is_decided_as_it_was(before: Bench) -> None:
    assert submits(before.buy("20", stop_new=D("67460")))


def test_under_old_rules_a_stop_above_the_market_sells_at_once(before: Bench) -> None:
    bench = before
    stop = bench.open_position()
    bench.act("stop", "STOP_MODIFY", stop_new=D("99999"), reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.type is OrderType.MARKET


def test_a_refused_stop_is_tried_again_after_a_while() -> None:
    bench = Bench()
    entry = submits(bench.buy())[0]
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67453"))
    step = bench.tell(OrderRejected(bench.now_ns, stop.key, "-1013", "Filter failure"))
    assert not submits(step)
    assert purposes_after(bench, 60) == [Purpose.PROTECT]


def test_a_stop_that_would_trigger_at_once_becomes_an_exit() -> None:
    bench = Bench()
    entry = submits(bench.buy())[0]
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67453"))
    step = bench.tell(
        OrderRejected(bench.now_ns, stop.key, "-2010", "Order would trigger immediately.")
    )
    assert submits(step)[0].request.purpose is Purpose.EXIT


def test_an_unresolved_stop_is_never_sent_twice() -> None:
    bench = Bench()
    entry = submits(bench.buy())[0]
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67453"))
    step = bench.tell(OrderUnresolved(bench.now_ns, stop.key, "timeout"))
    assert not submits(step)
    step = bench.tell(OrderRejected(bench.now_ns, stop.key, "NEVER_PLACED", "not there"))
    (again,) = submits(step)
    assert (again.request, again.key == stop.key) == (stop.request, False)
    assert not purposes_after(bench, 60)


def test_a_partly_filled_limit_entry_is_protected_and_grows_its_stop() -> None:
    bench = Bench()
    step = bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(25),
        price=D("67000"),
    )
    (entry,) = submits(step)
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67000", "0.0002"))
    assert stop.request.qty == D("0.00019")
    bench.accept(stop.key)
    step = bench.fill(entry, "67000", "0.00017")
    assert [c.key for c in cancels(step)] == [stop.key]
    (bigger,) = submits(bench.cancelled(stop.key))
    assert bigger.request.qty == D("0.00036")


def test_a_halt_cancels_entries_and_keeps_stops() -> None:
    bench = Bench()
    step = bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(12),
        price=D("60000"),
    )
    (resting,) = submits(step)
    bench.accept(resting.key)
    (stop,) = submits(bench.fill(resting, "60000", "0.0001"))
    bench.accept(stop.key)
    step = bench.act("halt", reason="storm outside")
    assert [c.key for c in cancels(step)] == [resting.key]
    bench.cancelled(resting.key)
    working = list(bench.engine.state.execution.orders.all_working())
    assert [o.key for o in working] == [stop.key]


def test_an_exit_the_thin_book_cut_short_goes_on() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.fill(leave, "67000", "0.0002")
    step = bench.tell(OrderExpired(bench.now_ns, leave.key, "thin book"))
    (rest,) = submits(step)
    assert rest.request.qty == D("0.00016")


def test_selling_part_of_it_protects_the_rest() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(10), reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.qty == D("0.00014")
    (rest,) = submits(bench.fill(leave, "67000"))
    assert (rest.request.purpose, rest.request.qty) == (Purpose.PROTECT, D("0.00022"))


def test_what_cannot_be_done_is_answered() -> None:
    (answer,) = only(Bench().act("close", reduces_risk=True), CommandAnswered)
    assert not answer.accepted
    assert SYMBOL in answer.text


def limit_entry(bench: Bench, usdt: str = "20", price: str = "67000"):
    step = bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(usdt),
        price=D(price),
    )
    return submits(step)[0]


def test_a_sell_too_small_for_the_venue_is_answered_and_the_stop_stays() -> None:
    bench = Bench()
    bench.open_position()
    step = bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(3))
    assert not only(step, CommandAnswered)[0].accepted
    assert not cancels(step)


def test_a_part_that_leaves_too_little_behind_sells_all() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(21))
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.qty == stop.request.qty


def test_a_partial_exit_the_venue_refuses_is_given_up_and_the_stop_comes_back() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(10))
    (leave,) = submits(bench.cancelled(stop.key))
    step = bench.tell(OrderRejected(bench.now_ns, leave.key, "-1013", "Filter failure: NOTIONAL"))
    assert [s.request for s in submits(step)] == [stop.request]
    assert not purposes_after(bench, 60)


def test_two_partial_sells_add_up() -> None:
    bench = Bench()
    stop = bench.open_position()
    for _ in range(2):
        bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, qty=D("0.0001"))
    (leave,) = submits(bench.cancelled(stop.key))
    assert leave.request.qty == D("0.0002")


def test_a_limit_exit_is_refused_instead_of_sent_as_something_else() -> None:
    bench = Bench()
    bench.open_position()
    step = bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.SELL,
        order_type=OrderType.LIMIT,
        amount_usdt=D(20),
        price=D(80000),
    )
    assert not only(step, CommandAnswered)[0].accepted
    assert not step.commands


def test_an_entry_that_filled_to_less_than_the_minimum_is_dust_and_blocks_nothing() -> None:
    bench = Bench()
    entry = limit_entry(bench)
    bench.accept(entry.key)
    bench.fill(entry, "67000", "0.00004")
    (closed,) = only(bench.cancelled(entry.key), PositionClosed)
    assert (closed.reason, closed.qty) == ("dust", 0)
    assert bench.engine.state.ledger.dust["BTC/USDT"].qty == D("0.00003996")
    assert submits(bench.buy("10"))


def test_a_cancel_that_never_left_is_asked_again_by_the_next_run() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("close", reduces_risk=True)
    bench.start(2)
    assert [c.key for c in cancels(bench.reconciled())] == [stop.key]


def test_an_entry_dropped_by_a_halt_is_cancelled_until_it_is_gone() -> None:
    bench = Bench()
    entry = limit_entry(bench)
    bench.accept(entry.key)
    assert cancels(bench.act("halt", reason="enough for today"))
    bench.tell(CancelRejected(bench.now_ns, entry.key, "no answer"))
    before = len(bench.steps)
    bench.later(60)
    again = [c.key for step in bench.steps[before:] for c in cancels(step)]
    assert again == [entry.key]
    bench.start(2)
    assert [c.key for c in cancels(bench.reconciled())] == [entry.key]


def test_an_unresolved_entry_found_after_a_halt_is_cancelled() -> None:
    bench = Bench()
    entry = limit_entry(bench)
    bench.tell(OrderUnresolved(bench.now_ns, entry.key, "timeout"))
    bench.act("halt", reason="enough for today")
    bench.tell(CancelRejected(bench.now_ns, entry.key, "unknown order"))
    assert [c.key for c in cancels(bench.accept(entry.key))] == [entry.key]


@pytest.mark.parametrize(
    "trouble",
    [
        HealthReported(T0, "store", "failed", "disk full"),
        VenueStatus(T0, "maintenance"),
        FeedLost(T0, "user"),
        BalanceReported(T0, (), clean=False, complaint="0.1 BTC too many"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_whatever_blocks_new_risk_cancels_resting_entries_too(trouble: Event) -> None:
    bench = Bench()
    entry = limit_entry(bench)
    bench.accept(entry.key)
    assert [c.key for c in cancels(bench.tell(trouble))] == [entry.key]


def test_a_trade_made_outside_shrinks_the_position_and_its_stop() -> None:
    bench = Bench()
    stop = bench.open_position()
    sold = replace(fill(Side.SELL, "0.0001", "67000"), trade_id=900)
    step = bench.tell(OrderFilled(bench.now_ns, OrderKey(0, 900), sold, recovered=True))
    assert [c.key for c in cancels(step)] == [stop.key]
    bench.tell(OrderFilled(bench.now_ns, OrderKey(0, 900), sold, recovered=True))
    (smaller,) = submits(bench.cancelled(stop.key))
    assert smaller.request.qty == D("0.00026")


def test_a_wider_stop_needs_what_new_risk_needs() -> None:
    bench = Bench()
    bench.open_position()
    bench.reconciled(clean=False)
    wider = bench.act("stop", "STOP_MODIFY", stop_new=D(60000))
    assert not only(wider, CommandAnswered)[0].accepted
    assert only(bench.act("stop", "STOP_MODIFY", stop_new=D(67000)), CommandAnswered)[0].accepted
    assert not only(bench.act("stop", "STOP_MODIFY", stop_new=D(1)), CommandAnswered)[0].accepted
