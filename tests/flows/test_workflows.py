"""The four workflows of a trader, each from beginning to end in the words he reads.

An order in SNIPER, a tilt intervention, the way to the next tier, an emergency demotion.
"""

from decimal import Decimal
from pathlib import Path

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.canonical import plain
from genesis.domain.events import JournalAssessed
from genesis.domain.orders import OrderStatus, OrderType, Purpose, Side
from genesis.domain.outcomes import (
    CommandAnswered,
    InterventionOpened,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    PositionOpened,
    TierAnnounced,
    TierEvaluated,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.panels.garden_words import note
from genesis.panels.tilt_view import waits
from tests.flows.test_discipline import buy_twice, chase
from tests.flows.test_promotion import all_of, ceremony, day, until
from tests.support.ceremony_home import LOWERED, PHRASE
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

D = Decimal
HUNTER_RULES = LOWERED.replace("[tiers.course]", '[tiers]\nopening_tier = "HUNTER"\n[tiers.course]')


def rules(folder: Path, text: str) -> str:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_order_in_sniper_is_cut_to_five_percent_filled_and_protected() -> None:
    bench = Bench(cash="500", price="67453")
    state = bench.engine.state
    assert (state.tiers.state.tier, state.tilt.state.level) == (Tier.SNIPER, TiltLevel.NORMAL)
    step = bench.buy("100")
    (approved,) = only(step, OrderApproved)
    assert dict(approved.limits_used)["cap_usdt"] == 25
    assert approved.notes == ("clipped from 100.00 to 25.00 USDT",)
    (entry,) = submits(step)
    assert (entry.request.type, entry.request.qty) == (OrderType.MARKET, D("0.00037"))
    bench.accept(entry.key)
    filled = bench.fill(entry, "67453")
    (opened,) = only(filled, PositionOpened)
    assert opened.symbol == SYMBOL
    told = note({"kind": "PositionOpened", **plain(opened)})  # as the stream tells it: less the fee
    assert told is not None and told["words"] == "\u2713 Bought 0.00036963 BTC @ $67,453"
    assert entry.request.qty * D(67453) == D("24.95761")
    (stop,) = submits(filled)
    assert stop.request.purpose is Purpose.PROTECT
    assert stop.request.stop_price == D("66103.94")  # 2 % below
    bench.accept(stop.key)
    order = state.execution.orders.orders[entry.key]
    assert order.status is OrderStatus.FILLED
    assert state.tilt.score(bench.now_ns).level is TiltLevel.NORMAL


def test_haste_pauses_trading_the_page_resumes_it_small_and_an_hour_later_it_is_over() -> None:
    bench = Bench()
    tilt = bench.engine.state.tilt
    chase(bench)
    assert [one.new for one in all_of(bench, TiltLevelChanged)][-1] is TiltLevel.WARNING
    assert 60 <= tilt.score(bench.now_ns).score < 80
    (opened,) = all_of(bench, InterventionOpened)
    assert opened.message.splitlines() == [
        "🟧 Trading paused - Performance optimization needed",
        "Write 500 words about your emotional state to continue",
    ]
    (refused,) = only(bench.buy(), OrderRefused)
    assert [one.code for one in refused.failures] == ["TILT_WARNING"]
    asked = "write 500 words on the tilt page (`genesis dashboard tilt`) to continue"
    assert refused.failures[0].reason == f"trading is paused: {asked}"
    bench.later(25 * 60)
    step = bench.tell(JournalAssessed(bench.now_ns, "a" * 64, 512, True, "accepted"))
    (hour,) = only(step, LimitedHourStarted)
    assert (hour.multiplier, hour.until_ns) == (D("0.5"), bench.now_ns + 3600 * SECOND)
    (row,) = waits({"limited_until": "2024-01-01T01:00:00Z"}, "a quarter")
    assert row["words"] == "Trading resumed - Position sizes limited for 1 hour"
    (entry,) = submits(buy_twice(bench))
    assert entry.request.qty * D(67453) <= D("12.5")
    bench.cancelled(entry.key)
    bench.later(3 * HOUR / SECOND)
    assert tilt.multiplier(bench.now_ns) == 1


def test_all_gates_open_the_ceremony_and_the_phrase_the_next_tier(tmp_path: Path) -> None:
    bench = Bench(rules=rules(tmp_path, LOWERED), cash="5000", price="60000")
    tiers = bench.engine.state.tiers
    day(bench)
    assert all_of(bench, TierAnnounced) == []
    until(bench, TierMode.CEREMONY)
    told = all_of(bench, TierEvaluated)[-1]
    assert told.passed and all(gate.passed for gate in told.gates)
    assert tiers.state.tier is Tier.SNIPER  # nothing has moved yet
    (ready,) = all_of(bench, TierAnnounced)
    assert ready.message.splitlines() == [
        "🎯 TIER ADVANCEMENT READY",
        "You've earned Hunter tier capabilities",
        "New features: iceberg_hunter, multi_pair, twap_hunter",
        "Type 'I understand the responsibilities' to proceed",
    ]
    step = ceremony(bench, PHRASE)
    (answer,) = [one for one in step if isinstance(one, CommandAnswered)]
    assert answer.accepted
    assert (tiers.state.tier, tiers.state.mode) == (Tier.HUNTER, TierMode.ADJUST48)
    assert all_of(bench, TierAnnounced)[-1].message == (
        "Welcome to HUNTER. Sizes are smaller at first."
    )
    bench.tick("60000")
    (entry,) = submits(bench.buy("1000"))
    equity = bench.engine.view.equity_usdt
    assert entry.request.qty * 60_000 <= D("0.5") * D("0.05") * equity
    bench.cancelled(entry.key)


def test_a_loss_of_fifteen_percent_leads_one_tier_down_at_once(tmp_path: Path) -> None:
    bench = Bench(rules=rules(tmp_path, HUNTER_RULES), cash="5000", price="60000")
    state = bench.engine.state
    assert state.tiers.state.tier is Tier.HUNTER
    stop = bench.open_position("60000")
    waiting = bench.act(
        "trade", "ORDER_SUBMIT", side=Side.BUY, order_type=OrderType.LIMIT, amount_usdt=D(50),
        price=D(55000),
    )  # fmt: skip
    (resting,) = submits(waiting)
    bench.accept(resting.key)
    state.risk.drawdown.start_day(bench.now_ns, D("5904"), D(0), state.limits, state.rules.risk)
    cancelled = []
    for _ in range(3):
        assert state.tiers.state.mode is TierMode.ACTIVE, "not before it is confirmed"
        bench.later(1)
        cancelled += cancels(bench.tick("60000"))
    assert (state.tiers.state.tier, state.tiers.state.mode) == (Tier.SNIPER, TierMode.EMERGENCY)
    assert [one.key for one in cancelled] == [resting.key]  # its stop stays
    bench.cancelled(resting.key)
    assert state.execution.orders.orders[stop.key].is_working
    (told,) = all_of(bench, TierAnnounced)
    assert told.message.splitlines() == [
        "⚠️ EMERGENCY TIER DEMOTION",
        "Excessive losses detected: -15.3%",
        "Reverting to SNIPER tier for capital protection",
        "30-day minimum before re-advancement",
    ]
    assert state.tiers.state.no_promotion_before_ns == state.tiers.state.since_ns + 30 * DAY
    assert state.tilt.detector.baselines.entries == 0  # confidence begins anew
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.accept(leave.key)
    bench.fill(leave, "60000")
    bench.later(HOUR / SECOND)
    state.risk.drawdown.start_day(bench.now_ns, D(5000), D(0), state.limits, state.rules.risk)
    bench.tick("60000")
    (small,) = submits(bench.buy("100"))
    assert small.request.qty * 60_000 <= 10
