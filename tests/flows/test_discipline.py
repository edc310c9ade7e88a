"""The workflows a trader lives through: tilt and the page, the bad day, the halt, the calm one."""

from decimal import Decimal

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import (
    AlertRaised,
    DayStarted,
    Halted,
    InterventionOpened,
    LimitedHourStarted,
    OrderRefused,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR, SECOND
from genesis.engine.step import Step
from genesis.execution.draft import Draft
from tests.support.engines import T0, Bench, cancels, only, submits

D = Decimal


def all_of(bench: Bench, kind: type) -> list:
    return [o for step in bench.steps for o in only(step, kind)]


def begin_day(bench: Bench, equity: int) -> None:
    """As if the day had begun with this equity."""
    state = bench.engine.state
    state.risk.drawdown.start_day(bench.now_ns, D(equity), D(0), state.limits, state.rules.risk)


def stop_out(bench: Bench, price: str) -> None:
    """Buy in haste, pull the stop close, be stopped out; in CAUTION the wish is put off instead."""
    for entry in submits(bench.buy(latency_ms=900)):
        bench.accept(entry.key)
        (stop,) = submits(bench.fill(entry, price))
        bench.accept(stop.key)
        bench.fill(stop, str(D(price) - 20))


def buy_twice(bench: Bench) -> Step:
    """In CAUTION: asked for, refused, and asked for again a minute later."""
    (refused,) = only(bench.buy(), OrderRefused)
    assert [failure.code for failure in refused.failures] == ["TILT_CONFIRM"]
    assert refused.until_ns == bench.now_ns + 60 * SECOND
    bench.later(60)
    return bench.buy()


def chase(bench: Bench, rounds: int = 8) -> None:
    for _ in range(rounds):
        if bench.engine.state.tilt.state.level.rank >= TiltLevel.WARNING.rank:
            return
        stop_out(bench, "67453")
        bench.later(3)
        resting = bench.act(
            "trade",
            "ORDER_SUBMIT",
            side="BUY",
            order_type="LIMIT",
            amount_usdt=D(20),
            price=D(60000),
            latency_ms=900,
        )
        bench.later(1)
        bench.act("cancel_all", "ORDER_CANCEL")
        for order in submits(resting):
            bench.cancelled(order.key)


def accept_page(bench: Bench, sha: str = "a" * 64) -> None:
    bench.tell(JournalAssessed(bench.now_ns, sha, 544, True, ""))


def test_chasing_locks_trading_and_the_page_opens_a_limited_hour() -> None:
    bench = Bench()
    chase(bench)
    levels = [change.new for change in all_of(bench, TiltLevelChanged)]
    assert levels == [TiltLevel.CAUTION, TiltLevel.WARNING]
    (opened,) = all_of(bench, InterventionOpened)
    assert opened.journal_words == 500
    (refused,) = only(bench.buy(), OrderRefused)
    assert refused.failures[0].stage == "tilt"

    bench.later(10 * 60)
    assert only(bench.buy(), OrderRefused), "time alone never ends a warning"
    bench.later(20 * 60)  # the page takes its time
    accept_page(bench)
    (hour,) = all_of(bench, LimitedHourStarted)
    assert hour.until_ns - bench.now_ns == 3600 * SECOND
    (entry,) = submits(buy_twice(bench))
    assert entry.request.qty == D("0.00018")  # half of 0.00037, rounded down
    bench.fill(entry, "67453")
    (refused,) = only(bench.buy(), OrderRefused)  # the half is of the position, not of each order
    assert refused.failures[0].code == "EXPOSURE_REACHED"


def test_the_limited_hour_ends_exactly_after_3600_seconds() -> None:
    bench = Bench()
    chase(bench)
    bench.later(600)
    accept_page(bench)
    bench.later(3599)
    multiplier = bench.engine.state.tilt.multiplier
    assert multiplier(bench.now_ns) == D("0.5")
    bench.later(1)
    assert multiplier(bench.now_ns) > D("0.5"), "what may be left is CAUTION, which decays"
    bench.later(2 * HOUR // SECOND)
    assert multiplier(bench.now_ns) == 1


def test_a_locked_trader_may_still_leave_and_tighten() -> None:
    bench = Bench()
    chase(bench, 20)
    assert bench.engine.state.tilt.check(bench.now_ns) is not None
    fresh = Bench()
    stop = fresh.open_position()
    fresh.act("halt", reason="halted")
    step = fresh.act("stop", "STOP_MODIFY", stop_new=D(67000), reduces_risk=True)
    assert cancels(step)
    (tighter,) = submits(fresh.cancelled(stop.key))
    assert tighter.request.stop_price == D(67000)
    fresh.accept(tighter.key)
    assert cancels(fresh.act("close", reduces_risk=True))


def test_twenty_calm_buys_every_second_a_loss_stay_normal() -> None:
    bench = Bench()
    for n in range(20):
        step = bench.buy("100")
        for entry in submits(step):
            bench.accept(entry.key)
            (stop,) = submits(bench.fill(entry, "67453"))
            bench.accept(stop.key)
            bench.act("close", reduces_risk=True)
            (leave,) = submits(bench.cancelled(stop.key))
            bench.fill(leave, "67400" if n % 2 else "67800")
        bench.later(600)
    assert bench.engine.state.tilt.state.level is TiltLevel.NORMAL
    assert not all_of(bench, TiltLevelChanged)


def test_a_thousand_strategy_orders_leave_the_score_at_zero() -> None:
    bench = Bench()
    draft = Draft(
        "BTC/USDT",
        Side.BUY,
        OrderType.MARKET,
        Purpose.ENTRY,
        source="strategy:x",
        strategy="spread_capture",
        strategy_tier=Tier.SNIPER,
    )
    for _ in range(1000):
        bench.engine.gate.open_step()
        verdict = bench.engine.gate.judge(draft)
        bench.engine.discipline.judged([(draft, verdict)])
        bench.later(1)
    assert bench.engine.state.tilt.score(bench.now_ns).score == 0


def test_a_daily_loss_over_fifteen_percent_demotes_after_confirmation() -> None:
    bench = Bench()
    bench.open_position()
    begin_day(bench, 590)  # a day that began much better
    for second in range(3):
        mode = bench.engine.state.tiers.state.mode
        assert mode is TierMode.ACTIVE, f"demoted on mark {second} already"
        bench.later(1)
        bench.tick("67000")
    assert bench.engine.state.tiers.state.mode is TierMode.EMERGENCY
    (change,) = [c for c in all_of(bench, TierChanged) if c.mode is TierMode.EMERGENCY]
    assert change.tier is Tier.SNIPER


def test_an_emergency_caps_entries_at_ten() -> None:
    bench = Bench()
    stop = bench.open_position()
    begin_day(bench, 590)
    for _ in range(3):
        bench.later(1)
        bench.tick("67000")
    bench.act("close", reduces_risk=True)
    (leave,) = submits(bench.cancelled(stop.key))
    bench.fill(leave, "67000")
    begin_day(bench, 490)
    (entry,) = submits(bench.buy())
    assert entry.request.qty * D(67000) <= 10
    bench.fill(entry, "67000")
    assert only(bench.buy(), OrderRefused), "ten for the position, not for each order"


def test_the_day_baseline_is_fixed_at_midnight() -> None:
    bench = Bench()
    bench.later(25 * 3600)
    days = all_of(bench, DayStarted)
    assert [d.ts_ns for d in days] == [T0, T0 + DAY]
    assert all(d.equity_usdt == 500 for d in days)


def test_a_crash_halts_on_confirmed_marks_and_cancels_nothing_protective() -> None:
    bench = Bench(cash="500")
    state = bench.engine.state
    bench.open_position()
    drawdown = state.risk.drawdown
    drawdown.peak_usdt = D(80)  # as after a good week
    for _ in range(3):
        bench.later(1)
        bench.tick("60000")
    assert all_of(bench, Halted)
    assert state.tiers.state.mode is TierMode.HALTED
    assert [a.alert for a in all_of(bench, AlertRaised)].count("HALT") == 1
    assert all_of(bench, TierChanged)[-1].mode is TierMode.HALTED
    (refused,) = only(bench.buy(), OrderRefused)
    assert "TRADING_HALTED" in {f.code for f in refused.failures}
    bench.later(HOUR // SECOND)
    assert only(bench.buy(), OrderRefused), "a halt does not end by itself"


def test_a_loss_realised_at_once_needs_no_confirmation() -> None:
    bench = Bench()
    stop = bench.open_position()
    begin_day(bench, 590)
    bench.fill(stop, "60000")
    assert bench.engine.state.tiers.state.mode is TierMode.EMERGENCY
