"""What is done at the venue itself: tilt and the gates hear of it; what is held is protected."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import OrderCancelled, OrderFilled, OrderRejected, VenueStatus
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import TiltScored, ViolationNoted
from genesis.domain.time import SECOND
from genesis.engine.step import Step
from tests.support.engines import Bench, only, submits

D = Decimal


@pytest.fixture
def bench() -> Bench:
    return Bench(cash="500", price="60000")  # the cap of a position is 25 USDT


def elsewhere(bench: Bench, trade_id: int, side: Side = Side.BUY, qty: str = "0.0003") -> Step:
    fill = Fill("BTC/USDT", side, trade_id, D(60_000), D(qty), D(0), "USDT", Liquidity.TAKER)
    key = OrderKey(EXTERNAL_RUN, trade_id, 0)
    return bench.tell(OrderFilled(bench.now_ns, key, fill, recovered=True))


def kinds(step: Step) -> list[str]:
    return [noted.kind for noted in only(step, ViolationNoted)]


def kinds_after_removal(bench: Bench, stop: OrderKey) -> list[str]:
    """The stop is cancelled, and what is sent then is taken."""
    steps = [bench.tell(OrderCancelled(bench.now_ns, stop))]
    steps += [bench.accept(sent.key) for sent in submits(steps[0])]
    return [kind for step in steps for kind in kinds(step)]


def protected(bench: Bench) -> SubmitOrder:
    """A position of the operator's own; its stop, which rests."""
    (entry,) = submits(bench.buy("25"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    return stop


def test_a_purchase_elsewhere_is_an_act_of_his_that_tilt_scores(bench: Bench) -> None:
    elsewhere(bench, 1, qty="0.0001")
    bench.now_ns += 61 * SECOND
    step = elsewhere(bench, 2, qty="0.0002")
    (scored,) = only(step, TiltScored)
    assert scored.score > 0
    assert kinds(step) == []
    assert any(isinstance(command, CancelOrder) for command in step.commands)  # its stop grows


def test_what_is_bought_elsewhere_is_protected_at_once(bench: Bench) -> None:
    step = elsewhere(bench, 1)
    assert [order.request.type for order in submits(step)] == [OrderType.STOP_LOSS]


def test_parts_of_one_purchase_are_one_act_and_the_next_one_is_another(bench: Bench) -> None:
    elsewhere(bench, 1)
    assert only(elsewhere(bench, 2, qty="0.0001"), TiltScored) == []
    bench.now_ns += 61 * SECOND
    assert only(elsewhere(bench, 3, qty="0.0001"), TiltScored)


def test_a_sale_elsewhere_reduces_risk_and_is_held_against_nobody(bench: Bench) -> None:
    elsewhere(bench, 1)
    bench.now_ns += 61 * SECOND
    step = elsewhere(bench, 2, Side.SELL, "0.0001")
    assert (kinds(step), only(step, TiltScored)) == ([], [])


def test_while_entries_are_locked_it_is_a_violation(bench: Bench) -> None:
    bench.act("halt", reason="for today it is enough")
    assert kinds(elsewhere(bench, 1)) == ["outside_while_locked"]
    assert bench.engine.state.tiers.history.violations


def test_at_a_start_it_may_be_an_order_of_ours_that_was_lost(bench: Bench) -> None:
    bench.act("halt", reason="for today it is enough")
    bench.start(2)
    assert kinds(elsewhere(bench, 1)) == []


def test_a_stop_that_was_cancelled_elsewhere_is_a_violation_and_is_placed_again(
    bench: Bench,
) -> None:
    stop = protected(bench)
    (again,) = submits(bench.tell(OrderCancelled(bench.now_ns, stop.key, "by hand")))
    assert again.request.stop_price == stop.request.stop_price
    assert again.request.qty == stop.request.qty
    step = bench.accept(again.key)
    assert kinds(step) == ["stop_removed"]
    assert only(step, TiltScored)
    assert kinds(bench.accept(again.key)) == []  # once


@pytest.mark.parametrize("is_sale_first", [True, False])
def test_who_cancels_a_stop_elsewhere_to_sell_there_did_nothing_wrong(
    bench: Bench, is_sale_first: bool
) -> None:
    stop = protected(bench)
    (again,) = submits(bench.tell(OrderCancelled(bench.now_ns, stop.key, "by hand")))
    no = OrderRejected(bench.now_ns, again.key, "-2010", "insufficient balance")
    acts = [
        lambda: elsewhere(bench, 9, Side.SELL, str(stop.request.qty)),
        lambda: bench.tell(no),  # the coins are gone
    ]
    steps = [act() for act in acts[:: 1 if is_sale_first else -1]]
    assert not any(only(step, TiltScored) for step in steps)
    before = len(bench.steps)
    protected(bench)  # another position
    assert [kinds(step) for step in (*steps, *bench.steps[before:]) if kinds(step)] == []


def test_a_stop_that_we_cancelled_is_none_however_often_that_was_asked(bench: Bench) -> None:
    stop = protected(bench)
    asked = bench.act("close")
    assert [type(command) for command in asked.commands if isinstance(command, CancelOrder)]
    assert kinds_after_removal(bench, stop.key) == []


def test_a_stop_that_was_moved_is_none(bench: Bench) -> None:
    stop = protected(bench)
    bench.act("stop", price=D("59900"), stop_new=D("59900"))
    assert kinds_after_removal(bench, stop.key) == []


def test_what_the_venue_does_in_its_maintenance_is_none(bench: Bench) -> None:
    stop = protected(bench)
    bench.tell(VenueStatus(bench.now_ns, "MAINTENANCE", "an upgrade"))
    assert kinds_after_removal(bench, stop.key) == []


def test_rules_without_it_score_nothing(bench: Bench) -> None:
    tiers = replace(bench.engine.state.rules.tiers, bypass=None)
    bench.engine.state.rules = replace(bench.engine.state.rules, tiers=tiers)
    assert only(elsewhere(bench, 1), TiltScored) == []
    stop_key = next(iter(bench.engine.state.execution.orders.all_working())).key
    assert kinds_after_removal(bench, stop_key) == []
