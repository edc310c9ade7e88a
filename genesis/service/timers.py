"""Timers of the venue clock: those the engine asked for, and the boundaries of bars."""

from collections.abc import Iterable
from heapq import heappop, heappush

from genesis.domain.events import TimerFired, bar_timer_key


class Timers:
    """Which timers are due. The same key replaces the older one; ties fire in the order set."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str]] = []
        self._live: dict[str, tuple[int, int]] = {}
        self._count = 0

    def set(self, key: str, at_ns: int) -> None:
        self._count += 1
        self._live[key] = (at_ns, self._count)
        heappush(self._heap, (at_ns, self._count, key))

    def drop(self, key: str) -> None:
        self._live.pop(key, None)

    def __len__(self) -> int:
        return len(self._live)

    def next_ns(self) -> int | None:
        """When the next timer is due, or None."""
        while self._heap:
            at_ns, count, key = self._heap[0]
            if self._live.get(key) == (at_ns, count):
                return at_ns
            heappop(self._heap)
        return None

    def pop_due(self, now_ns: int) -> TimerFired | None:
        """The earliest timer due at `now_ns`, stamped with the moment it was set for."""
        at_ns = self.next_ns()
        if at_ns is None or at_ns > now_ns:
            return None
        _, _, key = heappop(self._heap)
        del self._live[key]
        return TimerFired(at_ns, key)


class BarTimers:
    """Boundaries of the bars the strategies want, for every symbol that has traded since.

    A boundary is delivered before any tick stamped at or after it. `grace_ns` is how long after
    a boundary the clock alone may deliver it: late prints of the old bar are still on their way.
    """

    def __init__(self, widths: frozenset[int], grace_ns: int = 0) -> None:
        self._widths = tuple(sorted(widths))
        self.grace_ns = grace_ns
        self._due: dict[tuple[str, int], int] = {}
        self._fired: dict[tuple[str, int], int] = {}

    def want(self, widths: Iterable[int]) -> None:
        """Bars of these widths, too, from the next trade on."""
        self._widths = tuple(sorted({*self._widths, *widths}))

    def traded(self, symbol: str, ts_ns: int) -> None:
        """A trade of `symbol` was delivered: its bars have a boundary to come."""
        for width in self._widths:
            bar = (symbol, width)
            if bar not in self._due:  # a late print of a closed bar belongs to the open one
                latest = max(ts_ns, self._fired.get(bar, 0))
                self._due[bar] = (latest // width + 1) * width

    def next_ns(self) -> int | None:
        return min(self._due.values(), default=None)

    def pop_due(self, now_ns: int) -> TimerFired | None:
        """The earliest boundary at or before `now_ns` (ties: narrower bars first)."""
        if not self._due:
            return None
        (symbol, width), boundary = min(
            self._due.items(), key=lambda due: (due[1], due[0][1], due[0][0])
        )
        if boundary > now_ns:
            return None
        del self._due[symbol, width]
        self._fired[symbol, width] = boundary
        return TimerFired(boundary, bar_timer_key(symbol, width))
