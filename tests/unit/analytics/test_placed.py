"""The same trades at other moments: calibrated where entries know nothing, and an edge is found."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import EntryOdds, NoValue, random_entries
from genesis.errors import UsageError
from tests.support.calibration import is_uniform

MARKS = 400


def noise(seed: int, rows: int = MARKS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(rng.standard_normal(rows) * 0.01))


def trades(seed: int, marks: np.ndarray, count: int = 20) -> dict[str, Any]:
    """Trades that know nothing, with sizes and costs of their own."""
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.choice(len(marks), 2 * count, replace=False))
    entries, exits = edges[::2], edges[1::2]
    worth = rng.uniform(50, 150, count)
    earned = worth * (marks[exits] / marks[entries] - 1) - worth * 0.002
    return {"entries": entries, "exits": exits, "worth": worth, "earned": earned}


def odds(marks: np.ndarray, **asked: Any) -> EntryOdds:
    found = random_entries(marks, **asked)
    assert isinstance(found, EntryOdds)
    return found


def test_p_values_of_entries_that_know_nothing_are_uniform() -> None:
    p = []
    for seed in range(100):
        marks = noise(seed)
        p.append(odds(marks, **trades(1_000 + seed, marks), draws=120, seed=seed).p_value)
    assert is_uniform(p)


def test_p_values_stay_uniform_in_a_market_that_rises() -> None:
    """Drift is no edge: entries by chance have it as well."""
    p = []
    for seed in range(100):
        marks = noise(seed) * np.exp(np.arange(MARKS) * 0.01)
        p.append(odds(marks, **trades(1_000 + seed, marks), draws=120, seed=seed).p_value)
    assert is_uniform(p)


def test_an_edge_of_the_moments_is_found() -> None:
    p = []
    for seed in range(12):
        marks = noise(seed)
        growth = marks[5:] / marks[:-5]
        first = np.arange(0, 380, 19)
        better = first + np.array([growth[at : at + 6].argmax() for at in first])
        worth = np.full(20, 100.0)
        earned = worth * (marks[better + 5] / marks[better] - 1)
        p.append(odds(marks, entries=better, exits=better + 5, worth=worth, earned=earned).p_value)
    assert np.mean(np.array(p) < 0.05) > 0.9, "each took the best of six moments"


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_chance_trades_as_often_as_long_and_as_dearly(seed: int, count: int) -> None:
    """In a market that does not move only the costs are left: they are the same wherever."""
    still = np.full(60, 100.0)
    given = trades(seed, still, count)
    found = odds(still, **given, draws=100, seed=seed)
    np.testing.assert_allclose(found.drawn, given["earned"].sum(), rtol=1e-9)
    assert (found.p_value, found.beaten_fraction) == (1.0, 0.5)
    rising = np.exp(np.arange(60) * 0.01)
    growth = rising[given["exits"]] / rising[given["entries"]]
    alike = {**given, "earned": given["worth"] * (growth - 1) - 1}
    found = odds(rising, **alike, draws=100, seed=seed)
    np.testing.assert_allclose(found.drawn, found.earned, rtol=1e-9)


def test_by_hand_one_trade_of_two_marks() -> None:
    marks = [100.0, 110.0, 99.0, 99.0]
    found = odds(np.array([*marks, *[99.0] * 10]), entries=[0], exits=[1], worth=[50.0],
                 earned=[4.0], draws=2_000)  # fmt: skip
    assert found.earned == 4.0
    at, times = np.unique(np.round(found.drawn, 9), return_counts=True)
    assert at.tolist() == [-6.0, -1.0, 4.0], "10 % down, still, and up, less a cost of 1"
    assert np.allclose(times / 2_000, [1 / 13, 11 / 13, 1 / 13], atol=0.02)
    assert found.p_value == (1 + times[2]) / 2_001
    assert found.trades == 1


def test_the_same_seed_gives_the_same_draws() -> None:
    marks = noise(1)
    given = trades(2, marks)
    one, two = odds(marks, **given, seed=5), odds(marks, **given, seed=5)
    assert (one.drawn == two.drawn).all()
    assert (one.drawn != odds(marks, **given, seed=6).drawn).any()


def test_where_nothing_can_be_drawn() -> None:
    marks, none = noise(1), np.array([], np.int64)
    found = random_entries(marks, none, none, [], [])
    assert found == NoValue("there is no trade to put elsewhere")
    always = random_entries(marks, [0], [MARKS - 1], [100.0], [1.0])
    assert isinstance(always, NoValue)
    assert "in the market all the time" in always.reason
    broken = random_entries(marks, [0], [9], [np.nan], [1.0])
    assert isinstance(broken, NoValue)
    assert isinstance(random_entries(marks[:1], [0], [0], [1.0], [1.0]), NoValue)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"draws": 99}, "draws must be at least 100"),
        ({"entries": [0.5, 5.0]}, "entries must be one column of whole numbers"),
        ({"exits": [3]}, "one value for each trade"),
        ({"worth": [1.0]}, "one value for each trade"),
        ({"entries": [5, 0]}, "in order"),
        ({"exits": [7, 9]}, "in order"),
        ({"entries": [-1, 5]}, "outside of the 400 marks"),
        ({"exits": [3, 400]}, "outside of the 400 marks"),
        ({"marks": np.linspace(-1, 1, MARKS)}, "prices above 0"),
        ({"marks": "prices"}, "marks must be one column"),
    ],
)
def test_what_cannot_be_asked(changed: dict[str, Any], words: str) -> None:
    asked = {
        "marks": noise(1), "entries": [0, 5], "exits": [3, 9], "worth": [1.0, 1.0],
        "earned": [0.1, 0.1],
    } | changed  # fmt: skip
    with pytest.raises(UsageError, match=words):
        random_entries(**asked)
