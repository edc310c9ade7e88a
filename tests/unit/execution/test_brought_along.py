"""A limit entry brings its stop along where the venue offers it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.commands import RequestReconcile, SubmitOrder
from genesis.domain.events import InstrumentReported, OrderAccepted, OrderRejected
from genesis.domain.orders import OrderStatus, OrderType, Purpose, Side
from genesis.domain.outcomes import OrderApproved, PositionClosed
from genesis.engine.step import Step
from genesis.rules import parse
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, cancels, only, submits
from tests.support.old_rules import text_before_entries_brought_stops

D = Decimal
OFFERED = replace(BTC, can_replace=True, can_attach=True)


def limit(bench: Bench, price: str = "67300", usdt: str = "20", **given: object) -> Step:
    asked = {"side": Side.BUY, "order_type": OrderType.LIMIT, "price": D(price), **given}
    return bench.act("trade", "ORDER_SUBMIT", amount_usdt=D(usdt), **asked)


def both(step: Step) -> tuple[SubmitOrder, SubmitOrder]:
    entry, stop = submits(step)
    return entry, stop


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.tell(InstrumentReported(made.now_ns, OFFERED))
    return made


def rests(bench: Bench, stop: SubmitOrder, qty: Decimal | None = None) -> Step:
    told = stop.request.qty if qty is None else qty
    return bench.tell(OrderAccepted(bench.now_ns, stop.key, "s", told))


def test_the_gate_judges_both_and_they_leave_together(bench: Bench) -> None:
    step = limit(bench)
    entry, stop = both(step)
    assert (entry.joins, stop.joins) == (stop.key, entry.key)
    assert [told.key for told in only(step, OrderApproved)] == [entry.key, stop.key]
    assert (stop.request.purpose, stop.request.stop_price) == (Purpose.PROTECT, D("65954"))
    assert stop.request.qty == BTC.fit_qty(entry.request.qty * D("0.999"))


def test_its_own_stop_is_the_one_it_brings(bench: Bench) -> None:
    _, stop = both(limit(bench, stop_new=D(66_000)))
    assert stop.request.stop_price == D(66_000)


def test_all_bought_and_the_stop_rests_nothing_is_left_to_do(bench: Bench) -> None:
    entry, stop = both(limit(bench))
    bench.accept(entry.key)
    assert not submits(bench.fill(entry, "67300"))
    assert not rests(bench, stop).commands
    held = bench.engine.view.position(SYMBOL)
    assert held is not None and held.risk_usdt == (D(67_300) - D(65_954)) * entry.request.qty
    assert not [s for step in bench.steps[-1:] for s in submits(step)]
    bench.later(60)
    assert not submits(bench.steps[-1]) and not cancels(bench.steps[-1])


def test_a_stop_for_more_than_is_held_is_made_smaller(bench: Bench) -> None:
    """Where coins beside the position paid the fee, the venue's stop is for all that was bought."""
    entry, stop = both(limit(bench))
    bench.accept(entry.key)
    bench.fill(entry, "67300")
    (right,) = submits(rests(bench, stop, entry.request.qty))
    assert (right.request.qty, right.replaces) == (stop.request.qty, stop.key)


@pytest.mark.parametrize("is_told_first", [True, False])
def test_what_came_first_does_not_matter(bench: Bench, is_told_first: bool) -> None:
    entry, stop = both(limit(bench))
    if is_told_first:
        assert not rests(bench, stop).commands
        assert not bench.fill(entry, "67300").commands
    else:
        bench.fill(entry, "67300")
        assert not rests(bench, stop).commands


def test_a_part_is_waited_for_and_then_the_rest_is_taken_back(bench: Bench) -> None:
    entry, stop = both(limit(bench))
    bench.accept(entry.key)
    assert not submits(bench.fill(entry, "67300", "0.0002"))
    bench.later(4)
    assert not cancels(bench.steps[-1])
    bench.later(2)
    assert [one.key for one in cancels(bench.steps[-1])] == [entry.key]
    assert not bench.cancelled(stop.key).outcomes  # that it goes with its entry is no breach
    (own,) = submits(bench.cancelled(entry.key))
    assert own.joins is None and own.request.stop_price == stop.request.stop_price


