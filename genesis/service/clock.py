"""The two clocks, and the only module that reads one.

`now_ns` is venue time: stamps, timers, discipline. `elapsed_ns` is monotonic wall time: latency,
heartbeats, watchdogs. The demo's venue runs faster than the wall; wall thresholds do not move.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from genesis.domain.time import MINUTE, SECOND

LEAP_NS: Final = 5 * MINUTE
"""A forward jump beyond this is believed only when two sources agree."""
AGREE_NS: Final = MINUTE
"""Two sources agree when they tell times no further apart than this, for each unit of speed."""
_MIN_SPAN_NS: Final = SECOND // 4
_KEPT_ANCHORS: Final = 8
_MIN_SPEED: Final = 0.001
_MAX_SPEED: Final = 10_000.0


class Clock(Protocol):
    """What the service may know of time."""

    def now_ns(self) -> int:
        """Venue time, never running backwards; 0 before anything is known of it."""

    def elapsed_ns(self) -> int:
        """Monotonic wall time from an arbitrary origin."""

    def seen(self, source: str, venue_ns: int) -> bool:
        """A source told a time; False when the jump is not believed (yet)."""

    def wall_until(self, venue_ns: int) -> float:
        """Seconds of wall time until venue time reaches `venue_ns`, 0 when it has."""


def wall_ns() -> int:
    """Civil time of this machine, UTC: for log lines and file stamps, never for decisions."""
    return time.time_ns()


def elapsed_ns() -> int:
    """Monotonic wall time of this machine."""
    return time.monotonic_ns()


class VenueClock:
    """Venue time from anchors and market stamps, carried forward at the venue's own speed.

    anchor: called with the venue's answer to `/time`; anchors at least a quarter of a second
        apart give the speed (1 at a real venue).
    seen: market stamps only push the clock forward.
    """

    def __init__(
        self, elapsed: Callable[[], int] = elapsed_ns, *, start_ns: int = 0, speed: float = 1.0
    ) -> None:
        self._elapsed = elapsed
        self._floor_ns = start_ns
        self._anchors: deque[tuple[int, int]] = deque(maxlen=_KEPT_ANCHORS)
        self._doubted: dict[str, tuple[int, int]] = {}
        self.speed = speed

    def elapsed_ns(self) -> int:
        return self._elapsed()

    def now_ns(self) -> int:
        self._floor_ns = max(self._floor_ns, self._carried(self._elapsed()))
        return self._floor_ns

    def told_ns(self) -> int:
        """Venue time as the venue itself told it, whatever market stamps say: for signatures, and
        for what time proves. It may run backwards.
        """
        return self._carried(self._elapsed())

    def wall_until(self, venue_ns: int) -> float:
        left_ns = venue_ns - self.now_ns()
        if left_ns <= 0:
            return 0.0
        return left_ns / self.speed / SECOND if self.speed else float("inf")

    def anchor(self, venue_ns: int, at_ns: int | None = None, speed: float | None = None) -> bool:
        """The venue's own time at monotonic `at_ns` (default: now); False: not believed.

        speed: venue seconds per wall second where the venue tells it (0: its clock is held);
            else it is measured.
        """
        at = self._elapsed() if at_ns is None else at_ns
        if self._anchors and not self._believe("venue", venue_ns, at):
            return False
        if self._anchors and venue_ns < self._anchors[-1][0]:
            self._anchors.clear()
        self._anchors.append((venue_ns, at))
        first_ns, first_at = self._anchors[0]
        if speed is not None:
            self.speed = speed
        elif at - first_at >= _MIN_SPAN_NS:
            self.speed = min(_MAX_SPEED, max(_MIN_SPEED, (venue_ns - first_ns) / (at - first_at)))
        return True

    def seen(self, source: str, venue_ns: int) -> bool:
        if venue_ns <= self._floor_ns:
            return True
        if not self._believe(source, venue_ns, self._elapsed()):
            return False
        self._floor_ns = venue_ns
        return True

    def _carried(self, at_ns: int) -> int:
        if not self._anchors:
            return self._floor_ns
        venue_ns, anchored_at = self._anchors[-1]
        return venue_ns + int((at_ns - anchored_at) * self.speed)

    def _believe(self, source: str, venue_ns: int, at_ns: int) -> bool:
        known = max(self._floor_ns, self._carried(at_ns))
        if known == 0 or venue_ns - known <= LEAP_NS:
            self._doubted.pop(source, None)
            return True
        for other, (told_ns, told_at) in self._doubted.items():
            carried = told_ns + int((at_ns - told_at) * self.speed)
            if other != source and abs(carried - venue_ns) <= AGREE_NS * max(1.0, self.speed):
                self._doubted.clear()
                self._anchors.clear()
                return True
        self._doubted[source] = (venue_ns, at_ns)
        return False
