"""The event log and its tape read back: steps in consumed order, chains checked on the way."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, takewhile
from typing import Any, Final, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

from genesis.errors import EventLogError
from genesis.store.chain import Break, EventRow, TapeRow, block_fault, event_fault
from genesis.store.codec import decode
from genesis.store.database import Database
from genesis.store.schema import ZERO_HASH, events, tape
from genesis.store.steps import MAIN, LoggedStep
from genesis.store.tape import TapeEvent, unpacked

_EVENTS_PAGE: Final = 2_000
_TAPE_PAGE: Final = 50

RowT = TypeVar("RowT", EventRow, TapeRow)
Fault = Callable[[RowT, RowT | None], str | None]


class Extent(NamedTuple):
    """How much a stream holds: rows of the log, blocks and events of the tape, steps."""

    rows: int
    blocks: int
    taped: int
    steps: int


class LogReader:
    """Reads one database; any number may read while an engine writes.

    Every method raises EventLogError, naming the file, when it cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def streams(self) -> list[str]:
        """Names of the streams: `main` first, then by name."""
        names = sa.union(sa.select(events.c.stream), sa.select(tape.c.stream))
        with self._database.reading() as connection:
            return sorted(connection.scalars(names), key=lambda name: (name != MAIN, name))

    def extent(self, stream: str = MAIN) -> Extent:
        with self._database.reading() as connection:
            return _extent(connection, stream)

    def read(self, stream: str = MAIN) -> Iterator[LoggedStep]:
        """All steps committed so far, in consumed order, market events and all others.

        Raises:
            EventLogError: a row does not fit its chain, a step is missing, or a record cannot be
                decoded. Steps before it have been yielded.
        """
        extent = self.extent(stream)
        rows = self._sound(events, EventRow, event_fault, stream, extent.rows)
        blocks = _Blocks(self._sound(tape, TapeRow, block_fault, stream, extent.blocks))
        last = 0
        for step in _merged(blocks, _log_steps(rows, blocks)):
            if step.step != last + 1:
                raise EventLogError(
                    f"{self._database.path}: step {last + 1} is missing from stream {stream}: "
                    "restore the newest backup"
                )
            last = step.step
            yield step

    def first_break(self) -> Break | None:
        """The first row that does not fit its chain, over all streams; None when all fit."""
        for stream in self.streams():
            extent = self.extent(stream)
            for row, fault in self._judged(events, EventRow, event_fault, stream, extent.rows):
                if fault:
                    return Break("events", stream, row.seq, fault)
            for block, fault in self._judged(tape, TapeRow, block_fault, stream, extent.blocks):
                if fault:
                    return Break("tape", stream, block.seq, fault)
        return None

    def answer(self, client_ref: str, stream: str = MAIN) -> LoggedStep | None:
        """The first step whose event carries this client_ref: what was answered then."""
        asked = (
            sa.select(events)
            .where(events.c.stream == stream, events.c.role == "event")
            .where(events.c.kind.in_(("OperatorActed", "JournalAssessed")))
            .where(events.c.body.contains('"client_ref":', autoescape=True))
            .order_by(events.c.seq)
        )
        with self._database.reading() as connection:
            for found in connection.execute(asked):
                row = EventRow(*found)
                if decode(row.kind, row.v, row.body).client_ref == client_ref:
                    following = sa.select(events).where(
                        events.c.stream == stream, events.c.seq >= row.seq
                    )
                    rows = map(_event_row, connection.execute(following.order_by(events.c.seq)))
                    return _log_step(list(takewhile(lambda each: each.step == row.step, rows)))
        return None

    def recent(
        self, limit: int = 100, after_ns: int | None = None, stream: str = MAIN
    ) -> list[EventRow]:
        """The newest rows of the log, newest first; with `after_ns` only those stamped later."""
        wanted = sa.select(events).where(events.c.stream == stream)
        if after_ns is not None:
            wanted = wanted.where(events.c.ts_ns > after_ns)
        with self._database.reading() as connection:
            found = connection.execute(wanted.order_by(events.c.seq.desc()).limit(limit))
            return [_event_row(row) for row in found]

    def _sound(
        self, table: sa.Table, kind: type[RowT], fault_of: Fault[RowT], stream: str, last: int
    ) -> Iterator[RowT]:
        for row, fault in self._judged(table, kind, fault_of, stream, last):
            if fault:
                raise EventLogError(
                    f"{self._database.path}: {table.name} row {row.seq} of stream {stream}: "
                    f"{fault}: restore the newest backup"
                )
            yield row

    def _judged(
        self, table: sa.Table, kind: type[RowT], fault_of: Fault[RowT], stream: str, last: int
    ) -> Iterator[tuple[RowT, str | None]]:
        """Rows up to `last` with what is wrong with them, read in short transactions."""
        size = _EVENTS_PAGE if table is events else _TAPE_PAGE
        before: RowT | None = None
        while True:
            done = before.seq if before else -1
            page = (
                sa.select(table)
                .where(table.c.stream == stream, table.c.seq > done, table.c.seq <= last)
                .order_by(table.c.seq)
                .limit(size)
            )
            with self._database.reading() as connection:
                rows = [kind(*row) for row in connection.execute(page)]
            if not rows:
                return
            for row in rows:
                yield row, fault_of(row, before)
                before = row


def event_id(account_id: str, row: EventRow) -> str:
    """The id the control API gives a row: the same for ever, on every machine."""
    return str(uuid5(NAMESPACE_URL, f"genesis:{account_id}/{row.stream}/{row.seq}"))


class _Blocks:
    """The tape as a stream of events that remembers where its blocks ended."""

    def __init__(self, rows: Iterator[TapeRow]) -> None:
        self._rows = rows
        self._hashes: dict[int, str] = {0: ZERO_HASH}
        self._ends = [0]

    def __iter__(self) -> Iterator[TapeEvent]:
        raise NotImplementedError


def _extent(connection: sa.Connection, stream: str) -> Extent:
    raise NotImplementedError


def _event_row(row: Sequence[Any]) -> EventRow:
    return EventRow(*row)
