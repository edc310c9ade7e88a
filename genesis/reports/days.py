"""Which days there are to report on: UTC days that the log knows and that are over."""

import datetime
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from genesis.domain.time import DAY, date_of, utc_day
from genesis.errors import UsageError
from genesis.service.clock import wall_ns
from genesis.store.chain import EventRow
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import holder
from genesis.store.reader import LogReader

FOLDER: Final = "reports"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class LastRow(NamedTuple):
    """Number and hash of the row of the log in which a day ends.

    What stands on another one than the log has now was made too early.
    """

    seq: int
    hash: str


def report_folder(home: Path, date: str) -> Path:
    """Where the reports of a day lie."""
    return home / FOLDER / date


def today() -> datetime.date:
    """The UTC day of this machine's clock."""
    return date_of(utc_day(wall_ns()))


def end_ns(date: str) -> int:
    """The midnight that ends a day, UTC nanoseconds."""
    return ((datetime.date.fromisoformat(date) - date_of(0)).days + 1) * DAY


def require_day(date: str) -> None:
    """See that a text is a UTC day that has begun.

    Raises:
        UsageError: it is no day, or one of the future.
    """
    try:
        day = datetime.date.fromisoformat(date) if _DATE.fullmatch(date) else None
    except ValueError:
        day = None
    if day is None:
        raise UsageError(f"{date!r} is no day such as 2024-08-08: name a UTC date")
    if day > today():
        raise UsageError(f"{date} has not begun yet: it is {today()} UTC; name a day that is over")


def last_day(home: Path) -> str:
    """The newest day with data, over or not.

    Raises:
        UsageError: there is none.
        EventLogError: there is no log, or it cannot be read.
    """
    from genesis.research.day import days_of

    found = days_of(home)
    if not found:
        raise UsageError(f"{home} holds no day yet: nothing was traded here")
    return str(found[-1])


def closed_days(home: Path) -> list[str]:
    """Days with data that are over, oldest first: before today, and no service is in them.

    Raises:
        EventLogError: there is no log, or it cannot be read.
    """
    from genesis.research.day import days_of

    found = [str(day) for day in days_of(home) if day < today()]
    going_on = day_in_progress(home)
    return [day for day in found if going_on is None or day < going_on]


def last_rows(home: Path, dates: Iterable[str]) -> dict[str, LastRow]:
    """The newest row that the reports of each of these days look at.

    It may be stamped after the day: how the next one begins tells what this one ended with, and
    the day is evaluated only then.

    Raises:
        EventLogError: there is no log, or it cannot be read.
    """
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        reader = LogReader(database)
        begun = reader.of_kinds(("DayStarted",))
        judged = {_day_of(row): row for row in reader.of_kinds(("TierEvaluated",))}
        return {date: _reported(reader, date, begun, judged) for date in dates}
    finally:
        database.close()


def _reported(
    reader: LogReader, date: str, begun: Sequence[EventRow], judged: Mapping[int, EventRow]
) -> LastRow:
    last, day = last_row(reader, date), utc_day(end_ns(date)) - 1
    next_one = bisect_right(begun, last.seq, key=lambda row: row.seq)
    after = [*begun[next_one : next_one + 1], *([judged[day]] if day in judged else [])]
    return max([last, *(LastRow(row.seq, row.hash) for row in after)])


def _day_of(row: EventRow) -> int:
    return int(json.loads(row.body)["day"])


def last_row(reader: LogReader, date: str) -> LastRow:
    """The newest row stamped in or before a day, by bisection; 0 where the log begins after it."""
    row = reader.row(reader.seq_at(end_ns(date)) - 1)
    return LastRow(0, "") if row is None else LastRow(row.seq, row.hash)


def reported_days(home: Path) -> list[str]:
    """Days that have a folder of reports, oldest first, whatever the log says."""
    folder = home / FOLDER
    names = sorted(each.name for each in folder.iterdir() if each.is_dir())
    return [name for name in names if _DATE.fullmatch(name)]


def last_closed_day(home: Path) -> str:
    """The newest day that is over.

    Raises:
        UsageError: there is none yet.
        EventLogError: there is no log, or it cannot be read.
    """
    closed = closed_days(home)
    if not closed:
        raise UsageError(f"no day of {home} is over yet: name one with --date, or wait for it")
    return closed[-1]


def day_in_progress(home: Path) -> str | None:
    """The day (venue time) that the running service of a home is in; None where none runs."""
    path = home / DATABASE_NAME
    if holder(path.with_name(path.name + LEASE_SUFFIX)) is None:
        return None
    database = Database.open(path, read_only=True)
    try:
        newest = LogReader(database).recent(1)
    finally:
        database.close()
    return str(date_of(utc_day(newest[0].ts_ns))) if newest else None
