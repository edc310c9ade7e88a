"""Exposure, turnover, slippage and shortfall."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics import NoValue, exposure_fraction, shortfall, slippage_bps, turnover
from genesis.domain.orders import Side
from tests.support.build import fill


def test_time_at_work_counts_once_however_many_positions_are_open():
    assert exposure_fraction([(10, 30), (20, 40), (80, 200)], 0, 100) == pytest.approx(0.5)
    assert exposure_fraction([], 0, 100) == 0.0
    assert isinstance(exposure_fraction([], 5, 5), NoValue)


spans = st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=12)


@given(spans)
def test_exposure_equals_a_count_of_instants(held):
    held = [(min(pair), max(pair)) for pair in held]
    counted = sum(any(a <= t < b for a, b in held) for t in range(100))
    assert exposure_fraction(held, 0, 100) == pytest.approx(counted / 100)


def test_turnover_counts_both_ways():
    fills = [fill(Side.BUY, "2", "100"), fill(Side.SELL, "2", "100")]
    assert turnover(fills, D(200)) == 2.0
    assert isinstance(turnover(fills, D(0)), NoValue)


@pytest.mark.parametrize(
    ("side", "price", "bps"),
    [(Side.BUY, "101", 100), (Side.SELL, "99", 100), (Side.BUY, "99", -100), (Side.SELL, "100", 0)],
)
def test_slippage_is_above_zero_where_it_cost_something(side, price, bps):
    assert slippage_bps(side, D(price), D(100)) == bps


def test_without_a_mid_there_is_no_slippage():
    assert isinstance(slippage_bps(Side.BUY, D(1), D(0)), NoValue)
    assert isinstance(shortfall(Side.BUY, D(0), D(1), D(1), D(1), D(0)), NoValue)


def test_shortfall_is_delay_and_impact_and_fee():
    told = shortfall(Side.SELL, D(100), D("99.5"), D("99.2"), D(2), D("0.2"))
    assert (told.delay_bps, told.impact_bps, told.fee_bps) == (50, 30, 10)
