"""One running service: log, engine, venue and control API, from start to clean end."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from genesis import __version__
from genesis.domain.events import (
    AccountOpened,
    Event,
    FeedLost,
    FeedRestored,
    InstrumentReported,
    OperatorActed,
    RunEnded,
    RunStarted,
)
from genesis.domain.orders import Purpose
from genesis.engine.engine import Engine
from genesis.errors import ExchangeError, GenesisError, InvariantBroken
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.streams import MARKET
from genesis.exchange.user_stream import USER
from genesis.rules import Rules
from genesis.service.api.app import Parts, build_app
from genesis.service.api.keys import Keys
from genesis.service.api.pages import JournalDesk
from genesis.service.api.server import ApiServer, bind
from genesis.service.api.state import Shapes
from genesis.service.api.stream import Broadcast
from genesis.service.calls import Calls
from genesis.service.clock import VenueClock
from genesis.service.health import Health
from genesis.service.home import Home
from genesis.service.logs import log, open_logs
from genesis.service.operations import Operations, status_line
from genesis.service.outbox import Outbox
from genesis.service.past import Past
from genesis.service.reconciling import Reconciling
from genesis.service.recorder import Recorder
from genesis.service.restart import Progress, Remembered, remember
from genesis.service.runner import Runner
from genesis.service.second_log import SecondLog
from genesis.service.settings import Settings
from genesis.service.strategies import new_engine
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.journal import Journal

_log = log("service")
_READY_S: Final = 10.0
_LAST_CALLS_S: Final = 5.0
_CLOCK_PERIOD_S: Final = 1.0
_CLOCK_PATIENCE: Final = 5
_FIRST_SYNCS: Final = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided before the start."""

    settings: Settings
    home: Home
    rules: Rules
    seed: str
    is_paper: bool
    quote: str
    code_sha256: str
    control_key: str
    read_key: str


class OwnVenue(Protocol):
    """An exchange of our own that ends with the service."""

    async def close(self) -> None: ...


Connect = Callable[[VenueClock, int], Awaitable[tuple[BinanceGateway, OwnVenue | None]]]


class Service:
    """Runs one home until it is told to stop."""

    def __init__(self, plan: Plan, connect: Connect, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._connect = connect
        self._say = say
        self._stop = asyncio.Event()
        self._reason = "stopped"
        self._ending: list[Callable[[], Awaitable[None]]] = []
        self.progress: Progress = lambda done, total: None
        self.on_ready: Callable[[dict[str, Any]], None] = lambda facts: None
        self.engine: Engine | None = None
        self.runner: Runner | None = None

    def stop(self, reason: str) -> None:
        """Ask for a clean end."""
        self._reason = reason
        self._stop.set()

    async def run(self) -> None:
        """Start, trade until stopped, end cleanly.

        Raises:
            GenesisError: the start failed, or a fault ended the run; nothing was left half-done.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            name = signal.Signals(number).name
            asyncio.get_running_loop().add_signal_handler(number, self.stop, name)
        try:
            await self._run()
        finally:
            for end in reversed(self._ending):
                await end()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().remove_signal_handler(number)

    async def _run(self) -> None:
        plan, settings = self._plan, self._plan.settings
        bound = bind(settings.port)
        self._on_end(bound.close)
        self._open_logs()
        event_log = EventLog.open(plan.home.path / DATABASE_NAME)
        self._on_end(event_log.close)
        past = self._remember(event_log)
        clock = VenueClock(start_ns=past.last_ns)
        gateway = await self._open_venue(clock, past.last_ns)
        engine = past.engine or new_engine(plan.rules, settings.strategies, plan.seed)
        engine.set_rules(plan.rules)
        self.engine = engine
        self._trading = _Trading(plan, event_log, past, clock, gateway, engine)
        self._on_end(self._trading.second.close)
        await self._trading.start(self._stop, self._say)
        await self._serve(event_log, bound)

    # -- opening -----------------------------------------------------------------------------
    def _on_end(self, close: Callable[[], object]) -> None:
        async def end() -> None:
            result = close()
            if asyncio.iscoroutine(result):
                await result

        self._ending.append(end)
