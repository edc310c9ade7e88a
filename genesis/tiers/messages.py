"""What the trader is told when his tier moves, in a few lines."""

from decimal import Decimal

from genesis.domain.account import TierMode
from genesis.domain.money import round_down, text
from genesis.domain.outcomes import TierChanged
from genesis.domain.time import DAY
from genesis.tiers.features import opened_by
from genesis.tiers.rules import TierTable

_TENTH = Decimal("0.1")


def message(change: TierChanged, table: TierTable, loss_fraction: Decimal | None) -> str | None:
    """The words for a change; None: the mode's plan says enough.

    loss_fraction: of the day that led down, where one did.
    """
    if change.mode is TierMode.EMERGENCY and loss_fraction is not None:
        return _emergency(change, table, loss_fraction)
    if change.mode is TierMode.CEREMONY and change.old_mode is not TierMode.CEREMONY:
        return _ready(change, table)
    if change.mode is TierMode.ADJUST48 and change.tier.rank > change.old_tier.rank:
        return f"Welcome to {change.tier}. Sizes are smaller at first."
    return None


def _emergency(change: TierChanged, table: TierTable, loss_fraction: Decimal) -> str:
    days = table.readvance_ns // DAY
    lost = text(round_down(loss_fraction * 100, _TENTH))
    return (
        "⚠️ EMERGENCY TIER DEMOTION\n"
        f"Excessive losses detected: -{lost}%\n"
        f"Reverting to {change.tier} tier for capital protection\n"
        f"{days}-day minimum before re-advancement"
    )


def _ready(change: TierChanged, table: TierTable) -> str | None:
    gates = table.gates.get(change.tier)
    above = next((tier for tier in table.features if tier.rank == change.tier.rank + 1), None)
    if gates is None or gates.ceremony is None or above is None:
        return None
    features = ", ".join(opened_by(above, change.tier, table))
    return (
        "🎯 TIER ADVANCEMENT READY\n"
        f"You've earned {above.title()} tier capabilities\n"
        f"New features: {features or 'none that are built yet'}\n"
        f"Type '{gates.ceremony.phrase}' to proceed"
    )
