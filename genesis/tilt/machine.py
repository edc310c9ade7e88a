"""The tilt machine: four levels, two of which only a written page ends.

Inputs mean a `Signal`; TRANSITIONS gives the level that follows. A pair that is not in the table
changes nothing. A level may rise by several steps and falls by one step per evaluation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.money import ONE
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    Outcome,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import DAY, utc_day
from genesis.tilt.rules import TiltRules

NORMAL, CAUTION = TiltLevel.NORMAL, TiltLevel.CAUTION
WARNING, LOCKED = TiltLevel.WARNING, TiltLevel.LOCKED
PAUSED: Final = "🟧 Trading paused - Performance optimization needed"


# -- inputs ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Scored:
    """The score of a moment. `rose`: an act has just added evidence; `sources`: how many
    indicators carry a fair share of it. Only a rising score raises a level."""

    ts_ns: int
    score: int
    contributions: tuple[tuple[str, int], ...]
    sources: int
    rose: bool


@dataclass(frozen=True, slots=True)
class LossTaken:
    """A closed trade lost `loss_r` initial risks (above 0)."""

    ts_ns: int
    loss_r: float


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `ts_ns`; the score has been below the leave line of CAUTION since `calm_since_ns`."""

    ts_ns: int
    calm_since_ns: int | None


@dataclass(frozen=True, slots=True)
class Overridden:
    """An override was accepted: sizes get this multiplier until `until_ns`."""

    ts_ns: int
    multiplier: Decimal
    until_ns: int


TiltEvent = Scored | LossTaken | TimePassed | JournalAssessed | Overridden


# -- the table -------------------------------------------------------------------------------
class Signal(StrEnum):
    """What an input means to the table."""

    ROSE_TO_CAUTION = "ROSE_TO_CAUTION"
    ROSE_TO_WARNING = "ROSE_TO_WARNING"
    ROSE_TO_LOCKED = "ROSE_TO_LOCKED"
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
    Signal.CALMED: "calm for long enough",
    Signal.LOCK_OVER: "the lock time is over",
    Signal.PAGE_DONE: "the page was accepted",
    Signal.OVERRIDDEN: "an override was accepted",
}


# -- the state -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TiltState:
    """Level and score of the trader.

    scored_level: the level told with the last score. words_required: of the page (0: none is
    due). paused: trading waits for an intervention to end. lock_until_ns: of LOCKED.
    limited_until_ns, limited_multiplier: the hour after an accepted page.
    """

    level: TiltLevel = NORMAL
    score: int = 0
    contributions: tuple[tuple[str, int], ...] = ()
    scored_level: TiltLevel = NORMAL
    since_ns: int = 0
    words_required: int = 0
    lock_until_ns: int | None = None
    limited_until_ns: int | None = None
    limited_multiplier: Decimal = ONE

    @property
    def paused(self) -> bool:
        return self.level.rank >= WARNING.rank


def decide(state: TiltState, event: TiltEvent, rules: TiltRules) -> tuple[Outcome, ...]:
    """What the input makes of the state; empty when it changes nothing."""
    if isinstance(event, Scored):
        return _scored(state, event, rules)
    if isinstance(event, LossTaken):
        return _lost(state, event, rules)
    if isinstance(event, TimePassed):
        return _passed(state, event, rules)
    if isinstance(event, Overridden):
        return _overridden(state, event)
    return _assessed(state, event, rules)


def evolve(state: TiltState, outcome: Outcome) -> TiltState:
    """The state after an outcome that was decided; outcomes of others change nothing."""
    match outcome:
        case TiltScored(score=score, level=level, contributions=contributions):
            return replace(state, score=score, scored_level=level, contributions=contributions)
        case TiltLevelChanged(ts_ns=ts_ns, new=level):
            lock = state.lock_until_ns if level is LOCKED else None
            return replace(state, level=level, since_ns=ts_ns, lock_until_ns=lock)
        case InterventionOpened(journal_words=words, until_ns=until_ns):
            return replace(state, words_required=words, lock_until_ns=until_ns)
        case LimitedHourStarted(multiplier=multiplier, until_ns=until_ns):
            return replace(
                state,
                words_required=0,
                limited_multiplier=multiplier,
                limited_until_ns=until_ns,
            )
        case LimitedHourEnded():
            return replace(state, limited_until_ns=None, limited_multiplier=ONE)
    return state


def limited_at(state: TiltState, now_ns: int) -> bool:
    """Is the hour after an accepted page running? It ends exactly at its last instant."""
    return state.limited_until_ns is not None and now_ns < state.limited_until_ns


# -- decisions -------------------------------------------------------------------------------
def _scored(state: TiltState, event: Scored, rules: TiltRules) -> tuple[Outcome, ...]:
    signal = _rise(event, rules) if event.rose else None
    moved = _moved(state, event.ts_ns, event.score, signal)
    level = moved[0].new if moved else state.level
    told = event.score == state.score and level is state.scored_level
    scored = () if told else (TiltScored(event.ts_ns, event.score, level, event.contributions),)
    if not moved or level.rank < WARNING.rank:
        return (*scored, *moved)
    return (*scored, *moved, _intervention(event.ts_ns, level, rules))


