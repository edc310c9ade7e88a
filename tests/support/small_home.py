"""The smallest whole home: engine, gateway and reconciliation, on a real loopback exchange.

No disk and no process: the log is a list of the events the engine took, and a restart replays it.
A command leaves when its step is in that list. What the venue answers may be lost (`is_deaf`), or
nothing may leave at all (`is_mute`): that is how a process dies.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    AccountOpened,
    BookTop,
    Event,
    FlowReported,
    HealthReported,
    InstrumentReported,
    OperatorActed,
    OrderFilled,
    RunStarted,
    TradeTick,
)
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import Order, OrderStatus, OrderType, Purpose, Side
from genesis.domain.time import MILLISECOND, SECOND
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.reconciled import Reconciled
from genesis.exchange.venue import venue_at
from genesis.exchange.wire_id import compose
from genesis.rules import load
from genesis.rules.edits import split
from genesis.service.readings import Readings
from genesis.service.reconciling import Reconciling
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from tests.support.build import BTC
from tests.support.simex import EAGER, FEARLESS, HEAD, QUICK, SYMBOL

D = Decimal
START_NS = 1_723_161_600 * SECOND
MONEY = {"USDT": D(500), "BTC": D("0.5"), "BNB": D(1)}
SPEED = 10.0


class Prices:
    """The market: a print and a book top every 100 ms of venue time, at `now`."""

    def __init__(self) -> None:
        self.now = D(60_000)

    def __call__(self) -> Iterator[Event]:
        for n in range(1_000_000):
            ts_ns = START_NS + n * 100 * MILLISECOND
            top = (self.now, D(50), self.now + D("0.01"), D(50))
            yield BookTop(ts_ns, SYMBOL, n + 1, *top)
            yield TradeTick(ts_ns, SYMBOL, n + 1, self.now, D(50), False)


class SmallHome:
    """One account; `restart` is a new process of it."""

    def __init__(self, exchange: LoopbackExchange, gateway: BinanceGateway, prices: Prices) -> None:
        self.exchange, self.gateway, self.prices = exchange, gateway, prices
        self.is_deaf = self.is_mute = False
        self.log: list[Event] = []
        self.wire_ids: dict[OrderKey, str] = {}
        self.run = 0
        self.engine: Engine
        self.readings: Readings
        self.reconciling: Reconciling

    # -- the clock port ----------------------------------------------------------------------
    def now_ns(self) -> int:
        return self.exchange.clock.now_ns()

    def elapsed_ns(self) -> int:
        return time.monotonic_ns()

    # -- the process -------------------------------------------------------------------------
    async def restart(self, *, reconciles: bool = True) -> Reconciled | None:
        """A new process: the log is replayed, then the venue is asked."""
        self.is_deaf = self.is_mute = False
        rules, past = load("sniper"), self.log
        self.engine, self.readings, self.log = Engine(rules, editor=split), Readings(), []
        for event in past:
            self._took(event)
        self.run += 1
        self.reconciling = Reconciling(
            self.gateway,
            self.engine,
            self,  # type: ignore[arg-type]
            (SYMBOL,),
            self.wire_ids,
            self.readings,
            self.tell,
            self.report,
        )
        text, digest = rules.text, rules.sha256
        await self.tell(RunStarted(self.now_ns(), self.run, rules.name, text, digest, "code", "s"))
        if not past:
            balances = await self.gateway.balances()
            fenced = tuple(held for held in balances if held.asset != "USDT")
            opened = (self.now_ns(), "acct", "test", True, "USDT", balances, fenced)
            await self.tell(AccountOpened(*opened))
        return await self.reconciling.at_start() if reconciles else None

    def _took(self, event: Event) -> Step:
        step = self.engine.handle(event)
        self.log.append(event)
        self.readings.take(step)
        return step

    async def tell(self, event: Event) -> Step:
        """One event, then what it commands."""
        step = self._took(event)
        orders = {c.key: c for c in step.commands if isinstance(c, SubmitOrder)}
        self.wire_ids.update({key: compose(key, HEAD) for key in orders})
        for command in step.commands:
            if isinstance(command, SubmitOrder):
                if not self.is_mute:
                    await self._submit(command, orders)
            elif isinstance(command, CancelOrder) and not self.is_mute:
                wire_id = self.wire_ids[command.key]
                await self._heard(await self.gateway.cancel(command.key, wire_id, command.symbol))
        return step

    async def _submit(self, command: SubmitOrder, orders: dict[OrderKey, SubmitOrder]) -> None:
        wire_id, replaced = self.wire_ids[command.key], command.replaces
        if command.joins is not None:
            if not command.request.reduces:
                both = (wire_id, orders[command.joins], self.wire_ids[command.joins])
                await self._heard(await self.gateway.submit_with_stop(command, *both))
        elif replaced is None:
            await self._heard(await self.gateway.submit(command, wire_id))
        else:
            old = self.wire_ids[replaced]
            await self._heard(await self.gateway.replace(command, wire_id, old))

    async def _heard(self, events: Any) -> None:
        if not self.is_deaf:
            for event in events:
                await self.tell(event)

    def report(self, component: str, status: str, detail: str) -> None:
        self._took(HealthReported(self.now_ns(), component, status, detail))

    async def compare(self) -> Reconciled:
        return await self.reconciling._compare()

    # -- the trader --------------------------------------------------------------------------
    async def tick(self) -> None:
        price, ts_ns = self.prices.now, self.now_ns()
        await self.tell(TradeTick(ts_ns, SYMBOL, ts_ns, price, D(1), False))

    async def act(self, verb: str, kind: str = "COMMAND", **given: Any) -> Step:
        await self.tick()
        ref = f"ref{len(self.log)}"
        given.setdefault("symbol", SYMBOL)
        return await self.tell(
            OperatorActed(self.now_ns(), kind, client_ref=ref, verb=verb, **given)
        )

    async def buy(self, usdt: str = "25", price: str | None = None) -> Step:
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        return await self.act(
            "trade",
            "ORDER_SUBMIT",
            side=Side.BUY,
            order_type=kind,
            amount_usdt=D(usdt),
            price=None if price is None else D(price),
        )

    # -- what is held ------------------------------------------------------------------------
    @property
    def orders(self) -> list[Order]:
        return list(self.engine.state.execution.orders.orders.values())

    @property
    def entry(self) -> Order:
        return [one for one in self.orders if one.request.purpose is Purpose.ENTRY][-1]

    @property
    def blocks(self) -> dict[str, str]:
        return self.engine.state.risk.blocks

    @property
    def held(self) -> Decimal:
        position = self.engine.view.position(SYMBOL)
        return D(0) if position is None else position.qty

    # -- the venue ---------------------------------------------------------------------------
    async def admin(self, act: str, **wanted: Any) -> Any:
        """The owner's own hands, and the venue's doing: `/__genesis__/...`."""
        async with aiohttp.ClientSession() as session:
            url = f"{self.exchange.url}/__genesis__/{act}"
            async with session.post(url, json=wanted) as answer:
                told = await answer.json()
                assert answer.status == 200, told
                return told

    async def truth(self) -> dict[str, Any]:
        url = f"{self.exchange.url}/__genesis__/ledger"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found = await answer.json()
            assert isinstance(found, dict)
            return found

    async def agrees(self) -> None:
        """Our log against the exchange's own ledger: each trade once, each balance, each stop."""
        truth = await self.truth()
        fills = {(e.fill.trade_id, e.key) for e in self.log if isinstance(e, OrderFilled)}
        made = [trade_id for trade_id, _ in fills]  # told twice it still counts once
        assert len(made) == len(set(made)), "a trade was told of two orders"
        flowed = [e.ref for e in self.log if isinstance(e, FlowReported)]
        passed = {int(ref.rpartition(":")[2]) for ref in flowed if ref.startswith("trade:")}
        assert set(made) | passed == {row["id"] for row in truth["trades"]}
        ours, ring = self.engine.state.ledger.balances, self.readings.ring_fenced
        for row in truth["balances"]:
            asset, theirs = row["asset"], D(row["free"]) + D(row["locked"])
            assert theirs == ours.get(asset, D(0)) + ring.get(asset, D(0)), asset
        position = self.engine.view.position(SYMBOL)
        sellable = D(0) if position is None else BTC.fit_qty(position.qty, market=True)
        if position is not None and sellable * self.prices.now < BTC.min_notional_usdt:
            sellable = D(0)  # too little to be sold or protected
        resting = [
            D(row["origQty"]) - D(row["executedQty"])
            for row in truth["orders"]
            if row["side"] == "SELL" and row["status"] in ("NEW", "PARTIALLY_FILLED")
        ]
        assert sum(resting, D(0)) == sellable, f"{sellable} held, {resting} protected"

    def external(self) -> list[OrderFilled]:
        return [e for e in self.log if isinstance(e, OrderFilled) and e.key.run == EXTERNAL_RUN]

    def given_up(self) -> list[Order]:
        return [one for one in self.orders if one.status is OrderStatus.NEVER_PLACED]


@asynccontextmanager
async def small_home(
    money: dict[str, Decimal] | None = None, fees: FeeSchedule | None = None
) -> AsyncIterator[SmallHome]:
    """A home that was started, and has compared its books."""
    prices = Prices()
    schedule = fees or FeeSchedule(D(10), D(10), truncated=True)
    exchange = LoopbackExchange(
        Venue({SYMBOL: BTC}, money or MONEY, schedule), [prices], speed=SPEED
    )
    gateway = BinanceGateway(
        venue_at(await exchange.start()),
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (SYMBOL,),
        now_ns=exchange.clock.now_ns,
        elapsed_ns=time.monotonic_ns,
        bound=QUICK,
        timeout_ms=2_000,
        patience=EAGER,
        conduct=replace(FEARLESS, share=D(100)),  # a venue minute is six seconds here
    )
    try:
        await gateway.open()
        home = SmallHome(exchange, gateway, prices)
        await home.restart()
        await home.tell(InstrumentReported(home.now_ns(), BTC))
        await home.tick()
        yield home
    finally:
        await gateway.close()
        await exchange.stop()
