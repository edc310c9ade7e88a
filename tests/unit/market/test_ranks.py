"""Ranks and root mean squares of a window, against the plain way of computing them."""

from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.market.ranks import Moves, Ranks

VALUES = st.lists(st.floats(0, 1e12, allow_subnormal=False), max_size=60)


@given(VALUES, st.floats(1e-9, 1e9), st.integers(1, 20))
def test_a_rank_is_the_share_below_up_to_the_width_of_a_bucket(values, value, size) -> None:
    ranks = Ranks(size)
    for one in values:
        ranks.take(one)
    window = values[-size:]
    assert ranks.count == len(window)
    if not window:
        assert ranks.rank(value) == 0.5
        return
    surely_below = sum(one < value * 0.98 for one in window) / len(window)
    perhaps_below = sum(one <= value * 1.02 for one in window) / len(window)
    assert surely_below <= ranks.rank(value) <= perhaps_below


@given(VALUES.filter(bool), st.lists(st.floats(0, 1e9), min_size=2))
def test_a_larger_value_never_ranks_lower(values, asked) -> None:
    ranks = Ranks(len(values))
    for one in values:
        ranks.take(one)
    found = [ranks.rank(one) for one in sorted(asked)]
    assert all(low <= high for low, high in pairwise(found))
    assert all(0 <= one <= 1 for one in found)


def test_equal_values_are_in_the_middle_of_each_other() -> None:
    ranks = Ranks(10)
    for _ in range(7):
        ranks.take(3.0)
    assert ranks.rank(3.0) == 0.5
    assert (ranks.rank(2.0), ranks.rank(4.0)) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e30])
def test_values_off_the_scale_stand_at_its_ends(value) -> None:
    ranks = Ranks(3)
    ranks.take(1.0)
    ranks.take(value)
    assert ranks.rank(1.0) == (0.75 if value < 1 else 0.25)


MOVE = st.integers(-(10**6), 10**6).map(lambda millionths: millionths / 1e6)


@given(st.lists(MOVE, max_size=40), MOVE, st.integers(1, 12))
def test_a_move_is_counted_in_root_mean_squares_of_those_before(moves, last, size) -> None:
    kept = Moves(size)
    for move in moves:
        kept.take(move)
    window = moves[-size:]
    plain = sqrt(sum(m * m for m in window) / len(window)) if window else 0.0
    assert kept.take(last) * plain == pytest.approx(abs(last) if plain else 0, abs=1e-6, rel=1e-3)


def test_a_rank_is_among_those_before() -> None:
    ranks = Ranks(5)
    assert [ranks.take(one) for one in (1.0, 2.0, 3.0, 1.0)] == [0.5, 1.0, 1.0, 0.5 / 3]


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 64.0]), max_size=60), st.integers(1, 9))
def test_every_rank_along_a_sliding_window_is_exact(values, size) -> None:
    """Values in buckets of their own: low ones leave the window while high ones are asked for."""
    ranks = Ranks(size)
    for i, value in enumerate(values):
        window = values[max(0, i - size) : i]
        below = sum(one < value for one in window) + sum(one == value for one in window) / 2
        assert ranks.take(value) == (below / len(window) if window else 0.5)
