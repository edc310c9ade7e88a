"""The gates of the higher tiers, at their lines and one step below them."""

from dataclasses import replace
from decimal import Decimal
from math import isclose, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics import sharpe
from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.time import DAY, HOUR
from genesis.rules import load
from genesis.tiers.days import ClosedDay, daily_returns, drawdown_fraction, profitable_months
from genesis.tiers.desk import TierDesk
from genesis.tiers.further_gates import daily_sharpe, further, probabilistic_sharpe
from genesis.tiers.gate_facts import IcebergResult, TierFacts
from genesis.tiers.gates import evaluate
from genesis.tiers.history import TierHistory
from genesis.tiers.pages import counts_for_the_day
from genesis.tiers.poisson import quantile, tail
from genesis.tiers.state import TierState

D = Decimal
TABLE = load("sniper").tiers
HUNTER, STRATEGIST = TABLE.gates[Tier.HUNTER], TABLE.gates[Tier.STRATEGIST]
assert HUNTER.tilt and STRATEGIST.tilt and TABLE.false_alarms
GROWING = tuple(0.004 + (0.01 if n % 2 else -0.01) for n in range(180))
ABORTED = IcebergResult(0, D(8), True)
READY_BERGS = (IcebergResult(0, D(8), False),) * 18 + (ABORTED,) * 2
DEAR = (*READY_BERGS[1:], IcebergResult(0, D("8.01"), False))
NONE_FILLED = (IcebergResult(0, None, False),) * 20
READY = TierFacts(
    closing_capital_usdt=(D(100_000),) * 3,
    days_at_tier=180,
    trading_days=110,
    profitable_days=61,
    violations=0,
    orders_sent=300,
    orders_in_time=285,
    trades=150,
    won_usdt=D(1300),
    lost_usdt=D(1000),
    drawdown_fraction=D("0.12"),
    profit_usdt=D(1000),
    best_day_usdt=D(200),
    overrides=0,
    warning_days=HUNTER.tilt.warning_days_max,
    locked_days=HUNTER.tilt.locked_days_max,
    page_days=88,
    profitable_months=4,
    returns=GROWING,
    withdrawals=1,
    icebergs=READY_BERGS,
)
NOT_MEASURED = {
    Tier.HUNTER: {"recovery_drill"},
    Tier.STRATEGIST: {"strategies", "strategy_correlation", "backup_restore_drill"},
}


def failed(tier: Tier, **changed: Any) -> set[str]:
    gates = evaluate(tier, replace(READY, **changed), TABLE)
    return {gate.name for gate in gates if not gate.passed} - NOT_MEASURED[tier]


@pytest.mark.parametrize("tier", NOT_MEASURED)
def test_at_every_line_all_gates_pass_that_can_be_measured(tier: Tier) -> None:
    assert failed(tier) == set()


@pytest.mark.parametrize("tier", NOT_MEASURED)
def test_what_nothing_can_measure_is_not_passed_and_says_why(tier: Tier) -> None:
    told = {gate.name: gate for gate in evaluate(tier, READY, TABLE)}
    for name in NOT_MEASURED[tier]:
        assert not told[name].passed
        assert told[name].has.startswith("not measured: ")


@pytest.mark.parametrize(
    ("tier", "changed", "gate"),
    [
        (Tier.HUNTER, {"trades": 149}, "profit_factor"),
        (Tier.HUNTER, {"won_usdt": D("1299.99")}, "profit_factor"),
        (Tier.HUNTER, {"won_usdt": D(0), "lost_usdt": D(0)}, "profit_factor"),
        (Tier.HUNTER, {"drawdown_fraction": D("0.1501")}, "drawdown"),
        (Tier.HUNTER, {"best_day_usdt": D("350.01")}, "best_day"),
        (Tier.HUNTER, {"profit_usdt": D(0), "best_day_usdt": D(0)}, "best_day"),
        (Tier.HUNTER, {"profit_usdt": D(-5), "best_day_usdt": D(5)}, "best_day"),
        (Tier.HUNTER, {"overrides": 1}, "overrides"),
        (Tier.HUNTER, {"warning_days": HUNTER.tilt.warning_days_max + 1}, "warning_days"),
        (Tier.HUNTER, {"locked_days": HUNTER.tilt.locked_days_max + 1}, "locked_days"),
        (Tier.HUNTER, {"page_days": 87}, "pages"),
        (Tier.HUNTER, {"icebergs": ()}, "iceberg_quality"),
        (Tier.HUNTER, {"icebergs": None}, "iceberg_quality"),
        (Tier.HUNTER, {"icebergs": READY_BERGS[:19]}, "iceberg_quality"),
        (Tier.HUNTER, {"icebergs": DEAR}, "iceberg_quality"),
        (Tier.HUNTER, {"icebergs": (*READY_BERGS[1:], ABORTED)}, "iceberg_quality"),
        (Tier.HUNTER, {"icebergs": NONE_FILLED}, "iceberg_quality"),
        (Tier.HUNTER, {"orders_sent": 99, "orders_in_time": 99}, "execution_speed"),
        (Tier.STRATEGIST, {"drawdown_fraction": D("0.1201")}, "drawdown"),
        (Tier.STRATEGIST, {"best_day_usdt": D("200.01")}, "best_day"),
        (Tier.STRATEGIST, {"profitable_months": 3}, "profitable_months"),
        (Tier.STRATEGIST, {"withdrawals": 0}, "withdrawals"),
        (Tier.STRATEGIST, {"orders_in_time": 284}, "execution_speed"),
        (Tier.STRATEGIST, {"overrides": 1}, "overrides"),
    ],
)
def test_one_step_below_a_line_its_gate_alone_fails(tier: Tier, changed: dict, gate: str) -> None:
    assert failed(tier, **changed) == {gate}


