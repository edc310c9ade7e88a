"""Volume at price: exact sums, the point of control, the area that grows from it."""

from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.errors import DataError, UsageError
from genesis.research import Bars, Instrument, Ticks, profile_levels, volume_profile
from genesis.research.volume_profile import VolumeProfile
from tests.support.markets import START_NS, wandering_ticks

TOY = Instrument("TOY/USDT", "TOY", "USDT", D("0.5"), D("0.1"))
HOUR = 3_600_000_000_000


def ticks(*rows: tuple[float, float], apart_ns: int = 1) -> Ticks:
    """(price, qty) each, one after the other."""
    at = [START_NS + i * apart_ns for i in range(len(rows))]
    prices, qtys = zip(*rows, strict=True)
    return Ticks.from_arrays(TOY, at, prices, qtys, [False] * len(rows))


def bars(*rows: tuple[float, float, float]) -> Bars:
    """(low, high, volume) each."""
    at = [START_NS + i * HOUR for i in range(len(rows))]
    low, high, volume = zip(*rows, strict=True)
    return Bars.from_arrays(TOY, at, low, high, low, high, volume, "1h")


def rows(found: VolumeProfile) -> list[tuple[float, float, bool]]:
    table = found.table
    return list(zip(table["price"], table["volume"], table["in_value_area"], strict=True))


def test_volume_is_counted_at_its_price():
    found = volume_profile(ticks((10, 1), (11.5, 2), (10.5, 4), (10, 0.5)), step="1")
    assert rows(found) == [(10, 5.5, True), (11, 2, False)]
    assert found.point_of_control == 10.5
    assert found.value_area == (10, 11)
    assert found.table["share"].sum() == pytest.approx(1)


def test_the_area_grows_by_the_larger_neighbour_until_it_holds_enough():
    """Volumes 1 2 9 5 3: 9, then 5 (14 of 20 are 70 %)."""
    told = [(10 + i, volume) for i, volume in enumerate((1, 2, 9, 5, 3))]
    found = volume_profile(ticks(*told), step="1")
    assert [one[2] for one in rows(found)] == [False, False, True, True, False]
    more = volume_profile(ticks(*told), step="1", value_area=0.701)
    assert [one[2] for one in rows(more)] == [False, False, True, True, True]
    whole = volume_profile(ticks(*told), step="1", value_area=1)
    assert whole.table["in_value_area"].all()


def test_equals_are_decided_as_is_said():
    edge = volume_profile(ticks((10, 5), (11, 1), (12, 5), (13, 1), (14, 1)), step="1")
    assert edge.point_of_control == 12.5, "nearest to the middle"
    even = volume_profile(ticks((10, 5), (11, 1), (12, 5)), step="1", value_area=0.1)
    assert even.point_of_control == 10.5, "the lower one"
    sides = volume_profile(ticks((10, 2), (11, 5), (12, 2)), step="1", value_area=0.75)
    assert sides.value_area == (10, 12), "the lower row first"


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(20, 60), st.integers(1, 30)), min_size=1, max_size=40),
    st.sampled_from([1, 2, 3, 10]),
)
def test_a_profile_equals_plain_counting(drawn, height):
    found = volume_profile(ticks(*((p / 2, q / 10) for p, q in drawn)), step=D(height) / 2)
    counted: dict[int, int] = {}
    for price, qty in drawn:
        counted[price // height] = counted.get(price // height, 0) + qty
    told = [round(volume * 10) for volume in found.table["volume"]]
    assert told == [counted.get(row, 0) for row in range(min(counted), max(counted) + 1)]
    inside = found.table["in_value_area"].to_numpy()
    assert told[found.control_row] == max(told)
    assert inside[found.control_row]
    assert (np.diff(np.flatnonzero(inside)) == 1).all()
    held = sum(one for one, kept in zip(told, inside, strict=True) if kept)
    assert 10 * held >= 7 * sum(told)
    largest = max(told[int(i)] for i in np.flatnonzero(inside)[[0, -1]])
    assert 10 * (held - largest) < 7 * sum(told), "it stopped as soon as it held enough"


def test_bars_are_spread_between_low_and_high_and_say_so():
    found = volume_profile(bars((10, 11.5, 4), (11, 11, 2)), step="1")
    assert rows(found) == [(10, 2, True), (11, 4, True)]
    assert "spread evenly" in repr(found)
    assert "every trade" in repr(volume_profile(ticks((1, 1)), step="1"))


def test_the_step_is_round_and_gives_about_fifty_rows():
    found = volume_profile(wandering_ticks(5_000, agility=5))
    assert 20 <= len(found.table) <= 51
    assert found.step.normalize().as_tuple().digits in ((1,), (2,), (5,))


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"step": "0.7"}, "multiple of 0.5.*take 0.5 or 1.0"),
        ({"step": "-1"}, "multiple of 0.5"),
        ({"value_area": 0}, "above 0"),
        ({"value_area": 1.1}, "not above 1"),
        ({"value_area": float("nan")}, "above 0"),
    ],
)
def test_what_cannot_be_used_says_so(given_, said):
    with pytest.raises(UsageError, match=said):
        volume_profile(ticks((10, 1), (11, 1)), **given_)


def test_too_many_rows_and_no_volume_are_refused():
    with pytest.raises(UsageError, match="more than 5000 rows"):
        volume_profile(ticks((10, 1), (9_000, 1)), step="0.5")
    with pytest.raises(DataError, match="nothing of TOY/USDT"):
        volume_profile(ticks((10, 1)).between(0, 1))
    with pytest.raises(DataError, match="nothing was traded"):
        volume_profile(bars((10, 11, 0)))


def test_levels_of_a_period_are_known_at_its_end():
    data = ticks(*((10 + i // 60, 1 + i % 3) for i in range(200)), apart_ns=HOUR // 60)
    found = profile_levels(data, "1h", step="1")
    assert found["start_ts_ns"].tolist() == [START_NS + i * HOUR for i in range(3)]
    assert (found["known_ts_ns"] - found["start_ts_ns"] == HOUR).all()
    assert found["point_of_control"].tolist() == [10.5, 11.5, 12.5]
    cut = profile_levels(data.between(None, START_NS + HOUR + HOUR // 2), "1h", step="1")
    assert cut.equals(found.iloc[:1]), "what comes later changes nothing"


def test_levels_of_bars_and_of_periods_without_a_trade():
    found = profile_levels(bars((10, 11, 1), (20, 21, 1)), "1h")
    assert len(found) == 2
    gap = profile_levels(ticks((10, 1), (11, 1), (12, 1), apart_ns=3 * HOUR), "1h")
    assert len(gap) == 2
    with pytest.raises(UsageError, match="bar width"):
        profile_levels(bars((10, 11, 1)), "1y")


def test_it_shows_itself():
    found = volume_profile(wandering_ticks(2_000))
    assert set(found._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert "not a limit" in repr(found)
    figure = found.plot()
    assert figure.data[0].x.sum() == pytest.approx(found.table["volume"].sum())
    assert "point of control" in figure.layout.title.text
