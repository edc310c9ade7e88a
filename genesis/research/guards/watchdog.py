"""Ends a call into a strategy that does not return by itself."""

from types import FrameType, TracebackType
from typing import Self

from genesis.research.watchdog import Bell, Stuck


class Watchdog:
    """A bell of this process that rings every `seconds` of wall time while it is on.

    A call that is under way at two rings running has had at least `seconds`, and `Stuck` is raised
    in it. Where the bell cannot ring it does nothing; against a bare `except` that goes on it is of
    no use.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._bell = Bell(seconds, self._ring)
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
        self._bell.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bell.__exit__(kind, error, trace)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._inside and self._rung_in == self._calls:
            raise Stuck
        self._rung_in = self._calls
