"""The live feed of the faces: server-sent events, one JSON object each, told apart by `type`.

snapshot first, then tick (several a second while something moves), decision, intervention, and a
heartbeat every two seconds of wall time with venue time and its speed. A reader that is too slow
gets a new snapshot instead of what it missed.

A message is made and written out once, however many read it: what a further reader costs is a
place in a queue and one write to its socket.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any, Final

from genesis.domain.canonical import plain
from genesis.domain.keeping import RefusalsCounted
from genesis.domain.outcomes import (
    AlertRaised,
    CommandAnswered,
    Halted,
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    OrderApproved,
    OrderRefused,
    Outcome,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    RiskBlocked,
    TierAnnounced,
    TierChanged,
    TiltLevelChanged,
)
from genesis.service.runner import Happened

HEARTBEAT_S: Final = 2.0
TICK_S: Final = 0.2
_ROOM: Final = 256
_DECISIONS: Final = (
    OrderApproved,
    OrderRefused,
    RefusalsCounted,
    CommandAnswered,
    PositionOpened,
    PositionChanged,
    PositionClosed,
    TierChanged,
    TierAnnounced,
    TiltLevelChanged,
    Halted,
    AlertRaised,
    RiskBlocked,
)
_INTERVENTIONS: Final = (InterventionOpened, LimitedHourStarted, LimitedHourEnded)

Message = dict[str, Any]
Tell = Callable[[], Message]


class Broadcast:
    """Tells every reader what happens.

    snapshot: the whole state for a face. tick: the part of it that moves. beat: what a heartbeat
    carries.
    """

    def __init__(self, snapshot: Tell, tick: Tell, beat: Tell) -> None:
        self._snapshot = snapshot
        self._tick = tick
        self._beat = beat
        self._readers: set[asyncio.Queue[bytes | None]] = set()
        self._moved = False

    @property
    def readers(self) -> int:
        return len(self._readers)

    def observe(self, happened: Happened) -> None:
        """One step took place."""
        self._moved = True
        if self._readers and happened.step.outcomes:
            for outcome in happened.step.outcomes:
                message = _message(outcome)
                if message is not None:
                    self.tell(message)

    def tell(self, message: Message) -> None:
        """One message for every reader."""
        if not self._readers:
            return
        told = _event(message)
        whole: bytes | None = None
        for queue in self._readers:
            if queue.full():
                whole = whole or self._whole()
                _start_over(queue, whole)
            queue.put_nowait(told)

    async def run(self) -> None:
        """Send ticks while something moves, and heartbeats, for ever."""
        beats = round(HEARTBEAT_S / TICK_S)
        for beat in count():
            await asyncio.sleep(TICK_S)
            if not self._readers:
                continue
            if beat % beats == 0:
                self.tell({"type": "heartbeat", **self._beat()})
            if self._moved:
                self._moved = False
                self.tell({"type": "tick", **self._tick()})

    def close(self) -> None:
        """End every reader's stream."""
        for queue in self._readers:
            _start_over(queue, None)

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream of one reader, as server-sent events."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_ROOM)
        self._readers.add(queue)
        try:
            yield self._whole()
            while True:
                message = await queue.get()
                if message is None:
                    return
                yield message
        finally:
            self._readers.discard(queue)

    def _whole(self) -> bytes:
        return _event({"type": "snapshot", **self._snapshot()})


def _start_over(queue: "asyncio.Queue[bytes | None]", message: bytes | None) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(message)


def _message(outcome: Outcome) -> Message | None:
    kind = type(outcome)
    if kind in _INTERVENTIONS:
        is_open = kind is InterventionOpened
        return {"type": "intervention", "kind": kind.__name__, "open": is_open, **plain(outcome)}
    if kind in _DECISIONS:
        return {"type": "decision", "kind": kind.__name__, **plain(outcome)}
    return None


def _event(message: Message) -> bytes:
    return f"data: {json.dumps(message, default=str)}\n\n".encode()
