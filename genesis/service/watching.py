"""Looks after the line and the machine: conditions, the venue's status, the symbols' filters.

What is found reaches the engine as events: HealthReported (the system breaker's inputs),
VenueStatus and InstrumentReported. How often anything is looked at is wall time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from genesis.domain.account import MarketState
from genesis.domain.events import Event, InstrumentReported, VenueStatus
from genesis.engine.engine import Engine
from genesis.errors import ConfigError, ExchangeError
from genesis.exchange.gateway import Gateway
from genesis.service.clock import Clock
from genesis.service.conditions import LATENCY, Conditions, Seen
from genesis.service.logs import log
from genesis.service.machine import disk_free_bytes, memory_share

_log = log("watch")
_LOOK_S: Final = 1.0
STATUS_S: Final = 60.0
FILTERS_S: Final = 3600.0
KEY_S: Final = 60.0
KEY: Final = "key"
_PAUSE_S: Final = 5.0
"""Between two looks at the filters at least, however often they are doubted."""
_FILTERS: Final = "filters"
_STATUS: Final = {MarketState.NORMAL: "normal", MarketState.MAINTENANCE: "maintenance"}


class Watching:
    """The tasks of one run; `run` is all of them.

    report: tells how a part is (component, status, detail). tell: hands an event to the engine.
    home: whose disk is looked at; None: none is.
    """

    def __init__(
        self,
        gateway: Gateway,
        engine: Engine,
        clock: Clock,
        symbols: tuple[str, ...],
        report: Callable[[str, str, str], None],
        tell: Callable[[Event], Awaitable[object]],
        home: Path | None,
    ) -> None:
        self._gateway = gateway
        self._engine = engine
        self._clock = clock
        self._symbols = symbols
        self._report = report
        self._tell = tell
        self._home = home
        self._conditions: Conditions | None = None
        self._wrong: dict[str, str] = {}
        self._filters_fault = ""

    async def run(self) -> None:
        """Watch until cancelled. An error nobody expected ends it and is raised."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._heed_status())
            tasks.create_task(self._heed_key())
            tasks.create_task(self._keep_filters())

    # -- conditions --------------------------------------------------------------------------
    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Judge everything once; what changed is reported."""
        breakers = self._engine.state.rules.risk.breakers
        rules = None if breakers is None else breakers.system.conditions
        if rules is None:
            found: dict[str, str | None] = {}
            self._conditions = None
        else:
            if self._conditions is None or self._conditions.rules != rules:
                self._conditions = Conditions(rules)
            seen = self._seen()
            found = self._conditions.problems(seen)
            self._tell_slow(self._conditions.slow(seen))
        found[KEY] = self._gateway.traffic.key.problem
        for component in sorted(found.keys() | self._wrong.keys()):
            self._became(component, found.get(component))

    def _became(self, component: str, problem: str | None) -> None:
        """Told when it begins and when it ends; its words may count seconds meanwhile."""
        if problem is not None and component not in self._wrong:
            self._wrong[component] = problem
            _log.warning("unfit", component=component, problem=problem)
            self._report(component, "failed", problem)
        elif problem is None and self._wrong.pop(component, None) is not None:
            _log.info("fit again", component=component)
            self._report(component, "ok", "")

    def _tell_slow(self, problem: str | None) -> None:
        """It trips the breaker, which rests and tries; there is nothing to wait for."""
        if problem is not None:
            _log.warning("unfit", component=LATENCY, problem=problem)
            self._report(LATENCY, "failed", problem)
            self._report(LATENCY, "ok", "")

    def _seen(self) -> Seen:
        traffic = self._gateway.traffic
        told = traffic.told()
        weight = ("units of requests in a minute", told.weight_used, told.weight_limit)
        orders = ((f"orders in {span}", used, limit) for span, used, limit in told.orders)
        return Seen(
            silent_ns=self._clock.elapsed_ns() - traffic.heard_ns,
            silence=traffic.silence,
            circuit=traffic.circuit_problem,
            clock=traffic.clock_problem,
            limits=(weight, *orders),
            order_latencies=tuple(traffic.order_latencies),
            orders_timed=traffic.orders_timed,
            disk_free_bytes=None if self._home is None else disk_free_bytes(self._home),
            memory_share=memory_share(),
        )

    # -- the venue's status ------------------------------------------------------------------
    async def _heed_status(self) -> None:
        while True:
            try:
                await self.ask_status()
            except ExchangeError as problem:  # no word is no maintenance
                _log.debug("status not told", problem=problem.message)
            await asyncio.sleep(STATUS_S)

    async def ask_status(self) -> None:
        """Tell the engine when the venue goes into maintenance, and when it is back.

        Raises:
            ExchangeError: the venue does not say.
        """
        maintained = await self._gateway.maintenance()
        now = MarketState.NORMAL if maintained is None else MarketState.MAINTENANCE
        if now is not self._engine.state.market.status:
            _log.warning("venue", status=_STATUS[now], reason=maintained or "")
            words = "" if maintained is None else f"the venue is under maintenance ({maintained})"
            await self._tell(VenueStatus(self._clock.now_ns(), _STATUS[now], words))

    # -- our key -----------------------------------------------------------------------------
    async def _heed_key(self) -> None:
        while True:
            await asyncio.sleep(KEY_S)
            if self._gateway.traffic.key.problem is not None:
                try:
                    await self.ask_key()
                except ExchangeError as problem:
                    _log.warning("key refused", problem=problem.message)

    async def ask_key(self) -> None:
        """A key that was refused may be taken again: the balances and its own record tell.

        Raises:
            ExchangeError: it is still refused, or the venue does not say.
        """
        await self._gateway.balances()
        scope = await self._gateway.key_scope()
        if scope.trades:
            self._gateway.traffic.key.fits()

    # -- filters -----------------------------------------------------------------------------
    async def _keep_filters(self) -> None:
        doubted = self._gateway.traffic.filters_doubted
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._filters_good_s()):
                    await doubted.wait()
            doubted.clear()
            await self.refresh_filters()
            await asyncio.sleep(_PAUSE_S)

    def _filters_good_s(self) -> float:
        """A suspended symbol is entered no more, so that no order would tell when it is back."""
        known = self._engine.state.market.instruments
        is_suspended = any(known[one].suspended for one in self._symbols if one in known)
        return STATUS_S if is_suspended else FILTERS_S

    async def refresh_filters(self) -> None:
        """Learn the symbols' filters anew and tell the engine which changed."""
        try:
            found = await self._gateway.instruments(self._symbols)
        except (ConfigError, ExchangeError) as problem:
            self._filters_fault = problem.message
            _log.warning("filters not told", problem=problem.message)
            self._report(_FILTERS, "degraded", problem.message)
            return
        if self._filters_fault:
            self._filters_fault = ""
            self._report(_FILTERS, "ok", "")
        known = self._engine.state.market.instruments
        for instrument in found:
            if known.get(instrument.symbol) != instrument:
                _log.warning("filters changed", symbol=instrument.symbol)
                await self._tell(InstrumentReported(self._clock.now_ns(), instrument))
