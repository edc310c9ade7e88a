"""Screening: the reference trades, the engine's trades on any market, and no more room for more."""

import tracemalloc
from decimal import Decimal as D
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.time import MINUTE
from genesis.research import Bars, Ticks, backtest
from genesis.sim.screen import (
    Outcome,
    Scratch,
    Screen,
    Terms,
    equity_of,
    fits,
    screen_of,
    screened,
    trades_of,
)
from genesis.sim.screen_kernels import measured, round_trips
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support.markets import START_NS, wandering_ticks
from tests.support.signals import Breakout, BreakoutParams
from tests.unit.research.test_oracles import assert_same_trades, tool

TERMS = Terms(D(1), D(10_000_000), D("0.001"))


def made_bars(closes: list[int], *, gap_after: int | None = None) -> Bars:
    """Bars in whole cents: each opens a cent above the close before it, with a wick either side."""
    close = np.array(closes, np.float64)
    opens = np.concatenate((close[:1], close[:-1] + 1))
    high, low = np.maximum(opens, close) + 1, np.minimum(opens, close) - 1
    times = START_NS + np.arange(len(closes)) * MINUTE
    if gap_after is not None:
        times[gap_after:] += 3 * MINUTE
    cents = (each / 100 for each in (opens, high, low, close))
    return Bars.from_arrays("BTC/USDT", times, *cents, np.ones(len(closes)))


def run_both(market: Bars | Ticks, params: object, fill: str) -> tuple[Outcome, Screen]:
    """Screened; the engine's trades, money, fall and equity are the same."""
    kind = SmaCross if isinstance(params, SmaCrossParams) else Breakout
    numbers = (params.fast, params.slow) if kind is SmaCross else (params.up, params.down)
    screen = screen_of(market.columns, MINUTE, fill)
    cash = 20 * int(screen.marks.values.max()) // 100  # so that one unit moves the account
    terms = Terms(D(1), D(cash), D("0.001"))
    scratch = Scratch(len(screen.marks.closes))
    fast = screened(screen, kind.signal, numbers, terms, scratch)
    slow = backtest(kind(params), market, fill=fill, rules="research", cash=cash, qty=1)
    trades = trades_of(screen, kind.signal, numbers)
    assert trades.entry_ns.tolist() == slow.trades.entry_ts_ns.tolist()
    assert trades.exit_ns.tolist() == slow.trades.exit_ts_ns.tolist()
    assert (trades.entry_steps / 100).tolist() == slow.trades.entry_price.tolist()
    assert (trades.exit_steps / 100).tolist() == slow.trades.exit_price.tolist()
    assert (fast.trades, fast.held) == (len(slow.trades), len(slow.open_positions))
    assert float(fast.pnl) == pytest.approx(slow.trades.pnl.sum(), abs=1e-9)
    assert float(fast.fees) == pytest.approx(slow.trades.fee.sum(), abs=1e-9)
    equity = slow.equity.to_numpy()
    assert fast.equity == pytest.approx(equity[-1], abs=1e-6)
    assert equity_of(screen, kind.signal, numbers, terms, scratch) == pytest.approx(equity)
    peak = np.maximum(np.maximum.accumulate(equity), cash)
    assert fast.fall == pytest.approx((1 - equity / peak).max(), abs=1e-12)
    returns = equity / np.concatenate(([cash], equity[:-1])) - 1
    assert fast.powers.periods == len(equity)
    scale = abs(returns).max()
    for k, power in enumerate(fast.powers[1:], 1):
        assert power == pytest.approx((returns**k).sum(), rel=1e-9, abs=1e-11 * scale ** (k - 1))
    return fast, screen


def test_the_reference_trades_of_50k_bars(shared: Path):
    rows = tool(shared, "gen_bars").make(50_000)
    screen = screen_of(Bars.from_arrays("BTC/USDT", *rows).columns, MINUTE, "next_open")
    trades = trades_of(screen, SmaCross.signal, (10, 30))
    expected = pd.read_csv(shared / "oracles" / "oracle_bars_ref_50k.csv.gz")
    low, high = trades.entry_steps / 100, trades.exit_steps / 100
    found = pd.DataFrame(
        {"entry_ts_ns": trades.entry_ns, "exit_ts_ns": trades.exit_ns,
         "entry_price": low, "exit_price": high, "qty": 1.0,
         "fee": (low + high) * 0.001, "pnl": high - low - (low + high) * 0.001,
         "reason": "signal"}
    )  # fmt: skip
    assert len(found) == 998
    assert_same_trades(found, expected)
    outcome = screened(screen, SmaCross.signal, (10, 30), TERMS, Scratch(50_000))
    assert float(outcome.pnl) == pytest.approx(expected.pnl.sum(), abs=1e-6)
    assert (outcome.trades, outcome.short) == (998, None)


prices = st.lists(st.integers(9_990, 10_010), min_size=1, max_size=60)
"""So narrow that averages are often equal."""


