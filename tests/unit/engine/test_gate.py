"""The gate: the seal cannot be forged, refusals name every reason, reductions always pass."""

import copy
import pickle
from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.approval import Approved, Refused
from genesis.domain.events import FeedLost, HealthReported, OrderUnresolved
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderStatus, OrderType, Purpose, Side
from genesis.domain.outcomes import CommandAnswered, OrderApproved, OrderRefused
from genesis.errors import InvariantBroken
from genesis.execution.draft import Draft
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

REQUEST = OrderRequest(SYMBOL, Side.BUY, OrderType.MARKET, Decimal(1), Purpose.ENTRY)
DRAFT = Draft(
    SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY, amount_usdt=Decimal(20), source="operator"
)


def approved(bench: Bench) -> Approved:
    bench.engine.gate.open_step()
    verdict = bench.engine.gate.judge(DRAFT)
    assert isinstance(verdict, Approved)
    return verdict


def send(bench: Bench, verdict: Approved) -> None:
    bench.engine.state.execution.send([verdict], bench.engine.gate.vouches, bench.now_ns)


def test_what_the_gate_issued_passes() -> None:
    bench = Bench()
    send(bench, approved(bench))


def _constructed(real: Approved) -> Approved:
    return Approved(real.key, real.request, real.limits_used, real.notes, object())


def _with_the_real_seal(real: Approved) -> Approved:
    return Approved(OrderKey(1, 99), REQUEST, (), (), real.seal)


def _raw(real: Approved) -> Approved:
    forged = object.__new__(Approved)
    for name in ("key", "request", "limits_used", "notes", "seal"):
        object.__setattr__(forged, name, getattr(real, name))
    return forged


FORGERIES = {
    "constructed": _constructed,
    "constructed with the real seal": _with_the_real_seal,
    "replaced": lambda real: replace(real, request=REQUEST),
    "copied": copy.copy,
    "deep copied": copy.deepcopy,
    "pickled": lambda real: pickle.loads(pickle.dumps(real)),
    "made without its constructor": _raw,
}


@pytest.mark.parametrize("forge", list(FORGERIES.values()), ids=list(FORGERIES))
def test_a_forged_approval_is_refused(forge) -> None:
    bench = Bench()
    forged = forge(approved(bench))
    with pytest.raises(InvariantBroken):
        send(bench, forged)
    assert not bench.engine.state.execution.orders.orders


def test_an_approval_is_worth_nothing_in_a_later_step() -> None:
    bench = Bench()
    real = approved(bench)
    bench.engine.gate.open_step()
    with pytest.raises(InvariantBroken):
        send(bench, real)


def test_an_approval_of_another_gate_is_refused() -> None:
    bench, other = Bench(), Bench()
    with pytest.raises(InvariantBroken):
        send(bench, approved(other))


def test_the_published_vector_is_clipped_and_noted() -> None:
    step = Bench().buy("100")
    (submitted,) = submits(step)
    assert submitted.request.qty == Decimal("0.00037")
    (outcome,) = only(step, OrderApproved)
    assert outcome.notes == ("clipped from 100.00 to 25.00 USDT",)
    assert outcome.request.client_ref is not None


def test_what_is_clipped_by_less_than_a_cent_is_no_news() -> None:
    (outcome,) = only(Bench().buy("25.001"), OrderApproved)
    assert outcome.notes == ()


def test_a_refusal_names_all_reasons() -> None:
    bench = Bench()
    bench.reconciled(clean=False)
    bench.act("halt", reason="enough for today")
    (refused,) = only(bench.buy(), OrderRefused)
    codes = {failure.code for failure in refused.failures}
    assert {"TRADING_HALTED", "RECONCILE_BLOCKED"} <= codes
    assert {f.stage for f in refused.failures} >= {"risk", "tier"}
    assert refused.client_ref is not None


def test_nothing_new_before_reconciliation_of_this_run() -> None:
    bench = Bench()
    bench.start(2)
    (refused,) = only(bench.buy(), OrderRefused)
    assert refused.failures[0].code == "RECONCILE_BLOCKED"
    bench.reconciled()
    assert submits(bench.buy())


def test_an_unresolved_order_blocks_entries_of_its_symbol() -> None:
    bench = Bench()
    (entry,) = submits(bench.buy("10"))
    bench.tell(OrderUnresolved(bench.now_ns, entry.key, "timeout"))
    (refused,) = only(bench.buy("10"), OrderRefused)
    assert "ORDER_UNRESOLVED" in {f.code for f in refused.failures}


def test_a_failed_store_blocks_new_risk_but_not_the_way_out() -> None:
    bench = Bench()
    stop = bench.open_position()
    bench.tell(HealthReported(bench.now_ns, "store", "failed", "disk full"))
    assert only(bench.buy("10"), OrderRefused)
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))[0].request.purpose is Purpose.EXIT


def test_keys_count_the_orders_of_a_run() -> None:
    bench = Bench()
    stop = bench.open_position()
    assert stop.key == OrderKey(1, 2)
    bench.start(2)
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))[0].key == OrderKey(2, 1)


def test_nonsense_from_the_operator_is_answered_and_does_nothing() -> None:
    bench = Bench()
    step = bench.buy("100", keys=-5)
    (answer,) = only(step, CommandAnswered)
    assert not answer.accepted
    assert "keys" in answer.text
    assert not submits(step)


def test_nonsense_beside_a_halt_or_a_close_does_not_stop_it() -> None:
    bench = Bench()
    stop = bench.open_position()
    assert [c.key for c in cancels(bench.act("close", keys=-5))] == [stop.key]
    bench.act("halt", keys=-5, reason="enough")
    assert bench.engine.state.risk.drawdown.halted is not None


def test_what_a_strategy_does_to_the_orders_it_sees_changes_nothing() -> None:
    bench = Bench()
    stop = bench.open_position()
    (seen,) = bench.engine.view.orders(SYMBOL)
    seen.status, seen.filled_qty = OrderStatus.CANCELLED, Decimal(9)
    seen.trade_ids.add(7)
    (again,) = bench.engine.view.orders(SYMBOL)
    assert (again.key, again.status, again.filled_qty) == (stop.key, OrderStatus.OPEN, 0)
    assert not again.trade_ids


def test_there_is_no_short_and_no_stop_above_the_entry() -> None:
    bench = Bench()
    bench.engine.gate.open_step()
    short = bench.engine.gate.judge(DRAFT._replace(side=Side.SELL))
    above = bench.engine.gate.judge(DRAFT._replace(stop_plan=Decimal(80000)))
    assert isinstance(short, Refused)
    assert isinstance(above, Refused)
    assert [f.code for f in (*short.failures, *above.failures)] == ["LONG_ONLY", "STOP_ABOVE_ENTRY"]


def test_every_block_is_named() -> None:
    bench = Bench()
    bench.tell(HealthReported(bench.now_ns, "store", "failed", "disk full"))
    bench.tell(HealthReported(bench.now_ns, "submit 1-1-0", "failed", "boom"))
    bench.tell(FeedLost(bench.now_ns, "market"))
    (refused,) = only(bench.buy(), OrderRefused)
    codes = {failure.code for failure in refused.failures}
    assert codes >= {"STORE_FAILED", "SYSTEM_FAILED", "FEED_LOST"}
