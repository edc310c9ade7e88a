"""Windows against plain recomputation: sums, lines in standard deviations, extremes."""

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.strategy.windows import Highest, Sums, check_width

PRICES = st.lists(st.integers(1, 40), min_size=1, max_size=40)


def filled(n: int, prices: list[int]) -> Sums:
    sums = Sums(n)
    for price in prices:
        sums.add(D(price) / 8)
    return sums


@given(PRICES, st.integers(1, 6), st.sampled_from(["0.5", "1", "1.5", "2"]))
def test_lines_equal_the_plain_rule_in_fractions(prices, n, sigmas):
    sums = filled(n, prices)
    assert sums.is_full == (len(prices) >= n)
    if not sums.is_full:
        return
    last = [Fraction(price, 8) for price in prices[-n:]]
    mean = sum(last) / n
    variance = sum((one - mean) ** 2 for one in last) / n
    gap = last[-1] - mean
    assert (sums.above_mean > 0, sums.above_mean < 0) == (gap > 0, gap < 0)
    is_beyond = variance > 0 and gap**2 >= Fraction(sigmas) ** 2 * variance
    assert sums.is_beyond(D(sigmas)) == is_beyond
    assert sums.is_calm(D(3000)) == (variance <= (mean * Fraction(3, 10)) ** 2)
    assert sums.to_mean_bps == pytest.approx(D(float(-gap / last[-1] * 10_000)))


def test_a_price_exactly_on_the_line_counts():
    """Of 1, 1, 1, 5 the mean is 2 and the deviation sqrt(3): 5 lies exactly sqrt(3) of them off."""
    sums = filled(2, [1, 3])
    assert sums.is_beyond(D(1))
    assert not sums.is_beyond(D("1.000000001"))


def test_nothing_is_beyond_where_nothing_moves():
    assert not filled(3, [5, 5, 5]).is_beyond(D("0.1"))


@given(st.lists(st.integers(-9, 9), max_size=40), st.integers(1, 8))
def test_the_highest_equals_the_maximum_of_the_last(values, n):
    highest = Highest(n)
    for count, value in enumerate(values, start=1):
        highest.add(D(value))
        assert highest.value == (max(values[count - n : count]) if count >= n else None)


@pytest.mark.parametrize(("bar", "said"), [("1x", "bar width"), ("400d", "at most 366d")])
def test_impossible_widths_are_refused(bar, said):
    with pytest.raises(ValueError, match=said):
        check_width(bar)
