"""The way back from an intervention: page, lock time, quiet session, then small sizes for a while.

Nothing here waits for something that cannot be done: time passes by itself, a page can always be
written, and a session is asked for only where there is a paper lane to hold it in.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    Outcome,
    RecoverySessionJudged,
    SizesEased,
)
from genesis.domain.paper import RecoverySessionDone
from genesis.domain.time import DAY, MINUTE, utc_day
from genesis.tilt.inputs import Forked, LossTaken, Overridden, TimePassed
from genesis.tilt.levels import Signal, moved
from genesis.tilt.rules import TiltRules
from genesis.tilt.state import CAUTION, LOCKED, WARNING, TiltState, eased_at, limited_at

LOCK_WAITS: Final = "Page accepted - Trading resumes when the lock time is over"
SESSION_WAITS: Final = (
    "Page accepted - Trading resumes after a quiet session of {minutes} minutes in the paper lane"
)


def lost(state: TiltState, event: LossTaken, rules: TiltRules) -> tuple[Outcome, ...]:
    """A full loss inside the limited hour starts it again; in a pause the page is still due."""
    is_full = event.loss_r >= rules.recovery.restart_loss_r
    if state.paused or not is_full or not limited_at(state, event.ts_ns):
        return ()
    hour = _limited_hour(state, event.ts_ns, rules)
    again = _eased(event.ts_ns, hour, rules) if eased_at(state, event.ts_ns) else ()
    return (hour, *again)


def assessed(state: TiltState, event: JournalAssessed, rules: TiltRules) -> tuple[Outcome, ...]:
    """An accepted page ends a pause, unless a time or a session is still to be waited for."""
    if not event.accepted or not state.paused or not state.words_required:
        return ()
    if state.level is LOCKED:  # the page counts already, the time is still to be waited for
        return (InterventionOpened(event.ts_ns, LOCKED, LOCK_WAITS, 0, state.lock_until_ns),)
    if state.session_due and rules.interventions is not None:
        message = SESSION_WAITS.format(minutes=rules.interventions.session_ns // MINUTE)
        return (InterventionOpened(event.ts_ns, state.level, message, 0),)
    return _recovered(state, event.ts_ns, rules)


def session_held(
    state: TiltState, event: RecoverySessionDone, rules: TiltRules
) -> tuple[RecoverySessionJudged, ...]:
    """A session in the paper lane is one of the ways out of a lock, when it was a quiet one."""
    ways = rules.interventions
    if ways is None or not state.session_due:
        return ()
    reason = "accepted"
    if event.started_ns < (state.locked_ns or 0):
        reason = "it began before the lock"
    elif event.indicator_events:
        reason = f"{event.indicator_events} acts in it were not calm"
    elif event.ts_ns - event.started_ns - event.away_ns < ways.session_ns:
        reason = f"it was shorter than {ways.session_ns // MINUTE} minutes"
    return (RecoverySessionJudged(event.ts_ns, reason == "accepted", reason),)


def passed(state: TiltState, event: TimePassed, rules: TiltRules) -> tuple[Outcome, ...]:
    """Everything that is due at this moment; one step down at most."""
    ended: tuple[Outcome, ...] = ()
    if state.limited_until_ns is not None and event.ts_ns >= state.limited_until_ns:
        ended = (LimitedHourEnded(state.limited_until_ns),)
    signal = _due(state, event, rules)
    if signal is Signal.PAGE_DONE:
        return (*ended, *_recovered(state, event.ts_ns, rules))
    return (*ended, *moved(state, event.ts_ns, state.score, signal))


def _due(state: TiltState, event: TimePassed, rules: TiltRules) -> Signal | None:
    now = event.ts_ns
    if state.lock_until_ns is not None and now >= state.lock_until_ns:
        return Signal.LOCK_OVER
    if state.paused and not state.words_required and not state.session_due:
        return Signal.PAGE_DONE
    calm_until = leaves_caution_ns(state, event.calm_since_ns, rules)
    return Signal.CALMED if calm_until is not None and now >= calm_until else None


def leaves_caution_ns(state: TiltState, calm_since_ns: int | None, rules: TiltRules) -> int | None:
    """When CAUTION will have been calm for long enough, if it stays calm."""
    if state.level is not CAUTION or calm_since_ns is None:
        return None
    return max(calm_since_ns, state.since_ns) + rules.levels.caution_leave_after_ns


def _recovered(state: TiltState, ts_ns: int, rules: TiltRules) -> tuple[Outcome, ...]:
    change = moved(state, ts_ns, state.score, Signal.PAGE_DONE)
    if not change:
        return ()
    hour = _limited_hour(state, ts_ns, rules)
    return (*change, hour, *(_eased(ts_ns, hour, rules) if state.was_locked else ()))


def overridden(state: TiltState, event: Overridden, rules: TiltRules) -> tuple[Outcome, ...]:
    """One level down; out of WARNING trading resumes, with what is left of the sizes."""
    change = moved(state, event.ts_ns, state.score, Signal.OVERRIDDEN)
    if not change or change[0].new.rank >= WARNING.rank:
        return change
    limited = _limited(state, event.ts_ns, event.multiplier, event.until_ns)
    return (*change, limited, *(_eased(event.ts_ns, limited, rules) if state.was_locked else ()))


def forked(state: TiltState, event: Forked) -> tuple[Outcome, ...]:
    """CAUTION at least, and sizes no larger than the lost part of the log had them."""
    facts: list[Outcome] = [*moved(state, event.ts_ns, state.score, Signal.FORKED)]
    if event.limited is not None and not state.paused:  # in a pause they are held: see `held`
        facts.append(_limited(state, event.ts_ns, *event.limited))
    if event.eased is not None:
        share, until_ns = event.eased
        if eased_at(state, event.ts_ns):
            share = min(share, state.easing_multiplier)
            until_ns = max(until_ns, state.eased_until_ns or until_ns)
        facts.append(SizesEased(event.ts_ns, share, until_ns))
    return tuple(facts)


def held(state: TiltState, ts_ns: int, multiplier: Decimal, until_ns: int) -> TiltState:
    """A pause in which sizes are limited already, and its page ends no more than the pause."""
    limited = _limited(state, ts_ns, multiplier, until_ns)
    return state._replace(limited_multiplier=limited.multiplier, limited_until_ns=limited.until_ns)


def _eased(ts_ns: int, limited: LimitedHourStarted, rules: TiltRules) -> tuple[SizesEased, ...]:
    """After a lock: the UTC day in which the limit ends is not a day of full sizes either."""
    if rules.interventions is None:
        return ()
    until_ns = (utc_day(limited.until_ns) + 1) * DAY
    return (SizesEased(ts_ns, rules.interventions.easing_multiplier, until_ns),)


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