def _rise(event: Scored, rules: TiltRules) -> Signal | None:
    levels = rules.levels
    if event.score >= levels.locked_enter:
        return Signal.ROSE_TO_LOCKED
    if event.score >= levels.warning_enter and event.sources >= levels.warning_sources:
        return Signal.ROSE_TO_WARNING
    return Signal.ROSE_TO_CAUTION if event.score >= levels.caution_enter else None


def _intervention(ts_ns: int, level: TiltLevel, rules: TiltRules) -> InterventionOpened:
    words = rules.journal.words_min
    message = f"{PAUSED}\nWrite {words} words about your emotional state to continue"
    until_ns = None
    if level is LOCKED:
        next_midnight = (utc_day(ts_ns) + 1) * DAY
        until_ns = max(ts_ns + rules.levels.locked_min_ns, next_midnight)
    return InterventionOpened(ts_ns, level, message, words, until_ns)


def _lost(state: TiltState, event: LossTaken, rules: TiltRules) -> tuple[Outcome, ...]:
    """A full loss inside the limited hour starts it again; in a pause the page is still due."""
    is_full = event.loss_r >= rules.recovery.restart_loss_r
    if state.paused or not is_full or not limited_at(state, event.ts_ns):
        return ()
    return (_limited_hour(state, event.ts_ns, rules),)


def _assessed(state: TiltState, event: JournalAssessed, rules: TiltRules) -> tuple[Outcome, ...]:
    if not event.accepted or not state.paused or not state.words_required:
        return ()
    if state.level is LOCKED:  # the page counts already, the time is still to be waited for
        message = "Page accepted - Trading resumes when the lock time is over"
        return (InterventionOpened(event.ts_ns, LOCKED, message, 0, state.lock_until_ns),)
    return _recovered(state, event.ts_ns, rules)


def _passed(state: TiltState, event: TimePassed, rules: TiltRules) -> tuple[Outcome, ...]:
    """Everything that is due at this moment; one step down at most."""
    ended: tuple[Outcome, ...] = ()
    if state.limited_until_ns is not None and event.ts_ns >= state.limited_until_ns:
        ended = (LimitedHourEnded(state.limited_until_ns),)
    signal = _due(state, event, rules)
    if signal is Signal.PAGE_DONE:
        return (*ended, *_recovered(state, event.ts_ns, rules))
    return (*ended, *_moved(state, event.ts_ns, state.score, signal))


def _due(state: TiltState, event: TimePassed, rules: TiltRules) -> Signal | None:
    now = event.ts_ns
    if state.lock_until_ns is not None and now >= state.lock_until_ns:
        return Signal.LOCK_OVER
    if state.paused and not state.words_required:
        return Signal.PAGE_DONE
    calm_until = leaves_caution_ns(state, event.calm_since_ns, rules)
    return Signal.CALMED if calm_until is not None and now >= calm_until else None


def leaves_caution_ns(state: TiltState, calm_since_ns: int | None, rules: TiltRules) -> int | None:
    """When CAUTION will have been calm for long enough, if it stays calm."""
    if state.level is not CAUTION or calm_since_ns is None:
        return None
    return max(calm_since_ns, state.since_ns) + rules.levels.caution_leave_after_ns


def _recovered(state: TiltState, ts_ns: int, rules: TiltRules) -> tuple[Outcome, ...]:
    moved = _moved(state, ts_ns, state.score, Signal.PAGE_DONE)
    return (*moved, _limited_hour(state, ts_ns, rules)) if moved else ()


def _overridden(state: TiltState, event: Overridden) -> tuple[Outcome, ...]:
    """One level down; out of WARNING trading resumes, with what is left of the sizes."""
    moved = _moved(state, event.ts_ns, state.score, Signal.OVERRIDDEN)
    if not moved or moved[0].new.rank >= WARNING.rank:
        return moved
    return (*moved, _limited(state, event.ts_ns, event.multiplier, event.until_ns))


def _limited_hour(state: TiltState, ts_ns: int, rules: TiltRules) -> LimitedHourStarted:
    recovery = rules.recovery
    return _limited(state, ts_ns, recovery.limited_multiplier, ts_ns + recovery.limited_ns)


def _limited(
    state: TiltState, ts_ns: int, multiplier: Decimal, until_ns: int
) -> LimitedHourStarted:
    """Sizes are limited from now on; a stricter limit that still runs is never loosened."""
    if state.limited_until_ns is not None and limited_at(state, ts_ns):
        multiplier = min(multiplier, state.limited_multiplier)
        until_ns = max(until_ns, state.limited_until_ns)
    return LimitedHourStarted(ts_ns, multiplier, until_ns)


def _moved(
    state: TiltState, ts_ns: int, score: int, signal: Signal | None
) -> tuple[TiltLevelChanged, ...]:
    """The change the table makes of a signal; empty where it has no row."""
    level = None if signal is None else TRANSITIONS.get((state.level, signal))
    if signal is None or level is None:
        return ()
    return (TiltLevelChanged(ts_ns, state.level, level, score, _REASONS[signal]),)
