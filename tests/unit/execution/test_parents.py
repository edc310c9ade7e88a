"""Parent orders: their table, and what ends them. What is filled is always left to a stop."""

from decimal import Decimal

import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.commands import DropTimer, SetTimer
from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    FlowReported,
    OperatorActed,
    OrderRejected,
    OrderUnresolved,
    TimerFired,
)
from genesis.domain.ids import OrderKey
from genesis.domain.outcomes import AlertRaised, OrderRefused, TiltScored
from genesis.domain.time import SECOND
from genesis.execution.order_book import NEVER_PLACED
from genesis.execution.parents import SLICE_TIMER
from genesis.execution.phases import TRANSITIONS, Phase, Signal
from tests.support.engines import SYMBOL, only, submits
from tests.support.sliced import MID, SliceBench, cancels, entries, whole

D = Decimal


# -- the table -------------------------------------------------------------------------------
def test_every_phase_is_in_the_table_and_every_one_can_end() -> None:
    assert set(TRANSITIONS) == set(Phase)
    for start in Phase:
        reached, edge = {start}, [start]
        while edge:
            found = set(TRANSITIONS[edge.pop()].values()) - reached
            reached |= found
            edge += found
        assert Phase.ENDED in reached


@pytest.mark.parametrize("phase", list(Phase))
def test_no_slice_is_sent_by_a_parent_that_stops(phase: Phase) -> None:
    """JUDGING, the only way to the venue, is reached from WAITING alone."""
    leads = [s for s, target in TRANSITIONS[phase].items() if target is Phase.JUDGING]
    assert leads == ([Signal.DUE] if phase is Phase.WAITING else [])


# -- the ordinary course ---------------------------------------------------------------------
def test_an_iceberg_from_its_first_slice_to_its_receipt() -> None:
    bench = SliceBench()
    step = bench.sliced(usdt="280")
    (started,) = bench.started
    assert sum(started.slices) == started.qty
    assert (started.algorithm, len(started.slices), started.arrival_mid) == ("iceberg", 3, MID)
    for n in range(3):
        (sent,) = entries(step)
        assert sent.key == OrderKey(1, 1 if not n else sent.key.n, n)
        assert sent.key[:2] == started.key[:2]
        assert sent.request.qty == started.slices[n]
        assert sent.request.limit_price == MID * D("1.005")
        sent_ns = bench.now_ns
        bench.fill_slice(step)
        assert bench.is_protected()
        if n < 2:
            step = bench.until_next_slice()
            assert SECOND <= bench.now_ns - sent_ns < 5 * SECOND + SECOND // 10
    (receipt,) = bench.receipts
    assert (receipt.ended, receipt.slices_sent, receipt.filled_qty) == ("complete", 3, started.qty)
    assert receipt.average_price == D(60_001)
    assert receipt.slippage_bps == D("0.16666666")
    assert receipt.fees_usdt == (started.qty * 60_001 * D("0.001")).quantize(D("1e-8"))
    assert receipt.paid_usdt == receipt.single_usdt
    assert not bench.engine.state.execution.parents.running


def test_a_twap_is_spread_over_its_minutes() -> None:
    bench = SliceBench()
    step = bench.sliced("twap", over_ns=180 * SECOND)
    began_ns, moments = bench.now_ns, []
    while entries(step):
        moments.append(round((bench.now_ns - began_ns) / SECOND))
        bench.fill_slice(step)
        if bench.receipts:
            break
        step = bench.until_next_slice()
    assert len(moments) == 3
    assert moments[0] == 0 and 61 <= moments[1] <= 65 and 121 <= moments[2] <= 125


def test_the_plan_is_the_same_for_the_same_seed_and_another_for_another_order() -> None:
    one, two = SliceBench(), SliceBench()
    one.sliced()
    two.sliced()
    assert one.started == two.started
    later = SliceBench()
    later.fill_slice(later.buy("20"))
    later.sliced()
    assert later.started[0].slices != one.started[0].slices