def test_icebergs_are_told_as_they_were() -> None:
    told = {gate.name: gate.has for gate in evaluate(Tier.HUNTER, READY, TABLE)}
    assert told["iceberg_quality"] == "8 bps and 10 % aborted, of 20 orders"
    none = evaluate(Tier.HUNTER, replace(READY, icebergs=()), TABLE)
    assert "no iceberg yet" in [gate.has for gate in none]


def test_sharpe_and_its_certainty_are_told_apart() -> None:
    weak = tuple(0.0001 + (0.01 if n % 2 else -0.01) for n in range(180))
    assert failed(Tier.STRATEGIST, returns=weak) == {"sharpe", "sharpe_certainty"}
    short = tuple(0.0012 + (0.01 if n % 2 else -0.01) for n in range(40))
    assert failed(Tier.STRATEGIST, returns=short) == {"sharpe_certainty"}
    for nothing in ((), (0.0,) * 19, (0.0,) * 200, (0.001,) * 200):
        assert failed(Tier.STRATEGIST, returns=nothing) == {"sharpe", "sharpe_certainty"}


RETURNS = st.floats(-0.05, 0.05).map(lambda r: round(r, 12))
"""Squares of far smaller ones are no floats any more."""


@given(st.lists(RETURNS, min_size=25, max_size=80))
def test_the_daily_ratio_is_that_of_analytics(found: list[float]) -> None:
    ours, theirs = daily_sharpe(tuple(found)), sharpe(found)
    if ours is None or not isinstance(theirs, float):
        return
    assert isclose(ours * sqrt(365), theirs, rel_tol=1e-6, abs_tol=1e-9)


def test_the_probabilistic_ratio_by_hand() -> None:
    """Two values half and half: skew 0, raw kurtosis 1, so that the variance term is 1."""
    returns = tuple([0.03, -0.01] * 50)
    ratio = daily_sharpe(returns)
    assert ratio is not None and isclose(ratio, 0.01 / (0.02 * sqrt(100 / 99)))
    assert isclose(probabilistic_sharpe(returns, 0.1), 0.8401, abs_tol=1e-4)  # Phi(.1 * sqrt 99)


# -- days ------------------------------------------------------------------------------------
def day(n: int, pnl: str, start: str = "1000", deposits: str = "0") -> ClosedDay:
    end = D(start) + D(pnl) + D(deposits)
    return ClosedDay(n, D(start), end, D(pnl), D(0), True, D(deposits))


def test_the_drawdown_is_of_the_index_and_not_of_the_money() -> None:
    falls = [day(1, "100"), day(2, "-110", "1100"), day(3, "50", "990")]
    assert drawdown_fraction(falls) == D("0.1")
    refilled = [day(1, "100"), day(2, "-110", "1100", "5000"), day(3, "50", "5990")]
    assert isclose(drawdown_fraction(refilled), 110 / D(6100))
    assert drawdown_fraction([]) == drawdown_fraction([day(1, "5"), day(2, "5")]) == 0
    assert drawdown_fraction([day(1, "-100")]) == D("0.1")  # a first day counts from 1


def test_days_on_which_nothing_ran_are_returns_of_zero() -> None:
    assert daily_returns([day(5, "10"), day(8, "-20")]) == (0.01, 0.0, 0.0, -0.02)
    assert daily_returns([]) == ()


def test_months_are_whole_calendar_months_that_are_over() -> None:
    jan, feb, march = 19_723, 19_754, 19_783  # of 2024
    found = [day(jan + 30, "5"), day(feb, "-1"), day(march - 1, "2"), day(march, "7")]
    assert profitable_months(found, march, 6) == 2
    assert profitable_months(found, march, 1) == 1
    assert profitable_months(found, march + 31, 2) == 2
    assert profitable_months([day(feb, "-1")], march, 6) == 0


flow = st.decimals(1, 900, places=2)


