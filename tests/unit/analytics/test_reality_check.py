"""Of trials without an edge p-values are uniform; a planted edge is found among many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import NoValue, reality_check, seeded, superior_ability
from genesis.analytics.reality_check import _bootstrap_variance
from genesis.analytics.resampling import stationary_picks
from genesis.errors import UsageError
from tests.support.calibration import is_uniform


def sweep(seed: int, rows: int = 150, trials: int = 8, edge: float = 0.0) -> np.ndarray:
    """Trials that resemble each other, none with an edge but the fourth."""
    rng = np.random.default_rng(seed)
    found = rng.normal(0, 0.01, (rows, trials)) + rng.normal(0, 0.01, (rows, 1))
    found[:, min(3, trials - 1)] += edge
    return found


# -- calibration -----------------------------------------------------------------------------
def test_p_values_of_the_reality_check_are_uniform_without_an_edge():
    assert is_uniform(
        reality_check(sweep(seed), block=1, draws=199, seed=seed).p_value for seed in range(400)
    )


def test_superior_ability_is_claimed_as_seldom_as_it_says():
    found = [
        superior_ability(sweep(seed, 300), block=1, draws=199, seed=seed) for seed in range(400)
    ]
    for level in (0.05, 0.1, 0.25):
        claimed = np.mean([each.p_value <= level for each in found])
        assert claimed == pytest.approx(level, abs=2.5 * np.sqrt(level * (1 - level) / 400))
    assert all(each.p_lower <= each.p_value <= each.p_upper for each in found)


def test_returns_that_hang_together_are_not_taken_for_an_edge():
    def claimed(**asked):
        found = []
        for seed in range(150):
            noise = sweep(seed, rows=301)
            together = noise[1:] + 0.9 * noise[:-1]
            found.append(reality_check(together, draws=199, seed=seed, **asked).p_value <= 0.05)
        return np.mean(found)

    assert claimed(block=12) < 0.12
    assert claimed(block=1) > 0.14


@pytest.mark.parametrize("test", [reality_check, superior_ability])
def test_a_planted_edge_is_found(test):
    found = [test(sweep(seed, 400, 30, edge=0.004), draws=199) for seed in range(20)]
    assert all(each.best == 3 for each in found)
    assert max(each.p_value for each in found) < 0.05


def test_plainly_bad_trials_do_not_hide_a_good_one_from_superior_ability():
    rng = np.random.default_rng(5)
    won = lost = 0.0
    for seed in range(20):
        trials = sweep(seed, 300, 6, edge=0.0022)
        bad = rng.normal(-0.02, 0.05, (300, 40))
        both = np.hstack([trials, bad])
        won += superior_ability(both, draws=199).p_value <= 0.05
        lost += reality_check(both, draws=199).p_value <= 0.05
    assert won > lost + 5


# -- parts -----------------------------------------------------------------------------------
@pytest.mark.parametrize("block", [1.0, 3.0, 12.0])
def test_the_variance_is_that_of_many_draws(block):
    sample = np.cumsum(sweep(1, 60, 3), axis=0)
    drawn = np.concatenate(
        [sample[picks].mean(axis=1) for picks in stationary_picks(60, 60, 8_000, block, seeded(1))]
    )
    expected = drawn.var(axis=0) * 60
    assert _bootstrap_variance(sample, block) == pytest.approx(expected, rel=0.06)


def test_the_best_is_measured_against_the_benchmark():
    trials = sweep(2)
    market = trials[:, 3] - 0.001
    found = reality_check(trials[:, [3]], market)
    assert found.edge_fraction == pytest.approx(0.001)
    rising = superior_ability(trials + 0.5, np.full(150, 0.5), draws=200)
    assert rising == superior_ability(trials + 0.5 - 0.5, draws=200)


@settings(max_examples=10)
@given(st.integers(0, 99), st.permutations(range(8)))
def test_the_order_of_trials_does_not_matter(seed, order):
    trials = sweep(seed, rows=60)
    for test in (reality_check, superior_ability):
        mixed, found = test(trials[:, order], draws=100), test(trials, draws=100)
        assert mixed.p_value == pytest.approx(found.p_value, abs=0.011)  # a tie may turn
        assert order[mixed.best] == found.best


def test_the_same_seed_gives_the_same_numbers():
    for test in (reality_check, superior_ability):
        assert test(sweep(1), seed=3) == test(sweep(1), seed=3)
    assert reality_check(sweep(1), seed=3) != reality_check(sweep(1), seed=4)


# -- what has no value, and what is no question ----------------------------------------------
@pytest.mark.parametrize("test", [reality_check, superior_ability])
def test_no_value_has_a_reason(test):
    broken = sweep(1)
    broken[3, 2] = np.inf
    for trials, reason in ((sweep(1, 10), "10 rows"), (broken, "row 3, column 2")):
        found = test(trials)
        assert isinstance(found, NoValue)
        assert reason in found.reason


def test_trials_that_stand_still_have_no_edge():
    assert reality_check(np.zeros((50, 3))).p_value == 1.0
    assert "all returns are equal" in superior_ability(np.zeros((50, 3))).reason


@pytest.mark.parametrize("test", [reality_check, superior_ability])
@pytest.mark.parametrize(
    ("trials", "asked"),
    [
        ([0.1] * 30, {}),
        (sweep(1), {"benchmark": [0.1] * 20}),
        (sweep(1), {"draws": 5}),
        (sweep(1), {"block": 0}),
    ],
)
def test_a_wrong_question_is_refused(test, trials, asked):
    with pytest.raises(UsageError):
        test(trials, **asked)
