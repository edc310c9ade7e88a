"""How sure a run is: intervals of its own trades, and odds that a planted edge earns."""

from dataclasses import replace

import numpy as np
import pytest

from genesis.analytics import NoValue, bootstrap_interval, daily_returns, min_track_record, psr
from genesis.research.backtest import backtest
from genesis.research.how_sure import _longest, how_sure
from genesis.research.made_up import noise, swings
from genesis.research.result import BacktestResult

PLAN = {"rules": "research", "fill": "next_open", "cash": 1000}


@pytest.fixture(scope="module")
def run() -> BacktestResult:
    return backtest("mean_reversion", swings(30, 0, "5m", pull=0.05), **PLAN)


def test_longest_runs():
    rows = np.array([[0, 0, 0, 0], [1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1]], bool)
    assert _longest(rows).tolist() == [0, 2, 3, 4]


def test_it_is_what_the_statistics_say_of_the_run(run: BacktestResult):
    found = how_sure(run)
    daily = daily_returns(run.equity.index.to_numpy() - 1, run.equity.to_numpy(), 1000.0)
    assert found.expectancy == bootstrap_interval(run.trades["pnl"])
    assert (found.odds, found.needed_days) == (psr(daily), min_track_record(daily))
    assert found.streak == run.metrics["longest_losing_streak"]
    assert (found.trades, found.days) == (len(run.trades), 30)
    assert found.is_evidence
    assert f"{found.odds:.0%}" in repr(found)


def test_the_streaks_are_those_of_other_orders(run: BacktestResult):
    found, lost = how_sure(run), int((run.trades["pnl"] < 0).sum())
    assert 1 <= found.streaks.min() <= np.median(found.streaks) <= found.streaks.max() <= lost
    assert len(np.unique(found.streaks)) > 2


def test_evidence_takes_both_the_odds_and_the_interval(run: BacktestResult):
    found = how_sure(run)
    crossing = replace(found.expectancy, low=-0.01)
    none = NoValue("too few")
    for lacking in ({"odds": 0.94}, {"odds": none}, {"expectancy": crossing}, {"expectancy": none}):
        assert not replace(found, **lacking).is_evidence


def test_a_short_run_has_no_figures_and_says_why():
    short = backtest("sma_cross", noise(5), params={"bar": "1h"}, **PLAN)
    found = how_sure(short)
    assert not found.is_evidence
    assert "at least" in repr(found)
    assert "nan" not in found._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_is_no_evidence(seed: int):
    lucky = backtest(
        "sma_cross", noise(200, seed), params={"fast": 12, "slow": 60, "bar": "1h"}, **PLAN
    )
    assert not how_sure(lucky).is_evidence
