"""The table of levels: what follows from a signal, and nothing else does.

A level may rise by several steps and falls by one step per evaluation. A pair that is not in the
table changes nothing.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.outcomes import TiltLevelChanged
from genesis.tilt.state import CAUTION, LOCKED, NORMAL, WARNING, TiltState


class Signal(StrEnum):
    """What an input means to the table."""

    ROSE_TO_CAUTION = "ROSE_TO_CAUTION"
    ROSE_TO_WARNING = "ROSE_TO_WARNING"
    ROSE_TO_LOCKED = "ROSE_TO_LOCKED"
    WARNED_AGAIN = "WARNED_AGAIN"
    RELAPSED = "RELAPSED"
    HALTED = "HALTED"
    CRITICAL = "CRITICAL"
    FORKED = "FORKED"
    CALMED = "CALMED"
    LOCK_OVER = "LOCK_OVER"
    PAGE_DONE = "PAGE_DONE"
    OVERRIDDEN = "OVERRIDDEN"


TRANSITIONS: Final[Mapping[tuple[TiltLevel, Signal], TiltLevel]] = MappingProxyType(
    {
        (NORMAL, Signal.ROSE_TO_CAUTION): CAUTION,
        (NORMAL, Signal.ROSE_TO_WARNING): WARNING,
        (NORMAL, Signal.ROSE_TO_LOCKED): LOCKED,
        (CAUTION, Signal.ROSE_TO_WARNING): WARNING,
        (CAUTION, Signal.ROSE_TO_LOCKED): LOCKED,
        (WARNING, Signal.ROSE_TO_LOCKED): LOCKED,
        (NORMAL, Signal.WARNED_AGAIN): LOCKED,
        (CAUTION, Signal.WARNED_AGAIN): LOCKED,
        (NORMAL, Signal.RELAPSED): LOCKED,
        (CAUTION, Signal.RELAPSED): LOCKED,
        (NORMAL, Signal.HALTED): LOCKED,
        (CAUTION, Signal.HALTED): LOCKED,
        (WARNING, Signal.HALTED): LOCKED,
        (NORMAL, Signal.CRITICAL): CAUTION,
        (NORMAL, Signal.FORKED): CAUTION,
        (CAUTION, Signal.CALMED): NORMAL,
        (LOCKED, Signal.LOCK_OVER): WARNING,
        (WARNING, Signal.PAGE_DONE): CAUTION,
        (LOCKED, Signal.OVERRIDDEN): WARNING,
        (WARNING, Signal.OVERRIDDEN): CAUTION,
    }
)

_REASONS: Final = {
    Signal.ROSE_TO_CAUTION: "the score rose",
    Signal.ROSE_TO_WARNING: "the score rose, from more than one source",
    Signal.ROSE_TO_LOCKED: "the score rose",
    Signal.WARNED_AGAIN: "the second warning in a short time",
    Signal.RELAPSED: "a warning while sizes were still limited",
    Signal.HALTED: "a breaker halted trading",
    Signal.CRITICAL: "the fall from the peak is critical",
    Signal.FORKED: "the log was recovered, and part of what was done is not known",
    Signal.CALMED: "calm for long enough",
    Signal.LOCK_OVER: "the lock time is over",
    Signal.PAGE_DONE: "the page was accepted",
    Signal.OVERRIDDEN: "an override was accepted",
}


def moved(
    state: TiltState, ts_ns: int, score: int, signal: Signal | None
) -> tuple[TiltLevelChanged, ...]:
    """The change the table makes of a signal; empty where it has no row."""
    level = None if signal is None else TRANSITIONS.get((state.level, signal))
    if signal is None or level is None:
        return ()
    return (TiltLevelChanged(ts_ns, state.level, level, score, _REASONS[signal]),)
