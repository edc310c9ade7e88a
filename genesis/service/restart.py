"""What the log remembers: the engine as it was, its timers, and the ids its orders left with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from genesis.domain.commands import Command, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import RunStarted, TimerFired, is_market
from genesis.domain.ids import OrderKey
from genesis.domain.keeping import LogForked
from genesis.domain.recorded import Recorded
from genesis.engine.engine import Engine
from genesis.engine.replay import Replayable, replay
from genesis.errors import EventLogError
from genesis.exchange.wire_id import compose
from genesis.service.clock import wall_ns
from genesis.service.logs import log
from genesis.service.readings import Readings
from genesis.service.second_log import PlainStep, SecondLog
from genesis.service.strategies import engine_for
from genesis.service.timers import Timers
from genesis.service.trail import Trail
from genesis.store.chain import Break
from genesis.store.event_log import EventLog
from genesis.store.steps import MAIN, LogEntry, LoggedStep

_log = log("restart")
_EVERY: Final = 5_000

Progress = Callable[[int, int], None]
"""Told steps done and steps in all, now and then."""


@dataclass(slots=True)
class Remembered:
    """State folded from the log of a home; `engine` is None in a new home."""

    engine: Engine | None = None
    readings: Readings = field(default_factory=Readings)
    trail: Trail = field(default_factory=Trail)
    timers: Timers = field(default_factory=Timers)
    wire_ids: dict[OrderKey, str] = field(default_factory=dict)
    last_ns: int = 0
    last_started: RunStarted | None = None
    forked: set[str] = field(default_factory=set)
    """Wire ids of orders that a fork of the log knows of, and the log itself does not."""
    broken: Break | None = None
    """Where the log stopped being sound; what is remembered ends before it. None: it is whole."""

    @property
    def is_new(self) -> bool:
        """No account was opened yet: there was no run, or the first ended before it could."""
        return self.engine is None or self.engine.state.ledger.opened_ns is None

    def take(self, step: LoggedStep) -> None:
        """Fold one recorded step, after the engine did."""
        self.last_ns = max(self.last_ns, step.ts_ns)
        self.readings.take(step)
        if isinstance(step.event, RunStarted):
            self.last_started = step.event
        if isinstance(step.event, LogForked):
            self.forked.update(step.event.known)
        if self.engine is not None:
            self.trail.see(self.engine, step)
        if isinstance(step.event, TimerFired) and not is_market(step.event):
            self.timers.drop(step.event.key)
        for command, wire_id in zip(step.commands, step.wire_ids, strict=False):
            if isinstance(command, SubmitOrder) and wire_id is not None:
                self.wire_ids[command.key] = wire_id
        for command in step.commands:
            if isinstance(command, SetTimer):
                self.timers.set(command.key, max(command.at_ns, step.ts_ns))
            elif isinstance(command, DropTimer):
                self.timers.drop(command.key)


def remember(event_log: EventLog, progress: Progress) -> Remembered:
    """Run the whole record of a home through an engine.

    Of a record whose chain is broken all that comes before is run, and `broken` is set.

    Raises:
        EventLogError: the record cannot be read, or this code cannot run it.
    """
    found = Remembered()
    total = event_log.last_step
    if not total:
        return found

    def engine_of(started: RunStarted, engine: Replayable | None) -> Replayable:
        found.engine = _engine(engine_for(started, engine))
        return found.engine

    def seen(step: Recorded) -> None:
        assert isinstance(step, LoggedStep)
        found.take(step)
        if step.step % _EVERY == 0:
            progress(step.step, total)

    try:
        again = replay(event_log.read(), engine_of, seen)
    except EventLogError:
        found.broken = event_log.reader.first_break_of(MAIN)
        if found.broken is None:
            raise
        return found
    if again.events < total:
        raise EventLogError(
            f"the record cannot be run again: {again.first_difference}: "
            "use the version of Genesis that wrote it, or another home"
        )
    if again.first_difference is not None:
        _log.warning("decisions differ from the record", difference=str(again.first_difference))
    return found


def next_numbers(event_log: EventLog, second: SecondLog, past: Remembered) -> tuple[int, int]:
    """The next run, and the last step: none is given out twice, in whatever log it was.

    Raises:
        EventLogError: the plain log cannot be read.
    """
    run, step = event_log.last_run, event_log.last_step
    if past.broken is not None:  # what the plain log holds was not folded back
        plain_run, plain_step = second.last()
        run, step = max(run, plain_run), max(step, plain_step)
    return run + 1, step


def fold_second_log(event_log: EventLog, second: SecondLog, past: Remembered) -> int:
    """Bring what the plain log kept into the event log, each step as part of its own run.

    Returns how many steps there were.

    Raises:
        EventLogError: the plain log cannot be read, or the event log still cannot be written.
    """
    number = event_log.last_step
    count = 0
    for plain in second.read():
        if plain.step <= number:
            continue
        count += 1
        step = _engine_under(plain, past, second).handle(plain.event)
        wire_ids = tuple(_wire_id(command, plain, event_log.head) for command in step.commands)
        number += 1
        entry = LogEntry(
            plain.run,
            number,
            step.event,
            wall_ns(),
            step.outcomes,
            step.commands,
            wire_ids,
        )
        event_log.append(entry).result()
        past.take(LoggedStep(entry.run, number, step.event, step.outcomes, step.commands, wire_ids))
    second.set_aside()
    if count:
        _log.warning("the plain log was folded back", steps=count)
    return count


def _engine_under(plain: PlainStep, past: Remembered, second: SecondLog) -> Engine:
    """The engine this step belongs to; a run may have lived in the plain log alone."""
    if isinstance(plain.event, RunStarted):
        past.engine = _engine(engine_for(plain.event, past.engine))
    if past.engine is None:
        raise EventLogError(
            f"{second.path} begins with step {plain.step} of run {plain.run}, and the event log "
            "holds nothing before it: restore the event log it belongs to, or move the file away "
            "to start from the venue's lists alone"
        )
    return past.engine


def _wire_id(command: Command, plain: PlainStep, head: str) -> str | None:
    """The id the order left with; a fresh one for an order that was never sent."""
    if not isinstance(command, SubmitOrder):
        return None
    return plain.wire_ids.get(command.key) or compose(command.key, head)


def _engine(engine: Replayable) -> Engine:
    assert isinstance(engine, Engine)
    return engine
