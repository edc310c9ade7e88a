"""Trade for trade the same as the reference engines, every field.

The lists were made by other engines on generated data; see their README for the conventions.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from genesis.research import Bars, Ticks, backtest

MINUTE = 60_000_000_000


def tool(shared: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, shared / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ticks(shared: Path) -> Ticks:
    return Ticks.from_arrays("BTC/USDT", *tool(shared, "gen_ticks").make(1_000_000))


def assert_same_trades(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(found) == len(expected)
    for name in expected.columns:
        if expected[name].dtype.kind == "f":  # the lists are rounded to 1e-10
            assert np.allclose(found[name], expected[name], rtol=0, atol=5e-10), name
        else:
            assert found[name].tolist() == expected[name].tolist(), name


@pytest.mark.parametrize(("fill", "name"), [("bar_close", "last"), ("next_tick", "next")])
def test_ticks(shared: Path, ticks: Ticks, fill: str, name: str):
    result = backtest(
        "sma_cross",
        ticks,
        rules="research",
        fill=fill,
        cash=1_000_000,
        qty=1,
        stop_fraction=0.02,
    )
    expected = pd.read_csv(shared / "oracles" / f"oracle_ref_{name}_1m.csv.gz")
    assert len(expected) == 171
    assert_same_trades(result.trades, expected)


def test_bars(shared: Path):
    rows = tool(shared, "gen_bars").make(50_000)
    result = backtest(
        "sma_cross",
        Bars.from_arrays("BTC/USDT", *rows),
        rules="research",
        fill="next_open",
        cash=10_000_000,
        qty=1,
    )
    expected = pd.read_csv(shared / "oracles" / "oracle_bars_ref_50k.csv.gz")
    assert len(expected) == 998
    assert_same_trades(result.trades, expected)


@pytest.mark.parametrize("fill", ["bar_close", "next_tick"])
def test_narrow_stops_equal_a_plain_loop_over_every_tick(ticks: Ticks, fill: str):
    """The oracles hold no stop-out; a plain loop in whole cents gives the reference here."""
    part = ticks.between(None, int(ticks.columns.ts_ns[300_000]))
    result = backtest(
        "sma_cross", part, rules="research", fill=fill, cash=1_000_000, qty=1, stop_fraction=0.003
    )
    expected = plain_trades(part, at_close=fill == "bar_close")
    columns = ["entry_ts_ns", "exit_ts_ns", "entry_price", "exit_price", "reason"]
    found = list(result.trades[columns].itertuples(index=False, name=None))
    assert found == expected
    assert {"stop", "signal"} == set(result.trades["reason"])


def plain_trades(ticks: Ticks, *, at_close: bool) -> list[tuple[int, int, float, float, str]]:
    """sma_cross 10/30 on minutes, long only, stop of 0.3 % checked on every tick."""
    ts, prices = ticks.columns.ts_ns.tolist(), ticks.columns.prices.tolist()
    closes: list[int] = []
    found, entry, sign, minute, last = [], None, 0, ts[0] // MINUTE, prices[0]
    for at, price in zip(ts, prices, strict=True):
        if at // MINUTE != minute:
            minute = at // MINUTE
            closes.append(last)
            fill = (minute * MINUTE, last) if at_close else (at, price)
            difference = sum(closes[-10:]) * 30 - sum(closes[-30:]) * 10
            if len(closes) >= 30 and difference:
                now = 1 if difference > 0 else -1
                if now > 0 >= sign and entry is None:
                    entry = fill
                elif now < 0 and entry is not None:
                    found.append((entry[0], fill[0], entry[1] / 100, fill[1] / 100, "signal"))
                    entry = None
                sign = now
        if entry is not None and at > entry[0] and price * 1000 <= entry[1] * 997:
            found.append((entry[0], at, entry[1] / 100, price / 100, "stop"))
            entry = None
        last = price
    return found
