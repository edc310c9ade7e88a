"""A run beside what takes no skill: exact on its own trades, calibrated, and it shows itself."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from genesis.analytics import EntryOdds, NoValue
from genesis.errors import UsageError
from genesis.research import Bars, Fees, backtest, baselines
from genesis.research.baseline import Baselines
from genesis.research.beside import trades_of
from tests.support.calibration import is_uniform
from tests.support.markets import wandering_ticks
from tests.support.walking import FREE, OneHour, noise_bars, rising_hours, wave_bars

PLAN: dict[str, Any] = {**FREE, "fees": Fees(10, 10), "params": {"fast": 3, "slow": 8}}


def ran(market: Bars, **asked: Any) -> Baselines:
    return baselines(backtest("sma_cross", market, **{**PLAN, **asked}))


def odds_of(found: Baselines) -> EntryOdds:
    assert isinstance(found.odds, EntryOdds)
    return found.odds


@pytest.fixture(scope="module")
def found() -> Baselines:
    from genesis.research.backtest import backtest as uncounted

    return baselines(uncounted("sma_cross", noise_bars(600, 4), **PLAN), seed=3)


def row(found: Baselines, name: str) -> "pd.Series[Any]":
    return pd.DataFrame(found.table).set_index("run").loc[name]


def test_what_the_run_earned_is_all_of_its_account(found: Baselines) -> None:
    earned = found.run.metrics["final_equity_usdt"] - 1_000
    assert odds_of(found).earned == pytest.approx(earned, abs=1e-9)
    assert row(found, "the run")["return_fraction"] == pytest.approx(earned / 1_000)
    held = ran(wave_bars(215))
    assert held.run.positions, "one is still open, and counts"
    assert odds_of(held).earned == pytest.approx(held.run.metrics["final_equity_usdt"] - 1_000)
    assert odds_of(held).trades == len(held.run.trades) + 1
    spans = trades_of(held.run)
    assert spans["exit_ns"].iloc[-1] >= held.run.equity.index[-1], "it is held to the end"
    assert (spans["exit_ns"] > spans["entry_ns"]).all()


@pytest.mark.parametrize("fill", ["next_tick", "bar_close"])
def test_on_ticks_and_by_the_rules_as_well(fill: str) -> None:
    ticks = wandering_ticks(9_000, agility=4)
    run = backtest("sma_cross", ticks, params={"fast": 2, "slow": 5}, cash=2_000, fill=fill,
                   fees=Fees(asset="quote"))  # fmt: skip
    beside = baselines(run)
    assert len(run.trades) > 2
    earned = run.metrics["final_equity_usdt"] - 2_000
    assert odds_of(beside).earned == pytest.approx(earned, abs=1e-6)


def test_holding_pays_both_fees(found: Baselines) -> None:
    c = found.run.market
    growth = float(c.closes[-1] / c.opens[0])
    kept = 0.999 * growth * 0.999
    assert row(found, "buy and hold")["return_fraction"] == pytest.approx(kept - 1, rel=1e-9)
    size = (found.run.trades["entry_price"] * found.run.trades["qty"]).to_numpy()
    size = (
        np.append(size, [p.entry_price * p.qty for p in found.run.positions]).astype(float).mean()
    )
    at_size = row(found, "held at its size")["return_fraction"]
    assert at_size == pytest.approx(size / 1_000 * (kept - 1), rel=1e-6)
    assert row(found, "cash")["return_fraction"] == 0
    path = 0.999 * np.append(1.0, c.closes / c.opens[0])
    path[-1] *= 0.999
    peak = np.maximum(np.maximum.accumulate(path), 1)
    assert row(found, "buy and hold")["fall"] == pytest.approx((1 - path / peak).max())


def test_time_in_the_market(found: Baselines) -> None:
    trades = found.run.trades
    inside = (trades["exit_ts_ns"] - trades["entry_ts_ns"]).sum() / 6e10 / 600
    assert row(found, "the run")["in_market"] == pytest.approx(inside, abs=0.02)
    assert row(found, "random entry")["in_market"] == row(found, "the run")["in_market"]


def test_chance_pays_the_same_costs() -> None:
    """Ten times the fees move run and chance alike: the comparison stays."""
    cheap, dear = ran(noise_bars(500, 5)), ran(noise_bars(500, 5), fees=Fees(100, 100))
    assert odds_of(dear).p_value == pytest.approx(odds_of(cheap).p_value, abs=0.03)
    assert odds_of(dear).earned < odds_of(cheap).earned - 10


def test_an_edge_is_found_and_noise_is_not() -> None:
    assert odds_of(ran(wave_bars(320))).p_value < 0.01
    p = [odds_of(ran(noise_bars(240, 100 + seed))).p_value for seed in range(10)]
    assert is_uniform(p)


@pytest.mark.long
def test_p_values_of_a_strategy_in_noise_are_uniform() -> None:
    p = [odds_of(ran(noise_bars(1_500, 300 + seed))).p_value for seed in range(200)]
    assert is_uniform(p)


def test_it_shows_itself_coverage_first(found: Baselines) -> None:
    assert found.summary()[0][0] == "coverage"
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == repr(found)
    assert "600 bars" in bundle["text/plain"].splitlines()[0]
    assert "beats entries by chance" in bundle["text/html"]
    assert "nan" not in bundle["text/html"]
    figure = found.plot()
    assert sum(figure.data[0].y) == pytest.approx(1.0)
    at = odds_of(found).earned / 1_000
    assert figure.layout.shapes[0].x0 == pytest.approx(at)
    assert list(found.table["run"]) == [
        "the run", "buy and hold", "held at its size", "cash", "random entry",
    ]  # fmt: skip


def test_a_run_without_a_trade_has_no_odds() -> None:
    run = backtest(OneHour(OneHour.Params(9)), rising_hours(1), **FREE)
    beside = baselines(run)
    assert isinstance(beside.p_value, NoValue)
    assert "there is no trade" in repr(beside)
    assert "there is no trade" in beside._repr_mimebundle_()["text/html"]
    with pytest.raises(UsageError, match="nothing to draw: there is no trade"):
        beside.plot()


def test_bad_input(found: Baselines) -> None:
    with pytest.raises(UsageError, match="at least 100"):
        baselines(found.run, draws=10)
    market = noise_bars(60, 1)
    other = Bars.from_arrays(
        "ETH/USDT", market.columns.open_ts_ns, *([np.full(60, 10.0)] * 4), np.ones(60)
    )
    both = backtest("sma_cross", [market, other], **PLAN)
    with pytest.raises(UsageError, match="one symbol"):
        baselines(both)
