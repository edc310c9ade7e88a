"""Run the record again: the same events through the same flow must give the same decisions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import localcontext
from itertools import zip_longest
from typing import Final, Protocol

from genesis.domain.canonical import canonical
from genesis.domain.events import Event, RunStarted
from genesis.domain.money import CONTEXT
from genesis.domain.recorded import Recorded
from genesis.engine.digest import DecisionDigest
from genesis.engine.step import Step
from genesis.errors import EventLogError

NOTHING: Final = "nothing"


class Replayable(Protocol):
    """What is run again: the engine."""

    def handle(self, event: Event) -> Step: ...


EngineFor = Callable[[RunStarted, Replayable | None], Replayable]
"""The engine of a run: made new for the first, for a later one the same, under the new rules."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that came out otherwise than recorded.

    place: which record of the step, such as `outcome 0` or `command 2`.
    recorded, recomputed: kind and canonical text, or `nothing`.
    """

    run: int
    step: int
    ts_ns: int
    event: str
    place: str
    recorded: str
    recomputed: str

    def __str__(self) -> str:
        return (
            f"run {self.run}, step {self.step} ({self.event}), {self.place}: "
            f"recorded {self.recorded}, recomputed {self.recomputed}"
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """digest: of what was decided this time; events: how many were run; the first difference."""

    digest: str
    events: int
    first_difference: Difference | None


def replay(
    steps: Iterable[Recorded],
    engine_for: EngineFor,
    seen: Callable[[Recorded], None] | None = None,
    begins: Callable[[Recorded], None] | None = None,
) -> Replay:
    """Run all recorded events again, over all runs in order, and compare every record.

    The replay goes on after a difference, so that the digest covers all events; it ends early
    only where the engine raises, which is a difference too. `seen` is told every step that was
    run, `begins` every step before it is.

    Raises:
        EventLogError: an event stands before the first RunStarted that no engine can be made for.
    """
    digest = DecisionDigest()
    engine: Replayable | None = None
    first: Difference | None = None
    events = 0
    with localcontext(CONTEXT):
        for recorded, started in _with_first_run(steps):
            if engine is None or isinstance(recorded.event, RunStarted):
                engine = engine_for(started, engine)
            if begins is not None:
                begins(recorded)
            try:
                step = engine.handle(recorded.event)
            except Exception as problem:  # noqa: BLE001 - the recorded run got past this event
                first = first or _raised(recorded, problem)
                break
            digest.add(step)
            first = first or _difference(recorded, step)
            events += 1
            if seen is not None:
                seen(recorded)
    return Replay(digest.hexdigest(), events, first)


def _with_first_run(steps: Iterable[Recorded]) -> Iterable[tuple[Recorded, RunStarted]]:
    """Steps with the RunStarted they stand under; those before the first count as under it."""
    waiting: list[Recorded] = []
    started: RunStarted | None = None
    for recorded in steps:
        if isinstance(recorded.event, RunStarted):
            started = recorded.event
        waiting.append(recorded)
        if started is not None:
            yield from ((each, started) for each in waiting)
            waiting.clear()
    if waiting:
        raise EventLogError(f"no run was ever started for the {len(waiting)} events of the log")


def _difference(recorded: Recorded, step: Step) -> Difference | None:
    if recorded.outcomes == step.outcomes and recorded.commands == step.commands:
        return None
    return _named(recorded, "outcome", recorded.outcomes, step.outcomes) or _named(
        recorded, "command", recorded.commands, step.commands
    )


def _named(
    recorded: Recorded, part: str, was: Sequence[object], now: Sequence[object]
) -> Difference | None:
    for place, (old, new) in enumerate(zip_longest(was, now)):
        before, after = _text(old), _text(new)
        if before != after:
            return _differs(recorded, f"{part} {place}", before, after)
    return None


def _raised(recorded: Recorded, problem: Exception) -> Difference:
    records = [_text(record) for record in (*recorded.outcomes, *recorded.commands)]
    return _differs(
        recorded, "the step", ", ".join(records) or NOTHING, f"{type(problem).__name__}: {problem}"
    )


def _differs(recorded: Recorded, place: str, before: str, after: str) -> Difference:
    event = recorded.event
    return Difference(
        recorded.run, recorded.step, event.ts_ns, type(event).__name__, place, before, after
    )


def _text(record: object | None) -> str:
    return NOTHING if record is None else f"{type(record).__name__} {canonical(record)}"
