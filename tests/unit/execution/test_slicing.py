"""I42, the cutting: slices add up to the parent, each near its share, and the same in a replay."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genesis.domain.slicing import Algorithm, VolumeProfileReported
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.execution.iceberg_hunter import timings_hunter
from genesis.execution.slicing import (
    Draws,
    Wanted,
    band,
    can_cut,
    cut,
    lasting_ns,
    most_slices,
)
from genesis.execution.twap_hunter import timings_hunter as even_timings
from genesis.execution.vwap_strategist import weights_strategist
from tests.support.sliced import rules

D = Decimal
RULES = rules().execution.slicing
assert RULES is not None
SPREAD = D("0.2")


@settings(max_examples=200, deadline=None)
@given(
    lots=st.integers(1, 10**7),
    weights=st.lists(st.integers(1, 10**20), min_size=3, max_size=20),
    seed=st.text(max_size=4),
    n=st.integers(1, 999),
)
def test_slices_add_up_and_stay_in_their_band(lots, weights, seed, n) -> None:
    """I42."""
    wanted = Wanted(lots, 1, SPREAD)
    assume(can_cut(wanted, weights))
    slices = cut(wanted, weights, Draws(seed, n))
    assert sum(slices) == lots
    assert cut(wanted, weights, Draws(seed, n)) == slices
    for qty, weight in zip(slices, weights, strict=True):
        share = D(lots) * weight / sum(weights)
        assert share * D("0.8") - 1 < qty < share * D("1.2") + 1
        low, high = band(lots, weight, sum(weights), SPREAD)
        assert low <= qty <= high
        assert low >= share * D("0.8") * (1 - D("1e-20"))
        assert high <= share * D("1.2") * (1 + D("1e-20"))


def test_equal_slices_differ_by_up_to_a_fifth_and_not_always_by_the_same() -> None:
    cuts = {cut(Wanted(9_000, 1, SPREAD), (1, 1, 1), Draws("7", n)) for n in range(200)}
    sizes = [size for one in cuts for size in one]
    assert len(cuts) > 190
    assert min(sizes) < 2_500 and max(sizes) > 3_500
    assert min(sizes) >= 2_400 and max(sizes) <= 3_600


def test_what_is_too_small_is_not_cut() -> None:
    assert not can_cut(Wanted(3, 1, SPREAD), (1, 1, 1, 1))
    assert not can_cut(Wanted(296, 80, SPREAD), (1, 1, 1))  # 0.8 of a third is 78.9
    assert not can_cut(Wanted(4, 1, SPREAD), (1, 1, 1))  # no whole lots lie near 1.33
    assert can_cut(Wanted(300, 80, SPREAD), (1, 1, 1))
    assert not can_cut(Wanted(300, 1, SPREAD), (0, 0, 0))
    assert not can_cut(Wanted(300, 1, SPREAD), (1, 0, 1))


@given(n=st.integers(1, 10_000), at=st.integers(0, 30))
def test_delays_stay_between_the_least_and_the_most(n, at) -> None:
    assert SECOND <= Draws("s", n).delay_ns(at, RULES) < 5 * SECOND


def test_an_iceberg_waits_between_slices_and_a_twap_keeps_its_intervals() -> None:
    draws = Draws("s", 4)
    iceberg = timings_hunter(4, draws, RULES)
    assert iceberg[0] == (0, 0)
    assert all(not offset and SECOND <= delay < 5 * SECOND for offset, delay in iceberg[1:])
    twap = even_timings(4, 8 * MINUTE, draws, RULES)
    late = [offset - at * 2 * MINUTE for at, (offset, _) in enumerate(twap)]
    assert late[0] == 0
    assert all(SECOND <= one < 5 * SECOND for one in late[1:])


def test_a_vwap_follows_the_hours() -> None:
    volumes = tuple(D(3) if hour == 1 else D(1) for hour in range(24))
    profile = VolumeProfileReported(0, "BTC/USDT", HOUR, volumes, 5)
    assert weights_strategist(2, 0, 2 * HOUR, profile) == (HOUR * 10**8, 3 * HOUR * 10**8)
    over_midnight = weights_strategist(2, DAY - HOUR // 2, 2 * HOUR, profile)
    assert over_midnight[0] * 2 == over_midnight[1]  # half of it in the hour that counts thrice
    assert sum(weights_strategist(7, 5, DAY, profile)) == sum(map(int, volumes)) * HOUR * 10**8


@pytest.mark.parametrize(
    ("algorithm", "usdt", "over_ns", "count"),
    [
        (Algorithm.ICEBERG, "50", 0, 3),
        (Algorithm.ICEBERG, "300", 0, 3),
        (Algorithm.ICEBERG, "301", 0, 4),
        (Algorithm.ICEBERG, "99999", 0, 20),
        (Algorithm.TWAP, "300", 30 * MINUTE, 20),
        (Algorithm.TWAP, "300", 10 * MINUTE, 10),
        (Algorithm.TWAP, "300", MINUTE, 3),
    ],
)
def test_how_many_slices(algorithm, usdt, over_ns, count) -> None:
    assert most_slices(algorithm, D(usdt), over_ns, RULES) == count


def test_how_long_it_lasts() -> None:
    assert lasting_ns(Algorithm.ICEBERG, None, RULES) == (0, None)
    assert lasting_ns(Algorithm.TWAP, None, RULES) == (30 * MINUTE, None)
    _, failure = lasting_ns(Algorithm.VWAP, 30 * SECOND, RULES)
    assert failure is not None
    assert failure.reason == "a vwap lasts from 1 to 240 minutes"
