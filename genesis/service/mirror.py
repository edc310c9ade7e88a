"""The loopback exchange on another venue's live prices: its public streams in, no order out.

Nothing but questions that anybody may ask goes there, without a key: its filters, its time, its
books and trades. Where it falls silent our exchange does, too: its market is closed and nobody may
listen, until every book is known again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Self

from genesis.domain.events import (
    BookDelta,
    BookTop,
    Event,
    FeedLost,
    HealthReported,
    TicksMissed,
    TradeTick,
)
from genesis.domain.instrument import Instrument
from genesis.errors import ConfigError, ExchangeError, Unreachable
from genesis.exchange.loopback import LiveClock, LoopbackExchange
from genesis.exchange.venue import BINANCE, BINANCE_TESTNET, venue_at
from genesis.service.clock import VenueClock
from genesis.service.recording.public import PublicGateway

KNOWN: Final = {"binance": BINANCE.rest, "binance-testnet": BINANCE_TESTNET.rest}
"""Venues that need no URL."""
_MARKET: Final = "market"
_CLOCK_EVERY_S: Final = 10.0
_FILTERS_EVERY_S: Final = 3600.0
_FIRST_S: Final = 20.0
"""Wall time within which the books must be known at the start."""


class Mirror:
    """One venue, heard.

        async with Mirror(url, symbols, tell) as mirror:      # it answers; its filters are known
            exchange = LoopbackExchange(venue_of(mirror.instruments), (), live=mirror.clock)
            await exchange.start()
            listening = asyncio.create_task(mirror.show(exchange))
            await mirror.until_known()                        # it trades from here on

    url: a base URL, or a name in `KNOWN`. tell: takes a line for who watches.
    """

    def __init__(self, url: str, symbols: tuple[str, ...], tell: Callable[[str], None]) -> None:
        self._venue_clock = VenueClock()
        self._gateway = PublicGateway(
            venue_at(KNOWN.get(url, url)),
            "",
            "",
            symbols,
            now_ns=self._venue_clock.now_ns,
            elapsed_ns=self._venue_clock.elapsed_ns,
        )
        self._symbols, self._tell = symbols, tell
        self._waiting = set(symbols)
        self._is_known = asyncio.Event()
        self._exchange: LoopbackExchange
        self.url = self._gateway.venue.rest
        self.clock: LiveClock
        self.instruments: tuple[Instrument, ...] = ()

    async def __aenter__(self) -> Self:
        """Reach the venue.

        Raises:
            Unreachable: no venue answers there.
            ConfigError: it does not know a symbol.
        """
        try:
            await self._gateway.open()
        except Unreachable as problem:
            raise Unreachable(
                f"no Binance-compatible venue answers at {self.url}: is this machine online, is "
                f"the URL right? ({problem.message})"
            ) from problem
        except ConfigError as problem:
            raise ConfigError(f"{self.url}: {problem.message.split(';')[0]}") from problem
        try:
            await self._read_clock()
            self.instruments = await self._gateway.instruments(self._symbols)
        except BaseException:
            await self._gateway.close()
            raise
        self.clock = LiveClock(self._venue_clock.now_ns, self._venue_clock.speed)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateway.close()

    async def show(self, exchange: LoopbackExchange) -> None:
        """Let a started exchange hear what the venue tells, until cancelled."""
        self._exchange = exchange
        for instrument in self.instruments:
            exchange.learn(instrument)
        stream = self._gateway.market_stream(self._symbols, self._hear)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stream.run())
            tasks.create_task(self._every(_CLOCK_EVERY_S, self._keep_clock))
            tasks.create_task(self._every(_FILTERS_EVERY_S, self._read_filters))

    async def until_known(self) -> None:
        """Wait for the book of every symbol.

        Raises:
            Unreachable: the venue did not tell one in time. Later it is waited for.
        """
        try:
            async with asyncio.timeout(_FIRST_S):
                await self._is_known.wait()
        except TimeoutError:
            missing = ", ".join(sorted(self._waiting))
            raise Unreachable(
                f"{self.url} told no book of {missing} within {_FIRST_S:g} s: is the symbol traded "
                "there, do its streams get through?"
            ) from None

    async def _every(self, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await act()
            except (ExchangeError, ConfigError) as problem:
                self._tell(problem.message)

    # -- what the venue tells ----------------------------------------------------------------
    def _hear(self, event: Event) -> None:
        if isinstance(event, TradeTick | BookTop | BookDelta):
            self._venue_clock.seen(_MARKET, event.ts_ns)
            self._exchange.hear(event)
            if event.symbol in self._waiting and isinstance(event, BookDelta):
                self._known(event.symbol)
        elif isinstance(event, FeedLost):
            self._waiting = set(self._symbols)
            self._exchange.fall_silent()
            self._tell(f"{self.url} is silent, the market is closed: {event.reason}")
        elif isinstance(event, TicksMissed):
            ids = f"{event.first_id} to {event.last_id}"
            self._tell(f"trades {ids} of {event.symbol} are missing: {event.reason}")
        elif isinstance(event, HealthReported) and event.status != "ok":
            self._tell(f"{event.component}: {event.detail}")

    def _known(self, symbol: str) -> None:
        """The first thing told of a book after a silence is all of it."""
        self._waiting.discard(symbol)
        self._exchange.is_heard(symbol)
        if not self._waiting:
            if self._is_known.is_set():
                self._tell(f"{self.url} is heard again, the market is open")
            self._is_known.set()

    async def _read_clock(self) -> None:
        told = await self._gateway.venue_time()
        self._venue_clock.anchor(told.ns, told.elapsed_ns, told.speed)

    async def _keep_clock(self) -> None:
        """Where the venue does not answer it runs on; that it is silent is told of its streams."""
        with suppress(Unreachable):
            await self._read_clock()

    async def _read_filters(self) -> None:
        for instrument in await self._gateway.instruments(self._symbols):
            self._exchange.learn(instrument)
