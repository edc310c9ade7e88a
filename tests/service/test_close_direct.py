"""`close-all --direct`: what is sold without anything of ours running, and what is not."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.account import Balance
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import AccountOpened, Event, RunStarted
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import SECOND
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.venue import venue_at
from genesis.rules import load
from genesis.service.account_record import read_account
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.direct import close_everything
from genesis.service.settings import Settings
from genesis.sim.sample import sample_market
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.build import BTC
from tests.support.loopback import an_exchange, raw_at

D = Decimal
NOW = 1_704_067_200 * SECOND
ETH = replace(BTC, symbol="ETH/USDT", base="ETH")
FENCED = D("0.004")
ASK = "--sell-all-held"


@asynccontextmanager
async def venue() -> AsyncIterator[LoopbackExchange]:
    feeds = [lambda one=one: sample_market(seconds=600, symbol=one.symbol) for one in (BTC, ETH)]
    held = {"USDT": D(500), "BTC": D("0.005"), "ETH": D("0.01")}
    async with an_exchange(feeds, instruments=(BTC, ETH), balances=held, speed=1) as exchange:
        yield exchange


def recorded(home: Path, *, is_opened: bool = True, gone: tuple[str, ...] = ()) -> None:
    """A run in both symbols (and in some that are gone), with 0.004 BTC that were held before."""
    rules = load("sniper")
    cash = (Balance("USDT", D(500), D(0)),)
    before = (Balance("BTC", FENCED, D(0)),)
    symbols = (BTC.symbol, ETH.symbol, *gone)
    name, text, sha = rules.name, rules.text, rules.sha256
    events: tuple[Event, ...] = (
        RunStarted(NOW, 1, name, text, sha, "code", "0", symbols),
        AccountOpened(NOW, "acct", "test", True, "USDT", cash, before),
    )
    with EventLog.open(home / DATABASE_NAME) as log:
        for step, event in enumerate(events if is_opened else events[:1], 1):
            log.append(LogEntry(1, step, event, 1)).result()


def damaged(home: Path, kind: str) -> None:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(asked).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE events SET body = body || ' ' WHERE kind = ?", (kind,))
        connection.commit()


async def rest(exchange: LoopbackExchange) -> None:
    """An entry and a stop of ours."""
    clock = VenueClock()
    gateway = BinanceGateway(
        venue_at(exchange.url),
        DEFAULT_API_KEY,
        DEFAULT_API_SECRET,
        (BTC.symbol,),
        now_ns=clock.now_ns,
        elapsed_ns=clock.elapsed_ns,
    )
    await open_gateway(gateway, clock)
    entry = OrderRequest(
        BTC.symbol, Side.BUY, OrderType.LIMIT, D("0.001"), Purpose.ENTRY, limit_price=D(50_000)
    )
    stop = OrderRequest(
        BTC.symbol,
        Side.SELL,
        OrderType.STOP_LOSS,
        D("0.001"),
        Purpose.PROTECT,
        stop_price=D(50_000),
    )
    for number, request in enumerate((entry, stop), 1):
        key = OrderKey(1, number, 0)
        await gateway.submit(SubmitOrder(NOW, key, request), f"g-1-{number}-0-{'ab' * 8}")
    await gateway.close()


async def closed(exchange: LoopbackExchange, home: Path, **more: Any) -> Any:
    """With settings that name BTC/USDT alone."""
    return await close_everything(Settings(home=home, venue_url=exchange.url), **more)


async def account(exchange: LoopbackExchange) -> tuple[dict[str, Decimal], list[str]]:
    """Coins at the venue, and the types of the orders that rest there."""
    async with raw_at(exchange) as raw:
        ledger = await raw.ask("GET", "/__genesis__/ledger")
    held = {b["asset"]: D(b["free"]) + D(b["locked"]) for b in ledger["balances"]}
    resting = [order["type"] for order in ledger["orders"] if order["status"] == "NEW"]
    return {asset: held.get(asset, D(0)) for asset in ("BTC", "ETH")}, resting


def test_what_was_held_before_stays_wherever_else_the_log_is_damaged(tmp_path: Path) -> None:
    """And the symbols are those of the last run, too."""
    recorded(tmp_path)
    damaged(tmp_path, "RunStarted")

    async def body() -> None:
        async with venue() as exchange:
            await rest(exchange)
            told = await closed(exchange, tmp_path)
            assert (told["positions_closed"], told["errors"]) == (2, [])
            assert await account(exchange) == ({"BTC": FENCED, "ETH": D(0)}, [])

    asyncio.run(body())


def test_a_symbol_that_the_venue_no_longer_knows_holds_up_no_other(tmp_path: Path) -> None:
    recorded(tmp_path, gone=("LUNA/USDT",))

    async def body() -> None:
        async with venue() as exchange:
            await rest(exchange)
            told = await closed(exchange, tmp_path)
            assert told["positions_closed"] == 2
            (problem,) = told["errors"]
            assert problem.startswith("LUNA/USDT of the last run: ")
            assert await account(exchange) == ({"BTC": FENCED, "ETH": D(0)}, [])

    asyncio.run(body())


def unknown(home: Path) -> str:
    """Nothing was recorded."""
    return f"{home / DATABASE_NAME}: there is no event log here"


def unopened(home: Path) -> str:
    recorded(home, is_opened=False)
    return f"{home / DATABASE_NAME}: no account was opened here"


def unsound(home: Path) -> str:
    recorded(home)
    damaged(home, "AccountOpened")
    return "its content was changed"


@pytest.mark.parametrize("make", [unknown, unopened, unsound])
def test_what_may_have_been_held_before_is_sold_only_when_asked_for(
    tmp_path: Path, make: Callable[[Path], str]
) -> None:
    why = make(tmp_path)

    async def body() -> None:
        async with venue() as exchange:
            await rest(exchange)
            told = await closed(exchange, tmp_path)
            assert told["positions_closed"] == 0
            unsold = [line for line in told["errors"] if ASK in line and why in line]
            symbols = (BTC.symbol,) if make is unknown else (BTC.symbol, ETH.symbol)
            assert sorted(line.partition(":")[0] for line in unsold) == sorted(symbols)
            everything = {"BTC": D("0.005"), "ETH": D("0.01")}
            assert await account(exchange) == (everything, ["STOP_LOSS"])  # the entry is cancelled
            told = await closed(exchange, tmp_path, sells_all_held=True)
            assert told["positions_closed"] == len(symbols)
            others = [f"only the symbols of the settings: {why}"] if make is unknown else []
            assert [line.partition(": name")[0] for line in told["errors"]] == others
            held, resting = await account(exchange)
            assert (held["BTC"], resting) == (D(0), [])

    asyncio.run(body())


def test_a_damaged_log_is_told_without_naming_what_is_being_done(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 500)
    told = read_account(tmp_path).fenced
    assert isinstance(told, str)
    assert "cannot be read" in told and "close-all" not in told


def test_the_flag_changes_nothing_where_the_log_can_tell(tmp_path: Path) -> None:
    recorded(tmp_path)

    async def body() -> None:
        async with venue() as exchange:
            told = await closed(exchange, tmp_path, sells_all_held=True)
            assert told["errors"] == []
            assert await account(exchange) == ({"BTC": FENCED, "ETH": D(0)}, [])

    asyncio.run(body())


def test_the_flag_is_found_where_help_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["close-all", "--help"]) == 0
    assert ASK in capsys.readouterr().out
