"""Which row of the log the reports of a day stand on."""

from pathlib import Path

import pytest

from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.reports.days import LastRow, last_rows
from genesis.research.day import TradingDay
from tests.support.day_home import DAY_1, HomeMaker, waves

DATE = "2024-08-05"
STARTS = (DAY_1 + 10 * HOUR, DAY_1 + DAY + 8 * HOUR, DAY_1 + 2 * DAY + 8 * HOUR)


@pytest.fixture
def ends(tmp_path: Path) -> list[LastRow]:
    """The first day's last row, after the first, the second and the third day."""
    found = []
    for days in (1, 2, 3):
        maker = HomeMaker(tmp_path / f"{days}")
        for start in STARTS[:days]:
            maker.start(start)
            maker.play(waves(start, start + HOUR, MINUTE))
            maker.stop()
        maker.close()
        found.append(last_rows(maker.home, [DATE])[DATE])
    return found


def test_a_day_stands_on_what_is_said_of_it_afterwards(tmp_path: Path, ends: list[LastRow]) -> None:
    """An evaluation that is made up for after downtime makes the day's reports old."""
    one, two, three = ends
    evaluated = [TradingDay.of(DATE, tmp_path / f"{days}").tier.evaluated for days in (1, 2, 3)]
    assert evaluated == [False, True, True]
    assert two.seq > one.seq
    assert three == two  # later days say nothing of it
