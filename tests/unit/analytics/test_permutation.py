"""A signal that knows nothing gets a uniform p-value, also where it looks at its own bar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import NoValue, signal_permutation
from genesis.errors import UsageError
from tests.support.calibration import is_uniform


def market(seed: int, bars: int = 200, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Closes, and the return that led to each."""
    returns = np.random.default_rng(seed).normal(drift, 0.01, bars)
    return 100 * np.cumprod(1 + returns), returns


def moving(values: np.ndarray, width: int) -> np.ndarray:
    return np.convolve(values, np.ones(width), "full")[: values.size]


# -- calibration -----------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["rotated", "shuffled"])
def test_p_values_of_a_signal_without_knowledge_are_uniform(how):
    def of(seed):
        closes, _ = market(seed)
        signal = np.sign(np.random.default_rng(1_000 + seed).normal(0, 1, closes.size))
        return signal_permutation(signal, closes, how=how, draws=199).p_value

    assert is_uniform(of(seed) for seed in range(400))


def test_a_slow_trend_follower_in_a_rising_market_is_no_edge():
    def of(seed):
        closes, returns = market(seed, 400, drift=0.002)
        return signal_permutation(moving(returns, 20) > 0, closes).p_value

    assert is_uniform(of(seed) for seed in range(400))


def test_a_signal_made_of_its_own_bar_earns_nothing():
    """The fault of many such tests: the bar that makes the signal also pays for it."""
    found = []
    for seed in range(300):
        closes, returns = market(seed)
        found.append(signal_permutation(np.sign(returns), closes).p_value)
    assert is_uniform(found)


def test_a_signal_that_knows_the_next_bar_is_found():
    closes, returns = market(1, 300)
    knows = np.append(np.sign(returns[1:]), 0.0)
    found = signal_permutation(knows, closes)
    assert found.p_value == 1 / (1 + found.drawn.size)
    rng = np.random.default_rng(2)
    often = np.where(rng.random(300) < 0.2, knows, rng.choice([-1.0, 1.0], 300))
    assert signal_permutation(often, closes).p_value < 0.05
    assert signal_permutation(-knows, closes).p_value > 0.99


# -- what is paid for what -------------------------------------------------------------------
def test_a_position_earns_from_its_close_to_the_next():
    closes, _ = market(3, 60)
    positions = np.random.default_rng(4).normal(0, 1, 60)
    away = np.diff(closes) / closes[:-1]
    away = away - away.mean()
    expected = np.mean([positions[i] * away[i] for i in range(59)])
    found = signal_permutation(positions, closes, apart=9)
    assert found.edge_fraction == pytest.approx(expected, rel=1e-9)
    delayed = [np.mean(np.roll(positions[:59], k) * away) for k in range(9, 51)]
    np.testing.assert_allclose(found.drawn, delayed, atol=1e-12)
    assert found.p_value == (1 + sum(each >= expected for each in delayed)) / (1 + len(delayed))
    assert signal_permutation(positions, closes).drawn.size == 59 - 2 * (59 // 10) + 1


def test_the_last_position_is_not_paid_and_the_first_close_pays_nobody():
    closes, _ = market(5, 60)
    positions = np.random.default_rng(6).normal(0, 1, 60)
    other = positions.copy()
    other[-1] = 99.0
    assert (
        signal_permutation(other, closes).p_value == signal_permutation(positions, closes).p_value
    )


@settings(max_examples=20)
@given(st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(-2, 2))
def test_units_and_a_constant_part_of_the_position_do_not_matter(seed, size, unit, constant):
    closes, _ = market(seed, 50)
    positions = np.random.default_rng(seed + 1).normal(0, 1, 50)
    found = signal_permutation(positions, closes)
    other = signal_permutation(positions * size + constant, closes * unit)
    assert other.p_value == found.p_value


def test_a_signal_with_a_rhythm_is_compared_with_its_equals():
    """Long every other bar: half of all rotations are the very same signal."""
    closes, _ = market(7, 201)
    odd = np.arange(201) % 2
    found = sorted(signal_permutation(each, closes, apart=2).p_value for each in (odd, 1 - odd))
    assert found == [100 / 198, 1.0]


def test_shifts_so_small_that_the_signal_meets_its_own_bars_are_left_out():
    closes, returns = market(10, 400)
    slow = moving(returns, 20) > 0
    every, usual = (signal_permutation(slow, closes, apart=apart) for apart in (1, None))
    assert every.drawn.max() > 2 * usual.drawn.max()


def test_the_same_seed_gives_the_same_numbers():
    closes, returns = market(8, 60)
    first, again, other = (
        signal_permutation(returns, closes, how="shuffled", seed=seed).drawn for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


# -- what has no value, and what is no question ----------------------------------------------
def test_no_value_has_a_reason():
    closes, returns = market(9, 60)
    gap = closes.copy()
    gap[4] = np.nan
    for positions, prices, reason in (
        (np.ones(60), closes, "never changes"),
        (returns, np.full(60, 7.0), "every bar returned the same"),
        (returns, gap, "row 4"),
        (gap, closes, "row 4"),
        (returns[:10], closes[:10], "10 rows"),
    ):
        found = signal_permutation(positions, prices)
        assert isinstance(found, NoValue)
        assert reason in found.reason


@pytest.mark.parametrize(
    ("closes", "asked"),
    [
        (market(1, 60)[1], {}),  # returns instead of prices
        (market(1, 59)[0], {}),
        (market(1, 60)[0], {"how": "mixed"}),
        (market(1, 60)[0], {"draws": 3}),
        (market(1, 60)[0], {"apart": 0}),
        (market(1, 60)[0], {"apart": 30}),
    ],
)
def test_a_wrong_question_is_refused(closes, asked):
    with pytest.raises(UsageError):
        signal_permutation(np.arange(60.0), closes, **asked)
