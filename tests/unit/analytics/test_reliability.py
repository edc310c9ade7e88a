"""What was predicted beside what came: right is found right, wrong is found wrong."""

import numpy as np
import numpy.typing as npt

from genesis.analytics.reliability import Checked, Reliability, share_reliability, split
from genesis.analytics.values import NoValue

Float64 = npt.NDArray[np.float64]


def lasted(seed: int, count: int, *, sticky: float = 0.0) -> Float64:
    """Latencies in ms; `sticky`: how much of one stays in the next."""
    rng = np.random.Generator(np.random.PCG64(seed))
    noise = rng.standard_normal(count)
    for row in range(1, count):
        noise[row] += sticky * noise[row - 1]
    return np.asarray(np.rint(np.exp(3.0 + 0.5 * noise)))


def reliable(sample: Float64) -> bool:
    found = share_reliability(sample)
    assert isinstance(found, Reliability)
    return found.is_reliable


def test_a_venue_that_stays_as_it_was_is_reliable_and_one_that_slows_down_is_not() -> None:
    same = sticky = slower = 0
    for seed in range(24):
        sample = lasted(seed, 150)
        late = sample.copy()
        late[split(150) :] *= 1.7
        same += reliable(sample)
        slower += reliable(late)
        sticky += reliable(lasted(seed, 240, sticky=0.6))
    assert same >= 20 and slower <= 1
    assert sticky >= 19  # what comes in bursts is no reason for alarm


def test_the_newest_third_is_held_out() -> None:
    assert [split(count) for count in (60, 61, 62, 63)] == [40, 41, 42, 42]
    found = share_reliability(np.arange(90.0))
    assert isinstance(found, Reliability)
    assert (found.fitted, found.held_out) == (60, 30)
    assert [row.realised for row in found.rows] == [0.0] * 5
    assert [row.predicted for row in found.rows] == [0.1, 0.25, 0.5, 0.75, 0.9]
    assert "on 30 that were held out (fitted to 60)" in found.words and "90%" in found.words


def test_latencies_that_are_all_the_same_say_so() -> None:
    found = share_reliability(np.full(80, 12.0))
    assert isinstance(found, Reliability)
    assert found.is_reliable
    assert [row[1:4] for row in found.rows] == [(26, 1.0, 1.0)]


def test_too_few_are_refused_in_words() -> None:
    assert share_reliability(np.ones(59)) == NoValue("59 measured, at least 60 are needed")


def test_a_figure_on_the_edge_is_inside() -> None:
    assert Checked("x", 9, 0.5, 0.4, 0.4, 0.6).is_inside
    assert not Checked("x", 9, 0.5, 0.39, 0.4, 0.6).is_inside
