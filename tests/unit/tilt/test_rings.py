"""The hours of the day, against the plain way of letting older entries fade."""

import pytest

from genesis.rules import load
from genesis.tilt.rings import HOURS, Hours

BEHAVIOUR = load("sniper").tilt.behaviour
assert BEHAVIOUR is not None
RULES = BEHAVIOUR.hours


def faded(entries: list[int]) -> list[float]:
    """Every entry makes all earlier ones count less."""
    counts = [RULES.prior_acts] * HOURS
    for hour in entries:
        counts = [count * RULES.memory for count in counts]
        counts[hour] += 1
    return counts


@pytest.mark.parametrize("entries", [1, 50, 30_000])
def test_older_entries_fade(entries: int) -> None:
    hours, told = Hours(RULES), [(at * at) % HOURS for at in range(entries)]
    for hour in told:
        hours.learn(float(hour), is_volatile=False, is_calm=True)
    counts = faded(told)
    assert hours.acts() == pytest.approx(counts)
    around = (counts[HOURS - 1] + counts[1]) / 2
    assert hours.share(0) == pytest.approx((counts[0] + around) / 2 / sum(counts))


def test_a_fresh_start_keeps_the_shape_of_the_day() -> None:
    hours = Hours(RULES)
    for at in range(500):
        hours.learn(float(9 + at % 2), is_volatile=False, is_calm=True)
    before = [hours.share(hour) for hour in range(HOURS)]
    hours.restart()
    assert [hours.share(hour) for hour in range(HOURS)] == pytest.approx(before)
    assert sum(hours.acts()) == pytest.approx(RULES.prior_acts * HOURS)
