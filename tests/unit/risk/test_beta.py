"""Quantiles of the beta distribution: closed forms, published bounds, another implementation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.risk.beta import beta_cdf, beta_quantile

sizes = st.integers(1, 101)
shares = st.floats(0.001, 0.999)


@pytest.mark.parametrize(
    ("share", "a", "b", "bound"),
    [  # bounds of Clopper and Pearson (1934): x wins of n, 95 % both sides
        (0.025, 10, 11, 0.27196),  # 10 of 20, from below
        (0.975, 11, 10, 0.72804),  # ... and from above
        (0.025, 5, 6, 0.18709),  # 5 of 10
        (0.975, 1, 10, 0.30850),  # 0 of 10
        (0.025, 10, 1, 0.69150),  # 10 of 10
    ],
)
def test_published_bounds_of_a_share(share, a, b, bound) -> None:
    assert beta_quantile(share, a, b) == pytest.approx(bound, abs=6e-6)


@given(shares, sizes)
def test_closed_forms(share, n) -> None:
    assert beta_quantile(share, n, 1) == pytest.approx(share ** (1 / n), rel=1e-10)
    assert beta_quantile(share, 1, n) == pytest.approx(1 - (1 - share) ** (1 / n), rel=1e-9)


@given(shares, sizes, sizes)
@settings(max_examples=200)
def test_the_distribution_gives_the_share_back(share, a, b) -> None:
    x = beta_quantile(share, a, b)
    assert 0 < x < 1
    assert beta_cdf(x, a, b) == pytest.approx(share, rel=1e-9)
    assert beta_cdf(x, a, b) == pytest.approx(1 - beta_cdf(1 - x, b, a), abs=1e-9)


@given(shares, sizes, sizes)
def test_one_win_more_is_never_less(share, a, b) -> None:
    assert beta_quantile(share, a, b) < beta_quantile(share, a + 1, b)
    assert beta_quantile(share, a, b) > beta_quantile(share, a, b + 1)


@given(shares, sizes, sizes)
@settings(max_examples=200)
def test_scipy_says_the_same(share, a, b) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert beta_quantile(share, a, b) == pytest.approx(stats.beta.ppf(share, a, b), rel=1e-9)


def test_outside_of_its_range_nothing_or_all_lies_below() -> None:
    assert (beta_cdf(0, 3, 4), beta_cdf(1, 3, 4)) == (0, 1)