def test_a_part_that_becomes_all_in_time_is_left_alone(bench: Bench) -> None:
    entry, stop = both(limit(bench))
    bench.accept(entry.key)
    bench.fill(entry, "67300", "0.0002")
    bench.later(3)
    bench.fill(entry, "67300", str(entry.request.qty - D("0.0002")))
    rests(bench, stop)
    bench.later(60)
    assert not any(cancels(step) for step in bench.steps)


def test_leaving_waits_until_the_coins_are_free(bench: Bench) -> None:
    entry, stop = both(limit(bench))
    bench.fill(entry, "67300", "0.0002")
    step = bench.act("close", reduces_risk=True)
    assert [one.key for one in cancels(step)] == [entry.key] and not submits(step)
    (leave,) = submits(bench.cancelled(entry.key))
    bench.cancelled(stop.key)
    assert only(bench.fill(leave, "67400"), PositionClosed)


def test_a_stop_that_could_not_be_placed_is_placed_by_us_or_sold_at_once(bench: Bench) -> None:
    for price, purpose in (("67300", Purpose.PROTECT), ("65900", Purpose.EXIT)):
        bench = Bench()
        bench.tell(InstrumentReported(bench.now_ns, OFFERED))
        entry, stop = both(limit(bench))
        bench.fill(entry, "67300")
        bench.tick(price)
        step = bench.tell(OrderRejected(bench.now_ns, stop.key, "REJECTED", ""))
        assert [one.request.purpose for one in submits(step)] == [purpose]


def test_a_stop_that_nothing_is_heard_of_is_asked_for(bench: Bench) -> None:
    entry, _ = both(limit(bench))
    bench.fill(entry, "67300")
    bench.later(6)
    assert any(isinstance(c, RequestReconcile) for step in bench.steps for c in step.commands)


def test_a_stop_that_sold_before_its_entry_is_known_to_be_bought_is_told_again(
    bench: Bench,
) -> None:
    entry, stop = both(limit(bench))
    step = bench.fill(stop, "65900")
    assert [type(command) for command in step.commands] == [RequestReconcile]
    assert bench.engine.view.position(SYMBOL) is None
    bench.fill(entry, "67300")
    rests(bench, stop)
    assert only(bench.fill(stop, "65900"), PositionClosed)


def test_cancelled_or_refused_they_end_together(bench: Bench) -> None:
    entry, stop = both(limit(bench))
    assert [one.key for one in cancels(bench.act("cancel_all", "ORDER_CANCEL"))] == [entry.key]
    bench.cancelled(entry.key)
    bench.cancelled(stop.key)
    assert not list(bench.engine.state.execution.orders.all_working())
    entry, stop = both(limit(bench))
    for order in (entry, stop):
        bench.tell(OrderRejected(bench.now_ns, order.key, "-1013", "filter"))
    orders = bench.engine.state.execution.orders.orders
    assert {orders[order.key].status for order in (entry, stop)} == {OrderStatus.REJECTED}
    assert not bench.engine.state.execution.protector.stops


def test_a_market_order_brings_none_and_more_of_a_position_neither(bench: Bench) -> None:
    (market,) = submits(bench.buy("11"))
    bench.accept(market.key)
    bench.accept(submits(bench.fill(market, "67453"))[0].key)
    bench.later(700)
    bench.tick("67453")
    (more,) = submits(limit(bench, usdt="11"))
    assert more.joins is None


def test_runs_from_before_replay_as_they_were_decided(bench: Bench) -> None:
    bench.rules = parse(text_before_entries_brought_stops(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    (entry,) = submits(limit(bench))
    assert entry.joins is None
    (stop,) = submits(bench.fill(entry, "67300"))
    assert stop.joins is None
