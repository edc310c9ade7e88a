"""The cross rule: exact sums, ties, the first valid bar."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BarClosed
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE
from genesis.positions.ledger import Position
from genesis.strategy.sma_cross import SmaCross, SmaCrossParams
from tests.support.strategy_contract import SYMBOL, FakeView, check_contract, wishes


def bars(*closes: object, width: int = MINUTE) -> list[BarClosed]:
    prices = [D(str(close)) for close in closes]
    return [
        BarClosed((i + 1) * width, SYMBOL, width, p, p, p, p, D(1)) for i, p in enumerate(prices)
    ]


def short() -> SmaCross:
    return SmaCross(SmaCrossParams(fast=2, slow=3))


def sides(strategy: SmaCross, view: FakeView | None, *closes: object) -> list[tuple[int, Side]]:
    return [(at // MINUTE, wish.side) for at, wish in wishes(strategy, bars(*closes), view)]


def holding() -> FakeView:
    view = FakeView()
    view.held = Position(SYMBOL, D(1), D(1), 0)
    return view


def test_contract():
    check_contract(short, bars(*(100 + (i * 7) % 11 for i in range(60))))


def test_first_valid_bar_counts_as_a_cross_up_when_fast_is_above():
    assert sides(short(), None, 1, 2, 3, 4) == [(3, Side.BUY)]


def test_first_valid_bar_below_is_no_cross():
    assert sides(short(), None, 3, 2, 1, 1) == []


def test_a_tie_keeps_the_last_sign():
    """Averages after each bar from the third: above, tie (2 bars of 3,3 against 3), above."""
    assert sides(short(), None, 1, 2, 3, 3, 3, 4) == [(3, Side.BUY)]


def test_a_tie_at_the_first_valid_bar_leaves_the_way_open():
    assert sides(short(), None, 2, 2, 2, 3) == [(4, Side.BUY)]


def test_a_cross_after_a_fall_buys_again():
    assert sides(short(), None, 1, 2, 3, 1, 1, 5) == [(3, Side.BUY), (6, Side.BUY)]


def test_below_sells_what_is_held_and_nothing_else():
    assert sides(short(), holding(), 3, 2, 1) == [(3, Side.SELL)]
    wish = wishes(short(), bars(3, 2, 1), holding())[0][1]
    assert wish.reduces
    assert wish.qty is None


def test_a_long_position_is_not_enlarged():
    assert sides(short(), holding(), 1, 2, 3) == []


def test_bars_of_another_width_are_not_its_business():
    assert wishes(short(), bars(1, 2, 3, 4, width=5 * MINUTE)) == []


def test_float_noise_makes_no_cross():
    """0.1 + 0.2 style sums: in floats these averages differ in the last bit."""
    noisy = ("0.3", "0.1", "0.2", "0.3", "0.1", "0.2")
    strategy = SmaCross(SmaCrossParams(fast=3, slow=6))
    assert wishes(strategy, bars(*noisy)) == []


@given(st.lists(st.integers(1, 30), min_size=5, max_size=60))
def test_signs_equal_the_plain_rule(closes):
    fast, slow = 2, 5
    expected, sign = [], 0
    for i in range(slow, len(closes) + 1):
        difference = sum(closes[i - fast : i]) * slow - sum(closes[i - slow : i]) * fast
        if difference > 0 and sign <= 0:
            expected.append((i, Side.BUY))
        sign = (difference > 0) - (difference < 0) or sign
    strategy = SmaCross(SmaCrossParams(fast=fast, slow=slow))
    assert sides(strategy, None, *closes) == expected


@pytest.mark.parametrize(("fast", "slow", "bar"), [(0, 3, "1m"), (3, 3, "1m"), (1, 2, "1x")])
def test_impossible_parameters_are_refused(fast, slow, bar):
    with pytest.raises(ValueError, match=r"fast|width"):
        SmaCrossParams(fast, slow, bar)
