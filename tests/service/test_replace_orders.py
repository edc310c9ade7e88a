"""A stop makes room in one request: whatever becomes of it, each half is told as it is."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderAccepted, OrderFilled, OrderRejected
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import venue_at
from genesis.service.calls import Calls
from tests.support.loopback import D
from tests.support.simex import EAGER, FEARLESS, QUICK, SYMBOL, wire
from tests.support.venue_scene import Scene, a_scene

REPLACE = "/api/v3/order/cancelReplace"
QTY, TIMEOUT_MS = D("0.01"), 300
OLD, NEW = OrderKey(1, 1), OrderKey(1, 2)


def stop_at(price: str, key: OrderKey, replaces: OrderKey | None = None) -> SubmitOrder:
    fields: dict[str, Any] = {"purpose": Purpose.PROTECT, "stop_price": D(price)}
    request = OrderRequest(SYMBOL, Side.SELL, OrderType.STOP_LOSS, QTY, **fields)
    return SubmitOrder(0, key, request, replaces)


def leave() -> SubmitOrder:
    request = OrderRequest(SYMBOL, Side.SELL, OrderType.MARKET, QTY, Purpose.EXIT)
    return SubmitOrder(0, NEW, request, OLD)


MOVE, TOO_HIGH = stop_at("59500", NEW, OLD), stop_at("61000", NEW, OLD)


@dataclass
class Desk:
    """The service's calls to a loopback exchange at which a stop of ours rests."""

    scene: Scene
    gateway: BinanceGateway
    calls: Calls
    told: list[Any]

    async def replace(self, command: SubmitOrder, **fault: Any) -> list[tuple[str, int]]:
        """What is told of which order, once all is known."""
        self.told.clear()
        if fault:
            self.scene.exchange.faults.arm({"path": REPLACE, "method": "POST", **fault})
        self.calls.submit(command, wire(command.key.n), wire(OLD.n))
        while self.calls.in_flight:
            await asyncio.sleep(0.01)
        return [(type(event).__name__, event.key.n) for event in self.told]

    def statuses(self) -> dict[int, str]:
        """The venue's own word on either order."""
        found = {n: self.scene.exchange.venue.find(wire(n)) for n in (1, 2)}
        return {n: order.status.value for n, order in found.items() if order is not None}


@asynccontextmanager
async def a_desk() -> AsyncIterator[Desk]:
    async with a_scene(btc=str(QTY)) as scene:
        now_ns: Callable[[], int] = scene.exchange.clock.now_ns
        gateway = BinanceGateway(
            venue_at(scene.exchange.url),
            DEFAULT_API_KEY,
            DEFAULT_API_SECRET,
            (SYMBOL,),
            now_ns=now_ns,
            elapsed_ns=time.monotonic_ns,
            bound=QUICK,
            timeout_ms=TIMEOUT_MS,
            patience=EAGER,
            conduct=FEARLESS,
        )
        await gateway.open()
        told: list[Any] = []

        def broke(name: str, problem: BaseException) -> None:
            raise AssertionError(name) from problem

        clock: Any = SimpleNamespace(now_ns=now_ns)
        try:
            (rests,) = await gateway.submit(stop_at("58000", OLD), wire(1))
            assert isinstance(rests, OrderAccepted)
            yield Desk(scene, gateway, Calls(gateway, clock, told.append, broke), told)
        finally:
            await gateway.close()


def test_an_exit_takes_the_place_of_the_stop() -> None:
    async def story() -> None:
        async with a_desk() as desk:
            told = await desk.replace(leave())
            assert told == [("OrderCancelled", 1), ("OrderAccepted", 2), ("OrderFilled", 2)]
            assert isinstance(desk.told[2], OrderFilled) and desk.told[2].fill.qty == QTY
            assert desk.statuses() == {1: "CANCELLED", 2: "FILLED"}

    asyncio.run(story())


NOTHING_DONE = [("CancelRejected", 1), ("OrderRejected", 2)]
LOST_BEFORE = [("OrderUnresolved", 2), ("OrderRejected", 2), ("CancelRejected", 1)]
LOST_AFTER = [("OrderUnresolved", 2), ("OrderAccepted", 2), ("OrderCancelled", 1)]
LATE = {"mode": "delay_after", "seconds": 0.5}


