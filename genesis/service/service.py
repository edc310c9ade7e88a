"""One running service: log, engine, venue and control API, from start to clean end."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from genesis import __version__
from genesis.domain.canonical import plain
from genesis.domain.commands import Notify
from genesis.domain.keeping import RefusalsCounted
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    InterventionOpened,
    OrderApproved,
    OrderRefused,
    PositionClosed,
    TierChanged,
    TiltLevelChanged,
)
from genesis.errors import ConfigError, EventLogError, ExchangeError
from genesis.exchange.binance import BinanceGateway
from genesis.rules import Rules
from genesis.service.api.guard import Guard
from genesis.service.api.keys import Keys
from genesis.service.api.parts import Parts
from genesis.service.api.places import Places
from genesis.service.api.server import ApiServer, bind
from genesis.service.api.wiring import Run, guarded, parts_of
from genesis.service.clock import VenueClock, wall_ns
from genesis.service.connecting import open_gateway
from genesis.service.ending import ended_words
from genesis.service.health import Health
from genesis.service.home import Home
from genesis.service.live import before_real_money
from genesis.service.logs import log, open_logs
from genesis.service.restart import Progress, Remembered, fold_second_log, remember
from genesis.service.runner import Happened
from genesis.service.second_log import SecondLog
from genesis.service.settings import Settings
from genesis.service.still_held import still_held
from genesis.service.strategies import new_engine, strategies_of
from genesis.service.trading import Terms, Trading
from genesis.service.trail import Trail
from genesis.service.witnessing import broken_place
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog

_log = log("service")
T = TypeVar("T")
_STILL: Final = "nothing was started; `genesis close-all --direct` closes positions meanwhile"
_LOGGED: Final = (
    OrderApproved,
    OrderRefused,
    RefusalsCounted,
    PositionClosed,
    TierChanged,
    TiltLevelChanged,
    InterventionOpened,
    Halted,
    AlertRaised,
)


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


class Ends(Protocol):
    """Something of ours that ends with the service."""

    async def close(self) -> None: ...


Connect = Callable[[VenueClock, Remembered], Awaitable[tuple[BinanceGateway, Ends]]]
"""Makes the gateway, and what ends with it: an exchange of our own, or a lease on the account."""


class Service:
    """Runs one home until it is told to stop.

    on_ready: told the facts of the service file once everything runs.
    progress: told how far the record has been read, at a start that has one.
    """

    def __init__(self, plan: Plan, connect: Connect, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._connect = connect
        self._say = say
        self._stop = asyncio.Event()
        self._reason = "stopped"
        self.progress: Progress = lambda done, total: None
        self.on_ready: Callable[[dict[str, Any]], None] = lambda facts: None
        self.trading: Trading | None = None
        self._gone: str | None = None

    def stop(self, reason: str) -> None:
        """Ask for a clean end."""
        self._reason = reason
        self._stop.set()

    @property
    def still_held(self) -> list[str]:
        """What a person should know of open positions once the run has ended."""
        if self.trading is None:
            return []
        plan = self._plan
        ends_with_us = plan.is_paper and plan.settings.venue_url is None
        return still_held(self.trading.engine, ends_with_us=ends_with_us)

    async def run(self, *, heed_signals: bool = True) -> None:
        """Start, trade until stopped (by SIGINT and SIGTERM too), end cleanly.

        Raises:
            GenesisError: the start failed, or a fault ended the run.
        """
        async with AsyncExitStack() as ending:
            ending.callback(gc.unfreeze)
            if heed_signals:
                ending.enter_context(_signals(self.stop))
            await self._run(ending)

    async def _run(self, ending: AsyncExitStack) -> None:
        plan = self._plan
        ending.callback(self._open_logs())
        event_log = EventLog.open(plan.home.path / DATABASE_NAME)  # refuses a second engine
        ending.callback(event_log.close)
        bound = bind(plan.settings.port, plan.settings.control_host)
        ending.callback(bound.close)
        second = SecondLog(plan.home.second_log_file)
        ending.callback(second.close)
        past = self._remember(event_log, second)
        clock = VenueClock(start_ns=past.last_ns)
        gateway = await self._open_venue(clock, past, ending)
        engine = past.engine or new_engine(plan.rules, plan.settings.strategies, plan.seed)
        if past.is_new:  # nothing is at stake yet: the settings are obeyed as they are
            engine.set_rules(plan.rules)
        engine.set_strategies(strategies_of(plan.settings.strategies))
        terms = self._terms(gateway, engine.state.rules)
        end_s = plan.settings.end_s
        trading = Trading(terms, event_log, second, past, clock, gateway, engine, end_s)
        trading.runner.observers += [
            lambda happened: past.trail.see(engine, happened.step),
            _write_down,
        ]
        self.trading = trading
        try:
            complaints = await self._unless_stopped(trading.start())
            for line in (*trading.told_rules, *trading.paper.left):
                self._say(line)
            if trading.witnessed is not None:
                self._say(trading.witnessed)
            for complaint in complaints or ():
                self._say(f"no new risk until it is explained: {complaint}")
            if not self._stop.is_set():
                await self._serve(trading, past.trail, event_log, clock, bound)
            left = await trading.end(self._reason)
        except BaseException as problem:
            _log.critical(
                "run abandoned",
                error_type=type(problem).__name__,
                problem=str(problem),
                exc_info=not isinstance(problem, ConfigError | ExchangeError),
            )
            await trading.abandon()
            raise
        for line in left:
            self._say(line)
        self._say(ended_words(self._reason))

    # -- opening -----------------------------------------------------------------------------
    def _open_logs(self) -> Callable[[], None]:
        settings, plan = self._plan.settings, self._plan
        given = (settings.api_key, settings.api_secret)
        secrets = [secret.get_secret_value() for secret in given if secret is not None]
        return open_logs(
            plan.home.log_file, [*secrets, plan.control_key, plan.read_key], self._log_context
        )

    def _log_context(self) -> dict[str, Any]:
        if self.trading is None:
            return {}
        state = self.trading.engine.state
        return {"account_id": state.ledger.account_id, "tier": state.tiers.state.tier.value}

    def _remember(self, event_log: EventLog, second: SecondLog) -> Remembered:
        if event_log.last_step:
            self._say(f"reading the record of {event_log.last_step} steps")
        try:
            past = remember(event_log, self.progress)
            if past.broken is not None:  # what is in the plain log stays there, too
                return self._broken(past, event_log)
            folded = fold_second_log(event_log, second, past)
        except EventLogError as problem:
            raise EventLogError(f"{problem.message}; {_STILL}", problem.code) from problem
        if folded:
            self._say(f"{folded} steps of the plain log were folded back into the event log")
        return past

    def _broken(self, past: Remembered, event_log: EventLog) -> Remembered:
        """A chain is broken: with an account before the break, what is held can be left."""
        assert past.broken is not None
        if past.is_new:
            place = broken_place(event_log.database.path, past.broken)
            raise EventLogError(f"{place}: no account was opened before it: begin with a new home")
        return past

    async def _open_venue(
        self, clock: VenueClock, past: Remembered, ending: AsyncExitStack
    ) -> BinanceGateway:
        gateway, ends = await self._connect(clock, past)
        ending.push_async_callback(ends.close)
        await open_gateway(gateway, clock, past.last_ns)
        ending.push_async_callback(gateway.close)
        if not self._plan.is_paper:
            self._say(await before_real_money(gateway, self._plan.settings, self._plan.quote, past))
        return gateway

    def _terms(self, gateway: BinanceGateway, held: Rules) -> Terms:
        plan, settings = self._plan, self._plan.settings
        return Terms(
            settings.symbols,
            settings.strategies,
            held,
            plan.rules,
            plan.seed,
            plan.code_sha256,
            plan.is_paper,
            gateway.venue.rest,
            plan.quote,
            settings.reconcile_s,
        )

    # -- serving -----------------------------------------------------------------------------
    async def _serve(
        self,
        trading: Trading,
        trail: Trail,
        event_log: EventLog,
        clock: VenueClock,
        bound: socket.socket,
    ) -> None:
        parts = self._parts(trading, trail, event_log, clock)
        broadcast = parts.broadcast
        trading.runner.observers.append(broadcast.observe)
        server = ApiServer(self._guarded(parts), bound)
        tasks = (
            asyncio.create_task(server.run(), name="control API"),
            asyncio.create_task(broadcast.run(), name="live stream"),
        )
        for task in tasks:
            task.add_done_callback(self._face_ended)
        try:
            await server.started()
            _settle()
            self._announce(server.url)
            await self._unless_stopped(trading.failed())
        finally:
            self._plan.home.withdraw()
            for task in tasks:
                task.remove_done_callback(self._face_ended)
            broadcast.close()
            server.stop()
            await asyncio.wait(tasks[:1], timeout=5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Run `work` to its end (its result) or until a stop is asked for (None)."""
        stop = asyncio.ensure_future(self._stop.wait())
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({stop, task}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.gather(stop, task, return_exceptions=True)

    def _face_ended(self, task: "asyncio.Task[None]") -> None:
        """What faces need is gone by itself; the run, its stops and limits go on without it."""
        problem = None if task.cancelled() else task.exception()
        self._gone = f"{task.get_name()} ended: see the log"
        _log.critical(
            "task ended",
            task=task.get_name(),
            error_type=None if problem is None else type(problem).__name__,
            exc_info=problem,
        )

    def _announce(self, url: str) -> None:
        assert self.trading is not None
        halted = self.trading.engine.state.risk.drawdown.halted
        facts = {
            "url": url,
            "pid": os.getpid(),
            "home": str(self._plan.home.path),
            "halted": None if halted is None else halted.reason,  # as it was at this start
        }
        self._plan.home.announce(facts)
        _log.info("ready", **facts)
        self.on_ready(facts)

    def _parts(
        self, trading: Trading, trail: Trail, event_log: EventLog, clock: VenueClock
    ) -> Parts:
        plan, engine = self._plan, trading.engine
        health = Health(
            clock,
            clock.elapsed_ns(),
            {**trading.parts, "faces": lambda: self._gone},
            trading.line,
        )
        run = Run(
            trading.recorder.run,
            engine,
            trading.readings,
            trail,
            clock,
            lambda: clock.speed,
            plan.settings.symbols,
            trading.wire_ids,
            trading.tell,
            trading.paper,
            trading.reconciling,
        )
        keys = Keys(plan.control_key, plan.read_key)
        return parts_of(run, event_log, keys, health, self._version)

    def _guarded(self, parts: Parts) -> Guard:
        settings = self._plan.settings
        places = Places.of(settings.control_host, settings.control_allow)
        return guarded(parts, places, settings.rate_limit, wall_ns)

    def _version(self) -> dict[str, Any]:
        plan = self._plan
        held = plan.rules if self.trading is None else self.trading.engine.state.rules
        return {
            "version": __version__,
            "code_sha256": plan.code_sha256,
            "rules": held.name,
            "rules_sha256": held.sha256,
        }


def _write_down(happened: Happened) -> None:
    """Decisions worth a line in the log files."""
    for outcome in happened.step.outcomes:
        if isinstance(outcome, _LOGGED):
            told = plain(outcome)
            ref = getattr(happened.step.event, "client_ref", None) or str(happened.number)
            _log.info(type(outcome).__name__, correlation_id=ref, decision=told)
    for command in happened.step.commands:
        if isinstance(command, Notify):
            _log.warning("notice", correlation_id=str(happened.number), text=command.text)


def _settle() -> None:
    """What was made at the start stays to the end: later collections leave it out.

    Looking through all of it would stop the loop for a fifth of a second; of what is already old,
    the start itself leaves next to nothing behind.
    """
    gc.collect(1)
    gc.freeze()


@contextmanager
def _signals(stop: Callable[[str], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask for a clean end."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
