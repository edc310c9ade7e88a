"""Which day is read, how much of the log that takes, and what happens when it cannot be read."""

import datetime
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver

from genesis.domain.time import DAY
from genesis.errors import EventLogError, UsageError
from genesis.research import TradingDay, days_of
from genesis.service.clock import wall_ns
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader

ONE, TWO, THREE = (datetime.date(2024, 8, day) for day in (5, 6, 7))


@pytest.fixture
def own_home(days_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(days_home, tmp_path / "own"))


def damage(home: Path, statement: str) -> None:
    connection = driver.connect(str(home / DATABASE_NAME))
    for table in ("events", "tape"):
        connection.execute(f"DROP TRIGGER {table}_no_update")
    connection.execute(statement)
    connection.commit()
    connection.close()


def seq_of(home: Path, date: datetime.date) -> int:
    """A row in the middle of a day."""
    head = TradingDay.of(date, home).head
    return head.seq - head.rows // 2


def test_the_days_of_a_home(days_home: Path) -> None:
    assert days_of(days_home) == [ONE, TWO, THREE, datetime.date(2024, 8, 8)]


def test_a_date_is_text_or_a_date(days_home: Path) -> None:
    assert TradingDay.of("2024-08-06", days_home).date == TWO
    assert TradingDay.of(TWO, str(days_home)).date == TWO


def test_no_such_date(days_home: Path) -> None:
    with pytest.raises(UsageError, match="'yesterday' is no date such as 2024-08-08"):
        TradingDay.of("yesterday", days_home)


def test_a_day_without_data_names_days_with_data(days_home: Path) -> None:
    with pytest.raises(UsageError, match=r"2024-07-30 has no data .* 2024-08-05, 2024-08-06"):
        TradingDay.of("2024-07-30", days_home)


def test_a_day_that_has_not_come(days_home: Path) -> None:
    future = datetime.date(1970, 1, 1) + datetime.timedelta(days=wall_ns() // DAY + 2)
    with pytest.raises(UsageError, match="has not come yet: the last day with data is 2024-08-08"):
        TradingDay.of(future, days_home)


def test_no_home(tmp_path: Path) -> None:
    with pytest.raises(EventLogError, match="there is no event log here"):
        TradingDay.of("2024-08-06", tmp_path)


def test_a_changed_row_of_the_day_is_named(own_home: Path) -> None:
    seq = seq_of(own_home, TWO)
    damage(own_home, f"UPDATE events SET ts_ns = ts_ns + 1 WHERE seq = {seq}")
    with pytest.raises(EventLogError, match=f"events row {seq} of stream main: its content was"):
        TradingDay.of(TWO, own_home)


def test_a_missing_row_of_the_day_is_named(own_home: Path) -> None:
    seq = seq_of(own_home, TWO)
    connection = driver.connect(str(own_home / DATABASE_NAME))
    connection.execute("DROP TRIGGER events_no_delete")
    connection.execute(f"DELETE FROM events WHERE seq = {seq}")
    connection.commit()
    connection.close()
    with pytest.raises(EventLogError, match="rows before it are missing"):
        TradingDay.of(TWO, own_home)


def test_the_row_before_the_day_is_checked_too(own_home: Path) -> None:
    head = TradingDay.of(TWO, own_home).head
    before = head.seq - head.rows
    damage(own_home, f"UPDATE events SET logged_ns = 0, body = body || ' ' WHERE seq = {before}")
    with pytest.raises(EventLogError, match=f"events row {before}"):
        TradingDay.of(TWO, own_home)


def test_other_days_are_not_read(own_home: Path) -> None:
    """A row that nobody needs, two days before: the day is read without looking at it."""
    seq = next(s for s in range(seq_of(own_home, ONE), 1, -1) if kind_of(own_home, s) == "SetTimer")
    damage(own_home, f"UPDATE events SET body = 'nothing' WHERE seq = {seq}")
    assert TradingDay.of(THREE, own_home).result_usdt != 0
    with pytest.raises(EventLogError, match=f"events row {seq}"):
        TradingDay.of(ONE, own_home)


def kind_of(home: Path, seq: int) -> str:
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        row = LogReader(database).row(seq)
    finally:
        database.close()
    assert row is not None
    return row.kind


def test_a_changed_block_of_the_tape_is_named(own_home: Path) -> None:
    # every block of the day's last hour: some of them are looked at
    database = Database.open(own_home / DATABASE_NAME, read_only=True)
    with database.reading() as connection:
        last = connection.scalar(sa.text("SELECT MAX(seq) FROM tape"))
    database.close()
    damage(own_home, f"UPDATE tape SET first_step = first_step + 1 WHERE seq > {last - 3_000}")
    with pytest.raises(EventLogError, match=r"tape row \d+ of stream main: its content was"):
        _ = TradingDay.of(THREE, own_home).equity


def test_the_head_is_the_last_row_of_the_day(days_home: Path) -> None:
    heads = [TradingDay.of(date, days_home).head for date in (ONE, TWO, THREE)]
    assert [head.seq for head in heads] == sorted(head.seq for head in heads)
    assert heads[1].seq - heads[1].rows == heads[0].seq
    database = Database.open(days_home / DATABASE_NAME, read_only=True)
    row = LogReader(database).row(heads[1].seq)
    database.close()
    assert row is not None and row.hash == heads[1].hash
    assert row.ts_ns < (TWO - datetime.date(1970, 1, 1)).days * DAY + DAY


def test_later_days_change_nothing(days_home: Path, tmp_path: Path) -> None:
    """The report of a day is the same when it is made again much later."""
    from tests.support.day_home import record_days

    short = tmp_path / "short"
    record_days(short, days=2)
    for date in (ONE, TWO):
        first, again = TradingDay.of(date, short), TradingDay.of(date, days_home)
        assert first.head.seq == again.head.seq or date == TWO
        assert str(first.overview) == str(again.overview)
        assert first.equity.equals(again.equity)
