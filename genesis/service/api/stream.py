"""The live feed of the faces: server-sent events, one JSON object each, told apart by `type`.

snapshot first, then tick (several a second while something moves), decision, intervention, and a
heartbeat every two seconds of wall time. A reader that is too slow gets a new snapshot instead of
what it missed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any, Final

from genesis.domain.canonical import plain
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
    CommandAnswered,
    PositionOpened,
    PositionChanged,
    PositionClosed,
    TierChanged,
    TiltLevelChanged,
    Halted,
    AlertRaised,
    RiskBlocked,
)
_INTERVENTIONS: Final = (InterventionOpened, LimitedHourStarted, LimitedHourEnded)

Snapshot = Callable[[], dict[str, Any]]
Message = dict[str, Any]


class Broadcast:
    """Tells every reader what happens.

    snapshot: the whole state for a face. tick: the part of it that moves.
    """

    def __init__(self, snapshot: Snapshot, tick: Snapshot) -> None:
        self._snapshot = snapshot
        self._tick = tick
        self._readers: set[asyncio.Queue[Message | None]] = set()
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
        for queue in self._readers:
            if queue.full():
                _start_over(queue, {"type": "snapshot", **self._snapshot()})
            queue.put_nowait(message)

    async def run(self) -> None:
        """Send ticks while something moves, and heartbeats, for ever."""
        beats = round(HEARTBEAT_S / TICK_S)
        for beat in count():
            await asyncio.sleep(TICK_S)
            if beat % beats == 0:
                self.tell({"type": "heartbeat", "t": self._tick()["t"]})
            if self._moved and self._readers:
                self._moved = False
                self.tell({"type": "tick", **self._tick()})

    def close(self) -> None:
        """End every reader's stream."""
        for queue in self._readers:
            _start_over(queue, None)

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream of one reader, as server-sent events."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(_ROOM)
        self._readers.add(queue)
        try:
            yield _event({"type": "snapshot", **self._snapshot()})
            while True:
                message = await queue.get()
                if message is None:
                    return
                yield _event(message)
        finally:
            self._readers.discard(queue)


def _start_over(queue: "asyncio.Queue[Message | None]", message: Message | None) -> None:
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
