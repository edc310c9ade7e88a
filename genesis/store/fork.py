"""The sound part of a log, found and copied: the beginning of a log that goes on from there.

Rows are copied as they are: the same hashes, the same chain. Nothing of the old file is changed.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from genesis.errors import EventLogError
from genesis.store.codec import Record, decode
from genesis.store.database import Database
from genesis.store.reader import LogReader
from genesis.store.schema import drafts, events, journal, tape
from genesis.store.steps import MAIN

_PAGE: Final = 2_000


class Sound(NamedTuple):
    """How far a stream is sound: rows of the log, blocks of the tape, the last whole step.

    ts_ns: the stamp of the last of these rows; 0: there is none.
    """

    stream: str
    rows: int
    blocks: int
    step: int
    ts_ns: int


def sound_part(database: Database, stream: str = MAIN) -> Sound:
    """What of a stream may be built on: all before its first break, in whole steps.

    A row that is not what it was may lie about its step: the step before it goes with it. So does
    what shares a block of the tape with it.
    """
    reader = LogReader(database)
    found, extent = reader.first_break_of(stream), reader.extent(stream)
    if found is None:
        last = reader.row(extent.rows, stream)
        return Sound(stream, extent.rows, extent.blocks, extent.steps, last.ts_ns if last else 0)
    with database.reading() as connection:
        step = _last_step(connection, stream, found.table, found.seq)
        straddling = connection.scalar(
            sa.select(sa.func.min(tape.c.first_step)).where(
                tape.c.stream == stream, tape.c.first_step <= step, tape.c.last_step > step
            )
        )
        step = step if straddling is None else straddling - 1
        limit = found.seq - 1 if found.table == events.name else extent.rows
        rows = _count(connection, events, stream, events.c.step <= step, events.c.seq <= limit)
        limit = found.seq - 1 if found.table == tape.name else extent.blocks
        blocks = _count(connection, tape, stream, tape.c.last_step <= step, tape.c.seq <= limit)
    last = reader.row(rows, stream)
    return Sound(stream, rows, blocks, step, last.ts_ns if last else 0)


def rest(database: Database, sound: Sound, kinds: Iterable[str]) -> Iterator[Record]:
    """Records of these kinds behind the sound part, as far as they can still be read, in order."""
    wanted = (
        sa.select(events.c.kind, events.c.v, events.c.body)
        .where(events.c.stream == sound.stream, events.c.seq > sound.rows)
        .where(events.c.kind.in_(tuple(kinds)))
        .order_by(events.c.seq)
    )
    with database.reading() as connection:
        rows = connection.execute(wanted).all()
    for kind, v, body in rows:
        try:
            yield decode(kind, v, body)
        except EventLogError:  # it was changed, or its kind was: nothing is to be learned from it
            continue


def last_stamp(database: Database, sound: Sound, most_ns: int) -> int:
    """The latest stamp behind the sound part, of those that are not after `most_ns`; 0: none."""
    wanted = sa.select(sa.func.max(events.c.ts_ns)).where(
        events.c.stream == sound.stream, events.c.seq > sound.rows, events.c.ts_ns <= most_ns
    )
    with database.reading() as connection:
        return int(connection.scalar(wanted) or 0)


def copy_sound(database: Database, parts: Iterable[Sound], target: Path) -> None:
    """Make a database at `target` of the sound parts, and of all pages and drafts.

    Raises:
        EventLogError: it cannot be written.
    """
    made = Database.open(target)
    try:
        for part in parts:
            for table, last in ((tape, part.blocks), (events, part.rows)):
                chosen = sa.select(table).where(table.c.stream == part.stream)
                _copy(database, made, table, chosen.where(table.c.seq <= last), table.c.seq)
        _copy(database, made, journal, sa.select(journal), journal.c.id)
        _copy(database, made, drafts, sa.select(drafts), drafts.c.name)
        made.empty_write_ahead()
    finally:
        made.close()


def _copy(
    source: Database, made: Database, table: sa.Table, chosen: sa.Select[Any], key: sa.Column[Any]
) -> None:
    """Rows in the order of `key`, a page at a time."""
    last: Any = None
    while True:
        page = chosen if last is None else chosen.where(key > last)
        with source.reading() as connection:
            rows = connection.execute(page.order_by(key).limit(_PAGE)).mappings().all()
        if not rows:
            return
        with made.writing() as connection:
            connection.execute(sa.insert(table), [dict(row) for row in rows])
        last = rows[-1][key.name]


def _last_step(connection: sa.Connection, stream: str, table: str, seq: int) -> int:
    """The last step that is whole before a row of the log or a block of the tape."""
    if table == events.name:
        before = sa.select(events.c.step).where(events.c.stream == stream, events.c.seq < seq)
        return max(0, (connection.scalar(before.order_by(events.c.seq.desc()).limit(1)) or 0) - 1)
    ends = sa.select(tape.c.first_pos + tape.c.event_count - 1, tape.c.last_step)
    ends = ends.where(tape.c.stream == stream, tape.c.seq < seq).order_by(tape.c.seq.desc())
    end = connection.execute(ends.limit(1)).first()
    pos, step = (0, 0) if end is None else (end[0], end[1])
    rows = sa.select(sa.func.max(events.c.step)).where(events.c.stream == stream)
    standing = connection.scalar(rows.where(events.c.tape_pos <= pos))
    return max(step, standing or 0)


def _count(
    connection: sa.Connection, table: sa.Table, stream: str, *which: sa.ColumnElement[bool]
) -> int:
    """The number of the last row that all of this holds for; they are numbered without gaps."""
    last = sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0))
    return int(connection.scalar(last.where(table.c.stream == stream, *which)) or 0)
