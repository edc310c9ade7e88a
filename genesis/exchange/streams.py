"""Market events over one raw websocket: every print, top and difference, nothing dropped.

A library's per-topic cache loses prints in bursts; here each message is parsed and handed on
before the next is read. A message without venue time takes the largest venue time told before it
on the connection (before the first: the clock's).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import aiohttp

from genesis.domain.events import BookDelta, Event, HealthReported
from genesis.errors import ExchangeError
from genesis.exchange.depth import DepthSync
from genesis.exchange.line import Line, Patience
from genesis.exchange.rest import Clock
from genesis.wire.streams import parse, venue_ns
from genesis.wire.symbols import to_venue

MARKET: Final = "market"
_KINDS: Final = ("trade", "bookTicker", "depth@100ms")
_SNAPSHOT_PAUSE_S: Final = 0.5


class MarketStream:
    """Emits TradeTick, BookTop, BookDelta, and FeedLost / FeedRestored of stream `market`.

    `ready` is set while the line is open. After a reconnection each book starts with a snapshot.
    """

    def __init__(
        self,
        url: str,
        symbols: tuple[str, ...],
        emit: Callable[[Event], None],
        *,
        snapshot: Callable[[str], Awaitable[BookDelta]],
        session: aiohttp.ClientSession,
        now_ns: Clock,
        patience: Patience,
    ) -> None:
        names = [f"{to_venue(symbol).lower()}@{kind}" for symbol in symbols for kind in _KINDS]
        full_url = f"{url}?streams={'/'.join(names)}"
        self._line = Line(MARKET, full_url, session, emit, now_ns, patience)
        self._symbols = symbols
        self._emit = emit
        self._snapshot = snapshot
        self._now_ns = now_ns
        self._latest_ns = 0
        self._books: dict[str, DepthSync] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}

    @property
    def ready(self) -> asyncio.Event:
        return self._line.ready

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            await self._line.run(self)
        finally:
            self._stop_fetching()

    # -- the line's talk ---------------------------------------------------------------------
    async def greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """The URL names the streams: nothing to say. Every book starts anew."""
        del ws
        self._stop_fetching()
        self._latest_ns = 0
        self._books = {symbol: DepthSync() for symbol in self._symbols}

    def hear(self, text: str) -> None:
        try:
            envelope = json.loads(text)
            message, stream = envelope["data"], envelope["stream"]
            told_ns = venue_ns(message)
            if told_ns is not None and told_ns > self._latest_ns:
                self._latest_ns = told_ns
            event = parse(message, self._latest_ns or self._now_ns(), stream)
        except (KeyError, TypeError, ValueError) as error:
            self._complain(f"a market message cannot be read: {error!r}: {text[:200]}")
            return
        if isinstance(event, BookDelta):
            self._difference(event)
        elif event is not None:
            self._emit(event)

    # -- books -------------------------------------------------------------------------------
    def _difference(self, delta: BookDelta) -> None:
        book = self._books.get(delta.symbol)
        if book is None:
            return
        for told in book.difference(delta):
            self._emit(told)
        if book.wants_snapshot and delta.symbol not in self._fetching:
            task = asyncio.create_task(self._fetch(delta.symbol, book))
            self._fetching[delta.symbol] = task

    async def _fetch(self, symbol: str, book: DepthSync) -> None:
        """Fetch snapshots until one fits what was held back meanwhile."""
        try:
            while book.wants_snapshot:
                try:
                    snapshot = await self._snapshot(symbol)
                except ExchangeError as error:
                    self._complain(error.message)
                    await asyncio.sleep(_SNAPSHOT_PAUSE_S)
                    continue
                for told in book.snapshot(snapshot):
                    self._emit(self._told_now(told))
                if book.wants_snapshot:
                    await asyncio.sleep(_SNAPSHOT_PAUSE_S)
        finally:
            if self._fetching.get(symbol) is asyncio.current_task():
                del self._fetching[symbol]

    def _told_now(self, delta: BookDelta) -> BookDelta:
        """Snapshot and held differences take place together, at the largest venue time told."""
        return replace(delta, ts_ns=max(self._latest_ns, delta.ts_ns))

    def _stop_fetching(self) -> None:
        for task in self._fetching.values():
            task.cancel()
        self._fetching.clear()

    def _complain(self, words: str) -> None:
        self._emit(HealthReported(self._now_ns(), MARKET, "degraded", words))
