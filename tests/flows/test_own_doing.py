"""What was not the trader's doing is no evidence against him, through the whole engine."""

from decimal import Decimal

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import FeedLost, FeedRestored, FlowReported
from genesis.domain.outcomes import CommandAnswered
from genesis.domain.time import MINUTE
from genesis.rules import parse
from tests.flows.test_ways_back import codes, mode, trade
from tests.support.engines import Bench, only
from tests.support.old_rules import text_before_refused_stops

D = Decimal


def points(bench: Bench) -> dict[str, float]:
    return dict(bench.engine.state.tilt.detector.points.amounts)


def test_orders_while_our_own_breaker_rests_are_no_evidence() -> None:
    bench = Bench(cash="500", price="60000")
    bench.later(600)
    bench.tell(FeedLost(bench.now_ns, "BTC/USDT@trade"))
    bench.later(11)
    bench.tell(FeedRestored(bench.now_ns, "BTC/USDT@trade"))
    for _ in range(4):
        bench.tick("60000")
        assert codes(bench.buy("25")) == {"BREAKER_OPEN"}
        assert bench.engine.state.tilt.score(bench.now_ns).contributions["rej"] == 0
        bench.later(10)


def test_a_deposit_counts_only_when_it_was_made_after_the_losses() -> None:
    bench = Bench(cash="500", price="60000")
    before_ns = bench.now_ns
    for _ in range(3):
        trade(bench, "58500")
    bench.later(60)
    bench.tell(FlowReported(before_ns, "USDT", D(100), "deposit", "early"))
    assert points(bench) == {}
    bench.tell(FlowReported(bench.now_ns - MINUTE // 2, "USDT", D(100), "deposit", "late"))
    assert points(bench) == {"deposit": 2.0}


def test_a_daily_loss_during_a_halt_ends_what_was_certain() -> None:
    bench = Bench(cash="425", price="60000")
    state = bench.engine.state
    state.tilt.detector.baselines.entries = 300
    bench.open_position("60000")
    bench.act("halt", "COMMAND", reason="the loss of the day is beyond its limit")
    assert mode(bench) is TierMode.HALTED
    assert state.tilt.detector.calculate_baseline().status == "LEARNED"  # his words are no loss
    state.risk.drawdown.start_day(bench.now_ns, D(600), D(0), state.limits, state.rules.risk)
    for _ in range(4):
        bench.later(1)
        bench.tick("60000")
    assert (state.tiers.state.tier, mode(bench)) == (Tier.SNIPER, TierMode.HALTED)
    baseline = state.tilt.detector.calculate_baseline()
    assert (baseline.status, baseline.entries) == ("LEARNING", 0)
    assert len(baseline.versions) == 1


def stop(bench: Bench, price: str) -> tuple[bool, dict[str, int]]:
    """Ask for a stop as the door does: was it moved, and what does the score now consist of?"""
    old = bench.engine.state.execution.protector.stops["BTC/USDT"]
    new, entry = D(price), D(60000)
    kinds = {"stop_old": old, "stop_new": new, "entry": entry, "reduces_risk": new >= old}
    answer = only(bench.act("stop", "STOP_MODIFY", **kinds), CommandAnswered)[0]
    return answer.accepted, bench.engine.state.tilt.score(bench.now_ns).contributions


def holding(usdt: str = "100") -> Bench:
    bench = Bench(cash="500", price="60000")
    bench.open_position("60000", usdt)
    bench.later(600)
    bench.tick("60000")
    return bench


def test_a_stop_that_was_refused_was_not_widened() -> None:
    for price in ("30000", "60000", "99999"):  # too small to be sold, and not below the price
        is_moved, score = stop(holding("10"), price)
        assert (is_moved, score["widen"], score["rej"]) == (False, 0, 0)
    is_moved, score = stop(holding(), "57000")
    assert is_moved and score["widen"] > 0 and score["rej"] == 0


def test_a_wider_stop_that_the_gate_refuses_is_a_refused_request() -> None:
    halted = holding()
    halted.act("halt", "COMMAND", reason="enough")
    for bench, price in ((halted, "57000"), (holding(), "1")):
        is_moved, score = stop(bench, price)
        assert (is_moved, score["widen"]) == (False, 0)
        assert score["rej"] > 0 and score["joint"] == 0


def test_what_the_machine_refuses_of_a_stop_is_no_evidence() -> None:
    bench = holding()
    bench.reconciled(clean=False)
    is_moved, score = stop(bench, "57000")
    assert (is_moved, score["widen"], score["rej"]) == (False, 0, 0)


def test_under_older_rules_a_refused_stop_counts_as_it_did() -> None:
    bench = holding()
    bench.engine.set_rules(parse(text_before_refused_stops(bench.rules.text)))
    is_moved, score = stop(bench, "1")
    assert not is_moved and score["widen"] > 0