# -- what is refused before it begins --------------------------------------------------------
@pytest.mark.parametrize(
    ("tier", "algorithm", "says"),
    [
        ("SNIPER", "iceberg", "iceberg orders unlock in HUNTER; this account is SNIPER"),
        ("SNIPER", "twap", "twap orders unlock in HUNTER; this account is SNIPER"),
        ("HUNTER", "vwap", "vwap orders unlock in STRATEGIST; this account is HUNTER"),
    ],
)
def test_a_tier_that_has_not_earned_it_is_refused(tier, algorithm, says) -> None:
    bench = SliceBench(tier=tier)
    (refused,) = only(bench.sliced(algorithm), OrderRefused)
    locked = [f for f in refused.failures if f.code == "TIER_FEATURE_LOCKED"]
    assert [f.reason for f in locked] == [says]
    assert not bench.slices


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"usdt": "20"}, "SLICES_TOO_SMALL"),
        ({"algorithm": "twap", "over_ns": SECOND}, "DURATION_OUT_OF_RANGE"),
    ],
)
def test_what_cannot_be_cut_is_refused(given, code) -> None:
    bench = SliceBench()
    (refused,) = only(bench.sliced(**given), OrderRefused)
    assert [f.code for f in refused.failures] == [code]


def test_a_vwap_needs_to_know_the_usual_volume() -> None:
    bench = SliceBench(tier="STRATEGIST", cash="20000")
    (refused,) = only(bench.sliced("vwap"), OrderRefused)
    assert [f.code for f in refused.failures] == ["NO_VOLUME_PROFILE"]


def test_rules_of_before_know_no_sliced_orders() -> None:
    bench = SliceBench()
    bench.engine.state.execution.parents.rules = None
    object.__setattr__(bench.engine.state.rules.execution, "slicing", None)
    try:
        (refused,) = only(bench.sliced(), OrderRefused)
        assert [f.code for f in refused.failures][:1] == ["NOT_IN_RULES"]
    finally:
        SliceBench.__init__.__globals__["rules"].cache_clear()


def test_one_parent_at_a_time_in_a_symbol() -> None:
    bench = SliceBench()
    bench.fill_slice(bench.sliced(usdt="100"))
    (refused,) = only(bench.sliced(usdt="100"), OrderRefused)
    assert [f.code for f in refused.failures] == ["PARENT_UNDER_WAY"]


def test_a_book_too_thin_for_the_first_slice_is_told_before_anything_is_bought() -> None:
    bench = SliceBench("[risk]\nslippage_bps = 100\n")
    bench.book(qty="0.0001")
    (refused,) = only(bench.sliced(), OrderRefused)
    assert [f.code for f in refused.failures] == ["IMPACT_TOO_HIGH"]


# -- what ends it early ----------------------------------------------------------------------
def running(**given: object) -> SliceBench:
    """Slice 1 of 3 is filled and protected, the next one waits."""
    bench = SliceBench()
    bench.fill_slice(bench.sliced(**given))
    assert len(bench.slices) == 1 and bench.is_protected()
    return bench


def ended(bench: SliceBench, how: str) -> None:
    """No slice follows, whatever time brings; what was filled is protected."""
    (receipt,) = bench.receipts
    sent = len(bench.slices)
    assert receipt.ended == how
    bench.later(3600)
    assert len(bench.slices) == sent
    assert bench.is_protected()
    assert whole(bench.slices) <= receipt.qty
    assert SLICE_TIMER + SYMBOL not in bench.engine.state.execution.parents.running


def test_an_iceberg_is_aborted_above_its_impact() -> None:
    bench = running()
    step = bench.until_next_slice(MID * D("1.0051"))
    assert not entries(step)
    ended(bench, "impact")
    assert "slice 2 would pay" in bench.receipts[0].reason


def test_up_to_its_impact_it_goes_on() -> None:
    assert entries(running().until_next_slice(MID * D("1.0049")))


def test_a_twap_moves_with_the_market_but_not_with_its_own_weight() -> None:
    bench = running(algorithm="twap", over_ns=180 * SECOND)
    assert entries(bench.until_next_slice(MID * D("1.02")))


def _halt(bench: SliceBench) -> None:
    bench.act("halt", reason="enough")


