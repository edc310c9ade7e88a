"""Trade for trade the same as hftbacktest under `next_tick`: every order at the boundary's first
tick, every stop at the tick that touches it; its sells one price step lower, as the book it is fed
has a spread of one step (see `tests.benchmarks.peers.hft`).

It is no part of `dev`: `pip install -e ".[dev,peers]"` brings it.
"""

from types import ModuleType

import pytest

from tests.benchmarks.bench_backtest import make
from tests.benchmarks.peers import ours
from tests.benchmarks.peers.running import HFT
from tests.benchmarks.peers.work import Asked, Columns
from tests.parity.test_nautilus import tenths_apart


@pytest.fixture(scope="module")
def hft() -> ModuleType:
    if HFT.absent:
        pytest.skip(HFT.absent)
    from tests.benchmarks.peers import hft

    return hft


def assert_same(hft: ModuleType, columns: Columns, asked: Asked) -> set[str]:
    """The reasons that occurred."""
    found = ours.trades_of(ours.ticks_next(columns, asked)())
    expected = hft.ticks_next(columns, asked)()
    assert len(expected) >= 5
    assert [(*one[:3], one[7]) for one in found] == [(*one[:3], one[7]) for one in expected]
    assert [one[3] for one in found] == [round(one[3] + hft.STEP, 2) for one in expected]
    return {one[7] for one in found}


@pytest.mark.parametrize(
    ("seed", "asked"),
    [
        (1, Asked()),
        (2, Asked(stop=0.0007)),
        (3, Asked(3, 7, 0.0004, 0.137)),
        (4, Asked(2, 5, None)),
    ],
)
def test_generated_markets(hft: ModuleType, seed: int, asked: Asked) -> None:
    names = ("ts_ns", "price", "qty", "is_buyer_maker")
    assert_same(hft, dict(zip(names, make(60_000, seed), strict=True)), asked)


def test_stops_that_are_touched_to_the_cent(hft: ModuleType) -> None:
    assert assert_same(hft, tenths_apart(1), Asked(2, 5, 0.1)) == {"stop", "signal"}
