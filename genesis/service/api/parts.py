"""What the control API speaks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from genesis.service.api.discipline_desk import DisciplineDesk
from genesis.service.api.flows import FlowsDesk
from genesis.service.api.keys import Keys
from genesis.service.api.operations import Operations
from genesis.service.api.pages import JournalDesk
from genesis.service.api.paper import PaperDesk
from genesis.service.api.rules import RulesDesk
from genesis.service.api.state import Shapes
from genesis.service.api.strategies import StrategiesDesk
from genesis.service.api.stream import Broadcast
from genesis.service.clock import Clock


class Past(Protocol):
    """The event log in the contract's shape, newest first."""

    def events(self, limit: int, after: str | None) -> list[dict[str, Any]]: ...
    def flows(self, limit: int) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one service."""

    keys: Keys
    shapes: Shapes
    operations: Operations
    journal: JournalDesk
    discipline: DisciplineDesk
    broadcast: Broadcast
    past: Past
    clock: Clock
    speed: Callable[[], float]
    health: Callable[[], dict[str, Any]]
    metrics: Callable[[], str]
    version: Callable[[], dict[str, Any]]
    rules: RulesDesk
    strategies: StrategiesDesk
    paper: PaperDesk
    flows: FlowsDesk
