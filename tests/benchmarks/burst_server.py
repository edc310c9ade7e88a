"""A venue that says everything at once: `count` prints as fast as a socket takes them.

    python -m tests.benchmarks.burst_server COUNT

Prints its port. Who connects to `/stream?streams=...` is told in the combined envelope, who
subscribes over `/stream/ws/...` without one.
"""

import asyncio
import json
import sys
from decimal import Decimal
from typing import Final

from aiohttp import WSMsgType, web

from genesis.domain.events import TradeTick
from genesis.domain.time import MILLISECOND
from genesis.wire.streams import combined, write_trade

START_NS: Final = 1_723_161_600_000 * MILLISECOND
INFO: Final = {
    "timezone": "UTC",
    "serverTime": START_NS // MILLISECOND,
    "symbols": [
        {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "isSpotTradingAllowed": True,
            "orderTypes": ["LIMIT", "MARKET"],
            "filters": [],
        }
    ],
}
"""As much as ccxt needs to know the symbol."""
_CHUNK: Final = 1 << 18


def printed(count: int) -> list[TradeTick]:
    """Prints 1 to `count`, ten in a millisecond."""
    return [
        TradeTick(
            START_NS + n // 10 * MILLISECOND,
            "BTC/USDT",
            n,
            Decimal(60_000) + n % 100,
            Decimal(n % 1_000 + 1) / 10_000,
            n % 2 == 0,
        )
        for n in range(1, count + 1)
    ]


def frames(texts: list[str]) -> bytes:
    """The texts as unmasked WebSocket frames of medium length (RFC 6455, 5.2)."""
    return b"".join(b"\x81\x7e" + len(text).to_bytes(2, "big") + text.encode() for text in texts)


class Server:
    def __init__(self, count: int) -> None:
        messages = [write_trade(tick) for tick in printed(count)]
        self._wrapped = frames([combined("btcusdt@trade", message) for message in messages])
        self._bare = frames([json.dumps(message, separators=(",", ":")) for message in messages])

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        if "streams" in request.query:
            await self._tell(request, self._wrapped)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                await socket.send_json({"result": None, "id": asked["id"]})
                await self._tell(request, self._bare)
        return socket

    async def _tell(self, request: web.Request, blob: bytes) -> None:
        for at in range(0, len(blob), _CHUNK):
            await request._payload_writer.write(blob[at : at + _CHUNK])

    async def info(self, _: web.Request) -> web.Response:
        return web.json_response(INFO)


async def main(count: int) -> None:
    server, application = Server(count), web.Application()
    application.router.add_get("/api/v3/exchangeInfo", server.info)
    application.router.add_get("/stream", server.stream)
    application.router.add_get("/stream/ws/{number}", server.stream)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
