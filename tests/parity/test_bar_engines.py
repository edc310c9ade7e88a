"""Bars: trade for trade the same as vectorbt and backtesting.py, but for what they take as a cross.

Convention: decided at a bar's close, filled at the next bar's open (here equal to that close),
stamped with it. Known differences, each with a test: the first bar with enough history counts as a
cross up here and nowhere else; where averages are exactly equal, backtesting.py sees no cross that
passes through the tie, and vectorbt one where its floating point makes the tie a cross.

Neither is part of `dev`: `pip install -e ".[dev,peers]"` brings them.
"""

import warnings
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest

from tests.benchmarks import bench_sweep
from tests.benchmarks.peers import ours
from tests.benchmarks.peers.running import LOOPS, VECTORBT, Engine
from tests.benchmarks.peers.work import Asked, Columns, Trades

MINUTE_NS = 60_000_000_000
ROWS = 6_000
RICH = Asked(stop=None, cash=10_000_000)


@pytest.fixture(scope="module", params=[VECTORBT, LOOPS], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    asked: Engine = request.param
    if asked.absent:
        pytest.skip(asked.absent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they import warns of what it imports
        yield import_module(f"tests.benchmarks.peers.{asked.module}")


def market(seed: int, step: float, rows: int = ROWS) -> Columns:
    """Bars that open at the last close, on a grid: a coarse one makes ties of averages."""
    close = bench_sweep.make(rows, seed).columns.closes / 100
    close = np.round(np.round(close / step) * step, 2)
    opens = np.concatenate((close[:1], close[:-1]))
    times = np.int64(1_704_067_200_000_000_000) + np.arange(rows) * MINUTE_NS
    shape = {"high": np.maximum(opens, close), "low": np.minimum(opens, close)}
    return {"ts_ns": times, "open": opens, **shape, "close": close, "volume": np.ones(rows)}


def differences(columns: Columns, asked: Asked) -> np.ndarray:
    """Of the two averages at every bar with enough history, times both lengths, in cents."""
    sums = np.concatenate(([0], np.cumsum(np.rint(columns["close"] * 100).astype(np.int64))))
    ends = np.arange(asked.slow, len(sums))
    fast = (sums[ends] - sums[ends - asked.fast]) * asked.slow
    return fast - (sums[ends] - sums[ends - asked.slow]) * asked.fast


def both(engine: ModuleType, columns: Columns) -> tuple[Trades, Trades]:
    """Theirs, and ours without the trade of the first bar with enough history."""
    found = ours.trades_of(ours.bars(columns, RICH)())
    if differences(columns, RICH)[0] > 0:
        assert found[0][0] == columns["ts_ns"][RICH.slow]
        found = found[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return found, engine.bars(columns, RICH)()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_same_trades_where_no_averages_are_equal(engine: ModuleType, seed: int) -> None:
    columns = market(seed, 0.01)
    assert np.all(differences(columns, RICH) != 0)
    found, expected = both(engine, columns)
    assert len(expected) > 50
    assert [trade[:2] for trade in found] == [trade[:2] for trade in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[2:7] == pytest.approx(other[2:7], rel=0, abs=1e-8)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_first_difference_is_at_a_tie(engine: ModuleType, seed: int) -> None:
    columns = market(seed, 20)
    ties = set((np.flatnonzero(differences(columns, RICH) == 0) + RICH.slow - 1).tolist())
    assert len(ties) > 5
    found, expected = both(engine, columns)
    apart = [at for at, pair in enumerate(zip(found, expected, strict=False)) if not same(*pair)]
    if not apart:  # no tie stood in the way of a cross
        assert abs(len(found) - len(expected)) <= 1
        return
    ours_at, theirs_at = (
        [(stamp - int(columns["ts_ns"][0])) // MINUTE_NS - 1 for stamp in trades[apart[0]][:2]]
        for trades in (found, expected)
    )
    decided = min(min(pair) for pair in zip(ours_at, theirs_at, strict=True) if len(set(pair)) > 1)
    assert {decided, decided - 1} & ties


def same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one[:2] == other[:2]
