"""The decay alarm: a fair bet under the null, quiet however often one looks, and not blind."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import Decay, NoValue, decay, decay_delay
from genesis.analytics.decay import _BETS, CAP_R, FLOOR_R, _capital, _lower_bound, _refutes
from genesis.errors import UsageError

PROMISE = 0.25


def trades(rng: np.random.Generator, count: int, mean: float = PROMISE) -> np.ndarray:
    """A loss of 1 R or a win of 1.5 R, with some noise: `mean` R in expectation."""
    wins = rng.random(count) < (mean + 1.0) / 2.5
    return np.where(wins, 1.5, -1.0) + rng.normal(0.0, 0.1, count)


def found(live: np.ndarray, backtest: np.ndarray, alpha: float = 0.05) -> Decay:
    told = decay(live, backtest, alpha=alpha)
    assert isinstance(told, Decay)
    return told


# -- the bet ---------------------------------------------------------------------------------
def test_the_bet_is_fair_where_the_promise_is_just_kept() -> None:
    """All paths of ten trades, each with its odds: the expected capital is 1 at every trade."""
    odds = 0.3
    paths = np.array(list(product((0.0, 1.0), repeat=10)))
    weights = np.prod(np.where(paths == 1.0, odds, 1.0 - odds), axis=1)
    np.testing.assert_allclose(weights @ _capital(paths, odds), 1.0, rtol=1e-12)
    assert (np.diff(weights @ _capital(paths, odds - 0.1)) < 0).all()  # better than promised


def test_the_capital_is_the_mixture_over_bets_and_starts() -> None:
    results, promised = np.random.default_rng(1).random(12), 0.4
    told = _capital(results[None, :], promised)[0]
    for t in range(1, 13):
        whole = 0.0
        for bet in _BETS:
            factors = 1.0 + bet * (promised - results[:t]) / (1.0 - promised)
            whole += sum(np.prod(factors[s - 1 :]) / (s * (s + 1)) for s in range(1, t + 1))
        assert told[t - 1] == pytest.approx(whole / _BETS.size + 1 / (t + 1), rel=1e-12)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(-3.0, 6.0), min_size=1, max_size=30), st.integers(0, 3))
def test_nothing_is_known_before_it_happens(live: list[float], seed: int) -> None:
    backtest = trades(np.random.default_rng(seed), 60)
    whole = found(np.array(live), backtest)
    part = found(np.array(live[: len(live) // 2]), backtest)
    np.testing.assert_array_equal(part.capital, whole.capital[: len(live) // 2])
    assert (whole.capital > 0.0).all()
    cut = found(np.clip(live, FLOOR_R, CAP_R), backtest)
    np.testing.assert_array_equal(cut.capital, whole.capital)


# -- calibration -----------------------------------------------------------------------------
def test_false_alarms_at_any_time_stay_below_alpha() -> None:
    """Looked at after each of 300 trades; the promise is worked out from a backtest each time."""
    raised = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        raised += found(trades(rng, 300), trades(rng, 80), alpha=0.2).is_raised
    assert raised <= 0.2 * 50


def test_the_live_half_alone_stays_below_its_half() -> None:
    """Against the true mean, which is as hard as it gets; not so rarely that it is blind."""
    rng = np.random.default_rng(7)
    results = (rng.random((1_500, 500)) < 0.4).astype(np.float64)
    raised = float(np.mean(_capital(results, 0.4).max(axis=1) >= 2 / 0.2))
    assert 0.02 < raised <= 0.1


def test_the_lower_bound_covers_the_true_mean() -> None:
    rng = np.random.default_rng(3)
    bounds = [_lower_bound((rng.random(60) < 0.4).astype(float), 0.1) for _ in range(120)]
    assert np.mean(np.array(bounds) > 0.4) <= 0.1
    assert 0.2 < np.mean(bounds) < 0.4


def test_the_lower_bound_is_where_bets_stop_refuting() -> None:
    results = np.random.default_rng(4).random(80)
    bound = _lower_bound(results, 0.05)
    assert _refutes(results, bound, 0.05)
    assert not _refutes(results, bound + 1e-9, 0.05)
    best = max(  # by hand, at the bound: the best moment of the mean of all bets
        np.mean([np.prod(1 + bet * (results[:t] / bound - 1)) for bet in _BETS])
        for t in range(1, 81)
    )
    assert best == pytest.approx(1 / 0.05, rel=1e-6)


# -- planted decay ---------------------------------------------------------------------------
def test_a_planted_decay_is_found_soon() -> None:
    at = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        told = found(trades(rng, 600, mean=-PROMISE), trades(rng, 300))
        assert told.is_raised
        at.append(told.alarm_at)
    assert 80 < np.mean(at) < 300  # trades, on average


def test_a_decay_after_good_years_is_found_and_dated() -> None:
    since = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        good, bad = trades(rng, 200), trades(rng, 600, mean=-2 * PROMISE)
        told = found(np.concatenate([good, bad]), trades(rng, 500))
        assert told.alarm_at is not None and told.since is not None
        assert 200 < told.alarm_at < 400
        since.append(told.since)
    assert abs(np.median(since) - 201) < 25


def test_a_strategy_that_keeps_its_promise_is_left_alone() -> None:
    backtest = trades(np.random.default_rng(1), 200)
    told = found(np.full(300, CAP_R), backtest)
    assert not told.is_raised
    assert told.since is None
    assert (np.diff(told.capital) < 0).all()
    assert told.live_r == CAP_R
    assert told.promised_r < told.expected_r < PROMISE + 0.3


def test_the_first_time_counts() -> None:
    """Once raised it stays so, and at the trade where it was raised first."""
    backtest = trades(np.random.default_rng(1), 200)
    told = found(np.concatenate([np.full(60, -1.0), np.full(200, 3.0)]), backtest)
    assert told.alarm_at is not None
    assert told.capital[told.alarm_at - 1] >= told.needed == 40.0
    assert (told.capital[: told.alarm_at - 1] < told.needed).all()
    assert told.capital[-1] < told.needed


# -- how long it takes -----------------------------------------------------------------------
def test_the_delay_is_that_of_the_alarm_itself() -> None:
    backtest = trades(np.random.default_rng(2), 400)
    told = decay_delay(backtest, live_r=-0.3, draws=60, horizon=400, seed=5)
    assert not isinstance(told, NoValue)
    rng = np.random.default_rng(5)
    drawn = backtest[rng.integers(0, 400, size=(60, 400))] - backtest.mean() - 0.3
    for row in (0, 31, 59):
        assert told.trades[row] == (found(drawn[row], backtest).alarm_at or 401)
    worse = decay_delay(backtest, live_r=-0.8, draws=60, horizon=400, seed=5)
    assert not isinstance(worse, NoValue)
    assert worse.median < told.median  # type: ignore[operator]
    assert worse.found_fraction == 1.0


def test_a_short_backtest_promises_too_little_to_be_broken() -> None:
    told = decay_delay(trades(np.random.default_rng(2), 40), draws=40, horizon=200)
    assert not isinstance(told, NoValue)
    assert isinstance(told.median, NoValue)
    assert "no alarm within 200 trades" in told.median.reason


# -- bad input -------------------------------------------------------------------------------
def test_results_nothing_can_be_said_of() -> None:
    good = trades(np.random.default_rng(1), 60)
    cases = (
        (good, good[:29], "29 rows, at least 30"),
        (good, np.full(60, 0.5), "all results of the backtest are equal"),
        (np.array([1.0, np.nan]), good, "1 of 2 numbers are nan or infinite, the first in row 1"),
        (good, np.append(good, np.inf), "nan or infinite"),
    )
    for live, backtest, words in cases:
        told = decay(live, backtest)
        assert isinstance(told, NoValue)
        assert words in told.reason
    assert isinstance(decay_delay(good[:5]), NoValue)


def test_no_live_trade_yet_is_no_alarm() -> None:
    told = found(np.array([]), trades(np.random.default_rng(1), 60))
    assert (told.trades, told.alarm_at) == (0, None)
    assert np.isnan(told.live_r)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 0.6}, "alpha"),
        ({"floor_r": 0.0}, "floor_r"),
        ({"cap_r": -1.0}, "floor_r"),
        ({"cap_r": float("inf")}, "floor_r"),
    ],
)
def test_nonsense_is_refused(given_: dict[str, float], words: str) -> None:
    good = trades(np.random.default_rng(1), 60)
    with pytest.raises(UsageError, match=words):
        decay(good, good, **given_)
    with pytest.raises(UsageError, match=words):
        decay_delay(good, **given_)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="live must be one column"):
        decay([[1.0]], good)
    with pytest.raises(UsageError, match="draws 0"):
        decay_delay(good, draws=0)
