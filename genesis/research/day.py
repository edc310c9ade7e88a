"""One past day of a home, as its event log tells it.

    day = TradingDay.of("2024-08-08")
    day.coverage, day.head           what it rests on
    day.equity, day.trades, ...      what happened

Everything is read from the log and the tape of the home; nothing is asked of a running engine, and
the same log gives the same answers for ever. Times are venue time, UTC. Tables are for people and
statistics: their amounts are floats.
"""

import datetime
from pathlib import Path
from typing import Any

from genesis.research import day_words
from genesis.research.day_facts import DayFacts
from genesis.research.day_log import DayLog, day_number, days_of
from genesis.research.style import Shown

__all__ = ["TradingDay", "days_of"]


class TradingDay(DayFacts):
    """Read a day with `TradingDay.of`; its parts are worked out when they are asked for."""

    @classmethod
    def of(cls, date: str | datetime.date, home: Path | str | None = None) -> "TradingDay":
        """The day `date` (UTC) of a home; None finds the home as the command line does.

        Raises:
            UsageError: no such date, or the home has no data of it (it names days that have).
            EventLogError: the log cannot be read, or a row of the day was changed.
        """
        return cls(DayLog(day_number(date), home))

    @property
    def first_line(self) -> Shown:
        """What everything else rests on."""
        return day_words.first_line(self)

    @property
    def overview(self) -> Shown:
        """The day in a few cards."""
        return day_words.overview(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return day_words.whole(self)._repr_mimebundle_()
