"""The tier machine: state = (tier, mode), a pure fold of facts. No function sets a tier.

An event means a `Happening`; TRANSITIONS gives the mode that follows from it. A pair that is not
in the table is refused and changes nothing. Promotion, ceremony, adjustment, recovery and manual
reset are not built yet: they have no rows.
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
from genesis.domain.time import utc_day
from genesis.tiers.rules import TierTable

DAILY_LOSS_REASON: Final = "the loss of the day is beyond its limit"


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


TierEvent = AccountOpened | DailyLossExceeded | HaltReached


class Happening(StrEnum):
    """What an event means to the table."""

    OPENED_PAPER = "OPENED_PAPER"
    OPENED_LIVE = "OPENED_LIVE"
    DAILY_LOSS = "DAILY_LOSS"
    HALT = "HALT"


TRANSITIONS: Final[Mapping[tuple[TierMode | None, Happening], TierMode]] = MappingProxyType(
    {
        (None, Happening.OPENED_PAPER): TierMode.ACTIVE,
        (None, Happening.OPENED_LIVE): TierMode.OPENING48,
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


@dataclass(frozen=True, slots=True)
class TierState:
    """Where the trader stands and since when.

    no_promotion_before_ns: set by an emergency demotion. emergency_day: the UTC day of the last.
    """

    tier: Tier
    mode: TierMode
    since_ns: int
    no_promotion_before_ns: int | None = None
    emergency_day: int | None = None


def decide(state: TierState | None, event: TierEvent, table: TierTable) -> tuple[TierChanged, ...]:
    """What the event makes of the state; empty when the table refuses it. None: not opened yet."""
    mode = TRANSITIONS.get((None if state is None else state.mode, _happening(event)))
    if mode is None:
        return ()
    if isinstance(event, AccountOpened):
        tier = table.opening_tier if event.is_paper else Tier.SNIPER
        return (TierChanged(event.ts_ns, tier, mode, tier, mode, "account opened"),)
    assert state is not None
    if isinstance(event, HaltReached):
        return (_change(state, event.ts_ns, state.tier, mode, event.reason),)
    if state.emergency_day == utc_day(event.ts_ns):
        return ()  # one loss of one day demotes once
    tier = _tier_left(state.tier, event.capital_usdt, table)
    return (_change(state, event.ts_ns, tier, mode, DAILY_LOSS_REASON),)


def evolve(state: TierState | None, outcome: TierChanged, table: TierTable) -> TierState:
    """The state after a change that was decided."""
    moved = TierState(outcome.tier, outcome.mode, outcome.ts_ns)
    if state is None:
        return moved
    stays = (state.tier, state.mode) == (outcome.tier, outcome.mode)
    if outcome.reason != DAILY_LOSS_REASON:
        return replace(state, tier=moved.tier, mode=moved.mode, since_ns=moved.since_ns)
    return TierState(
        tier=outcome.tier,
        mode=outcome.mode,
        since_ns=state.since_ns if stays else outcome.ts_ns,
        no_promotion_before_ns=outcome.ts_ns + table.readvance_ns,
        emergency_day=utc_day(outcome.ts_ns),
    )


def _happening(event: TierEvent) -> Happening:
    if isinstance(event, AccountOpened):
        return Happening.OPENED_PAPER if event.is_paper else Happening.OPENED_LIVE
    return Happening.HALT if isinstance(event, HaltReached) else Happening.DAILY_LOSS


def _change(state: TierState, ts_ns: int, tier: Tier, mode: TierMode, reason: str) -> TierChanged:
    return TierChanged(ts_ns, state.tier, state.mode, tier, mode, reason)


def _tier_left(tier: Tier, capital_usdt: Decimal | None, table: TierTable) -> Tier:
    """One tier down, or as far down as the capital reaches; never below SNIPER."""
    lower = [one for one in Tier if one.rank < tier.rank]
    if capital_usdt is not None:
        lower = [one for one in lower if table.features[one].floor_usdt <= capital_usdt]
    return max(lower, key=lambda one: one.rank, default=Tier.SNIPER)
