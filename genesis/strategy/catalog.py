"""The strategies that are known, by name. The catalog holds what it is given: it discovers nothing.

A strategy class has `name`, `tier`, and `Params`, a frozen dataclass that is its only argument.
Parameters are read from text or values, and checked, at this edge.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, get_type_hints, runtime_checkable

from genesis.domain.account import Tier
from genesis.errors import TierViolation, UsageError
from genesis.strategy.base import Strategy
from genesis.strategy.donchian import Donchian
from genesis.strategy.hunter.mean_reversion import MeanReversion
from genesis.strategy.hunter.multi_pair import MultiPair
from genesis.strategy.lineage import tier_needed
from genesis.strategy.sma_cross import SmaCross
from genesis.strategy.sniper.simple_arb import SimpleArb
from genesis.strategy.sniper.spread_capture import SpreadCapture
from genesis.strategy.strategist.market_making import MarketMaking
from genesis.strategy.strategist.statistical_arb import StatisticalArb


@runtime_checkable
class StrategyClass(Protocol):
    """What the catalog takes: a class that makes a strategy from its parameters."""

    name: str
    tier: Tier
    Params: type[Any]

    def __call__(self, params: Any = None, /) -> Strategy: ...


class Catalog:
    """Known strategies. A later one may not take the name of an earlier one."""

    def __init__(self, strategies: Iterable[StrategyClass] = ()) -> None:
        self._by_name: dict[str, StrategyClass] = {}
        self._tiers: dict[str, Tier] = {}
        for one in strategies:
            self.add(one)

    def add(self, strategy: StrategyClass) -> None:
        known = self._by_name.setdefault(strategy.name, strategy)
        if known is not strategy:
            raise UsageError(f"two strategies are named {strategy.name!r}: rename one of them")
        self._tiers.setdefault(strategy.name, tier_needed(strategy))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_name))

    def tier_of(self, name: str) -> Tier:
        """The tier a known strategy needs, as it was when it was added or as it is now."""
        return max(self._tiers[name], tier_needed(self._by_name[name]), key=lambda tier: tier.rank)

    def allowed(self, tier: Tier) -> tuple[StrategyClass, ...]:
        """The strategies a trader of this tier may run, by name. The gate checks again."""
        return tuple(
            self._by_name[name] for name in self.names if self.tier_of(name).rank <= tier.rank
        )

    def locked(self, names: Iterable[str], tier: Tier) -> dict[str, Tier]:
        """Those of the names that unlock above this tier, with the tier in which they do."""
        known = [name for name in names if name in self._by_name]
        return {name: self.tier_of(name) for name in known if self.tier_of(name).rank > tier.rank}

    def named(self, name: str) -> StrategyClass:
        """The class of that name.

        Raises:
            UsageError: no strategy has it.
        """
        strategy = self._by_name.get(name)
        if strategy is None:
            known = ", ".join(self.names)
            raise UsageError(f"unknown strategy {name!r}; known strategies: {known}")
        return strategy

    def build(
        self, name: str, params: Mapping[str, object] | None = None, tier: Tier | None = None
    ) -> Strategy:
        """A fresh strategy with these parameters; text is read as the field's type.

        tier: of the trader who will run it; None: not known yet, the gate asks at every order.

        Raises:
            UsageError: an unknown strategy or parameter, or a value that does not fit.
            TierViolation: the strategy unlocks above `tier`.
        """
        strategy = self.named(name)
        if tier is not None and self.tier_of(name).rank > tier.rank:
            needed = self.tier_of(name)
            raise TierViolation(f"the strategy {name} unlocks in {needed}; this account is {tier}")
        return strategy(_read(strategy, dict(params or {})))


def builtin() -> Catalog:
    """The strategies that come with Genesis."""
    examples: tuple[StrategyClass, ...] = (SmaCross, Donchian)
    sniper: tuple[StrategyClass, ...] = (SimpleArb, SpreadCapture)
    hunter: tuple[StrategyClass, ...] = (MeanReversion, MultiPair)
    strategist: tuple[StrategyClass, ...] = (StatisticalArb, MarketMaking)
    return Catalog((*examples, *sniper, *hunter, *strategist))


def values_of(strategy: StrategyClass, given: Mapping[str, object]) -> dict[str, object]:
    """Parameters as the types of their fields; whether they go together is not looked at.

    Raises:
        UsageError: an unknown parameter, or a value that is none of its type.
    """
    known = [field.name for field in fields(strategy.Params)]
    for name in given:
        if name not in known:
            raise UsageError(
                f"strategy {strategy.name} has no parameter {name!r}; it knows: {', '.join(known)}"
            )
    kinds = get_type_hints(strategy.Params)
    return {name: _value(strategy, name, kinds[name], raw) for name, raw in given.items()}


def _read(strategy: StrategyClass, given: dict[str, object]) -> object:
    values = values_of(strategy, given)
    try:
        return strategy.Params(**values)
    except ValueError as wrong:
        raise UsageError(f"strategy {strategy.name}: {wrong}") from wrong


def _value(strategy: StrategyClass, name: str, kind: type, raw: object) -> object:
    reader = _READERS.get(kind)
    if reader is None:
        return raw
    try:
        return reader(raw)
    except (ValueError, TypeError, InvalidOperation) as wrong:
        raise UsageError(
            f"strategy {strategy.name}: parameter {name} must be {_SAID[kind]}, not {raw!r}"
        ) from wrong


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or (isinstance(raw, float) and not raw.is_integer()):
        raise ValueError(raw)
    return int(raw)  # type: ignore[call-overload, no-any-return]


def _amount(raw: object) -> Decimal:
    value = Decimal(str(raw))
    if not value.is_finite():
        raise ValueError(raw)
    return value


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(raw)
    return raw


def _number(raw: object) -> float:
    return float(raw)  # type: ignore[arg-type]


def _flag(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).lower()
    if word not in _FLAGS:
        raise ValueError(raw)
    return _FLAGS[word]


_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_READERS: dict[type, Callable[[object], object]] = {
    int: _whole,
    Decimal: _amount,
    str: _text,
    float: _number,
    bool: _flag,
}
_SAID = {
    int: "a whole number",
    Decimal: "a decimal number",
    str: "text",
    float: "a number",
    bool: "true or false",
}
