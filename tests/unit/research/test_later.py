"""A sweep and the same one later: the winner is followed, not chosen anew."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genesis.analytics import NoValue, expected_max_sharpe
from genesis.errors import UsageError
from genesis.research import deflated_sharpe
from genesis.research.later import Later, then_and_later
from genesis.research.later_figure import later_figure, winners_figure
from genesis.research.made_up import noise, trends
from genesis.research.winner_luck import winner_luck

GRID = {"fast": [2, 4, 8, 16], "slow": [20, 45, 90, 180], "bar": ["1h"]}
PLAN = {
    "rules": "research", "fill": "next_open", "qty": 2, "cash": 2000, "finalists": 0,
    "metric": "sharpe_per_bar",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def nothing(home) -> Later:
    return then_and_later("sma_cross", noise(400), GRID, home=home, **PLAN)


@pytest.fixture(scope="module")
def something(home) -> Later:
    windy = trends(400, strength=0.2, lasting_bars=60)
    return then_and_later("sma_cross", windy, GRID, home=home, **PLAN)


def test_the_parts_follow_upon_each_other_and_share_no_bar(nothing: Later):
    first, second = nothing.first.coverage, nothing.second.coverage
    assert first.rows + second.rows == 400 * 24
    assert first.last_ns < second.first_ns


def test_the_winner_is_the_one_of_the_first_part(nothing: Later):
    assert nothing.then[nothing.winner] == nothing.then.max()
    assert nothing.first.best["sharpe_per_bar"] == nothing.then.max()
    others = np.delete(nothing.later, nothing.winner)
    assert nothing.beaten_by == np.mean(others > nothing.later[nothing.winner])


def spearman(first, second) -> float:
    return pd.Series(first).rank().corr(pd.Series(second).rank())


def test_the_order_of_trials_is_spearmans(nothing: Later, something: Later):
    for each in (nothing, something):
        assert each.correlation == pytest.approx(spearman(each.then, each.later))
    assert something.correlation > 0.5 > abs(nothing.correlation)


def test_ties_share_their_rank_and_one_trial_has_no_order(nothing: Later):
    class Given(Later):
        then = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
        later = np.array([2.0, 1.0, 1.0, 1.0, 4.0])
        winner = 3

    given = Given(nothing.first, nothing.second)
    assert given.correlation == pytest.approx(spearman([1, 2, 2, 3], [2, 1, 1, 1]))
    assert given.beaten_by == (1 + 0.5 + 0.5 + 1) / 4
    Given.winner = 4  # it stood still later: whoever has a figure did better
    Given.later = np.array([2.0, 1.0, np.nan, 1.0, np.nan])
    assert Given(nothing.first, nothing.second).beaten_by == (3 + 0.5) / 4
    Given.then = np.array([1.0, np.nan, 2.0])
    Given.later = np.array([1.0, 2.0, 3.0])
    assert isinstance(Given(nothing.first, nothing.second).correlation, NoValue)


def test_luck_explains_noise_and_does_not_explain_a_planted_edge(nothing: Later, something: Later):
    doubt, belief = winner_luck(nothing.first), winner_luck(something.first)
    assert doubt.is_luck_enough
    assert not belief.is_luck_enough
    assert doubt.sharpe < doubt.expected or doubt.deflated < 0.95
    assert belief.sharpe > belief.expected
    returns = something.first.returns_by("1d")
    assert belief.deflated == deflated_sharpe(returns, trials=belief.trials)
    ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    assert belief.sharpe == pytest.approx(ratios.max())
    assert belief.expected == pytest.approx(expected_max_sharpe(16, ratios.std(ddof=1)))


def test_each_of_the_two_tests_can_doubt_alone(something: Later):
    belief = winner_luck(something.first)
    none = NoValue("too few")
    doubts = (
        replace(belief, deflated=0.94), replace(belief, check=replace(belief.check, p_value=0.06)),
        replace(belief, deflated=none), replace(belief, check=none),
    )  # fmt: skip
    assert all(one.is_luck_enough for one in doubts)


def test_the_ledger_counts_trials_of_earlier_sweeps(home, something: Later):
    windy = trends(400, strength=0.2, lasting_bars=60)
    grid = {"fast": [3, 5], "slow": [33], "bar": ["1h"]}
    more = then_and_later("sma_cross", windy, grid, home=home, **PLAN)
    assert winner_luck(more.first).trials == 18


def test_faces_say_what_they_show(nothing: Later, something: Later):
    for each in (nothing, winner_luck(nothing.first), something, winner_luck(something.first)):
        bundle = each._repr_mimebundle_()
        assert "nan" not in bundle["text/html"]
        assert "per year" in bundle["text/html"]
        assert bundle["text/plain"] == repr(each)
    yearly = nothing.then.max() * np.sqrt(365 * 24)
    assert f"+{yearly:.2f}" in repr(nothing)
    figure = later_figure(nothing)
    assert figure.data[1].x == pytest.approx(nothing.then * np.sqrt(365 * 24))
    lines = winners_figure([nothing, something])
    assert lines.data[-1].y[0] == pytest.approx((figure.data[2].x[0] + lines.data[1].y[0]) / 2)


def test_what_cannot_be_compared_is_refused(nothing: Later):
    with pytest.raises(UsageError, match="cut"):
        then_and_later("sma_cross", noise(10), GRID, cut=1.0, **PLAN)
    with pytest.raises(UsageError, match="search"):
        then_and_later("sma_cross", noise(10), GRID, search="random", n=3, **PLAN)
    with pytest.raises(UsageError, match="one metric"):
        winners_figure([])
