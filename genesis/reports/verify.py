"""Is the record whole, and do its events still lead to its decisions? For all days that are over.

The hash chain is read from its first row every time. The events are run again whenever the days
that are over have grown; what was found then is kept, so that a night without news need not.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from genesis.domain.recorded import Recorded
from genesis.engine.replay import replay
from genesis.reports.days import FOLDER, LastRow, end_ns, last_row
from genesis.service.broken_lanes import first_new_break
from genesis.service.strategies import engine_for
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep

NAME: Final = "verified.json"
Progress = Callable[[int, int], None]
"""Told steps run again and steps in all, now and then."""
_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    through: the last day whose steps were run again. row, head: number and hash of its last row.
    fault: the first broken row or differing decision in words; None when there is none.
    """

    through: str
    row: int
    head: str
    events: int
    digest: str | None
    fault: str | None = None

    @property
    def is_sound(self) -> bool:
        return self.fault is None


@dataclass(frozen=True, slots=True)
class Proof:
    """The newest verdict there is, and whether it is one of the last night."""

    verified: Verified | None
    is_fresh: bool


def verify(
    home: Path, through: str, progress: Progress = lambda done, steps: None
) -> tuple[Verified, bool]:
    """Check the chain, then the decisions up to the end of the day `through`.

    Decisions that an earlier night found equal, up to the same row, are not run again: the second
    part of the answer says whether they were.

    Raises:
        EventLogError: the log cannot be read.
    """
    database = Database.open(home / DATABASE_NAME, read_only=True)
    try:
        reader = LogReader(database)
        broken = first_new_break(reader)
        if broken is not None:
            words = f"row {broken.seq} of {broken.table}, stream {broken.stream}: {broken.reason}"
            return Verified(through, 0, "", 0, None, words), False
        last = last_row(reader, through)
        known = kept(home)
        if known is not None and known.is_sound and (known.row, known.head) == last:
            return replace(known, through=through), False
        return _again(reader, through, last, progress), True
    finally:
        database.close()


def _again(reader: LogReader, through: str, last: LastRow, progress: Progress) -> Verified:
    steps = reader.extent().steps

    def seen(recorded: Recorded) -> None:
        if recorded.step % _EVERY == 0:
            progress(recorded.step, steps)

    found = replay(_until(reader.read(), end_ns(through)), engine_for, seen)
    fault = None if found.first_difference is None else str(found.first_difference)
    return Verified(through, *last, found.events, found.digest, fault)


def _until(steps: Iterator[LoggedStep], end: int) -> Iterator[LoggedStep]:
    """Steps before the first one stamped at or after `end`."""
    for step in steps:
        if step.ts_ns >= end:
            return
        yield step


def kept(home: Path) -> Verified | None:
    """What an earlier night found; None where nothing can be told of it."""
    try:
        told: dict[str, Any] = json.loads((home / FOLDER / NAME).read_bytes())
        return Verified(**told)
    except (OSError, ValueError, TypeError):
        return None


def text_of(found: Verified) -> bytes:
    """The file that `kept` reads."""
    return (json.dumps(asdict(found), indent=1) + "\n").encode()
