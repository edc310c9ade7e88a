"""One UTC day of a home's event log: its rows, and what must be known of the time before.

The rows of the day are read by bisection and their chain is checked; what lies before is asked for
by kind, newest first. The log of ten years costs no more than that of a week.
"""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from genesis.domain.commands import Command
from genesis.domain.events import AccountOpened, Event, FlowReported, RunStarted
from genesis.domain.outcomes import (
    BreakerMoved,
    DayStarted,
    Outcome,
    PositionClosed,
    RiskBlocked,
    TierChanged,
)
from genesis.domain.time import DAY, date_of, utc_day
from genesis.errors import EventLogError, UsageError
from genesis.positions.ledger import Moved
from genesis.rules import Rules, parse
from genesis.service.clock import wall_ns
from genesis.service.home import resolve_home
from genesis.store.chain import EventRow
from genesis.store.codec import decode
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import holder
from genesis.store.reader import LogReader
from genesis.store.tape_pages import TapePages, tape_pages

_MOVED: Final = ("PositionOpened", "PositionChanged", "PositionClosed")
_STANDING: Final = (
    *("TiltScored", "TiltLevelChanged", "InterventionOpened", "LimitedHourStarted"),
    *("LimitedHourEnded", "Halted", "RunEnded"),
)
_APPROVALS: Final = 200
"""Approvals looked back through for the entry of a position held over midnight."""
_MONTH: Final = 31

T = TypeVar("T")


