"""One engine step, as it goes into the event log and as it comes out again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from genesis.domain.commands import Command, SubmitOrder
from genesis.domain.events import Event, is_market
from genesis.domain.outcomes import Outcome
from genesis.errors import EventLogError
from genesis.store.codec import encode

MAIN: Final = "main"
"""The stream of the account; the paper lane is a stream of its own."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One step to be logged.

    run: ordinal of the run that made the step, from 1.
    step: ordinal of the consumed event in its stream, from 1, without gaps, across all runs.
    logged_ns: our wall clock, UTC nanoseconds.
    wire_ids: beside `commands`, the id a SubmitOrder leaves with and None for all others; may be
        left empty when there is no SubmitOrder.
    """

    run: int
    step: int
    event: Event
    logged_ns: int
    outcomes: tuple[Outcome, ...] = ()
    commands: tuple[Command, ...] = ()
    wire_ids: tuple[str | None, ...] = ()
    stream: str = MAIN


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """One step as recorded; `wire_ids` stands beside `commands`, `ts_ns` is the event's."""

    run: int
    step: int
    event: Event
    outcomes: tuple[Outcome, ...] = ()
    commands: tuple[Command, ...] = ()
    wire_ids: tuple[str | None, ...] = ()

    @property
    def ts_ns(self) -> int:
        return self.event.ts_ns


class Line(NamedTuple):
    """One record in stored form, with its part in the step: event, outcome or command."""

    role: str
    kind: str
    v: int
    body: str
    wire_id: str | None = None


class StepText(NamedTuple):
    """One step in stored form: a market event for the tape, all other records for the log."""

    stream: str
    run: int
    step: int
    ts_ns: int
    logged_ns: int
    market: Line | None
    lines: tuple[Line, ...]

    @property
    def is_urgent(self) -> bool:
        """More than a market event that changed nothing: somebody waits for it."""
        return bool(self.lines)


def step_text(entry: LogEntry) -> StepText:
    """The stored form of a step.

    Raises:
        EventLogError: a record has no stored form, or a SubmitOrder lacks its wire id.
    """
    event = Line("event", *encode(entry.event))
    on_tape = is_market(entry.event)
    lines = () if on_tape else (event,)
    if entry.outcomes or entry.commands:
        outcomes = (Line("outcome", *encode(outcome)) for outcome in entry.outcomes)
        lines = (*lines, *outcomes, *_command_lines(entry))
    return StepText(
        entry.stream,
        entry.run,
        entry.step,
        entry.event.ts_ns,
        entry.logged_ns,
        event if on_tape else None,
        lines,
    )


def _command_lines(entry: LogEntry) -> Iterable[Line]:
    wire_ids = entry.wire_ids or (None,) * len(entry.commands)
    for command, wire_id in zip(entry.commands, wire_ids, strict=True):
        if (wire_id is not None) != isinstance(command, SubmitOrder):
            raise EventLogError(
                f"step {entry.step}: {type(command).__name__} with wire id {wire_id}: "
                "exactly the submitted orders carry one"
            )
        yield Line("command", *encode(command), wire_id)
