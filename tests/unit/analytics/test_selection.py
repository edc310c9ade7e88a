"""Overfitting is half of all splits under noise, rare where a trial is good, certain by design."""

import copy
import pickle
import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import NoValue, Selection, pbo
from genesis.errors import UsageError


def noise(rows: int, trials: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (rows, trials))


# -- calibration -----------------------------------------------------------------------------
def test_under_noise_it_is_one_half_on_average():
    found = np.array([pbo(noise(160, 15, seed), 8) for seed in range(200)], dtype=float)
    error = found.std(ddof=1) / np.sqrt(found.size)
    assert error < 0.02
    assert found.mean() == pytest.approx(0.5, abs=3 * error)


def test_a_planted_trial_is_chosen_and_stays_the_best():
    for seed in range(20):
        sample = noise(400, 15, seed)
        sample[:, 4] += 0.004
        found = pbo(sample, 8)
        assert found.pbo < 0.05
        assert found.loss_probability < 0.05


def test_trials_that_each_had_their_hour_are_overfitted_by_design():
    """Each trial gained in one block and paid for it in all others."""
    sample = noise(160, 8, 1) * 0.1
    for trial in range(8):
        sample[20 * trial : 20 * trial + 20, trial] += 0.02
        sample[:, trial] -= sample[:, trial].mean() + 0.001
    found = pbo(sample, 8)
    assert found.pbo > 0.95
    assert found.loss_probability > 0.95
    assert found.slope < 0


# -- what the parts mean ---------------------------------------------------------------------
def test_slope_and_losses_are_those_of_a_plain_loop():
    sample, blocks = noise(65, 6, 3), 4
    parts = np.split(sample[:64], blocks)
    chosen, other = [], []
    for picked in combinations(range(blocks), 2):
        here = np.vstack([parts[i] for i in picked])
        there = np.vstack([parts[i] for i in range(blocks) if i not in picked])
        ours, theirs = (half.mean(axis=0) / half.std(axis=0, ddof=1) for half in (here, there))
        chosen.append(ours.max())
        other.append(theirs[ours.argmax()])
    found = pbo(sample, blocks)
    slope, intercept = np.polyfit(chosen, other, 1)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.intercept == pytest.approx(intercept, abs=1e-9)
    assert found.loss_probability == np.mean(np.array(other) < 0)
    assert (found.splits, found.rows, found.trials, found.blocks) == (6, 64, 6, 4)


def test_the_result_is_a_number_and_can_be_kept():
    found = pbo(noise(64, 4, 1), 4)
    assert found == found.pbo == np.mean(found.logits <= 0)
    for kept in (copy.copy(found), pickle.loads(pickle.dumps(found))):
        assert isinstance(kept, Selection)
        assert kept == found
        assert np.array_equal(kept.logits, found.logits)


def test_a_trial_that_stands_still_in_a_half_has_a_ratio_of_zero_there():
    sample = noise(64, 3, 5) + 0.01
    sample[:, 1] = 0.0
    sample[32:, 2] = 0.0
    found = pbo(sample, 2)
    # first half chooses among two that earn, the second has one that does; idle ones rank below
    assert isinstance(found, Selection)
    only = np.column_stack([sample[:, 0] - 0.02, np.zeros(64)])
    assert pbo(only, 2).pbo == 0.0  # doing nothing is better than losing, in either half


@settings(max_examples=25)
@given(st.integers(0, 999), st.permutations(range(6)))
def test_the_order_of_trials_does_not_matter(seed, order):
    sample = noise(60, 6, seed)
    mixed, found = pbo(sample[:, order], 6), pbo(sample, 6)
    assert mixed == found
    np.testing.assert_allclose(mixed.logits, found.logits, atol=1e-12)
    assert mixed.slope == pytest.approx(found.slope, rel=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 999), st.lists(st.floats(1e-5, 1e5), min_size=4, max_size=4))
def test_the_size_of_a_trials_positions_does_not_matter(seed, sizes):
    sample = noise(48, 4, seed)
    np.testing.assert_allclose(pbo(sample * sizes, 6).logits, pbo(sample, 6).logits, atol=1e-12)


def test_memory_does_not_grow_with_splits_times_trials():
    """12,870 splits of 400 trials are 41 MB a table, and several tables were needed."""
    sample = noise(160, 400, 2)
    tracemalloc.start()
    try:
        pbo(sample)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 45e6


# -- what has no value, and what is no question ----------------------------------------------
def test_no_value_has_a_reason():
    still = noise(64, 3, 1)
    still[:, 2] = 0.01
    broken = noise(64, 3, 1)
    broken[5, 1] = np.nan
    partly = noise(64, 3, 1)
    partly[:32, 1] = 0.02
    for sample, reason in (
        (noise(64, 1, 1), "one trial"),
        (noise(3, 4, 1), "3 rows"),
        (np.zeros((64, 4)), "no trial earned or lost anything"),
        (still, "column 2 has equal returns"),
        (partly, "column 1 has equal returns"),
        (broken, "the first in row 5, column 1"),
    ):
        found = pbo(sample, 4)
        assert isinstance(found, NoValue)
        assert reason in found.reason


@pytest.mark.parametrize("constant", [0.0137, 0.0119, 0.1, 1 / 3, 0.0071])
def test_a_half_that_is_constant_but_for_rounding_of_sums_has_no_ratio(constant):
    sample = noise(60, 3, 1)
    sample[:30, 1] = constant
    sample[30:, 1] = constant + 0.01 + np.abs(sample[30:, 1])
    assert "column 1 has equal returns" in pbo(sample, 4).reason


@pytest.mark.parametrize("blocks", [0, 1, 7, 22, -4])
def test_blocks_must_be_even_and_few_enough(blocks):
    with pytest.raises(UsageError, match="blocks must be even"):
        pbo(noise(64, 4, 1), blocks)


@pytest.mark.parametrize("sample", [[0.1, 0.2], np.zeros((2, 2, 2)), [["a"]]])
def test_a_wrong_shape_is_refused(sample):
    with pytest.raises(UsageError, match="shape"):
        pbo(sample)
