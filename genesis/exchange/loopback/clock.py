"""Venue time of a played feed: feed start + elapsed wall time x speed.

It never runs backwards and never past an event that was not played yet: when the machine is late,
the clock waits for the feed, and goes on from there.
"""

from collections.abc import Callable
from typing import Final

from genesis.domain.time import MILLISECOND, SECOND

LATE_NS: Final = 250 * MILLISECOND
"""Wall time; a feed later than this moves the whole schedule instead of hurrying after it."""


class FeedClock:
    """`hold` keeps it at its start until `release`."""

    def __init__(
        self, elapsed: Callable[[], int], start_ns: int, speed: float, *, hold: bool = False
    ) -> None:
        self.speed = speed
        self.is_held = hold
        self._elapsed = elapsed
        self._anchor_ns, self._anchored_at = start_ns, elapsed()
        self._floor_ns = start_ns
        self._next_ns: int | None = start_ns

    def now_ns(self) -> int:
        """Venue time, UTC ns."""
        if not self.is_held:
            reached = self._reached()
            if self._next_ns is not None:
                reached = min(reached, self._next_ns)
            self._floor_ns = max(self._floor_ns, reached)
        return self._floor_ns

    def release(self) -> None:
        """Start running, from where it stands."""
        if self.is_held:
            self.is_held = False
            self._anchored_at = self._elapsed()

    def expect(self, next_ns: int | None) -> None:
        """The next event to play is stamped `next_ns`; None: there is none, run freely."""
        self._next_ns = next_ns
        if next_ns is None:
            self._anchor(self.now_ns())

    def wall_until(self, ts_ns: int) -> float:
        """Seconds of wall time until venue time `ts_ns` is due; negative when it is overdue."""
        return (ts_ns - self._reached()) / self.speed / SECOND

    def reach(self, ts_ns: int) -> None:
        """An event stamped `ts_ns` is played now."""
        self._floor_ns = max(self._floor_ns, ts_ns)
        if self._reached() - ts_ns > LATE_NS * self.speed:
            self._anchor(self._floor_ns)

    def _reached(self) -> int:
        return self._anchor_ns + round((self._elapsed() - self._anchored_at) * self.speed)

    def _anchor(self, venue_ns: int) -> None:
        self._anchor_ns, self._anchored_at = venue_ns, self._elapsed()


class LiveClock(FeedClock):
    """Venue time as somebody tells it who hears another venue. It never runs backwards either.

    told: venue time, UTC ns; speed: how fast that runs.
    """

    def __init__(self, told: Callable[[], int], speed: float = 1.0) -> None:
        self._told = told
        super().__init__(told, told(), speed)
        self._next_ns = None

    def reach(self, ts_ns: int) -> None:
        """An event stamped `ts_ns` was heard now."""
        self._floor_ns = max(self._floor_ns, ts_ns)

    def _reached(self) -> int:
        return self._told()
