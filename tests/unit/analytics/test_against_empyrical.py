"""The metrics equal an independent library wherever it has them, on random and on edge series."""

import warnings
from importlib import import_module
from math import isfinite

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis import analytics
from genesis.analytics import NoValue

SAME = 1e-9
ANNUAL = {"annualization": 365}

# ours, theirs, what theirs is told
PAIRS = {
    "sharpe": (analytics.sharpe, "sharpe_ratio", ANNUAL),
    "sortino": (analytics.sortino, "sortino_ratio", ANNUAL),
    "volatility": (analytics.volatility, "annual_volatility", ANNUAL),
    "downside_deviation": (analytics.downside_deviation, "downside_risk", ANNUAL),
    "compound_annual_growth": (analytics.compound_annual_growth, "cagr", ANNUAL),
    "calmar": (analytics.calmar, "calmar_ratio", ANNUAL),
    "max_drawdown_fraction": (analytics.max_drawdown_fraction, "max_drawdown", {}),
    "omega": (analytics.omega, "omega_ratio", ANNUAL),
    "tail_ratio": (analytics.tail_ratio, "tail_ratio", {}),
    "value_at_risk": (analytics.value_at_risk, "value_at_risk", {}),
    "expected_shortfall": (
        analytics.expected_shortfall,
        "conditional_value_at_risk",
        {},
    ),
    "total_return_fraction": (analytics.total_return_fraction, "cum_returns_final", {}),
}

EDGES = {
    "constant gain": [0.01] * 30,
    "constant loss": [-0.01] * 30,
    "a constant that floats cannot hold": [0.1] * 25,
    "zeros": [0.0] * 40,
    "all negative": [-0.01 * (i % 7 + 1) for i in range(30)],
    "all positive": [0.01 * (i % 7 + 1) for i in range(30)],
    "a loss on the first day": [-0.5, *([0.01] * 29)],
    "a loss on the last day": [*([0.01] * 29), -0.5],
    "one day among zeros": [0.0] * 29 + [0.02],
    "one loss among zeros": [0.0] * 29 + [-0.02],
    "everything lost": [*([0.01] * 20), -1.0, 0.0, 0.0],
    "nearly everything lost": [*([0.01] * 20), -0.999999, 0.5, 0.5],
    "alternating": [0.1, -0.1] * 15,
    "exactly enough": [0.01, -0.02] * 10,
    "tiny": [1e-5, -1e-5, 2e-5] * 10,
    "a long year": list(np.random.default_rng(5).normal(0.001, 0.02, 730)),
}

usual = st.lists(st.floats(-0.9, 2.0), min_size=20, max_size=80)
small = st.lists(st.floats(-0.05, 0.05), min_size=20, max_size=400)
few_values = st.lists(st.sampled_from([-0.02, 0.0, 0.01]), min_size=20, max_size=40)


def theirs(name, returns, told):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = getattr(import_module("empyrical"), name)  # late: it brings all of scipy
        return float(function(np.array(returns), **told))


def assert_same(name, returns):
    ours, other, told = PAIRS[name]
    found, expected = ours(returns), theirs(other, returns, told)
    if isinstance(found, NoValue):
        assert found.reason
        assert not isfinite(expected) or degenerate(returns), (found, expected)
    elif name == "calmar" and analytics.max_drawdown_fraction(returns) > -1e-6:
        assert isfinite(found)  # it divides by a difference of numbers next to 1: digits are gone
    else:
        assert isfinite(found)
        assert found == pytest.approx(expected, rel=SAME, abs=SAME)


def degenerate(returns):
    """Series whose ratio divides by what is 0 but for rounding, or from which nothing is left."""
    return min(returns) <= -1.0 or np.std(returns) < 1e-15 or max(map(abs, returns)) < 1e-150


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("series", EDGES)
def test_edges(name, series):
    assert_same(name, EDGES[series])


@pytest.mark.parametrize("name", PAIRS)
@given(returns=st.one_of(usual, small, few_values))
@example(returns=[0.0] * 19 + [5e-324])
def test_random_series(name, returns):
    assert_same(name, returns)


@pytest.mark.parametrize("name", PAIRS)
@given(returns=st.lists(st.floats(-1.0, 1e300), max_size=60))
def test_never_nan_nor_infinite(name, returns):
    found = PAIRS[name][0](returns)
    assert isinstance(found, NoValue) or isfinite(found)


@pytest.mark.parametrize("name", [n for n in PAIRS if n not in ("max_drawdown_fraction",)])
@given(returns=st.lists(st.floats(-0.9, 2.0), max_size=19))
def test_tiny_series_have_a_reason_instead(name, returns):
    if name == "total_return_fraction" and returns:
        return  # no ratio: it exists from the first day on
    found = PAIRS[name][0](returns)
    assert isinstance(found, NoValue)
    assert found.reason.startswith((f"{len(returns)} return", "no returns"))


@given(
    st.lists(st.floats(-0.5, 0.5), min_size=20, max_size=60),
    st.floats(-0.001, 0.001),
)
def test_a_risk_free_rate_and_a_threshold(returns, rate):
    ours = analytics.sharpe(returns, risk_free=rate)
    if not isinstance(ours, NoValue):
        expected = theirs("sharpe_ratio", returns, {**ANNUAL, "risk_free": rate})
        assert ours == pytest.approx(expected, rel=SAME, abs=SAME)
    ours = analytics.omega(returns, rate)
    if not isinstance(ours, NoValue):
        told = {"required_return": rate, "annualization": 1}
        expected = theirs("omega_ratio", returns, told)
        assert ours == pytest.approx(expected, rel=SAME, abs=SAME)
