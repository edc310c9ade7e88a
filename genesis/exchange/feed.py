"""What is told of a feed: lost with the last of its lines, restored with the first."""

import asyncio
from collections.abc import Callable, Hashable

from genesis.domain.events import Event, FeedLost, FeedRestored, HealthReported
from genesis.exchange.rest import Clock


class Feed:
    """Tells FeedLost and FeedRestored under `name`. `ready` is set while any line is open.

    A line that is lost while another carries the feed is told as a degraded part `NAME line`.
    interrupted: called when the last line is lost.
    """

    def __init__(
        self,
        name: str,
        emit: Callable[[Event], None],
        now_ns: Clock,
        interrupted: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self._emit = emit
        self._now_ns = now_ns
        self._interrupted = interrupted
        self._open: set[Hashable] = set()
        self._broken: set[Hashable] = set()
        self._is_lost = False

    def opened(self, line: Hashable) -> None:
        """A line is open and greeted."""
        self._open.add(line)
        self.ready.set()
        if self._is_lost:
            self._is_lost = False
            self._emit(FeedRestored(self._now_ns(), self.name))
        if line in self._broken:
            self._broken.discard(line)
            self._report("ok", "restored")

    def lost(self, line: Hashable, why: str) -> None:
        """A line is not open, or not any more."""
        self._open.discard(line)
        if not self._open:
            self.ready.clear()
            if not self._is_lost:
                self._is_lost = True
                self._interrupted()
                self._emit(FeedLost(self._now_ns(), self.name, why))
        elif line not in self._broken:
            self._broken.add(line)
            self._report("degraded", f"one line is lost, another carries the feed: {why}")

    def complain(self, words: str) -> None:
        """Something on the feed cannot be used."""
        self._emit(HealthReported(self._now_ns(), self.name, "degraded", words))

    def _report(self, status: str, words: str) -> None:
        self._emit(HealthReported(self._now_ns(), f"{self.name} line", status, words))
