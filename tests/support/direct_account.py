"""An account at a still market, with nothing of ours running: for `close-all --direct`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from genesis.domain.account import Balance
from genesis.domain.events import AccountOpened, BookDelta, Event, Level, RunStarted, TradeTick
from genesis.domain.instrument import Instrument
from genesis.domain.time import SECOND
from genesis.exchange.loopback import LoopbackExchange
from genesis.rules import load
from genesis.service.direct import close_everything
from genesis.service.settings import Settings
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry
from tests.support.build import BTC
from tests.support.loopback import START, Raw, an_exchange, raw_at, until

D = Decimal
ETH = replace(BTC, symbol="ETH/USDT", base="ETH")
PRICES = {"BTC/USDT": D(60_000), "ETH/USDT": D(3_000)}
SPEED = 200.0
ORDER = "/api/v3/order"
REPLACE = "/api/v3/order/cancelReplace"


def still(symbol: str) -> Iterator[Event]:
    """One print and a book of two rows on either side; then nothing for a long time."""
    price = PRICES[symbol]
    bids = (Level(price, D(5)), Level(price - 1_000, D(500)))
    asks = (Level(price + D("0.01"), D(5)),)
    yield BookDelta(START, symbol, 1, 1, bids, asks, is_snapshot=True)
    yield TradeTick(START, symbol, 1, price, D(1), True)
    yield TradeTick(START + 10**7 * SECOND, symbol, 2, price, D(1), True)


def a_record(home: Path, *, is_paper: bool = True, **fenced: str) -> Path:
    """A run in both symbols, of an account that held these coins before."""
    rules, at = load("sniper"), START
    before = tuple(Balance(asset, D(qty), D(0)) for asset, qty in fenced.items())
    cash = (Balance("USDT", D(500), D(0)),)
    text = (rules.name, rules.text, rules.sha256, "code", "0")
    events: tuple[Event, ...] = (
        RunStarted(at, 1, *text, ("BTC/USDT", "ETH/USDT")),
        AccountOpened(at, "acct", "test", is_paper, "USDT", cash, before),
    )
    home.mkdir(exist_ok=True)
    with EventLog.open(home / DATABASE_NAME) as log:
        for step, event in enumerate(events, 1):
            log.append(LogEntry(1, step, event, 1)).result()
    return home


@dataclass
class Account:
    """An account at a still market, the home it belongs to, and what its owner does."""

    exchange: LoopbackExchange
    raw: Raw
    home: Path
    settings: dict[str, Any] = field(default_factory=dict)

    async def order(self, name: str | None = None, **params: str) -> Any:
        """An order under this name; without one under a name as the venue's app gives."""
        named = {} if name is None else {"newClientOrderId": name}
        symbol = params.pop("symbol", "BTCUSDT")
        answer = await self.raw.post("/__genesis__/order", {"symbol": symbol, **params, **named})
        assert "orderId" in answer, answer
        return answer

    async def stop(self, n: int, qty: str, price: str, symbol: str = "BTCUSDT") -> str:
        """A stop of ours, placed by run 1."""
        name = f"g-1-{n}-0-{'ab' * 8}"
        more = {"side": "SELL", "type": "STOP_LOSS", "quantity": qty, "stopPrice": price}
        await self.order(name, symbol=symbol, **more)
        return name

    async def entry(self, n: int, symbol: str = "BTCUSDT", price: str = "50000") -> None:
        more = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
        await self.order(f"g-1-{n}-0-{'ab' * 8}", symbol=symbol, price=price, **more)

    def fault(self, method: str = "POST", path: str = ORDER, **more: Any) -> None:
        self.exchange.faults.arm({"method": method, "path": path, **more})

    async def suspend(self, symbol: str, status: str = "HALT") -> None:
        await self.raw.post("/__genesis__/symbol", {"symbol": symbol, "status": status})

    async def close(self, most: Decimal | None = None, **more: Any) -> Any:
        settings = Settings(home=self.home, venue_url=self.exchange.url, **self.settings)
        return await close_everything(settings, most, **more)

    # -- the exchange's own truth ----------------------------------------------------------------
    async def ledger(self) -> Any:
        return await self.raw.ask("GET", "/__genesis__/ledger")

    async def held(self) -> dict[str, Decimal]:
        rows = (await self.ledger())["balances"]
        found = {row["asset"]: D(row["free"]) + D(row["locked"]) for row in rows}
        return {asset: qty for asset, qty in found.items() if qty and asset != "USDT"}

    async def sold(self) -> list[tuple[str, Decimal]]:
        """Every execution of a sale, in order."""
        trades = (await self.ledger())["trades"]
        return [(row["symbol"], D(row["qty"])) for row in trades if not row["isBuyer"]]

    async def resting(self) -> list[str]:
        orders = (await self.ledger())["orders"]
        return [row["clientOrderId"] for row in orders if row["status"] == "NEW"]


@asynccontextmanager
async def an_account(home: Path, btc: Instrument = BTC, **held: str) -> AsyncIterator[Account]:
    feeds = [lambda one=one: still(one.symbol) for one in (BTC, ETH)]
    balances = {"USDT": D(100_000), **{asset: D(qty) for asset, qty in held.items()}}
    options: dict[str, Any] = {"instruments": (btc, ETH), "balances": balances, "speed": SPEED}
    async with an_exchange(feeds, **options) as exchange, raw_at(exchange) as raw:
        await until(lambda: int(exchange.player.position()["trades"]) > 1)
        yield Account(exchange, raw, home)
