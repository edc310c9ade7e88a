"""The cheap leg of a pair that returns, against numpy; of strangers it stays away."""

from decimal import Decimal as D
from math import exp

import numpy as np
import pytest

from genesis.domain.events import BarClosed
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import MINUTE
from genesis.positions.ledger import Position
from genesis.strategy.strategist.statistical_arb import StatisticalArb, StatisticalArbParams
from tests.support.pairs import pair, strangers
from tests.support.strategy_contract import FakeView, check_contract, check_together, course, wishes

A, B = SYMBOLS = ("BTC/USDT", "ETH/USDT")
WIDTH = 15 * MINUTE
BARS = 100


def made(**given: object) -> StatisticalArb:
    return StatisticalArb(StatisticalArbParams(**({"bars": BARS} | given)))


def market(y: list[float], x: list[float]) -> list[BarClosed]:
    return [
        BarClosed(i * WIDTH, symbol, WIDTH, price, price, price, price, D(1))
        for i, both in enumerate(zip(y, x, strict=True), start=1)
        for symbol, price in zip(SYMBOLS, (D(str(round(exp(one), 6))) for one in both), strict=True)
    ]


def readings(bars: list[BarClosed]) -> list[tuple[float, float, float, float, float]]:
    """(z, spread, hedge, t, half-life) of each window, by numpy."""
    closes = np.log([float(bar.close) for bar in bars]).reshape(-1, 2)
    found = []
    for end in range(BARS, len(closes) + 1):
        y, x = closes[end - BARS : end].T
        hedge, level = np.polyfit(x, y, 1)
        rest = y - hedge * x - level
        before, moves = rest[:-1], np.diff(rest)
        pull = before @ moves / (before @ before)
        left = ((moves - pull * before) ** 2).sum() / (len(moves) - 1)
        life = np.log(0.5) / np.log1p(pull) if -1 < pull < 0 else (np.inf if pull >= 0 else 0)
        t = pull / np.sqrt(left / (before @ before))
        found.append((rest[-1] / rest.std(), rest[-1], hedge, t, life))
    return found


def expected(
    bars: list[BarClosed], stop_z: float = 4, max_half_life: float = 50, hold_bars: int = 100
) -> list[tuple[int, Side, str]]:
    """The rule in plain words: one leg at a time, left at the mean of the spread or in time."""
    done, held, since, waits = [], None, 0, False
    for i, (z, spread, hedge, t, life) in enumerate(readings(bars), start=BARS):
        in_time = 1 <= life <= max_half_life
        if held is not None:
            own = z if held == A else -z
            if own >= -0.25 or own <= -stop_z or not in_time or i - since >= hold_bars:
                done.append((i, Side.SELL, held))
                held = None
            continue
        waits = waits and abs(z) >= 2
        way = -spread if spread < 0 else spread / hedge
        pays = way * 0.5 * 10_000 - 24 >= 5
        if 2 <= abs(z) < stop_z and not waits and hedge > 0 and t <= -3.9 and in_time and pays:
            held, since, waits = (A if z < 0 else B), i, True
            done.append((i, Side.BUY, held))
    return done


@pytest.mark.parametrize("seed", range(4))
def test_it_enters_and_leaves_a_returning_pair_at_the_right_bars(seed):
    bars = market(*pair(0.35, seed, n=500))
    found = course(made(), bars)
    assert found == expected(bars)
    for given in ({"stop_z": 2.2}, {"max_half_life": 1.7}, {"hold_bars": 2}):
        assert course(made(**given), bars) == expected(bars, **given) != found
    bought = [symbol for _, side, symbol in found if side is Side.BUY]
    assert len(bought) >= 4


def test_nothing_is_bought_while_an_order_works():
    view, request = FakeView(), OrderRequest(A, Side.BUY, OrderType.MARKET, D(1), Purpose.ENTRY)
    view.working = (Order(OrderKey(1, 1), request, 0),)
    assert wishes(made(), market(*pair(0.35, 1, n=500)), view) == []


def test_both_legs_have_their_turn():
    bars = market(*pair(0.35, 1, n=500))
    assert {symbol for _, side, symbol in course(made(), bars) if side is Side.BUY} == {A, B}


def test_contract():
    bars = market(*pair(0.35, 2, n=250))
    check_contract(made, bars, SYMBOLS, has_stops=True)
    check_together(made, bars)


def test_it_stays_out_of_strangers():
    """With the value for 1 %, and windows that overlap, chance remains: less than in a pair."""
    entries = [len(course(made(), market(*strangers(seed)))) // 2 for seed in range(8)]
    paired = [len(course(made(), market(*pair(0.35, seed)))) // 2 for seed in range(8)]
    assert entries.count(0) >= 7
    assert sum(entries) * 10 < sum(paired)


def test_the_check_is_what_keeps_it_out():
    """Without it, every stranger that is two deviations off would be bought."""
    loose = {"max_t": -1e-9, "max_half_life": 100.0}
    assert sum(len(course(made(**loose), market(*strangers(seed)))) for seed in range(8)) > 30


def test_an_entry_says_what_it_expects_and_where_it_is_left():
    bars = market(*pair(0.35, 1, n=500))
    found, closes = wishes(made(), bars), {(bar.ts_ns, bar.symbol): bar.close for bar in bars}
    assert {wish.symbol for _, wish in found} == {A, B}
    told = readings(bars)
    for at_ns, wish in found:
        _, spread, hedge, *_ = told[at_ns // WIDTH - BARS]
        way = -spread if wish.symbol == A else spread / hedge
        assert float(wish.expected_value_bps) == pytest.approx(way * 5_000 - 24, abs=1e-3)
        assert wish.stop == closes[at_ns, wish.symbol] * D("0.97")


def test_costs_keep_it_out():
    bars = market(*pair(0.35, 1, n=500))
    assert wishes(made(), bars)
    assert wishes(made(taker_bps=D(100)), bars) == []


def test_a_position_is_left_in_time_though_the_other_symbol_is_silent():
    view = FakeView()
    view.holding = {A: Position(A, D(1), D(1), 10 * WIDTH)}
    alone = [bar for bar in market(*pair(0.35, 1, n=112)) if bar.symbol == A]
    found = wishes(made(), alone, view)
    assert [at // WIDTH for at, _ in found] == [110, 111, 112]
    assert {(wish.reduces, wish.why) for _, wish in found} == {(True, "signal")}


def test_a_moment_without_one_of_them_is_left_out_of_the_fit():
    bars = market(*pair(0.35, 1, n=300))
    whole = course(made(), bars)
    gap = [bar for bar in bars if bar.ts_ns != 50 * WIDTH or bar.symbol == A]
    none = [bar for bar in bars if bar.ts_ns != 50 * WIDTH]
    assert course(made(), gap) == course(made(), none)
    assert whole


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": A},
        {"bars": 29},
        {"exit_z": 2.0},
        {"stop_z": 2.0},
        {"entry_z": float("nan")},
        {"entry_z": 15.0, "stop_z": 16.0},
        {"max_t": 0.0},
        {"max_half_life": 201.0},
        {"own_share": 0.0},
        {"hold_bars": 0},
        {"stop_bps": D(0)},
        {"taker_bps": D(-1)},
        {"bar": "15x"},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|needed|further|bar"):
        StatisticalArbParams(**wrong)
