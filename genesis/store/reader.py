"""The event log and its tape read back: steps in consumed order, chains checked on the way."""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, Final, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

from genesis.domain.events import Event
from genesis.errors import EventLogError
from genesis.store.chain import (
    CHANGED,
    Break,
    EventRow,
    TapeRow,
    block_fault,
    event_fault,
    event_hash,
)
from genesis.store.codec import decode
from genesis.store.database import Database
from genesis.store.schema import ZERO_HASH, events, tape
from genesis.store.spans import first_seq, row_at
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
            rows, step = map(_whole, connection.execute(logged).one())
            blocks, last_taped = map(_whole, connection.execute(taped).one())
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
            found = self.first_break_of(stream)
            if found:
                return found
        return None

    def first_break_of(self, stream: str) -> Break | None:
        """The same of one stream."""
        return next(self._breaks(stream), None)

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
        self,
        limit: int = 100,
        after_ns: int | None = None,
        stream: str = MAIN,
        kind: str | None = None,
    ) -> list[EventRow]:
        """The newest rows of the log, newest first; with `after_ns` only those stamped later,
        with `kind` only those of one kind.
        """
        wanted = sa.select(events).where(events.c.stream == stream)
        if kind is not None:
            wanted = wanted.where(events.c.kind == kind)
        if after_ns is not None:
            wanted = wanted.where(events.c.ts_ns > after_ns)
        with self._database.reading() as connection:
            found = connection.execute(wanted.order_by(events.c.seq.desc()).limit(limit))
            return [EventRow(*row) for row in found]

    def between(self, first_ns: int, until_ns: int, stream: str = MAIN) -> Iterator[EventRow]:
        """The rows from the first stamped at or after `first_ns` to before the first of `until_ns`.

        Oldest first; what lies before is not read: rows are found by bisection. The chain is
        checked from the row before the first.

        Raises:
            EventLogError: a row does not fit its chain. The rows before it have been yielded.
        """
        first, until = self.seq_at(first_ns, stream), self.seq_at(until_ns, stream)
        before = self.row(first - 1, stream)
        if before is not None and event_hash(before) != before.hash:
            raise self._unsound(f"events row {before.seq} of stream {stream}: {CHANGED}")
        yield from self._sound(events, EventRow, event_fault, stream, until - 1, before)

    def seq_at(self, ts_ns: int, stream: str = MAIN) -> int:
        """Number of the first row stamped at or after a moment; one above the last if none is."""
        with self._database.reading() as connection:
            return first_seq(connection, stream, ts_ns)

    def row(self, seq: int, stream: str = MAIN) -> EventRow | None:
        """One row of the log; None where there is none."""
        with self._database.reading() as connection:
            return row_at(connection, stream, seq)

    def newest(
        self, kinds: Sequence[str], limit: int, before_seq: int | None = None, stream: str = MAIN
    ) -> list[EventRow]:
        """The newest rows of these kinds (before a row of the log), newest first.

        Raises:
            EventLogError: the content of one was changed.
        """
        found: list[EventRow] = []
        for kind in kinds:  # one by one: each is a walk along the index, however long the log is
            wanted = sa.select(events).where(events.c.stream == stream, events.c.kind == kind)
            if before_seq is not None:
                wanted = wanted.where(events.c.seq < before_seq)
            found += self._rows(wanted.order_by(events.c.seq.desc()).limit(limit))
        return sorted(found, key=lambda row: -row.seq)[:limit]

    def of_kinds(
        self,
        kinds: Sequence[str],
        first_seq: int = 1,
        until_seq: int | None = None,
        stream: str = MAIN,
    ) -> list[EventRow]:
        """Rows of these kinds in [first_seq, until_seq), oldest first: of rare kinds only.

        Raises:
            EventLogError: the content of one was changed.
        """
        wanted = sa.select(events).where(events.c.stream == stream, events.c.kind.in_(kinds))
        wanted = wanted.where(events.c.seq >= first_seq)
        if until_seq is not None:
            wanted = wanted.where(events.c.seq < until_seq)
        return self._rows(wanted.order_by(events.c.seq))

    def newest_by(
        self, name: str, kinds: Sequence[str], before_seq: int, stream: str = MAIN
    ) -> dict[str, EventRow]:
        """Per value of a field, such as `symbol`, the newest row of these kinds before a row."""
        value = sa.type_coerce(events.c.body, sa.JSON)[name].as_string()
        seqs = (
            sa.select(sa.func.max(events.c.seq))
            .where(events.c.stream == stream, events.c.kind.in_(kinds), events.c.seq < before_seq)
            .group_by(value)
        )
        wanted = sa.select(events).where(events.c.stream == stream, events.c.seq.in_(seqs))
        rows = self._rows(wanted.order_by(events.c.seq))
        return {getattr(decode(row.kind, row.v, row.body), name): row for row in rows}

    def _rows(self, wanted: sa.Select[Any]) -> list[EventRow]:
        with self._database.reading() as connection:
            rows = [EventRow(*row) for row in connection.execute(wanted)]
        for row in rows:
            if event_hash(row) != row.hash:
                raise self._unsound(f"events row {row.seq} of stream {row.stream}: {CHANGED}")
        return rows

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
        self,
        table: sa.Table,
        kind: type[RowT],
        fault_of: Fault[RowT],
        stream: str,
        last: int,
        before: RowT | None = None,
    ) -> Iterator[RowT]:
        for row, fault in self._judged(table, kind, fault_of, stream, last, before):
            if fault:
                raise self._unsound(f"{table.name} row {row.seq} of stream {stream}: {fault}")
            yield row

    def _judged(
        self,
        table: sa.Table,
        kind: type[RowT],
        fault_of: Fault[RowT],
        stream: str,
        last: int,
        before: RowT | None = None,
    ) -> Iterator[tuple[RowT, str | None]]:
        """Rows behind `before`, up to `last`, with what is wrong with them.

        Read in short transactions.
        """
        size = _EVENTS_PAGE if table is events else _TAPE_PAGE
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


def _whole(last: Any) -> int:
    """A damaged number may read as text: then all rows are looked at, up to the damaged one."""
    return last if isinstance(last, int) else sys.maxsize


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
