"""The live feed of the faces: server-sent events, one JSON object each, told apart by `type`.

snapshot first, then tick (several a second while something moves), decision, intervention, and a
heartbeat every two seconds of wall time with venue time and its speed. A reader that is too slow
gets a new snapshot instead of what it missed.

A message is made and written out once, however many read it: what a further reader costs is a
place in a queue and one write to its socket.

A fault in what is told costs that one message: it is logged, `/health` names it, and neither the
stream nor the run ends by it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
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
from genesis.domain.slicing import OrderReceipt, ParentStarted
from genesis.service.logs import log
from genesis.service.runner import Happened

HEARTBEAT_S: Final = 2.0
TICK_S: Final = 0.2
_ROOM: Final = 256
_DECISIONS: Final = (
    OrderApproved,
    ParentStarted,
    OrderReceipt,
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
_log = log("stream")


class _Reader:
    """What one reader has not taken yet; None ends it.

    is_behind: it was too slow, and gets nothing more before a new snapshot.
    """

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_ROOM)
        self.is_behind = False

    def put(self, message: bytes) -> None:
        if self.queue.full():
            self._drop()
            self.is_behind = True
        if not self.is_behind:
            self.queue.put_nowait(message)

    def start_over(self, message: bytes | None) -> None:
        self._drop()
        self.queue.put_nowait(message)
        self.is_behind = False

    def _drop(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()


class Broadcast:
    """Tells every reader what happens.

    snapshot: the whole state for a face. tick: the part of it that moves. beat: what a heartbeat
    carries.

    Attributes:
        problem: what could not be told when it was tried last; None while all is well.
    """

    def __init__(self, snapshot: Tell, tick: Tell, beat: Tell) -> None:
        self._snapshot = snapshot
        self._tick = tick
        self._beat = beat
        self._readers: set[_Reader] = set()
        self._moved = False
        self._faults: dict[str, str] = {}

    @property
    def readers(self) -> int:
        return len(self._readers)

    @property
    def problem(self) -> str | None:
        return "; ".join(f"{what}: {fault}" for what, fault in self._faults.items()) or None

    def observe(self, happened: Happened) -> None:
        """One step took place. Called within it: nothing here may fail or take long."""
        self._moved = True
        if self._readers and happened.step.outcomes:
            for outcome in happened.step.outcomes:
                self._try("decision", partial(self._decide, outcome))

    def tell(self, message: Message) -> None:
        """One message for every reader."""
        if not self._readers:
            return
        told = _event(message)
        for reader in self._readers:
            reader.put(told)

    async def run(self) -> None:
        """Send ticks while something moves, and heartbeats, for ever."""
        beats = round(HEARTBEAT_S / TICK_S)
        for beat in count():
            await asyncio.sleep(TICK_S)
            if not self._readers:
                continue
            self._try("snapshot", self._catch_up)
            if beat % beats == 0:
                self._try("heartbeat", lambda: self.tell({"type": "heartbeat", **self._beat()}))
            if self._moved:
                self._moved = False
                self._try("tick", lambda: self.tell({"type": "tick", **self._tick()}))

    def close(self) -> None:
        """End every reader's stream."""
        for reader in self._readers:
            reader.start_over(None)

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream of one reader, as server-sent events."""
        reader = _Reader()
        self._readers.add(reader)
        try:
            yield self._whole()
            while True:
                message = await reader.queue.get()
                if message is None:
                    return
                yield message
        finally:
            self._readers.discard(reader)

    def _decide(self, outcome: Outcome) -> None:
        message = _message(outcome)
        if message is not None:
            self.tell(message)

    def _catch_up(self) -> None:
        """A snapshot for everybody who was too slow."""
        behind = [reader for reader in self._readers if reader.is_behind]
        if behind:
            whole = self._whole()
            for reader in behind:
                reader.start_over(whole)

    def _try(self, what: str, tell: Callable[[], None]) -> None:
        """Tell it; what goes wrong is logged once, until it goes well or wrong otherwise."""
        try:
            tell()
        except Exception as problem:  # noqa: BLE001 - no face ends the run
            told = repr(problem)
            if self._faults.get(what) != told:
                _log.critical(
                    "cannot be told",
                    what=what,
                    error_type=type(problem).__name__,
                    exc_info=problem,
                )
            self._faults[what] = told
        else:
            self._faults.pop(what, None)

    def _whole(self) -> bytes:
        return _event({"type": "snapshot", **self._snapshot()})


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
