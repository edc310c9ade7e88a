"""The gate's questions to the tier, for entries only: what reduces risk is never asked about."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final

from genesis.domain.account import Tier, TierMode
from genesis.domain.approval import Failure
from genesis.domain.orders import OrderType
from genesis.tiers.features import tier_of
from genesis.tiers.rules import TierFeatures, TierTable
from genesis.tiers.state import TierState

LOCKED: Final = "TIER_FEATURE_LOCKED"
HALTED: Final = "TRADING_HALTED"


def check(
    order_type: OrderType,
    symbol: str,
    strategy_tier: Tier | None,
    strategy: str | None,
    state: TierState,
    table: TierTable,
    busy_symbols: AbstractSet[str],
    reduce_only: Collection[str] = (),
    way_out: str = "",
    feature: str | None = None,
) -> Failure | None:
    """Why this tier refuses an entry, or None.

    strategy_tier, strategy: of the strategy that wishes the entry (None: the operator).
    busy_symbols: symbols with a position or a working entry; `symbol` may be among them.
    reduce_only: symbols whose positions this tier does not allow any more. way_out: of a halt.
    feature: what the entry uses beside its type (None: nothing).
    """
    if state.mode is TierMode.HALTED:
        told = "trading is halted: positions may only be reduced"
        return Failure("tier", HALTED, f"{told}; {way_out}" if way_out else told)
    reason = (
        _strategy_locked(strategy_tier, strategy, state.tier, table)
        or _order_type_locked(order_type, state.tier, table)
        or _feature_locked(feature, state.tier, table)
        or _only_reduced(symbol, reduce_only, state.tier)
        or _too_many(symbol, busy_symbols, state.tier, table.features[state.tier])
    )
    return None if reason is None else Failure("tier", LOCKED, reason)


def multiplier(state: TierState, table: TierTable) -> tuple[Decimal, Decimal | None]:
    """What the mode does to sizes: a multiplier in [0, 1], and an absolute cap in quote."""
    effect = table.modes[state.mode]
    return effect.multiplier, effect.cap_usdt


def _strategy_locked(
    strategy_tier: Tier | None, strategy: str | None, tier: Tier, table: TierTable
) -> str | None:
    needed = tier
    for named in (strategy_tier, None if strategy is None else tier_of(strategy, table)):
        if named is not None and named.rank > needed.rank:
            needed = named
    if needed is tier:
        return None
    return f"the strategy {strategy or 'asked for'} unlocks in {needed}; this account is {tier}"


def _order_type_locked(order_type: OrderType, tier: Tier, table: TierTable) -> str | None:
    if order_type in table.features[tier].order_types:
        return None
    return f"{order_type} entries are not unlocked in {tier}"


def _feature_locked(feature: str | None, tier: Tier, table: TierTable) -> str | None:
    if feature is None or feature in table.features[tier].names:
        return None
    needed, name = tier_of(feature, table), feature.partition("_")[0]
    if needed is None:
        return f"no tier of these rules opens {name} orders"
    return f"{name} orders unlock in {needed}; this account is {tier}"


def _only_reduced(symbol: str, reduce_only: Collection[str], tier: Tier) -> str | None:
    if symbol not in reduce_only:
        return None
    return f"{tier} does not allow this position: {symbol} may only be reduced, its stop stays"


def _too_many(
    symbol: str, busy: AbstractSet[str], tier: Tier, features: TierFeatures
) -> str | None:
    """Another symbol than those already traded needs a free place."""
    if symbol in busy:
        return None
    limits = [one for one in (features.max_symbols, features.max_positions) if one is not None]
    if not limits or len(busy) < min(limits):
        return None
    names = ", ".join(sorted(busy))
    return f"{tier} trades {min(limits)} at a time; at work now: {names}"
