"""What a tier unlocks, asked for at the moment of use."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from genesis.domain.account import Tier
from genesis.errors import TierViolation
from genesis.tiers.rules import TierTable
from genesis.tiers.state import TierState

P = ParamSpec("P")
R = TypeVar("R")


def available_features(tier: Tier, table: TierTable) -> frozenset[str]:
    """Names of everything the tier may use, the lower tiers' features included."""
    return table.features[tier].names


def tier_of(feature: str, table: TierTable) -> Tier | None:
    """The lowest tier that unlocks the feature; None: no tier knows it."""
    return next((tier for tier in Tier if feature in table.features[tier].names), None)


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
