"""What the venue says against us while a service runs: one calm sentence, and only what it means.

The service and its exchange run here, in the test's own loop.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.events import BookTop, Event, TradeTick
from genesis.domain.orders import OrderStatus, Purpose
from genesis.domain.time import MILLISECOND
from genesis.exchange.loopback import LoopbackExchange
from genesis.service import watching
from genesis.service.bootstrap import build
from genesis.service.operator import Door
from genesis.service.service import Service
from genesis.service.settings import Settings
from genesis.service.trading import Trading
from tests.support.build import BTC
from tests.support.loopback import START, Raw, an_exchange, raw_at, until
from tests.support.patience import PATIENCE_S

D = Decimal
ETH = replace(BTC, symbol="ETH/USDT", base="ETH")
SYMBOLS = (BTC.symbol, ETH.symbol)
HUNTER = 'name = "hunter"\n[tiers]\nopening_tier = "HUNTER"\n'


def calm(symbol: str, price: Decimal) -> Iterator[Event]:
    """The same price, twenty times a second."""
    for n in range(20 * 600):
        ts_ns = START + n * 50 * MILLISECOND
        yield BookTop(ts_ns, symbol, n + 1, price, D(50), price + D("0.01"), D(50))
        yield TradeTick(ts_ns, symbol, n + 1, price, D("0.5"), n % 2 == 0)


@dataclass
class Traded:
    """A service at work on two symbols, and the venue."""

    exchange: LoopbackExchange
    raw: Raw
    service: Service
    home: Path
    capsys: pytest.CaptureFixture[str]
    printed: str = ""

    @property
    def trading(self) -> Trading:
        assert self.service.trading is not None
        return self.service.trading

    async def say(self, text: str) -> None:
        await self.trading.tell(Door(SYMBOLS).read(text, self.trading.runner.clock.now_ns()))

    async def venue(self, act: str, **wanted: Any) -> None:
        await self.raw.post(f"/__genesis__/{act}", wanted)

    async def bought(self, name: str) -> None:
        """A position in it whose stop rests."""
        await self.say(f"buy 20 usdt {name}")
        await until(lambda: self.stops() >= {f"{name.upper()}/USDT"})

    def stops(self) -> set[str]:
        working = self.trading.engine.state.execution.orders.all_working()
        stops = [one for one in working if one.request.purpose is Purpose.PROTECT]
        return {one.request.symbol for one in stops if one.status is OrderStatus.OPEN}

    def held(self) -> set[str]:
        return {one.symbol for one in self.trading.engine.view.positions}

    def refused(self, symbol: str) -> set[str]:
        return {each.code for each in self.trading.engine.gate.forbids(symbol)}

    async def health(self) -> Any:
        """How each part is, by `genesis status --json`."""
        await self.status("--json")
        return json.loads(self.printed)["health"]["components"]

    async def status(self, *more: str) -> list[str]:
        """What `genesis status` prints of what is not as it should be."""
        self.capsys.readouterr()
        await asyncio.to_thread(main, ["status", "--home", str(self.home), *more])
        self.printed = self.capsys.readouterr().out
        lines = self.printed.splitlines()
        return [line for line in lines if line.startswith(("no entries", "not well"))]


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LOOK_S", "STATUS_S", "KEY_S", "_PAUSE_S"):
        monkeypatch.setattr(watching, name, 0.02)


@asynccontextmanager
async def traded(
    folder: Path, capsys: pytest.CaptureFixture[str], mode: str = "paper"
) -> AsyncIterator[Traded]:
    rules = folder / "hunter.toml"
    rules.write_text(HUNTER)
    prices = {BTC.symbol: D(60_000), ETH.symbol: D(3_000)}
    feeds = [lambda one=one: calm(one, prices[one]) for one in SYMBOLS]
    options: dict[str, Any] = {"instruments": (BTC, ETH), "balances": {"USDT": D(6_000)}}
    async with an_exchange(feeds, speed=1, **options) as exchange, raw_at(exchange) as raw:
        settings = Settings(
            home=folder / "home", venue_url=exchange.url, port=0, symbols=SYMBOLS, rules=str(rules)
        )
        service = build(settings, mode, say=lambda line: None)
        ready = asyncio.Event()
        service.on_ready = lambda facts: ready.set()
        task = asyncio.create_task(service.run(heed_signals=False))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await ready.wait()
                yield Traded(exchange, raw, service, folder / "home", capsys)
                service.stop("done")
                await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_maintenance_is_one_sentence_and_stops_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with traded(tmp_path, capsys) as it:
            await it.bought("btc")
            await it.venue("system", maintenance=True)
            await until(lambda: "VENUE_MAINTENANCE" in it.refused(BTC.symbol))
            assert await it.status() == [
                "no entries VENUE_MAINTENANCE: the venue is under maintenance (system_maintenance)"
            ]
            assert it.stops() == {BTC.symbol}
            await it.venue("system", maintenance=False)
            await until(lambda: not it.refused(BTC.symbol))
            assert await it.status() == []

    asyncio.run(story())


def test_a_suspended_symbol_is_one_sentence_and_the_other_goes_on_trading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with traded(tmp_path, capsys) as it:
            await it.venue("symbol", symbol="ETHUSDT", status="BREAK")
            await it.say("buy 20 usdt eth")  # the venue's refusal tells
            await until(lambda: "SYMBOL_SUSPENDED" in it.refused(ETH.symbol))
            assert await it.status() == [
                "no entries SYMBOL_SUSPENDED: the venue does not trade ETH/USDT now (BREAK)"
            ]
            await it.bought("btc")
            await it.venue("symbol", symbol="ETHUSDT", status="TRADING")
            await until(lambda: not it.refused(ETH.symbol))  # nobody had to try
            await it.bought("eth")

    asyncio.run(story())


def test_a_key_that_is_revoked_is_told_blocks_entries_and_touches_no_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with traded(tmp_path, capsys) as it:
            await it.bought("btc")
            await it.venue("key", has_access=False)
            await it.say("buy 20 usdt eth")
            await until(lambda: "key" in it.trading.engine.state.risk.blocks)
            (told,) = await it.status()
            assert told.startswith(
                "no entries SYSTEM_FAILED: the venue refuses our key: it is wrong or was revoked, "
                "may not do this, or may not be used from this machine's address"
            )
            health = await it.health()
            assert health["exchange_gateway"].startswith("the venue refuses our key: it is wrong")
            before = len(it.exchange.venue.orders)
            await it.say("buy 20 usdt eth")
            assert it.held() == {BTC.symbol} and it.stops() == {BTC.symbol}
            assert len(it.exchange.venue.orders) == before
            await it.venue("key", has_access=True)
            await until(lambda: "key" not in it.trading.engine.state.risk.blocks)

    asyncio.run(story())


def test_a_clock_that_is_off_by_an_hour_is_told_and_stops_only_what_is_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The venue's jumps ahead: ours does not follow until it is certain."""

    async def story() -> None:
        async with traded(tmp_path, capsys) as it:
            await it.bought("btc")
            await it.venue("system", skew_ms=3_600_000)
            await until(lambda: "clock" in it.trading.engine.state.risk.blocks)
            (told,) = await it.status()
            assert told.startswith("no entries SYSTEM_FAILED: our clock is -")
            assert it.stops() == {BTC.symbol}
            await it.venue("system", skew_ms=0)
            await until(lambda: "clock" not in it.trading.engine.state.risk.blocks)

    asyncio.run(story())
