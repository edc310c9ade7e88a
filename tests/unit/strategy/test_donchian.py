"""Breakouts against a plain recomputation, ties, and where the stop rests."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BarClosed
from genesis.domain.orders import Side
from genesis.domain.time import HOUR, MINUTE
from genesis.research import backtest
from genesis.strategy.donchian import Donchian, DonchianParams
from tests.support.markets import wandering_ticks
from tests.support.strategy_contract import SYMBOL, check_contract, course, wishes

Row = tuple[int, int, int]
"""Low, close, high."""


def bars(*rows: Row, width: int = HOUR) -> list[BarClosed]:
    return [
        BarClosed((i + 1) * width, SYMBOL, width, D(close), D(high), D(low), D(close), D(1))
        for i, (low, close, high) in enumerate(rows)
    ]


def short() -> Donchian:
    return Donchian(DonchianParams(entry_bars=3, exit_bars=2))


def test_contract():
    rows = [(100 + (i * 7) % 11 + i // 9, 101 + (i * 7) % 11 + i // 9) for i in range(60)]
    check_contract(short, bars(*((low, top, top) for low, top in rows)), has_stops=True)


def test_it_buys_above_the_channel_and_stops_below_the_shorter_one():
    flat, shallow = (8, 10, 12), (9, 10, 12)
    found = wishes(short(), bars(flat, shallow, shallow, (9, 13, 13)))
    assert [(at // HOUR, wish.side, wish.stop, wish.why) for at, wish in found] == [
        (4, Side.BUY, D(9), "breakout")
    ]


def test_a_close_on_the_edge_is_no_breakout_and_no_exit():
    flat = (8, 10, 12)
    assert course(short(), bars(flat, flat, flat, (8, 12, 12))) == []
    went_up = (flat, flat, flat, (8, 13, 13))
    assert course(short(), bars(*went_up, (8, 8, 13))) == [(4, Side.BUY, SYMBOL)]
    assert course(short(), bars(*went_up, (7, 7, 13)))[1:] == [(5, Side.SELL, SYMBOL)]


def test_bars_of_another_width_are_not_its_business():
    assert course(short(), bars(*[(i, i, i) for i in range(1, 9)], width=MINUTE)) == []


@given(st.lists(st.tuples(*[st.integers(1, 12)] * 3).map(sorted), max_size=60), st.integers(1, 4))
def test_breakouts_equal_the_plain_rule(rows, exit_bars):
    entry_bars, expected, is_held = 4, [], False
    for i, (_, close, _) in enumerate(rows):
        lows = [low for low, _, _ in rows[max(0, i - exit_bars) : i]]
        highs = [high for _, _, high in rows[max(0, i - entry_bars) : i]]
        if is_held and close < min(lows):
            expected.append((i + 1, Side.SELL, SYMBOL))
            is_held = False
        elif not is_held and i >= entry_bars and close > max(highs):
            expected.append((i + 1, Side.BUY, SYMBOL))
            is_held = True
    strategy = Donchian(DonchianParams(entry_bars, exit_bars))
    assert course(strategy, bars(*rows)) == expected


@pytest.mark.parametrize(
    "wrong", [{"exit_bars": 0}, {"exit_bars": 21}, {"entry_bars": 10**6}, {"bar": "1y"}]
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match="bar"):
        DonchianParams(**wrong)


def test_it_runs_through_the_engine():
    ticks = wandering_ticks(20_000, agility=6)
    params = {"entry_bars": 6, "exit_bars": 4, "bar": "1m"}
    found = backtest("donchian", ticks, params=params, rules="research", cash=100_000, qty=1)
    assert len(found.trades) > 3
    assert set(found.trades.reason) <= {"signal", "stop"}
    assert found.trades.r.notna().all(), "each knew its stop"
    assert found.refusals.empty
