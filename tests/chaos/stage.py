"""An exchange that stays, and a home that lives again and again: the testers' side of `life`."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from genesis.domain.events import BookTop, Event, TradeTick
from genesis.domain.time import MILLISECOND, SECOND
from genesis.exchange.loopback import LoopbackExchange
from genesis.exchange.loopback.budget import Limits
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue
from tests.chaos.agreement import agree
from tests.chaos.script import BID, SPREAD, Act
from tests.support.build import BTC
from tests.support.patience import PATIENCE_S
from tests.support.process import environment
from tests.support.warm_process import Warm

START_NS = 1_723_161_600 * SECOND
SPEED = 20.0
CASH = Decimal(6_000)
_STEP_NS = 1_500 * MILLISECOND
_ENOUGH = Decimal(50)
_UNREACHABLE = "genesis.errors.Unreachable"
_STARTS = 3
"""So often a start that gave up is tried again."""
_UNLIMITED = Limits(10**9, 10**9, 10**9, 10**9)
"""Of requests: a day of trading takes seconds here."""


class StillMarket:
    """The same top and a trade at its ask, again and again, until it is told to move."""

    def __init__(self) -> None:
        self.bid = Decimal(BID)
        self.prints: list[tuple[Decimal, Decimal]] = []

    def move(self, act: Act) -> None:
        if "print" in act:
            price, qty = map(Decimal, act["print"])
            self.prints.append((price, qty))
        else:
            self.bid = Decimal(act["price"])

    def __call__(self) -> Iterator[Event]:
        for n in count(1):
            ts_ns, ask = START_NS + n * _STEP_NS, self.bid + SPREAD
            yield BookTop(ts_ns, BTC.symbol, n, self.bid, _ENOUGH, ask, _ENOUGH)
            price, qty, is_sold = ask, _ENOUGH, False
            if self.prints:
                (price, qty), is_sold = self.prints.pop(0), True
            yield TradeTick(ts_ns, BTC.symbol, n, price, qty, is_sold)


@dataclass
class Lived:
    """How a life went: the lines it told."""

    told: list[dict[str, Any]] = field(default_factory=list)
    errors: str = ""

    @property
    def died(self) -> dict[str, Any] | None:
        """Where it was killed; None: it came to the end of the script."""
        return next((line for line in self.told if "died" in line), None)

    @property
    def ended(self) -> dict[str, Any] | None:
        """What it says at the end of the script."""
        return next((line for line in self.told if "ended" in line), None)


class Stage:
    """One venue, one home, one script."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self.market = StillMarket()
        self.home = folder / "home"
        fees = FeeSchedule(Decimal(10), Decimal(10), truncated=True)
        venue = Venue({BTC.symbol: BTC}, {"USDT": CASH}, fees)
        self.exchange = LoopbackExchange(venue, [self.market], speed=SPEED, limits=_UNLIMITED)
        self.lives: list[Lived] = []

    def __str__(self) -> str:
        deaths = [one.died for one in self.lives]
        return f"script {self._seed}, lives that ended so: {deaths}"

    async def live(self, dies: int | None, *, before: bool = False) -> Lived:
        """One life, to its end at (or just before) point `dies`, or to the end of the script; on a
        slow machine, to a start that gives up waiting for the venue.
        """
        lived = Lived()
        self.lives.append(lived)
        given = {
            "home": str(self.home),
            "url": self.exchange.url,
            "seed": self._seed,
            "dies": dies,
            "before": before,
        }
        with (self._folder / f"errors-{len(self.lives)}").open("w+") as errors:
            process = Warm(
                (json.dumps(given),), errors, self._folder, environment(), "tests.chaos.life"
            )
            try:
                async with asyncio.timeout(3 * PATIENCE_S):
                    while line := await asyncio.to_thread(process.stdout.readline):
                        lived.told.append(json.loads(line))
                        if "market" in lived.told[-1]:
                            self.market.move(lived.told[-1]["market"])
            finally:
                process.kill()
                process.wait(PATIENCE_S)
                process.stdout.close()
            lived.errors = Path(errors.name).read_text()
        is_told = lived.died or lived.ended or _UNREACHABLE in lived.errors
        assert is_told, f"it ended by itself: {lived.errors}"
        return lived

    async def truth(self) -> dict[str, Any]:
        """The venue's own ledger."""
        url = f"{self.exchange.url}/__genesis__/ledger"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found = await answer.json()
        assert isinstance(found, dict)
        return found

    async def converges(self, *dies: int, before: bool = False) -> list[Lived]:
        """Killed at (or before) these points, a life each, and one to the end: all agrees."""
        for point in dies:
            await self.live(point, before=before)
        last = await self.live(None)
        for _ in range(_STARTS):
            if last.ended is None:
                last = await self.live(None)
        assert last.ended is not None, last.errors
        truth = await self.truth()
        await asyncio.to_thread(agree, self.home, truth, last.ended["believed"])
        return self.lives


@asynccontextmanager
async def a_stage(folder: Path, seed: int) -> AsyncIterator[Stage]:
    folder.mkdir(parents=True)
    stage = Stage(folder, seed)
    await stage.exchange.start()
    try:
        yield stage
    finally:
        await stage.exchange.stop()
