"""However a run ends, entries are gone, positions keep their stops, and the log tells what was.

The service runs here, in the test's own loop, against an exchange in a process of its own.
"""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from genesis.cli.main import main
from genesis.domain.account import Tier
from genesis.domain.events import BalanceReported, BookTop, Event
from genesis.domain.orders import OrderStatus, Side
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.errors import InvariantBroken
from genesis.exchange.reconciled import Reconciled
from genesis.service import strategies
from genesis.service.bootstrap import build
from genesis.service.operator import Door
from genesis.service.reconciling import Reconciling
from genesis.service.service import Service
from genesis.service.settings import Settings
from genesis.service.trading import Trading
from genesis.store.database import DATABASE_NAME
from genesis.strategy.base import Intent
from genesis.strategy.catalog import Catalog
from tests.support.patience import PATIENCE_S
from tests.support.process import Process

BTC = "BTC/USDT"
WAY_S = 0.4


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One for all: every test leaves it flat, with nothing that rests."""
    arguments = ("exchange", "--sample", "--port", "0", "--speed", "4")
    with Process(tmp_path_factory.mktemp("exchange"), *arguments, "--balance", "USDT=500") as it:
        yield it


def sold(exchange: Process, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing of ours running."""
    monkeypatch.setenv("GENESIS_VENUE_URL", exchange.ready["url"])
    assert main(["close-all", "--direct", "--home", str(home)]) == 0


@dataclass
class Running:
    """A service that is ready, and the task it runs in."""

    service: Service
    task: "asyncio.Task[None]"

    @property
    def trading(self) -> Trading:
        assert self.service.trading is not None
        return self.service.trading

    async def say(self, text: str) -> None:
        now_ns = self.trading.runner.clock.now_ns()
        await self.trading.tell(Door((BTC,)).read(text, now_ns))

    async def rests(self) -> None:
        """An entry rests at the venue."""
        price = self.trading.engine.view.price(BTC)
        assert price is not None
        await self.say(f"buy 20 usdt btc limit {(price * 99 / 100).quantize(price)}")
        while not any(order.status is OrderStatus.OPEN for order in self.working()):
            await asyncio.sleep(0.01)

    def working(self) -> list[Any]:
        return list(self.trading.engine.state.execution.orders.all_working())

    async def ended(self) -> None:
        self.service.stop("SIGTERM")
        await self.task


