"""A fall far below the mean that pays for the way back, and the ways it ends."""

from decimal import Decimal as D
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BarClosed
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE
from genesis.positions.ledger import Position
from genesis.research import backtest
from genesis.strategy.hunter.mean_reversion import MeanReversion, MeanReversionParams
from tests.support.markets import wandering_ticks
from tests.support.strategy_contract import SYMBOL, FakeView, check_contract, course, wishes

CALM = [1000, 1002, 998, 1001, 999, 1000, 1001, 999]
"""Mean 1000, standard deviation 1.22."""


def bars(*closes: object, width: int = 5 * MINUTE) -> list[BarClosed]:
    prices = [D(str(close)) for close in closes]
    return [
        BarClosed((i + 1) * width, SYMBOL, width, p, p, p, p, D(1)) for i, p in enumerate(prices)
    ]


def made(**given_: object) -> MeanReversion:
    settings = {"bars": 8, "hold_bars": 4} | given_
    return MeanReversion(MeanReversionParams(**settings))


def held(opened: int = 9) -> FakeView:
    view = FakeView()
    view.held = Position(SYMBOL, D(1), D(990), opened * 5 * MINUTE)
    return view


def test_contract():
    closes = [1000 + (i * 7) % 5 - (25 if i % 20 == 19 else 0) for i in range(100)]
    check_contract(made, bars(*closes), has_stops=True)


def test_a_fresh_fall_below_the_mean_is_bought_with_what_it_is_worth():
    ((at, wish),) = wishes(made(), bars(*CALM, 990))
    assert (at // (5 * MINUTE), wish.side, wish.why) == (9, Side.BUY, "below its mean")
    assert wish.stop == D(990) * D("0.985")
    last = [*CALM[1:], 990]
    gap_bps = (fmean(last) - 990) / 990 * 10_000
    assert float(wish.expected_value_bps) == pytest.approx(gap_bps - 24)


def test_what_goes_on_falling_is_bought_once():
    """Each of these closes is below the line; only the first one is fresh."""
    one = made(entry_z=D(1), hold_bars=1)
    assert course(one, bars(*CALM, 990, 980, 970, 960)) == [
        (9, Side.BUY, SYMBOL),
        (10, Side.SELL, SYMBOL),
    ]


def test_the_first_bar_with_enough_history_is_no_fall():
    assert wishes(made(), bars(*CALM[:7], 990)) == []


@pytest.mark.parametrize(
    ("given_", "enters"),
    [
        ({}, True),
        ({"min_edge_bps": D(64)}, True),  # 88.4 bps to the mean, 24 of costs
        ({"min_edge_bps": D(65)}, False),
        ({"taker_bps": D(39)}, True),
        ({"taker_bps": D(40)}, False),
        ({"max_sigma_bps": D(36)}, True),  # the deviation is 35.3 bps
        ({"max_sigma_bps": D(35)}, False),
        ({"entry_z": D("2.48")}, True),  # z is 2.481
        ({"entry_z": D("2.49")}, False),
    ],
)
def test_it_enters_only_where_all_of_it_holds(given_, enters):
    assert bool(wishes(made(**given_), bars(*CALM, 990))) == enters


@pytest.mark.parametrize(
    ("closes", "why"),
    [([995], None), ([1005], "target"), ([990] * 3, None), ([990] * 3 + [989], "signal")],
)
def test_it_leaves_at_the_mean_or_when_time_is_up(closes, why):
    strategy = made()
    wishes(strategy, bars(*CALM, 990))
    later = [bar for i, bar in enumerate(bars(*CALM, 990, *closes)) if i > 8]
    found = wishes(strategy, later, held())
    assert [wish.why for _, wish in found] == ([why] if why else [])
    assert all(wish.reduces and wish.qty is None for _, wish in found)


def test_a_close_on_the_mean_is_back():
    strategy = made(bars=2, entry_z=D(1), hold_bars=9)
    assert [w.why for _, w in wishes(strategy, bars(5, 5), held(0))] == ["target"]


@given(st.lists(st.integers(900, 1100), min_size=9, max_size=60))
def test_entries_equal_the_plain_rule(closes):
    expected, was_below = [], True
    for i in range(8, len(closes) + 1):
        last = closes[i - 8 : i]
        mean, sigma = fmean(last), pstdev(last)
        is_below = sigma > 0 and mean - last[-1] >= sigma
        if is_below and not was_below and (mean - last[-1]) / last[-1] * 10_000 >= 29:
            expected.append(i)
        was_below = is_below
    found = wishes(made(entry_z=D(1), max_sigma_bps=D(9999)), bars(*closes))
    assert [at // (5 * MINUTE) for at, _ in found] == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 1},
        {"bars": 4},  # no close of four is two deviations off
        {"entry_z": D(0)},
        {"hold_bars": 0},
        {"taker_bps": D(-1)},
        {"stop_bps": D(10_000)},
        {"bar": "5x"},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|bar"):
        MeanReversionParams(**wrong)


def test_it_runs_through_the_engine():
    ticks = wandering_ticks(20_000, agility=6)
    params = {"bars": 12, "bar": "1m", "hold_bars": 10, "max_sigma_bps": 500}
    found = backtest("mean_reversion", ticks, params=params, rules="research", cash=100_000, qty=1)
    assert len(found.trades) >= 3
    assert set(found.trades.reason) <= {"signal", "target", "stop"}
    assert found.trades.r.notna().all(), "each knew its stop"
    assert found.refusals.empty
