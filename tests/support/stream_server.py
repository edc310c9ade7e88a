"""A market stream on loopback: what is said on it, and how it ends, is up to the test."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import aiohttp
from aiohttp import WSMsgType, web

from genesis.domain.events import BookDelta, Event, TradeTick
from genesis.domain.time import MILLISECOND
from genesis.exchange.line import Patience
from genesis.exchange.streams import LINES, MarketStream
from genesis.exchange.user_stream import UserStream
from genesis.wire.streams import combined, write_trade
from tests.support.patience import PATIENCE_S

SYMBOL = "BTC/USDT"
START_NS = 1_723_161_600_000 * MILLISECOND
T = TypeVar("T")


class Heard(list[Event]):
    """Collects events, and why the venue is to be asked."""

    def __init__(self) -> None:
        super().__init__()
        self.doubts: list[str] = []

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self if isinstance(event, kind)]

    @property
    def ids(self) -> list[int]:
        return [tick.trade_id for tick in self.of(TradeTick)]


async def until(true: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(timeout_s):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(stream: MarketStream | UserStream) -> AsyncIterator[None]:
    task = asyncio.create_task(stream.run())
    async with asyncio.timeout(PATIENCE_S):
        await stream.ready.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def tick(trade_id: int, symbol: str = SYMBOL) -> TradeTick:
    """Print number so-and-so: one per millisecond, its price and quantity follow from it."""
    price, qty = Decimal(60_000 + trade_id % 1_000), Decimal(1 + trade_id % 7) / 1_000
    return TradeTick(
        START_NS + trade_id * MILLISECOND, symbol, trade_id, price, qty, trade_id % 2 == 0
    )


def told(trade_id: int) -> str:
    return combined("btcusdt@trade", write_trade(tick(trade_id)))


@dataclass
class StreamServer:
    """Connections in the order in which they came; `open` are those that are not closed yet."""

    url: str = ""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    is_mute: bool = False
    """Pings are not answered any more."""
    greets: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list)

    @property
    def open(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self.sockets if not socket.closed]

    async def say(self, texts: Iterable[str], to: int | None = None) -> None:
        """Tell everybody, or only one connection (by its number)."""
        for text in texts:
            for socket in self.open if to is None else [self.sockets[to]]:
                await socket.send_str(text)

    async def trades(self, ids: Iterable[int], to: int | None = None) -> None:
        await self.say(map(told, ids), to)

    def cut(self, number: int | None = None) -> None:
        """Break connections without a word."""
        for at, request in enumerate(self.requests):
            if number in (None, at) and request.transport is not None:
                request.transport.abort()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        self.requests.append(request)
        async for message in socket:
            if self.is_mute:
                continue
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and self.greets:
                wanted = json.loads(message.data)
                answer = {"id": wanted["id"], "status": 200, "result": {"subscriptionId": 0}}
                await socket.send_json(answer)
        return socket


@asynccontextmanager
async def a_server() -> AsyncIterator[StreamServer]:
    server = StreamServer()
    app = web.Application()
    app.router.add_get("/stream", server.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/stream"
    try:
        yield server
    finally:
        server.cut()
        await runner.cleanup()


async def no_snapshot(symbol: str) -> BookDelta:
    raise AssertionError(f"nobody asked for the book of {symbol}")


async def nothing_past(symbol: str, from_id: int) -> tuple[TradeTick, ...]:
    return ()


@asynccontextmanager
async def a_stream(
    server: StreamServer, emit: Callable[[Event], None], **options: Any
) -> AsyncIterator[MarketStream]:
    """A market stream that listens to the server over all its lines."""
    settings: dict[str, Any] = {
        "snapshot": no_snapshot,
        "past": nothing_past,
        "now_ns": time.time_ns,
        "patience": Patience(first_pause_s=0.02, longest_pause_s=0.2, overlap_s=0.2),
        "lines": LINES,
        **options,
    }
    async with aiohttp.ClientSession() as session:
        stream = MarketStream(server.url, (SYMBOL,), emit, session=session, **settings)
        async with running(stream):
            await until(lambda: len(server.open) == settings["lines"])
            yield stream
