"""The line's own circuit breaker: after failures in a row of time it lets the venue rest.

CLOSED lets everything through and counts; OPEN lets nothing through; HALF_OPEN lets exactly one
request try. What must always get through (cancels, stops, questions about orders) does not ask
here, but its failures count. Pure; times are monotonic ns.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.time import SECOND


class State(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Happening(StrEnum):
    """TRIPPED: too many failures. TRIED: the rest is over, one request leaves.

    FAILED, PASSED, DROPPED: how that request ended; dropped: nobody knows, as it never left.
    """

    TRIPPED = "TRIPPED"
    TRIED = "TRIED"
    FAILED = "FAILED"
    PASSED = "PASSED"
    DROPPED = "DROPPED"


TRANSITIONS: Final[Mapping[tuple[State, Happening], State]] = MappingProxyType(
    {
        (State.CLOSED, Happening.TRIPPED): State.OPEN,
        (State.OPEN, Happening.TRIED): State.HALF_OPEN,
        (State.HALF_OPEN, Happening.FAILED): State.OPEN,
        (State.HALF_OPEN, Happening.PASSED): State.CLOSED,
        (State.HALF_OPEN, Happening.DROPPED): State.OPEN,
    }
)
"""A pair that is not in the table changes nothing."""


@dataclass(frozen=True, slots=True)
class CircuitTerms:
    """`failures` within `span_ns` (the last one counted, the oldest younger than it) open it."""

    failures: int = 5
    span_ns: int = 30 * SECOND
    rest_ns: int = 60 * SECOND


class Pass(StrEnum):
    """With what a request left: as any other, or as the one that tries."""

    PLAIN = "PLAIN"
    PROBE = "PROBE"


class Circuit:
    """One breaker for one line. Every `Pass` given out is handed back once, by one of three."""

    def __init__(self, terms: CircuitTerms) -> None:
        self.terms = terms
        self.state = State.CLOSED
        self._failed: deque[int] = deque()
        self._rested_ns = 0

    def enter(self, now_ns: int) -> Pass | None:
        """Leave to send; None: not now."""
        if self.state is State.CLOSED:
            return Pass.PLAIN
        if self.state is State.OPEN and now_ns >= self._rested_ns:
            self._move(Happening.TRIED)
            return Pass.PROBE
        return None

    def rest_ns(self, now_ns: int) -> int:
        """How long it lets nothing through yet; 0 too while one request is trying."""
        return max(0, self._rested_ns - now_ns) if self.state is State.OPEN else 0

    def failed(self, given: Pass, now_ns: int) -> None:
        """No answer, or one by which the venue says that it does not work."""
        if given is Pass.PROBE:
            self._rested_ns = now_ns + self.terms.rest_ns
            self._move(Happening.FAILED)
        elif self.state is State.CLOSED:
            self._count(now_ns)

    def passed(self, given: Pass) -> None:
        """The venue answered, whatever it said."""
        if given is Pass.PROBE:
            self._move(Happening.PASSED)

    def dropped(self, given: Pass) -> None:
        """It says nothing about the venue: it was given up here."""
        if given is Pass.PROBE:
            self._move(Happening.DROPPED)

    def _count(self, now_ns: int) -> None:
        self._failed.append(now_ns)
        while now_ns - self._failed[0] >= self.terms.span_ns:
            self._failed.popleft()
        if len(self._failed) >= self.terms.failures:
            self._failed.clear()
            self._rested_ns = now_ns + self.terms.rest_ns
            self._move(Happening.TRIPPED)

    def _move(self, happening: Happening) -> None:
        self.state = TRANSITIONS.get((self.state, happening), self.state)
