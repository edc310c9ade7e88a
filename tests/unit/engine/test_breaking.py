"""The breakers, the streak and the pace in the whole flow: events in, refusals and sizes out."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.account import TierMode
from genesis.domain.events import (
    BookTop,
    FeedLost,
    FeedRestored,
    HealthReported,
    InstrumentReported,
    OrderCancelled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    OrderApproved,
    OrderRefused,
    Outcome,
    TierChanged,
)
from genesis.domain.paper import PaperTradeReported
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.engine.sizes import Sizes
from genesis.engine.step import Step
from genesis.execution.draft import Draft
from genesis.risk.breakers import Level, State
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

D = Decimal
STRATEGY = "strategy:simple_arb"


def moved(bench: Bench) -> list[tuple[str, str, str]]:
    return [
        (fact.level, fact.name, fact.state)
        for step in bench.steps
        for fact in only(step, BreakerMoved)
    ]


def codes(step: Step) -> dict[str, tuple[str, int | None]]:
    (refused,) = only(step, OrderRefused)
    return {failure.code: (failure.scope, failure.until_ns) for failure in refused.failures}


def wish(bench: Bench, usdt: str, source: str = STRATEGY) -> Step:
    """An entry that tilt has no say in: a strategy's."""
    name = None if source == "operator" else source.removeprefix("strategy:")
    draft = Draft(
        SYMBOL,
        Side.BUY,
        OrderType.MARKET,
        Purpose.ENTRY,
        amount_usdt=D(usdt),
        source=source,
        strategy=name,
    )
    return bench.engine._decide(bench.steps[-1].event, (), [draft])


def round_trip(bench: Bench, gain: str, source: str = "operator") -> None:
    """Enter as `source`, leave with about this result per coin."""
    (entry,) = submits(wish(bench, "20", source))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67453"))
    bench.accept(stop.key)
    bench.fill(stop, str(67453 + D(gain)))


# -- the streak --------------------------------------------------------------------------------
def test_losses_in_a_row_pause_new_risk_and_the_pause_ends_by_itself() -> None:
    bench = Bench()
    for _ in range(2):
        round_trip(bench, "-300")
    assert Sizes(bench.engine.state).holds().told() == "after 2 losses in a row sizes are 75 %"
    round_trip(bench, "-300")
    until_ns = bench.now_ns + 30 * MINUTE
    found = codes(wish(bench, "20"))
    assert found["COOLDOWN_ACTIVE"] == ("account", until_ns)
    bench.later(30 * 60)
    bench.tick("67453")
    step = wish(bench, "100")
    (approved,) = only(step, OrderApproved)
    (note,) = approved.notes
    assert note.startswith("clipped from 100.00 to 12.4")
    assert note.endswith("; after 3 losses in a row sizes are 50 %")
    assert approved.request.qty * 67453 <= D("12.5")


def test_a_pause_never_holds_back_what_reduces_risk() -> None:
    bench = Bench()
    for _ in range(2):
        round_trip(bench, "-300")
    stop = bench.open_position()
    bench.engine.state.risk.trade_closed(bench.now_ns, D(-1), None, D(5))
    assert "COOLDOWN_ACTIVE" in codes(wish(bench, "20"))
    assert cancels(bench.act("stop", "STOP_MODIFY", stop_new=D(67000), reduces_risk=True))
    (tighter,) = submits(bench.cancelled(stop.key))
    bench.accept(tighter.key)
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(tighter.key))


# -- the pace ----------------------------------------------------------------------------------
def test_forty_entries_in_ten_seconds_are_enough_and_exits_do_not_count() -> None:
    bench = Bench(cash="2000")
    pace, rules = bench.engine.state.risk.pace, bench.engine.state.rules.risk.pace
    stop = bench.open_position()
    for n in range(39):
        bench.engine.state.risk.count_entry(bench.now_ns, OrderKey(1, 100 + n))
    assert pace.used(bench.now_ns, rules) == 40
    assert codes(wish(bench, "20"))["RATE_LIMIT_EXCEEDED"] == (
        "account",
        bench.now_ns + 10 * SECOND,
    )
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))
    assert pace.used(bench.now_ns, rules) == 40


