"""The skipping driver decides what the engine decides that is fed every tick: equal digests."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.keeping import RefusalsCounted
from genesis.domain.outcomes import BreakerMoved
from genesis.domain.time import SECOND
from genesis.research import BacktestResult, SampledLatency, Ticks, backtest
from tests.support.markets import (
    START_NS,
    wandering_ticks,
    with_changing_tops,
    with_tops,
)

PARAMS = {"fast": 3, "slow": 7}
MS = SECOND // 1_000
SAMPLED = SampledLatency(
    (10 * MS, 60 * MS, 4_000 * MS), (20 * MS, 300 * MS, 9_000 * MS), (5 * MS, 120 * MS, 7_000 * MS)
)
"""Tails so long that messages would overtake each other."""
TIGHT = """
name = "tight"
[market]
portfolio = "none"
[risk]
adaptive = "none"
daily_loss_fraction = 0.02
[risk.tiers.SNIPER]
position_fraction = 1
risk_fraction = 1
exposure_fraction = 1
max_trades_per_day = "none"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 2
warning_daily_usdt = 4
critical_total_usdt = 9
halt_total_usdt = 25
"""


@pytest.fixture(scope="module")
def days() -> Ticks:
    return wandering_ticks(350_000, agility=4.0)


@pytest.fixture(scope="module")
def hours() -> Ticks:
    return wandering_ticks(20_000, agility=6)


def both(ticks: Ticks, **asked: object) -> tuple[BacktestResult, BacktestResult]:
    settings_ = {"params": PARAMS, **asked}
    skipping = backtest("sma_cross", ticks, **settings_)
    every = backtest("sma_cross", ticks, every_tick=True, **settings_)
    return skipping, every


def assert_same(skipping: BacktestResult, every: BacktestResult) -> None:
    """Name the first difference; the digest alone would only say that there is one."""
    for ours, theirs in zip(_decisions(skipping), _decisions(every), strict=False):
        assert ours == theirs
    assert skipping.decision_digest == every.decision_digest
    assert skipping.fees == every.fees


def _decisions(result: BacktestResult) -> list[object]:
    return [record for step in result.steps for record in (*step.outcomes, *step.commands)]


def _codes(result: BacktestResult) -> set[str]:
    return {code for codes in result.refusals["codes"] for code in codes.split(",")}


@pytest.mark.parametrize("latency", [None, (50, 300, 120), (0, 70_000, 500)])
@pytest.mark.parametrize("stop", [None, 0.003])
@pytest.mark.parametrize("fill", ["bar_close", "next_tick"])
@pytest.mark.parametrize("rules", ["research", "sniper"])
def test_same_digest(hours, rules, fill, stop, latency):
    skipping, every = both(
        hours, rules=rules, fill=fill, stop_fraction=stop, latency=latency, cash=5_000
    )
    assert len(skipping.trades) >= 2
    assert_same(skipping, every)


@pytest.mark.parametrize("fill", ["bar_close", "next_tick"])
def test_same_digest_with_latencies_that_are_drawn(hours, fill):
    """A tick that is skipped draws nothing, and what is drawn for the others does not move."""
    asked = {"rules": "sniper", "fill": fill, "stop_fraction": 0.003, "cash": 5_000}
    skipping, every = both(hours, latency=SAMPLED, **asked)
    assert len(skipping.trades) >= 2
    assert_same(skipping, every)


def test_same_digest_over_days_with_an_empty_hour_at_midnight(days):
    skipping, every = both(days, rules="sniper", stop_fraction=0.004, cash=2_000)
    assert "DayStarted" in {type(record).__name__ for record in _decisions(skipping)}
    assert_same(skipping, every)


def test_same_digest_when_equity_limits_are_touched_inside_bars(hours, tmp_path: Path):
    rules = tmp_path / "tight.toml"
    rules.write_text(TIGHT)
    skipping, every = both(hours, rules=rules, stop_fraction=0.3, cash=500)
    raised = {getattr(record, "alert", "") for record in _decisions(skipping)}
    assert {"INFO", "WARNING"} <= raised
    assert_same(skipping, every)


MARKETS = """
name = "markets"
[market.states]
bars_min = 30
window_s = 21600
atr_bars = 3
[market.states.panic]
range_quantile = 0.97
[market.states.dead]
spread_factor = 1.2
volume_quantile = 0.2
[risk.tiers.SNIPER]
max_trades_per_day = "none"
"""


@pytest.mark.parametrize("bar", ["1m", "5m", "2m"])
@pytest.mark.parametrize("latency", [None, (50, 300, 120)])
def test_same_digest_in_every_state_of_the_market(days, tmp_path: Path, bar, latency):
    """Bars of a minute are judged, whatever bars the strategy wants; it sees its own only."""
    rules = tmp_path / "markets.toml"
    rules.write_text(MARKETS)
    params = {"fast": 2, "slow": 3, "bar": bar}
    asked = {"rules": rules, "params": params, "latency": latency, "cash": 9_000}
    skipping, every = both(days, **asked)
    states = {getattr(record, "new", None) for record in _decisions(skipping)}
    assert {"NORMAL", "VOLATILE", "PANIC"} <= states
    assert "MARKET_PANIC" in _codes(skipping)
    assert_same(skipping, every)


def test_same_digest_where_spreads_are_wide_and_nothing_trades(tmp_path: Path):
    rules = tmp_path / "markets.toml"
    rules.write_text(MARKETS)
    quoted = with_changing_tops(wandering_ticks(40_000, agility=2))
    skipping, every = both(quoted, rules=rules, fill="book", params={"fast": 2, "slow": 3})
    states = {getattr(record, "new", None) for record in _decisions(skipping)}
    assert {"NORMAL", "VOLATILE", "PANIC", "DEAD"} <= states
    assert "LIMIT_ORDERS_ONLY" in _codes(skipping)
    assert_same(skipping, every)


WHOLE = """
name = "whole"
[market.whole]
slot_s = 60
window_s = 7200
slots_min = 30
[market.whole.crash]
span_s = 600
fall = 0.01
sigmas = 1
rest_s = 900
recovery_s = 1800
[market.whole.bull]
trend = 0.002
[market.whole.bear]
trend = 0.002
[market.whole.course]
exit_margin = 0.001
[market.portfolio]
loss_fraction = 0.001
[risk]
streak = "none"
[risk.adaptive]
results_min = 5
results_count = 8
[risk.tiers.SNIPER]
max_trades_per_day = "none"
"""


@pytest.mark.parametrize("latency", [None, (50, 300, 120)])
def test_same_digest_in_every_state_of_all_markets(days, tmp_path: Path, latency):
    """Sizes follow the market as a whole, a bad day and what the strategy has shown."""
    rules = tmp_path / "whole.toml"
    rules.write_text(WHOLE)
    asked = {"rules": rules, "params": {"fast": 2, "slow": 3}, "latency": latency, "cash": 9_000}
    skipping, every = both(days, **asked)
    states = {getattr(record, "new", None) for record in _decisions(skipping)}
    assert {"BULL", "CRAB", "BEAR", "CRASH", "RECOVERY"} <= states
    shares = {
        share
        for record in _decisions(skipping)
        for name, share in getattr(record, "limits_used", ())
        if name == "multiplier"
    }
    assert {Decimal("0.25"), Decimal("0.5")} <= shares
    papered = [record for record in _decisions(skipping) if isinstance(record, BreakerMoved)]
    assert {"HALF_OPEN"} <= {record.state for record in papered}
    assert_same(skipping, every)


FLOORS = """
name = "floors"
[market]
portfolio = "none"
[risk]
adaptive = "none"
daily_loss_fraction = "none"
streak = "none"
[risk.breakers.strategy]
losses_max = 3
rest_s = 1800
[risk.give_back]
armed_factor = 1
floor_factor = 0.5
[risk.tiers.SNIPER]
position_fraction = 1
risk_fraction = 1
exposure_fraction = 1
max_trades_per_day = "none"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 100
warning_daily_usdt = 1.5
critical_total_usdt = 90
halt_total_usdt = 100
[risk.tiers.SNIPER.rolling]
days = [1, 2, 7]
losses_usdt = [0.9, 2, 4]
multipliers = [0.9, 0.8, 0.7]
"""


def test_same_digest_when_floors_and_windows_are_touched_inside_bars(days, tmp_path: Path):
    """A good day's floor is fixed and fallen back to, windows of days reach their limits, and
    a strategy rests between times.
    """
    rules = tmp_path / "floors.toml"
    rules.write_text(FLOORS)
    skipping, every = both(days, rules=rules, stop_fraction=0.3, cash=500)
    assert_same(skipping, every)
    raised = {getattr(record, "alert", "") for record in _decisions(skipping)}
    assert {"GIVE_BACK_ARMED", "GIVE_BACK", "NEAR_ROLLING_1D", "ROLLING_1D"} <= raised
    assert {"GIVE_BACK_REACHED", "STRATEGY_RESTS"} <= set(skipping.refusals.code)


def test_same_digest_with_the_pauses_after_losses(hours, tmp_path: Path):
    rules = tmp_path / "whole.toml"
    rules.write_text('name = "whole"\n[risk]\nadaptive = "none"\n')
    skipping, every = both(hours, params={"fast": 1, "slow": 2}, rules=rules, cash=2_000)
    assert "COOLDOWN_ACTIVE" in set(skipping.refusals.code)
    assert any(isinstance(record, RefusalsCounted) for record in _decisions(skipping))
    assert_same(skipping, every)


@pytest.mark.parametrize("latency", [None, (20, 100, 50), SAMPLED])
@pytest.mark.parametrize("fill", ["book", "next_tick"])
def test_same_digest_with_a_book_and_resting_bids(fill, latency):
    """A spread of 2 USDT on 60,000: far too narrow to earn, wide enough to be hit."""
    market = with_tops(wandering_ticks(3_000, agility=2), spread=200)
    asked = {"min_edge_bps": -21, "target_bps": 1, "rest_s": 3, "hold_s": 20}
    skipping, every = (
        backtest(
            "spread_capture",
            market,
            params=asked,
            rules="sniper",
            fill=fill,
            latency=latency,
            every_tick=every_tick,
        )
        for every_tick in (False, True)
    )
    assert "MAKER" in set(skipping.fills.liquidity)
    assert_same(skipping, every)


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(st.tuples(st.integers(0, 900), st.integers(-40, 40)), min_size=40, max_size=250),
    fill=st.sampled_from(["bar_close", "next_tick"]),
    stop=st.sampled_from([None, 0.001, 0.004]),
    latency=st.sampled_from([None, (1, 2, 3), (0, 1_500, 250), SAMPLED]),
)
def test_same_digest_on_any_market(moves, fill, stop, latency):
    """Bars of one second, stamps on a grid of 50 ms so that ticks fall on boundaries and on
    each other, prices that jump over the stop.
    """
    steps = np.array(moves)
    ts = START_NS + np.cumsum(steps[:, 0] // 100 * 50_000_000)
    price = 100 + np.maximum(np.cumsum(steps[:, 1]), -9_000) / 100
    ticks = Ticks.from_arrays("BTC/USDT", ts, price, np.ones(len(ts)), np.zeros(len(ts), bool))
    asked = {"fast": 1, "slow": 2, "bar": "1s"}
    skipping, every = both(
        ticks, params=asked, rules="research", fill=fill, stop_fraction=stop, latency=latency
    )
    assert_same(skipping, every)


def test_every_bar_reaches_the_strategy_once_in_both_forms(hours):
    """Guards the comparison itself: a driver that loses bars in both forms would pass above."""
    columns = hours.columns
    seen = [len(set((columns.ts_ns // (60 * SECOND)).tolist())) - 1]
    rows = columns.bars(60 * SECOND)
    assert [len(rows.close)] == seen


def test_same_digest_in_another_process_under_another_hash_seed(hours):
    asked = {"params": PARAMS, "rules": "sniper", "stop_fraction": 0.003}
    here = [backtest("sma_cross", hours, latency=lag, **asked) for lag in (None, SAMPLED)]
    code = (
        "from tests.parity.test_skipping import SAMPLED;"
        "from tests.support.markets import wandering_ticks;"
        "from genesis.research import backtest;"
        "hours = wandering_ticks(20_000, agility=6);"
        "asked = {'params': {'fast': 3, 'slow': 7}, 'rules': 'sniper', 'stop_fraction': 0.003};"
        "runs = [backtest('sma_cross', hours, latency=lag, **asked) for lag in (None, SAMPLED)];"
        "print(*(run.decision_digest for run in runs))"
    )
    for seed in ("0", "4242"):
        there = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.split() == [one.decision_digest for one in here]
    assert here[0].decision_digest != here[1].decision_digest
