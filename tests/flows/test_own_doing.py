"""What was not the trader's doing is no evidence against him, through the whole engine."""

from decimal import Decimal

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import FeedLost, FeedRestored, FlowReported
from genesis.domain.time import MINUTE
from tests.flows.test_ways_back import codes, mode, trade
from tests.support.engines import Bench

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
