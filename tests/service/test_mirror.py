"""Paper on live prices: our exchange over a venue's public streams; that is one of ours, too."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from genesis.cli.exchange_running import venue_of
from genesis.cli.main import main
from genesis.errors import ConfigError, Unreachable
from genesis.exchange.instruments import read_instrument
from genesis.exchange.loopback import LoopbackExchange
from genesis.service.mirror import Mirror
from tests.support.build import BTC
from tests.support.forwarder import Forwarder
from tests.support.loopback import SYMBOL, Raw, an_exchange, ccxt_at, raw_at, until
from tests.support.patience import PATIENCE_S
from tests.support.process import Control, Process

D = Decimal
NAME = "BTCUSDT"
GRID = replace(BTC, price_tick=D("0.01"), qty_lot=D("0.0001"), min_notional_usdt=D(7))
ASKED = re.compile(rb"^([A-Z]+) (/\S*) HTTP/1.1\r\n", re.MULTILINE)
PUBLIC = {
    *("/api/v3/exchangeInfo", "/api/v3/time", "/api/v3/depth", "/api/v3/historicalTrades"),
    "/stream",
}


class Overheard(Forwarder):
    """Keeps everything that is said to the target."""

    said = b""

    def _carry(self, source: socket.socket, sink: socket.socket, far: socket.socket) -> None:
        if source is far:
            super()._carry(source, sink, far)
            return
        with suppress(OSError):
            while data := source.recv(65_536):
                self.said += data
                sink.sendall(data)

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of everything that was asked."""
        found = ASKED.findall(self.said)
        return [(method.decode(), path.decode().partition("?")[0]) for method, path in found]


