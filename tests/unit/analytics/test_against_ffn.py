"""Deflated Sharpe ratio and probability of overfitting equal an independent library's."""

import warnings
from importlib import import_module
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from genesis.analytics import NoValue, deflated_sharpe, expected_max_sharpe, pbo, psr

SAME = 1e-9
SHAPES = [(60, 2, 4), (120, 5, 8), (251, 30, 6), (101, 7, 10), (400, 3, 2), (37, 11, 8)]


@pytest.fixture(scope="module")
def ffn() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("ffn")  # late: it brings all of scipy


def returns(rows: int, trials: int, seed: int) -> np.ndarray:
    """Heavy tails, skew, a little edge."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(5, (rows, trials)) * 0.01
    return noise + 0.4 * np.maximum(noise, 0) + rng.normal(0, 0.001, trials)


def deflated_by(ffn: ModuleType, trials: np.ndarray) -> float:
    ratios = trials.mean(axis=0) / trials.std(axis=0, ddof=1)
    best = pd.Series(trials[:, ratios.argmax()])
    return ffn.calc_deflated_sharpe_ratio(best, ratios, annualized_trials=False)


@pytest.mark.parametrize(("rows", "trials", "blocks"), SHAPES)
@pytest.mark.parametrize("seed", range(2))
def test_both_equal_ffn(ffn, rows, trials, blocks, seed):
    sample = returns(rows, trials, seed)
    assert deflated_sharpe(sample) == pytest.approx(deflated_by(ffn, sample), abs=SAME)
    theirs = ffn.calc_prob_backtest_overfitting(pd.DataFrame(sample), blocks, full_output=True)
    ours = pbo(sample, blocks)
    assert float(ours) == pytest.approx(theirs["pbo"], abs=SAME)
    np.testing.assert_allclose(ours.logits, theirs["logits"], rtol=0, atol=SAME)


@pytest.mark.long
def test_sixteen_blocks_equal_ffn(ffn):
    sample = returns(500, 25, 9)
    theirs = ffn.calc_prob_backtest_overfitting(pd.DataFrame(sample), full_output=True)
    np.testing.assert_allclose(pbo(sample).logits, theirs["logits"], rtol=0, atol=SAME)


@pytest.mark.parametrize("seed", range(3))
def test_trials_with_the_same_returns_tie_exactly(ffn, seed):
    sample = returns(96, 4, seed)[:, [0, 1, 0, 2, 3, 1, 1, 0, 3]]
    theirs = ffn.calc_prob_backtest_overfitting(pd.DataFrame(sample), 6, full_output=True)
    np.testing.assert_allclose(pbo(sample, 6).logits, theirs["logits"], rtol=0, atol=SAME)


@pytest.mark.parametrize("seed", range(3))
def test_one_trial_is_judged_against_zero(ffn, seed):
    sample = returns(80, 1, seed)
    assert deflated_sharpe(sample) == pytest.approx(deflated_by(ffn, sample), abs=SAME)
    assert deflated_sharpe(sample) == psr(sample[:, 0])


@pytest.mark.parametrize("trials", [1, 2, 7, 100, 10_000])
def test_the_hurdle_of_a_search(ffn, trials):
    theirs = ffn.calc_expected_max_sharpe(trials, 0.07)
    assert expected_max_sharpe(trials, 0.07) == pytest.approx(theirs, abs=SAME)


def spoiled(kind: str) -> np.ndarray:
    sample = returns(64, 4, 1)
    if kind == "nan":
        sample[7, 2] = np.nan
    elif kind == "all equal":
        sample[:, 2] = 0.01
    return sample


@pytest.mark.parametrize("kind", ["nan", "all equal"])
def test_where_ffn_has_no_number_there_is_a_reason(ffn, kind):
    sample = spoiled(kind)
    assert np.isnan(ffn.calc_prob_backtest_overfitting(pd.DataFrame(spoiled("all equal")), 4))
    for found in (deflated_sharpe(sample), pbo(sample, 4)):
        assert isinstance(found, NoValue)
        assert "column 2" in found.reason
