"""A sweep: what it tries, what it refuses, what it counts, and that every runner finds the same."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis.errors import DataError, InvariantBroken, StrategyFailed, UsageError
from genesis.research import (
    Bars,
    BarsAt,
    Fees,
    Latency,
    Ticks,
    TicksAt,
    backtest,
    sweep,
    trial_count,
    trials,
)
from genesis.research.swept import MOST_BYTES
from genesis.strategy.sma_cross import SmaCross
from tests.support.markets import START_NS, wandering_ticks, with_tops
from tests.support.signals import Breakout, Heir, Liar

MINUTE = 60_000_000_000
GRID = {"fast": [4, 2, 3], "slow": [3, 6, 9]}
ON_BARS = {"rules": "research", "fill": "next_open", "cash": 1_000_000, "qty": 1}


def wandering_bars(rows: int = 400, seed: int = 5, width: str = "1m") -> Bars:
    rng = np.random.Generator(np.random.PCG64(seed))
    close = np.round(100 * np.exp(np.cumsum(rng.standard_normal(rows) * 2e-3)), 2)
    opens = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opens, close) + 0.01, np.minimum(opens, close) - 0.01
    times = START_NS + np.arange(rows) * MINUTE * (5 if width == "5m" else 1)
    return Bars.from_arrays(
        "BTC/USDT", times, opens, np.round(high, 2), np.round(low, 2), close, np.ones(rows), width
    )


@pytest.fixture(scope="module")
def bars() -> Bars:
    return wandering_bars()


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(6_000, agility=4)


def figures(found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(found).drop(columns="how")


def test_a_grid_tries_all_and_counts_what_the_parameters_refuse(bars: Bars):
    found = sweep("sma_cross", bars, GRID, **ON_BARS)
    pairs = list(found.table[["fast", "slow"]].itertuples(index=False, name=None))
    assert pairs == [(2, 3), (2, 6), (2, 9), (3, 6), (3, 9), (4, 6), (4, 9)]
    assert found.left_out == 2
    assert set(found.table["how"]) == {"screen"}
    assert (found.parity.checked, found.why_engine) == (7, "")


def test_screening_and_engine_give_the_same_table(bars: Bars):
    fast = sweep("sma_cross", bars, GRID, screen=True, **ON_BARS)
    slow = sweep("sma_cross", bars, GRID, screen=False, **ON_BARS)
    assert set(slow.table["how"]) == {"engine"}
    assert fast.table["trades"].tolist() == slow.table["trades"].tolist()
    pd.testing.assert_frame_equal(figures(fast.table), figures(slow.table), rtol=1e-7, atol=1e-12)
    assert np.allclose(fast.returns, slow.returns, rtol=0, atol=1e-12)


@pytest.mark.parametrize("fill", ["next_tick", "bar_close"])
def test_ticks_are_screened_in_bars_of_several_widths(ticks: Ticks, fill: str):
    grid = {"fast": [2, 3], "slow": [5], "bar": ["1m", "2m"]}
    asked = {**ON_BARS, "fill": fill}
    fast = sweep("sma_cross", ticks, grid, **asked)
    slow = sweep(SmaCross, ticks, grid, screen=False, **asked)
    assert fast.parity.checked == 4
    pd.testing.assert_frame_equal(figures(fast.table), figures(slow.table), rtol=1e-7, atol=1e-12)


def test_a_row_is_what_a_backtest_says(ticks: Ticks):
    found = sweep("sma_cross", ticks, {"fast": [3], "slow": [7]}, rules="sniper", cash=2_000)
    row = found.table.iloc[0]
    alone = backtest("sma_cross", ticks, params={"fast": 3, "slow": 7}, rules="sniper", cash=2_000)
    assert row["how"] == "engine"
    assert row["trades"] == len(alone.trades) == 3
    assert row["pnl_usdt"] == pytest.approx(alone.metrics["pnl_usdt"])
    assert row["fees_usdt"] == pytest.approx(alone.metrics["fees_usdt"])
    assert row["return_fraction"] == pytest.approx(alone.metrics["return_fraction"])
    returns = np.diff(np.concatenate(([2_000], alone.equity))) / np.concatenate(
        ([2_000], alone.equity[:-1])
    )
    assert row["sharpe_per_bar"] == pytest.approx(returns.mean() / returns.std(ddof=1))
    scaled = (returns - returns.mean()) / returns.std()
    assert row["skew"] == pytest.approx((scaled**3).mean())
    assert row["kurtosis"] == pytest.approx((scaled**4).mean())


def test_a_signal_that_lies_spoils_the_whole_sweep(bars: Bars):
    with pytest.raises(InvariantBroken, match=r"NOT AGREE for .*fast.*trade 1 is .*screen=False"):
        sweep(Liar, bars, GRID, **ON_BARS)
    assert sweep(Liar, bars, GRID, screen=False, **ON_BARS).table["trades"].sum() > 0


def test_what_decides_anew_has_no_signal_of_what_it_inherits_from(bars: Bars):
    found = sweep(Heir, bars, GRID, **ON_BARS)
    assert found.table["trades"].sum() == 0
    assert "declares no signal" in found.why_engine


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rules": "sniper"}, "rules sniper"),
        ({"qty": None}, "the gate sizes"),
        ({"stop_fraction": 0.02}, "protective stop"),
        ({"latency": Latency.of_ms(0, 5, 0)}, "latency"),
        ({"fees": Fees(asset="received")}, "received"),
        ({"qty": "0.000001"}, "grid"),
        ({"qty": "0.00002"}, "outside what the venue takes"),
    ],
)
def test_what_only_the_engine_can_run_says_so(bars: Bars, changed: dict[str, object], why: str):
    asked = {**ON_BARS, **changed}
    with pytest.raises(UsageError, match=f"cannot be screened: .*{why}"):
        sweep("sma_cross", bars, GRID, screen=True, **asked)
    found = sweep("sma_cross", bars, {"fast": [2], "slow": [6]}, **asked)
    assert why in found.why_engine
    assert why in repr(found)


def test_a_book_beside_the_trades_is_the_engines(ticks: Ticks):
    with pytest.raises(UsageError, match="books=False"):
        sweep("sma_cross", with_tops(ticks), GRID, screen=True, **{**ON_BARS, "fill": "next_tick"})


def test_a_trial_that_runs_out_of_cash_goes_through_the_engine(bars: Bars):
    highest = int(bars.columns.highs.max()) / 100
    asked = {**ON_BARS, "cash": round(highest * 0.99, 2)}
    grid = {"fast": [2], "slow": [6, 9, 400]}  # the last one hardly trades
    found = sweep("sma_cross", bars, grid, **asked)
    slow = sweep("sma_cross", bars, grid, screen=False, **asked)
    assert found.table["how"].tolist() == ["engine", "engine", "screen"]
    pd.testing.assert_frame_equal(figures(found.table), figures(slow.table), rtol=1e-7, atol=1e-12)


def test_random_draws_are_different_and_the_same_for_a_seed(bars: Bars):
    grid = {"fast": range(2, 12), "slow": range(5, 40)}
    first, again, other = (
        sweep("sma_cross", bars, grid, search="random", n=12, seed=seed, finalists=0, **ON_BARS)
        for seed in (1, 1, 2)
    )
    pairs = [tuple(pair) for pair in first.table[["fast", "slow"]].to_numpy().tolist()]
    assert len(set(pairs)) == 12
    assert all(fast < slow for fast, slow in pairs)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)
    few = sweep("sma_cross", bars, GRID, search="random", n=50, finalists=0, **ON_BARS)
    assert (len(few), few.left_out) == (7, 2)


def test_optuna_learns_and_repeats_itself(bars: Bars):
    grid = {"fast": range(2, 30), "slow": range(5, 90), "bar": ["1m"]}
    asked = {"search": "optuna", "n": 20, "metric": "sharpe_per_bar", "finalists": 1, **ON_BARS}
    first, again, other = (sweep("sma_cross", bars, grid, seed=s, **asked) for s in (3, 3, 4))
    assert len(first) == 20
    assert not first.table[["fast", "slow"]].duplicated().any()
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)
    whole = sweep("sma_cross", bars, GRID, **{**asked, "n": 50})
    assert (len(whole), whole.left_out) == (7, 2)


def test_without_optuna_it_says_what_to_install(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"genesis\[scale\]"):
        sweep("sma_cross", bars, GRID, search="optuna", n=3, **ON_BARS)


@pytest.mark.parametrize(
    ("grid", "changed", "why"),
    [
        ({}, {}, "it knows: fast, slow, bar"),
        ({"quick": [1]}, {}, "no parameter 'quick'"),
        ({"fast": []}, {}, "no values"),
        ({"fast": 5}, {}, "list of values"),
        ({"bar": "1m"}, {}, "list of values"),
        ({"fast": [2.5]}, {}, "whole number"),
        ({"fast": [50], "slow": [10]}, {}, "0 < fast < slow"),
        ({"fast": range(1, 2_000), "slow": range(1, 2_000)}, {}, "coarser"),
        (GRID, {"search": "guess"}, "known are grid, random, optuna"),
        (GRID, {"search": "random"}, "needs n"),
        (GRID, {"search": "optuna", "n": 0}, "needs n"),
        (GRID, {"n": 5}, "a grid tries every"),
        (GRID, {"metric": "luck"}, "known are return_fraction"),
        (GRID, {"finalists": -1}, "finalists"),
        (GRID, {"workers": 0}, "workers"),
        (GRID, {"params": {"fast": 3}}, "no argument 'params'"),
        (GRID, {"fills": "next_open"}, "no argument 'fills'"),
        (GRID, {"client": "localhost:8786"}, r"distributed\.Client"),
        ({**GRID, "bar": ["1m", "5m"]}, {}, "another width"),
        (GRID, {"fill": "next_tick"}, "next_open"),
    ],
)
def test_what_cannot_be_asked(bars: Bars, grid: dict, changed: dict, why: str):
    with pytest.raises(UsageError, match=why):
        sweep("sma_cross", bars, grid, **{**ON_BARS, **changed})
    assert len(trials()) == 0


def test_other_things_that_cannot_be_asked(bars: Bars, ticks: Ticks):
    with pytest.raises(UsageError, match="unknown strategy"):
        sweep("nothing", bars, GRID, **ON_BARS)
    with pytest.raises(UsageError, match="makes its strategies itself"):
        sweep(SmaCross(), bars, GRID, **ON_BARS)
    with pytest.raises(UsageError, match="names no instrument"):
        sweep("sma_cross", "s3://bucket/ticks.parquet", GRID, **ON_BARS)
    with pytest.raises(DataError, match="no data"):
        sweep("sma_cross", bars, GRID, end=START_NS, **ON_BARS)
    with pytest.raises(UsageError, match="another width"):
        sweep("sma_cross", wandering_bars(width="5m"), GRID, **ON_BARS)


def test_every_trial_is_counted_and_the_result_says_how_many_there_ever_were(bars: Bars):
    first = sweep("sma_cross", bars, GRID, finalists=2, **ON_BARS)
    assert (first.counted.runs, first.counted.trials) == (7 + 4, 7)
    rows = trials("sma_cross")
    assert rows["kind"].value_counts().to_dict() == {"screen": 7, "engine": 4}
    assert set(rows["sweep"]) == {first.name}
    assert rows["value"].iloc[:7].tolist() == first.table["return_fraction"].tolist()
    more = sweep("sma_cross", bars, {"fast": [2], "slow": [6, 12]}, **ON_BARS)
    assert more.counted.trials == 8
    backtest("sma_cross", bars, params={"fast": 2, "slow": 12}, **ON_BARS)
    assert trial_count("sma_cross", "BTC/USDT").trials == 8
    assert "8 different ones" in repr(more)


def test_a_sweep_that_was_stopped_leaves_what_it_tried(bars: Bars):
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep("sma_cross", bars, GRID, screen=False, progress=stop, workers=1, **ON_BARS)
    assert len(trials()) == 3


def test_progress_tells_how_many_of_how_many(bars: Bars):
    told: list[tuple[int, int]] = []
    sweep("sma_cross", bars, GRID, progress=lambda *both: told.append(both), **ON_BARS)
    assert told[-1] == (7, 7)


class Broken(SmaCross):
    """Fails in the engine."""

    name = "broken"

    def on_event(self, event, view):
        raise ZeroDivisionError("by design")


def test_a_strategy_that_fails_is_named_with_its_parameters(bars: Bars):
    with pytest.raises(StrategyFailed, match="ZeroDivisionError: by design") as told:
        sweep(Broken, bars, GRID, **ON_BARS)
    assert "fast=2, slow=3" in told.value.__notes__[0]


def test_a_peak_that_stands_alone_is_no_plateau(bars: Bars):
    found = sweep("sma_cross", bars, {"fast": [2, 3, 4, 5], "slow": [9, 10, 11]}, **ON_BARS)
    values = found.table.set_index(["fast", "slow"])["return_fraction"]
    told = found.plateau().set_index(["fast", "slow"])
    near = [values[f, s] for f in (2, 3, 4) for s in (9, 10, 11)]
    assert told.loc[(3, 10), "plateau"] == np.median(near)
    assert told.loc[(3, 10), "neighbours"] == 8
    assert told.loc[(2, 9), "neighbours"] == 3
    assert found.best["return_fraction"] == values.max()
    steady = found.steadiest()
    assert told.loc[(steady.fast, steady.slow), "plateau"] == told["plateau"].max()
    low = found.plateau("drawdown_fraction")
    least = low.loc[low["plateau"] == low["plateau"].min()]
    assert tuple(found.steadiest("drawdown_fraction")[["fast", "slow"]]) in set(
        least[["fast", "slow"]].itertuples(index=False, name=None)
    )


def test_returns_are_worked_out_when_asked_for_and_within_bounds(bars: Bars):
    found = sweep("sma_cross", bars, GRID, finalists=0, **ON_BARS)
    assert found.returns.shape == (400, 7)
    compounded = np.prod(1 + found.returns, axis=0) - 1
    assert compounded == pytest.approx(found.table["return_fraction"].to_numpy(), abs=1e-12)
    hours = found.returns_by("1h", trials=[2, 0])
    assert hours.shape == (7, 2)
    assert np.prod(1 + hours, axis=0) - 1 == pytest.approx(compounded[[2, 0]], abs=1e-12)
    assert (1 + hours[0, 0]) == pytest.approx(np.prod(1 + found.returns[:60, 2]))
    with pytest.raises(UsageError, match="MiB"):
        found.returns_by(None, trials=[0] * (MOST_BYTES // 3_200 + 1))
    with pytest.raises(UsageError, match="bar width"):
        found.returns_by("1 hour")


def test_faces(bars: Bars):
    found = sweep("sma_cross", bars, GRID, **ON_BARS)
    bundle = found._repr_mimebundle_()
    lines = bundle["text/plain"].splitlines()
    assert lines[0].startswith("coverage")
    assert "400 bars" in lines[0]
    assert lines[1].startswith("trials")
    assert "trials ever" in bundle["text/html"]
    figure = found.plot()
    assert [trace.name for trace in figure.data[1:]] == ["best", "steadiest"]
    assert figure.data[0].z.shape == (3, 3)
    assert np.isnan(figure.data[0].z[0, 1])  # fast 3, slow 3
    assert "400 bars" in figure.layout.title.text
    assert figure.data[1].x[0] == str(found.best["fast"])
    line = sweep("sma_cross", bars, {"slow": [12, 20, 40]}, **ON_BARS).plot(metric="trades")
    assert [trace.name for trace in line.data][-2:] == ["best", "steadiest"]
    with pytest.raises(UsageError, match="no parameter 'quick'"):
        found.plot(x="quick")
    with pytest.raises(UsageError, match="two parameters"):
        found.plot(x="fast", y="fast")


def test_a_plot_of_three_parameters_tells_the_median_of_the_third(ticks: Ticks):
    grid = {"fast": [2, 3], "slow": [5, 8], "bar": ["1m", "2m"]}
    found = sweep("sma_cross", ticks, grid, finalists=0, **{**ON_BARS, "fill": "next_tick"})
    cell = found.table.query("fast == 3 and slow == 8")["return_fraction"].median()
    assert found.plot(x="slow", y="fast").data[0].z[1, 1] == cell
    with pytest.raises(UsageError, match="several widths"):
        _ = found.returns


def test_a_signal_of_ones_own_is_screened(bars: Bars):
    found = sweep(Breakout, bars, {"up": [3, 6], "down": [2, 4]}, **ON_BARS)
    assert found.parity.checked == 4
    assert found.parity.trades > 10


def test_bars_behind_a_url(bars: Bars, tmp_path: Path):
    c = bars.columns
    names = ("open", "high", "low", "close")
    rows = {"ts_ns": c.open_ts_ns, **{n: getattr(c, f"{n}s") / 100 for n in names}}
    rows["volume"] = c.volumes * float(c.qty_step)
    pd.DataFrame(rows).to_parquet(tmp_path / "bars.parquet")
    url = (tmp_path / "bars.parquet").as_uri()
    end = START_NS + 200 * MINUTE
    found = sweep("sma_cross", BarsAt(url, "BTC/USDT"), GRID, end=end, **ON_BARS)
    local = sweep("sma_cross", bars, GRID, end=end, **ON_BARS)
    pd.testing.assert_frame_equal(found.table, local.table)
    with pytest.raises(DataError, match="no column price, qty, is_buyer_maker"):
        TicksAt(url, "BTC/USDT").read()
    with pytest.raises(DataError, match="does not exist"):
        BarsAt(url + "x", "BTC/USDT").read()
    with pytest.raises(UsageError, match="cannot be reached"):
        BarsAt("nowhere://x", "BTC/USDT").read()
