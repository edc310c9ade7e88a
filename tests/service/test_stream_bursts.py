"""Bursts arrive completely, in bounded memory, and who cannot follow is told of."""

import asyncio
from collections import deque
from pathlib import Path

import pytest

from genesis.domain.events import (
    Event,
    FeedLost,
    HealthReported,
    OrderAccepted,
    OrderFilled,
    TradeTick,
)
from genesis.exchange import streams
from genesis.exchange.connection import _BREATH
from tests.support.simex import command, trading, wire
from tests.support.stream_server import Heard, a_server, a_stream, running, tick, until

TRADES = 20_000
ORDERS = 100


class SlowConsumer:
    """Handles a few events at a time; what it did not come to waits here."""

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque()
        self.most = 0
        self.heard = Heard()

    def put(self, event: Event) -> None:
        self.waiting.append(event)
        self.most = max(self.most, len(self.waiting))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.001)
            for _ in range(min(40, len(self.waiting))):
                self.heard.append(self.waiting.popleft())


def _is_calm(heard: Heard) -> bool:
    pace = heard.of(HealthReported)
    return bool(pace) and pace[-1].status == "ok"


def test_a_burst_reaches_a_slow_consumer_whole_and_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 2_000
    monkeypatch.setattr(streams, "WAITING_MOST", most)

    async def story() -> None:
        consumer = SlowConsumer()
        async with a_server() as server, a_stream(server, consumer.put) as stream:
            stream.waiting = lambda: len(consumer.waiting)
            tasks = [
                asyncio.create_task(consumer.run()),
                asyncio.create_task(server.trades(range(TRADES))),
            ]
            heard = consumer.heard
            await until(
                lambda: len(heard.ids) == TRADES and _is_calm(heard),
            )
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert heard.of(TradeTick) == [tick(n) for n in range(TRADES)]
        assert consumer.most <= most + streams.LINES * _BREATH
        pace = [(told.component, told.status) for told in heard.of(HealthReported)]
        assert pace[:2] == [("market pace", "degraded"), ("market pace", "ok")]
        assert heard.of(FeedLost) == []

    asyncio.run(story())


def test_every_report_of_a_burst_of_orders_is_told_beside_a_burst_of_prints(shared: Path) -> None:
    """Orders that others sent under our ids: all that is known of them comes over the stream."""

    async def story() -> None:
        heard, prints = Heard(), Heard()
        async with (
            trading(shared) as (simex, gateway),
            a_server() as server,
            a_stream(server, prints.append),
            running(gateway.user_stream(heard.append, heard.doubts.append)),
        ):
            telling = asyncio.create_task(server.trades(range(TRADES)))
            for n in range(1, ORDERS + 1):
                order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
                simex.sim.new_order(order | {"quantity": "0.0001", "newClientOrderId": wire(n)})
            await until(lambda: len(heard) >= 2 * ORDERS and len(prints.ids) == TRADES)
            await telling
        numbers = list(range(1, ORDERS + 1))
        assert [told.key.n for told in heard.of(OrderAccepted)] == numbers
        assert [told.key.n for told in heard.of(OrderFilled)] == numbers
        assert len(heard) == 2 * ORDERS and heard.doubts == []
        assert prints.ids == list(range(TRADES))

    asyncio.run(story())


def test_a_burst_of_market_orders_tells_every_acceptance_and_every_fill(shared: Path) -> None:
    async def story() -> None:
        heard = Heard()
        async with (
            trading(shared) as (_, gateway),
            running(gateway.user_stream(heard.append, heard.doubts.append)),
        ):
            answers = await asyncio.gather(
                *(gateway.submit(command(n), wire(n)) for n in range(1, 61))
            )
            answered = [event for answer in answers for event in answer]
            await until(lambda: len(heard) + len(answered) >= 120)
            await asyncio.sleep(0.05)  # a second telling would come now
            told = [*heard, *answered]
        for kind in (OrderAccepted, OrderFilled):
            keys = [event.key for event in told if isinstance(event, kind)]
            assert sorted(keys) == [command(n).key for n in range(1, 61)]
        assert len(told) == 120

    asyncio.run(story())
