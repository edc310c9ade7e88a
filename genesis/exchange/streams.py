"""Market events over raw websockets: prints, tops, books and bars, each told once, none dropped.

A library's per-topic cache loses prints in bursts; here each message is parsed and handed on
before the next is read. Two lines carry the same streams, and whichever tells a thing first is
believed: where one stalls or breaks, the other has already taken over. What both missed is fetched
(`backfill`). A message without venue time takes the largest venue time told before it (before the
first: the clock's).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import aiohttp

from genesis.domain.events import BarClosed, BookDelta, BookTop, Event, HealthReported, TradeTick
from genesis.exchange.backfill import PastTrades, Trades
from genesis.exchange.depth_books import DepthBooks
from genesis.exchange.feed import Feed
from genesis.exchange.line import Line, Patience
from genesis.exchange.pace import Pace
from genesis.exchange.rest import Clock
from genesis.wire.streams import SHUTDOWN, parse, printed_trade, venue_ns
from genesis.wire.symbols import to_venue

MARKET: Final = "market"
PACE: Final = "market pace"
LINES: Final = 2
WAITING_MOST: Final = 10_000
"""Events that may wait for who takes them; with more, nothing is read until half are handled."""
_KINDS: Final = ("trade", "bookTicker", "depth@100ms")
_LOOK_S: Final = 0.002


class MarketStream:
    """Emits TradeTick, BookTop, BookDelta, BarClosed, TicksMissed, and FeedLost / FeedRestored.

    klines: widths as the venue names them (`1m`); BarClosed is emitted for these only.
    `ready` is set while a line is open. `waiting`, where somebody sets it, tells how many events
    were not handled yet: the venue is read no faster than that allows, and it is told (`market
    pace`).
    """

    def __init__(
        self,
        url: str,
        symbols: tuple[str, ...],
        emit: Callable[[Event], None],
        *,
        snapshot: Callable[[str], Awaitable[BookDelta]],
        past: PastTrades,
        session: aiohttp.ClientSession,
        now_ns: Clock,
        patience: Patience,
        klines: tuple[str, ...] = (),
        lines: int = LINES,
        pace: Pace | None = None,
    ) -> None:
        kinds = (*_KINDS, *(f"kline_{width}" for width in klines))
        names = [f"{to_venue(symbol).lower()}@{kind}" for symbol in symbols for kind in kinds]
        full_url = f"{url}?streams={'/'.join(names)}"
        self.waiting: Callable[[], int] = lambda: 0
        self._emit = emit
        self._now_ns = now_ns
        self._feed = Feed(MARKET, emit, now_ns, self._interrupted)
        self._lines = [Line(full_url, session, self._feed, patience, pace) for _ in range(lines)]
        self._latest_ns = 0
        self._tops: dict[str, BookTop] = {}
        self._bars: dict[tuple[str, int], int] = {}
        self._trades = Trades(symbols, past, emit, now_ns)
        self._books = DepthBooks(
            symbols, snapshot, emit, lambda: self._latest_ns, self._feed.complain
        )
        self._is_behind = False
        self._clock: Callable[[], float] = lambda: 0.0
        self._told_at = 0.0

    @property
    def ready(self) -> asyncio.Event:
        return self._feed.ready

    async def run(self) -> None:
        """Listen until cancelled."""
        self._clock = asyncio.get_running_loop().time
        try:
            async with asyncio.TaskGroup() as group:
                for line in self._lines:
                    group.create_task(line.run(self))
        finally:
            self._trades.stop()
            self._books.stop()

    def _interrupted(self) -> None:
        """No line is left: what comes next does not follow what came last."""
        self._latest_ns = 0
        self._tops.clear()
        self._bars.clear()
        self._books.begin_anew()
        self._trades.interrupt()

    # -- the lines' talk ---------------------------------------------------------------------
    async def greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """The URL names the streams: nothing to say."""
        del ws

    def told_at(self) -> float:
        return self._told_at

    def hear(self, text: str) -> bool:
        self._told_at = self._clock()
        printed = printed_trade(text)
        if printed is not None:
            tick, told_ns = printed
            if told_ns > self._latest_ns:
                self._latest_ns = told_ns
            self._trades.take(tick)
            return False
        try:
            return self._hear_other(text)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._feed.complain(f"a market message cannot be read: {error!r}: {text[:200]}")
            return False

    async def keep_pace(self) -> None:
        if self.waiting() <= WAITING_MOST:
            return
        if not self._is_behind:
            self._is_behind = True
            words = f"{self.waiting():,} market events wait: the venue is read as they are handled"
            self._emit(HealthReported(self._now_ns(), PACE, "degraded", words))
        while self.waiting() > WAITING_MOST // 2:
            await asyncio.sleep(_LOOK_S)
        if self._is_behind:
            self._is_behind = False
            self._emit(HealthReported(self._now_ns(), PACE, "ok", "caught up"))

    # -- messages ----------------------------------------------------------------------------
    def _hear_other(self, text: str) -> bool:
        envelope = json.loads(text)
        if "data" not in envelope and envelope["e"] == SHUTDOWN:
            return True
        message, stream = envelope["data"], envelope["stream"]
        told_ns = venue_ns(message)
        if told_ns is not None and told_ns > self._latest_ns:
            self._latest_ns = told_ns
        event = parse(message, self._latest_ns or self._now_ns(), stream)
        if isinstance(event, BookTop):
            self._top(event)
        elif isinstance(event, BookDelta):
            self._books.take(event)
        elif isinstance(event, TradeTick):
            self._trades.take(event)
        elif isinstance(event, BarClosed):
            self._bar(event)
        return bool(message.get("e") == SHUTDOWN)

    def _top(self, top: BookTop) -> None:
        """A top that another line told before is no news."""
        last = self._tops.get(top.symbol)
        if last is None or top.update_id > last.update_id or _differs(top, last):
            self._tops[top.symbol] = top
            self._emit(top)

    def _bar(self, bar: BarClosed) -> None:
        name = (bar.symbol, bar.width_ns)
        if bar.ts_ns > self._bars.get(name, 0):
            self._bars[name] = bar.ts_ns
            self._emit(bar)


def _differs(top: BookTop, last: BookTop) -> bool:
    """Not every source numbers its tops: the same number is news where it says something else."""
    return top.update_id == last.update_id and replace(top, ts_ns=last.ts_ns) != last
