"""The tier machine: state = (tier, mode), a pure fold of facts. No function sets a tier.

An event means a `Happening`; TRANSITIONS gives the mode that follows from it. A pair that is not
in the table is refused and changes nothing. A way up takes four steps, each in an instant of its
own: gates pass at the evaluation of a day (PAPER48), they still do after the paper time (CEREMONY),
the phrase is typed (the next tier, ADJUST48), the first days there went well (ACTIVE). A loss of
the day and a halt go before all of them. The ways back ask for time, a page and quiet days.
"""

from dataclasses import replace
from decimal import Decimal

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.keeping import ClocksSetBack
from genesis.domain.outcomes import TierChanged
from genesis.domain.time import HOUR, utc_day
from genesis.tiers.asked import against_go_live, against_reset, against_step_down
from genesis.tiers.capital import CapitalFall
from genesis.tiers.inputs import (
    DailyLossExceeded,
    DayEvaluated,
    Disturbed,
    GoLiveGiven,
    HaltReached,
    ModeTime,
    PhraseGiven,
    RecordBroken,
    RecordRestored,
    ResetAsked,
    Standing,
    SteppedDown,
    TierEvent,
)
from genesis.tiers.rules import TierTable
from genesis.tiers.state import Interrupted, TierState
from genesis.tiers.transitions import (
    CAPITAL_REASON,
    DAILY_LOSS_REASON,
    REASONS,
    RESET_REASON,
    RESUMED,
    TRANSITIONS,
    Happening,
)

_DOWN = frozenset({Happening.CAPITAL_LOST, Happening.CAPITAL_WITHDRAWN, Happening.STEPPED_DOWN})
_GO_ON_BELOW = frozenset({TierMode.EMERGENCY, TierMode.RECOVERY})
"""Modes whose clock runs on where the tier falls in them."""


def decide(state: TierState | None, event: TierEvent, table: TierTable) -> tuple[TierChanged, ...]:
    """What the event makes of the state; empty when the table refuses it. None: not opened yet."""
    happening = _happening(state, event, table)
    mode = None if happening is None else _mode_after(state, happening, table)
    if happening is None or mode is None:
        return ()
    if isinstance(event, AccountOpened):
        tier = table.opening_tier if event.is_paper else Tier.SNIPER
        return (TierChanged(event.ts_ns, tier, mode, tier, mode, REASONS[happening]),)
    assert state is not None
    tier = _tier_after(state, event, happening, table)
    reason = _reason(event, happening, table)
    return (TierChanged(event.ts_ns, state.tier, state.mode, tier, mode, reason),)


def evolve(state: TierState | None, outcome: TierChanged, table: TierTable) -> TierState:
    """The state after a change that was decided."""
    ts_ns, tier, mode = outcome.ts_ns, outcome.tier, outcome.mode
    if state is None:
        until_ns = _until(outcome, table)
        return TierState(tier, mode, ts_ns, tier_since_ns=ts_ns, until_ns=until_ns)
    since_ns, until_ns = _clock(state, outcome, table)
    moved = replace(
        state,
        tier=tier,
        mode=mode,
        since_ns=since_ns,
        tier_since_ns=state.tier_since_ns if state.tier is tier else ts_ns,
        until_ns=until_ns,
        interrupted=_interrupted(state, outcome, table),
    )
    if outcome.reason == RESET_REASON and state.mode is TierMode.HALTED:
        return replace(moved, reset_ns=ts_ns)
    if outcome.reason == DAILY_LOSS_REASON and not _is_new_halt(state, mode):
        moved = replace(moved, emergency_day=utc_day(ts_ns))
    elif tier.rank <= state.tier.rank and not _lost_capital(state, outcome):
        return moved
    return replace(moved, no_promotion_before_ns=_later(state, ts_ns + table.readvance_ns))


def set_back(state: TierState, outcome: ClocksSetBack, table: TierTable) -> TierState:
    """The state after time in which no clock of a way up ran; nor, by these rules, of one back."""
    by_ns, waits_ns, halted = outcome.by_ns, state.no_promotion_before_ns, state.interrupted
    moved = replace(
        state,
        tier_since_ns=state.tier_since_ns + by_ns,
        no_promotion_before_ns=None if waits_ns is None else waits_ns + by_ns,
    )
    if not table.interruptions.halts:
        return moved
    if halted is None:
        since_ns, until_ns = _clock_set_back(state, outcome)
        return replace(moved, since_ns=since_ns, until_ns=until_ns)
    since_ns, until_ns = _clock_set_back(halted, outcome)
    return replace(moved, interrupted=replace(halted, since_ns=since_ns, until_ns=until_ns))


def reset_at(state: TierState, ts_ns: int) -> TierState:
    """The state after a manual reset that this record does not hold."""
    return replace(state, reset_ns=max(ts_ns, state.reset_ns or 0))


def halted_at(state: TierState, ts_ns: int) -> TierState:
    """The state of a halt that lasts, as far as is known, since then."""
    is_halted = state.mode is TierMode.HALTED
    return replace(state, since_ns=max(ts_ns, state.since_ns)) if is_halted else state


