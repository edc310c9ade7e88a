"""The venues' own URLs, unchanged, on this machine: REST, streams and WebSocket API over TLS; and
no gateway reaches a host that is not its venue's.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import ccxt.pro as ccxtpro
import pytest
from aiohttp import web

from genesis.domain.events import BookTop, OrderAccepted, OrderFilled, TradeTick
from genesis.errors import Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.reach import Reach
from genesis.exchange.venue import BINANCE, BINANCE_TESTNET, Venue
from tests.support.loopback import SYMBOL, an_exchange, raw_at, until
from tests.support.own_names import Leads, LeadsNowhere, named
from tests.support.patience import PATIENCE_S
from tests.support.simex import EAGER, FEARLESS, command, wire
from tests.support.stream_server import Heard, running


def gateway_to(venue: Venue, reach: Reach, exchange: LoopbackExchange | None) -> BinanceGateway:
    return BinanceGateway(
        venue,
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (SYMBOL,),
        now_ns=time.time_ns if exchange is None else exchange.clock.now_ns,
        elapsed_ns=time.monotonic_ns,
        patience=EAGER,
        conduct=FEARLESS,
        reach=reach,
    )


@asynccontextmanager
async def as_binance() -> AsyncIterator[tuple[LoopbackExchange, Reach, Leads]]:
    async with (
        an_exchange() as exchange,
        named(BINANCE.hosts, int(exchange.url.rpartition(":")[2])) as (reach, leads),
    ):
        yield exchange, reach, leads


@asynccontextmanager
async def gateway_as_binance() -> AsyncIterator[tuple[LoopbackExchange, BinanceGateway, Leads]]:
    async with as_binance() as (exchange, reach, leads):
        gateway = gateway_to(BINANCE, reach, exchange)
        await gateway.open()
        try:
            yield exchange, gateway, leads
        finally:
            await gateway.close()


@asynccontextmanager
async def ccxt_as_it_comes() -> AsyncIterator[tuple[LoopbackExchange, Any, Leads]]:
    """ccxt with its own addresses: only the session is ours."""
    async with (
        as_binance() as (exchange, reach, leads),
        aiohttp.ClientSession(connector=reach.connector()) as session,
    ):
        client = ccxtpro.binance(
            {
                "apiKey": DEFAULT_API_KEY,
                "secret": DEFAULT_API_SECRET,
                "session": session,
                "enableRateLimit": False,
                "options": {
                    "defaultType": "spot",
                    "fetchMarkets": {"types": ["spot"]},
                    "fetchCurrencies": False,
                    "fetchMargins": False,
                    "adjustForTimeDifference": True,
                },
            }
        )
        try:
            await client.load_markets()
            yield exchange, client, leads
        finally:
            await client.close()


# -- the gateway -----------------------------------------------------------------------------
def test_an_order_lives_and_dies_at_the_url_of_the_real_venue() -> None:
    async def story() -> None:
        async with gateway_as_binance() as (exchange, gateway, leads):
            accepted, filled = await gateway.submit(command(1), wire(1))
            assert isinstance(accepted, OrderAccepted)
            assert isinstance(filled, OrderFilled)
            assert [order.client_order_id for order in exchange.venue.orders.values()] == [wire(1)]
            assert (await gateway.key_scope()).trades  # the wallet's part of the API
            assert set(leads.asked) == {"api.binance.com"}

    asyncio.run(story())


def test_the_market_streams_of_the_real_venue() -> None:
    async def story() -> None:
        heard = Heard()
        async with gateway_as_binance() as (_, gateway, leads):
            async with running(gateway.market_stream((SYMBOL,), heard.append)):
                await until(lambda: bool(heard.of(TradeTick) and heard.of(BookTop)))
            assert set(leads.asked) == {"api.binance.com", "stream.binance.com"}

    asyncio.run(story())


def test_the_websocket_api_of_the_real_venue_tells_of_our_orders() -> None:
    async def story() -> None:
        heard = Heard()
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        async with gateway_as_binance() as (exchange, gateway, leads), raw_at(exchange) as raw:
            async with running(gateway.user_stream(heard.append, heard.doubts.append)):
                await raw.ask("POST", "/api/v3/order", **order, newClientOrderId=wire(7))
                await until(lambda: len(heard) == 2)
            assert [type(event) for event in heard] == [OrderAccepted, OrderFilled]
            assert set(leads.asked) == {"api.binance.com", "ws-api.binance.com"}

    asyncio.run(story())


# -- ccxt as it comes ------------------------------------------------------------------------
def test_ccxt_trades_at_its_own_addresses() -> None:
    async def story() -> None:
        async with ccxt_as_it_comes() as (exchange, client, leads):
            assert client.urls["api"]["private"] == f"{BINANCE.rest}/api/v3"
            names = {"newClientOrderId": "tls-1"}
            placed = await client.create_order(SYMBOL, "limit", "buy", 0.001, 50_000, names)
            assert (placed["status"], len(exchange.venue.orders)) == ("open", 1)
            assert set(leads.asked) == {"api.binance.com"}

    asyncio.run(story())


def test_ccxt_listens_at_its_own_addresses() -> None:
    async def story() -> None:
        async with ccxt_as_it_comes() as (_, client, leads):
            async with asyncio.timeout(PATIENCE_S):
                assert (await client.watch_trades(SYMBOL))[-1]["price"] > 0
            assert "stream.binance.com" in leads.asked

    asyncio.run(story())


def test_ccxt_places_orders_over_the_websocket_api_at_its_own_address() -> None:
    async def story() -> None:
        async with ccxt_as_it_comes() as (exchange, client, leads):
            await client.create_order_ws(SYMBOL, "limit", "buy", 0.001, 50_000)
            assert len(exchange.venue.orders) == 1
            assert "ws-api.binance.com" in leads.asked

    asyncio.run(story())


# -- which hosts -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("venue", "hosts"),
    [
        (BINANCE, {"api.binance.com", "stream.binance.com", "ws-api.binance.com"}),
        (
            BINANCE_TESTNET,
            {
                "testnet.binance.vision",
                "stream.testnet.binance.vision",
                "ws-api.testnet.binance.vision",
            },
        ),
    ],
)
def test_the_hosts_that_a_gateway_asks_for(venue: Venue, hosts: set[str]) -> None:
    async def story() -> None:
        nowhere = LeadsNowhere(0)
        gateway = gateway_to(venue, Reach(venue.hosts, lambda: nowhere), None)
        with pytest.raises(Unreachable):
            await gateway.open()
        gateway._session = aiohttp.ClientSession(connector=gateway._reach.connector())
        market = gateway.market_stream((SYMBOL,), lambda _: None)
        user = gateway.user_stream(lambda _: None, lambda _: None)
        tasks = [asyncio.create_task(stream) for stream in (market.run(), user.run())]
        await until(lambda: set(nowhere.asked) == hosts)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await gateway.close()

    asyncio.run(story())
    assert venue.hosts == hosts


def refused(url: str) -> tuple[str, list[str]]:
    """What a session of Binance's says to a URL, and the names that were looked up."""

    async def ask() -> tuple[str, list[str]]:
        leads = Leads(9)
        reach = Reach(BINANCE.hosts, lambda: leads)
        async with aiohttp.ClientSession(connector=reach.connector()) as session:
            with pytest.raises(aiohttp.ClientConnectorError) as told:
                await session.get(url)
        return str(told.value), leads.asked

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["example.org", "api.binance.com.example.org", "binance.com"])
def test_another_host_is_refused_before_it_is_looked_up(host: str) -> None:
    told, asked = refused(f"https://{host}/api/v3/time")
    assert f"{host} is none of the venue's hosts (api.binance.com" in told
    assert asked == []


@pytest.mark.parametrize("address", ["192.0.2.7", "127.0.0.1", "[2001:db8::1]"])
def test_an_address_that_no_name_of_the_venues_leads_to_is_refused(address: str) -> None:
    told, asked = refused(f"http://{address}:9/")
    assert "is none of the venue's hosts" in told
    assert address.strip("[]") in told
    assert asked == []


def test_a_venue_cannot_send_us_elsewhere() -> None:
    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://192.0.2.7/api/v3/time")

    async def story() -> None:
        application = web.Application()
        application.router.add_get("/{tail:.*}", away)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        reach = Reach.of(Venue(url))
        gateway = gateway_to(Venue(url), reach, None)
        try:
            with pytest.raises(Unreachable):
                await gateway.open()
            async with aiohttp.ClientSession(connector=reach.connector()) as session:
                with pytest.raises(aiohttp.ClientConnectorError, match=r"192\.0\.2\.7 is none of"):
                    await session.get(url)  # even where a redirect is followed
        finally:
            await runner.cleanup()

    asyncio.run(story())
