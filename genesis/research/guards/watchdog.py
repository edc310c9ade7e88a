"""Ends a call into a strategy that does not return by itself."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Final, Self

from genesis.domain.time import SECOND
from genesis.service.clock import elapsed_ns

_SOON_S: Final = 0.001


class Stuck(BaseException):
    """Raised inside the call; no `except Exception` of a strategy catches it."""


class Watchdog:
    """A timer of this process that rings every `seconds` of wall time while it is on.

    A call that is under way at two rings running has had at least `seconds`, and `Stuck` is raised
    in it. Where it cannot work: outside the main thread and where the system has no such timer (see
    `can_watch`), inside one call of a compiled library that never comes back to Python, and against
    a bare `except` that goes on.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls = self._rung_in = 0
        self._inside = False

    def begins(self) -> None:
        """A call into the strategy begins."""
        self._calls += 1
        self._inside = True

    def ends(self) -> None:
        """It came back."""
        self._inside = False

    def __enter__(self) -> Self:
        if can_watch():
            self._since_ns = elapsed_ns()
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._left = signal.setitimer(signal.ITIMER_REAL, self.seconds, self.seconds)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not can_watch():
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        left, interval = self._left
        if left:  # a timer that was running before goes on with what is left of it
            gone = (elapsed_ns() - self._since_ns) / SECOND
            signal.setitimer(signal.ITIMER_REAL, max(_SOON_S, left - gone), interval)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._inside and self._rung_in == self._calls:
            raise Stuck
        self._rung_in = self._calls


def can_watch() -> bool:
    """Can a call be ended here?"""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
