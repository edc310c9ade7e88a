"""An exit, or another stop, takes the place of the stop that rests: each answer it may get."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    InstrumentReported,
    OrderExpired,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import PositionClosed
from genesis.domain.time import HOUR
from genesis.engine.step import Step
from genesis.rules import parse
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, cancels, only, submits
from tests.support.old_rules import text_before_stops_made_room

D = Decimal


def holding(text: str | None = None) -> tuple[Bench, SubmitOrder]:
    """Something is held under a stop, at a venue that replaces orders; text: of older rules."""
    bench = Bench()
    if text is not None:
        bench.rules = parse(text)
        bench.engine.set_rules(bench.rules)
        bench.start(2)
        bench.reconciled()
    bench.tell(InstrumentReported(bench.now_ns, replace(BTC, can_replace=True)))
    return bench, bench.open_position()


def close(bench: Bench) -> Step:
    return bench.act("close", reduces_risk=True)


def moved(bench: Bench, price: str = "67000") -> SubmitOrder:
    step = bench.act("stop", "STOP_MODIFY", stop_new=D(price), reduces_risk=True)
    (new,) = submits(step)
    assert not cancels(step)
    return new


def refused(bench: Bench, order: SubmitOrder, code: str = "-2010", why: str = "no") -> Step:
    return bench.tell(OrderRejected(bench.now_ns, order.key, code, why))


def kept(bench: Bench, stop: SubmitOrder) -> Step:
    return bench.tell(CancelRejected(bench.now_ns, stop.key, "it still works"))


def later(bench: Bench, seconds: int) -> list[SubmitOrder]:
    """Orders that are sent while time passes."""
    before = len(bench.steps)
    bench.later(seconds)
    return [order for step in bench.steps[before:] for order in submits(step)]


def test_an_exit_is_sent_in_the_place_of_the_stop() -> None:
    bench, stop = holding()
    step = close(bench)
    (leave,) = submits(step)
    assert (leave.replaces, leave.request.purpose) == (stop.key, Purpose.EXIT)
    assert leave.request.qty == stop.request.qty
    assert not cancels(step)
    assert not bench.cancelled(stop.key).commands
    (closed,) = only(bench.fill(leave, "67400"), PositionClosed)
    assert closed.reason == "manual"


def test_the_fill_may_be_told_before_the_end_of_the_stop() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    assert not only(bench.fill(leave, "67400"), PositionClosed)
    (closed,) = only(bench.cancelled(stop.key), PositionClosed)
    assert closed.reason == "manual"


def test_a_moved_stop_takes_the_place_of_the_old_one() -> None:
    bench, stop = holding()
    new = moved(bench)
    assert (new.replaces, new.request.qty) == (stop.key, stop.request.qty)
    bench.cancelled(stop.key)
    bench.accept(new.key)
    assert not later(bench, 60)


def test_a_stop_that_fired_first_ends_the_trade_as_a_stop() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    kept(bench, stop)
    assert not only(bench.fill(stop, "66100"), PositionClosed)  # the exit has no answer yet
    (closed,) = only(refused(bench, leave, "NOT_SENT"), PositionClosed)
    assert closed.reason == "stop"
    assert not later(bench, 60)


@pytest.mark.parametrize("code", ["-2010", "NEVER_PLACED", "-1013"])
def test_an_exit_that_failed_after_the_stop_was_taken_away(code: str) -> None:
    """A stop is back at once, under its old terms, or the exit is on its way again."""
    bench, stop = holding()
    (leave,) = submits(close(bench))
    bench.cancelled(stop.key)
    (next_,) = submits(refused(bench, leave, code))
    if code == "NEVER_PLACED":
        assert next_.request == leave.request
        return
    assert next_.request == stop.request
    bench.accept(next_.key)
    (again,) = later(bench, 6)
    assert (again.request, again.replaces) == (leave.request, next_.key)


def test_an_exit_that_expired_unfilled_is_tried_again_and_waits_under_a_stop() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    bench.cancelled(stop.key)
    (back,) = submits(bench.tell(OrderExpired(bench.now_ns, leave.key, "thin")))
    assert back.request == stop.request


def test_below_the_stop_an_exit_that_was_refused_only_waits() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    bench.cancelled(stop.key)
    bench.tick("66000")
    assert not submits(refused(bench, leave))
    assert [one.request.purpose for one in later(bench, 6)] == [Purpose.EXIT]


def test_what_the_venue_refuses_to_do_at_once_is_done_one_after_the_other() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    kept(bench, stop)
    refused(bench, leave, "-1020", "not supported")
    assert not later(bench, 4)
    bench.later(2)
    assert [one.key for one in cancels(bench.steps[-1])] == [stop.key]
    (again,) = submits(bench.cancelled(stop.key))
    assert (again.request, again.replaces) == (leave.request, None)


@pytest.mark.parametrize("code", ["NOT_SENT", "429", "-1021", "-1015"])
def test_what_never_came_to_be_judged_is_tried_again_as_it_was(code: str) -> None:
    bench, stop = holding()
    for send, price in ((close, None), (moved, "67000")):
        bench, stop = holding()
        order = send(bench)
        sent = order if isinstance(order, SubmitOrder) else submits(order)[0]
        kept(bench, stop)
        refused(bench, sent, code)
        (again,) = later(bench, 6)
        assert (again.request, again.replaces) == (sent.request, stop.key), price


def test_a_moved_stop_that_is_refused_leaves_the_one_that_was_taken_before() -> None:
    bench, stop = holding()
    new = moved(bench)
    bench.cancelled(stop.key)
    (back,) = submits(refused(bench, new, "-1013", "Filter failure: PERCENT_PRICE_BY_SIDE"))
    assert back.request == stop.request
    bench.accept(back.key)
    assert not later(bench, 60)


def test_a_moved_stop_that_is_refused_before_anything_happened_changes_nothing() -> None:
    bench, stop = holding()
    new = moved(bench)
    kept(bench, stop)
    assert not refused(bench, new, "-1013", "Filter failure: PERCENT_PRICE_BY_SIDE").commands
    assert not later(bench, 60)


def test_a_moved_stop_that_the_market_has_passed_is_an_exit() -> None:
    bench, stop = holding()
    new = moved(bench)
    bench.cancelled(stop.key)
    (leave,) = submits(refused(bench, new, "-2010", "Order would trigger immediately."))
    assert (leave.request.purpose, leave.replaces) == (Purpose.EXIT, None)


def test_no_answer_is_waited_for() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    bench.tell(OrderUnresolved(bench.now_ns, leave.key, "timeout"))
    assert not later(bench, 60)
    assert not refused(bench, leave, "NEVER_PLACED").commands
    kept(bench, stop)
    (again,) = later(bench, 6)
    assert (again.request, again.replaces) == (leave.request, stop.key)


def test_while_a_part_is_sold_the_rest_has_a_stop() -> None:
    bench, stop = holding()
    (smaller,) = submits(bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(10)))
    assert (smaller.replaces, smaller.request.type) == (stop.key, OrderType.STOP_LOSS)
    (part,) = submits(bench.cancelled(stop.key))
    bench.accept(smaller.key)
    assert part.replaces is None
    assert part.request.qty + smaller.request.qty == stop.request.qty
    assert not bench.fill(part, "67400").commands
    assert not later(bench, 60)


def test_a_part_that_is_refused_is_covered_again() -> None:
    bench, stop = holding()
    (smaller,) = submits(bench.act("trade", "ORDER_SUBMIT", side=Side.SELL, amount_usdt=D(10)))
    (part,) = submits(bench.cancelled(stop.key))
    bench.accept(smaller.key)
    (whole,) = submits(refused(bench, part))
    assert (whole.request, whole.replaces) == (stop.request, smaller.key)


def test_a_restart_asks_anew_for_what_may_never_have_left() -> None:
    bench, stop = holding()
    (leave,) = submits(close(bench))
    bench.start(2)
    refused(bench, leave, "NEVER_PLACED")
    step = bench.reconciled()
    (again,) = submits(step)
    assert (again.request, again.replaces) == (leave.request, stop.key)


def test_a_venue_that_does_not_offer_it_is_asked_one_after_the_other() -> None:
    bench = Bench()
    stop = bench.open_position()
    step = close(bench)
    assert [one.key for one in cancels(step)] == [stop.key] and not submits(step)


def test_runs_from_before_replay_as_they_were_decided() -> None:
    bench, stop = holding(text_before_stops_made_room(Bench().rules.text))
    step = close(bench)
    assert [one.key for one in cancels(step)] == [stop.key] and not submits(step)
    (leave,) = submits(bench.cancelled(stop.key))
    assert not submits(refused(bench, leave, "NEVER_PLACED"))  # it waited, without a stop
    assert [one.request for one in later(bench, 6)] == [leave.request]
    assert bench.engine.state.execution.protector.stops[SYMBOL] == stop.request.stop_price


def test_a_price_of_long_ago_is_no_reason_to_leave() -> None:
    """Bought before anything was heard of the market again: the stop is the venue's to judge."""
    bench = Bench()
    bench.tick("50000")
    bench.now_ns += HOUR
    (entry,) = submits(bench.buy())
    (stop,) = submits(bench.fill(entry, "67500"))
    assert (stop.request.purpose, stop.request.type) == (Purpose.PROTECT, OrderType.STOP_LOSS)
