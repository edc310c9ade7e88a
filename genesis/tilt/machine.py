"""The tilt machine: four levels, two of which only a written page ends.

Inputs mean a `Signal`; the table of `levels` gives what follows. Here is the way up and what an
intervention asks for; `recovery` is the way back.
"""

from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    InterventionOpened,
    LockedByHalt,
    Outcome,
    TiltScored,
)
from genesis.domain.paper import RecoverySessionDone
from genesis.domain.time import DAY, utc_day
from genesis.tilt.inputs import Forked, LossTaken, Overridden, Scored, TiltEvent, TimePassed
from genesis.tilt.levels import TRANSITIONS, Signal, moved
from genesis.tilt.recovery import (
    assessed,
    forked,
    leaves_caution_ns,
    lost,
    overridden,
    passed,
    session_held,
)
from genesis.tilt.rules import TiltRules
from genesis.tilt.state import LOCKED, WARNING, TiltState, evolve, limited_at

__all__ = [
    "TRANSITIONS",
    "LossTaken",
    "Overridden",
    "Scored",
    "Signal",
    "TiltEvent",
    "TiltState",
    "TimePassed",
    "decide",
    "evolve",
    "leaves_caution_ns",
    "limited_at",
]

PAUSED: Final = "🟧 Trading paused - Performance optimization needed"


def decide(state: TiltState, event: TiltEvent, rules: TiltRules) -> tuple[Outcome, ...]:
    """What the input makes of the state; empty when it changes nothing."""
    match event:
        case Scored():
            return _scored(state, event, rules)
        case LossTaken():
            return lost(state, event, rules)
        case TimePassed():
            return passed(state, event, rules)
        case Overridden():
            return overridden(state, event, rules)
        case Halted():
            return _halted(state, event, rules)
        case AlertRaised():
            return moved(state, event.ts_ns, state.score, Signal.CRITICAL)
        case Forked():
            return forked(state, event)
        case RecoverySessionDone():
            return session_held(state, event, rules)
    return assessed(state, event, rules)


def _scored(state: TiltState, event: Scored, rules: TiltRules) -> tuple[Outcome, ...]:
    signal = _rise(state, event, rules) if event.rose else None
    change = moved(state, event.ts_ns, event.score, signal)
    level = change[0].new if change else state.level
    told = event.score == state.score and level is state.scored_level
    scored = () if told else (TiltScored(event.ts_ns, event.score, level, event.contributions),)
    if not change or level.rank < WARNING.rank:
        return (*scored, *change)
    return (*scored, *change, _intervention(event.ts_ns, level, rules))


def _rise(state: TiltState, event: Scored, rules: TiltRules) -> Signal | None:
    levels = rules.levels
    if event.score >= levels.locked_enter:
        return Signal.ROSE_TO_LOCKED
    if event.score >= levels.warning_enter and event.sources >= levels.warning_sources:
        return _warning(state, event.ts_ns, rules)
    return Signal.ROSE_TO_CAUTION if event.score >= levels.caution_enter else None


def _warning(state: TiltState, ts_ns: int, rules: TiltRules) -> Signal:
    """A warning soon after another, or before sizes are whole again, is more than a warning."""
    ways = rules.interventions
    if ways is None or state.paused:
        return Signal.ROSE_TO_WARNING
    if limited_at(state, ts_ns):
        return Signal.RELAPSED
    is_again = state.warned_ns is not None and ts_ns < state.warned_ns + ways.repeat_ns
    return Signal.WARNED_AGAIN if is_again else Signal.ROSE_TO_WARNING


def _halted(state: TiltState, event: Halted, rules: TiltRules) -> tuple[Outcome, ...]:
    """A halt of a breaker locks the trader, too, whatever his score is."""
    if rules.interventions is None:
        return ()
    told = LockedByHalt(event.ts_ns, event.source, event.reason)
    change = moved(state, event.ts_ns, state.score, Signal.HALTED)
    opened = (_intervention(event.ts_ns, LOCKED, rules),) if change else ()
    return (*change, told, *opened)


def _intervention(ts_ns: int, level: TiltLevel, rules: TiltRules) -> InterventionOpened:
    words = rules.journal.words_min
    message = f"{PAUSED}\nWrite {words} words about your emotional state to continue"
    until_ns = None
    if level is LOCKED:
        next_midnight = (utc_day(ts_ns) + 1) * DAY
        until_ns = max(ts_ns + rules.levels.locked_min_ns, next_midnight)
    return InterventionOpened(ts_ns, level, message, words, until_ns)
