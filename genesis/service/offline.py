"""One event told to a home while no service runs on it: through the engine, into its log."""

from genesis.domain.events import Event
from genesis.engine.step import Step
from genesis.errors import EventLogError
from genesis.service.clock import wall_ns
from genesis.service.restart import Remembered
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry


def write_down(event_log: EventLog, past: Remembered, event: Event, run: int = 0) -> Step:
    """Handle the event where the record ends, and append the step; it is durable then.

    run: the run it is written under, at least the last one of the log.

    Raises:
        EventLogError: the home was never run, or its log cannot be written.
    """
    if past.engine is None:
        raise EventLogError(f"{event_log.database.path}: no run was ever started here")
    step = past.engine.handle(event)
    entry = LogEntry(
        max(event_log.last_run, run),
        event_log.last_step + 1,
        event,
        wall_ns(),
        step.outcomes,
        step.commands,
        (None,) * len(step.commands),
    )
    event_log.append(entry).result()
    return step