@pytest.mark.parametrize(
    ("command", "fault", "told", "statuses", "code"),
    [
        (TOO_HIGH, {}, [("OrderCancelled", 1), ("OrderRejected", 2)], {1: "CANCELLED"}, "-2010"),
        (stop_at("59500.001", NEW, OLD), {}, NOTHING_DONE, {1: "OPEN"}, "-1013"),
        (MOVE, {"mode": "http", "code": -1015}, NOTHING_DONE, {1: "OPEN"}, "-1015"),
        (MOVE, {"mode": "drop_before"}, LOST_BEFORE, {1: "OPEN"}, "NEVER_PLACED"),
        (
            TOO_HIGH,
            {"mode": "drop_after"},
            [("OrderUnresolved", 2), ("OrderRejected", 2), ("OrderCancelled", 1)],
            {1: "CANCELLED"},
            "NEVER_PLACED",
        ),
        (MOVE, {"mode": "drop_after"}, LOST_AFTER, {1: "CANCELLED", 2: "OPEN"}, None),
        (MOVE, {"mode": "truncate_after"}, LOST_AFTER, {1: "CANCELLED", 2: "OPEN"}, None),
        (MOVE, {"mode": "garbage_after"}, LOST_AFTER, {1: "CANCELLED", 2: "OPEN"}, None),
        (MOVE, LATE, LOST_AFTER, {1: "CANCELLED", 2: "OPEN"}, None),
    ],
)
def test_what_is_told_is_what_the_venue_did(
    command: SubmitOrder,
    fault: dict[str, Any],
    told: list[tuple[str, int]],
    statuses: dict[int, str],
    code: str | None,
) -> None:
    async def story() -> None:
        async with a_desk() as desk:
            assert await desk.replace(command, **fault) == told
            assert desk.statuses() == statuses
            rejected = [event for event in desk.told if isinstance(event, OrderRejected)]
            assert [event.code for event in rejected] == ([] if code is None else [code])

    asyncio.run(story())


BUY = OrderRequest(SYMBOL, Side.BUY, OrderType.LIMIT, QTY, Purpose.ENTRY, limit_price=D(59_000))
ENTRY = SubmitOrder(0, OrderKey(1, 3), BUY, None, OrderKey(1, 4))
BROUGHT = replace(stop_at("58000", OrderKey(1, 4)), joins=ENTRY.key)
OPO = "/api/v3/orderList/opo"


@pytest.mark.parametrize(
    ("fault", "told", "waits"),
    [
        ({}, [("OrderAccepted", 3)], 2),
        ({"mode": "drop_after"}, [("OrderUnresolved", 3), ("OrderAccepted", 3)], 2),
        ({"mode": "garbage_after"}, [("OrderUnresolved", 3), ("OrderAccepted", 3)], 2),
        (
            {"mode": "drop_before"},
            [("OrderUnresolved", 3), ("OrderRejected", 3), ("OrderRejected", 4)],
            0,
        ),
        ({"mode": "http", "code": -1013}, [("OrderRejected", 3), ("OrderRejected", 4)], 0),
    ],
)
def test_an_entry_and_its_stop_are_there_together_or_not_at_all(
    fault: dict[str, Any], told: list[tuple[str, int]], waits: int
) -> None:
    """Of a stop that waits for its entry nothing is told: it does not rest yet."""

    async def story() -> None:
        async with a_desk() as desk:
            if fault:
                desk.scene.exchange.faults.arm({"path": OPO, "method": "POST", **fault})
            desk.calls.submit_with_stop(ENTRY, wire(3), BROUGHT, wire(4))
            while desk.calls.in_flight:
                await asyncio.sleep(0.01)
            assert sorted((type(e).__name__, e.key.n) for e in desk.told) == sorted(told)
            ours = [o.client_order_id for o in desk.scene.exchange.venue.open_orders]
            assert ours == [wire(1), *(wire(3 + n) for n in range(waits))]

    asyncio.run(story())


def test_a_stop_that_fires_on_the_way_is_found_and_nothing_is_sold_twice() -> None:
    async def story() -> None:
        async with a_desk() as desk:
            desk.scene.trade("57999")
            told = await desk.replace(leave())
            assert told == [("CancelRejected", 1), ("OrderFilled", 1), ("OrderRejected", 2)]
            assert desk.told[2].code == "NOT_SENT"
            assert desk.statuses() == {1: "FILLED"}
            assert sum(t.fill.qty for t in desk.scene.exchange.venue.trades) == QTY

    asyncio.run(story())
