"""Deterministic order of delivery: time first, then lane, then order of arrival."""

from enum import IntEnum
from heapq import heappop, heappush

from genesis.domain.events import Event


class Lane(IntEnum):
    """At one instant, what happened to our orders and what the operator wants goes first."""

    HIGH = 0
    NORMAL = 1


class Lanes:
    """Events waiting for the engine. The key is (ts_ns, lane, seq); seq counts arrivals from 0."""

    __slots__ = ("_heap", "_seq")

    def __init__(self) -> None:
        self._heap: list[tuple[int, Lane, int, Event]] = []
        self._seq = 0

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, event: Event, lane: Lane = Lane.NORMAL) -> int:
        """Queue an event; returns its arrival number."""
        seq = self._seq
        self._seq += 1
        heappush(self._heap, (event.ts_ns, lane, seq, event))
        return seq

    def pop(self) -> tuple[int, Event] | None:
        """The next event with its arrival number, or None when nothing waits."""
        if not self._heap:
            return None
        _, _, seq, event = heappop(self._heap)
        return seq, event

    def peek(self) -> Event | None:
        """The next event, left where it is."""
        return self._heap[0][3] if self._heap else None
