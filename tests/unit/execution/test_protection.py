"""Every open position keeps its stop until it is flat, whatever happens."""

from decimal import Decimal

from genesis.domain.events import (
    CancelRejected,
    OrderExpired,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import CommandAnswered, PositionClosed
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

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


def test_a_tightened_stop_is_replaced() -> None:
    bench = Bench()
    stop = bench.open_position()
    step = bench.act("stop", "STOP_MODIFY", stop_new=D("67000.019"), reduces_risk=True)
    assert [c.key for c in cancels(step)] == [stop.key]
    (new,) = submits(bench.cancelled(stop.key))
    assert new.request.stop_price == D("67000.01")
    assert new.request.qty == stop.request.qty


def test_a_stop_above_the_market_means_leaving_now() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.act("stop", "STOP_MODIFY", stop_new=D("67453"), reduces_risk=True)
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
    assert not submits(step)
    assert purposes_after(bench, 60) == [Purpose.PROTECT]


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
