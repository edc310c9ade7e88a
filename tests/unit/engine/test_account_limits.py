"""Limits of the account in the whole flow: empty days, trades of the day, one bad tick."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import FeedLost, FeedRestored, FlowReported, OrderRejected
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import AlertRaised, BreakerMoved, CommandAnswered, OrderRefused
from genesis.domain.time import DAY
from genesis.engine.step import Step
from genesis.risk.breakers import Level
from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, only, submits

D = Decimal


def codes(step: Step) -> set[str]:
    return {f.code for refused in only(step, OrderRefused) for f in refused.failures}


def alerts(bench: Bench) -> list[str]:
    return [fact.alert for step in bench.steps for fact in only(step, AlertRaised)]


# -- a day that begins with nothing ----------------------------------------------------------
def test_the_first_fee_of_an_account_that_was_empty_demotes_nobody() -> None:
    bench = Bench(cash="0", price="60000")
    bench.tell(FlowReported(bench.now_ns, "USDT", D(500), "deposit", "d1"))
    (entry,) = submits(bench.buy("25"))
    bench.accept(entry.key)
    (stop,) = submits(bench.fill(entry, "60000"))
    bench.accept(stop.key)
    for _ in range(5):
        bench.later(1)
        bench.tick("60010")
    assert alerts(bench) == []
    assert bench.engine.state.tiers.state.mode is TierMode.ACTIVE
    assert bench.engine.state.risk.drawdown.day_equity_usdt == 500


# -- one bad tick ----------------------------------------------------------------------------
def test_one_bad_tick_blocks_entries_for_a_moment_and_costs_no_day() -> None:
    bench = Bench(cash="4000", price="60000")
    bench.open_position("60000")
    bench.later(5)
    bench.tick("20000")
    assert {"WARNING", "CRITICAL"}.isdisjoint(alerts(bench))
    assert "BREACH_UNCONFIRMED" in {f.code for f in bench.engine.gate.forbids(SYMBOL)}
    bench.later(1)
    bench.tick("60000")
    assert not bench.engine.gate.forbids(SYMBOL)
    assert not [fact for step in bench.steps for fact in only(step, BreakerMoved)]
    assert not bench.engine.state.risk.drawdown.warned_today


def test_a_price_that_stays_ends_new_risk_for_the_day() -> None:
    bench = critical()
    assert {"WARNING", "CRITICAL"} <= set(alerts(bench))
    found = {f.code: f.until_ns for f in bench.engine.gate.forbids(SYMBOL)}
    assert found["DRAWDOWN_CRITICAL"] == (bench.now_ns // DAY + 1) * DAY


def critical() -> Bench:
    """The fall from the peak is critical, and no halt: 56 of 50 and of 75 USDT."""
    bench = Bench(cash="4000", price="60000")
    bench.open_position("60000")
    for _ in range(4):
        bench.later(1)
        bench.tick("26000")
    return bench


# -- limits and tilt -------------------------------------------------------------------------
def deposit(bench: Bench) -> int:
    """Its points."""
    bench.tell(FlowReported(bench.now_ns, "USDT", D(500), "deposit", f"d{bench.now_ns}"))
    return bench.engine.state.tilt.score(bench.now_ns).contributions.get("deposit", 0)


def test_a_critical_fall_is_caution_whatever_the_score() -> None:
    bench = critical()
    tilt = bench.engine.state.tilt
    assert tilt.state.level is TiltLevel.CAUTION
    assert tilt.score(bench.now_ns).score < 40


def test_money_added_after_a_critical_fall_is_evidence_for_two_hours() -> None:
    bench = critical()
    assert deposit(bench) > 0
    bench = critical()
    bench.later(2 * 3600 + 60)
    assert deposit(bench) == 0


def day_lost() -> Bench:
    """The loss of the day is beyond its limit: 76 of 500 USDT."""
    bench = Bench()
    bench.engine.state.risk.drawdown.day_base_usdt = D(576)
    return bench


def day_given_back() -> Bench:
    """20 USDT are left of 60 that the day had earned."""
    bench = Bench()
    state = bench.engine.state
    drawdown = state.risk.drawdown
    drawdown.start_day(bench.now_ns, D(440), D(0), state.limits, state.rules.risk)
    bench.engine.discipline.marked()
    assert drawdown.floor_is_armed
    drawdown.day_base_usdt = D(480)
    return bench


@pytest.mark.parametrize(
    ("made", "limit"), [(day_lost, "DAILY_LOSS"), (day_given_back, "GIVE_BACK")]
)
def test_money_added_after_any_limit_that_ends_his_day_is_evidence(
    made: Callable[[], Bench], limit: str
) -> None:
    bench = made()
    facts = bench.engine.discipline.marked()
    found = {fact.alert for fact in facts if isinstance(fact, AlertRaised)}
    assert limit in found and "CRITICAL" not in found
    assert deposit(bench) > 0


def test_a_fault_of_a_feed_is_not_the_traders_doing() -> None:
    bench = Bench(price="60000")
    bench.tell(FeedLost(bench.now_ns, "market", "silent"))
    bench.later(30)
    bench.tell(FeedRestored(bench.now_ns, "market"))
    assert bench.engine.state.risk.breakers.level() is Level.SYSTEM
    assert deposit(bench) == 0


def test_under_older_rules_no_limit_is_heeded() -> None:
    bench = Bench(cash="4000", price="60000")
    bench.engine.set_rules(
        parse(bench.rules.text.replace("[tilt.interventions.limits]\nheeded = true\n", ""))
    )
    bench.open_position("60000")
    for _ in range(4):
        bench.later(1)
        bench.tick("26000")
    assert "CRITICAL" in alerts(bench)
    assert bench.engine.state.tilt.state.level is TiltLevel.NORMAL
    assert deposit(bench) == 0


# -- trades of the day -----------------------------------------------------------------------
def bid(bench: Bench) -> Step:
    """A limit order far below the market."""
    bench.later(60)
    bench.tick("60000")
    return bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(20),
        price=D(59_000),
    )


def test_orders_that_never_filled_are_no_trades_of_the_day() -> None:
    bench = Bench(price="60000")
    risk = bench.engine.state.risk
    for number in range(12):
        (entry,) = submits(bid(bench))
        if number % 2:
            bench.tell(OrderRejected(bench.now_ns, entry.key, "-2010", "no funds"))
            risk.breakers.__init__()  # failed orders trip a breaker: another matter
        else:
            bench.accept(entry.key)
            bench.cancelled(entry.key)
    assert bench.engine.view.trades_today == 0


def test_a_trade_counts_once_however_many_fills_it_takes() -> None:
    bench = Bench(price="60000")
    (entry,) = submits(bench.buy("25"))
    bench.accept(entry.key)
    assert bench.engine.view.trades_today == 1, "it may still fill"
    half = str(entry.request.qty / 2)
    first = bench.fill(entry, "60000", half)
    bench.tell(first.event)  # told twice
    assert bench.engine.view.trades_today == 1
    bench.fill(entry, "60000", half)
    assert bench.engine.view.trades_today == 1
    assert bench.engine.state.risk.pace.used(bench.now_ns, bench.rules.risk.pace) == 1


def test_a_fill_that_crossed_its_cancel_is_a_trade() -> None:
    bench = Bench(price="60000")
    (entry,) = submits(bid(bench))
    bench.accept(entry.key)
    bench.cancelled(entry.key)
    assert bench.engine.view.trades_today == 0
    bench.fill(entry, "59000")
    assert bench.engine.view.trades_today == 1


def test_resting_orders_do_not_overrun_the_trades_of_the_day() -> None:
    bench = Bench(price="60000")
    risk, now_ns = bench.engine.state.risk, bench.now_ns
    for _ in range(9):
        risk.trade_opened(now_ns)
    (entry,) = submits(bid(bench))
    bench.accept(entry.key)
    assert "TRADES_PER_DAY" in codes(bid(bench))
    bench.cancelled(entry.key)
    assert submits(bid(bench))


def test_under_older_rules_each_order_sent_is_a_trade() -> None:
    bench = Bench(price="60000")
    text = re.sub(r"\n\[risk\.trades\]\n[^\[]*", "\n", bench.rules.text)
    bench.engine.set_rules(parse(text))
    (entry,) = submits(bid(bench))
    bench.accept(entry.key)
    bench.cancelled(entry.key)
    assert bench.engine.view.trades_today == 1
    (entry,) = submits(bench.buy("25"))
    bench.fill(entry, "60000")
    assert bench.engine.view.trades_today == 2


# -- a part of a position --------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["trade", "close"])
def test_an_amount_cannot_be_sold_without_a_price_and_all_of_it_can(verb: str) -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    bench.engine.state.market.symbols[SYMBOL].last = None
    asked = {"side": Side.SELL, "reduces_risk": True}
    step = bench.act(verb, "ORDER_SUBMIT", amount_usdt=D(10), **asked)
    (told,) = only(step, CommandAnswered)
    assert not told.accepted
    assert told.text == "BTC/USDT has no price yet; `close` sells all of it without one"
    assert not step.commands
    step = bench.act("close", "ORDER_SUBMIT", **asked)
    (told,) = only(step, CommandAnswered)
    assert told.accepted
    assert submits(bench.cancelled(stop.key))
