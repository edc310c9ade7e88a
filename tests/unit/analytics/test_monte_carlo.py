"""Other orders change the path and never the end; other draws hit lines as theory says."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import NoValue, max_drawdown_fraction, resampled, shuffled
from genesis.errors import UsageError

results = st.lists(st.floats(-0.5, 0.5), min_size=20, max_size=60)


def coin(won: int, lost: int, size: float = 0.1) -> list[float]:
    return [size] * won + [-size] * lost


# -- shuffled --------------------------------------------------------------------------------
@pytest.mark.parametrize("below", [1, 2, 4, 7])
def test_the_odds_of_a_floor_are_those_of_the_reflected_path(below):
    """Ten won and ten lost in random order: comb(20, 10 + k) of comb(20, 10) paths reach -k."""
    found = shuffled(coin(10, 10), start=1.0, floor=1 - 0.1 * below, draws=4_000)
    exact = comb(20, 10 + below) / comb(20, 10)
    assert found.ruin_fraction == pytest.approx(exact, abs=3.5 * max(found.ruin_error, 1e-4))


def test_the_longest_time_under_water_is_counted_as_combinatorics_count_it():
    """Nineteen of twenty trades below a peak: the start, met again last, or that after one gain.

    Each is a path that never crosses: the ninth Catalan number of them.
    """
    found = shuffled(coin(10, 10), start=100.0, draws=4_000, seed=3)
    exact = 2 * (comb(18, 9) / 10) / comb(20, 10)
    assert np.mean(found.underwater == 19) == pytest.approx(exact, abs=0.01)
    assert found.wealth == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=30)
@given(results, st.randoms(use_true_random=False))
def test_the_end_does_not_depend_on_the_order(trades, random):
    mixed = list(trades)
    random.shuffle(mixed)
    for start in (None, 50.0):
        first, second = (shuffled(each, start=start, draws=100) for each in (trades, mixed))
        assert second.wealth == pytest.approx(first.wealth, rel=1e-12, abs=1e-12)


@settings(max_examples=30)
@given(results)
def test_the_path_as_it_happened_is_that_of_the_metrics(trades):
    found = shuffled(trades, draws=100)
    assert found.drawdown_fraction == pytest.approx(max_drawdown_fraction(trades), abs=1e-12)
    assert found.drawdowns.max() <= 0
    assert found.drawdowns.min() >= -1
    assert 0 <= found.underwater_trades <= len(trades)


def test_losses_that_came_together_are_seen_to_be_rare():
    """Planted: all losses in a row. No order is deeper, and hardly any as deep."""
    found = shuffled([*coin(20, 0), *coin(0, 10), *coin(20, 0)], draws=1_000)
    assert found.drawdown_fraction == pytest.approx(0.9**10 - 1)
    assert found.drawdowns.min() >= found.drawdown_fraction - 1e-12
    assert np.mean(found.drawdowns <= found.drawdown_fraction + 1e-12) < 0.01


def test_where_the_actual_order_is_random_its_drawdown_has_a_uniform_rank():
    rng = np.random.default_rng(5)
    ranks = []
    for seed in range(300):
        found = shuffled(rng.normal(0.002, 0.02, 40), draws=100, seed=seed)
        ranks.append(np.mean(found.drawdowns <= found.drawdown_fraction))
    shares, _ = np.histogram(ranks, 4, (0, 1))
    assert shares / 300 == pytest.approx(np.full(4, 0.25), abs=0.08)


# -- resampled -------------------------------------------------------------------------------
@pytest.mark.parametrize(("won", "exact"), [(11, 0.7317), (10, 0.5), (9, 0.2683)])
def test_a_target_before_a_floor_is_the_gamblers_ruin(won, exact):
    """Five steps up before five down: 1 / (1 + (q / p)^5)."""
    odds = 1 / (1 + ((20 - won) / won) ** 5)
    assert odds == pytest.approx(exact, abs=1e-4)
    found = resampled(
        coin(won, 20 - won), start=1.0, horizon=300, target=1.5, floor=0.5, draws=3_000
    )
    assert found.target_fraction == pytest.approx(odds, abs=3.5 * found.error)
    assert found.target_fraction + found.floor_fraction == pytest.approx(1.0, abs=1e-3)


def test_the_mean_end_is_what_compounding_gives():
    trades = np.random.default_rng(6).normal(0.01, 0.05, 50)
    found = resampled(trades, horizon=20, draws=20_000)
    expected = (1 + trades.mean()) ** 20
    error = found.wealth.std() / np.sqrt(20_000)
    assert found.wealth.mean() == pytest.approx(expected, abs=4 * error)
    assert (found.horizon, found.trades) == (20, 50)


def test_the_run_lies_in_the_middle_of_its_own_draws():
    """What makes it no test of luck: it holds for an edge as for none."""
    for mean in (-0.02, 0.0, 0.02):
        trades = np.random.default_rng(7).normal(mean, 0.05, 200)
        found = resampled(trades)
        assert np.mean(found.wealth <= found.actual_wealth) == pytest.approx(0.5, abs=0.05)


def test_streaks_kept_together_make_the_future_wider():
    streaks = np.tile(coin(10, 10, 0.02), 10)
    apart, together = (resampled(streaks, block=block).wealth.std() for block in (1, 8))
    assert together > 1.5 * apart


def test_what_is_lost_stays_lost_and_lines_on_the_way_count():
    ruined = resampled([*coin(30, 0), -1.0], horizon=200, floor=0.0)
    assert ruined.floor_fraction > 0.99
    assert np.all((ruined.wealth == 0) | (ruined.wealth > 1))
    beyond = resampled([*coin(20, 0), -1.5, -1.5], horizon=100)
    assert np.all(beyond.wealth >= 0)  # an account of fractions ends at nothing, and stays there
    assert shuffled([*coin(20, 0), -1.5, -1.5], draws=100).wealth == 0
    back = resampled([-0.5, 1.0] * 10, horizon=50, floor=0.5, draws=500)
    assert back.floor_fraction > np.mean(back.wealth <= 0.5) + 0.2


# -- both ------------------------------------------------------------------------------------
def test_the_currency_does_not_matter_and_the_seed_repeats():
    amounts = np.random.default_rng(8).normal(1, 20, 40)
    for run in (shuffled, resampled):
        first = run(amounts, start=500, floor=0.8, seed=2)
        same = run(amounts * 7, start=3_500, floor=0.8, seed=2)
        name = "drawdowns" if run is shuffled else "wealth"
        np.testing.assert_allclose(getattr(same, name), getattr(first, name), atol=1e-12)
        other = run(amounts, start=500, floor=0.8, seed=3)
        assert not np.array_equal(getattr(other, name), getattr(first, name))


def test_without_a_line_there_are_no_odds():
    assert shuffled(coin(10, 10)).ruin_fraction is None
    found = resampled(coin(10, 10), target=1.2)
    assert (found.floor, found.floor_fraction) == (None, None)
    assert found.target_fraction > 0
    assert resampled(coin(10, 10)).error is None


@pytest.mark.parametrize("run", [shuffled, resampled])
def test_no_value_has_a_reason(run):
    for trades, reason in (([0.1] * 7, "7 rows"), ([0.1, np.nan] * 20, "nan or infinite")):
        found = run(trades)
        assert isinstance(found, NoValue)
        assert reason in found.reason


@pytest.mark.parametrize(
    ("run", "asked"),
    [
        (shuffled, {"start": 0}),
        (shuffled, {"start": float("nan")}),
        (shuffled, {"floor": 1.0}),
        (shuffled, {"floor": -0.1}),
        (shuffled, {"draws": 1}),
        (resampled, {"target": 1.0}),
        (resampled, {"horizon": 0}),
        (resampled, {"block": 21}),
        (resampled, {"block": 0.5}),
    ],
)
def test_a_wrong_question_is_refused(run, asked):
    with pytest.raises(UsageError):
        run(coin(10, 10), **asked)