@given(st.lists(st.tuples(st.decimals(-50, 50, places=2), flow), min_size=1, max_size=20))
def test_i25_money_in_and_out_again_moves_no_result_and_no_drawdown(found: list) -> None:
    """A pair of flows within a day, the same sum in and out, leaves what gates see as it was."""
    plain, flowed = TierHistory(30), TierHistory(30)
    equity = D(5000)
    for history in (plain, flowed):
        history.begin(0, equity, D(0))
    for n, (pnl, amount) in enumerate(found, start=1):
        equity += pnl
        flowed.flow(n * DAY - HOUR, -amount)
        flowed.flow(n * DAY - HOUR // 2, amount)
        for history in (plain, flowed):
            history.traded()
            history.begin(n, equity, D(0))
    assert [d.pnl_usdt for d in plain.days] == [d.pnl_usdt for d in flowed.days]
    ours, theirs = (h.facts(0, 40 * DAY, HUNTER) for h in (plain, flowed))
    assert ours.profitable_days == theirs.profitable_days
    assert (ours.drawdown_fraction, ours.returns) == (theirs.drawdown_fraction, theirs.returns)
    assert ours.best_day_usdt == theirs.best_day_usdt


# -- what history gathers --------------------------------------------------------------------
def test_history_gathers_what_the_gates_ask_for() -> None:
    history = TierHistory(30)
    history.begin(0, D(1000), D(0))
    history.trade_closed(HOUR, D("13"))
    history.trade_closed(HOUR, D("-10"))
    history.traded()
    history.page(HOUR)
    history.page(2 * HOUR)  # the day counts once
    history.tilted(HOUR, TiltLevel.WARNING)
    history.tilted(2 * HOUR, TiltLevel.LOCKED)
    history.overridden(HOUR)
    history.flow(3 * HOUR, D(-100))
    history.begin(1, D(903), D(-100))
    history.page(DAY + HOUR)  # a day without a trade
    history.begin(2, D(903), D(-100))
    facts = history.facts(0, 2 * DAY, HUNTER)
    assert (facts.trades, facts.won_usdt, facts.lost_usdt) == (2, 13, 10)
    assert (facts.page_days, facts.trading_days, facts.withdrawals) == (1, 1, 1)
    assert (facts.warning_days, facts.locked_days, facts.overrides) == (1, 1, 1)
    assert (facts.profit_usdt, facts.best_day_usdt) == (3, 3)
    later = history.facts(0, 60 * DAY + 2 * HOUR, HUNTER)
    assert (later.warning_days, later.locked_days, later.overrides) == (0, 0, 0)
    assert history.facts(DAY, 2 * DAY, HUNTER).withdrawals == 0  # before the tier


# -- limits of the tilt gates ----------------------------------------------------------------
@given(st.floats(0.01, 40), st.floats(0.5, 0.999))
def test_a_quantile_is_the_smallest_count_that_covers_the_share(mean: float, share: float) -> None:
    count = quantile(mean, share)
    assert 1 - tail(mean, count) >= share - 1e-9
    assert not count or 1 - tail(mean, count - 1) < share + 1e-9


def test_poisson_by_hand() -> None:
    assert [quantile(1.0, share) for share in (0.3, 0.5, 0.95, 0.999)] == [0, 1, 3, 5]
    assert isclose(tail(1.0, 0), 0.6321205588285577)
    assert quantile(0.0, 0.99) == 0


@pytest.mark.parametrize("rules", [HUNTER.tilt, STRATEGIST.tilt])
def test_a_calm_trader_is_blocked_by_tilt_gates_at_most_five_percent_of_the_time(rules) -> None:
    """At the published rates, whatever the two counts have to do with each other."""
    weeks = rules.window_days / 7
    warnings = tail(float(TABLE.false_alarms.warnings_per_week) * weeks, rules.warning_days_max)
    locks = tail(float(TABLE.false_alarms.locks_per_week) * weeks, rules.locked_days_max)
    assert warnings + locks <= 0.05
    closer = tail(float(TABLE.false_alarms.warnings_per_week) * weeks, rules.warning_days_max - 1)
    assert closer > 0.025  # and no laxer than that


def test_sniper_asks_for_none_of_it() -> None:
    assert further(READY, TABLE.gates[Tier.SNIPER]) == ()


@pytest.mark.parametrize(
    ("words", "accepted", "reasons", "counts"),
    [
        (520, True, (), True),
        (120, False, ("too_short",), True),
        (120, False, (), True),  # a log from before there were several reasons
        (99, False, ("too_short",), False),
        (120, False, ("too_short", "paste"), False),
        (120, False, ("too_short", "repetitive", "too_fast"), False),
        (520, False, ("paste",), False),
    ],
)
def test_a_page_of_the_day_may_be_short_but_is_written(
    words: int, accepted: bool, reasons: tuple[str, ...], counts: bool
) -> None:
    reason = "accepted" if accepted else (reasons or ("too_short",))[0]
    page = JournalAssessed(1, "a" * 64, words, accepted, reason, reasons=reasons)
    gates = load("sniper").tiers.gates[Tier.HUNTER]
    assert counts_for_the_day(page, gates.pages) is counts


def test_a_page_that_an_intervention_asked_for_is_one_of_its_day() -> None:
    """Gates count days with a page; no second text is asked of a trader who has written one."""
    desk = TierDesk(TABLE)
    desk._state = TierState(Tier.HUNTER, TierMode.ACTIVE, 0)
    desk.page(JournalAssessed(1, "a" * 64, 520, True, "accepted"), is_taken=True)
    assert desk.history.has_page(1)
    assert not desk.page_done
