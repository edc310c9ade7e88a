"""Which tier a strategy really needs, whatever it says of itself.

A strategy of a higher tier does not become one of a lower tier by being imported from elsewhere,
subclassed, or told another `tier`: its classes, and the packages they come from, are looked at.
What somebody writes anew is his own strategy, of the tier he gives it.
"""

from functools import cache
from typing import Final, Protocol

from genesis.domain.account import Tier

_HOME: Final = "genesis.strategy."
_PACKAGES: Final = {f"{_HOME}{tier.value.lower()}": tier for tier in Tier}


class _Tiered(Protocol):
    @property
    def tier(self) -> Tier: ...


def tier_needed(strategy: _Tiered) -> Tier:
    """The highest tier that the strategy, any of its classes or their packages name."""
    said = strategy.tier
    needed = said if type(said) is Tier else Tier(said)
    kind = strategy if isinstance(strategy, type) else type(strategy)
    for one in kind.__mro__:
        for named in (vars(one).get("tier"), _home_of(one.__module__)):
            if isinstance(named, Tier) and named.rank > needed.rank:
                needed = named
    return needed


@cache
def _home_of(module: str) -> Tier | None:
    """The tier whose package a module of ours is in."""
    inside = f"{module}."
    return next((tier for home, tier in _PACKAGES.items() if inside.startswith(f"{home}.")), None)
