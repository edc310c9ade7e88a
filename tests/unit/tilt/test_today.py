"""What is shown of a day: the newest acts of it, and nothing of the day before."""

from genesis.domain.time import DAY
from genesis.tilt.today import KEPT, Today


def test_measures_are_medians_and_yes_or_no_are_shares() -> None:
    today = Today()
    for gap, skip in ((1.0, 0.0), (5.0, 1.0), (2.0, 0.0), (9.0, 1.0)):
        today.add(DAY, {"gap": gap, "skip": skip, "hour": 3.0, "slips": 0.1})
    assert today.at(DAY + 1) == {"gap": 3.5, "skip": 0.5}


def test_another_day_begins_with_nothing() -> None:
    today = Today()
    today.add(DAY, {"gap": 1.0})
    assert today.at(2 * DAY) == {}
    today.add(2 * DAY, {"lat": 2.0})
    assert today.at(2 * DAY) == {"lat": 2.0}


def test_the_newest_acts_count_and_clicks_push_none_of_them_out() -> None:
    today = Today()
    for at in range(KEPT + 40):
        today.add(DAY + at, {"gap": float(at + 2)})
        today.add(DAY + at, {"clicks": 1.0})
    assert len(today.acts) == KEPT
    assert today.at(DAY) == {"gap": 40 + 2 + (KEPT - 1) / 2}
