"""The demo's stage: exchange, paper engine and trader, started in order and ended cleanly."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import SecretStr

from genesis.domain.instrument import Instrument
from genesis.domain.money import text
from genesis.errors import Unreachable
from genesis.exchange.loopback.access import Keys
from genesis.exchange.loopback.feed import OpenFeed
from genesis.exchange.loopback.server import LoopbackExchange
from genesis.service.bootstrap import Mode, build
from genesis.service.demo.door import HttpDoor
from genesis.service.demo.story import line_of
from genesis.service.home import Home, require_unused
from genesis.service.service import Service
from genesis.service.settings import MOST_REQUESTS, Settings
from genesis.sim.fees import FeeSchedule
from genesis.sim.venue import Venue

_FEE_BPS: Final = Decimal(10)
_ENDING_S: Final = 5.0
"""How long a service that does not answer any more may take to end."""
_LINGER_S: Final = 0.5
"""After the feed's end: the last answers are under way."""


class Audience(Protocol):
    """Who is told what happens: a live view, or nobody."""

    def say(self, line: str) -> None: ...
    def heard(self, message: dict[str, Any]) -> None: ...


class Player(Protocol):
    """The trader of a story."""

    async def play(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a story begins with.

    capital: quote the venue holds. rules: of the run; None: those of the settings. told: what is
    said before anything moves.
    """

    capital: Decimal
    feeds: Sequence[OpenFeed]
    rules: str | None = None
    told: str = ""


class Story(Protocol):
    """What is played: the home and the market it begins with, and who acts."""

    def prepare(self, home: Path) -> Prepared: ...
    def player(self, door: HttpDoor, symbol: str, say: Callable[[str], None]) -> Player: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played, and where.

    minutes: wall time after which the demo ends, the feed's end permitting. seed: names the run.
    """

    story: Story
    instrument: Instrument
    speed: float
    minutes: float
    home: Path
    seed: str


class Stage:
    """Plays one scene; a SIGINT or SIGTERM ends it cleanly at any moment."""

    def __init__(self, scene: Scene, audience: Audience) -> None:
        self._scene = scene
        self._audience = audience
        self.was_stopped = False
        """Ended from outside, before the feed and the time were over."""
        self.before: Callable[[], Awaitable[None]] = _nothing
        """Awaited before anything begins: the market waits as long."""

    async def play(self) -> dict[str, Any]:
        """From an empty home to a clean end; counts and equity of the run.

        Raises:
            ConfigError: the home was used before.
            GenesisError: a part could not start, or broke.
        """
        scene = self._scene
        require_unused(scene.home)
        begun = scene.story.prepare(scene.home)
        if begun.told:
            self._say(begun.told)
        await self.before()
        exchange = self._exchange(begun)
        await exchange.start()
        try:
            return await self._with(exchange, begun)
        finally:
            await exchange.stop()

    def _exchange(self, begun: Prepared) -> LoopbackExchange:
        scene = self._scene
        fees = FeeSchedule(_FEE_BPS, _FEE_BPS, truncated=True)
        quote = {scene.instrument.quote: begun.capital}
        venue = Venue({scene.instrument.symbol: scene.instrument}, quote, fees)
        return LoopbackExchange(venue, begun.feeds, speed=scene.speed, hold=True)

    async def _with(self, exchange: LoopbackExchange, begun: Prepared) -> dict[str, Any]:
        ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        settings = self._settings(exchange, begun)
        service = build(settings, Mode.PAPER, seed=self._scene.seed, say=self._say)
        service.on_ready = ready.set_result
        running = asyncio.create_task(service.run())
        try:
            either: set[asyncio.Future[Any]] = {running, ready}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                self.was_stopped = True
                running.result()
                return _counts(service, begun)  # stopped before it was ready
            await self._act(exchange, running, ready.result()["url"])
            self.was_stopped = running.done()
        finally:
            service.stop("the demo ends")
            await running
        return _counts(service, begun)

    def _settings(self, exchange: LoopbackExchange, begun: Prepared) -> Settings:
        keys: Keys = exchange.keys
        return Settings.read(
            home=self._scene.home,
            venue_url=exchange.url,
            api_key=SecretStr(keys.api_key),
            api_secret=SecretStr(keys.secret),
            port=None if "port" in Settings.read().model_fields_set else 0,
            symbols=(self._scene.instrument.symbol,),
            capital=begun.capital,
            rules=begun.rules,
            rate_limit=self._rate_limit(),
        )

    def _rate_limit(self) -> int:
        """The trader lives on venue time: what he asks in a second of it, he asks sooner."""
        return min(MOST_REQUESTS, ceil(Settings.read().rate_limit * max(1.0, self._scene.speed)))

    def _key(self) -> str:
        given = Settings.read().control_key
        home = Home.open(self._scene.home)
        return home.key("control") if given is None else given.get_secret_value()

    async def _act(
        self,
        exchange: LoopbackExchange,
        running: "asyncio.Task[None]",
        url: str,
    ) -> None:
        """The trader plays until the feed, the time or the service ends."""
        scene = self._scene
        symbol = scene.instrument.symbol
        door = HttpDoor(url, self._key(), symbol, exchange.clock.now_ns, scene.speed)
        trader = scene.story.player(door, symbol, self._say)
        watching = asyncio.create_task(door.watch(self._hear))
        playing = asyncio.create_task(trader.play())
        feed = asyncio.create_task(exchange.played())
        over = {feed, running}
        try:
            wait: set[asyncio.Task[None]] = {*over, playing, watching}
            deadline = asyncio.get_running_loop().time() + scene.minutes * 60
            while not any(task.done() for task in over):
                left = deadline - asyncio.get_running_loop().time()
                done, wait = await asyncio.wait(
                    wait, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                await self._heed(done, running)
            await asyncio.sleep(_LINGER_S)
        finally:
            for task in (watching, playing, feed):
                task.cancel()
            await asyncio.gather(watching, playing, feed, return_exceptions=True)
            await door.close()

    async def _heed(self, done: "set[asyncio.Task[None]]", running: "asyncio.Task[None]") -> None:
        """An act that broke breaks the demo, unless the service is ending under it."""
        for problem in [task.exception() for task in done]:
            if isinstance(problem, Unreachable):
                await asyncio.wait({running}, timeout=_ENDING_S)
                if running.done():
                    continue
            if problem is not None:
                raise problem

    def _hear(self, message: dict[str, Any]) -> None:
        self._audience.heard(message)
        line = line_of(message)
        if line is not None:
            self._say(line)

    def _say(self, line: str) -> None:
        self._audience.say(line)


def _counts(service: Service, begun: Prepared) -> dict[str, Any]:
    trading = service.trading
    if trading is None:
        return {"orders": 0, "fills": 0, "refusals": {}, "equity": text(begun.capital)}
    readings = trading.readings
    return {
        "orders": readings.orders,
        "fills": readings.fills,
        "refusals": dict(sorted(readings.refusals.items())),
        "equity": f"{trading.engine.view.equity_usdt:.8f}",
    }


async def _nothing() -> None:
    return None


def sample_seconds(minutes: float, speed: float) -> int:
    """How much synthetic market a demo of that length needs, and a little more."""
    return int(minutes * 60 * speed) + 60
