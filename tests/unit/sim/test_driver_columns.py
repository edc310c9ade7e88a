"""Bars and touches found by whole-array arithmetic equal the plain loops."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BarClosed, TradeTick
from genesis.market.bars import Bars
from genesis.sim.columns import NEVER, TickColumns
from genesis.sim.scan import first_touch, levels_of
from tests.support.build import BTC

WIDTH = 1_000


def columns(rows: list[tuple[int, int]]) -> TickColumns:
    """(ns after the last tick, price in ticks) to columns; quantities count up."""
    ts = np.cumsum([0, *(gap for gap, _ in rows[1:])]) + 5 * WIDTH
    price = np.array([price for _, price in rows], np.int64)
    qty = np.arange(1, len(rows) + 1, dtype=np.int64)
    return TickColumns(
        BTC, BTC.price_tick, BTC.qty_lot, ts.astype(np.int64), price, qty, qty % 2 == 0
    )


def plain_bars(ticks: TickColumns) -> list[BarClosed]:
    """The bars that the engine's own builder closes, boundary by boundary."""
    builder, found = Bars(WIDTH), []
    boundary = (int(ticks.ts_ns[0]) // WIDTH + 1) * WIDTH
    for i in range(len(ticks)):
        while ticks.ts_ns[i] >= boundary:
            bar = builder.close(boundary, BTC.symbol)
            found += [] if bar is None else [bar]
            boundary += WIDTH
        builder.add(ticks.tick(i))
    return found


ROWS = st.lists(
    st.tuples(st.sampled_from([0, 1, 300, 999, 1_000, 5_000]), st.integers(1, 50)),
    min_size=1,
    max_size=80,
)


@given(ROWS)
def test_bars_equal_those_of_the_engine(rows):
    ticks = columns(rows)
    assert list(ticks.closed(WIDTH)) == plain_bars(ticks)


@given(ROWS)
def test_few_and_many_widths_are_found_alike(rows):
    """Searching for edges and comparing neighbours must agree: the first is for dense ticks."""
    ticks = columns([row for row in rows for _ in range(10)])
    dense = ticks.bars(WIDTH).first
    numbers = ticks.ts_ns // WIDTH
    assert dense == [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]


def test_no_ticks_have_no_bars():
    empty = columns([(0, 1)])
    nothing = TickColumns(
        BTC,
        BTC.price_tick,
        BTC.qty_lot,
        empty.ts_ns[:0],
        empty.prices[:0],
        empty.qtys[:0],
        empty.buyer_is_maker[:0],
    )
    assert nothing.bars(WIDTH).open == []
    assert empty.bars(WIDTH).open == []


@given(
    prices=st.lists(st.integers(1, 20), min_size=1, max_size=40),
    below=st.integers(-1, 21),
    above=st.one_of(st.integers(0, 22), st.just(NEVER)),
    data=st.data(),
)
def test_first_touch_equals_the_plain_search(prices, below, above, data):
    start = data.draw(st.integers(0, len(prices) - 1))
    end = data.draw(st.integers(start + 1, len(prices)))
    plain = next((i for i in range(start, end) if prices[i] <= below or prices[i] >= above), end)
    assert first_touch(np.array(prices, np.int64), start, end, below, above) == plain


@given(
    level=st.decimals("0.001", "9.999", places=5),
    count=st.integers(1, 1_100),
)
def test_levels_in_steps_touch_exactly_where_the_price_does(level, count):
    step = Decimal("0.01")
    levels = levels_of(level, level, step)
    price = step * count
    assert (count <= levels.below) == (price <= level)
    assert (count >= levels.above) == (price >= level)


def test_a_row_becomes_its_event():
    ticks = columns([(0, 6_000_001), (7, 6_000_002)])
    expected = TradeTick(
        5_007, "BTC/USDT", 1, Decimal("60000.02"), Decimal("0.00002"), buyer_is_maker=True
    )
    assert ticks.tick(1) == expected


@pytest.mark.parametrize("width", [WIDTH, 3 * WIDTH])
def test_bars_are_counted_once_and_kept_as_events_from_the_second_run_on(width):
    ticks = columns([(0, 3), (1_500, 4), (9_000, 5)])
    assert ticks.bars(width) is ticks.bars(width)
    first, second = list(ticks.closed(width)), ticks.closed(width)
    assert first == second
    assert ticks.closed(width) is second
