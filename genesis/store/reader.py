"""The event log and its tape read back: steps in consumed order, chains checked on the way."""

from collections.abc import Callable, Iterator
from itertools import chain, groupby
from typing import Any, Final, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

from genesis.domain.events import Event
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
    """How much a stream holds: rows of the log, blocks of the tape, steps."""

    rows: int
    blocks: int
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
        def last(column: sa.Column[Any]) -> sa.ScalarSelect[int]:
            top = sa.select(sa.func.coalesce(sa.func.max(column), 0))
            return top.where(column.table.c.stream == stream).scalar_subquery()

        logged = sa.select(last(events.c.seq), last(events.c.step))
        taped = sa.select(last(tape.c.seq), last(tape.c.last_step))
        with self._database.reading() as connection:
            rows, step = connection.execute(logged).one()
            blocks, last_taped = connection.execute(taped).one()
        return Extent(rows, blocks, max(step, last_taped))

    def read(self, stream: str = MAIN) -> Iterator[LoggedStep]:
        """All steps committed so far, in consumed order, market events and all others.

        Raises:
            EventLogError: a row does not fit its chain or the tape, a step is missing, or a
                record cannot be decoded. The steps before it have been yielded.
        """
        extent = self.extent(stream)
        rows = self._sound(events, EventRow, event_fault, stream, extent.rows)
        blocks = self._sound(tape, TapeRow, block_fault, stream, extent.blocks)
        steps = (list(part) for _, part in groupby(rows, lambda row: row.step))
        last = 0
        for step in self._merged(chain.from_iterable(map(unpacked, blocks)), steps):
            if step.step != last + 1:
                raise self._unsound(f"step {last + 1} is missing from stream {stream}")
            last = step.step
            yield step

    def first_break(self) -> Break | None:
        """The first row that does not fit its chain or its tape; None when all fit."""
        for stream in self.streams():
            found = next(self._breaks(stream), None)
            if found:
                return found
        return None

    def answer(self, client_ref: str, stream: str = MAIN) -> LoggedStep | None:
        """The first step whose event carries this client_ref: what was answered then."""
        asked = (
            sa.select(events.c.seq, events.c.step, events.c.kind, events.c.v, events.c.body)
            .where(events.c.stream == stream, events.c.role == "event")
            .where(events.c.kind.in_(("OperatorActed", "JournalAssessed")))
            .order_by(events.c.seq)
        )
        with self._database.reading() as connection:
            for seq, step, kind, v, body in connection.execute(asked):
                if decode(kind, v, body).client_ref == client_ref:
                    return _logged(self._rows_of(connection, stream, seq, step))
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
            return [EventRow(*row) for row in found]

    def _breaks(self, stream: str) -> Iterator[Break]:
        extent = self.extent(stream)
        blocks = self._judged(tape, TapeRow, block_fault, stream, extent.blocks)
        end, block_hash = 0, ZERO_HASH
        for row, fault in self._judged(events, EventRow, event_fault, stream, extent.rows):
            if fault:
                yield Break("events", stream, row.seq, fault)
            while end < row.tape_pos:
                block, wrong = next(blocks, (None, None))
                if block is None:
                    yield Break("events", stream, row.seq, "the tape it stands on is missing")
                    return
                if wrong:
                    yield Break("tape", stream, block.seq, wrong)
                end, block_hash = block.last_pos, block.hash
            if row.tape_hash != block_hash:
                yield Break("events", stream, row.seq, "it stands on another tape")
        for block, wrong in blocks:
            if wrong:
                yield Break("tape", stream, block.seq, wrong)

    def _merged(
        self, taped: Iterator[TapeEvent], log: Iterator[list[EventRow]]
    ) -> Iterator[LoggedStep]:
        market = next(taped, None)
        rows = next(log, None)
        pos, block_hash = 0, ZERO_HASH
        while market or rows:
            step = min(each for each in (market and market.step, rows and rows[0].step) if each)
            event = None
            if market and market.step == step:
                run, event, pos, block_hash = (
                    market.run,
                    market.event,
                    market.pos,
                    market.block_hash,
                )
                market = next(taped, None)
            if not rows or rows[0].step != step:
                assert event is not None
                yield LoggedStep(run, step, event)
                continue
            if any((row.tape_pos, row.tape_hash) != (pos, block_hash) for row in rows):
                raise self._unsound(f"the tape does not fit the log at step {step}")
            yield _logged(rows, event)
            rows = next(log, None)

    def _rows_of(
        self, connection: sa.Connection, stream: str, seq: int, step: int
    ) -> list[EventRow]:
        following = sa.select(events).where(events.c.stream == stream, events.c.seq >= seq)
        rows = (EventRow(*row) for row in connection.execute(following.order_by(events.c.seq)))
        return next(list(part) for found, part in groupby(rows, lambda row: row.step))

    def _sound(
        self, table: sa.Table, kind: type[RowT], fault_of: Fault[RowT], stream: str, last: int
    ) -> Iterator[RowT]:
        for row, fault in self._judged(table, kind, fault_of, stream, last):
            if fault:
                raise self._unsound(f"{table.name} row {row.seq} of stream {stream}: {fault}")
            yield row

    def _judged(
        self, table: sa.Table, kind: type[RowT], fault_of: Fault[RowT], stream: str, last: int
    ) -> Iterator[tuple[RowT, str | None]]:
        """Rows up to `last` with what is wrong with them, read in short transactions."""
        size = _EVENTS_PAGE if table is events else _TAPE_PAGE
        before: RowT | None = None
        while True:
            page = (
                sa.select(table)
                .where(table.c.stream == stream, table.c.seq <= last)
                .where(table.c.seq > (before.seq if before else -1))
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

    def _unsound(self, what: str) -> EventLogError:
        return EventLogError(f"{self._database.path}: {what}: restore the newest backup")


def event_id(account_id: str, row: EventRow) -> str:
    """The id the control API gives a row: the same for ever, on every machine."""
    return str(uuid5(NAMESPACE_URL, f"genesis:{account_id}/{row.stream}/{row.seq}"))


def _logged(rows: list[EventRow], event: Event | None = None) -> LoggedStep:
    """The step that these rows record; `event` when it stands on the tape."""
    records = [(row, decode(row.kind, row.v, row.body)) for row in rows]
    own = [record for row, record in records if row.role == "event"]
    if len(own) + (event is not None) != 1:
        raise EventLogError(f"step {rows[0].step} of the event log does not have exactly one event")
    commands = [(record, row.wire_id) for row, record in records if row.role == "command"]
    return LoggedStep(
        run=rows[0].run,
        step=rows[0].step,
        event=event or own[0],
        outcomes=tuple(record for row, record in records if row.role == "outcome"),
        commands=tuple(command for command, _ in commands),
        wire_ids=tuple(wire_id for _, wire_id in commands),
    )
