"""A loopback exchange whose market moves only when a test says so."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from genesis.domain.events import BookDelta, Level, TradeTick
from genesis.domain.time import MILLISECOND, SECOND
from tests.support.loopback import (
    START,
    SYMBOL,
    D,
    Raw,
    UserEvents,
    an_exchange,
    raw_at,
    until,
    user_events,
)

S = "BTCUSDT"


def still(asks: tuple[tuple[str, str], ...] = (("60000.01", "5"),)) -> Iterator[Any]:
    """One print at 60,000 and a book; then a print too far away in time to be waited for."""
    bids = (Level(D(60_000), D(5)), Level(D(59_000), D(5)))
    shown = tuple(Level(D(price), D(qty)) for price, qty in asks)
    yield BookDelta(START, SYMBOL, 1, 1, bids, shown, is_snapshot=True)
    yield TradeTick(START, SYMBOL, 1, D(60_000), D(1), True)
    yield TradeTick(START + 10**5 * SECOND, SYMBOL, 2, D(60_000), D(1), True)


@dataclass
class Scene:
    exchange: Any
    raw: Raw
    events: UserEvents

    async def ask(self, method: str, path: str, **params: Any) -> Any:
        return await self.raw.ask(method, path, symbol=S, **params)

    def trade(self, price: str, qty: str = "9") -> None:
        """A print that no feed holds, as if it had just happened."""
        now = self.exchange.clock.now_ns()
        tick = TradeTick(now, SYMBOL, now // MILLISECOND, D(price), D(qty), True)
        self.exchange.player._show(tick)

    async def balances(self) -> dict[str, tuple[Any, Any]]:
        rows = (await self.raw.ask("GET", "/api/v3/account"))["balances"]
        return {row["asset"]: (D(row["free"]), D(row["locked"])) for row in rows}


@asynccontextmanager
async def a_scene(btc: str = "0", asks: Any = None, **options: Any) -> AsyncIterator[Scene]:
    """An exchange whose market stands still, its account, and what the account is told."""
    feed = still if asks is None else (lambda: still(asks))
    held = {"USDT": D(10_000), "BTC": D(btc)}
    async with (
        an_exchange([feed], balances=held, **options) as exchange,
        raw_at(exchange) as raw,
        user_events(raw) as events,
    ):
        await until(lambda: int(exchange.player.position()["trades"]) > 0)
        yield Scene(exchange, raw, events)
