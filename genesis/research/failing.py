"""A strategy that fails ends its run, and the run gives no result.

Whose call it was is read off the stack, when something went wrong or the bell rings: a call that
does come back costs nothing.
"""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, NamedTuple

from genesis.domain.events import Event
from genesis.engine.desk import Desk
from genesis.errors import StrategyFailed
from genesis.research.setup import positive
from genesis.research.since import Since
from genesis.research.strategies import FixedQty
from genesis.research.watchdog import Bell, Stuck
from genesis.strategy import Strategy
from genesis.strategy.sound import at, readable

CALL_S: Final = 60.0
"""Seconds of wall time one call into a strategy may take, unless told otherwise."""
_RINGS: Final = 4
"""So many times the bell rings in that time: a call is ended after a fourth more at the latest."""
_ASKING: Final = Desk.wishes.__code__
_BETWEEN: Final = (FixedQty.__module__, Since.__module__, readable.__module__)
"""Modules of ours that lie between the desk and a strategy."""

Frame = tuple[FrameType, int]
"""A frame and the line it is at."""
Place = tuple[str, int, str]
"""Module, line and function."""


class Call(NamedTuple):
    """A call into a strategy, and the event it is about."""

    strategy: Strategy
    event: Event

    def is_same(self, other: "Call") -> bool:
        return self.strategy is other.strategy and self.event is other.event


@contextmanager
def strategies_watched(call_s: float | None) -> Iterator[None]:
    """Name the strategy that fails, and end a call that takes longer than `call_s` seconds.

    None: nothing is watched, and what a strategy raises comes as it is. Calls are ended in the main
    thread only (a notebook's cells run there); elsewhere they take as long as they like.

    Raises:
        StrategyFailed: with the original exception as its cause. UsageError: call_s is not above 0.
    """
    if call_s is None:
        yield
        return
    seconds = float(positive(call_s, "call_s"))
    calls = _Calls()
    try:
        with Bell(seconds / _RINGS, calls.ring):
            yield
    except Stuck as stuck:
        raise _stuck(stuck, seconds) from stuck
    except StrategyFailed:
        raise
    except Exception as error:
        told = _raised(error)
        if told is None:
            raise
        raise told from error


class _Calls:
    """How often the bell rang in one and the same call."""

    def __init__(self) -> None:
        self._call: Call | None = None
        self._rings = 0

    def ring(self, number: int, frame: FrameType | None) -> None:
        """Raises Stuck: the call that is under way has had its time."""
        call = call_in(_outward(frame))
        before, self._call = self._call, call
        is_same = call is not None and before is not None and call.is_same(before)
        self._rings = self._rings + 1 if is_same else 0
        if self._rings >= _RINGS:
            raise Stuck


def call_in(frames: Sequence[FrameType]) -> Call | None:
    """The call into a strategy that some frames of a stack are in."""
    for frame in frames:
        if frame.f_code is _ASKING:
            known = frame.f_locals
            return Call(known["strategy"], known["event"]) if "strategy" in known else None
    return None


def _outward(frame: FrameType | None) -> list[FrameType]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _raised(error: Exception) -> StrategyFailed | None:
    """None: it rose in no strategy."""
    frames = list(traceback.walk_tb(error.__traceback__))
    call, inside = call_in([frame for frame, _ in frames]), _inside(frames)
    if call is None or not inside or inside[0][0] == Desk.__module__:
        return None
    return StrategyFailed(
        f"strategy {call.strategy.name} raised {type(error).__name__}: {error} ({place(inside)}) "
        f"at {at(call.event)}; the run ended there and gives no result: mend that line, or look "
        "closer with `check` and with the error that caused this one (%debug in a notebook)"
    )


def _stuck(stuck: Stuck, seconds: float) -> StrategyFailed:
    frames = list(traceback.walk_tb(stuck.__traceback__))
    call, inside = call_in([frame for frame, _ in frames]), _inside(frames)
    assert call is not None
    return StrategyFailed(
        f"strategy {call.strategy.name} has not come back from {at(call.event)} within "
        f"{seconds:g} s (it is at {place(inside)}); the run ended there and gives no result: look "
        "for a loop that never ends, or waits; where it needs so long, pass a larger call_s"
    )


def _inside(frames: Sequence[Frame]) -> list[Place]:
    """Where it was inside of the strategy, from the outside in."""
    codes = [frame.f_code for frame, _ in frames]
    begin = codes.index(_ASKING) + 1 if _ASKING in codes else len(codes)
    places = [
        (str(frame.f_globals.get("__name__", "?")), line, frame.f_code.co_name)
        for frame, line in frames[begin:]
        if frame.f_code is not _Calls.ring.__code__
    ]
    return [one for one in places if one[0] not in _BETWEEN]


def place(places: Sequence[Place]) -> str:
    """The last place that is in the module of the first: what that called is a library's."""
    own = [one for one in places if one[0] == places[0][0]]
    module, line, function = own[-1]
    return f"{module} line {line}, in {function}"
