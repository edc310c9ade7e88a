"""Another future, the same past: nothing before the cut moves, and what comes after is legal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.time import MINUTE, SECOND
from genesis.research import Bars, Ticks, check
from genesis.research.guards.futures import cut_off, is_clean, known_rows, poisoned
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from genesis.strategy.sniper.spread_capture import SpreadCapture, SpreadCaptureParams
from tests.support.markets import (
    START_NS,
    print_list,
    wandering_ticks,
    with_changing_tops,
    with_tops,
)

MOVES = st.lists(st.tuples(st.integers(0, 40), st.integers(-40, 40)), min_size=30, max_size=200)


def market(moves: list[tuple[int, int]]) -> Ticks:
    """Stamps on a grid of half a second, so that some are shared and some fall on boundaries."""
    steps = np.array(moves)
    ts = START_NS + np.cumsum(steps[:, 0] // 10 * (SECOND // 2))
    price = 100 + np.maximum(np.cumsum(steps[:, 1]), -9_000) / 100
    size = 1 + np.arange(len(ts)) % 5
    return Ticks.from_arrays("BTC/USDT", ts, price, size, np.arange(len(ts)) % 3 == 0)


@settings(max_examples=25)
@given(moves=MOVES, at=st.integers(0, 200), high=st.booleans())
def test_ticks_keep_their_past(moves: list[tuple[int, int]], at: int, high: bool) -> None:
    data = market(moves)
    cut_ns = int(data.columns.ts_ns[at % len(data)])
    rows = known_rows(data, cut_ns)
    assert rows == sum(1 for ts in data.columns.ts_ns if ts < cut_ns)
    if not is_clean(data, cut_ns):
        assert rows == 0
        return
    for other in (cut_off(data, cut_ns), poisoned(data, cut_ns, high=high)):
        for name in ("ts_ns", "prices", "qtys", "buyer_is_maker"):
            ours, theirs = getattr(data.columns, name), getattr(other.columns, name)
            assert (ours[:rows] == theirs[:rows]).all()
        assert (np.diff(other.columns.ts_ns) >= 0).all()
        assert other.columns.prices.min() > 0 and other.columns.qtys.min() > 0
    last = cut_off(data, cut_ns).columns
    assert len(last) == rows + 1
    assert (last.ts_ns[-1], last.prices[-1]) == (cut_ns, data.columns.prices[rows - 1])
    absurd = poisoned(data, cut_ns, high=high).columns
    assert (absurd.qtys[rows:] != data.columns.qtys[rows:]).any()
    assert (absurd.prices[rows:] > data.columns.prices[:rows].max()).all() == high


def test_a_price_of_a_few_steps_stays_a_price() -> None:
    data = print_list(*((at * SECOND, 0.05) for at in range(20)))
    low = poisoned(data, int(data.columns.ts_ns[10]), high=False).columns
    assert low.prices.tolist() == [5] * 10 + [1] * 10


@settings(max_examples=20)
@given(moves=MOVES, at=st.integers(1, 20), high=st.booleans())
def test_bars_keep_their_past_and_their_shape(
    moves: list[tuple[int, int]], at: int, high: bool
) -> None:
    steps = np.array(moves)[:, 1]
    opens = 1_000 + np.cumsum(np.abs(steps))
    times = START_NS + np.arange(len(steps)) * MINUTE
    data = Bars.from_arrays(
        "BTC/USDT", times, opens, opens + 5, opens - 5, opens + 2, np.ones(len(steps))
    )
    cut_ns = int(times[at])
    assert known_rows(data, cut_ns) == at  # the bar that ends there is over
    assert len(cut_off(data, cut_ns)) == at
    c = poisoned(data, cut_ns, high=high).columns
    assert (c.closes[:at] == data.columns.closes[:at]).all()
    assert (c.closes[at:] != data.columns.closes[at:]).all()
    assert (c.highs >= np.maximum(c.opens, c.closes)).all()
    assert (c.lows <= np.minimum(c.opens, c.closes)).all()
    assert c.lows.min() > 0


@pytest.mark.parametrize("high", [True, False])
def test_book_tops_keep_their_past_and_stay_books(high: bool) -> None:
    data = with_tops(wandering_ticks(600, gaps=False), spread=2)
    assert data.tops is not None
    cut_ns = int(data.columns.ts_ns[300]) + 1
    known = int(np.searchsorted(data.tops.ts_ns, cut_ns))
    other = poisoned(data, cut_ns, high=high).tops
    assert other is not None and len(other) == len(data.tops)
    for name in ("bids", "asks", "bid_qtys", "ask_qtys"):
        ours, theirs = getattr(data.tops, name), getattr(other, name)
        assert (ours[:known] == theirs[:known]).all()
        assert (ours[known:] != theirs[known:]).all()
    assert (other.asks > other.bids).all() and other.bids.min() > 0
    last = cut_off(data, cut_ns)
    assert last.tops is not None and len(last.tops) == known
    assert last.tops.ticks_before[-1] <= len(last)


@settings(max_examples=4)
@given(moves=MOVES, fast=st.integers(1, 3))
def test_what_sees_no_future_is_never_blamed(moves: list[tuple[int, int]], fast: int) -> None:
    """The engine's own order of boundaries, ticks and fills is no lookahead, on any market."""
    data = market(moves * 2)
    crossing = SmaCross(SmaCrossParams(fast, fast + 2, "2s"))
    result = check(crossing, data, guards=("lookahead", "ties"))
    assert {finding.guard for finding in result.findings} <= {"errors"}
    if result.findings:
        assert "wished for nothing" in result.findings[0].what


def test_nor_is_what_watches_the_book() -> None:
    data = with_changing_tops(wandering_ticks(200, gaps=False))
    watching = SpreadCapture(SpreadCaptureParams(min_edge_bps=-15, rest_s=2, hold_s=5))  # type: ignore[arg-type]
    assert check(watching, data, guards=("lookahead", "ties")).passed