@settings(max_examples=40)
@given(prices, st.integers(1, 4), st.integers(1, 4), st.none() | st.integers(0, 59))
def test_averages_with_ties_equal_the_engine(closes: list[int], fast: int, more: int, gap):
    run_both(made_bars(closes, gap_after=gap), SmaCrossParams(fast, fast + more), "next_open")


@settings(max_examples=25)
@given(prices, st.integers(1, 4), st.integers(1, 4))
def test_another_signal_equals_the_engine(closes: list[int], up: int, down: int):
    run_both(made_bars(closes), BreakoutParams(up, down), "next_open")


@pytest.mark.parametrize("fill", ["next_tick", "bar_close"])
def test_bars_of_ticks_with_empty_minutes_equal_the_engine(fill: str):
    ticks = wandering_ticks(12_000, agility=4)
    outcome, _ = run_both(ticks, SmaCrossParams(3, 7), fill)
    assert outcome.trades > 5
    run_both(ticks.between(None, START_NS + 2 * MINUTE), SmaCrossParams(3, 7), fill)


@pytest.mark.parametrize("fill", ["next_tick", "bar_close"])
def test_ticks_on_the_very_boundary_equal_the_engine(fill: str):
    times = START_NS + np.arange(120) * (MINUTE // 4)  # every fourth one is on a boundary
    price = 100 + np.round(np.sin(np.arange(120) / 5), 2)
    ticks = Ticks.from_arrays("BTC/USDT", times, price, np.ones(120), np.zeros(120, bool))
    outcome, _ = run_both(ticks, SmaCrossParams(1, 3), fill)
    assert outcome.trades > 1


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40)), min_size=12, max_size=90))
def test_ticks_on_and_beside_boundaries_equal_the_engine(rows: list[tuple[int, int]]):
    times = START_NS + np.cumsum([step for step, _ in rows]) * (MINUTE // 4)
    price = np.array([10_000 + cents for _, cents in rows]) / 100
    ticks = Ticks.from_arrays(
        "BTC/USDT", times, price, np.ones(len(rows)), np.zeros(len(rows), bool)
    )
    run_both(ticks, SmaCrossParams(1, 2), "next_tick")


def test_the_plain_functions_give_what_the_compiled_ones_give():
    closes = [10_000 + int(40 * np.sin(i / 3)) for i in range(80)]
    outcome, screen = run_both(made_bars(closes), SmaCrossParams(2, 5), "next_open")
    room = Scratch(80)
    SmaCross.signal.wishes(screen.bars, room.wishes, 2, 5)
    cash = float(20 * int(screen.marks.values.max()) // 100)
    closed, held = round_trips(room.wishes, 79, room.entries, room.exits)
    told = measured(screen.marks, room.entries, room.exits, closed, held, cash, 0.01, 0.001)
    assert closed == outcome.trades
    assert told[3:5] == (outcome.equity, outcome.fall)
    assert told[5:] == tuple(outcome.powers[1:])


def test_a_trial_that_the_cash_cannot_pay_says_which_trade():
    closes = [10_000 + int(40 * np.sin(i / 3)) for i in range(80)]
    screen = screen_of(made_bars(closes).columns, MINUTE, "next_open")
    poor = Terms(D(1), D("100.49"), D("0.001"))  # a bar above 100.39 is out of reach with its fee
    slow = backtest(
        SmaCross(SmaCrossParams(2, 5)), made_bars(closes), fill="next_open", rules="research",
        cash="100.49", qty=1,
    )  # fmt: skip
    outcome = screened(screen, SmaCross.signal, (2, 5), poor, Scratch(80))
    assert outcome.short is not None
    assert (slow.fills.qty < 1).any()  # the gate bought less: such a trial is the engine's


def test_room_grows_with_the_bars_and_never_with_the_trials():
    rng = np.random.Generator(np.random.PCG64(2))
    closes = (10_000 + np.cumsum(rng.integers(-3, 4, 5_000))).tolist()
    screen = screen_of(made_bars(closes).columns, MINUTE, "next_open")
    scratch = Scratch(5_000)

    def peak(trials: int) -> int:
        tracemalloc.start()
        for i in range(trials):
            screened(screen, SmaCross.signal, (2 + i % 40, 50 + i), TERMS, scratch)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)  # compiled
    assert scratch.size_bytes == 5_000 + 2 * 8 * 2_501
    assert peak(200) < 65_536  # one row of a matrix of wishes alone would be 5,000 bytes a trial


def test_sums_that_64_bits_cannot_hold_are_refused():
    screen = screen_of(made_bars([10_000, 10_100]).columns, MINUTE, "next_open")
    assert screen.span == 102
    assert fits(screen, SmaCross.signal, (10, 30))
    assert not fits(screen, SmaCross.signal, (10**9, 10**9))
    assert fits(screen, Breakout.signal, (10**9, 10**9))  # it multiplies nothing


def test_a_convention_that_no_data_of_its_kind_has():
    with pytest.raises(ValueError, match="next_tick"):
        screen_of(made_bars([10_000]).columns, MINUTE, "next_tick")
