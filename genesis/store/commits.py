"""Batches of steps to rows, and rows to disk, in one durable transaction each."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import sqlalchemy as sa

from genesis.errors import EventLogError
from genesis.store.chain import EventRow, TapeRow, sealed_block, sealed_event
from genesis.store.database import Database, told
from genesis.store.schema import ZERO_HASH, events, tape
from genesis.store.steps import MAIN, StepText
from genesis.store.tape import CODEC, packed

_PAGE: Final = 4096
_CHECKPOINT_PAGES: Final = 1_000  # about 4 MB: worth a quiet moment
_OVERDUE_PAGES: Final = 16_000  # about 64 MB: do it, quiet or not

_INSERT_EVENT: Final = sa.insert(events)
_INSERT_BLOCK: Final = sa.insert(tape)


class Tail(NamedTuple):
    """Where a stream ends: last row, last block, last step."""

    step: int = 0
    run: int = 0
    seq: int = 0
    hash: str = ZERO_HASH
    block: int = 0
    pos: int = 0
    tape_hash: str = ZERO_HASH


class Rows(NamedTuple):
    """What one batch adds to one stream."""

    blocks: list[TapeRow]
    events: list[EventRow]
    tail: Tail


class Commits:
    """Writes batches through one held connection; used by the writer's thread only.

    Attributes:
        tails: where every stream ends, as committed. Replaced, never changed: safe to read from
            other threads.
    """

    def __init__(self, database: Database) -> None:
        self._path = database.path
        with told(self._path, "cannot be opened"):
            self._connection = database.writers.connect()
            with self._connection.begin():
                self.tails: Mapping[str, Tail] = _tails(self._connection)
        dialect = self._connection.dialect
        self._insert_block = str(_INSERT_BLOCK.compile(dialect=dialect))
        self._insert_event = str(_INSERT_EVENT.compile(dialect=dialect))
        self._pages = _CHECKPOINT_PAGES  # unknown what the last process left

    @property
    def wants_checkpoint(self) -> bool:
        return self._pages >= _CHECKPOINT_PAGES

    def commit(self, steps: Sequence[StepText]) -> int:
        """Make steps durable; returns the last durable step of the main stream.

        Raises:
            EventLogError: the disk refused, or a step does not follow the last one.
        """
        tails = dict(self.tails)
        blocks: list[TapeRow] = []
        rows: list[EventRow] = []
        for stream, part in _by_stream(steps):
            added = rows_after(tails.get(stream, Tail()), stream, part)
            blocks += added.blocks
            rows += added.events
            tails[stream] = added.tail
        if blocks or rows:
            self._insert(blocks, rows)
            self.tails = tails
        return self.tails.get(MAIN, Tail()).step

    def checkpoint(self, *, is_quiet: bool) -> None:
        """Move the write-ahead file into the database when it is due and the moment is good."""
        if self._pages >= (_CHECKPOINT_PAGES if is_quiet else _OVERDUE_PAGES):
            with told(self._path, "cannot be written"):
                raw = self._connection.connection.driver_connection
                assert raw is not None
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._pages = 0

    def close(self) -> None:
        self._connection.close()

    def _insert(self, blocks: list[TapeRow], rows: list[EventRow]) -> None:
        with told(self._path, "cannot be written"), self._connection.begin():
            if blocks:  # ready text and tuples: orders wait for this
                self._connection.exec_driver_sql(self._insert_block, [*map(tuple, blocks)])
            if rows:
                self._connection.exec_driver_sql(self._insert_event, [*map(tuple, rows)])
        size = sum(len(block.body) for block in blocks) + sum(len(row.body) for row in rows)
        self._pages += 6 + (size + 300 * len(rows)) // _PAGE


def rows_after(tail: Tail, stream: str, steps: Sequence[StepText]) -> Rows:
    """The rows that `steps` add behind `tail`."""
    run, last = tail.run, tail.step
    for step in steps:
        if step.step != last + 1 or step.run < run:
            raise EventLogError(
                f"step {step.step} of run {step.run} does not follow "
                f"step {last} of run {run} in stream {stream}"
            )
        run, last = step.run, step.step
    blocks = list(_blocks(tail, stream, steps))
    rows = list(_event_rows(tail, stream, steps, blocks))
    if blocks:
        end = blocks[-1]
        tail = tail._replace(block=end.seq, pos=end.last_pos, tape_hash=end.hash)
    if rows:
        tail = tail._replace(seq=rows[-1].seq, hash=rows[-1].hash)
    return Rows(blocks, rows, tail._replace(step=last, run=run))


def _blocks(tail: Tail, stream: str, steps: Sequence[StepText]) -> Iterable[TapeRow]:
    """One block per run that the batch touches."""
    seq, pos, previous = tail.block, tail.pos, tail.tape_hash
    for run, part in groupby((step for step in steps if step.market), lambda step: step.run):
        taped = list(part)
        seq += 1
        block = sealed_block(
            TapeRow(
                stream=stream,
                seq=seq,
                run=run,
                first_step=taped[0].step,
                last_step=taped[-1].step,
                first_pos=pos + 1,
                event_count=len(taped),
                logged_ns=taped[-1].logged_ns,
                codec=CODEC,
                body=packed([(step.step, step.market) for step in taped if step.market]),
                prev_hash=previous,
                hash="",
            )
        )
        pos, previous = block.last_pos, block.hash
        yield block


def _event_rows(
    tail: Tail, stream: str, steps: Sequence[StepText], blocks: Sequence[TapeRow]
) -> Iterable[EventRow]:
    seq, previous, pos = tail.seq, tail.hash, tail.pos
    ends = [tail.pos, *(block.last_pos for block in blocks)]
    hashes = [tail.tape_hash, *(block.hash for block in blocks)]
    for step in steps:
        pos += step.market is not None
        for line in step.lines:
            seq += 1
            row = sealed_event(
                EventRow(
                    stream=stream,
                    seq=seq,
                    run=step.run,
                    step=step.step,
                    role=line.role,
                    kind=line.kind,
                    v=line.v,
                    ts_ns=step.ts_ns,
                    logged_ns=step.logged_ns,
                    wire_id=line.wire_id,
                    tape_pos=pos,
                    tape_hash=hashes[bisect_left(ends, pos)],
                    body=line.body,
                    prev_hash=previous,
                    hash="",
                )
            )
            previous = row.hash
            yield row


def _by_stream(steps: Sequence[StepText]) -> Iterable[tuple[str, Sequence[StepText]]]:
    streams = dict.fromkeys(step.stream for step in steps)
    if len(streams) == 1:
        return [(next(iter(streams)), steps)]
    return [(name, [step for step in steps if step.stream == name]) for name in streams]


def _tails(connection: sa.Connection) -> dict[str, Tail]:
    """Where every stream in the database ends."""
    tails: dict[str, Tail] = {}
    for row in connection.execute(_last_rows(events)):
        tails[row.stream] = Tail(step=row.step, run=row.run, seq=row.seq, hash=row.hash)
    for row in connection.execute(_last_rows(tape)):
        tail = tails.get(row.stream, Tail())
        tails[row.stream] = tail._replace(
            step=max(tail.step, row.last_step),
            run=max(tail.run, row.run),
            block=row.seq,
            pos=row.first_pos + row.event_count - 1,
            tape_hash=row.hash,
        )
    return tails


def _last_rows(table: sa.Table) -> sa.Select[tuple[int, ...]]:
    last = sa.select(table.c.stream, sa.func.max(table.c.seq).label("seq")).group_by(table.c.stream)
    ends = last.subquery()
    return sa.select(table).join(
        ends, (table.c.stream == ends.c.stream) & (table.c.seq == ends.c.seq)
    )
