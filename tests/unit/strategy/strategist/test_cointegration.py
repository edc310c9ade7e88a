"""The fit against numpy's least squares; what returns and what does not."""

from math import exp, inf, log

import numpy as np
import pytest

from genesis.strategy.strategist.cointegration import fit
from tests.support.pairs import pair


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_equals_that_of_numpy(seed):
    y, x = pair(0.1, seed)
    found = fit(y, x)
    assert found is not None
    a = np.column_stack([x, np.ones(len(x))])
    slope, level = np.linalg.lstsq(a, np.array(y), rcond=None)[0]
    rest = np.array(y) - slope * np.array(x) - level
    assert found.hedge == pytest.approx(slope, rel=1e-9)
    assert found.spread == pytest.approx(rest[-1], abs=1e-12)
    assert found.sigma == pytest.approx(rest.std(), rel=1e-9)
    assert found.z == pytest.approx(rest[-1] / rest.std(), rel=1e-9)
    before, moves = rest[:-1], np.diff(rest)
    pull, (left,), *_ = np.linalg.lstsq(before[:, None], moves, rcond=None)
    error = np.sqrt(left / (len(moves) - 1) / (before @ before))
    assert found.t == pytest.approx(pull[0] / error, rel=1e-9)
    assert found.half_life == pytest.approx(np.log(0.5) / np.log(1 + pull[0]), rel=1e-9)


def test_the_half_life_is_that_of_the_spread():
    lives = [found.half_life for seed in range(40) if (found := fit(*pair(0.1, seed)))]
    assert np.median(lives) == pytest.approx(log(0.5) / log(0.9), rel=0.2)


def test_critical_values_hold_for_strangers():
    """Of pairs that have nothing to do with each other, 5 % lie below the value for 5 %."""
    rng = np.random.default_rng(11)
    walks = np.cumsum(rng.standard_normal((600, 2, 200)) * 0.01, axis=2) + 8
    ts = np.array([found.t for y, x in walks.tolist() if (found := fit(y, x))])
    assert 0.02 < (ts < -3.34).mean() < 0.085
    assert (ts < -3.90).mean() < 0.03


def test_a_spread_that_grows_never_returns():
    found = fit(
        [8 + 1e-6 * exp(i / 10) for i in range(60)], [8 + 0.01 * (i % 7) for i in range(60)]
    )
    assert found is not None
    assert found.half_life == inf
    assert found.t > 0


@pytest.mark.parametrize(("y", "x"), [([8.0] * 40, [8.0] * 40), (list(range(40)), [8.0] * 40)])
def test_what_does_not_move_has_no_fit(y, x):
    assert fit(y, x) is None


def test_a_copy_has_no_spread():
    x = [8 + 0.01 * (i % 7) for i in range(60)]
    assert fit([2 * one for one in x], x) is None
