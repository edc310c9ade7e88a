"""The loopback exchange as one object: start it, talk Binance to its URL, stop it."""

import asyncio
import errno
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Final

from aiohttp import web

from genesis.domain.time import SECOND
from genesis.errors import ConfigError, DataError
from genesis.exchange.loopback.access import Keys
from genesis.exchange.loopback.admin import Admin
from genesis.exchange.loopback.budget import Budget, Limits
from genesis.exchange.loopback.clock import FeedClock
from genesis.exchange.loopback.desk import Desk
from genesis.exchange.loopback.endpoints import Rooms
from genesis.exchange.loopback.faults import Faults
from genesis.exchange.loopback.feed import OpenFeed, Shown, StandInTops, played
from genesis.exchange.loopback.hub import Hub
from genesis.exchange.loopback.player import Player
from genesis.exchange.loopback.publisher import Publisher
from genesis.exchange.loopback.rest import Rest
from genesis.exchange.loopback.sockets import MarketStreams, WsApi
from genesis.exchange.loopback.tape import SymbolTape
from genesis.sim.venue import Venue
from genesis.wire.symbols import to_venue

HOST: Final = "127.0.0.1"
SPEED_HEADER: Final = "X-Genesis-Clock-Speed"
HELD_HEADER: Final = "X-Genesis-Clock-Held"
FASTEST: Final = 1_000_000
"""Venue seconds per second; no machine plays a feed faster than this."""
_STAND_IN_QTY: Final = Decimal(1)
_SHUTDOWN_S: Final = 0.5


class LoopbackExchange:
    """A Binance-compatible exchange on 127.0.0.1, around one venue and one account.

    feeds: each opens a recorded or made-up market from its beginning; they are merged in time.
        Only symbols that the venue lists are played.
    speed: venue seconds per wall second. At speed 1 recvWindow is enforced.
    hold: clock and feed wait for the first subscription to a market stream.
    loop: the feed starts again at its end, with later stamps and higher ids.
    port: 0 takes a free one.
    stand_in_qty: size of the book tops made for symbols of which no book was recorded.
    elapsed: monotonic ns; default: the event loop's clock.

    Every response carries the clock's speed in `X-Genesis-Clock-Speed`, and
    `X-Genesis-Clock-Held: 1` while the clock is held.
    """

    def __init__(
        self,
        venue: Venue,
        feeds: Sequence[OpenFeed],
        *,
        speed: float = 1.0,
        hold: bool = False,
        loop: bool = False,
        port: int = 0,
        keys: Keys | None = None,
        limits: Limits | None = None,
        stand_in_qty: Decimal = _STAND_IN_QTY,
        elapsed: Callable[[], int] | None = None,
    ) -> None:
        if not 0 < speed <= FASTEST:
            raise ConfigError(f"speed {speed} is not above 0 and at most {FASTEST:,}")
        self.venue = venue
        self.keys = keys or Keys()
        self.faults = Faults()
        self.clock: FeedClock
        self.player: Player
        self.url = ""
        self._feeds, self._speed, self._hold, self._loop = feeds, speed, hold, loop
        self._port, self._limits = port, limits or Limits()
        self._stand_in_qty, self._elapsed = stand_in_qty, elapsed
        self._hub = Hub()
        self._runner: web.AppRunner | None = None
        self._playing: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Open the port and start the feed; the base URL.

        Raises:
            DataError: the feeds cannot be read, or hold no event of a listed symbol.
            ConfigError: the port is in use.
        """
        first, events = self._opened()
        elapsed = self._elapsed or _loop_elapsed
        self.clock = FeedClock(elapsed, first.ts_ns, self._speed, hold=self._hold)
        application = self._build(events, elapsed)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, self._port)
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise _port_error(error, self._port) from None
        self._runner = runner
        self.url = f"http://{HOST}:{runner.addresses[0][1]}"
        self._playing = asyncio.create_task(self.player.run())
        return self.url

    async def stop(self) -> None:
        """Close every connection and the port."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        for listener in tuple(self._hub.listeners):
            listener.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def played(self) -> None:
        """Wait for the end of the feed.

        Raises:
            DataError: the feed broke off; what was wrong with it.
        """
        if self._playing is not None:
            await asyncio.shield(self._playing)

    def _opened(self) -> tuple[Shown, Iterator[Shown]]:
        listed = {instrument.symbol for instrument in self.venue.instruments}
        events = played(self._feeds, loop=self._loop)
        for first in events:
            if first.symbol in listed:
                return first, chain([first], events)
        raise DataError(f"the feeds hold no trade or book of {', '.join(sorted(listed))}")

    def _build(self, events: Iterator[Shown], elapsed: Callable[[], int]) -> web.Application:
        venue, hub, clock = self.venue, self._hub, self.clock
        budget = Budget(self._limits, elapsed)
        tapes = {
            found.symbol: SymbolTape(found, venue.book(found.symbol)) for found in venue.instruments
        }
        symbols = {to_venue(symbol): symbol for symbol in tapes}
        desk = Desk(venue, symbols, budget, hub.tell_users)
        desk.updated_ns = clock.now_ns()
        publishers = {symbol: Publisher(tape, hub) for symbol, tape in tapes.items()}
        stand_in = StandInTops(self._stand_in_qty)
        self.player = Player(
            events, clock, venue, desk, publishers, stand_in, lambda: elapsed() / SECOND
        )
        by_wire = {to_venue(symbol): tape for symbol, tape in tapes.items()}
        rooms = Rooms(venue, desk, by_wire, clock, budget)
        enforce = self._speed == 1
        application = web.Application(middlewares=[self.faults.middleware])
        for part in (
            Rest(rooms, self.keys, enforce_window=enforce),
            WsApi(rooms, hub, self.keys, enforce_window=enforce),
            MarketStreams(hub, self.player.release),
            Admin(venue, self.player, hub, self.faults),
        ):
            application.add_routes(part.routes())
        application.on_response_prepare.append(self._stamp)
        return application

    async def _stamp(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers[SPEED_HEADER] = f"{self._speed:g}"
        if self.clock.is_held:
            response.headers[HELD_HEADER] = "1"


def _loop_elapsed() -> int:
    return round(asyncio.get_running_loop().time() * SECOND)


def _port_error(error: OSError, port: int) -> OSError | ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"port {port} on {HOST} is in use: end what holds it, or choose another")
    if error.errno == errno.EACCES:
        return ConfigError(f"port {port} on {HOST} is not allowed: choose one above 1023")
    return error
