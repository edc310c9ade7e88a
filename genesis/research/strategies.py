"""Strategies for research: by name from the catalog, or an object of one's own."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Final, cast

from genesis.domain.account import Tier
from genesis.domain.events import Event
from genesis.errors import UsageError
from genesis.strategy import Intent, Strategy, View
from genesis.strategy.catalog import Catalog, StrategyClass, builtin

GROUP: Final = "genesis.strategies"


def catalog() -> Catalog:
    """What comes with Genesis and what other installed packages offer as `genesis.strategies`."""
    known = builtin()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in known.names:
            known.add(point.load())
    return known


def kind_of(strategy: str | StrategyClass | Strategy) -> StrategyClass:
    """The class a sweep makes its strategies of.

    Raises:
        UsageError: an unknown name, or no class with `Params`.
    """
    if isinstance(strategy, str):
        known = builtin()
        return (known if strategy in known.names else catalog()).named(strategy)
    if not isinstance(strategy, type) or not hasattr(strategy, "Params"):
        raise UsageError(
            "a sweep makes its strategies itself: give a name from the catalog, or a class whose "
            "only argument is its Params"
        )
    return cast(StrategyClass, strategy)


def prepared(
    strategy: str | Strategy, params: Mapping[str, object] | None, qty: Decimal | None
) -> Strategy:
    """A fresh strategy for one run; an object is copied, so a second run starts as the first did.

    Raises:
        UsageError: unknown name or parameter, parameters given for an object, or an object that
            cannot be copied.
    """
    if isinstance(strategy, str):
        known = builtin()  # packages are only searched for what does not come with Genesis
        found = (known if strategy in known.names else catalog()).build(strategy, params)
    elif params:
        raise UsageError("params are for strategies given by name; set them on the object itself")
    else:
        found = _copied(strategy)
    return found if qty is None else FixedQty(found, qty)


def _copied(strategy: Strategy) -> Strategy:
    try:
        return deepcopy(strategy)
    except Exception as error:
        raise UsageError(
            f"strategy {strategy.name} cannot be copied for a run ({type(error).__name__}: "
            f"{error}): keep files, locks, generators and the like out of the object"
        ) from error


def traders_of(
    strategy: str | Strategy | Sequence[str | Strategy],
    params: Mapping[str, Any] | None,
    qty: Decimal | None,
) -> list[Strategy]:
    """The strategies of one run, each as `prepared`; of several, `params` are by their names.

    Raises:
        UsageError: as `prepared`; none at all, two of one name, or parameters of another one.
    """
    if isinstance(strategy, str) or not isinstance(strategy, Sequence):
        return [prepared(strategy, params, qty)]
    if not strategy:
        raise UsageError("there is no strategy: pass a name or an object, or several of them")
    given = dict(params or {})
    traders = []
    for one in strategy:
        own = given.pop(one, None) if isinstance(one, str) else None
        if own is not None and not isinstance(own, Mapping):
            raise UsageError(f"params of several strategies are by name: {one!r} has {own!r}")
        traders.append(prepared(one, own, qty))
    if given:
        raise UsageError(f"params are given for {', '.join(given)}: no strategy that is asked for")
    names = [trader.name for trader in traders]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two strategies are named {name!r}: each needs a name of its own")
    return traders


class FixedQty:
    """Any strategy, with a fixed quantity for the entries it leaves to the gate's sizing."""

    def __init__(self, inner: Strategy, qty: Decimal) -> None:
        self._wishes = inner.on_event
        self.inner, self.qty = inner, qty
        self.name: str = inner.name
        self.tier: Tier = inner.tier
        self.bar: str | None = inner.bar
        self.wants: frozenset[type] = inner.wants

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        intents = self._wishes(event, view)
        return [self._sized(intent) for intent in intents] if intents else intents

    def _sized(self, intent: Intent) -> Intent:
        if intent.qty is not None or intent.reduces or intent.cancel is not None:
            return intent
        return replace(intent, qty=self.qty)
