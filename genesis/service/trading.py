"""The trading half of a service: runner, venue, streams and reconciliation of one run."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from genesis.domain.account import Balance
from genesis.domain.events import (
    AccountOpened,
    Event,
    FeedLost,
    FeedRestored,
    HealthReported,
    InstrumentReported,
    RunStarted,
)
from genesis.domain.time import SECOND, format_utc
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.engine.tier_acts import RECORD
from genesis.errors import EventLogError, InvariantBroken, Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.streams import MARKET
from genesis.exchange.traffic import Told
from genesis.exchange.user_stream import USER
from genesis.risk.blocks import CODE, FEED, RECONCILE, STARTING, VENUE
from genesis.rules import Rules
from genesis.service.calls import Calls
from genesis.service.clock import VenueClock
from genesis.service.ending import Ending, Tasks
from genesis.service.health import new_risk_problem
from genesis.service.logs import log
from genesis.service.outbox import Outbox
from genesis.service.paper_lane import PaperLane
from genesis.service.paper_opening import PaperOpening
from genesis.service.reconciling import PERIOD_S, Reconciling
from genesis.service.recorder import Recorder
from genesis.service.restart import Remembered, next_numbers
from genesis.service.rule_wishes import became, standing, wish
from genesis.service.runner import BAR_GRACE_NS, Runner
from genesis.service.second_log import SecondLog
from genesis.service.time_keeping import TimeKeeping
from genesis.service.usual_volume import tell_usual_volumes
from genesis.service.watching import Watching
from genesis.service.witnessing import Witnessing, broken_words
from genesis.store.event_log import EventLog

_log = log("trading")
_READY_S: Final = 10.0
_FIRST_PRICE_S: Final = 3.0
_LOOK_S: Final = 0.02
_OWN_BLOCKS: Final = frozenset({STARTING, RECONCILE, VENUE, RECORD, CODE})
"""Blocks on new risk that end by their own events: a broken record by `genesis recover`, code that
was changed by `genesis upgrade`. All others are parts of ours that failed, and are well after a
restart."""
_STORE: Final = "store"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a run trades.

    rules: those in force at its start; wanted: those that the settings name.
    """

    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    rules: Rules
    wanted: Rules
    seed: str
    code_sha256: str
    is_paper: bool
    venue: str
    quote: str
    reconcile_s: float = PERIOD_S