def leads_up(tier: Tier, table: TierTable) -> bool:
    """Is there a way out of the tier, up to the next one?"""
    gates = table.gates.get(tier)
    return gates is not None and gates.ceremony is not None


# -- what an event means ---------------------------------------------------------------------
def _happening(state: TierState | None, event: TierEvent, table: TierTable) -> Happening | None:
    match event:
        case AccountOpened():
            return Happening.OPENED_PAPER if event.is_paper else Happening.OPENED_LIVE
        case HaltReached():
            return Happening.HALT
        case RecordBroken():
            return Happening.RECORD_BROKEN
        case RecordRestored():
            return Happening.RECORD_RESTORED
        case Disturbed():
            return Happening.DISTURBED
    if state is None:
        return None
    match event:
        case DailyLossExceeded():  # one loss of one day demotes once
            same_day = state.emergency_day == utc_day(event.ts_ns)
            return None if same_day else Happening.DAILY_LOSS
        case DayEvaluated():
            return _evaluated(state, event, table)
        case PhraseGiven():
            stands = _may_rise(state, event.ts_ns, event.standing)
            return Happening.CONFIRMED if stands and leads_up(state.tier, table) else None
        case ModeTime():
            return _passed(state, event, table)
    return _asked(state, event, table)


def _asked(
    state: TierState, event: GoLiveGiven | SteppedDown | ResetAsked, table: TierTable
) -> Happening | None:
    """A step the trader asks for, unless something stands against it."""
    match event:
        case GoLiveGiven():
            return None if against_go_live(state, event, table) else Happening.WENT_LIVE
        case SteppedDown():
            return None if against_step_down(state, table) else Happening.STEPPED_DOWN
        case ResetAsked():
            if against_reset(state, event, table):
                return None
            return Happening.OWN_RESET if event.is_own else Happening.RESET


def _evaluated(state: TierState, event: DayEvaluated, table: TierTable) -> Happening | None:
    """What an evaluation means, one step of it: what leads down first, then what leads back, then
    what leads up. In the instant in which a mode began it moves no further.
    """
    if state.since_ns == event.ts_ns:
        return None
    return _fallen(state, event.standing) or _back(state, event, table) or _up(state, event, table)


def _fallen(state: TierState, standing: Standing) -> Happening | None:
    if state.mode is not TierMode.ACTIVE or state.tier is Tier.SNIPER or not standing.capital:
        return None
    if standing.capital is CapitalFall.WITHDRAWN:
        return Happening.CAPITAL_WITHDRAWN
    return Happening.CAPITAL_LOST


def _back(state: TierState, event: DayEvaluated, table: TierTable) -> Happening | None:
    """The way out of EMERGENCY and RECOVERY; every part of it can be walked with small orders."""
    rules, standing = table.recovery, event.standing
    if rules is None:
        return None
    if state.mode is TierMode.EMERGENCY:
        is_over = event.ts_ns >= state.since_ns + rules.emergency_ns
        is_good = standing.profitable_days >= rules.profitable_days
        is_done = is_over and is_good and standing.page_done and standing.is_calm
        return Happening.CALMED if is_done else None
    if state.mode is TierMode.RECOVERY:
        is_long = standing.trading_days >= rules.trading_days
        is_good = standing.result_usdt >= 0 and not standing.violations
        return Happening.RECOVERED if is_long and is_good else None
    return None


def _up(state: TierState, event: DayEvaluated, table: TierTable) -> Happening | None:
    standing, gates = event.standing, table.gates.get(state.tier)
    if gates is None or gates.ceremony is None:
        return None
    if not standing.gates_passed:
        return Happening.GATE_FAILED
    if state.mode is TierMode.ACTIVE:
        rises = _may_rise(state, event.ts_ns, standing)
        return Happening.GATES_PASSED if rises else None
    ceremony = gates.ceremony
    is_over = event.ts_ns >= state.since_ns + ceremony.paper_ns
    is_good = standing.profitable_days >= ceremony.paper_profitable_days
    return Happening.PAPER_DONE if is_over and is_good else None


def _may_rise(state: TierState, ts_ns: int, standing: Standing) -> bool:
    waits = state.no_promotion_before_ns is not None and ts_ns < state.no_promotion_before_ns
    return standing.gates_passed and standing.is_calm and standing.is_free and not waits


def _passed(state: TierState, event: ModeTime, table: TierTable) -> Happening | None:
    if state.until_ns is None or event.ts_ns < state.until_ns:
        return None
    if state.mode is TierMode.GO_LIVE:
        return Happening.PROVEN if event.is_clean else Happening.NOT_PROVEN
    if state.mode is not TierMode.ADJUST48:
        return Happening.EXPIRED
    if table.course is None:
        return None
    is_good = event.trades >= table.course.adjust_trades_min and not event.violations
    return Happening.ADJUSTED if is_good else Happening.NOT_ADJUSTED


