"""The ratios agree with the reference vector and say why when they do not exist."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics import (
    NoValue,
    calmar,
    compound_annual_growth,
    daily_returns,
    max_drawdown_fraction,
    omega,
    return_statistics,
    sharpe,
    sortino,
)
from genesis.domain.time import DAY, HOUR, parse_utc

VECTOR = np.random.default_rng(0).normal(0.001, 0.02, 500)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (sharpe, 0.4351582307811),
        (sortino, 0.62127860652),
        (max_drawdown_fraction, -0.33288112251),
        (compound_annual_growth, 0.09803052857),
        (calmar, 0.2944911019),
        (omega, 1.0588973454),  # the profit factor of days
    ],
)
def test_reference_vector(metric, value):
    assert metric(VECTOR) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("metric", [sharpe, sortino, calmar])
def test_too_few_returns_have_no_ratio(metric):
    few = metric(VECTOR[:19])
    assert isinstance(few, NoValue)
    assert "19" in few.reason
    assert isinstance(metric(VECTOR[:20]), float)


def test_nothing_to_divide_by_is_no_value():
    assert isinstance(sharpe([0.01] * 30), NoValue)
    assert isinstance(sortino([0.01] * 30), NoValue)
    assert isinstance(calmar([0.01] * 30), NoValue)
    assert isinstance(max_drawdown_fraction([]), NoValue)


def test_a_loss_on_the_first_day_is_a_drawdown():
    assert max_drawdown_fraction([-0.1, 0.2]) == pytest.approx(-0.1)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="nan"):
        sharpe([float("nan")] * 30)


@given(st.lists(st.floats(-0.5, 1.0), min_size=1, max_size=60))
def test_drawdown_lies_between_all_and_nothing(returns):
    fall = max_drawdown_fraction(returns)
    assert -1.0 <= fall <= 0.0
    assert (fall == 0.0) == all(r >= 0 for r in returns) or fall > -1e-12


def test_daily_returns_include_days_without_trades():
    start = parse_utc("2024-08-08T12:00:00Z")
    ts = np.array([start, start + HOUR, start + 2 * DAY])
    daily = daily_returns(ts, np.array([100.0, 110.0, 99.0]), start_equity=100.0)
    assert daily == pytest.approx([0.1, 0.0, -0.1])


def test_a_stamp_on_the_boundary_belongs_to_the_new_day():
    midnight = parse_utc("2024-08-09")
    daily = daily_returns(np.array([midnight - 1, midnight]), np.array([110.0, 121.0]), 100.0)
    assert daily == pytest.approx([0.1, 0.1])


def test_all_figures_of_a_series_at_once():
    told = return_statistics(VECTOR)
    assert told.days == 500
    assert told.sharpe == sharpe(VECTOR)
    assert told.total_return_fraction == pytest.approx(np.prod(1 + VECTOR) - 1)
    few = return_statistics([0.1])
    assert isinstance(few.sharpe, NoValue)
    assert few.total_return_fraction == pytest.approx(0.1)


def test_a_value_that_is_none_reads_as_a_dash_and_is_false():
    none = sharpe([])
    assert f"{none:.2f}" == "–"
    assert not none


def test_more_than_a_float_can_hold_is_no_value():
    assert isinstance(sharpe([1e300, -0.5] * 20), float | NoValue)
    assert isinstance(compound_annual_growth([9.0] * 30), NoValue)
