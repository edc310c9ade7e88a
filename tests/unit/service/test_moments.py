"""When something ends, in the words of every face."""

import pytest

from genesis.domain.time import DAY, HOUR, MINUTE, parse_utc
from genesis.service import moments

NOON = parse_utc("2024-08-08T12:00:00Z")


@pytest.mark.parametrize(
    ("wall_ns", "speed", "names_the_clock"),
    [
        (NOON + MINUTE, 1.01, False),  # a venue's clock is never quite our own
        (NOON, 20.0, True),
        (NOON + DAY, 1.0, True),
    ],
)
def test_it_says_venue_time_where_that_is_not_the_time_of_the_wall(
    monkeypatch: pytest.MonkeyPatch, wall_ns: int, speed: float, names_the_clock: bool
) -> None:
    monkeypatch.setattr(moments, "wall_ns", lambda: wall_ns)
    told = moments.when(NOON + HOUR, NOON, speed)
    assert told is not None
    assert told.startswith("in 60 minutes (13:00:00 UTC")
    assert ("venue time" in told) == names_the_clock


def test_what_has_no_end_is_told_without_one() -> None:
    assert moments.when(None, NOON) is None
