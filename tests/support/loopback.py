"""A loopback exchange in the same process, and the clients that talk to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp
import ccxt.pro as ccxtpro

from genesis.domain.events import BookTop, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.time import MILLISECOND, SECOND
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.loopback.access import sign, ws_payload
from genesis.exchange.loopback.feed import OpenFeed
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from tests.support.build import BTC
from tests.support.patience import PATIENCE_S

D = Decimal
START = 1_700_000_000 * SECOND
SYMBOL = "BTC/USDT"
FEES = FeeSchedule(D(10), D(10), truncated=True)


def zigzag(seconds: float = 600, low: int = 59_000, high: int = 61_000) -> Iterator[Any]:
    """20 moments a second: a top one tick wide and a trade on it; each moves the price by 10."""
    price, step = D(60_000), D(10)
    for n in range(int(seconds * 20)):
        ts = START + n * 50 * MILLISECOND
        if not low < price + step < high:
            step = -step
        price += step
        yield BookTop(ts, SYMBOL, n + 1, price, D(5), price + D("0.01"), D(5))
        seller = n % 2 == 0
        at = price if seller else price + D("0.01")
        yield TradeTick(ts, SYMBOL, n + 1, at, D("0.5"), seller)


@asynccontextmanager
async def an_exchange(
    feeds: Sequence[OpenFeed] = (zigzag,),
    *,
    instruments: Sequence[Instrument] = (BTC,),
    balances: dict[str, Decimal] | None = None,
    **options: Any,
) -> AsyncIterator[LoopbackExchange]:
    held = balances or {"USDT": D(10_000), "BTC": D(1)}
    venue = Venue({found.symbol: found for found in instruments}, held, FEES)
    exchange = LoopbackExchange(venue, feeds, **options)
    await exchange.start()
    try:
        yield exchange
    finally:
        await exchange.stop()


@asynccontextmanager
async def ccxt_at(url: str, **config: Any) -> AsyncIterator[Any]:
    """Unmodified ccxt.pro, pointed at the exchange by its URLs alone."""
    ws = url.replace("http", "ws")
    sapi = {f"sapi{v}": f"{url}/sapi/v{v[1:] or 1}" for v in ("", "V2", "V3", "V4")}
    client = ccxtpro.binance(
        {
            "apiKey": DEFAULT_API_KEY,
            "secret": DEFAULT_API_SECRET,
            "enableRateLimit": False,
            "timeout": 10_000,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "recvWindow": 5000,
                "adjustForTimeDifference": True,
                "warnOnFetchOpenOrdersWithoutSymbol": False,
            },
            "urls": {
                "api": {
                    "public": f"{url}/api/v3",
                    "private": f"{url}/api/v3",
                    "v1": f"{url}/api/v1",
                    **sapi,
                    "ws": {"spot": f"{ws}/stream/ws", "ws-api": {"spot": f"{ws}/ws-api/v3"}},
                }
            },
            **config,
        }
    )
    try:
        yield client
    finally:
        await client.close()


class Raw:
    """Plain aiohttp with signatures, and nothing else."""

    def __init__(self, session: aiohttp.ClientSession, exchange: LoopbackExchange) -> None:
        self.session, self.exchange = session, exchange
        self.headers: Any = {}

    async def ask(self, method: str, path: str, *, sent: Any = None, **params: Any) -> Any:
        """The parsed answer; `headers` are those of the latest one. `sent` replaces the stamp."""
        stamp = self.exchange.clock.now_ns() // MILLISECOND if sent is None else sent
        text = urlencode({**params, "timestamp": stamp})
        text += f"&signature={sign(DEFAULT_API_SECRET, text)}"
        return await self.send(method, path, text)

    async def send(
        self, method: str, path: str, text: str = "", key: str | None = DEFAULT_API_KEY
    ) -> Any:
        url = f"{self.exchange.url}{path}?{text}"
        headers = {"X-MBX-APIKEY": key} if key else {}
        async with self.session.request(method, url, headers=headers) as answer:
            self.headers = answer.headers
            return await answer.json()

    async def post(self, path: str, body: Any) -> Any:
        async with self.session.post(f"{self.exchange.url}{path}", json=body) as answer:
            return await answer.json()


class UserEvents:
    """Everything the user data stream tells."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            told: dict[str, Any] = (await self.socket.receive_json())["event"]
        return told

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next event of a kind with these fields."""
        while True:
            event = await self.next()
            if event["e"] == kind and all(event[name] == at for name, at in fields.items()):
                return event

    async def orders(self, count: int) -> list[tuple[str, str, str]]:
        """Of the next order reports and list states: whose, what happened, the status then."""
        seen: list[tuple[str, str, str]] = []
        while len(seen) < count:
            event = await self.next()
            if event["e"] == "executionReport":
                seen.append((event["C"] or event["c"], event["x"], event["X"]))
            elif event["e"] == "listStatus":
                seen.append((event["C"], "list", event["l"]))
        return seen


def signed_call(exchange: LoopbackExchange, method: str, **params: Any) -> dict[str, Any]:
    """A signed request of the WebSocket API."""
    stamp = exchange.clock.now_ns() // MILLISECOND
    given = {**params, "apiKey": DEFAULT_API_KEY, "timestamp": stamp}
    payload = ws_payload({name: str(value) for name, value in given.items()})
    signature = sign(DEFAULT_API_SECRET, payload)
    return {"id": method, "method": method, "params": {**given, "signature": signature}}


@asynccontextmanager
async def user_events(raw: Raw) -> AsyncIterator[UserEvents]:
    """Subscribed to the user data stream."""
    async with raw.session.ws_connect(f"{raw.exchange.url}/ws-api/v3") as socket:
        subscribe = signed_call(raw.exchange, "userDataStream.subscribe.signature")
        await socket.send_json(subscribe)
        assert (await socket.receive_json())["status"] == 200
        yield UserEvents(socket)


@asynccontextmanager
async def raw_at(exchange: LoopbackExchange) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(session, exchange)


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = PATIENCE_S) -> None:
    """Wait for something to become true; fail when it does not."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        found = holds()
        if await found if not isinstance(found, bool) else found:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"did not come true within {seconds} s")
