"""The tier machine: state = (tier, mode), a pure fold of facts. No function sets a tier.

An event means a `Happening`; TRANSITIONS gives the mode that follows from it. A pair that is not
in the table is refused and changes nothing. A way up takes four steps, each in an instant of its
own: gates pass at the evaluation of a day (PAPER48), they still do after the paper time (CEREMONY),
the phrase is typed (the next tier, ADJUST48), the first days there went well (ACTIVE). A loss of
the day and a halt go before all of them. Recovery from an emergency, manual reset and the fall by
lost capital are not built yet: they have no rows.

The paper time asks for profitable days of the account itself: a paper account's days are paper
days. The separate paper lane that a live account needs beside its live trading comes later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.outcomes import TierChanged
from genesis.domain.time import HOUR, utc_day
from genesis.tiers.rules import TierTable

DAILY_LOSS_REASON: Final = "the loss of the day is beyond its limit"


# -- inputs ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DailyLossExceeded:
    """The confirmed loss of a UTC day is beyond its limit.

    capital_usdt: capital without young deposits; it bounds the tier that is left (None: unknown,
    then it is the next lower tier).
    """

    ts_ns: int
    capital_usdt: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HaltReached:
    """The halt row of the drawdown table was touched, or the operator halted trading."""

    ts_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the account stands at an instant: its gates, and what else a step up asks for.

    is_calm: tilt is NORMAL. is_free: nothing blocks new risk. profitable_days: in a row, since
    the mode began.
    """

    gates_passed: bool
    is_calm: bool
    is_free: bool
    profitable_days: int = 0


