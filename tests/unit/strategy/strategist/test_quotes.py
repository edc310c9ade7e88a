"""Distances against the formula, which way a stock leans, and how the mid varies."""

from decimal import Decimal as D
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import SECOND
from genesis.strategy.strategist.quotes import Moves, around, distances_bps


def test_distances_are_those_of_the_paper():
    """Reservation -q * g * v; half spread g * v / 2 + ln(1 + g / k) / g."""
    below, above = distances_bps(3.0, 40.0, 0.1, 0.25, D(0))
    half = 0.1 * 40 / 2 + log(1 + 0.1 / 0.25) / 0.1
    assert float(below) == pytest.approx(half + 3 * 0.1 * 40, abs=1e-4)
    assert float(above) == pytest.approx(half - 3 * 0.1 * 40, abs=1e-4)


@given(st.floats(0, 10), st.floats(0.01, 5), st.floats(0, 500), st.sampled_from([D(0), D(12)]))
def test_the_more_is_held_the_lower_both_quotes_lie(held, more, variance, least):
    below, above = distances_bps(held, variance, 0.05, 0.1, least)
    lower, nearer = distances_bps(held + more, variance, 0.05, 0.1, least)
    assert lower >= below
    assert nearer <= above
    assert lower + nearer == below + above, "the width does not change"
    assert below + above >= 2 * least
    bid, ask = around(D(60_000), below, above)
    assert bid < ask


def test_nothing_held_quotes_evenly_and_never_below_its_costs():
    assert distances_bps(0.0, 1.0, 0.05, 0.1, D("12.5")) == (D("12.5"), D("12.5"))


def test_a_livelier_market_is_quoted_wider():
    widths = [sum(distances_bps(0.0, v, 0.05, 0.1, D(0))) for v in (0, 100, 400)]
    assert widths == sorted(widths)
    assert widths[2] - widths[0] == 20


def test_the_variance_is_that_of_one_second():
    rng = np.random.default_rng(4)
    moves, price, told = Moves(2_000), 60_000.0, []
    for i in range(2_001):
        price *= 1 + rng.standard_normal() * 2e-4
        moves.add(D(str(round(price, 6))), i * 4 * SECOND)
        told.append(moves.variance_bps2)
    assert told[:-1] == [None] * 2_000
    assert told[-1] == pytest.approx(1.0, rel=0.1), "2 bps in 4 s"


def test_only_the_first_quote_of_a_second_counts():
    moves = Moves(2)
    for at_ns, price in ((0, 100), (SECOND - 1, 500), (SECOND, 101), (2 * SECOND, 101)):
        moves.add(D(price), at_ns)
    assert moves.variance_bps2 == pytest.approx(100**2 / 2)
