"""Odds to be filled, of orders of which some were taken back."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics.reliability import Reliability, split
from genesis.analytics.survival import fill_odds, fill_quantile, fill_reliability
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def resting(seed: int, count: int) -> tuple[Float64, Bool]:
    """Shares between 0.2 and 1 (half by 0.6), of which about a third are never reached."""
    rng = np.random.Generator(np.random.PCG64(seed))
    share, until = rng.uniform(0.2, 1.0, count), rng.exponential(1.5, count)
    return np.minimum(share, until), share <= until


def test_the_odds_of_a_worked_example() -> None:
    """Freireich et al. 1963, remission under 6-MP: the sample of the textbooks.

    Survival after 6, 7, 10, 13, 16, 22 and 23 weeks as in Cox and Oakes 1984, table 1.1.
    """
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    was = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = fill_odds(weeks, np.array(was, dtype=np.bool_))
    assert found.at.tolist() == [6, 7, 10, 13, 16, 22, 23]
    survive = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert (1.0 - found.odds).tolist() == pytest.approx(survive, abs=5e-4)
    assert found.quantile(0.5) == 23
    assert (found.until(5.9), found.until(6), found.until(99)) == pytest.approx(
        (0.0, 1 - 0.857, 1 - 0.448), abs=5e-4
    )
    assert (found.orders, found.fills) == (21, 9)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_without_cancels_the_odds_are_plain_shares(gone: list[int]) -> None:
    found = fill_odds(gone, np.ones(len(gone), dtype=np.bool_))
    for at in range(21):
        assert found.until(at) == pytest.approx(sum(one <= at for one in gone) / len(gone))


def test_cancels_that_are_left_out_would_make_waiting_look_shorter() -> None:
    gone, filled = resting(2, 4_000)
    naive = float(np.median(gone[filled]))
    assert fill_odds(gone, filled).quantile() == pytest.approx(0.6, abs=0.02)
    assert naive < 0.56


def test_a_planted_share_is_found_within_its_interval_95_times_of_100() -> None:
    covered = right = shifted = 0
    for seed in range(40):
        gone, filled = resting(300 + seed, 150)
        found = fill_quantile(gone, filled)
        assert not isinstance(found, NoValue)
        covered += found.low <= 0.6 <= found.high
        if seed < 16:
            told = fill_reliability(gone, filled)
            late = gone.copy()
            late[split(150) :] *= 1.8
            wrong = fill_reliability(late, filled)
            assert isinstance(told, Reliability) and isinstance(wrong, Reliability)
            right += told.is_reliable
            shifted += wrong.is_reliable
    assert covered >= 34  # 38 on average
    assert right >= 13 and shifted <= 1


def test_too_few_orders_or_fills_are_refused_in_words() -> None:
    gone, filled = resting(1, 59)
    assert fill_quantile(gone, filled) == NoValue("59 resting orders, at least 60 are needed")
    rare = np.zeros(100, dtype=np.bool_)
    rare[:29] = True
    told = fill_quantile(np.arange(100.0), rare)
    assert told == NoValue("29 of them were filled, at least 30 are needed")
    rare[29:35] = True
    never = fill_quantile(np.arange(100.0), rare)
    assert isinstance(never, NoValue) and "were filled at most, not 50%" in never.reason
    early = fill_reliability(np.arange(100.0), rare)
    assert isinstance(early, NoValue) and "too few" in early.reason


@pytest.mark.parametrize(
    ("gone", "filled", "words"),
    [
        ([1.0, 2.0], [True], "flag for each of the 2"),
        ([1.0], [1.0], "flag for each"),
        ([-1.0], [True], "0 or more"),
        ([float("nan")], [True], "0 or more"),
    ],
)
def test_a_wrong_call_is_refused(gone: object, filled: object, words: str) -> None:
    for of in (fill_odds, fill_quantile, fill_reliability):
        with pytest.raises(UsageError, match=words):
            of(gone, filled)  # type: ignore[operator]
