"""Plays the feed: waits until each event is due, shows it to the venue, then to the public.

A market that is heard from another venue is not played: each event is shown as it comes (`hear`).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from genesis.domain.events import TradeTick
from genesis.exchange.loopback.clock import FeedClock
from genesis.exchange.loopback.feed import Shown, StandInTops
from genesis.exchange.loopback.news import News
from genesis.exchange.loopback.publisher import Publisher
from genesis.sim.venue import Venue

_SHORTEST_SLEEP_S: Final = 0.0005
_LONGEST_RUN_S: Final = 0.005


class Player:
    """One pass through the events. `release` lets a held clock run.

    publishers: by our symbols; events of other symbols are counted and left out.
    """

    def __init__(
        self,
        events: Iterator[Shown],
        clock: FeedClock,
        venue: Venue,
        news: News,
        publishers: Mapping[str, Publisher],
        stand_in: StandInTops,
        seconds: Callable[[], float],
    ) -> None:
        self._events, self._clock = events, clock
        self._venue, self._news, self._publishers = venue, news, publishers
        self._instruments = {found.symbol: found for found in venue.instruments}
        self._stand_in, self._seconds = stand_in, seconds
        self._released = asyncio.Event()
        if not clock.is_held:
            self._released.set()
        self._played = self._trades = self._unlisted = 0
        self._last_ns: int | None = None
        self.is_done = False

    def release(self) -> None:
        self._clock.release()
        self._released.set()

    def position(self) -> dict[str, Any]:
        """How far the feed is."""
        return {
            "events": self._played,
            "trades": self._trades,
            "unlisted": self._unlisted,
            "last_ns": self._last_ns,
            "now_ns": self._clock.now_ns(),
            "speed": self._clock.speed,
            "held": self._clock.is_held,
            "done": self.is_done,
        }

    async def run(self) -> None:
        """Play to the end. The clock goes on afterwards.

        Raises:
            DataError: whatever stops the feed.
        """
        await self._released.wait()
        rested = self._seconds()
        for event in self._events:
            self._clock.expect(max(event.ts_ns, self._clock.now_ns()))
            wait = self._clock.wall_until(event.ts_ns)
            if wait > _SHORTEST_SLEEP_S:
                await asyncio.sleep(wait)
                rested = self._seconds()
            elif self._seconds() - rested > _LONGEST_RUN_S:
                await asyncio.sleep(0)
                rested = self._seconds()
            self._clock.reach(event.ts_ns)
            self._show(event)
        self._clock.expect(None)
        self.is_done = True

    def hear(self, event: Shown) -> None:
        """Show an event of a live market now."""
        self._clock.reach(event.ts_ns)
        self._show(event)

    def _show(self, event: Shown) -> None:
        publisher = self._publishers.get(event.symbol)
        if publisher is None:
            self._unlisted += 1
            return
        self._played += 1
        self._trades += isinstance(event, TradeTick)
        self._last_ns = event.ts_ns
        self._pass_on(event, publisher)
        top = self._stand_in.after(event, self._instruments[event.symbol])
        if top is not None:
            self._pass_on(top, publisher)

    def _pass_on(self, event: Shown, publisher: Publisher) -> None:
        reports = self._venue.on_market(event)
        publisher.show(event)
        if reports:
            self._news.tell(reports)