@dataclass(frozen=True, slots=True)
class DayEvaluated:
    """A closed day was evaluated."""

    ts_ns: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class PhraseGiven:
    """The exact phrase of the ceremony was typed; gates were looked at again at this instant."""

    ts_ns: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A tilt warning or a breaker: no time for a promotion."""

    ts_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class ModeTime:
    """Time went by; `trades` were closed and `violations` noted since the mode began."""

    ts_ns: int
    trades: int
    violations: int


TierEvent = (
    AccountOpened
    | DailyLossExceeded
    | HaltReached
    | DayEvaluated
    | PhraseGiven
    | Disturbed
    | ModeTime
)


# -- the table -------------------------------------------------------------------------------
class Happening(StrEnum):
    """What an event means to the table."""

    OPENED_PAPER = "OPENED_PAPER"
    OPENED_LIVE = "OPENED_LIVE"
    DAILY_LOSS = "DAILY_LOSS"
    HALT = "HALT"
    GATES_PASSED = "GATES_PASSED"
    PAPER_DONE = "PAPER_DONE"
    GATE_FAILED = "GATE_FAILED"
    DISTURBED = "DISTURBED"
    EXPIRED = "EXPIRED"
    CONFIRMED = "CONFIRMED"
    ADJUSTED = "ADJUSTED"
    NOT_ADJUSTED = "NOT_ADJUSTED"


TRANSITIONS: Final[Mapping[tuple[TierMode | None, Happening], TierMode]] = MappingProxyType(
    {
        (None, Happening.OPENED_PAPER): TierMode.ACTIVE,
        (None, Happening.OPENED_LIVE): TierMode.OPENING48,
        (TierMode.ACTIVE, Happening.GATES_PASSED): TierMode.PAPER48,
        (TierMode.PAPER48, Happening.PAPER_DONE): TierMode.CEREMONY,
        (TierMode.PAPER48, Happening.GATE_FAILED): TierMode.ACTIVE,
        (TierMode.PAPER48, Happening.DISTURBED): TierMode.ACTIVE,
        (TierMode.PAPER48, Happening.EXPIRED): TierMode.ACTIVE,
        (TierMode.CEREMONY, Happening.GATE_FAILED): TierMode.ACTIVE,
        (TierMode.CEREMONY, Happening.DISTURBED): TierMode.ACTIVE,
        (TierMode.CEREMONY, Happening.EXPIRED): TierMode.ACTIVE,
        (TierMode.CEREMONY, Happening.CONFIRMED): TierMode.ADJUST48,  # one tier up
        (TierMode.ADJUST48, Happening.ADJUSTED): TierMode.ACTIVE,
        (TierMode.ADJUST48, Happening.NOT_ADJUSTED): TierMode.ADJUST48,  # for longer
        (TierMode.OPENING48, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.GO_LIVE, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.ACTIVE, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.PAPER48, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.CEREMONY, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.ADJUST48, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.EMERGENCY, Happening.DAILY_LOSS): TierMode.EMERGENCY,  # once per UTC day
        (TierMode.RECOVERY, Happening.DAILY_LOSS): TierMode.EMERGENCY,
        (TierMode.HALTED, Happening.DAILY_LOSS): TierMode.HALTED,  # the tier falls, the halt stays
        (TierMode.OPENING48, Happening.HALT): TierMode.HALTED,
        (TierMode.GO_LIVE, Happening.HALT): TierMode.HALTED,
        (TierMode.ACTIVE, Happening.HALT): TierMode.HALTED,
        (TierMode.PAPER48, Happening.HALT): TierMode.HALTED,
        (TierMode.CEREMONY, Happening.HALT): TierMode.HALTED,
        (TierMode.ADJUST48, Happening.HALT): TierMode.HALTED,
        (TierMode.EMERGENCY, Happening.HALT): TierMode.HALTED,
        (TierMode.RECOVERY, Happening.HALT): TierMode.HALTED,
    }
)

_REASONS: Final[Mapping[Happening, str]] = MappingProxyType(
    {
        Happening.OPENED_PAPER: "account opened",
        Happening.OPENED_LIVE: "account opened",
        Happening.DAILY_LOSS: DAILY_LOSS_REASON,
        Happening.GATES_PASSED: "all gates passed",
        Happening.PAPER_DONE: "the paper time is over: the ceremony can be held",
        Happening.GATE_FAILED: "a gate no longer passes",
        Happening.EXPIRED: "the time for it ran out",
        Happening.CONFIRMED: "the ceremony was held",
        Happening.ADJUSTED: "the first days in the tier went well",
    }
)


# -- the state -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TierState:
    """Where the trader stands: in the mode since `since_ns`, in the tier since `tier_since_ns`.

    no_promotion_before_ns: set by an emergency demotion and by a promotion. emergency_day: the UTC
    day of the last. until_ns: when PAPER48, CEREMONY or ADJUST48 is looked at by itself.
    """

    tier: Tier
    mode: TierMode
    since_ns: int
    no_promotion_before_ns: int | None = None
    emergency_day: int | None = None
    tier_since_ns: int = 0
    until_ns: int | None = None


def decide(state: TierState | None, event: TierEvent, table: TierTable) -> tuple[TierChanged, ...]:
    """What the event makes of the state; empty when the table refuses it. None: not opened yet."""
    happening = _happening(state, event, table)
    mode = None if happening is None else _next(state, happening)
    if happening is None or mode is None:
        return ()
    if isinstance(event, AccountOpened):
        tier = table.opening_tier if event.is_paper else Tier.SNIPER
        return (TierChanged(event.ts_ns, tier, mode, tier, mode, _REASONS[happening]),)
    assert state is not None
    tier = _tier_after(state, event, happening, table)
    reason = _reason(event, happening, table)
    return (TierChanged(event.ts_ns, state.tier, state.mode, tier, mode, reason),)


def evolve(state: TierState | None, outcome: TierChanged, table: TierTable) -> TierState:
    """The state after a change that was decided."""
    ts_ns, tier, mode = outcome.ts_ns, outcome.tier, outcome.mode
    until_ns = _until(outcome, table)
    if state is None:
        return TierState(tier, mode, ts_ns, tier_since_ns=ts_ns, until_ns=until_ns)
    stays = (state.tier, state.mode) == (tier, mode)
    moved = replace(
        state,
        tier=tier,
        mode=mode,
        since_ns=state.since_ns if stays else ts_ns,
        tier_since_ns=state.tier_since_ns if state.tier is tier else ts_ns,
        until_ns=until_ns,
    )
    if outcome.reason == DAILY_LOSS_REASON:
        moved = replace(moved, emergency_day=utc_day(ts_ns))
    elif tier.rank <= state.tier.rank:
        return moved
    return replace(moved, no_promotion_before_ns=_later(state, ts_ns + table.readvance_ns))


def leads_up(tier: Tier, table: TierTable) -> bool:
    """Is there a way out of the tier, up to the next one?"""
    gates = table.gates.get(tier)
    return gates is not None and gates.ceremony is not None


# -- decisions -------------------------------------------------------------------------------
def _happening(state: TierState | None, event: TierEvent, table: TierTable) -> Happening | None:
    match event:
        case AccountOpened():
            return Happening.OPENED_PAPER if event.is_paper else Happening.OPENED_LIVE
        case HaltReached():
            return Happening.HALT
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


def _evaluated(state: TierState, event: DayEvaluated, table: TierTable) -> Happening | None:
    """What an evaluation means; in the instant in which a mode began it moves no further."""
    standing, gates = event.standing, table.gates.get(state.tier)
    if gates is None or gates.ceremony is None or state.since_ns == event.ts_ns:
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
    if state.until_ns is None or event.ts_ns < state.until_ns or table.course is None:
        return None
    if state.mode is not TierMode.ADJUST48:
        return Happening.EXPIRED
    is_good = event.trades >= table.course.adjust_trades_min and not event.violations
    return Happening.ADJUSTED if is_good else Happening.NOT_ADJUSTED


def _next(state: TierState | None, happening: Happening) -> TierMode | None:
    return TRANSITIONS.get((None if state is None else state.mode, happening))


def _tier_after(state: TierState, event: TierEvent, happening: Happening, table: TierTable) -> Tier:
    if isinstance(event, DailyLossExceeded):
        return _tier_left(state.tier, event.capital_usdt, table)
    return tuple(Tier)[state.tier.rank + 1] if happening is Happening.CONFIRMED else state.tier


def _reason(event: TierEvent, happening: Happening, table: TierTable) -> str:
    if isinstance(event, HaltReached | Disturbed):
        return event.reason
    if happening is Happening.NOT_ADJUSTED and isinstance(event, ModeTime) and table.course:
        hours = table.course.adjust_extension_ns / HOUR
        said = f"{event.trades} trades, {event.violations} violations"
        return f"{said}: the adjustment goes on for {hours:g} hours"
    return _REASONS[happening]


def _until(outcome: TierChanged, table: TierTable) -> int | None:
    """When the mode is looked at by itself."""
    if table.course is None:
        return None
    match outcome.mode:
        case TierMode.PAPER48 | TierMode.CEREMONY:
            return outcome.ts_ns + table.course.ttl_ns
        case TierMode.ADJUST48:
            extended = outcome.old_mode is TierMode.ADJUST48 and outcome.old_tier is outcome.tier
            course = table.course
            return outcome.ts_ns + (course.adjust_extension_ns if extended else course.adjust_ns)
    return None


def _later(state: TierState, ts_ns: int) -> int:
    return max(ts_ns, state.no_promotion_before_ns or ts_ns)


def _tier_left(tier: Tier, capital_usdt: Decimal | None, table: TierTable) -> Tier:
    """One tier down, or as far down as the capital reaches; never below SNIPER."""
    lower = [one for one in Tier if one.rank < tier.rank]
    if capital_usdt is not None:
        lower = [one for one in lower if table.features[one].floor_usdt <= capital_usdt]
    return max(lower, key=lambda one: one.rank, default=Tier.SNIPER)
