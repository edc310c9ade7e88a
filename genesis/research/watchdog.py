"""A bell of this process that rings while something runs, and what it may raise there."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Self

from genesis.domain.time import SECOND
from genesis.service.clock import elapsed_ns

_SOON_S: Final = 0.001
Ring = Callable[[int, FrameType | None], None]


class Stuck(BaseException):
    """Raised inside a call that does not come back; no `except Exception` in it catches this."""


class Bell:
    """Calls `ring` every `seconds` of wall time while it is on, between two steps of the code that
    runs.

    Where it cannot ring, nothing happens: outside the main thread and where the system has no such
    timer (see `can_watch`). Inside one call of a compiled library that never comes back to Python
    it does not ring either. What it finds (a handler, a timer) it puts back.
    """

    def __init__(self, seconds: float, ring: Ring) -> None:
        self._seconds, self._ring = seconds, ring

    def __enter__(self) -> Self:
        self._is_on = can_watch()
        if self._is_on:
            self._since_ns = elapsed_ns()
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._left = signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_on:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        left, interval = self._left
        if left:  # a timer that was running before goes on with what is left of it
            gone = (elapsed_ns() - self._since_ns) / SECOND
            signal.setitimer(signal.ITIMER_REAL, max(_SOON_S, left - gone), interval)


def can_watch() -> bool:
    """Can a call be ended here?"""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