def _warn(bench: SliceBench) -> None:
    for _ in range(4):
        bench.tell(OperatorActed(bench.now_ns, "CEREMONY_STEP", reason="phrase"))
    assert bench.engine.state.tilt.state.level.rank >= TiltLevel.WARNING.rank


def _demote(bench: SliceBench) -> None:
    fact = AlertRaised(bench.now_ns, "DAILY_LOSS", "day", D(999), D(900))
    told = bench.engine.discipline._spread((fact,))
    step = bench.engine._decide(
        bench.steps[-1].event,
        told,
        bench.engine.state.execution.plan(bench.steps[-1].event, told, (), bench.engine.view),
    )
    bench.steps.append(step)


def _lose_feed(bench: SliceBench) -> None:
    bench.tell(FeedLost(bench.now_ns, "market"))
    bench.tell(FeedRestored(bench.now_ns, "market"))


def _unreconciled(bench: SliceBench) -> None:
    bench.reconciled(clean=False)


def _cancel(bench: SliceBench) -> None:
    (answer,) = [o for o in bench.act("cancel_all", "ORDER_CANCEL").outcomes if hasattr(o, "verb")]
    assert answer.text == "1 entry order is being cancelled; stops stay"


@pytest.mark.parametrize("what", [_halt, _warn, _demote, _lose_feed, _unreconciled, _cancel])
def test_what_forbids_new_risk_ends_it_between_slices(what) -> None:
    bench = running()
    what(bench)
    ended(bench, "stopped")


@pytest.mark.parametrize("what", [_halt, _warn, _demote, _lose_feed, _unreconciled])
def test_and_takes_back_the_slice_at_the_venue(what) -> None:
    bench = running()
    (slice_,) = entries(bench.until_next_slice())
    bench.accept(slice_.key)
    bench.protect(bench.fill(slice_, "60001", "0.0005"))
    what(bench)
    assert slice_.key in [c.key for step in bench.steps for c in cancels(step)]
    assert not bench.receipts
    bench.protect(bench.cancelled(slice_.key))
    ended(bench, "stopped")
    assert bench.receipts[0].filled_qty == bench.slices[0].request.qty + D("0.0005")


def test_a_slice_that_is_not_filled_in_time_is_taken_back_and_no_other_follows() -> None:
    bench = SliceBench()
    (slice_,) = entries(bench.sliced())
    bench.accept(slice_.key)
    bench.fill(slice_, "60001", "0.0004")
    bench.later(11)
    assert slice_.key in [c.key for step in bench.steps for c in cancels(step)]
    bench.protect(bench.cancelled(slice_.key))
    ended(bench, "late")


def test_a_late_slice_that_filled_meanwhile_counts() -> None:
    bench = SliceBench()
    (slice_,) = entries(bench.sliced())
    bench.accept(slice_.key)
    bench.later(11)
    bench.protect(bench.fill(slice_, "60001"))
    ended(bench, "late")
    assert bench.receipts[0].filled_qty == slice_.request.qty


def test_a_slice_that_the_gate_refuses_is_the_end_and_no_act_of_the_trader() -> None:
    bench = running()
    bench.tell(FlowReported(bench.now_ns, "USDT", D(-5600), "withdrawal", "w"))
    step = bench.until_next_slice()
    (refused,) = only(step, OrderRefused)
    assert [f.code for f in refused.failures] == ["VAR_REACHED"]
    assert not only(step, TiltScored)
    ended(bench, "refused")
    assert bench.receipts[0].reason.startswith("VAR_REACHED: ")


def test_a_rejected_slice_is_the_end() -> None:
    bench = running()
    (slice_,) = entries(bench.until_next_slice())
    bench.tell(OrderRejected(bench.now_ns, slice_.key, "-1013", "no"))
    ended(bench, "rejected")


def test_a_position_that_was_stopped_out_is_not_bought_again() -> None:
    bench = running()
    (stop,) = bench.engine.view.orders(SYMBOL)
    resting = next(c for step in bench.steps for c in submits(step) if c.key == stop.key)
    bench.fill(resting, "58700")
    ended(bench, "stopped")
    assert bench.engine.view.position(SYMBOL) is None


