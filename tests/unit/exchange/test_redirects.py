"""A venue that answers an order with another address: it is neither followed nor believed."""

import asyncio
import socket
import time
from decimal import Decimal

from aiohttp import web

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderEvent, OrderUnresolved
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.venue import venue_at

WANTED = OrderRequest("BTC/USDT", Side.BUY, OrderType.MARKET, Decimal("0.001"), Purpose.ENTRY)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def sent(redirect_to: str | None) -> tuple[int, tuple[OrderEvent, ...]]:
    """How many orders arrived, and what was made of the answer. None: back to the same place."""
    arrived = 0

    async def redirect(request: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        raise web.HTTPTemporaryRedirect(redirect_to or str(request.url))

    app = web.Application()
    app.router.add_post("/api/v3/order", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    clocks = {"now_ns": time.time_ns, "elapsed_ns": time.monotonic_ns}
    gateway = BinanceGateway(venue_at(url), "k", "s", (), **clocks)
    await gateway.open()
    try:
        told = await gateway.submit(SubmitOrder(1, OrderKey(1, 1), WANTED), "g-1-1-0-" + "a" * 16)
    finally:
        await gateway.close()
        await runner.cleanup()
    return arrived, told


def test_a_redirected_order_is_sent_once_and_unresolved() -> None:
    for target in (None, f"http://127.0.0.1:{closed_port()}/api/v3/order"):
        arrived, told = asyncio.run(sent(target))
        assert arrived == 1
        assert [type(event) for event in told] == [OrderUnresolved]