@dataclass
class Scene:
    """The venue, our exchange that mirrors it, and what is told on the way."""

    real: LoopbackExchange
    there: Raw
    line: Overheard
    mirror: Mirror
    ours: LoopbackExchange
    here: Raw
    told: list[str]

    async def trades(self, at: Raw) -> dict[int, Any]:
        rows = await at.send("GET", "/api/v3/historicalTrades", f"symbol={NAME}&limit=1000")
        return {row["id"]: row for row in rows}

    async def buy(self) -> Any:
        order = {"symbol": NAME, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        return await self.here.ask("POST", "/api/v3/order", **order)

    async def is_open(self) -> bool:
        return "orderId" in await self.buy()


def seen(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with a_scene() as scene:
            await story(scene)

    asyncio.run(run())


@asynccontextmanager
async def a_scene() -> AsyncIterator[Scene]:
    told: list[str] = []
    async with an_exchange(instruments=(GRID,)) as real, raw_at(real) as there:
        with Overheard(int(real.url.rpartition(":")[2])) as line:
            url = f"http://127.0.0.1:{line.port}"
            async with Mirror(url, (SYMBOL,), told.append) as mirror:
                venue = venue_of({SYMBOL: mirror.instruments[0]}, {"USDT": D(10_000)})
                ours = LoopbackExchange(venue, (), live=mirror.clock)
                await ours.start()
                task = asyncio.create_task(mirror.show(ours))
                await mirror.until_known()
                try:
                    async with raw_at(ours) as here:
                        yield Scene(real, there, line, mirror, ours, here, told)
                finally:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                    await ours.stop()


def test_prices_filters_and_time_are_those_of_the_venue() -> None:
    async def story(scene: Scene) -> None:
        await until(lambda: int(scene.ours.player.position()["trades"]) > 20)
        ours, theirs = await scene.trades(scene.here), await scene.trades(scene.there)
        assert len(ours) > 20 and ours.items() <= theirs.items()
        told = [await at.send("GET", "/api/v3/exchangeInfo") for at in (scene.here, scene.there)]
        assert len({read_instrument(info["symbols"][0]) for info in told}) == 1
        skew_ns = scene.ours.clock.now_ns() - scene.real.clock.now_ns()
        assert abs(skew_ns) < 60 * 10**9, "venue time, not this machine's"
        async with ccxt_at(scene.ours.url) as client:
            order = await client.create_order(SYMBOL, "market", "buy", 0.01)
        (fill,) = scene.ours.venue.trades
        assert D(str(order["average"])) == fill.fill.price
        assert 59_000 < fill.fill.price < 61_000 and not scene.real.venue.trades

    seen(story)


def test_nothing_but_public_questions_without_a_key_goes_there() -> None:
    async def story(scene: Scene) -> None:
        assert await scene.is_open()
        order = {"symbol": NAME, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.0099"}
        rests = await scene.here.ask("POST", "/api/v3/order", **order, stopPrice="50000")
        await scene.here.ask("DELETE", "/api/v3/order", symbol=NAME, orderId=rests["orderId"])
        scene.line.drop()
        await until(lambda: any("heard again" in line for line in scene.told))
        await scene.mirror._read_filters()
        await scene.mirror._read_clock()
        assert {method for method, _ in scene.line.requests} == {"GET"}
        assert {path for _, path in scene.line.requests} <= PUBLIC
        for secret in (b"apikey", b"signature", b"listenkey"):
            assert secret not in scene.line.said.lower()
        assert not scene.real.venue.orders and len(scene.ours.venue.orders) == 2

    seen(story)


def test_while_it_is_silent_nothing_trades_and_nobody_listens_then_nothing_is_missing() -> None:
    async def story(scene: Scene) -> None:
        listener = f"{scene.ours.url}/stream?streams=btcusdt@trade"
        async with aiohttp.ClientSession() as session, session.ws_connect(listener) as ws:
            await ws.receive_json()
            assert await scene.is_open()
            scene.line.is_up = False
            scene.line.drop()
            async with asyncio.timeout(PATIENCE_S):
                while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            refusal = await scene.buy()
            assert refusal == {"code": -2010, "msg": "Market is closed."}
            with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
                await session.ws_connect(listener)
            assert "is silent, the market is closed: " in scene.told[-1]
            last = max(await scene.trades(scene.here))
            await until(lambda: int(scene.real.player.position()["trades"]) > last + 20)
            scene.line.is_up = True
            await until(scene.is_open)
            assert scene.told[-1].endswith("is heard again, the market is open")
            async with session.ws_connect(listener) as again:
                await again.receive_json()
        ids = sorted(await scene.trades(scene.here))
        assert ids == list(range(ids[0], ids[-1] + 1)) and ids[-1] > last + 20

    seen(story)


def test_what_the_venue_suspends_is_suspended_here() -> None:
    async def story(scene: Scene) -> None:
        await scene.there.post("/__genesis__/symbol", {"symbol": NAME, "status": "HALT"})
        await scene.mirror._read_filters()
        assert not await scene.is_open()
        (row,) = (await scene.here.send("GET", "/api/v3/exchangeInfo"))["symbols"]
        assert row["status"] == "HALT"
        await scene.there.post("/__genesis__/symbol", {"symbol": NAME, "status": "TRADING"})
        await scene.mirror._read_filters()
        assert await scene.is_open()

    seen(story)


def test_a_venue_that_tells_no_book_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.service.mirror._FIRST_S", 0.2)

    async def story() -> None:
        async with an_exchange() as real, Mirror(real.url, (SYMBOL,), print) as mirror:
            with pytest.raises(Unreachable, match="told no book of BTC/USDT within"):
                await mirror.until_known()

    asyncio.run(story())


def test_a_symbol_that_the_venue_does_not_have_is_named() -> None:
    async def story() -> None:
        async with an_exchange() as real:
            with pytest.raises(ConfigError, match="no symbol among DOGE/USDT"):
                async with Mirror(real.url, ("DOGE/USDT",), print):
                    pass

    asyncio.run(story())


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("http://127.0.0.1:1",), 3, "no Binance-compatible venue answers at http://127.0.0.1:1"),
        (("binanec",), 2, "is not a base URL"),
        (("binance", "--sample"), 2, "do not go with it"),
        (("binance", "--speed", "2"), 2, "do not go with it"),
        (("binance", "--symbol", "B T C"), 2, "B T C"),
    ],
)
def test_bad_input_is_one_clear_line(
    options: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exchange", "--mirror", *options]) == code
    told = capsys.readouterr()
    assert words in told.err and len(told.err.strip().splitlines()) == 1 and not told.out


def test_a_paper_service_trades_on_live_prices(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run = ("run", "--mode", "paper", "--json", "--port", "0", "--home", str(home))
    with (
        Process(tmp_path, "exchange", "--sample", "--port", "0") as real,
        Process(tmp_path, "exchange", "--mirror", real.ready["url"], "--port", "0") as ours,
        Process(tmp_path, *run, "--venue-url", ours.ready["url"]) as service,
    ):
        assert (ours.ready["mirror"], ours.ready["symbols"]) == (real.ready["url"], [SYMBOL])
        control = Control(service.ready["url"], home)
        assert control.say("buy 20 usdt btc").json()["verdict"] == "approved"
        control.until("its stop", "/orders", lambda o: [x["status"] for x in o] == ["OPEN"])
        assert control.say("close btc").json()["verdict"] == "approved"
        control.until("flat", "/positions", lambda held: held == [])
        assert service.end() == 0
        assert ours.end() == 0 and ours.told() == ""
        truth = httpx.get(f"{real.ready['url']}/__genesis__/ledger", trust_env=False).json()
    assert truth["orders"] == []
    assert main(["verify", "--home", str(home)]) == 0
