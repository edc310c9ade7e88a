"""Trade for trade the same as nautilus_trader, where both follow one convention.

Convention: `bar_close` (a bar closes on its boundary, and a market order sent then fills at the
last trade's price); a stop sells at the first later tick at or below it. What else has to be set
alike is told in `tests.benchmarks.peers.nautilus`. One difference remains and has a test: a tick
stamped on the boundary itself opens the next bar here and ends the last one there.

nautilus_trader is no part of `dev`: `pip install -e ".[dev,peers]"` brings it.
"""

from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.bench_backtest import make
from tests.benchmarks.peers import ours
from tests.benchmarks.peers.work import Asked, Columns, Trades

MINUTE_NS = 60_000_000_000
START_NS = 1_704_067_200_000_000_000
ROUNDED = 1.01e-8
"""Each of two fees is rounded to 1e-8 there."""


@pytest.fixture(scope="module")
def nautilus() -> ModuleType:
    if find_spec("nautilus_trader") is None:
        pytest.skip("nautilus_trader is not installed: pip install -e '.[dev,peers]'")
    from tests.benchmarks.peers import nautilus

    return nautilus


def market(seed: int, rows: int, grid_ns: int = 1) -> Columns:
    """Generated ticks; a grid puts many on one stamp and many on the boundary itself."""
    ts, price, qty, makers = make(rows, seed)
    return {"ts_ns": ts // grid_ns * grid_ns, "price": price, "qty": qty, "is_buyer_maker": makers}


def off_boundaries(columns: Columns, by_ns: int) -> Columns:
    """Ticks stamped on a boundary, moved."""
    ts = columns["ts_ns"]
    return {**columns, "ts_ns": ts + by_ns * (ts % MINUTE_NS == 0)}


def assert_same(found: Trades, expected: Trades) -> None:
    """Times, prices, quantity and reason exactly; amounts to the 1e-8 that nautilus rounds to."""
    assert [(*one[:5], one[7]) for one in found] == [(*one[:5], one[7]) for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[5:7] == pytest.approx(other[5:7], rel=0, abs=ROUNDED)


def both(nautilus: ModuleType, columns: Columns, asked: Asked) -> tuple[Trades, Trades]:
    return ours.trades_of(ours.ticks(columns, asked)()), nautilus.ticks(columns, asked)()


def tenths_apart(seed: int) -> Columns:
    """Six prices, each a tenth below the next: a stop of a tenth is touched to the cent."""
    rng = np.random.Generator(np.random.PCG64(seed))
    count = 6_000
    level = np.abs(np.cumsum(rng.choice([-1, 0, 0, 1], count)) % 10 - 5)
    return {
        "ts_ns": START_NS + np.cumsum(rng.integers(1, 2 * 10**10, count)),
        "price": np.round(1_000 * 0.9**level, 2),
        "qty": np.ones(count),
        "is_buyer_maker": np.zeros(count, bool),
    }


CASES = [
    # seed, rows, grid of the stamps, fast, slow, stop, quantity
    (1, 60_000, 1, 10, 30, 0.02, 1.0),
    (2, 60_000, 1, 10, 30, 0.0007, 0.137),
    (3, 60_000, 1, 3, 7, 0.0005, 0.12345),
    (4, 60_000, 10**9, 3, 7, 0.0004, 0.5),
    (5, 60_000, 5 * 10**9, 2, 5, None, 1.0),
]


@pytest.mark.parametrize(("seed", "rows", "grid_ns", "fast", "slow", "stop", "qty"), CASES)
def test_generated_markets(
    nautilus: ModuleType, seed: int, rows: int, grid_ns: int, fast: int, slow: int,
    stop: float | None, qty: float,
) -> None:  # fmt: skip
    columns = off_boundaries(market(seed, rows, grid_ns), 1)
    found, expected = both(nautilus, columns, Asked(fast, slow, stop, qty))
    assert len(expected) >= 5
    assert_same(found, expected)


def test_stops_and_signals_and_shared_stamps_all_occur(nautilus: ModuleType) -> None:
    """Guards the comparison: the cases above would prove little without them."""
    columns = off_boundaries(market(4, 60_000, 10**9), 1)
    stamps = columns["ts_ns"]
    assert np.mean(stamps[1:] == stamps[:-1]) > 0.3
    reasons = [trade[7] for trade in nautilus.ticks(columns, Asked(3, 7, 0.0004, 0.5))()]
    assert min(reasons.count("stop"), reasons.count("signal")) >= 10


def test_a_stop_touched_to_the_cent_is_touched(nautilus: ModuleType) -> None:
    found, expected = both(nautilus, tenths_apart(1), Asked(2, 5, 0.1))
    touched = [one for one in expected if one[7] == "stop" and round(one[2] * 0.9, 9) == one[3]]
    assert len(touched) >= 20
    assert_same(found, expected)


def test_a_tick_on_the_boundary_is_of_the_next_bar_here_and_of_the_last_one_there(
    nautilus: ModuleType,
) -> None:
    """Put 1 ns before the boundary, it is of the last bar here, too: then all is the same."""
    columns = market(5, 60_000, 5 * 10**9)
    assert np.sum(columns["ts_ns"] % MINUTE_NS == 0) > 1_000
    asked = Asked(2, 5, None)
    theirs = nautilus.ticks(columns, asked)()
    assert_same(ours.trades_of(ours.ticks(off_boundaries(columns, -1), asked)()), theirs)
    here = ours.trades_of(ours.ticks(columns, asked)())
    assert [trade[2] for trade in here] != [trade[2] for trade in theirs]


@settings(max_examples=25)
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 40), st.integers(-300, 300)), min_size=30, max_size=120
    ),
    stop=st.sampled_from([None, 0.001, 0.01]),
)
def test_any_market(nautilus: ModuleType, moves: list[tuple[int, int]], stop: float | None) -> None:
    """Stamps on whole seconds, prices that jump over the stop, minutes without a trade."""
    steps = np.array(moves)
    count = len(steps)
    columns = {
        "ts_ns": START_NS + np.cumsum(steps[:, 0]) * 10**9,
        "price": np.round(500 + np.maximum(np.cumsum(steps[:, 1]), -49_000) / 100, 2),
        "qty": np.ones(count),
        "is_buyer_maker": np.zeros(count, bool),
    }
    assert_same(*both(nautilus, off_boundaries(columns, 1), Asked(1, 2, stop)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 26))
@pytest.mark.parametrize("stop", [0.0005, 0.003, 0.02])
def test_large_markets(nautilus: ModuleType, seed: int, stop: float) -> None:
    found, expected = both(nautilus, off_boundaries(market(seed, 1_000_000), 1), Asked(stop=stop))
    assert len(expected) > 100
    assert_same(found, expected)