class Trading:
    """Starts and ends one run of the engine against one venue.

    end_s: how long an end waits for the venue.
    """

    def __init__(
        self,
        terms: Terms,
        event_log: EventLog,
        second: SecondLog,
        past: Remembered,
        clock: VenueClock,
        gateway: BinanceGateway,
        engine: Engine,
        end_s: float,
    ) -> None:
        self._terms = terms
        self._clock = clock
        self._gateway = gateway
        self._home = event_log.database.path.parent
        self._is_new = past.is_new
        self._last_started = past.last_started
        self.engine = engine
        self.readings = past.readings
        broken = past.broken
        self._broken = None if broken is None else broken_words(event_log.database.path, broken)
        self.recorder = Recorder(event_log, second, *next_numbers(event_log, second, past))
        self.runner = Runner(
            engine,
            self.recorder,
            clock,
            widths=engine.widths,
            timers=past.timers,
        )
        self.runner.hold_timers()
        self.runner.observers.append(lambda happened: self.readings.take(happened.step))
        calls = Calls(gateway, clock, self.runner.put, self.runner.broke)
        self.wire_ids = past.wire_ids
        self.reconciling = Reconciling(
            gateway,
            engine,
            clock,
            terms.symbols,
            self.wire_ids,
            self.readings,
            self.tell,
            self.runner.report,
            terms.reconcile_s,
        )
        self._outbox = Outbox(
            calls,
            clock,
            self.wire_ids,
            self.runner.put,
            self.recorder.take_over,
            self.reconciling.request,
        )
        self.runner.connect(self._outbox)
        self._market = gateway.market_stream(terms.symbols, self.runner.put)
        self._market.waiting = lambda: self.runner.waiting
        self._user = gateway.user_stream(
            self._heard_of_orders, self.reconciling.request, self.wire_ids
        )
        opening = PaperOpening(terms, lambda: self.recorder.run, event_log, clock, engine)
        self.paper = PaperLane(opening, clock, engine, self.tell)
        self.runner.observers.append(self.paper.heard)
        self._is_open = False
        self._adopting: asyncio.Task[None] | None = None
        self._complaints: tuple[str, ...] = ()
        self._end_s = end_s
        self._tasks = Tasks()
        self._ending = Ending(
            engine,
            self.runner,
            self._outbox,
            calls,
            gateway,
            self.paper,
            self._tasks,
            self.tell,
            end_s,
        )
        self.time = TimeKeeping(clock, gateway, self.runner.report, self._clock_set)
        self._watching = Watching(
            gateway,
            engine,
            clock,
            terms.symbols,
            self.runner.report,
            self.tell,
            event_log.database.path.parent,
        )
        self._witness = Witnessing(gateway, clock, terms.symbols, self.wire_ids, past.forked)
        self.told_rules: tuple[str, ...] = ()
        self.witnessed: str | None = None

    # -- what others ask ---------------------------------------------------------------------
    async def tell(self, event: Event) -> Step:
        """Hand an event to the engine; the step once it is durable.

        Raises:
            InvariantBroken: the engine is not running any more.
        """
        answer = self.runner.ask(event)
        waiting: set[asyncio.Future[Any]] = {answer, *self._tasks.core}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise self._tasks.stopped()
        return answer.result()

    async def failed(self) -> None:
        """Waits until the engine or its outbox ends by an error, and raises it."""
        done, _ = await asyncio.wait(self._tasks.core, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise InvariantBroken("the runner ended by itself")

    @property
    def parts(self) -> dict[str, Callable[[], str | None]]:
        """What is asked how each part is: what is wrong, or None."""
        return {
            "exchange_gateway": self.exchange_problem,
            "event_bus": self.bus_problem,
            "database": lambda: self.recorder.failed,
            "websocket_streams": self.streams_problem,
            "new_risk": lambda: new_risk_problem(self.engine),
        }

    def exchange_problem(self) -> str | None:
        """Why the venue does not hear or answer us; None: all is well."""
        traffic = self._gateway.traffic
        own = traffic.silence or traffic.key.problem
        return own or self.time.problem or traffic.circuit_problem

    def line(self) -> Told:
        """How the traffic with the venue is."""
        return self._gateway.traffic.told()

    def bus_problem(self) -> str | None:
        ended = [task.get_name() for task in self._tasks.core if task.done()]
        return f"{', '.join(ended)} ended" if ended else None

    def streams_problem(self) -> str | None:
        lines = {MARKET: self._market.ready, USER: self._user.ready}
        lost = [name for name, ready in lines.items() if not ready.is_set()]
        return f"{' and '.join(lost)} not connected" if lost else None

    # -- the start ---------------------------------------------------------------------------
    async def start(self) -> tuple[str, ...]:
        """Open the run, learn what happened meanwhile, listen. New risk is blocked until then.

        Returns what reconciliation could not explain; that goes on blocking new risk.

        Raises:
            ExchangeError: the venue did not answer.
        """
        self._tasks.runner = asyncio.create_task(self.runner.run(), name="runner")
        self._tasks.outbox = asyncio.create_task(self._outbox.run(), name="outbox")
        await self._witness.ask(None if self._is_new else self.engine.state.ledger.opened_ns)
        self.recorder.run = max(self.recorder.run, self._witness.last_run + 1)
        if self._broken is not None:  # nothing is written behind what is not sound
            self.recorder.take_over(EventLogError(self._broken))
            self.paper.refuse(self._broken)
        await self._open_run()
        await self.paper.start()
        self._tasks.beside.add(asyncio.create_task(self.paper.run(), name="paper lane"))
        self._run_beside("user stream", self._user.run())
        await self._heard(USER, self._user.ready)
        self._adopting = asyncio.create_task(self._adopt(), name="adopting")
        self._tasks.beside.add(self._adopting)
        await asyncio.shield(self._adopting)
        self._tasks.market = self._run_beside("market stream", self._market.run())
        await self._heard(MARKET, self._market.ready)
        await self._priced()
        await self.time.sync()
        self._run_beside("reconciliation", self.reconciling.run())
        self._run_beside("clock", self.time.run())
        self._run_beside("watch", self._watching.run())
        self._tell_usual_volumes()
        return self._complaints

    def _tell_usual_volumes(self) -> None:
        """VWAP orders need them, where the rules know any."""
        slicing, now_ns = self._terms.rules.execution.slicing, self._clock.now_ns()
        if slicing is not None:
            days, symbols = slicing.profile_days, self._terms.symbols
            work = tell_usual_volumes(self._home, symbols, now_ns, days, self.tell)
            self._tasks.beside.add(asyncio.create_task(work, name="usual volume"))

    async def _adopt(self) -> None:
        """What is at the venue becomes ours. An end waits for it: a stop that was taken over is
        placed again only when the books have been compared.
        """
        await self._hear_witness()
        found = await self.reconciling.at_start()
        _log.info("reconciled", clean=found.is_clean, complaints=list(found.complaints))
        self._complaints = found.complaints

    async def _hear_witness(self) -> None:
        """What the record itself and the venue say against the record; closing works throughout."""
        found = self._broken or self._witness.complaint
        if found is not None:
            await self.tell(HealthReported(self._clock.now_ns(), RECORD, "failed", found))
        self.witnessed = self.engine.state.risk.blocks.get(RECORD)
        await self._witness.take_over(self.tell)

    async def _priced(self) -> None:
        """Wait a moment for a first trade of every symbol: before it orders are refused."""
        deadline_ns = self._clock.elapsed_ns() + int(_FIRST_PRICE_S * SECOND)
        while self._clock.elapsed_ns() < deadline_ns:
            if all(self.engine.view.price(symbol) is not None for symbol in self._terms.symbols):
                return
            await asyncio.sleep(_LOOK_S)

    async def _open_run(self) -> None:
        terms, now_ns = self._terms, self._clock.now_ns
        self._is_open = True
        await self.tell(
            RunStarted(
                now_ns(),
                self.recorder.run,
                terms.rules.name,
                terms.rules.text,
                terms.rules.sha256,
                terms.code_sha256,
                terms.seed,
                terms.symbols,
                terms.strategies,
            )
        )
        for stream in (MARKET, USER):
            await self.tell(FeedLost(now_ns(), stream, "not connected yet"))
        for instrument in await self._gateway.instruments(terms.symbols):
            await self.tell(InstrumentReported(now_ns(), instrument))
        if self._is_new:
            await self.tell(self._account(now_ns(), await self._gateway.balances()))
        for source in sorted(self.engine.state.risk.blocks):
            is_lasting = source == _STORE and self.recorder.failed is not None
            is_own = source in _OWN_BLOCKS or source.startswith(FEED)
            if not is_own and not is_lasting:
                await self.tell(HealthReported(now_ns(), source, "ok", "restarted"))
        await self._want_rules()

    async def _want_rules(self) -> None:
        """An edited rules file is a wish; what became of it is said in `told_rules`."""
        terms, now_ns = self._terms, self._clock.now_ns()
        asked = wish(terms.wanted, self.engine, self._last_started, terms.code_sha256, now_ns)
        if asked is None:
            self.told_rules = tuple(standing(terms.wanted, self.engine))
        else:
            outcomes = (await self.tell(asked)).outcomes
            self.told_rules = tuple(became(self.engine, outcomes, now_ns, asked.reason))
        for line in self.told_rules:
            _log.info("rules", told=line)

    def _account(self, now_ns: int, balances: tuple[Balance, ...]) -> AccountOpened:
        """The account as the venue has it; coins held before stay outside."""
        terms = self._terms
        fenced = tuple(held for held in balances if held.asset != terms.quote and held.total)
        name = f"genesis:{terms.venue}:{terms.seed}:{format_utc(now_ns)}"
        account_id = str(uuid5(NAMESPACE_URL, name))
        return AccountOpened(
            now_ns, account_id, terms.venue, terms.is_paper, terms.quote, balances, fenced
        )

    async def _heard(self, stream: str, ready: asyncio.Event) -> None:
        """Wait for a line to open and say so. It keeps trying by itself afterwards."""
        try:
            async with asyncio.timeout(_READY_S):
                await ready.wait()
        except TimeoutError as problem:
            raise Unreachable(f"the venue's {stream} stream does not open") from problem
        await self.tell(FeedRestored(self._clock.now_ns(), stream))

    def _heard_of_orders(self, event: Event) -> None:
        """Events of the user stream. After a gap the venue is asked what was missed, and only
        then does the feed count as restored.
        """
        if isinstance(event, FeedRestored):
            self.reconciling.request("the user stream was interrupted", after=event)
            return
        if isinstance(event, FeedLost):
            self.reconciling.lost(event)
        self.runner.put(event)
        self.reconciling.heard(event)

    def _clock_set(self) -> None:
        self.runner.bars.grace_ns = int(BAR_GRACE_NS * self._clock.speed)

    def _run_beside(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except Exception as problem:  # noqa: BLE001 - told to the engine, which blocks new risk
                self.runner.broke(name, problem)

        task = asyncio.create_task(guarded(), name=name)
        self._tasks.beside.add(task)
        return task

    # -- the end -----------------------------------------------------------------------------
    async def end(self, reason: str) -> tuple[str, ...]:
        """Cancel entries, keep stops, close the run in the log; what could not be had, in words.

        A run that was not begun is not written about: its entries are cancelled at the venue.

        Raises:
            InvariantBroken: the engine broke meanwhile.
        """
        if self._adopting is not None:
            await asyncio.wait({self._adopting}, timeout=self._end_s)
        if self._is_open:
            return await self._ending.end(reason)
        await self._ending.abandon()
        return ()

    async def abandon(self) -> None:
        """The run is broken: cancel entries at the venue directly; stops stay."""
        await self._ending.abandon()
