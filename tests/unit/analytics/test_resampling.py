"""Intervals cover what they should; blocks are as long as asked for, or as theory says."""

import numpy as np
import pytest

from genesis.analytics import NoValue, block_length, bootstrap_interval, seeded
from genesis.analytics.resampling import FIGURES, _acceleration, stationary_picks
from genesis.errors import UsageError

# Efron and Tibshirani 1993, "An Introduction to the Bootstrap", table 14.1, test A.
SPATIAL = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24,
           26, 30, 41]  # fmt: skip


def autoregressive(rows: int, rho: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, rows + 50).tolist()
    for i in range(1, len(noise)):
        noise[i] += rho * noise[i - 1]
    return np.array(noise[50:])


# -- blocks ----------------------------------------------------------------------------------
@pytest.mark.parametrize("block", [1.0, 4.0, 25.0])
def test_blocks_have_the_mean_length_asked_for_and_every_period_is_as_likely(block):
    picks = np.concatenate(list(stationary_picks(50, 200, 2_000, block, seeded(1))))
    goes_on = (picks[:, 1:] - picks[:, :-1]) % 50 == 1
    expected = 1 - 1 / block + 1 / block / 50  # or a new block that begins just there
    assert goes_on.mean() == pytest.approx(expected, abs=0.004)
    shares = np.bincount(picks.ravel(), minlength=50) / picks.size
    assert shares == pytest.approx(np.full(50, 1 / 50), rel=0.1)


@pytest.mark.parametrize("rho", [0.5, 0.7, 0.85])
def test_the_automatic_length_is_what_theory_says_of_an_autoregression(rho):
    rows = 8_000
    theory = (2 * rho / (1 - rho**2)) ** (2 / 3) * rows ** (1 / 3)
    found = [block_length(autoregressive(rows, rho, seed)) for seed in range(20)]
    assert np.median(found) == pytest.approx(theory, rel=0.08)


def test_independent_returns_need_no_blocks():
    found = [block_length(autoregressive(1_000, 0.0, seed)) for seed in range(40)]
    assert np.median(found) < 3
    assert min(found) >= 1
    assert block_length(np.arange(30.0)) <= 10  # a trend: a third of the sample


# -- coverage --------------------------------------------------------------------------------
def covered(samples: list[np.ndarray], truth: float, **asked) -> float:
    found = [
        bootstrap_interval(sample, draws=250, seed=seed, **asked)
        for seed, sample in enumerate(samples)
    ]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def test_intervals_of_independent_returns_cover_the_truth():
    rng = np.random.default_rng(13)
    samples = [rng.normal(0.05, 1.0, 150) for _ in range(400)]
    assert covered(samples, 0.05, block=1) == pytest.approx(0.95, abs=0.04)
    assert covered(samples, 0.05, block=1, bca=True) == pytest.approx(0.95, abs=0.05)
    assert covered(samples, 0.05, block=1, figure="sharpe") == pytest.approx(0.95, abs=0.04)
    assert covered(samples, 0.05, block=1, level=0.8) == pytest.approx(0.80, abs=0.05)
    ratio = 1.13353  # of the expected gain of such a normal to its expected loss
    assert covered(samples, ratio, block=1, figure="profit_factor") == pytest.approx(0.95, abs=0.04)
    assert covered(samples, 0.05) > 0.88  # blocks cost a little


def test_blocks_keep_what_belongs_together():
    samples = [autoregressive(400, 0.6, seed) for seed in range(100)]
    assert covered(samples, 0.0) > 0.85
    assert covered(samples, 0.0, block=1) < 0.75  # every period by itself is much too sure


def test_a_planted_expectancy_is_found_and_none_is_not():
    rng = np.random.default_rng(4)
    assert bootstrap_interval(rng.normal(0.3, 1.0, 300)).low > 0
    empty = bootstrap_interval(rng.normal(0.0, 1.0, 300))
    assert empty.low < 0 < empty.high


# -- figures ---------------------------------------------------------------------------------
def test_the_textbook_example_of_the_corrected_interval():
    def spread(sample):
        return float(np.var(sample))

    assert spread(SPATIAL) == pytest.approx(171.5, abs=0.05)
    many = np.array(SPATIAL, dtype=float)
    assert _acceleration(many, lambda s: s.var(axis=1), 1) == pytest.approx(0.061, abs=5e-4)
    asked = {"block": 1, "draws": 8_000, "level": 0.9, "seed": 2}
    corrected = bootstrap_interval(SPATIAL, spread, bca=True, **asked)
    assert (corrected.low, corrected.high) == pytest.approx((115.8, 259.6), rel=0.03)
    plain = bootstrap_interval(SPATIAL, spread, **asked)
    assert (plain.low, plain.high) == pytest.approx((100.8, 233.9), rel=0.05)  # his 2,000 draws


def test_named_figures_are_those_of_the_metrics():
    r = np.random.default_rng(5).normal(0.001, 0.02, 80)
    value = np.concatenate(([1.0], np.cumprod(1 + r)))
    expected = {
        "expectancy": sum(r) / 80,
        "profit_factor": sum(x for x in r if x > 0) / -sum(x for x in r if x < 0),
        "sharpe": np.mean(r) / np.std(r, ddof=1),
        "max_drawdown_fraction": min(v / max(value[: i + 1]) - 1 for i, v in enumerate(value)),
    }
    assert set(expected) == set(FIGURES)
    for name, figure in expected.items():
        found = bootstrap_interval(r, name, draws=200)
        assert found.point == pytest.approx(figure, rel=1e-9)
        assert found.low < found.high


def test_a_figure_of_ones_own_may_have_no_value_now_and_then():
    r = np.random.default_rng(6).normal(0, 1, 60)

    def first_if_high(sample):
        return float(sample[0]) if sample[1] > -2.2 else NoValue("too low")

    found = bootstrap_interval(r, first_if_high, draws=400, block=1)
    assert 0 < found.undefined < 20
    rare = bootstrap_interval(r, lambda s: NoValue("x") if s[1] < 0 else 1.0, draws=200)
    assert isinstance(rare, NoValue)


def test_the_same_seed_gives_the_same_numbers():
    r = np.random.default_rng(7).normal(0, 1, 60)
    assert bootstrap_interval(r, seed=3) == bootstrap_interval(r, seed=3)
    assert bootstrap_interval(r, seed=3) != bootstrap_interval(r, seed=4)


# -- what has no value, and what is no question ----------------------------------------------
def test_no_value_has_a_reason():
    gains = np.abs(np.random.default_rng(8).normal(0, 1, 40))
    for found, reason in (
        (bootstrap_interval([0.1] * 5), "5 rows"),
        (bootstrap_interval([np.nan] * 25), "nan or infinite"),
        (bootstrap_interval(gains, "profit_factor"), "no such figure"),
        (bootstrap_interval([0.0] * 25, "sharpe"), "no such figure"),
        (bootstrap_interval([0.1] * 25, "sharpe"), "no such figure"),
        (bootstrap_interval([1.0] * 25, bca=True), ""),
        (block_length([0.1] * 25), "all returns are equal"),
    ):
        if reason:
            assert isinstance(found, NoValue)
            assert reason in found.reason
        else:
            assert (found.low, found.high) == (1.0, 1.0)


@pytest.mark.parametrize(
    "asked",
    [{"figure": "luck"}, {"draws": 10}, {"level": 1.0}, {"block": 0.5}, {"block": 31}],
)
def test_a_wrong_question_is_refused(asked):
    with pytest.raises(UsageError):
        bootstrap_interval(np.random.default_rng(9).normal(0, 1, 30), **asked)
