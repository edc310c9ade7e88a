"""Overrides: the other way out of an intervention, always the worse deal, and soon used up.

So many attempts, or one that is accepted, in a rolling window lock overrides; every further lock
inside the escalation window lasts twice as long. A call while they are locked is told so and
changes nothing. TRANSITIONS is the whole course; a pair that is not in it changes nothing.

Every accepted override leaves a page owed: it is shown until it is handed in, beside whatever page
a later intervention asks for. An override lifts the pause of tilt alone: a halt, an emergency, a
block and the tier stay what they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.outcomes import OverrideJudged, OverrideLocked, PageOwed
from genesis.tilt.rules import OverrideRules

ACCEPTED: Final = "accepted"
LOCKED_OUT: Final = "locked"
MALFORMED: Final = "malformed"
WRONG_PHRASE: Final = "phrase"
BAD_PAGE: Final = "journal"
HALTED: Final = "halted"
NOT_PAUSED: Final = "not_paused"


class Phase(StrEnum):
    OPEN = "OPEN"
    LOCKED = "LOCKED"


class Signal(StrEnum):
    """What a call means to the table."""

    FAILED = "FAILED"
    USED_UP = "USED_UP"
    ACCEPTED = "ACCEPTED"


TRANSITIONS: Final[Mapping[tuple[Phase, Signal], Phase]] = MappingProxyType(
    {
        (Phase.OPEN, Signal.FAILED): Phase.OPEN,
        (Phase.OPEN, Signal.USED_UP): Phase.LOCKED,
        (Phase.OPEN, Signal.ACCEPTED): Phase.LOCKED,
    }
)


@dataclass(frozen=True, slots=True)
class OverrideState:
    """attempts_ns: of the window. locks_ns: when locks of the escalation window began.

    active_until_ns: sizes are small until then after the last accepted override. pages_owed: for
    accepted overrides.
    """

    attempts_ns: tuple[int, ...] = ()
    locks_ns: tuple[int, ...] = ()
    locked_until_ns: int | None = None
    active_until_ns: int | None = None
    pages_owed: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call. `reason`: `ACCEPTED`, or what is wrong with it."""

    ts_ns: int
    client_ref: str | None
    reason: str


Fact = OverrideJudged | OverrideLocked | PageOwed


def phase_at(state: OverrideState, now_ns: int) -> Phase:
    """A lock ends exactly at its last instant."""
    until_ns = state.locked_until_ns
    return Phase.LOCKED if until_ns is not None and now_ns < until_ns else Phase.OPEN


def attempts_left(state: OverrideState, now_ns: int, rules: OverrideRules) -> int:
    if phase_at(state, now_ns) is Phase.LOCKED:
        return 0
    used = sum(at > now_ns - rules.window_ns for at in state.attempts_ns)
    return max(0, rules.attempts_max - used)


def decide(state: OverrideState, attempt: Attempt, rules: OverrideRules) -> tuple[Fact, ...]:
    """What a call leads to."""
    now_ns = attempt.ts_ns
    left = attempts_left(state, now_ns, rules) - 1
    is_accepted = attempt.reason == ACCEPTED
    signal = Signal.FAILED if left > 0 else Signal.USED_UP
    signal = Signal.ACCEPTED if is_accepted else signal
    phase = TRANSITIONS.get((phase_at(state, now_ns), signal))
    if phase is None:
        return (_judged(attempt, LOCKED_OUT, 0, state.locked_until_ns),)
    if phase is Phase.OPEN:
        return (_judged(attempt, attempt.reason, left, None),)
    until_ns = now_ns + _lock_ns(state, now_ns, rules)
    ended = (_judged(attempt, attempt.reason, 0, until_ns), OverrideLocked(now_ns, until_ns))
    return (*ended, PageOwed(now_ns, state.pages_owed + 1)) if is_accepted else ended


def page_handed_in(state: OverrideState, ts_ns: int) -> tuple[Fact, ...]:
    """An accepted page that no intervention asked for pays for an override."""
    return (PageOwed(ts_ns, state.pages_owed - 1),) if state.pages_owed else ()


def evolve(state: OverrideState, fact: Fact, rules: OverrideRules) -> OverrideState:
    """The state after a fact that was decided."""
    now_ns = fact.ts_ns
    match fact:
        case PageOwed(pages=pages):
            return replace(state, pages_owed=pages)
        case OverrideLocked(until_ns=until_ns):
            locks = _recent(state.locks_ns, now_ns, rules.escalation_ns)
            return replace(state, locks_ns=(*locks, now_ns), locked_until_ns=until_ns)
        case OverrideJudged(reason=reason) if reason != LOCKED_OUT:
            attempts = (*_recent(state.attempts_ns, now_ns, rules.window_ns), now_ns)
            active_ns = now_ns + rules.limited_ns if fact.accepted else state.active_until_ns
            return replace(state, attempts_ns=attempts, active_until_ns=active_ns)
    return state


def _judged(attempt: Attempt, reason: str, left: int, until_ns: int | None) -> OverrideJudged:
    is_accepted = reason == ACCEPTED
    return OverrideJudged(attempt.ts_ns, attempt.client_ref, is_accepted, reason, left, until_ns)


def _lock_ns(state: OverrideState, now_ns: int, rules: OverrideRules) -> int:
    """Twice as long as the lock before, for each one of the escalation window."""
    earlier = len(_recent(state.locks_ns, now_ns, rules.escalation_ns))
    return min(rules.lock_ns << earlier, rules.lock_max_ns)


def _recent(stamps: tuple[int, ...], now_ns: int, window_ns: int) -> tuple[int, ...]:
    return tuple(at for at in stamps if at > now_ns - window_ns)
