"""The sound part of a log: whole steps before the first break, copied row by row."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis.domain.events import FeedLost, FeedRestored, HealthReported
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import EventLog
from genesis.store.fork import copy_sound, rest, sound_part
from genesis.store.journal import Draft, Journal
from genesis.store.reader import LogReader
from genesis.store.steps import LogEntry, LoggedStep
from tests.support.build import tick
from tests.support.pages import pages_of

STEPS = 60


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of ticks and of steps that are written down, in several commits, with pages."""
    path = tmp_path_factory.mktemp("written") / DATABASE_NAME
    with EventLog.open(path) as log:
        for number in range(1, STEPS + 1):
            event = tick(number, str(60_000 + number))
            if number % 4 == 0:
                event = FeedLost(number, "market", "gone")  # type: ignore[assignment]
            outcomes = (FeedRestored(number, "market"),) if number % 6 == 0 else ()
            entry = LogEntry(1 + number // 30, number, event, 0, outcomes)  # type: ignore[arg-type]
            done = log.append(entry)
            if number % 4 == 0:
                done.result()
        Journal(log.database).write("what happened today", 5)
        Journal(log.database).save_draft("one", Draft("half a page"))
    return path


def changed(written: Path, folder: Path, statement: str) -> Path:
    """A copy of the log, meddled with past its triggers."""
    path = folder / DATABASE_NAME
    path.write_bytes(written.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()
    return path


def steps(path: Path) -> list[LoggedStep]:
    database = Database.open(path, read_only=True)
    try:
        return list(LogReader(database).read())
    finally:
        database.close()


def forked(path: Path) -> tuple[Path, int]:
    """Where the sound part was copied to, and its last step."""
    target = path.with_name("copy.db")
    target.unlink(missing_ok=True)
    database = Database.open(path)
    try:
        sound = sound_part(database)
        copy_sound(database, [sound], target)
    finally:
        database.close()
    return target, sound.step


def test_a_whole_log_is_sound_to_its_end_and_its_pages_come_along(
    written: Path, tmp_path: Path
) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(written.read_bytes())
    target, last = forked(path)
    assert last == STEPS
    assert steps(target) == steps(written)
    database = Database.open(target)
    assert [page.text for page in pages_of(database)] == ["what happened today"]
    assert Journal(database).draft("one").text == "half a page"
    assert Journal(database).draft("one").version == 1
    database.close()
    with EventLog.open(target) as log:  # and it can be gone on with
        event = HealthReported(99, "store", "ok")
        log.append(LogEntry(3, STEPS + 1, event, 0)).result()
        assert log.verify_chain() is None


def places() -> Iterator[tuple[str, int]]:
    """All but the last: that an end is missing nobody sees in what is left."""
    yield from (("events", seq) for seq in range(1, 25))
    yield from (("tape", seq) for seq in range(1, 15))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.sampled_from(list(places())), is_deleted=st.booleans())
def test_wherever_it_breaks_what_is_before_is_copied_and_nothing_behind(
    written: Path, tmp_path: Path, place: tuple[str, int], is_deleted: bool
) -> None:
    table, seq = place
    statement = f"UPDATE {table} SET logged_ns = logged_ns, run = run + 7 WHERE seq = {seq}"
    if is_deleted:
        statement = f"DELETE FROM {table} WHERE seq = {seq}"
    path = changed(written, tmp_path, statement)
    target, last = forked(path)
    whole, kept = steps(written), steps(target)
    assert kept == whole[: len(kept)]
    assert len(kept) == last < STEPS
    broken = _step_of(written, table, seq)
    assert broken - 12 <= last < broken  # no more is lost than what was committed together
    with EventLog.open(target) as log:
        assert log.verify_chain() is None


def test_of_the_rest_what_can_still_be_read_is_told(written: Path, tmp_path: Path) -> None:
    path = changed(written, tmp_path, "UPDATE events SET body = '{}' WHERE seq IN (4, 9)")
    database = Database.open(path)
    sound = sound_part(database)
    told = list(rest(database, sound, ["FeedRestored"]))
    database.close()
    assert told
    assert all(isinstance(one, FeedRestored) and one.ts_ns > sound.step for one in told)
    assert len(told) < STEPS // 6


def _step_of(path: Path, table: str, seq: int) -> int:
    column = "step" if table == "events" else "last_step"
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(f"SELECT {column} FROM {table} WHERE seq = {seq}").fetchone()
    return int(found[0])
