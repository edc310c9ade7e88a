"""The account and the four tiers."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Tier(StrEnum):
    SNIPER = "SNIPER"
    HUNTER = "HUNTER"
    STRATEGIST = "STRATEGIST"
    ARCHITECT = "ARCHITECT"

    @property
    def rank(self) -> int:
        return _ORDER.index(self)


_ORDER = tuple(Tier)


class TierMode(StrEnum):
    """What the trader may do inside his tier at the moment."""

    OPENING48 = "OPENING48"
    GO_LIVE = "GO_LIVE"
    ACTIVE = "ACTIVE"
    PAPER48 = "PAPER48"
    CEREMONY = "CEREMONY"
    ADJUST48 = "ADJUST48"
    EMERGENCY = "EMERGENCY"
    RECOVERY = "RECOVERY"
    HALTED = "HALTED"


class TiltLevel(StrEnum):
    NORMAL = "NORMAL"
    CAUTION = "CAUTION"
    WARNING = "WARNING"
    LOCKED = "LOCKED"

    @property
    def rank(self) -> int:
        return _LEVELS.index(self)


_LEVELS = tuple(TiltLevel)


class MarketState(StrEnum):
    DEAD = "DEAD"
    NORMAL = "NORMAL"
    VOLATILE = "VOLATILE"
    PANIC = "PANIC"
    MAINTENANCE = "MAINTENANCE"


class GlobalMarketState(StrEnum):
    """All followed symbols together. RECOVERY is the time after a CRASH."""

    BULL = "BULL"
    CRAB = "CRAB"
    BEAR = "BEAR"
    RECOVERY = "RECOVERY"
    CRASH = "CRASH"


@dataclass(frozen=True, slots=True)
class Balance:
    """Holdings of one asset at the venue."""

    asset: str
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        return self.free + self.locked