# -- where it leads --------------------------------------------------------------------------
def _mode_after(state: TierState | None, happening: Happening, table: TierTable) -> TierMode | None:
    mode = TRANSITIONS.get((None if state is None else state.mode, happening))
    before = None if state is None else state.interrupted
    resumes = table.interruptions.halts or happening is Happening.RECORD_RESTORED
    if mode is None or before is None or not resumes:
        return mode
    return RESUMED.get(happening, {}).get(before.mode, mode)


def _tier_after(state: TierState, event: TierEvent, happening: Happening, table: TierTable) -> Tier:
    if isinstance(event, DailyLossExceeded):
        return _tier_left(state.tier, event.capital_usdt, table)
    if happening in _DOWN:
        return _tier_left(state.tier, None, table)
    return tuple(Tier)[state.tier.rank + 1] if happening is Happening.CONFIRMED else state.tier


def _tier_left(tier: Tier, capital_usdt: Decimal | None, table: TierTable) -> Tier:
    """One tier down, or as far down as the capital reaches; never below SNIPER."""
    lower = [one for one in Tier if one.rank < tier.rank]
    if capital_usdt is not None:
        lower = [one for one in lower if table.features[one].floor_usdt <= capital_usdt]
    return max(lower, key=lambda one: one.rank, default=Tier.SNIPER)


def _reason(event: TierEvent, happening: Happening, table: TierTable) -> str:
    if isinstance(event, HaltReached | Disturbed | RecordBroken):
        return event.reason
    if happening is Happening.NOT_ADJUSTED and isinstance(event, ModeTime) and table.course:
        hours = table.course.adjust_extension_ns / HOUR
        said = f"{event.trades} trades, {event.violations} violations"
        return f"{said}: the adjustment goes on for {hours:g} hours"
    return REASONS[happening]


def _until(outcome: TierChanged, table: TierTable) -> int | None:
    """When the mode is looked at by itself."""
    stays = (outcome.old_mode, outcome.old_tier) == (outcome.mode, outcome.tier)
    if outcome.mode is TierMode.GO_LIVE:
        rules = table.opening
        return (
            None if rules is None else outcome.ts_ns + (rules.retry_ns if stays else rules.small_ns)
        )
    if table.course is None:
        return None
    match outcome.mode:
        case TierMode.PAPER48 | TierMode.CEREMONY:
            return outcome.ts_ns + table.course.ttl_ns
        case TierMode.ADJUST48:
            course = table.course
            return outcome.ts_ns + (course.adjust_extension_ns if stays else course.adjust_ns)
    return None


# -- what a change leaves behind -------------------------------------------------------------
def _clock(state: TierState, outcome: TierChanged, table: TierTable) -> tuple[int, int | None]:
    """Since when the mode lasts, and when it is looked at by itself."""
    before = state.interrupted if table.interruptions.halts else None
    is_anew = outcome.reason == RESET_REASON and outcome.mode is TierMode.RECOVERY
    if before is not None and outcome.mode is before.mode and not is_anew:
        return before.since_ns, before.until_ns
    since_ns = state.since_ns if _goes_on(state, outcome, table) else outcome.ts_ns
    return since_ns, _until(outcome, table)


def _goes_on(state: TierState, outcome: TierChanged, table: TierTable) -> bool:
    """Is it the same mode still? Another loss of a day begins an emergency anew."""
    mode = outcome.mode
    if mode is not state.mode or mode is TierMode.HALTED:
        return mode is state.mode
    if mode is TierMode.EMERGENCY and outcome.reason == DAILY_LOSS_REASON:
        return False
    return outcome.tier is state.tier or (table.interruptions.halts and mode in _GO_ON_BELOW)


def _clock_set_back(
    clock: TierState | Interrupted, outcome: ClocksSetBack
) -> tuple[int, int | None]:
    since_ns = min(outcome.ts_ns, clock.since_ns + outcome.by_ns)
    return since_ns, None if clock.until_ns is None else clock.until_ns + outcome.by_ns


def _interrupted(state: TierState, outcome: TierChanged, table: TierTable) -> Interrupted | None:
    """What goes on after the halt. The loss of a day in it makes that an emergency."""
    before = state.interrupted
    if outcome.mode is not TierMode.HALTED:
        return None
    if state.mode is not TierMode.HALTED:
        return Interrupted(state.tier, state.mode, state.since_ns, state.until_ns)
    if table.interruptions.halts and before is not None and outcome.reason == DAILY_LOSS_REASON:
        return Interrupted(before.tier, TierMode.EMERGENCY, outcome.ts_ns)
    return before


def _is_new_halt(state: TierState, mode: TierMode) -> bool:
    """A halt's reason is the trader's own words: they are no loss, whatever they say."""
    return mode is TierMode.HALTED and state.mode is not TierMode.HALTED


def _lost_capital(state: TierState, outcome: TierChanged) -> bool:
    return outcome.reason == CAPITAL_REASON and outcome.tier.rank < state.tier.rank


def _later(state: TierState, ts_ns: int) -> int:
    return max(ts_ns, state.no_promotion_before_ns or ts_ns)
