"""The tape of one stream, opened in the middle: blocks by number, by position and by moment.

A day holds a million events, and who asks what the price was at 14:03 needs two of them. Every
block that is looked at is checked against its own hash; that none is missing is for
`LogReader.first_break` to say.
"""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from genesis.domain.events import Event
from genesis.errors import EventLogError
from genesis.store.chain import CHANGED, TapeRow, block_hash
from genesis.store.codec import decode
from genesis.store.database import Database
from genesis.store.schema import tape
from genesis.store.spans import bisected
from genesis.store.steps import MAIN
from genesis.store.tape import CODEC

_FIRST_PAGE: Final = 2
_PAGE: Final = 64
_KEPT: Final = 512


class TapeBlock:
    """One block, whose events are decoded one by one when they are asked for."""

    def __init__(self, row: TapeRow) -> None:
        self.row = row

    @cached_property
    def _lines(self) -> list[str]:
        row = self.row
        if row.codec != CODEC:
            raise EventLogError(f"tape block {row.seq}: unknown codec {row.codec}: upgrade genesis")
        try:
            lines = zlib.decompress(row.body).decode().split("\n")
        except (zlib.error, UnicodeDecodeError) as problem:
            raise EventLogError(f"tape block {row.seq} cannot be read: {problem}") from problem
        if len(lines) != row.event_count:
            raise EventLogError(
                f"tape block {row.seq} holds {len(lines)} events, not {row.event_count}"
            )
        return lines

    def __len__(self) -> int:
        return self.row.event_count

    def step(self, index: int) -> int:
        return int(self._lines[index].partition(" ")[0])

    def kind(self, index: int) -> str:
        return self._lines[index].split(" ", 2)[1]

    def ts_ns(self, index: int) -> int:
        stamp: int = json.loads(self._lines[index].split(" ", 3)[3])["ts_ns"]
        return stamp

    def event(self, index: int) -> Event:
        _, kind, v, body = self._lines[index].split(" ", 3)
        found: Event = decode(kind, int(v), body)
        return found

    @cached_property
    def last_ns(self) -> int:
        return self.ts_ns(-1)


class TapePages:
    """Reads blocks of one stream as it stood at one moment; opened with `tape_pages`."""

    def __init__(self, connection: sa.Connection, path: Path, stream: str) -> None:
        self._connection = connection
        self._path = path
        self._stream = stream
        self._kept: dict[int, TapeBlock] = {}
        top = sa.select(sa.func.coalesce(sa.func.max(tape.c.seq), 0))
        self.last: int = connection.scalar(top.where(tape.c.stream == stream)) or 0
        self._select = _text(connection)

    def block(self, seq: int) -> TapeBlock:
        """Block number `seq`, from 1 to `last`."""
        kept = self._kept.get(seq)
        return kept if kept is not None else next(iter(self._page(seq, seq)))

    def back(self, seq: int) -> Iterator[TapeBlock]:
        """Block `seq` and those before it, newest first, read in growing pages."""
        size = _FIRST_PAGE
        while seq >= 1:
            kept = self._kept.get(seq)
            if kept is not None:
                yield kept
                seq -= 1
                continue
            page = self._page(max(1, seq - size + 1), seq)
            yield from reversed(page)
            seq -= len(page)
            size = min(_PAGE, 2 * size)

    def holding(self, pos: int, guess: int | None = None) -> int:
        """Number of the block that holds position `pos`; 0 for position 0."""
        top = self.last + 1
        return bisected(lambda seq: self.block(seq).row.first_pos > pos, 1, top, guess) - 1

    def ts_ns_at(self, pos: int) -> int:
        """Stamp of the event at a position, counted from 1."""
        block = self.block(self.holding(pos))
        return block.ts_ns(pos - block.row.first_pos)

    def event_at(self, pos: int) -> Event:
        """The event at a position, counted from 1."""
        block = self.block(self.holding(pos))
        return block.event(pos - block.row.first_pos)

    def reaching(self, ts_ns: int, low: int = 1, guess: int | None = None) -> int:
        """Number of the first block with an event at or after `ts_ns`; one above the last if none.

        Stamps may be out of order by moments, not by more.
        """
        return bisected(lambda seq: self.block(seq).last_ns >= ts_ns, low, self.last + 1, guess)

    def _page(self, first: int, last: int) -> list[TapeBlock]:
        span = (self._stream, first, last)
        found = self._connection.exec_driver_sql(self._select, span).fetchall()
        blocks = [TapeBlock(TapeRow(*row)) for row in found]
        if len(blocks) != last - first + 1:
            raise self._unsound(f"blocks between {first} and {last} are missing")
        for block in blocks:
            if block_hash(block.row) != block.row.hash:
                raise self._unsound(f"row {block.row.seq} of stream {self._stream}: {CHANGED}")
        if len(self._kept) > _KEPT:
            self._kept.clear()
        self._kept |= {block.row.seq: block for block in blocks}
        return blocks

    def _unsound(self, what: str) -> EventLogError:
        return EventLogError(f"{self._path}: tape {what}: restore the newest backup")


@contextmanager
def tape_pages(database: Database, stream: str = MAIN) -> Iterator[TapePages]:
    """The tape of a stream, in one read transaction: keep it short.

    Raises:
        EventLogError: it cannot be read, or a block that was looked at was changed.
    """
    with database.reading() as connection:
        yield TapePages(connection, database.path, stream)


def _text(connection: sa.Connection) -> str:
    """The page query as the driver takes it: it is asked some ten thousand times."""
    span = (
        sa.select(tape)
        .where(tape.c.stream == sa.bindparam("stream"))
        .where(tape.c.seq >= sa.bindparam("first"), tape.c.seq <= sa.bindparam("last"))
        .order_by(tape.c.seq)
    )
    return str(span.compile(dialect=connection.dialect))
