"""The event log: whole steps in, whole steps out, nothing changed, nothing lost."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import wait
from itertools import islice
from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlcipher3.dbapi2 as driver

from genesis.domain.events import JournalAssessed, OperatorActed, RunStarted
from genesis.domain.outcomes import CommandAnswered
from genesis.errors import EventLogError
from genesis.store.chain import Break, EventRow
from genesis.store.database import Database
from genesis.store.event_log import EventLog
from genesis.store.reader import LogReader, event_id
from genesis.store.schema import ZERO_HASH
from genesis.store.steps import LogEntry, LoggedStep
from tests.support.log_steps import (
    T0,
    bar_step,
    market_order_step,
    mixed,
    order_step,
    tick_step,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "genesis.db"


@pytest.fixture
def log(path: Path) -> Iterator[EventLog]:
    with EventLog.open(path) as opened:
        yield opened


def fill(log: EventLog, entries: Iterable[LogEntry]) -> None:
    wait([log.append(entry) for entry in entries])
    log.flush().result()


def as_logged(entry: LogEntry) -> LoggedStep:
    wire_ids = entry.wire_ids or (None,) * len(entry.commands)
    return LoggedStep(entry.run, entry.step, entry.event, entry.outcomes, entry.commands, wire_ids)


def tamper(path: Path, *statements: str) -> None:
    """Change the file as a program without our triggers would."""
    connection = driver.connect(str(path))
    names = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
    ]
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


# -- what goes in comes out ------------------------------------------------------------------
def test_steps_come_back_in_consumed_order_and_whole(log: EventLog) -> None:
    entries = list(islice(mixed(), 200))
    fill(log, entries)
    assert list(log.read()) == [as_logged(entry) for entry in entries]
    assert log.verify_chain() is None


def test_market_events_lie_on_the_tape_only(log: EventLog, path: Path) -> None:
    fill(log, [tick_step(1), bar_step(2), market_order_step(3), order_step(4)])
    rows = log.reader.recent()
    assert [(row.step, row.role) for row in reversed(rows)] == [
        (3, "outcome"),
        (3, "command"),
        (3, "command"),
        (4, "event"),
        (4, "outcome"),
        (4, "command"),
        (4, "command"),
    ]
    assert {row.tape_pos for row in rows} == {3}
    with log.database.reading() as connection:
        counts = connection.execute(sa.text("SELECT event_count, first_pos FROM tape")).all()
    assert sum(count for count, _ in counts) == 3


def test_wire_ids_stay_with_their_orders_and_never_repeat(log: EventLog) -> None:
    fill(log, [order_step(1)])
    (step,) = log.read()
    assert step.wire_ids == ("g-1-1-0-0123456789abcdef", None)
    twice = LogEntry(1, 2, order_step(2).event, T0, (), order_step(2).commands, step.wire_ids)
    with pytest.raises(EventLogError, match="wire_id"):
        log.append(twice).result(10)


@pytest.mark.parametrize("wire_ids", [(), (None, None), ("g-1", "g-2")])
def test_exactly_submitted_orders_carry_a_wire_id(
    log: EventLog, wire_ids: tuple[str | None, ...]
) -> None:
    entry = order_step(1)
    with pytest.raises(EventLogError, match="wire id"):
        log.append(LogEntry(1, 1, entry.event, T0, (), entry.commands, wire_ids))


def test_the_hash_is_the_documented_one(log: EventLog) -> None:
    fill(log, [order_step(1), order_step(2)])
    newest = log.reader.recent(1)[0]
    text = "|".join(
        str(part)
        for part in (
            newest.prev_hash, "main", newest.seq, 1, 2, "command", "SetTimer", 1, newest.ts_ns, "",
            0, ZERO_HASH, newest.body,
        )
    )  # fmt: skip
    assert hashlib.sha256(text.encode()).hexdigest() == newest.hash == log.head


def test_head_and_last_step_follow_the_disk_and_survive_reopening(path: Path) -> None:
    with EventLog.open(path) as log:
        assert (log.head, log.last_step, log.last_run) == (ZERO_HASH, 0, 0)
        assert log.append(order_step(1)).result(10) == 1
        head = log.head
        fill(log, [tick_step(2)])
        assert log.head == head != ZERO_HASH
        assert log.last_step == 2
    with EventLog.open(path) as log:
        assert (log.head, log.last_step, log.last_run) == (head, 2, 1)
        fill(log, [tick_step(3, run=2), order_step(4, run=2)])
        assert [step.run for step in log.read()] == [1, 1, 2, 2]
        assert log.verify_chain() is None


def test_a_second_stream_has_a_chain_of_its_own(log: EventLog) -> None:
    lane = LogEntry(1, 1, order_step(1).event, T0, stream="paper")
    fill(log, [order_step(1), lane, order_step(2)])
    assert log.reader.streams() == ["main", "paper"]
    assert [step.step for step in log.read()] == [1, 2]
    assert [step.step for step in log.read("paper")] == [1]
    assert log.tail("paper").seq == 1
    assert log.verify_chain() is None


# -- durability ------------------------------------------------------------------------------
def test_an_urgent_step_takes_all_ticks_before_it_along(log: EventLog, path: Path) -> None:
    for step in range(1, 50):
        log.append(tick_step(step))
    log.append(order_step(50)).result(10)
    other = Database.open(path, read_only=True)
    assert len(list(LogReader(other).read())) == 50
    other.close()


def test_resting_ticks_become_durable_by_themselves(log: EventLog) -> None:
    assert log.append(tick_step(1)).result(10) == 1
    assert log.last_step == 1


def test_closing_writes_what_rests(path: Path) -> None:
    with EventLog.open(path) as log:
        for step in range(1, 10):
            log.append(tick_step(step))
    with EventLog.open(path) as log:
        assert log.last_step == 9


def test_appends_while_a_commit_runs_share_the_next_one(log: EventLog) -> None:
    futures = [log.append(order_step(step)) for step in range(1, 301)]
    wait(futures)
    assert len({id(future) for future in futures}) < 300
    assert futures[-1].result() == log.last_step == 300


def test_a_waiter_that_gives_up_does_not_cancel_the_others(log: EventLog) -> None:
    async def both() -> int:
        first = asyncio.wrap_future(log.append(order_step(1)))
        second = asyncio.wrap_future(log.append(order_step(2)))
        first.cancel()
        return await second

    assert asyncio.run(both()) == 2


def test_a_reader_sees_a_moment_while_the_writer_goes_on(log: EventLog) -> None:
    fill(log, islice(mixed(), 30))
    reading = log.read()
    first = next(reading)
    fill(log, islice(mixed(31), 30))
    assert [first.step, *(step.step for step in reading)] == list(range(1, 31))


# -- refusals --------------------------------------------------------------------------------
@pytest.mark.parametrize("odd", [order_step(3), order_step(1), order_step(2, run=0)])
def test_a_step_that_does_not_follow_stops_the_log(log: EventLog, odd: LogEntry) -> None:
    log.append(order_step(1)).result(10)
    with pytest.raises(EventLogError, match="does not follow"):
        log.append(odd).result(10)
    assert log.failed is not None
    with pytest.raises(EventLogError, match="does not follow"):
        log.append(order_step(2))
    assert [step.step for step in log.read()] == [1]


def test_a_closed_log_refuses(path: Path) -> None:
    log = EventLog.open(path)
    log.close()
    with pytest.raises(EventLogError, match="closed"):
        log.append(tick_step(1))


@pytest.mark.parametrize("table", ["events", "tape"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {t} SET run = 9",
        "DELETE FROM {t}",
        "INSERT OR REPLACE INTO {t} SELECT * FROM {t} WHERE seq = 1",
        "INSERT OR REPLACE INTO {t} SELECT * FROM {t} ORDER BY seq DESC LIMIT 1",
        "INSERT INTO {t} SELECT * FROM {t} WHERE seq = 1 ON CONFLICT DO UPDATE SET run = 9",
    ],
)
def test_rows_can_be_neither_changed_nor_removed(path: Path, table: str, statement: str) -> None:
    with EventLog.open(path) as log:
        fill(log, [market_order_step(1)])
        fill(log, [market_order_step(2)])
    connection = driver.connect(str(path))  # any program, without our settings
    with pytest.raises(driver.IntegrityError, match="append-only"):
        connection.execute(statement.format(t=table))
    connection.close()


@pytest.mark.parametrize(
    "row", [EventRow("main", 3, *[0] * 2, "event", "X", 1, 0, 0, None, 0, "", "", "h", "h")]
)
def test_rows_that_do_not_follow_are_refused_by_the_database(path: Path, row: EventRow) -> None:
    with EventLog.open(path) as log:
        fill(log, [order_step(1)])
        head, seq = log.head, log.tail().seq
    connection = driver.connect(str(path))
    marks = ",".join("?" * len(row))
    for wrong in (
        row._replace(seq=seq + 2, prev_hash=head),
        row._replace(seq=seq, prev_hash=head),
        row._replace(seq=seq + 1, prev_hash=ZERO_HASH),
    ):
        with pytest.raises(driver.IntegrityError, match="does not follow"):
            connection.execute(f"INSERT INTO events VALUES ({marks})", wrong)
    connection.execute(
        f"INSERT INTO events VALUES ({marks})", row._replace(seq=seq + 1, prev_hash=head)
    )
    connection.close()


# -- tampering -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE events SET body = replace(body, '0.00037', '0.00038') WHERE seq = 2",
            ("events", 2),
        ),
        ("UPDATE events SET ts_ns = ts_ns + 1 WHERE seq = 3", ("events", 3)),
        ("UPDATE events SET wire_id = 'x' WHERE seq = 3", ("events", 3)),
        ("UPDATE events SET role = 'outcome' WHERE seq = 4", ("events", 4)),
        ("DELETE FROM events WHERE seq = 3", ("events", 4)),
        ("DELETE FROM events WHERE seq = 1", ("events", 2)),
        ("UPDATE tape SET body = zeroblob(20) WHERE seq = 1", ("tape", 1)),
        ("UPDATE tape SET last_step = 99 WHERE seq = 2", ("tape", 2)),
        ("DELETE FROM tape WHERE seq = 1", ("tape", 2)),
        ("DELETE FROM tape WHERE seq = 2", ("tape", 3)),
        ("DELETE FROM tape WHERE seq >= 2", ("events", 8)),
    ],
)
def test_tampering_is_found_where_it_was_done(
    path: Path, statement: str, found: tuple[str, int]
) -> None:
    with EventLog.open(path) as log:
        fill(log, [order_step(1), market_order_step(2)])
        fill(log, [market_order_step(3), order_step(4)])
        fill(log, [tick_step(5)])
    tamper(path, statement)
    database = Database.open(path, read_only=True)
    reader = LogReader(database)
    broken = reader.first_break()
    assert isinstance(broken, Break)
    assert (broken.table, broken.seq) == found
    with pytest.raises(EventLogError, match=r"genesis\.db: ") as told:
        list(reader.read())
    assert "\n" not in str(told.value)
    database.close()


def test_a_forged_row_with_a_right_hash_still_breaks_the_next(path: Path) -> None:
    from genesis.store.chain import sealed_event

    with EventLog.open(path) as log:
        fill(log, [order_step(1)])
        row = log.reader.recent(4)[-2]
    forged = sealed_event(row._replace(body=row.body.replace("25", "99")))
    tamper(
        path, f"UPDATE events SET body='{forged.body}', hash='{forged.hash}' WHERE seq={row.seq}"
    )
    database = Database.open(path, read_only=True)
    assert LogReader(database).first_break() == Break(
        "events", "main", row.seq + 1, "it does not follow the row before it"
    )
    database.close()


# -- questions -------------------------------------------------------------------------------
def test_the_answer_to_a_client_ref_is_found_in_the_log(log: EventLog) -> None:
    def act(step: int, ref: str) -> LogEntry:
        asked = OperatorActed(T0 + step, "STATUS", ref, "status")
        return LogEntry(1, step, asked, T0, (CommandAnswered(T0, ref, "status", True, f"{step}"),))

    page = JournalAssessed(T0, "a" * 64, 60, True, "accepted", "page-1")
    fill(log, [act(1, "a"), tick_step(2), act(3, 'b"\\%'), LogEntry(1, 4, page, T0), act(5, "a")])
    assert log.reader.answer("a") == as_logged(act(1, "a"))
    assert log.reader.answer('b"\\%') == as_logged(act(3, 'b"\\%'))
    assert log.reader.answer("page-1") == LoggedStep(1, 4, page)
    assert log.reader.answer("status") is None


def test_recent_rows_are_newest_first_and_have_lasting_ids(log: EventLog) -> None:
    fill(log, [order_step(step) for step in range(1, 6)])
    rows = log.reader.recent(3)
    assert [row.seq for row in rows] == [20, 19, 18]
    assert {row.step for row in log.reader.recent(after_ns=T0 + 4)} == {5}
    assert event_id("paper", rows[0]) == event_id("paper", rows[0]) != event_id("paper", rows[1])


def test_long_texts_and_every_sign_survive(log: EventLog) -> None:
    text = "# rules \ud800 \x00 | Größe\n" * 2_000
    started = RunStarted(T0, 1, "sniper", text, "b" * 64, "c" * 64, "0", ("BTC/USDT",))
    fill(log, [LogEntry(1, 1, started, T0)])
    assert next(iter(log.read())).event == started
    assert log.verify_chain() is None