def test_who_closes_the_position_buys_no_more_of_it() -> None:
    bench = running()
    bench.act("close", reduces_risk=True)
    (receipt,) = bench.receipts
    assert (receipt.ended, receipt.reason) == ("stopped", "the position is being left")


def test_an_unresolved_slice_is_waited_for() -> None:
    bench = SliceBench()
    (slice_,) = entries(bench.sliced())
    bench.tell(OrderUnresolved(bench.now_ns, slice_.key, "timeout"))
    bench.later(60)
    assert not bench.receipts and len(bench.slices) == 1
    bench.tell(OrderRejected(bench.now_ns, slice_.key, NEVER_PLACED, "the venue has none"))
    assert not bench.receipts
    assert len(entries(bench.until_next_slice())) == 1
    assert [c.key.slice for c in bench.slices] == [0, 1]


def test_timers_of_an_ended_parent_are_dropped() -> None:
    bench = running()
    _cancel(bench)
    timers = [
        type(c)
        for step in bench.steps
        for c in step.commands
        if isinstance(c, SetTimer | DropTimer) and c.key == SLICE_TIMER + SYMBOL
    ]
    assert timers[-1] is DropTimer
    assert not bench.tell(TimerFired(bench.now_ns, SLICE_TIMER + SYMBOL)).commands


# -- what gates look at ----------------------------------------------------------------------
def test_icebergs_count_for_the_gate_by_their_slippage_and_their_aborts() -> None:
    bench = running()
    bench.until_next_slice(MID * D("1.0051"))
    step = bench.sliced("twap", over_ns=60 * SECOND)
    assert not only(step, OrderRefused)
    _cancel_all(bench)
    (known,) = bench.engine.state.tiers.history.icebergs or ()
    assert (known.aborted, known.slippage_bps) == (True, D("0.16666666"))


def test_what_a_limit_or_the_trader_ended_is_no_abort() -> None:
    bench = running()
    _cancel(bench)
    (known,) = bench.engine.state.tiers.history.icebergs or ()
    assert not known.aborted


def _cancel_all(bench: SliceBench) -> None:
    step = bench.act("cancel_all", "ORDER_CANCEL")
    for cancel in cancels(step):
        bench.protect(bench.cancelled(cancel.key))


# -- a slice of a trade is no trade of its own -----------------------------------------------
def test_slices_of_one_parent_are_one_trade_of_the_day() -> None:
    bench = SliceBench("[risk.tiers.HUNTER]\nmax_trades_per_day = 1\n")
    step = bench.sliced(usdt="280")
    for _ in range(2):
        bench.fill_slice(step)
        step = bench.until_next_slice()
    bench.fill_slice(step)
    assert bench.receipts[0].ended == "complete"
    assert bench.engine.view.trades_today == 1
    (refused,) = only(bench.sliced(usdt="280"), OrderRefused)
    assert "TRADES_PER_DAY" in [f.code for f in refused.failures]


# -- leaving everything ----------------------------------------------------------------------
@pytest.mark.parametrize(("qty", "closes"), [("5", True), ("0.001", False)])
def test_close_all_walks_the_book_for_its_slippage(qty: str, closes: bool) -> None:
    """A thin bid is not enough by its price alone: what it does not show is assumed worse."""
    bench = SliceBench("[risk]\nslippage_bps = 200\n")
    bench.protect(bench.fill(submits(bench.buy("280"))[0], "60001"))
    bench.book(qty=qty)
    step = bench.act("close_all", reduces_risk=True, max_slippage_fraction=D("0.01"))
    assert bool(cancels(step)) is closes


def test_rules_that_know_no_slices_look_at_the_best_bid_alone() -> None:
    """As what was recorded under them was decided."""
    bench = SliceBench("[risk]\nslippage_bps = 200\n")
    bench.protect(bench.fill(submits(bench.buy("280"))[0], "60001"))
    bench.book(qty="0.001")
    bench.engine.state.execution.parents.rules = None
    step = bench.act("close_all", reduces_risk=True, max_slippage_fraction=D("0.01"))
    assert cancels(step)


def test_close_all_ends_what_is_still_being_bought() -> None:
    bench = running()
    bench.act("close_all", reduces_risk=True)
    assert [one.ended for one in bench.receipts] == ["stopped"]
