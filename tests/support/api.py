"""The whole control API in this process: real engine, real log, real guard; a kind small venue."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from genesis.domain.account import Balance, TiltLevel
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    InstrumentReported,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    RunStarted,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, Purpose
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.rules import Rules
from genesis.rules.edits import split
from genesis.service.api.keys import HEADER, Keys
from genesis.service.api.parts import Parts
from genesis.service.api.places import Places
from genesis.service.api.wiring import Run, guarded, parts_of
from genesis.service.health import Health
from genesis.service.paper_lane import PaperLane
from genesis.service.paper_opening import PaperOpening
from genesis.service.readings import Readings
from genesis.service.recorder import Recorder
from genesis.service.runner import Happened
from genesis.service.second_log import SecondLog
from genesis.service.trading import Terms
from genesis.service.trail import Trail
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from tests.support import unhurried
from tests.support.build import BTC, tick
from tests.support.clocks import VirtualClock

T0 = 1_700_000_000 * SECOND
KEYS = Keys("control-key-of-a-test", "read-key-of-a-test")
RULES = unhurried.rules()
ELSEWHERE = "10.1.2.3"


class StillClock(VirtualClock):
    """A virtual clock whose wall time is told apart from venue time."""

    wall_elapsed_ns = 0

    def elapsed_ns(self) -> int:
        return self.wall_elapsed_ns


class Room:
    """A home in a folder, with its engine, and the API before it.

    wall_ns: civil time as the guard sees it.
    """

    def __init__(self, folder: Path, rate: int = 10_000, rules: Rules = RULES) -> None:
        self.rules = rules
        self.clock = StillClock(T0)
        self.wall_ns = T0
        self.log = EventLog.open(folder / DATABASE_NAME)
        self.second = SecondLog(folder / "second-log.jsonl")
        self.engine = Engine(rules, editor=split)
        self.readings, self.trail = Readings(), Trail()
        self.recorder = Recorder(self.log, self.second, 1, self.log.last_step)
        terms = Terms(("BTC/USDT",), (), rules, rules, "0", "code", True, "venue", "USDT")
        opening = PaperOpening(terms, lambda: 1, self.log, self.clock, self.engine)
        self.paper = PaperLane(opening, self.clock, self.engine, self.tell)
        self.parts = self._parts()
        places = Places.of("127.0.0.1", ["10.1.0.0/16"])
        self.door = guarded(self.parts, places, rate, lambda: self.wall_ns)
        self.wall_ns += 60 * SECOND  # started a minute ago
        self._open()

    @property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document, as a client with a key gets it."""
        return dict(self.ask(("GET", "/openapi.json")).json())

    def close(self) -> None:
        self.second.close()
        self.log.close()

    # -- asking ------------------------------------------------------------------------------
    def client(
        self, key: str | None = KEYS.control, peer: str = "127.0.0.1", auth: Any = None
    ) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        headers = {} if key is None else {HEADER: key}
        transport = httpx.ASGITransport(
            self.door, raise_app_exceptions=False, client=(peer, 40_000)
        )
        return httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8080", headers=headers, auth=auth
        )

    def ask(self, *requests: tuple[str, str] | tuple[str, str, Any], **who: Any) -> Any:
        """Answers to requests in order; one alone is not in a list."""

        async def body() -> list[httpx.Response]:
            async with self.client(**who) as client:
                return [
                    await client.request(method, path, **({"json": more[0]} if more else {}))
                    for method, path, *more in requests
                ]

        answers = asyncio.run(body())
        return answers[0] if len(answers) == 1 else answers

    def run(self, work: Callable[[httpx.AsyncClient], Awaitable[Any]], **who: Any) -> Any:
        async def body() -> Any:
            async with self.client(**who) as client:
                return await work(client)

        return asyncio.run(body())

    # -- what happens ------------------------------------------------------------------------
    async def tell(self, event: Event) -> Step:
        """The runner's part, for one who waits until it is durable."""
        step = await self._take(event)
        await asyncio.wrap_future(self.log.flush())
        return step

    async def _take(self, event: Event) -> Step:
        """Handle, write down, observe, send."""
        if event.ts_ns < self.clock.now_ns():
            event = replace(event, ts_ns=self.clock.now_ns())
        step = self.engine.handle(event)
        self.recorder.record(step)
        self.readings.take(step)
        self.trail.see(self.engine, step)
        self.parts.broadcast.observe(Happened(self.recorder.last_step, step, 0))
        for command in step.commands:
            for answer in self._venue(command):
                await self._take(answer)
        return step

    def happen(self, *events: Event) -> None:
        async def body() -> None:
            for event in events:
                await self._take(event)

        asyncio.run(body())
        self.log.flush().result(10)

    def at(self, price: str, seconds: int = 1) -> None:
        """Time passes, and a trade is printed."""
        self.clock.seen("test", self.clock.now_ns() + seconds * SECOND)
        self.happen(tick(self.clock.now_ns(), price))

    def stop_out(self) -> None:
        """The protective stop of the position fills."""
        orders = self.engine.state.execution.orders.all_working()
        [stop] = [order for order in orders if order.request.purpose is Purpose.PROTECT]
        assert stop.request.stop_price is not None
        self.happen(self._filled(stop.key, stop.request, stop.request.stop_price))

    def pause(self) -> None:
        """A trader buys again three seconds after each stop-out, until he is stopped himself."""
        for _ in range(9):
            if self.parts.shapes.tilt_level in (TiltLevel.WARNING, TiltLevel.LOCKED):
                return
            haste = {"latency_ms": 700, "checklist_done": False}
            bought = self.ask(("POST", "/commands", {"text": "buy 100 usdt btc"} | haste))
            self.at("60000", 2)
            if bought.status_code == 200:
                self.stop_out()
            self.at("60000", 3)
            limit = {"text": "buy 20 usdt btc limit 55000"}
            self.ask(("POST", "/commands", limit), ("POST", "/commands", {"text": "cancel all"}))
        raise AssertionError("nothing tilts this trader")

    def _venue(self, command: object) -> list[Event]:
        """Accepts everything, fills market orders and cancels at once."""
        now_ns = self.clock.now_ns()
        if isinstance(command, CancelOrder):
            return [OrderCancelled(now_ns, command.key)]
        if not isinstance(command, SubmitOrder):
            return []
        told: list[Event] = [OrderAccepted(now_ns, command.key, f"x{command.key}")]
        request = command.request
        if request.purpose is not Purpose.PROTECT and request.limit_price is None:
            price = self.engine.view.price(request.symbol) or Decimal(0)
            told.append(self._filled(command.key, request, price))
        return told

    def _filled(self, key: OrderKey, request: OrderRequest, price: Decimal) -> OrderFilled:
        fee = (request.qty * price / 1000).quantize(Decimal("0.00000001"))
        name = (10_000 + key.n, price, request.qty, fee, "USDT", Liquidity.TAKER)
        fill = Fill(request.symbol, request.side, *name)
        return OrderFilled(self.clock.now_ns(), key, fill)

    def _open(self) -> None:
        held, rules = (Balance("USDT", Decimal(500), Decimal(0)),), self.rules
        self.happen(
            RunStarted(T0, 1, rules.name, rules.text, rules.sha256, "code", "0", ("BTC/USDT",)),
            InstrumentReported(T0, BTC),
            AccountOpened(T0, "acc", "venue", True, "USDT", held),
            BalanceReported(T0, held),
            tick(T0, "60000"),
        )

    def _parts(self) -> Parts:
        run = Run(
            1,
            self.engine,
            self.readings,
            self.trail,
            self.clock,
            lambda: 1.0,
            ("BTC/USDT",),
            {},
            self.tell,
            self.paper,
        )
        about = {
            "version": "0",
            "code_sha256": "0",
            "rules": self.rules.name,
            "rules_sha256": self.rules.sha256,
        }
        health = Health(self.clock, 0, {"event_bus": lambda: None})
        return parts_of(run, self.log, KEYS, health, lambda: about)
