"""A bar in which nothing can happen is told at once: as if all its moments had been looked at."""

from collections.abc import Iterator

import numpy as np
import pytest

from genesis.engine.step import Step
from genesis.research import BacktestResult, Bars, backtest
from genesis.sim.bar_drive import BarDrive
from tests.support.markets import START_NS

MINUTE = 60_000_000_000
ASKED = {"fill": "next_open", "params": {"fast": 3, "slow": 7}}


def wandering(seed: int, rows: int = 500) -> Bars:
    rng = np.random.Generator(np.random.PCG64(seed))
    moves = np.round(rng.standard_normal((rows, 4)).cumsum(axis=None).reshape(rows, 4) * 20) / 100
    opens, close = 600 + moves[:, 0], 600 + moves[:, 3]
    high, low = 600 + moves.max(axis=1), 600 + moves.min(axis=1)
    times = START_NS + np.arange(rows, dtype=np.int64) * MINUTE
    return Bars.from_arrays("BTC/USDT", times, opens, high, low, close, np.ones(rows))


def told(result: BacktestResult) -> tuple[str, int, str, str]:
    rows = result.trades.to_numpy().tolist()
    return result.decision_digest, len(rows), repr(rows), repr(result.orders.to_numpy().tolist())


@pytest.mark.parametrize("latency", [None, (50, 70_000, 80)])
@pytest.mark.parametrize(
    ("rules", "stop", "qty", "cash"),
    [("research", 0.0005, 1, 10_000), ("research", None, 1, 10_000), ("sniper", 0.01, None, 500)],
)
def test_the_short_way_through_a_bar_decides_the_same(
    monkeypatch, rules, stop, qty, cash, latency
) -> None:
    asked = {**ASKED, "rules": rules, "stop_fraction": stop, "qty": qty, "cash": cash}
    markets = [wandering(seed) for seed in (1, 2)]
    short = [told(backtest("sma_cross", one, latency=latency, **asked)) for one in markets]

    def all_moments(drive: BarDrive) -> Iterator[Step]:
        return drive._together()

    monkeypatch.setattr(BarDrive, "_alone", all_moments)
    long = [told(backtest("sma_cross", one, latency=latency, **asked)) for one in markets]
    assert short == long
    assert all(trades for _, trades, _, _ in short)


def test_a_stop_at_the_very_low_fills_there_and_the_extremes_of_held_bars_are_told() -> None:
    close = [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 11.0, 11.0, 11.0, 11.0, 11.0]
    opens = [10.0, *close[:-1]]
    high, low = np.maximum(opens, close), np.minimum(opens, close)
    high[9], low[9] = 11.6, 10.9
    low[10] = 10.78  # 11 less 2 %, to the cent
    times = START_NS + np.arange(len(close), dtype=np.int64) * MINUTE
    bars = Bars.from_arrays("BTC/USDT", times, opens, high, low, close, np.ones(len(close)))
    asked = {**ASKED, "rules": "research", "stop_fraction": 0.02, "qty": 1, "cash": 1_000}
    [trade] = backtest("sma_cross", bars, **asked).trades.to_dict("records")
    assert (trade["entry_price"], trade["exit_price"], trade["reason"]) == (11.0, 10.78, "stop")
    assert trade["mfe"] == pytest.approx(0.6)
    assert trade["mae"] == pytest.approx(-0.22)
