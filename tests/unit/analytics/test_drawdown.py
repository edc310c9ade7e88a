"""Depth and length under water."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics import (
    NoValue,
    deepest,
    drawdown_fractions,
    longest_underwater_days,
    max_drawdown_fraction,
    recovery_days,
    ulcer_index,
)

#        value: 1.1  0.88  0.88  1.1  1.21  1.089
COURSE = [0.1, -0.2, 0.0, 0.25, 0.1, -0.1]


def test_a_course_with_two_falls():
    assert drawdown_fractions(COURSE) == pytest.approx([0, -0.2, -0.2, 0, 0, -0.1])
    found = deepest(COURSE)
    assert (found.peak, found.trough, found.recovered) == (0, 1, 3)
    assert found.fraction == pytest.approx(-0.2)
    assert recovery_days(COURSE) == 2
    assert longest_underwater_days(COURSE) == 2
    assert ulcer_index(COURSE) == pytest.approx(np.sqrt((0.04 + 0.04 + 0.01) / 6))


def test_a_fall_from_the_start_has_the_start_as_its_peak():
    found = deepest([-0.1, 0.2])
    assert (found.peak, found.trough, found.recovered) == (-1, 0, 1)


def test_not_made_good_yet():
    told = recovery_days([0.1, -0.2, 0.01])
    assert isinstance(told, NoValue)
    assert "1 days after" in told.reason
    assert deepest([0.1, -0.2, 0.01]).recovered is None


@pytest.mark.parametrize("returns", [[], [0.0] * 5, [0.1, 0.0, 0.2]])
def test_never_under_water(returns):
    assert isinstance(recovery_days(returns), NoValue)
    assert isinstance(deepest(returns), NoValue)
    assert longest_underwater_days(returns) == 0 or not returns


def test_everything_lost_is_never_made_good():
    assert max_drawdown_fraction([0.1, -1.0, 0.5]) == -1.0
    assert isinstance(recovery_days([0.1, -1.0, 0.5]), NoValue)


@given(st.lists(st.floats(-0.9, 2.0), min_size=1, max_size=60))
def test_the_parts_fit_together(returns):
    falls = drawdown_fractions(returns)
    assert max_drawdown_fraction(returns) == falls.min()
    assert 0.0 <= ulcer_index(returns) <= -falls.min() + 1e-12
    assert longest_underwater_days(returns) <= len(returns)
    found = deepest(returns)
    if not isinstance(found, NoValue):
        assert found.peak < found.trough
        assert found.recovered is None or found.recovered > found.trough
