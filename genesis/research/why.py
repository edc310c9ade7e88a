"""Why an order came to be, or was refused: its story, found in the log of a home."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, Final, cast

import pandas as pd

from genesis.analytics.forensics import Line, RecordedStep, Story, explain
from genesis.domain.commands import Command
from genesis.domain.events import Event, TimerFired
from genesis.domain.ids import OrderKey
from genesis.domain.money import text
from genesis.domain.outcomes import OrderApproved, OrderRefused, Outcome
from genesis.domain.time import format_utc
from genesis.errors import UsageError
from genesis.exchange.wire_id import key_of
from genesis.research.day_log import opened, record
from genesis.research.style import Shown, table
from genesis.store.chain import EventRow
from genesis.store.reader import LogReader
from genesis.store.tape_pages import TapePages, tape_pages

_KEY: Final = re.compile(r"(\d+)-(\d+)(?:-(\d+))?")
_ANSWERS: Final = (
    *("OperatorActed", "JournalAssessed", "OrderApproved", "OrderRefused"),
    *("CommandAnswered", "OverrideJudged"),
)
_JUDGED: Final = frozenset({"OrderApproved", "OrderRefused"})
_STATE: Final = (("TiltScored", "TiltLevelChanged"), ("TierChanged",))
_END_NS: Final = 2**63 - 1
_MORE: Final = 5
"""So many rows are read for one that has a name."""


@dataclass(frozen=True, slots=True)
class Why:
    """A story, and how it shows itself."""

    story: Story

    @property
    def frame(self) -> pd.DataFrame:
        """One row per line: time, what, order, text."""
        rows = [(format_utc(each.ts_ns), each.what, each.order, each.text) for each in self._lines]
        return pd.DataFrame(rows, columns=["time", "what", "order", "text"])

    @property
    def _lines(self) -> tuple[Line, ...]:
        return self.story.lines

    def shown(self) -> Shown:
        """A table; times of the day, the date in its caption."""
        frame = self.frame
        days = dict.fromkeys(time[:10] for time in frame["time"])
        head = " ".join(part for part in (self.story.symbol, self.story.end) if part)
        if len(days) > 1:
            return table(frame, caption=head)
        clock = {"time": lambda time: time[11:].rstrip("Z")}
        return table(frame, formats=clock, caption=f"{next(iter(days))}, UTC. {head}.")

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()


def why(which: str | OrderKey, home: str | Path | None = None) -> Why:
    """The story of an order key (`1-7-0`), a client reference or a wire id (`g-...`).

    Raises:
        UsageError: the log of the home knows no such order and no such reference.
        EventLogError: there is no log, or it cannot be read.
    """
    found = story_of(str(which), None if home is None else Path(home))
    if found is None:
        raise UsageError(f"no such order: {which} is no order key, reference or wire id here")
    return Why(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """An order or a refusal by the name that `why` takes: its key, or the reference of the wish."""

    ts_ns: int
    name: str
    words: str


def newest(home: str | Path | None = None, count: int = 10) -> tuple[Asked, ...]:
    """What was approved and refused last, newest first; a refusal without a reference has no name.

    Raises:
        EventLogError: there is no log, or it cannot be read.
    """
    with opened(None if home is None else Path(home)) as (_, reader):
        told = (record(row) for row in reader.newest(tuple(sorted(_JUDGED)), count * _MORE))
        return tuple(islice(filter(None, map(_asked, told)), count))


def _asked(told: OrderApproved | OrderRefused) -> Asked | None:
    if isinstance(told, OrderApproved):
        request = told.request
        words = f"{request.purpose.lower()} {request.side} {text(request.qty)} {request.symbol}"
        return Asked(told.ts_ns, str(told.key), words)
    if told.client_ref is None:
        return None
    words = f"refused {told.side or ''} {told.symbol}: {told.failures[0].code}"
    return Asked(told.ts_ns, told.client_ref, " ".join(words.split()))


def story_of(which: str, home: Path | None) -> Story | None:
    """As `why`, and None where there is none."""
    with opened(home) as (database, reader), tape_pages(database) as pages:
        key, wire_id = _named(which)
        anchor = _anchor(reader, key, which)
        if anchor is None:
            return None
        row, symbol = anchor
        found = explain(_steps(reader, pages, row, symbol), key or which)
    if found is None or (wire_id and not any(wire_id in line.text for line in found.lines)):
        return None
    return found


def _named(which: str) -> tuple[OrderKey | None, str | None]:
    """(order key, wire id) where the text has their shape."""
    plain = _KEY.fullmatch(which)
    if plain is not None:
        return OrderKey(*(int(part or 0) for part in plain.groups())), None
    key = key_of(which)
    return key, None if key is None else which


def _anchor(
    reader: LogReader, key: OrderKey | None, ref: str
) -> tuple[EventRow, str | None] | None:
    """The first row that names it, and the symbol it concerns."""
    for row in reader.of_kinds(("OrderApproved",) if key else _ANSWERS):
        told = record(row)
        if key is not None and told.key == key:
            return row, told.request.symbol
        if key is None and _ref(told) == ref:
            return row, getattr(told, "symbol", None)
    return None


def _ref(told: Any) -> str | None:
    request = getattr(told, "request", told)
    found: str | None = getattr(request, "client_ref", None)
    return found


def _steps(
    reader: LogReader, pages: TapePages, anchor: EventRow, symbol: str | None
) -> Iterator[RecordedStep]:
    """Steps from where the symbol was flat for the last time before the anchor, and its state."""
    first = _first_of_step(reader, anchor)
    closed = [
        row for row in reader.of_kinds(("PositionClosed",), 1, first.seq)
        if symbol in (None, record(row).symbol)
    ]  # fmt: skip
    start = first
    if symbol is not None:
        start = reader.row(closed[-1].seq + 1 if closed else 1) or first
    state = [row for kinds in _STATE for row in reader.newest(kinds, 1, start.seq)]
    rows = reader.between(start.ts_ns, _END_NS)
    grouped = (list(part) for _, part in groupby(rows, lambda row: row.step))
    steps = chain(([row] for row in sorted(state, key=lambda row: row.seq)), grouped)
    return (cast("RecordedStep", _RowStep(each, pages)) for each in steps)


def _first_of_step(reader: LogReader, row: EventRow) -> EventRow:
    before = reader.row(row.seq - 1)
    while before is not None and before.step == row.step:
        row, before = before, reader.row(before.seq - 1)
    return row


class _RowStep:
    """One step from its rows; its market event comes from the tape where it led to an order."""

    def __init__(self, rows: list[EventRow], pages: TapePages) -> None:
        self._rows = rows
        self._pages = pages
        self.run, self.step = rows[0].run, rows[0].step

    @cached_property
    def event(self) -> Event:
        own = [row for row in self._rows if row.role == "event"]
        if own:
            return cast("Event", record(own[0]))
        first = self._rows[0]
        if first.tape_pos and any(row.kind in _JUDGED for row in self._rows):
            return self._pages.event_at(first.tape_pos)
        return TimerFired(first.ts_ns, "market")  # nothing is told about it

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(record(row) for row in self._of("outcome"))

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        return tuple(record(row) for row in self._of("command"))

    @property
    def wire_ids(self) -> tuple[str | None, ...]:
        return tuple(row.wire_id for row in self._of("command"))

    def _of(self, role: str) -> Iterable[EventRow]:
        return (row for row in self._rows if row.role == role)
