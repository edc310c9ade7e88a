"""The gateway against our own loopback exchange: the two halves of paper trading."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from genesis.domain.events import (
    BookTop,
    Event,
    FeedLost,
    FeedRestored,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
    TradeTick,
)
from genesis.domain.orders import OrderStatus
from genesis.domain.time import MILLISECOND, SECOND
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.our_books import Books
from genesis.exchange.reconcile import reconcile
from genesis.exchange.resolve import NEVER_PLACED, Bound
from genesis.exchange.venue import venue_at
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from tests.support.build import BTC, tick
from tests.support.patience import PATIENCE_S
from tests.support.simex import EAGER, FEARLESS, QUICK, SYMBOL, command, wire

D = Decimal
START_NS = 1_723_161_600 * SECOND
MONEY = {"USDT": D(100_000), "BTC": D(1)}


def feed() -> Iterator[Event]:
    """A print every 20 ms of venue time, at 60000."""
    for n in range(1_000_000):
        yield tick(START_NS + n * 20 * MILLISECOND, "60000", trade_id=n + 1)


@asynccontextmanager
async def paper(
    speed: float = 1.0, bound: Bound = QUICK, timeout_ms: int = 2_000
) -> AsyncIterator[tuple[LoopbackExchange, BinanceGateway]]:
    venue = Venue({SYMBOL: BTC}, MONEY, FeeSchedule(D(10), D(10)))
    exchange = LoopbackExchange(venue, [feed], speed=speed)
    gateway = BinanceGateway(
        venue_at(await exchange.start()),
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (SYMBOL,),
        now_ns=exchange.clock.now_ns,
        elapsed_ns=time.monotonic_ns,
        bound=bound,
        timeout_ms=timeout_ms,
        patience=EAGER,
        conduct=FEARLESS,
    )
    await gateway.open()
    await asyncio.sleep(0.1)  # the first prints
    try:
        yield exchange, gateway
    finally:
        await gateway.close()
        await exchange.stop()


def _books(last_trade_id: int, ledger: dict[str, Decimal]) -> Books:
    """Everything ended, all our fills known."""
    return Books((SYMBOL,), (), ledger, {SYMBOL: last_trade_id}, lambda key: OrderStatus.FILLED)


def test_the_life_of_orders_and_clean_books() -> None:
    async def story() -> None:
        async with paper() as (exchange, gateway):
            offered = {"can_replace": True, "can_attach": True}
            told = replace(BTC, max_market_qty=BTC.max_qty, **offered)  # the stricter filter holds
            assert await gateway.instruments((SYMBOL,)) == (told,)
            accepted, filled = await gateway.submit(command(1), wire(1))
            assert isinstance(accepted, OrderAccepted)
            assert isinstance(filled, OrderFilled)
            assert (filled.fill.qty, filled.fill.fee_asset) == (D("0.001"), "BTC")
            for n, order in (
                (2, command(2, kind="LIMIT", limit_price=D(50_000))),
                (3, command(3, kind="LIMIT", limit_price=D(50_000), post_only=True)),
                (4, command(4, "SELL", "STOP_LOSS", stop_price=D(55_000))),
            ):
                (accepted,) = await gateway.submit(order, wire(n))
                assert isinstance(accepted, OrderAccepted), n
            assert [o.wire_id for o in await gateway.open_orders(SYMBOL)] == [
                wire(n) for n in (2, 3, 4)
            ]
            for n in (2, 3, 4):
                (cancelled,) = await gateway.cancel(command(n).key, wire(n), SYMBOL)
                assert isinstance(cancelled, OrderCancelled), n
            (rejected,) = await gateway.submit(command(5, qty=D("0.00001")), wire(5))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "-1013"
            fill = filled.fill
            ledger = {
                "USDT": MONEY["USDT"] - fill.qty * fill.price,
                "BTC": MONEY["BTC"] + fill.qty - fill.fee,
            }
            books = _books(fill.trade_id, ledger)
            assert (await reconcile(gateway, lambda: books, exchange.clock.now_ns)).is_clean

    asyncio.run(story())


def _body(code: int) -> str:
    return json.dumps({"code": code, "msg": "for the test"})


WINDOW_S = QUICK.recv_window_ms / 1000
FAULTS: Sequence[dict[str, Any]] = (
    {"mode": "drop_before"},
    {"mode": "drop_after"},
    {"mode": "delay_after", "seconds": 0.5},
    {"mode": "delay_before", "seconds": WINDOW_S * 0.75},
    {"mode": "delay_before", "seconds": WINDOW_S + 0.2},
    {"mode": "truncate_after"},
    {"mode": "http_after", "status": 200, "body": "zzz", "content_type": "text/plain"},
    {"mode": "http_after", "status": 200, "body": ""},
    {"mode": "http_after", "status": 502, "body": "x", "content_type": "text/html"},
    {"mode": "http_after", "status": 504, "body": _body(-1007)},
    {"mode": "http_after", "status": 503, "body": _body(-1008)},
    {"mode": "http", "status": 500, "body": _body(-1000)},
    {"mode": "http", "status": 429, "body": _body(-1003)},
    {"mode": "http", "status": 400, "body": _body(-2010)},
    {"mode": "http", "status": 400, "body": _body(-1013)},
)


def test_belief_equals_truth_under_every_fault() -> None:
    async def settle(gateway: BinanceGateway, n: int, now_ns: int) -> Sequence[OrderEvent]:
        events = await gateway.submit(command(n), wire(n))
        if isinstance(events[0], OrderUnresolved):
            events = await gateway.resolve(command(n).key, wire(n), SYMBOL, now_ns)
        return events

    async def story() -> None:
        async with paper(timeout_ms=120) as (exchange, gateway):
            waiting = []
            for n, fault in enumerate(FAULTS, start=1):
                exchange.faults.clear()
                exchange.faults.arm({"path": "/api/v3/order", "method": "POST", **fault})
                now_ns = exchange.clock.now_ns()
                waiting.append(asyncio.create_task(settle(gateway, n, now_ns)))
                await asyncio.sleep(0.03)
            believed = await asyncio.gather(*waiting)
            await asyncio.sleep(WINDOW_S)
            truth = {order.client_order_id: order for order in exchange.venue.orders.values()}
            assert len(truth) == len(exchange.venue.orders)
            for n, (fault, events) in enumerate(zip(FAULTS, believed, strict=True), start=1):
                fills = [event for event in events if isinstance(event, OrderFilled)]
                if wire(n) in truth:
                    assert sum((f.fill.qty for f in fills), D(0)) == D("0.001"), fault
                else:
                    (rejected,) = events
                    assert isinstance(rejected, OrderRejected), fault

    asyncio.run(story())


def test_at_speed_the_bound_runs_on_the_venues_clock() -> None:
    async def story() -> None:
        async with paper(speed=20, bound=Bound()) as (exchange, gateway):
            told = await gateway.venue_time()
            assert (told.speed, told.is_held) == (20, False)
            exchange.faults.arm({"path": "/api/v3/order", "method": "POST", "mode": "drop_before"})
            sent_ns = exchange.clock.now_ns()
            (lost,) = await gateway.submit(command(1), wire(1))
            assert isinstance(lost, OrderUnresolved)
            began = time.monotonic()
            (rejected,) = await gateway.resolve(command(1).key, wire(1), SYMBOL, sent_ns)
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == NEVER_PLACED
            assert rejected.ts_ns >= Bound().proven_ns(sent_ns)
            assert time.monotonic() - began < 10  # 17 s of venue time

    asyncio.run(story())


def test_streams_and_their_return() -> None:
    async def story() -> None:
        async with paper() as (exchange, gateway):
            heard: list[Event] = []
            streams = (
                gateway.market_stream((SYMBOL,), heard.append),
                gateway.user_stream(heard.append, lambda reason: None),
            )
            tasks = [asyncio.create_task(stream.run()) for stream in streams]
            for stream in streams:
                await asyncio.wait_for(stream.ready.wait(), PATIENCE_S)
            (accepted, *_) = await gateway.submit(
                command(1, kind="LIMIT", limit_price=D(50_000)), wire(1)
            ) or (None,)
            await gateway.session.post(f"{exchange.url}/__genesis__/disconnect", json={})
            await _until(lambda: _count(heard, FeedRestored) == 2)
            assert _count(heard, FeedLost) == 2
            cancelled = await gateway.cancel(command(1).key, wire(1), SYMBOL)
            await asyncio.sleep(0.2)
            told = [accepted, *cancelled, *heard]
            assert _count(told, OrderAccepted) == 1
            assert _count(told, OrderCancelled) == 1
            ids = [event.trade_id for event in heard if isinstance(event, TradeTick)]
            assert ids == sorted(set(ids))
            assert _count(heard, BookTop) > 0
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(story())


async def _until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


def _count(events: Sequence[object], kind: type) -> int:
    return sum(isinstance(event, kind) for event in events)
