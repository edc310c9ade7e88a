"""Positions of a tier that was lost: they are only left, in one's own time, and never dumped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from genesis.domain.account import TierMode
from genesis.domain.money import ZERO, fraction
from genesis.tiers.rules import TierTable
from genesis.tiers.state import TierState

_BEYOND: Final = 1_000
_SHARES: Final = 100


@dataclass(frozen=True, slots=True)
class Held:
    """An open position as the tiers look at it: what it is worth, and what it loses at its stop."""

    symbol: str
    opened_ns: int
    worth_usdt: Decimal = ZERO
    risk_usdt: Decimal = ZERO


def reduce_only(held: Iterable[Held], state: TierState, table: TierTable) -> tuple[str, ...]:
    """Symbols that may only be reduced: in HALTED all, else the newest beyond the tier's places."""
    oldest = sorted(held, key=lambda one: (one.opened_ns, one.symbol))
    features = table.features[state.tier]
    limits = [one for one in (features.max_positions, features.max_symbols) if one is not None]
    places = 0 if state.mode is TierMode.HALTED else min(limits, default=len(oldest))
    return tuple(one.symbol for one in oldest[places:])


def priority_scores(held: Sequence[Held], beyond: Iterable[str]) -> dict[str, int]:
    """Who is left first in an emergency, the highest score first.

    Positions beyond the tier come before all others; among them, and among the rest, the one with
    the larger share of all that is lost at the stops, then of all that is at work.
    """
    lost, worth = set(beyond), sum((one.worth_usdt for one in held), ZERO)
    risk = sum((one.risk_usdt for one in held), ZERO)
    return {
        one.symbol: _BEYOND * _SHARES * (one.symbol in lost)
        + _SHARES * int(fraction(one.risk_usdt, risk) * _SHARES)
        + min(_SHARES - 1, int(fraction(one.worth_usdt, worth) * _SHARES))
        for one in held
    }
