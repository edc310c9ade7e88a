"""What the log remembers: the engine as it was, its timers, and the ids its orders left with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from genesis.domain.commands import Command, DropTimer, SetTimer, SubmitOrder
from genesis.domain.events import RunStarted, TimerFired, is_market
from genesis.domain.ids import OrderKey
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
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry, LoggedStep

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

    again = replay(event_log.read(), engine_of, seen)
    if again.events < total:
        raise EventLogError(
            f"the record cannot be run again: {again.first_difference}: "
            "use the version of Genesis that wrote it, or another home"
        )
    if again.first_difference is not None:
        _log.warning("decisions differ from the record", difference=str(again.first_difference))
    return found


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
