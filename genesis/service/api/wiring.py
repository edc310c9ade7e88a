"""The parts of the control API, put together around one engine, and the app behind its guard."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from genesis.domain.events import Event
from genesis.domain.ids import OrderKey
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.api.app import build_app
from genesis.service.api.discipline_desk import DisciplineDesk
from genesis.service.api.flows import Compares, FlowsDesk
from genesis.service.api.guard import Guard, Lock
from genesis.service.api.keys import Keys
from genesis.service.api.operations import Operations, status_line
from genesis.service.api.pace import Pace
from genesis.service.api.pages import JournalDesk
from genesis.service.api.paper import PaperDesk
from genesis.service.api.parts import Parts
from genesis.service.api.places import Places
from genesis.service.api.rules import RulesDesk
from genesis.service.api.signing import Signatures
from genesis.service.api.state import Shapes
from genesis.service.api.strategies import StrategiesDesk
from genesis.service.api.stream import Broadcast
from genesis.service.api.under_way import UnderWay
from genesis.service.clock import Clock
from genesis.service.health import Health, metrics
from genesis.service.paper_lane import PaperLane
from genesis.service.past import Past
from genesis.service.readings import Readings
from genesis.service.trail import Trail
from genesis.store.event_log import EventLog
from genesis.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an engine, as the API sees it.

    speed: venue seconds in a second of the wall. tell: hands an event to the engine; the step
    comes back once it is durable.
    """

    number: int
    engine: Engine
    readings: Readings
    trail: Trail
    clock: Clock
    speed: Callable[[], float]
    symbols: tuple[str, ...]
    wire_ids: Mapping[OrderKey, str]
    tell: Callable[[Event], Awaitable[Step]]
    paper: PaperLane
    compares: Compares | None = None


def parts_of(
    run: Run, event_log: EventLog, keys: Keys, health: Health, version: Callable[[], dict[str, Any]]
) -> Parts:
    """What the API speaks for."""
    engine, readings, clock, tell = run.engine, run.readings, run.clock, run.tell
    shapes = Shapes(
        engine,
        readings,
        clock,
        run.symbols,
        run.wire_ids,
        run.trail,
        run.number,
        run.speed,
    )
    broadcast = Broadcast(shapes.snapshot, shapes.tick, shapes.beat)
    health = replace(health, parts={**health.parts, "live_stream": lambda: broadcast.problem})
    past = Past(event_log.reader, lambda: (engine.state.ledger.account_id, shapes.account_id))
    under_way = UnderWay()
    desk = (engine, readings, clock, Journal(event_log.database), past, tell)
    turns = (under_way, asyncio.Lock())
    operations = Operations(
        engine,
        readings,
        clock,
        run.symbols,
        run.number,
        tell,
        past,
        lambda: status_line(engine, readings),
        under_way,
    )
    return Parts(
        keys=keys,
        shapes=shapes,
        operations=operations,
        journal=JournalDesk(*desk, *turns),
        discipline=DisciplineDesk(*desk, *turns),
        broadcast=broadcast,
        past=past,
        clock=clock,
        speed=run.speed,
        health=health.told,
        metrics=lambda: metrics(engine, readings, health, broadcast.readers),
        version=version,
        rules=RulesDesk(engine, clock, tell),
        strategies=StrategiesDesk(engine, clock, tell),
        flows=FlowsDesk(run.compares),
        paper=PaperDesk(run.paper, engine, event_log.reader, clock, run.symbols, run.number),
    )


def guarded(parts: Parts, places: Places, rate_limit: int, wall_ns: Callable[[], int]) -> Guard:
    """The app, and nobody comes to it past the guard. `wall_ns`: civil time of this machine."""
    app = build_app(parts)
    pace = Pace(rate_limit, parts.clock.elapsed_ns)
    signatures = Signatures(parts.keys, wall_ns)
    return Guard(app, Lock(parts.keys, places, pace, signatures, app.state.endpoints))
