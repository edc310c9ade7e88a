"""What a recorder knows beside the ticks, one file of JSON lines for each symbol: when it listened
and to which venue, what it missed, and the venue's filters whenever they changed.

Lines are only ever appended, each durable before the next. A last line that a kill cut off is
dropped by the next writer and passed over by readers.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Final

from genesis.domain.events import InstrumentReported
from genesis.domain.instrument import Instrument
from genesis.errors import DataError, EventLogError
from genesis.store.codec import decode, encode
from genesis.store.ticks.durable import make_folder, sync_folder
from genesis.store.ticks.kinds import RECORDED_ARRIVAL

FOLDER: Final = "recordings"
TRADES: Final = "trades"
DEPTH: Final = "depth"
FILLED: Final = "filled"
FEED: Final = "feed"
AWAY: Final = "away"


@dataclass(frozen=True, slots=True)
class Session:
    """One life of a recorder. wall_ns: by this machine's clock. venue: what it listened to."""

    number: int
    wall_ns: int
    venue: str

    @property
    def first_arrival(self) -> int:
        """The arrival number of its first event; all of its events lie below the next session's."""
        return self.number * RECORDED_ARRIVAL


@dataclass(frozen=True, slots=True)
class GapRecord:
    """Something was not heard between two moments of venue time (UTC ns).

    kind: `trades` (ids first_id to last_id were missed), `filled` (trades that were told as missed
        came after all), `depth` (book updates were missed and the book began again), `feed` (the
        line to the venue was lost), `away` (no recorder ran).
    """

    kind: str
    after_ns: int
    before_ns: int
    first_id: int | None = None
    last_id: int | None = None
    reason: str = ""

    @property
    def missing(self) -> int:
        """How many trades or updates were missed; 0 where that is not known."""
        if self.first_id is None or self.last_id is None:
            return 0
        return self.last_id - self.first_id + 1

    def without(self, first_id: int, last_id: int) -> Iterator["GapRecord"]:
        """What is left of it when the trades first_id to last_id are taken out."""
        if self.kind != TRADES or self.first_id is None or self.last_id is None:
            yield self
            return
        before = self.first_id, min(self.last_id, first_id - 1)
        behind = max(self.first_id, last_id + 1), self.last_id
        for first, last in (before, behind):
            if first <= last:
                yield replace(self, first_id=first, last_id=last)


class StandingGaps:
    """Gap records as they stand: trades that came after all are missed no more, and of what was
    told twice the later words count.
    """

    def __init__(self) -> None:
        self.told: list[GapRecord] = []
        self._highest = -1

    def take(self, gap: GapRecord) -> None:
        """The next record."""
        first, last = gap.first_id, gap.last_id
        if gap.kind in (TRADES, FILLED) and first is not None and last is not None:
            if first <= self._highest:
                self.told = [left for each in self.told for left in each.without(first, last)]
            self._highest = max(self._highest, last)
        if gap.kind != FILLED:
            self.told.append(gap)


Record = Session | GapRecord | InstrumentReported


class RecordWriter:
    """Appends to the records of one symbol, from any thread. Its lease keeps a second writer
    away.
    """

    def __init__(self, root: Path, symbol: str) -> None:
        self._path = path_of(root, symbol)
        self._alone = Lock()
        make_folder(self._path.parent)
        _drop_torn_line(self._path)

    def append(self, record: Record) -> None:
        """Add one record, durably.

        Raises:
            OSError: it cannot be written. The file is as it was.
        """
        with self._alone:
            is_new = not self._path.exists()
            with self._path.open("ab", buffering=0) as file:
                before = file.tell()
                try:
                    _write_all(file.fileno(), _line(record))
                    os.fsync(file.fileno())
                except OSError:
                    os.ftruncate(file.fileno(), before)
                    raise
            if is_new:
                sync_folder(self._path.parent)

    def begin(self, wall_ns: int, venue: str) -> Session:
        """Open the next session."""
        earlier = [each.number for each in read(self._path) if isinstance(each, Session)]
        session = Session(max(earlier, default=0) + 1, wall_ns, venue)
        self.append(session)
        return session


def path_of(root: Path, symbol: str) -> Path:
    return root / FOLDER / f"{symbol.replace('/', '%2F')}.jsonl"


def sessions(root: Path, symbol: str) -> tuple[Session, ...]:
    """When a recorder listened to the symbol, oldest first."""
    return tuple(each for each in read(path_of(root, symbol)) if isinstance(each, Session))


def gaps(
    root: Path, symbol: str, span_ns: tuple[int, int], kinds: tuple[str, ...] = ()
) -> tuple[GapRecord, ...]:
    """What a recorder missed of the symbol within [start, end) and did not get later, in the order
    in which it was told.

    kinds: only these; empty: all.
    """
    standing = StandingGaps()
    for record in read(path_of(root, symbol)):
        if isinstance(record, GapRecord):
            standing.take(record)
    return tuple(
        each
        for each in standing.told
        if each.before_ns > span_ns[0]
        and each.after_ns < span_ns[1]
        and (not kinds or each.kind in kinds)
    )


def instrument_at(root: Path, symbol: str, ts_ns: int | None) -> Instrument | None:
    """The symbol's filters as a recorder was told them at `ts_ns` or before (venue time, UTC ns;
    None: the latest); the first ones where it was told later only; None where it never was.
    """
    told = [each for each in read(path_of(root, symbol)) if isinstance(each, InstrumentReported)]
    known = [each for each in told if ts_ns is None or each.ts_ns <= ts_ns]
    found = known[-1:] or told[:1]
    return found[0].instrument if found else None


def read(path: Path) -> Iterator[Record]:
    """The records of a file in order; none where there is no file.

    Raises:
        DataError: a line that is whole cannot be read.
    """
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return
    for number, line in enumerate(body.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            return
        try:
            yield _record(json.loads(line))
        except (ValueError, KeyError, TypeError, EventLogError) as error:
            raise DataError(
                f"{path} line {number} is damaged ({error}): restore it from a backup, or remove "
                "the line"
            ) from None


def _line(record: Record) -> bytes:
    if isinstance(record, InstrumentReported):
        encoded = encode(record)
        told: dict[str, Any] = {"record": encoded.kind, "v": encoded.v}
        told["body"] = json.loads(encoded.body)
    else:
        name = "session" if isinstance(record, Session) else "gap"
        told = {"record": name, **asdict(record)}
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _record(told: dict[str, Any]) -> Record:
    match told.pop("record"):
        case "session":
            return Session(**told)
        case "gap":
            return GapRecord(**told)
        case kind:
            found: Record = decode(kind, told["v"], json.dumps(told["body"]))
            return found


def _write_all(descriptor: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(descriptor, view) :]


def _drop_torn_line(path: Path) -> None:
    """A kill in the middle of a line leaves a part without an end."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return
    whole = body.rfind(b"\n") + 1
    if whole < len(body):
        os.truncate(path, whole)