# -- the system --------------------------------------------------------------------------------
def reject_three(bench: Bench, source: str = STRATEGY) -> None:
    for _ in range(3):
        (entry,) = submits(wish(bench, "20", source))
        bench.tell(OrderRejected(bench.now_ns, entry.key, "-1013", "filter"))


def test_three_rejected_orders_rest_then_one_small_order_tries() -> None:
    bench = Bench()
    reject_three(bench)
    until_ns = bench.now_ns + 60 * SECOND
    assert codes(wish(bench, "20"))["BREAKER_OPEN"] == ("system", until_ns)
    bench.later(60)
    assert moved(bench) == [("SYSTEM", "orders", "OPEN"), ("SYSTEM", "orders", "HALF_OPEN")]
    (probe,) = submits(wish(bench, "20"))
    assert probe.request.qty * 67453 <= 10
    found = codes(wish(bench, "20"))
    assert found["BREAKER_OPEN"] == ("system", None), "one order tries, not two"
    bench.accept(probe.key)
    assert moved(bench)[-1] == ("SYSTEM", "orders", "CLOSED")
    bench.cancelled(probe.key)
    (entry,) = submits(wish(bench, "100", "operator"))
    assert entry.request.qty == D("0.00037")


def test_the_order_that_tries_may_be_as_large_as_the_smallest_that_can_be_left_again() -> None:
    bench = Bench()
    reject_three(bench)
    bench.tell(InstrumentReported(bench.now_ns, replace(BTC, min_notional_usdt=D(12))))
    bench.later(60)
    step = wish(bench, "100")
    (probe,) = submits(step)
    assert 12 < probe.request.qty * 67453 < 14
    (approved,) = only(step, OrderApproved)
    assert "it tries whether all is well again after" in approved.notes[0]


def test_what_is_held_takes_nothing_from_the_order_that_tries() -> None:
    bench = Bench()
    bench.open_position(usdt="11")
    reject_three(bench, "operator")
    bench.later(60)
    (probe,) = submits(wish(bench, "20", "operator"))
    assert 5 < probe.request.qty * 67453 <= 10


@pytest.mark.parametrize("answer", [OrderRejected, OrderUnresolved])
def test_a_probe_that_fails_opens_it_again(answer) -> None:
    bench = Bench()
    reject_three(bench)
    bench.later(60)
    (probe,) = submits(wish(bench, "20"))
    told = ("-1013", "filter") if answer is OrderRejected else ("timeout",)
    bench.tell(answer(bench.now_ns, probe.key, *told))
    assert moved(bench)[-1] == ("SYSTEM", "orders", "OPEN")


def test_a_probe_that_is_cancelled_lets_another_try() -> None:
    bench = Bench()
    reject_three(bench)
    bench.later(60)
    (probe,) = submits(wish(bench, "20"))
    bench.cancelled(probe.key)
    assert submits(wish(bench, "20"))


def test_entries_that_were_never_sent_are_no_failed_orders() -> None:
    bench = Bench()
    for _ in range(3):
        entry = submits(wish(bench, "20"))[0]
        bench.tell(OrderCancelled(bench.now_ns, entry.key, "the service ends"))
    bench.start(2)
    bench.reconciled()
    assert moved(bench) == [] and submits(wish(bench, "20"))


def test_rejected_stops_are_the_markets_doing_and_trip_nothing() -> None:
    bench = Bench()
    (entry,) = submits(wish(bench, "100"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "67453"))
    for _ in range(4):
        bench.tell(OrderRejected(bench.now_ns, stop.key, "-2010", "would trigger immediately"))
        bench.later(5)
        stop = next((s for step in bench.steps[::-1] for s in submits(step)), stop)
    assert not moved(bench)


def test_a_part_that_failed_is_told_once_and_then_one_order_tries() -> None:
    bench = Bench()
    bench.tell(HealthReported(bench.now_ns, "store", "failed", "disk full"))
    assert set(codes(wish(bench, "20"))) == {"STORE_FAILED"}
    bench.later(HOUR / SECOND)
    bench.tick("67453")  # the engine's clock: the same refusal sooner would only be counted
    assert set(codes(wish(bench, "20"))) == {"STORE_FAILED"}
    bench.tell(HealthReported(bench.now_ns, "store", "ok"))
    assert moved(bench)[-1] == ("SYSTEM", "store", "HALF_OPEN")
    (probe,) = submits(wish(bench, "20"))
    assert probe.request.qty * 67453 <= 10


