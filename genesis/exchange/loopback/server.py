"""The loopback exchange as one object: start it, talk Binance to its URL, stop it."""

import asyncio
import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Final

from aiohttp import web

from genesis.domain.instrument import Instrument
from genesis.domain.time import SECOND
from genesis.errors import ConfigError, DataError
from genesis.exchange.loopback.access import Keys, Permissions
from genesis.exchange.loopback.admin import Admin
from genesis.exchange.loopback.budget import Budget, Limits
from genesis.exchange.loopback.clock import FeedClock, LiveClock
from genesis.exchange.loopback.desk import Desk
from genesis.exchange.loopback.door import Door
from genesis.exchange.loopback.endpoints import Rooms
from genesis.exchange.loopback.faults import Faults, Handler
from genesis.exchange.loopback.feed import OpenFeed, Shown, StandInTops, played
from genesis.exchange.loopback.filters import Filters
from genesis.exchange.loopback.flows import Flows
from genesis.exchange.loopback.hub import Hub
from genesis.exchange.loopback.info import TRADING
from genesis.exchange.loopback.lines import Lines
from genesis.exchange.loopback.list_desk import ListDesk
from genesis.exchange.loopback.moods import Moods
from genesis.exchange.loopback.news import News
from genesis.exchange.loopback.player import Player
from genesis.exchange.loopback.publisher import Publisher
from genesis.exchange.loopback.rest import Rest
from genesis.exchange.loopback.sockets import MarketStreams, WsApi
from genesis.exchange.loopback.tape import SymbolTape
from genesis.exchange.loopback.trouble import Trouble
from genesis.sim.venue import Venue
from genesis.wire.symbols import to_venue

HOST: Final = "127.0.0.1"
SPEED_HEADER: Final = "X-Genesis-Clock-Speed"
HELD_HEADER: Final = "X-Genesis-Clock-Held"
FASTEST: Final = 1_000_000
"""Venue seconds per second; no machine plays a feed faster than this."""
_STAND_IN_QTY: Final = Decimal(1)
_SHUTDOWN_S: Final = 0.5
_SAPI_WEIGHT: Final = 180_000
CLOSED: Final = "BREAK"
_STREAMS: Final = ("/ws/", "/stream/")


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
    live: the time of a market that is heard, not played: there are no feeds then, and `hear`,
        `fall_silent` and `is_heard` tell what comes of it. Until a symbol is heard it is closed.
    filters, limits, lines: of symbols, of requests, of connections.

    `trouble` arms faults; `permissions` say what the key may do.

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
        filters: Filters | None = None,
        lines: Lines | None = None,
        stand_in_qty: Decimal = _STAND_IN_QTY,
        elapsed: Callable[[], int] | None = None,
        live: LiveClock | None = None,
    ) -> None:
        if not 0 < speed <= FASTEST:
            raise ConfigError(f"speed {speed} is not above 0 and at most {FASTEST:,}")
        self.venue = venue
        self.keys = keys or Keys()
        self.permissions = Permissions()
        self.moods = Moods()
        self.faults = Faults()
        self.clock: FeedClock
        self.player: Player
        self.url = ""
        self._feeds, self._speed, self._hold, self._loop = feeds, speed, hold, loop
        self._port, self._limits = port, limits or Limits()
        self._filters, self._lines = filters or Filters(), lines or Lines()
        self._stand_in_qty, self._elapsed = stand_in_qty, elapsed
        self._live = live
        self._silent: set[str] = set()
        self._desk: Desk
        self._hub = Hub()
        self.trouble = Trouble(self.faults, self._hub.user_faults, self.moods)
        self._runner: web.AppRunner | None = None
        self._playing: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Open the port and start the feed; the base URL.

        Raises:
            DataError: the feeds cannot be read, or hold no event of a listed symbol.
            ConfigError: the port is in use.
        """
        elapsed = self._elapsed or _loop_elapsed
        events: Iterator[Shown] = iter(())
        if self._live is not None:
            self.clock = self._live
        else:
            first, events = self._opened()
            self.clock = FeedClock(elapsed, first.ts_ns, self._speed, hold=self._hold)
        application = self._build(events, elapsed)
        if self._live is not None:
            self.fall_silent()
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
        if self._live is None:
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

    # -- a live market -----------------------------------------------------------------------
    def hear(self, event: Shown) -> None:
        """An event of the market, as it comes."""
        self.player.hear(event)

    def fall_silent(self) -> None:
        """Nothing is heard any more: no price is known, so nothing trades and nothing is told."""
        self._silent = {instrument.symbol for instrument in self.venue.instruments}
        for symbol in self._silent:
            self._desk.statuses[symbol] = CLOSED
        for listener in self._hub.named("streams"):
            listener.abort()

    def is_heard(self, symbol: str) -> None:
        """The book of a symbol is known (again): it trades, as far as the venue has it trade."""
        self._silent.discard(symbol)
        self.learn(next(each for each in self.venue.instruments if each.symbol == symbol))

    def learn(self, instrument: Instrument) -> None:
        """The filters of a symbol, and whether the venue trades it, as they are now."""
        self.venue.list_instrument(instrument)
        if instrument.symbol not in self._silent:
            self._desk.statuses[instrument.symbol] = instrument.suspended or TRADING

    @web.middleware
    async def _only_what_is_heard(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """While a symbol is silent nobody may listen to the market: he would take it for quiet."""
        if self._silent and f"{request.path}/".startswith(_STREAMS):
            return web.Response(status=503, text="the market is not heard")
        return await handler(request)

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
        news = News(venue, budget, hub.tell_users)
        news.updated_ns = clock.now_ns()
        tapes = {
            found.symbol: SymbolTape(found, venue.book(found.symbol)) for found in venue.instruments
        }
        symbols = {to_venue(symbol): symbol for symbol in tapes}

        def seconds() -> float:
            return elapsed() / SECOND

        def average(symbol: str) -> Decimal:
            return tapes[symbol].average(clock.now_ns())

        self._desk = desk = Desk(venue, symbols, budget, news, self._filters, average)
        desk.is_known = lambda ts_ns: self.moods.knows(ts_ns, clock.now_ns())
        desk.is_trade_known = lambda ts_ns: self.moods.knows_trade(ts_ns, clock.now_ns())
        flows = Flows(venue, news)
        publishers = {symbol: Publisher(tape, hub) for symbol, tape in tapes.items()}
        stand_in = StandInTops(self._stand_in_qty)
        self.player = Player(events, clock, venue, news, publishers, stand_in, seconds)
        by_wire = {to_venue(symbol): tape for symbol, tape in tapes.items()}
        rooms = Rooms(
            venue,
            desk,
            ListDesk(desk),
            flows,
            by_wire,
            clock,
            budget,
            self._filters,
            self.permissions,
            self.moods,
        )
        sapi = Budget(replace(self._limits, weight_per_minute=_SAPI_WEIGHT), elapsed)
        door = Door(rooms, self.keys, sapi, lambda: clock.speed == 1 and not clock.is_held)
        application = web.Application(
            middlewares=[self.faults.middleware, self._only_what_is_heard]
        )
        for part in (
            Rest(door),
            WsApi(door, hub, self._lines, seconds),
            MarketStreams(hub, self.player.release, self._lines, seconds),
            Admin(rooms, self.player, hub, self.faults, self.trouble),
        ):
            application.add_routes(part.routes())
        application.on_response_prepare.append(self._stamp)
        return application

    async def _stamp(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers[SPEED_HEADER] = f"{self.clock.speed:g}"
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
