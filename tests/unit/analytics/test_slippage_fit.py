"""The law of slippage: a planted one is found, none where there is none, and a wrong one fails."""

import numpy as np
import numpy.typing as npt
import pytest

from genesis.analytics.reliability import SAMPLES_MIN, Reliability, split
from genesis.analytics.slippage_fit import SlippageFit, fit_slippage, slippage_reliability
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Float64 = npt.NDArray[np.float64]


def orders(
    seed: int, count: int, intercept: float, slope: float, power: float = 0.5
) -> tuple[Float64, Float64]:
    """Sizes over two decades, and slippages with a fat-tailed noise about the law."""
    rng = np.random.Generator(np.random.PCG64(seed))
    sizes = np.exp(rng.normal(-4.0, 1.2, count))
    noise = 2.0 * rng.standard_t(4, count)
    return sizes, intercept + slope * sizes**power + noise


def fitted(sizes: Float64, slipped: Float64, form: str = "square_root") -> SlippageFit:
    found = fit_slippage(sizes, slipped, form)
    assert isinstance(found, SlippageFit)
    return found


def reliability(sizes: Float64, slipped: Float64, form: str = "square_root") -> Reliability:
    found = slippage_reliability(sizes, slipped, form)
    assert isinstance(found, Reliability)
    return found


@pytest.mark.parametrize(("form", "power"), [("square_root", 0.5), ("linear", 1.0)])
def test_a_planted_law_is_found_within_its_interval(form: str, power: float) -> None:
    found = fitted(*orders(4, 400, 1.5, 30.0, power), form)
    assert found.intercept_bps.low <= 1.5 <= found.intercept_bps.high
    assert found.slope_bps.low <= 30.0 <= found.slope_bps.high
    assert found.slope_bps.high - found.slope_bps.low < 12.0
    assert found.size_matters
    assert found.noise_bps == pytest.approx(2.0 * 2**0.5, rel=0.2)
    expected = found.intercept_bps.point + found.slope_bps.point * 0.04**power
    assert found.predicted_bps([0.04]) == pytest.approx([expected])


def test_the_line_is_that_of_least_squares() -> None:
    sizes, slipped = orders(9, 90, 1.0, 10.0)
    found = fitted(sizes, slipped)
    slope, intercept = np.polyfit(np.sqrt(sizes), slipped, 1)
    assert (found.intercept_bps.point, found.slope_bps.point) == pytest.approx((intercept, slope))
    assert found.most == sizes.max() and found.orders == 90


def test_where_size_costs_nothing_the_interval_says_so_95_times_of_100() -> None:
    """Of 160 samples of the smallest size allowed; chance leaves 1.7 % either way."""
    covered = matters = 0
    for seed in range(160):
        found = fitted(*orders(1_000 + seed, SAMPLES_MIN, 1.0, 0.0))
        covered += found.slope_bps.low <= 0.0 <= found.slope_bps.high
        matters += found.size_matters
    assert 0.90 <= covered / 160 <= 0.99
    assert matters / 160 <= 0.06


def test_a_right_law_is_reliable_and_a_wrong_one_is_not() -> None:
    right = shifted = steeper = bent = 0
    for seed in range(14):
        sizes, slipped = orders(5_000 + seed, 240, 1.0, 60.0)
        right += reliability(sizes, slipped).is_reliable
        bent += reliability(sizes, slipped, "linear").is_reliable
        late = slice(split(240), None)
        dearer, twice = slipped.copy(), slipped.copy()
        dearer[late] += 3.0
        twice[late] += 60.0 * np.sqrt(sizes[late])
        shifted += reliability(sizes, dearer).is_reliable
        steeper += reliability(sizes, twice).is_reliable
    assert right >= 11  # 13 on average
    assert shifted <= 1 and steeper <= 1
    assert bent <= 6  # the root, taken for a line: wrong at both ends


def test_what_was_held_out_has_no_part_in_the_prediction() -> None:
    sizes, slipped = orders(3, 120, 1.0, 30.0)
    changed = slipped.copy()
    changed[split(120) :] += 50.0
    before, after = reliability(sizes, slipped), reliability(sizes, changed)
    assert [row.predicted for row in before.rows] == [row.predicted for row in after.rows]
    assert not after.is_reliable and "not as predicted on 40" in after.words
    assert before.fitted == 80 and sum(row.samples for row in before.rows) == 40


def test_too_few_or_unfit_orders_are_refused_in_words() -> None:
    sizes, slipped = orders(3, 59, 1.0, 30.0)
    for found in (fit_slippage(sizes, slipped), slippage_reliability(sizes, slipped)):
        assert found == NoValue("59 orders, at least 60 are needed to fit and to check")
    alike = fit_slippage(np.full(80, 0.1), np.arange(80.0))
    assert isinstance(alike, NoValue) and "of one size" in alike.reason
    broken = np.arange(80.0)
    broken[7] = np.nan
    told = fit_slippage(np.linspace(0.01, 1.0, 80), broken)
    assert isinstance(told, NoValue) and "nan" in told.reason


@pytest.mark.parametrize(
    ("sizes", "slipped", "form", "words"),
    [
        ([0.1, 0.2], [1.0], "linear", "2 participations and 1 slippages"),
        ([0.1, -0.2], [1.0, 2.0], "linear", "0 or more"),
        ([[0.1]], [1.0], "linear", "one column"),
        ([0.1], [1.0], "cubic", "square_root, linear"),
    ],
)
def test_a_wrong_call_is_refused(sizes: object, slipped: object, form: str, words: str) -> None:
    for of in (fit_slippage, slippage_reliability):
        with pytest.raises(UsageError, match=words):
            of(sizes, slipped, form)  # type: ignore[arg-type]


def test_no_size_below_zero_is_predicted() -> None:
    found = fitted(*orders(3, 80, 1.0, 30.0))
    for nonsense in ([-0.1], [float("nan")], [float("inf")]):
        with pytest.raises(UsageError):
            found.predicted_bps(nonsense)