@pytest.mark.parametrize(("silent_s", "trips"), [(10, False), (11, True)])
def test_a_long_silence_of_a_feed_trips_a_short_one_only_blocks(silent_s, trips) -> None:
    bench = Bench()
    bench.tell(FeedLost(bench.now_ns, "market"))
    assert set(codes(wish(bench, "20"))) == {"FEED_LOST"}
    bench.later(silent_s)
    bench.tell(FeedRestored(bench.now_ns, "market"))
    assert bool(moved(bench)) is trips
    assert bool(submits(wish(bench, "20"))) is not trips


def test_streams_of_a_start_are_not_open_yet_and_were_not_lost() -> None:
    bench = Bench()
    bench.start(2)
    bench.tell(FeedLost(bench.now_ns, "market", "not connected yet"))
    bench.later(30)
    bench.tell(FeedRestored(bench.now_ns, "market"))
    bench.reconciled()
    assert not moved(bench)


def test_an_opening_breaker_cancels_entries_and_leaves_stops() -> None:
    bench = Bench()
    stop = bench.open_position()
    resting = bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(20),
        price=D(60000),
    )
    asked = submits(resting)
    bench.tell(HealthReported(bench.now_ns, "gateway", "failed", "gone"))
    told = {c.key for step in bench.steps for c in cancels(step)}
    assert told == {order.key for order in asked}
    assert stop.key not in told


def test_breakers_survive_a_restart() -> None:
    bench = Bench()
    reject_three(bench)
    bench.start(2)
    bench.reconciled()
    assert "BREAKER_OPEN" in codes(wish(bench, "20"))
    bench.later(60)
    assert submits(wish(bench, "20"))


# -- strategies --------------------------------------------------------------------------------
def test_a_strategy_that_lost_five_times_rests_and_others_trade_on() -> None:
    bench = Bench()
    risk = bench.engine.state.risk
    for _ in range(5):
        round_trip(bench, "-300", "strategy:spread_capture")
        risk.streak = type(risk.streak)()  # the account's own pause is another matter
    assert moved(bench) == [("STRATEGY", "spread_capture", "OPEN")]
    found = bench.engine.gate.forbids(SYMBOL, "spread_capture")
    assert [(f.code, f.scope) for f in found] == [("STRATEGY_RESTS", "strategy")]
    assert not bench.engine.gate.forbids(SYMBOL, "simple_arb")
    assert not bench.engine.gate.forbids(SYMBOL)
    bench.later(DAY / SECOND)
    assert not bench.engine.gate.forbids(SYMBOL, "spread_capture"), "all is paper: it tries here"


def test_on_a_live_account_a_rested_strategy_goes_on_in_paper_only() -> None:
    bench = Bench()
    bench.engine.state.tiers.history.is_paper = False
    risk = bench.engine.state.risk
    for _ in range(5):
        round_trip(bench, "-300", "strategy:spread_capture")
        risk.streak = type(risk.streak)()
    bench.later(DAY / SECOND)
    (failure,) = bench.engine.gate.forbids(SYMBOL, "spread_capture")
    assert failure.code == "STRATEGY_ON_PAPER"
    for name, pnl in (("spread_capture", "-3"), ("spread_capture", "0"), ("simple_arb", "3")):
        bench.tell(PaperTradeReported(bench.now_ns, name, D(pnl), D(20)))
    assert bench.engine.gate.forbids(SYMBOL, "spread_capture") == [failure]
    step = bench.tell(PaperTradeReported(bench.now_ns, "spread_capture", D("0.01"), D(20)))
    assert [fact.state for fact in step.outcomes if isinstance(fact, BreakerMoved)] == ["CLOSED"]
    assert not bench.engine.gate.forbids(SYMBOL, "spread_capture")
    assert "spread_capture" not in risk.trips.records, "losses count from here"


def test_trades_of_the_operator_are_no_strategys() -> None:
    bench = Bench()
    for _ in range(2):
        round_trip(bench, "-300")
    assert not bench.engine.state.risk.trips.records
    assert bench.engine.state.risk.streak.losses == 2


