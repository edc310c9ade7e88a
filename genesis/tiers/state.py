"""Where a trader stands. Only `genesis.tiers.machine.evolve` makes a new state."""

from dataclasses import dataclass

from genesis.domain.account import Tier, TierMode


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What a halt interrupted: a mode with its clock, and the tier whose wait the halt has."""

    tier: Tier
    mode: TierMode
    since_ns: int
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class TierState:
    """Where the trader stands: in the mode since `since_ns`, in the tier since `tier_since_ns`.

    no_promotion_before_ns: set by an emergency, lost capital and a promotion. emergency_day: the
    UTC day of the last. until_ns: when GO_LIVE, PAPER48, CEREMONY or ADJUST48 is looked at by
    itself. reset_ns: the last manual reset. interrupted: by the halt that lasts.
    """

    tier: Tier
    mode: TierMode
    since_ns: int
    no_promotion_before_ns: int | None = None
    emergency_day: int | None = None
    tier_since_ns: int = 0
    until_ns: int | None = None
    reset_ns: int | None = None
    interrupted: Interrupted | None = None
