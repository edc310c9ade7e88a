"""A Sharpe ratio's odds: right on average, cautious after a search, found where there is skill."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import (
    NoValue,
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    psr,
)
from genesis.analytics.sharpe_odds import SharpeEstimate, trial_sharpes
from genesis.errors import UsageError
from tests.support.calibration import is_uniform

samples = st.lists(st.floats(-0.25, 0.25, width=32), min_size=20, max_size=60).filter(
    lambda r: np.std(r) > 1e-4
)


# -- recorded truth --------------------------------------------------------------------------
@pytest.mark.parametrize(("trials", "expected"), [(100, 0.9004), (46, 0.9505)])
def test_the_example_of_the_paper(trials, expected):
    """Bailey and Lopez de Prado 2014: 1,250 days, ratio 2.5 a year, skew -3, kurtosis 10."""
    sharpe = 2.5 / sqrt(250)
    estimate = SharpeEstimate(1250, sharpe, 1 + 3 * sharpe + (10 - 1) / 4 * sharpe**2)
    hurdle = expected_max_sharpe(trials, sqrt(0.5 / 250))
    assert estimate.odds_above(hurdle) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("a_year", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_years_needed_to_show_a_ratio_of_two_above_one(a_year, years):
    """Bailey and Lopez de Prado 2012: daily, weekly, monthly returns of a normal."""
    sharpe = 2 / sqrt(a_year)
    estimate = SharpeEstimate(100, sharpe, 1 + sharpe**2 / 2)
    needed = estimate.rows_needed(1 / sqrt(a_year), 0.95)
    assert needed / a_year == pytest.approx(years, abs=0.006)


def test_the_hurdle_is_what_the_best_of_many_shows():
    ratios = np.random.default_rng(1).normal(0, 0.1, (4_000, 50)).max(axis=1)
    assert expected_max_sharpe(50, 0.1) == pytest.approx(ratios.mean(), rel=0.02)


# -- calibration -----------------------------------------------------------------------------
def test_odds_of_white_noise_are_uniform():
    rng = np.random.default_rng(2)
    assert is_uniform(1 - psr(rng.normal(0, 0.01, 120)) for _ in range(800))


def test_odds_of_skewed_noise_are_uniform_too():
    rng = np.random.default_rng(3)
    assert is_uniform(1 - psr(1 - rng.gamma(4, 0.25, 400)) for _ in range(800))


def test_the_best_of_many_without_skill_is_seldom_believed():
    rng = np.random.default_rng(4)
    searches = [rng.normal(0, 0.01, (120, 20)) for _ in range(400)]
    believed = np.mean([deflated_sharpe(trials) >= 0.95 for trials in searches])
    assert believed <= 0.05 + 2 * sqrt(0.05 * 0.95 / 400)
    fooled = np.mean([max(psr(column) for column in trials.T) >= 0.95 for trials in searches[:60]])
    assert fooled > 0.5  # what it protects from


def test_planted_skill_is_believed():
    rng = np.random.default_rng(5)
    found = []
    for _ in range(40):
        trials = rng.normal(0, 0.01, (500, 20))
        trials[:, 7] += 0.003
        found.append(deflated_sharpe(trials))
    assert np.mean(np.array(found) > 0.95) > 0.95


def test_more_trials_than_were_kept_raise_the_hurdle():
    trials = np.random.default_rng(6).normal(0.001, 0.01, (250, 8))
    assert deflated_sharpe(trials, trials=8) == deflated_sharpe(trials)
    assert deflated_sharpe(trials, trials=800) < deflated_sharpe(trials)


# -- invariants ------------------------------------------------------------------------------
@settings(max_examples=40)
@given(samples, st.floats(1e-6, 1e6))
def test_odds_do_not_depend_on_the_unit(returns, unit):
    scaled = psr(np.array(returns) * unit)
    assert scaled == pytest.approx(psr(returns), rel=1e-9, abs=1e-12)


@settings(max_examples=40)
@given(samples)
def test_odds_of_the_opposite_are_the_rest(returns):
    assert psr(-np.array(returns)) == pytest.approx(1 - psr(returns), abs=1e-9)


@settings(max_examples=40)
@given(samples, st.floats(0.6, 0.99))
def test_the_record_is_long_enough_exactly_where_the_odds_say_so(returns, level):
    needed = min_track_record(returns, level=level)
    if isinstance(needed, NoValue):
        assert psr(returns) <= 0.5 + 1e-12
    else:
        assert (len(returns) >= needed) == (psr(returns) >= level)


@settings(max_examples=20)
@given(st.integers(0, 99), st.permutations(range(5)))
def test_the_order_of_trials_does_not_matter(seed, order):
    trials = np.random.default_rng(seed).normal(0, 0.01, (60, 5))
    assert deflated_sharpe(trials[:, order]) == pytest.approx(deflated_sharpe(trials), abs=1e-12)


# -- what has no value, and what is no question ----------------------------------------------
@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        ([], "0 rows, at least 20"),
        ([0.01] * 19, "19 rows, at least 20"),
        ([0.0] * 30, "all returns are equal"),
        ([0.1] * 30, "all returns are equal"),
        ([0.01, float("nan")] * 15, "15 of 30 numbers are nan or infinite, the first in row 1"),
        ([0.01, float("inf")] * 15, "nan or infinite"),
    ],
)
def test_no_value_has_a_reason(returns, reason):
    column = np.array(returns)
    for found in (psr(returns), min_track_record(returns), deflated_sharpe(column[:, None])):
        assert isinstance(found, NoValue)
        assert reason in found.reason


def test_no_record_is_long_enough_for_a_ratio_below_the_hurdle():
    falling = np.random.default_rng(7).normal(-0.01, 0.01, 50)
    assert "no record is long enough" in min_track_record(falling).reason


def test_a_trial_that_stood_still_counts_and_one_column_tells_no_spread():
    trials = np.random.default_rng(8).normal(0.001, 0.01, (100, 3))
    trials[:, 1] = 0.0
    assert trial_sharpes(trials)[1] == 0.0
    assert 0 < deflated_sharpe(trials) < 1
    assert "how far the ratios" in deflated_sharpe(trials[:, :1], trials=9).reason


@pytest.mark.parametrize(
    "ask",
    [
        lambda: psr([[0.1, 0.2]]),
        lambda: psr(["a"]),
        lambda: psr([0.1, 0.2], sr=float("nan")),
        lambda: deflated_sharpe([0.1] * 30),
        lambda: deflated_sharpe(np.empty((30, 0))),
        lambda: deflated_sharpe(np.zeros((30, 3)), trials=2),
        lambda: min_track_record([0.1, 0.2], level=0.5),
        lambda: expected_max_sharpe(0, 0.1),
        lambda: expected_max_sharpe(3, -0.1),
    ],
)
def test_a_wrong_question_is_refused(ask):
    with pytest.raises(UsageError):
        ask()


@settings(max_examples=30)
@given(st.lists(st.floats(-1e300, 1e300), min_size=20, max_size=30))
def test_never_nan_nor_infinite(returns):
    found = psr(returns)
    assert isinstance(found, NoValue) or 0 <= found <= 1