@asynccontextmanager
async def running(exchange: Process, home: Path, **more: Any) -> AsyncIterator[Running]:
    settings = Settings(home=home, venue_url=exchange.ready["url"], port=0, **more)
    service = build(settings, "paper", say=lambda line: None)
    ready = asyncio.Event()
    service.on_ready = lambda facts: ready.set()
    async with asyncio.timeout(PATIENCE_S):
        task = asyncio.create_task(service.run(heed_signals=False))
        try:
            await ready.wait()
            yield Running(service, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def ledger(exchange: Process) -> Any:
    return httpx.get(exchange.ready["url"] + "/__genesis__/ledger", trust_env=False).json()


def resting(exchange: Process) -> list[str]:
    return [order["type"] for order in ledger(exchange)["orders"] if order["status"] == "NEW"]


def slow(monkeypatch: pytest.MonkeyPatch, method: str, *, there_s: float, back_s: float) -> None:
    """Requests of a method and their answers take their time."""
    real = aiohttp.ClientSession._request

    async def request(self: Any, asked: str, url: Any, **more: Any) -> Any:
        is_meant = asked.upper() == method
        if is_meant:
            await asyncio.sleep(there_s)
        answer = await real(self, asked, url, **more)
        if is_meant:
            await asyncio.sleep(back_s)
        return answer

    monkeypatch.setattr(aiohttp.ClientSession, "_request", request)


class Breaking:
    """An engine with a fault: it meets it at an event of this name, or at an act of this verb."""

    def __init__(self, engine: Engine, at: str) -> None:
        self._engine, self._at = engine, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def handle(self, event: Event) -> Step:
        if self._at in (type(event).__name__, getattr(event, "verb", None), "anything"):
            raise RuntimeError("a fault of the engine")
        return self._engine.handle(event)


def test_a_buy_on_its_way_at_the_end_is_protected(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fill is told by the stream before its own answer: the stop stands behind that one."""

    async def body() -> None:
        async with running(exchange, tmp_path / "home") as it:
            slow(monkeypatch, "POST", there_s=WAY_S, back_s=WAY_S)
            it.service.stop("SIGTERM")
            await it.say("buy 20 usdt btc")
            await it.task
            assert [order.request.type.value for order in it.working()] == ["STOP_LOSS"]

    asyncio.run(body())
    assert resting(exchange) == ["STOP_LOSS"]
    sold(exchange, tmp_path / "home", monkeypatch)


@dataclass(frozen=True)
class NoParams:
    pass


class Quoter:
    """Wants to buy half a percent below, whenever nothing rests."""

    Params = NoParams
    name = "quoter"
    tier = Tier.SNIPER
    bar = None
    wants = frozenset({BookTop})

    def __init__(self, params: NoParams | None = None) -> None:
        del params

    def on_event(self, event: Event, view: Any) -> tuple[Intent, ...]:
        assert isinstance(event, BookTop)
        if view.orders(event.symbol) or view.position(event.symbol) is not None:
            return ()
        price = (event.bid * Decimal("0.995")).quantize(Decimal("0.01"))
        stop = (price * Decimal("0.98")).quantize(Decimal("0.01"))
        return (
            Intent(event.symbol, Side.BUY, type="limit", price=price, stop=stop, post_only=True),
        )


def test_a_strategy_enters_nothing_more_once_the_end_has_begun(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = strategies.catalog

    def with_quoter() -> Catalog:
        found = real()
        found.add(Quoter)
        return found

    monkeypatch.setattr(strategies, "catalog", with_quoter)

    async def body() -> None:
        async with running(exchange, tmp_path / "home", strategies=("quoter",)) as it:
            while not any(order.status is OrderStatus.OPEN for order in it.working()):
                await asyncio.sleep(0.01)
            slow(monkeypatch, "DELETE", there_s=0, back_s=WAY_S)
            await it.ended()
            assert it.working() == []

    asyncio.run(body())
    assert resting(exchange) == []


@pytest.mark.parametrize("at", ["cancel_all", "OrderCancelled", "RunEnded"])
def test_an_engine_that_breaks_while_it_ends_leaves_no_entry(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    async def body() -> None:
        async with running(exchange, tmp_path / "home") as it:
            await it.rests()
            slow(monkeypatch, "DELETE", there_s=0, back_s=WAY_S)
            it.trading.runner.engine = Breaking(it.trading.engine, at)
            with pytest.raises(InvariantBroken) as found:
                await it.ended()
            assert "a fault of the engine" in str(found.value.__cause__)

    asyncio.run(body())
    assert resting(exchange) == []


def test_an_entry_on_its_way_to_the_venue_when_the_engine_breaks_is_cancelled(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> None:
        async with running(exchange, tmp_path / "home") as it:
            price = it.trading.engine.view.price(BTC)
            assert price is not None
            slow(monkeypatch, "POST", there_s=WAY_S, back_s=0)
            await it.say(f"buy 20 usdt btc limit {(price * 99 / 100).quantize(price)}")
            it.trading.runner.engine = Breaking(it.trading.engine, "anything")
            with pytest.raises(RuntimeError, match="a fault of the engine"):
                await it.task

    asyncio.run(body())
    assert ledger(exchange)["orders"][-1]["status"] == "CANCELED"


def test_the_cause_of_a_fault_at_the_start_is_in_the_log(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Engine.handle

    def handle(self: Engine, event: Event) -> Step:
        if isinstance(event, BalanceReported):
            raise RuntimeError("the cause of it all")
        return real(self, event)

    monkeypatch.setattr(Engine, "handle", handle)
    settings = Settings(home=tmp_path / "home", venue_url=exchange.ready["url"], port=0)
    service = build(settings, "paper", say=lambda line: None)
    with pytest.raises(InvariantBroken, match="see the log"):
        asyncio.run(service.run(heed_signals=False))
    assert "the cause of it all" in (tmp_path / "home/logs/genesis.jsonl").read_text()


def runs(home: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        asked = "SELECT kind, run FROM events WHERE kind IN ('RunStarted', 'RunEnded') ORDER BY seq"
        return connection.execute(asked).fetchall()


def test_a_stop_before_the_run_began_writes_nothing(exchange: Process, tmp_path: Path) -> None:
    """The venue is still being asked what it knows of the runs before."""
    home = tmp_path / "home"

    async def stopped_at_once() -> None:
        settings = Settings(home=home, venue_url=exchange.ready["url"], port=0)
        service = build(settings, "paper", say=lambda line: None)
        service.stop("early")
        async with asyncio.timeout(PATIENCE_S):
            await service.run(heed_signals=False)

    async def stopped_when_ready() -> None:
        async with running(exchange, home) as it:
            await it.ended()

    for stopped in (stopped_when_ready, stopped_at_once, stopped_when_ready):
        asyncio.run(stopped())
    told = [(kind, run) for run in (1, 2) for kind in ("RunStarted", "RunEnded")]
    assert runs(home) == told
    assert main(["verify", "--home", str(home)]) == 0


def test_a_stop_before_the_run_began_writes_nothing_behind_a_break(
    exchange: Process, tmp_path: Path
) -> None:
    """What the plain log holds begins with a run, too."""
    home = tmp_path / "home"

    async def ended() -> None:
        async with running(exchange, home) as it:
            await it.ended()

    asyncio.run(ended())
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE events SET body = body || ' ' WHERE kind = 'RunEnded'")
        connection.commit()
    before = rows(home)
    settings = Settings(home=home, venue_url=exchange.ready["url"], port=0)
    service = build(settings, "paper", say=lambda line: None)
    service.stop("early")
    asyncio.run(service.run(heed_signals=False))
    assert rows(home) == before
    assert not [line for line in home.glob("*second*") if line.read_text()]


def test_a_stop_that_is_being_taken_over_when_the_end_is_asked_for_is_placed_again(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is an older copy: the position's stop at the venue is known to nobody."""
    home, copy = tmp_path / "home", tmp_path / "copy"

    async def run(*texts: str) -> None:
        async with running(exchange, home) as it:
            for text in texts:
                await it.say(text)
            while texts and not any(order.status is OrderStatus.OPEN for order in it.working()):
                await asyncio.sleep(0.01)
            await it.ended()

    asyncio.run(run())
    shutil.copytree(home, copy)
    asyncio.run(run("buy 20 usdt btc"))
    settings = Settings(home=copy, venue_url=exchange.ready["url"], port=0)
    service = build(settings, "paper", say=lambda line: None)
    real = Reconciling.at_start

    async def at_start(self: Reconciling) -> Reconciled:
        assert resting(exchange) == []  # it was cancelled just now
        service.stop("SIGTERM")
        await asyncio.sleep(WAY_S)
        return await real(self)

    monkeypatch.setattr(Reconciling, "at_start", at_start)
    asyncio.run(service.run(heed_signals=False))
    assert resting(exchange) == ["STOP_LOSS"]
    sold(exchange, copy, monkeypatch)


def rows(home: Path) -> int:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def test_what_is_found_at_the_start_stands_in_the_log_file(
    exchange: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position was sold while nothing of ours ran."""
    home = tmp_path / "home"

    async def bought() -> None:
        async with running(exchange, home) as it:
            await it.say("buy 20 usdt btc")
            while not any(order.status is OrderStatus.OPEN for order in it.working()):
                await asyncio.sleep(0.01)
            await it.ended()

    async def again() -> None:
        async with running(exchange, home) as it:
            await it.ended()

    asyncio.run(bought())
    sold(exchange, home, monkeypatch)
    asyncio.run(again())
    lines = (home / "logs/genesis.jsonl").read_text().splitlines()
    assert "PositionClosed" in {json.loads(line)["event"] for line in lines}