# -- the account -------------------------------------------------------------------------------
def give_back(bench: Bench) -> tuple[Outcome, ...]:
    """Of 60 USDT that the day had earned 20 are left; what is told of it."""
    state = bench.engine.state
    drawdown, rules = state.risk.drawdown, state.rules.risk
    drawdown.start_day(bench.now_ns, D(440), D(0), state.limits, rules)
    bench.later(1)
    bench.reconciled()
    bench.engine.discipline.marked()
    assert drawdown.floor_is_armed
    drawdown.day_base_usdt = D(480)
    return bench.engine.discipline.marked()


def test_a_good_day_that_is_given_back_ends_new_risk_until_midnight() -> None:
    bench = Bench()
    state = bench.engine.state
    facts = give_back(bench)
    assert [f.alert for f in facts if isinstance(f, AlertRaised)] == ["GIVE_BACK"]
    midnight = (bench.now_ns // DAY + 1) * DAY
    assert codes(wish(bench, "20"))["GIVE_BACK_REACHED"] == ("account", midnight)
    assert state.risk.breakers.level() is Level.ACCOUNT
    bench.later((midnight - bench.now_ns) / SECOND)
    assert state.risk.breakers.level() is None
    assert submits(wish(bench, "20"))


@pytest.mark.parametrize("mode", [TierMode.PAPER48, TierMode.CEREMONY])
def test_a_breaker_of_the_account_ends_a_promotion_one_of_the_machine_does_not(
    mode: TierMode,
) -> None:
    bench = Bench()
    tiers = bench.engine.state.tiers
    tiers._state = replace(tiers.state, mode=mode)
    reject_three(bench)
    assert moved(bench) == [("SYSTEM", "orders", "OPEN")]
    assert tiers.state.mode is mode
    facts = give_back(bench)
    (breaker,) = [fact for fact in facts if isinstance(fact, BreakerMoved)]
    (change,) = [fact for fact in facts if isinstance(fact, TierChanged)]
    assert breaker.level == Level.ACCOUNT
    assert (change.old_mode, change.mode) == (mode, TierMode.ACTIVE)
    assert change.reason == breaker.reason


def test_a_halt_and_a_lock_stand_as_breakers_of_the_account() -> None:
    bench = Bench()
    bench.act("halt", reason="enough")
    assert bench.engine.state.risk.breakers.get((Level.ACCOUNT, "halt")).state is State.OPEN
    assert codes(wish(bench, "20"))["TRADING_HALTED"] == ("account", None)
    bench.later(3 * DAY / SECOND)
    assert bench.engine.state.risk.breakers.level() is Level.ACCOUNT, "time alone lifts no halt"


def test_only_the_tier_machines_reset_lifts_a_halt() -> None:
    bench = Bench()
    bench.act("halt", reason="enough")
    drawdown = bench.engine.state.risk.drawdown
    bench.start(2)
    bench.reconciled()
    assert drawdown.halted is not None
    tier = bench.engine.state.tiers.state.tier
    change = TierChanged(bench.now_ns, tier, TierMode.HALTED, tier, TierMode.RECOVERY, "reset")
    bench.engine.discipline._stepped((change,))
    assert drawdown.halted is None
    assert bench.engine.state.risk.breakers.level() is None


# -- refusals ----------------------------------------------------------------------------------
def test_what_reduces_risk_is_never_the_systems_probe() -> None:
    bench = Bench()
    stop = bench.open_position()
    key = (Level.SYSTEM, "orders")
    breakers = bench.engine.state.risk.breakers
    breakers.trip(bench.now_ns, key, "BREAKER_OPEN", "it failed", bench.now_ns)
    breakers.tick(bench.now_ns)
    assert breakers.get(key).state is State.HALF_OPEN
    bench.act("close", reduces_risk=True)
    assert submits(bench.cancelled(stop.key))
    assert breakers.get(key).probe is None


def test_a_stale_book_does_not_price_an_entry() -> None:
    bench = Bench()
    bench.tell(BookTop(bench.now_ns, SYMBOL, 1, D(30000), D(1), D(30001), D(1)))
    bench.later(11)
    bench.tick("67453")
    (entry,) = submits(wish(bench, "100"))
    assert entry.request.qty * 67453 <= 25


def test_refusals_of_a_symbol_say_so() -> None:
    bench = Bench()
    found = {f.code: f.scope for f in bench.engine.gate.forbids("ETH/USDT")}
    assert found["NO_PRICE"] == "symbol"
