"""What a tier unlocks, asked for at the moment of use."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from genesis.domain.account import Tier
from genesis.domain.slicing import Algorithm
from genesis.errors import TierViolation
from genesis.tiers.rules import TierTable
from genesis.tiers.state import TierState

NOT_BUILT: Final = frozenset(
    {
        *("mean_reversion", "statistical_arb", "market_making", "portfolio_optimiser"),
        *("multi_account", "capital_allocator"),
    }
)
"""Names the rules keep for what is still to come: no trader is told that they open."""
_SLICES: Final = frozenset(algorithm.feature for algorithm in Algorithm)
_LOWEST_FIRST: Final = tuple(Tier)
P = ParamSpec("P")
R = TypeVar("R")


def available_features(tier: Tier, table: TierTable) -> frozenset[str]:
    """Names of everything the tier may use, the lower tiers' features included."""
    return table.features[tier].names


def opened_by(tier: Tier, below: Tier, table: TierTable) -> list[str]:
    """What a tier opens beyond the one below it, of what is built."""
    new = available_features(tier, table) - available_features(below, table)
    return sorted(new - NOT_BUILT - (frozenset() if table.knows_slices else _SLICES))


def tier_of(feature: str, table: TierTable) -> Tier | None:
    """The lowest tier that unlocks the feature; None: no tier knows it."""
    for tier in _LOWEST_FIRST:
        if feature in table.features[tier].names:
            return tier
    return None


def requires_tier(
    tier: Tier, state: Callable[[], TierState]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuses calls below `tier`. The tier is asked for at each call, never remembered.

    The decorated function raises:
        TierViolation: the account is below the tier; the function was not run.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            has = state().tier
            if has.rank < tier.rank:
                raise TierViolation(f"{function.__name__} unlocks in {tier}; this account is {has}")
            return function(*args, **kwargs)

        return guarded

    return decorate
