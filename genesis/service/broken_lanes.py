"""Records of the paper lane that are broken: told once, and nothing of them counts.

A lane is no money, so it blocks nothing. That it was left behind stands in the account's own
record for ever; from then on the break is known, and the record counts as whole.
"""

from collections.abc import Container, Sequence
from pathlib import Path

from genesis.domain.paper import PaperLaneReported
from genesis.domain.time import moment_words
from genesis.service.offline import write_down
from genesis.service.restart import remember
from genesis.store.chain import Break
from genesis.store.codec import decode
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import EventLog
from genesis.store.fork import sound_part
from genesis.store.reader import LogReader
from genesis.store.steps import MAIN


def left_behind(reader: LogReader, rows: int | None = None) -> dict[str, int]:
    """Streams that the account's own record calls broken, and since when.

    rows: how many of its rows are looked at; None: all.
    """
    until = None if rows is None else rows + 1
    found = reader.of_kinds((PaperLaneReported.__name__,), until_seq=until)
    told = [decode(row.kind, row.v, row.body) for row in found]
    return {event.broken: event.ts_ns for event in told if event.broken}


def newly_broken(reader: LogReader) -> list[Break]:
    """The first break of every stream of the paper lane that was not left behind yet."""
    return _broken(reader, left_behind(reader))


def first_new_break(reader: LogReader) -> Break | None:
    """The first break of the record that nothing was done about."""
    return reader.first_break_of(MAIN) or next(iter(newly_broken(reader)), None)


def known_words(reader: LogReader) -> list[str]:
    """A line for each stream that was left behind. The main stream is whole."""
    return [
        f"the record of the paper lane, stream {name}, was found broken at "
        f"{moment_words(since_ns)} and left behind: nothing of it counts"
        for name, since_ns in left_behind(reader).items()
    ]


def found_words(found: Break) -> str:
    """Where the record of a paper lane is broken."""
    return (
        f"the record of the paper lane is broken at row {found.seq} of {found.table}, stream "
        f"{found.stream}: {found.reason}"
    )


def left_words(found: Break) -> str:
    """The same when it is left behind."""
    return (
        f"{found_words(found)}: it is left behind, its days and sessions do not count, and a lane "
        "that is asked for begins anew; the account itself is not touched by it"
    )


def report(found: Break, now_ns: int, *, has_lane: bool) -> PaperLaneReported:
    """What the account hears of it. It goes on asking for a lane: nobody is freed by a break."""
    return PaperLaneReported(now_ns, has_lane, found.stream)


def found_in(home: Path, *, with_known: bool) -> list[Break]:
    """The broken streams of a home; with_known: those that were left behind, too, where the log
    that is set aside has that only in the part that is lost.
    """
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        reader = LogReader(database)
        if not with_known:
            return newly_broken(reader)
        return _broken(reader, left_behind(reader, sound_part(database).rows))
    finally:
        database.close()


def leave_behind(home: Path, broken: Sequence[Break]) -> list[str]:
    """Write it into the account's own record, while no service runs; the names of the streams.

    Raises:
        UsageError: a service was started meanwhile.
        EventLogError: that record is not whole, or cannot be written.
    """
    if broken:
        with EventLog.open(home / DATABASE_NAME) as event_log:
            past = remember(event_log, lambda done, total: None)
            for found in broken:
                has_lane = past.engine is not None and past.engine.state.tilt.state.has_lane
                write_down(event_log, past, report(found, past.last_ns, has_lane=has_lane))
    return [found.stream for found in broken]


def _broken(reader: LogReader, known: Container[str] = ()) -> list[Break]:
    names = (name for name in reader.streams() if name != MAIN and name not in known)
    return [found for name in names if (found := reader.first_break_of(name)) is not None]
