"""Which tier a strategy really needs, whatever it says of itself.

A strategy of a higher tier does not become one of a lower tier by being imported from elsewhere,
subclassed, or told another `tier`: its classes, and the packages they come from, are looked at.
What somebody writes anew is his own strategy, of the tier he gives it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Protocol

from genesis.domain.account import Tier

_HOME: Final = "genesis.strategy."
_PACKAGES: Final = {f"{_HOME}{tier.value.lower()}": tier for tier in Tier}


class _Tiered(Protocol):
    @property
    def tier(self) -> Tier: ...


def tier_needed(strategy: _Tiered) -> Tier:
    """The highest tier that the strategy, any of its classes or their packages name."""
    kind = strategy if isinstance(strategy, type) else type(strategy)
    return max((Tier(strategy.tier), *_named(kind)), key=lambda tier: tier.rank)


@lru_cache(maxsize=1024)
def _named(kind: type) -> frozenset[Tier]:
    """What the classes and their packages say; every wish is asked, and they do not change."""
    return frozenset(_named_by(kind))


def _named_by(kind: type) -> Iterator[Tier]:
    for one in kind.__mro__:
        given = vars(one).get("tier")
        if isinstance(given, Tier):
            yield given
        for package, tier in _PACKAGES.items():
            if one.__module__ == package or one.__module__.startswith(f"{package}."):
                yield tier
