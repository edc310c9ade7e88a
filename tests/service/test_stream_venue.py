"""The streams against the loopback exchange's own troubles: cuts, shutdowns, mixed-up reports."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from genesis.domain.events import (
    FeedLost,
    FeedRestored,
    OrderAccepted,
    OrderEvent,
    OrderFilled,
    TicksMissed,
)
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.line import Patience
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.loopback.lines import Lines
from genesis.exchange.venue import venue_at
from tests.support.loopback import Raw, an_exchange, raw_at, zigzag
from tests.support.simex import FEARLESS, SYMBOL, wire
from tests.support.stream_server import Heard, running, until

ORDERS = 60
MOVING = Patience(silence_s=2.0, first_pause_s=0.02, lifetime_s=0.5, overlap_s=0.2)
STEADY = Patience(silence_s=2.0, first_pause_s=0.02, overlap_s=0.2)


@asynccontextmanager
async def listening(
    patience: Patience, lines: Lines | None = None
) -> AsyncIterator[tuple[LoopbackExchange, Heard, Raw]]:
    """Both streams of a gateway, and somebody else who trades under our ids."""
    heard = Heard()
    async with an_exchange([zigzag], lines=lines) as exchange, raw_at(exchange) as raw:
        gateway = BinanceGateway(
            venue_at(exchange.url),
            DEFAULT_API_KEY,
            DEFAULT_API_SECRET,
            (SYMBOL,),
            now_ns=exchange.clock.now_ns,
            elapsed_ns=time.monotonic_ns,
            patience=patience,
            conduct=FEARLESS,
        )
        await gateway.open()
        try:
            async with (
                running(gateway.market_stream((SYMBOL,), heard.append)),
                running(gateway.user_stream(heard.append, heard.doubts.append)),
            ):
                yield exchange, heard, raw
        finally:
            await gateway.close()


async def buy(raw: Raw, n: int) -> Any:
    """A market order of ours that nobody of ours waits for."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.0005"}
    return await raw.ask("POST", "/api/v3/order", **order, newClientOrderId=wire(n))


def assert_every_order_is_told(heard: Heard, count: int) -> None:
    """Accepted, then filled; each once."""
    events = [event for event in heard if isinstance(event, OrderEvent)]
    for n in range(1, count + 1):
        kinds = [type(event) for event in events if event.key.n == n]
        assert kinds == [OrderAccepted, OrderFilled], n


def assert_prints_are_whole(heard: Heard) -> None:
    assert heard.ids == list(range(heard.ids[0], heard.ids[-1] + 1))
    assert heard.of(TicksMissed) == []


def test_the_cut_of_the_venue_never_comes_to_a_line_that_has_moved() -> None:
    async def story() -> None:
        async with listening(MOVING, Lines(life_s=1.2)) as (_, heard, raw):
            began = time.monotonic()
            n = 0
            while time.monotonic() - began < 2.0:
                n += 1
                await buy(raw, n)
                await asyncio.sleep(0.02)
            await until(lambda: len(heard.of(OrderFilled)) == n)
            assert heard.of(FeedLost) == []
            assert_every_order_is_told(heard, n)
            assert_prints_are_whole(heard)

    asyncio.run(story())


def test_an_announced_shutdown_costs_nothing() -> None:
    async def story() -> None:
        async with listening(STEADY) as (_, heard, raw):
            await raw.post("/__genesis__/shutdown", {"seconds": 0.6})
            for n in range(1, ORDERS + 1):
                await buy(raw, n)
                await asyncio.sleep(0.02)
            await until(lambda: len(heard.of(OrderFilled)) == ORDERS)
            await asyncio.sleep(0.1)
            assert heard.of(FeedLost) == []
            assert_every_order_is_told(heard, ORDERS)
            assert_prints_are_whole(heard)

    asyncio.run(story())


def test_after_an_ended_event_stream_reports_come_again() -> None:
    async def story() -> None:
        async with listening(STEADY) as (_, heard, raw):
            await raw.post("/__genesis__/terminate", {})
            await until(lambda: bool(heard.of(FeedRestored)))
            await buy(raw, 1)
            await until(lambda: bool(heard.of(OrderFilled)))
            assert [lost.stream for lost in heard.of(FeedLost)] == ["user"]
            assert_every_order_is_told(heard, 1)

    asyncio.run(story())


@pytest.mark.parametrize("mode", ["duplicate", "swap", "delay"])
def test_of_a_burst_every_acceptance_and_every_fill_is_told_once(mode: str) -> None:
    """However the venue's reports come; and of an order, its acceptance first."""

    async def story() -> None:
        async with listening(STEADY) as (_, heard, raw):
            await raw.post("/__genesis__/events", {"mode": mode, "count": 30, "skip": 10})
            await asyncio.gather(*(buy(raw, n) for n in range(1, ORDERS + 1)))
            await until(lambda: len(heard.of(OrderFilled)) == ORDERS)
            await asyncio.sleep(0.3)  # what comes late has come
            assert_every_order_is_told(heard, ORDERS)
            assert heard.doubts == []

    asyncio.run(story())


@pytest.mark.parametrize("mode", ["drop", "swap"])
def test_an_order_that_filled_was_accepted_whether_that_was_told_or_not(mode: str) -> None:
    async def story() -> None:
        async with listening(STEADY) as (_, heard, raw):
            await raw.post("/__genesis__/events", {"mode": mode, "count": 1})
            await buy(raw, 1)
            await until(lambda: bool(heard.of(OrderFilled)))
            await asyncio.sleep(0.3)  # what comes late has come
            assert_every_order_is_told(heard, 1)

    asyncio.run(story())
