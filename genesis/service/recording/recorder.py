"""`genesis record`: listens until it is told to stop, and ends in order.

One task hears; one makes durable; one brings into the store; others look after filters, clock and
old days. The first that fails ends the recording, after what was acknowledged is safe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genesis.domain.time import DAY, SECOND, format_utc
from genesis.errors import ConfigError, DataError, ExchangeError, Unreachable, UsageError
from genesis.exchange.venue import venue_at
from genesis.service.clock import VenueClock, elapsed_ns, wall_ns
from genesis.service.recording.desk import Desk
from genesis.service.recording.progress import Progress
from genesis.service.recording.public import PublicGateway
from genesis.store.ticks.upkeep import KEPT_DAYS, look_after

MOST_SYMBOLS: Final = 100
"""Their streams stand in one address, three for each; of these 8 kB are understood everywhere."""
_FILTERS_EVERY_S: Final = 3600.0
_CLOCK_EVERY_S: Final = 10.0
_UPKEEP_EVERY_S: Final = 3600.0
_ASK_AGAIN_NS: Final = 30 * SECOND
"""Wall time after which a hole is asked for again of which nothing was told."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recorded, and at which pace (wall seconds).

    root: the tick store. venue_url: None is Binance. flush_every_s: how often rows are made
    durable. seal_after_s: how old they are at most when readers see them. tell_every_s: 0 tells
    after every flush. fill_every_s: how often the venue is asked for 1,000 trades that are missing;
    each time for a weight of 25 of the 6,000 a minute that it takes from an address. minutes: None
    records until stopped.
    """

    root: Path
    symbols: tuple[str, ...]
    venue_url: str | None = None
    flush_every_s: float = 0.2
    seal_after_s: float = 10.0
    tell_every_s: float = 1.0
    fill_every_s: float = 1.0
    minutes: float | None = None


class Recorder:
    """A recorder at work. `referred` names the days that kept runs refer to (None: unknown, and
    no recording expires).
    """

    def __init__(
        self,
        wanted: Wanted,
        tell: Tell,
        referred: Callable[[], Collection[str] | None] = lambda: None,
    ) -> None:
        if len(wanted.symbols) > MOST_SYMBOLS:
            raise UsageError(
                f"{len(wanted.symbols)} symbols are more than the {MOST_SYMBOLS} that one recorder"
                " can follow: start several"
            )
        self._wanted, self._tell, self._referred = wanted, tell, referred
        self._clock = VenueClock()
        self._gateway = PublicGateway(
            venue_at(wanted.venue_url),
            "",
            "",
            wanted.symbols,
            now_ns=self._clock.now_ns,
            elapsed_ns=self._clock.elapsed_ns,
        )
        self._desk = Desk(
            wanted.root,
            wanted.symbols,
            self._gateway.venue.rest,
            seal_after_s=wanted.seal_after_s,
            wall_ns=wall_ns,
            now_ns=self._clock.now_ns,
            elapsed_ns=elapsed_ns,
        )
        self._asked: dict[tuple[str, int], int] = {}
        """When a hole was last asked for, by its symbol and first id."""
        self._ending = asyncio.Event()

    async def record(self, stopped: asyncio.Event, begun: Callable[[Desk], None]) -> Progress:
        """Record until `stopped`; how it went in all. `begun` is called once rows may come.

        Raises:
            Unreachable: no venue answers there at the start. Later it is waited for.
            ConfigError: it does not know a symbol.
            UsageError, DataError: see `Desk`.
        """
        with self._desk as desk:
            await self._open()
            try:
                desk.begin(await self._gateway.instruments(self._wanted.symbols))
                begun(desk)
                await self._until(stopped)
            finally:
                await self._gateway.close()
            await asyncio.to_thread(desk.finish)
            return desk.whole()

    async def _open(self) -> None:
        venue = self._gateway.venue.rest
        try:
            await self._gateway.open()
        except Unreachable as problem:
            raise Unreachable(
                f"no Binance-compatible venue answers at {venue}: is this machine online, is the"
                f" URL right? ({problem.message})"
            ) from problem
        except ConfigError as problem:
            raise ConfigError(f"{venue}: {problem.message.split(';')[0]}") from problem
        try:
            await self._read_clock()
        except BaseException:
            await self._gateway.close()
            raise

    async def _until(self, stopped: asyncio.Event) -> None:
        """Work until it is told to stop, or a part fails; every part has ended then."""
        hearing = self._desk.hearing
        stream = self._gateway.market_stream(self._wanted.symbols, hearing.hear)
        stream.waiting = hearing.waiting
        listening = asyncio.create_task(stream.run())
        filling = asyncio.create_task(self._every(self._wanted.fill_every_s, self._fill))
        parts = [asyncio.create_task(part) for part in self._parts()]
        waits = [asyncio.create_task(stopped.wait()), listening, filling, *parts]
        limit_s = None if self._wanted.minutes is None else self._wanted.minutes * 60
        try:
            await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ending.set()
            for task in waits[:3]:  # they write nothing
                task.cancel()
            ended = await asyncio.gather(*waits, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, BaseException) and not isinstance(
                problem, asyncio.CancelledError
            ):
                raise problem

    def _parts(self) -> tuple[Coroutine[Any, Any, None], ...]:
        wanted = self._wanted
        pace_s = wanted.tell_every_s
        told = (self._every(pace_s, self._tell_progress),) if pace_s else ()
        return (
            self._every(wanted.flush_every_s, self._flush),
            self._every(min(1.0, wanted.seal_after_s), self._seal),
            self._every(_FILTERS_EVERY_S, self._read_filters),
            self._every(_CLOCK_EVERY_S, self._read_clock),
            self._every(_UPKEEP_EVERY_S, self._upkeep, at_once=True),
            *told,
        )

    async def _every(
        self, seconds: float, act: Callable[[], Awaitable[object]], *, at_once: bool = False
    ) -> None:
        """Act again and again until the end; an act that was begun is finished."""
        if at_once:
            await act()
        while not await self._ends_within(seconds):
            await act()

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        return self._ending.is_set()

    # -- the parts ---------------------------------------------------------------------------
    async def _flush(self) -> None:
        count = await asyncio.to_thread(self._desk.flush, self._desk.hearing.taken())
        if count and not self._wanted.tell_every_s:
            self._tell(self._desk.progress())

    async def _seal(self) -> None:
        await asyncio.to_thread(self._desk.seal)

    async def _tell_progress(self) -> None:
        self._tell(self._desk.progress())

    async def _read_filters(self) -> None:
        try:
            found = await self._gateway.instruments(self._wanted.symbols)
        except (ExchangeError, ConfigError) as problem:
            self._desk.hearing.complain("filters", problem.message)
        else:
            await asyncio.to_thread(self._desk.note_instruments, found)

    async def _read_clock(self) -> None:
        """At the start it must be told; later it runs on where the venue does not answer."""
        try:
            told = await self._gateway.venue_time()
        except ExchangeError as problem:
            if not self._clock.now_ns():
                raise
            self._desk.hearing.complain("clock", problem.message)
        else:
            self._clock.anchor(told.ns, told.elapsed_ns, 0.0 if told.is_held else told.speed)

    async def _fill(self) -> None:
        """Ask the venue for trades that came while nobody listened, the oldest first."""
        hole = self._next_hole()
        if hole is None:
            return
        symbol, first_id, last_id = hole
        hearing = self._desk.hearing
        try:
            found = await self._gateway.past_trades(symbol, first_id)
        except ExchangeError as problem:
            hearing.complain("past trades", problem.message)
            return
        for tick in found:
            if tick.trade_id <= last_id:
                hearing.fetched(tick)
        if found:  # an empty answer proves nothing: the venue may not have written them down yet
            hearing.symbols[symbol].gaps.not_held(first_id, min(last_id, found[-1].trade_id))

    def _next_hole(self) -> tuple[str, int, int] | None:
        """Symbol, first and last id of what to ask for now."""
        now, asked = elapsed_ns(), self._asked
        heard = self._desk.hearing.symbols.items()
        holes = [(symbol, *ids) for symbol, each in heard for ids in each.gaps.holes()]
        self._asked = {hole[:2]: asked[hole[:2]] for hole in holes if hole[:2] in asked}
        for hole in holes:
            if now >= self._asked.get(hole[:2], now - _ASK_AGAIN_NS) + _ASK_AGAIN_NS:
                self._asked[hole[:2]] = now
                return hole
        return None

    async def _upkeep(self) -> None:
        before = format_utc(wall_ns() - KEPT_DAYS * DAY)[:10]
        referred = await asyncio.to_thread(self._referred)
        if referred is None:
            return
        try:
            await asyncio.to_thread(look_after, self._desk.root, before, referred)
        except DataError as problem:
            self._desk.hearing.complain("upkeep", problem.message)