class DayStep(NamedTuple):
    """One step of the log. `event` of a market step stands on the tape: it is None here."""

    run: int
    step: int
    ts_ns: int
    logged_ns: int
    seq: int
    tape_pos: int
    event: Event | None
    outcomes: tuple[Outcome, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the day ends in the log: everything in the report stands on rows up to this one."""

    seq: int
    hash: str
    rows: int

    def __str__(self) -> str:
        return f"row {self.seq:,}, hash {self.hash[:16]}…, chain of {self.rows:,} rows whole"


@dataclass(frozen=True)
class Before:
    """What was known when the day began.

    moved: steps of the log that opened and changed the positions still open, oldest first.
    dust: the newest closed trade per symbol without a position. entries: newest approvals.
    blocks: the newest word of each source that blocks new risk, or frees it. breakers: of each.
    """

    started: RunStarted | None
    account: AccountOpened | None
    tier: TierChanged | None
    moved: tuple[DayStep, ...]
    dust: tuple[PositionClosed, ...]
    approvals: tuple[Any, ...]
    blocks: tuple[RiskBlocked, ...]
    breakers: tuple[BreakerMoved, ...]
    newest: dict[str, Any]
    last_row: EventRow | None


@dataclass(frozen=True)
class Around:
    """The days around: starts of days, closed trades and flows of the month, what came after.

    next_ns: stamp of the first row after the day. evaluation: of this day, whenever it was made.
    """

    days: tuple[DayStarted, ...]
    trades: tuple[PositionClosed, ...]
    flows: tuple[FlowReported, ...]
    next_row: EventRow | None
    evaluation: Any | None


def day_number(date: "str | datetime.date") -> int:
    """Days since 1970-01-01.

    Raises:
        UsageError: the text is no date such as 2024-08-08.
    """
    if isinstance(date, str):
        try:
            date = datetime.date.fromisoformat(date)
        except ValueError as wrong:
            raise UsageError(f"{date!r} is no date such as 2024-08-08") from wrong
    return (date - date_of(0)).days


@contextmanager
def opened(home: str | Path | None) -> Iterator[tuple[Database, LogReader]]:
    """The event log of a home, for reading.

    Raises:
        EventLogError: there is none, or it cannot be read.
    """
    path = resolve_home(None if home is None else Path(home)) / DATABASE_NAME
    database = Database.open(path, read_only=True)
    try:
        yield database, LogReader(database)
    finally:
        database.close()


def days_of(home: str | Path | None = None) -> list[datetime.date]:
    """The UTC days on which an engine ran in this home, oldest first.

    Raises:
        EventLogError: there is no event log, or it cannot be read.
    """
    with opened(home) as (_, reader):
        return [date_of(day) for day in sorted({told.day for told in _starts(reader)})]


def _starts(reader: LogReader) -> list[DayStarted]:
    return [record(row) for row in reader.of_kinds(("DayStarted",))]


def record(row: EventRow) -> Any:
    """The record a row holds."""
    return decode(row.kind, row.v, row.body)


class DayLog:
    """The log of one day, read once.

    Raises:
        EventLogError: the log cannot be read, or a row of the day does not fit its chain.
        UsageError: the day has no data; the message names days that have.
    """

    def __init__(self, day: int, home: str | Path | None) -> None:
        self.day = day
        self.home = resolve_home(None if home is None else Path(home))
        self.first_ns, self.until_ns = day * DAY, (day + 1) * DAY
        with opened(self.home) as (_, reader):
            self._read(reader)

    def _read(self, reader: LogReader) -> None:
        starts = _starts(reader)
        if self.day not in {told.day for told in starts}:
            raise UsageError(_no_data(self.day, starts, self.home))
        rows = list(reader.between(self.first_ns, self.until_ns))
        if not rows:
            raise UsageError(_no_data(self.day, starts, self.home))
        self.head = Head(rows[-1].seq, rows[-1].hash, len(rows))
        self.steps = tuple(steps_of(rows))
        self.before = _before(reader, rows[0].seq)
        self.around = self._around(reader, starts, rows[0].seq, rows[-1].seq + 1)

    def _around(
        self, reader: LogReader, starts: list[DayStarted], first_seq: int, until_seq: int
    ) -> Around:
        month = reader.seq_at((self.day - _MONTH + 1) * DAY)
        evaluated = map(record, reader.of_kinds(("TierEvaluated",), first_seq))
        trades = reader.of_kinds(("PositionClosed",), month)
        return Around(
            tuple(starts),
            tuple(record(row) for row in trades if row.seq < until_seq),
            tuple(record(row) for row in reader.of_kinds(("FlowReported",), 1, until_seq)),
            reader.row(until_seq),
            next((told for told in evaluated if told.day == self.day), None),
        )

    @property
    def is_in_progress(self) -> bool:
        """Is an engine running that has not come to the next day yet?"""
        path = self.home / DATABASE_NAME
        held = holder(path.with_name(path.name + LEASE_SUFFIX)) is not None
        return held and self.around.next_row is None

    @contextmanager
    def tape(self) -> Iterator[TapePages]:
        """The tape of the home, for reading."""
        with opened(self.home) as (database, _), tape_pages(database) as pages:
            yield pages

    # -- what is asked of it -----------------------------------------------------------------
    def outcomes(self, kind: type[T]) -> list[tuple[DayStep, T]]:
        """Outcomes of a kind with their steps, in order."""
        return [(step, each) for step in self.steps for each in step.outcomes if type(each) is kind]

    def events(self, kind: type[T]) -> list[tuple[DayStep, T]]:
        """Events of a kind with their steps, in order; market events are not in the log."""
        return [(step, step.event) for step in self.steps if type(step.event) is kind]

    @cached_property
    def rules(self) -> Rules:
        """Those the day ended under."""
        started = [event for _, event in self.events(RunStarted)]
        last = started[-1] if started else self.before.started
        if last is None:
            raise EventLogError(f"{self.home}: no run was ever started in this log")
        return parse(last.rules_text)

    @cached_property
    def account(self) -> AccountOpened | None:
        here = [event for _, event in self.events(AccountOpened)]
        return here[-1] if here else self.before.account


def steps_of(rows: Iterable[EventRow]) -> Iterator[DayStep]:
    """Rows of the log, step by step."""
    for _, part in groupby(rows, lambda row: row.step):
        group = list(part)
        first = group[0]
        told: dict[str, list[Any]] = {"event": [], "outcome": [], "command": []}
        for row in group:
            told[row.role].append(record(row))
        yield DayStep(
            first.run,
            first.step,
            first.ts_ns,
            first.logged_ns,
            first.seq,
            first.tape_pos,
            told["event"][0] if told["event"] else None,
            tuple(told["outcome"]),
            tuple(told["command"]),
        )


def moves(step: DayStep) -> list[Moved]:
    """What a step did to positions."""
    return [told for told in step.outcomes if isinstance(told, Moved)]


def _before(reader: LogReader, first_seq: int) -> Before:
    def newest(kind: str) -> Any | None:
        rows = reader.newest((kind,), 1, first_seq)
        return record(rows[0]) if rows else None

    held: list[EventRow] = []
    dust: list[PositionClosed] = []
    for row in reader.newest_by("symbol", _MOVED, first_seq).values():
        if row.kind == "PositionClosed":
            dust.append(record(row))
        else:
            held.append(row)
    return Before(
        newest("RunStarted"),
        newest("AccountOpened"),
        newest("TierChanged"),
        tuple(_history(reader, held, first_seq)),
        tuple(dust),
        tuple(map(record, reader.newest(("OrderApproved",), _APPROVALS, first_seq))),
        tuple(map(record, reader.newest_by("source", ("RiskBlocked",), first_seq).values())),
        tuple(map(record, reader.newest_by("name", ("BreakerMoved",), first_seq).values())),
        {kind: newest(kind) for kind in _STANDING},
        reader.row(first_seq - 1),
    )


def _history(reader: LogReader, held: list[EventRow], first_seq: int) -> Iterator[DayStep]:
    """What happened to the positions still open since the first of them was opened."""
    if not held:
        return
    symbols = {record(row).symbol for row in held}
    since = reader.newest_by("symbol", ("PositionOpened",), first_seq)
    opened_steps = [row.step for symbol, row in since.items() if symbol in symbols]
    first = min((row.seq for symbol, row in since.items() if symbol in symbols), default=first_seq)
    # the fill that opened it stands a few rows before, in the same step
    kinds = ("OrderFilled", *_MOVED)
    rows = reader.of_kinds(kinds, max(1, first - 50), first_seq)
    yield from steps_of(row for row in rows if row.step >= min(opened_steps, default=0))


def _no_data(day: int, starts: list[DayStarted], home: Path) -> str:
    date = date_of(day)
    days = sorted({told.day for told in starts})
    if not days:
        return f"{home}: no engine has run in this home yet: there is no day to read"
    if day > max(days[-1], utc_day(wall_ns())):
        return f"{date} has not come yet: the last day with data is {date_of(days[-1])}"
    near = sorted(days, key=lambda each: (abs(each - day), each))[:5]
    named = ", ".join(str(date_of(each)) for each in sorted(near))
    more = f" and {len(days) - len(near)} more" if len(days) > len(near) else ""
    return f"{date} has no data in {home}: days with data are {named}{more}"
