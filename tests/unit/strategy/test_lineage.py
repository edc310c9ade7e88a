"""No strategy of a higher tier runs below it, however it came into the process."""

import sys
from decimal import Decimal
from types import ModuleType

import pytest

from genesis.domain.account import Tier
from genesis.domain.events import TradeTick
from genesis.domain.orders import Side
from genesis.domain.outcomes import OrderApproved, OrderRefused
from genesis.errors import TierViolation
from genesis.service import strategies as service_strategies
from genesis.strategy import Intent
from genesis.strategy.catalog import Catalog
from genesis.strategy.lineage import tier_needed
from genesis.strategy.sma_cross import SmaCross
from tests.support.engines import SYMBOL, Bench, submits


class Always:
    """Buys at every tick."""

    name = "always"
    tier = Tier.SNIPER
    bar = None
    wants = frozenset({TradeTick})

    def on_event(self, event, view):  # type: ignore[no-untyped-def]
        return [Intent(SYMBOL, Side.BUY)]


class Hunting(Always):
    name = "hunting"
    tier = Tier.HUNTER


class Disguised(Hunting):
    """A subclass that says it is of the first tier, under a name of its own."""

    name = "my_own"
    tier = Tier.SNIPER


class Property(Hunting):
    name = "property"

    @property
    def tier(self) -> Tier:  # type: ignore[override]
        return Tier.SNIPER


def relabelled() -> Hunting:
    """An object whose own `tier` hides that of its class."""
    found = Hunting()
    found.tier = Tier.SNIPER
    return found


def named() -> Always:
    """Somebody else's class under the name of a strategy of a higher tier."""
    found = Always()
    found.name = "market_making"
    return found


def packaged() -> Always:
    """A class out of the package of a higher tier, whose `tier` was overwritten."""
    kind = type("Imported", (Always,), {"__module__": "genesis.strategy.hunter.mean_reversion"})
    return kind()  # type: ignore[no-any-return]


def tried(strategy: object) -> Bench:
    bench = Bench()
    bench.engine.set_strategies([strategy])  # type: ignore[list-item]
    bench.tick("67453")
    return bench


def test_one_of_the_first_tier_does_trade() -> None:
    assert submits(tried(Always()).steps[-1])


@pytest.mark.parametrize(
    "make", [Hunting, Disguised, Property, relabelled, named, packaged], ids=lambda m: m.__name__
)
def test_one_of_a_higher_tier_never_sends_an_order_below_it(make) -> None:
    bench = tried(make())
    outcomes = [o for step in bench.steps for o in step.outcomes]
    assert not [o for o in outcomes if isinstance(o, OrderApproved)]
    refused = [o for o in outcomes if isinstance(o, OrderRefused)]
    assert {f.code for o in refused for f in o.failures} == {"TIER_FEATURE_LOCKED"}


def test_a_class_that_is_patched_while_it_runs_stays_what_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = type("Patched", (Always,), {"name": "patched", "tier": Tier.STRATEGIST})
    bench = Bench()
    bench.engine.set_strategies([kind()])
    monkeypatch.setattr(kind, "tier", Tier.SNIPER)
    bench.tick("67453")
    bench.engine.set_strategies(bench.engine.desk.strategies)  # as the next run does
    bench.tick("67453")
    outcomes = [o for step in bench.steps for o in step.outcomes]
    assert not [o for o in outcomes if isinstance(o, OrderApproved)]


def test_an_entry_point_is_loaded_for_its_tier_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign(SmaCross):
        name = "foreign"
        tier = Tier.HUNTER

    class Entry:
        name, value = "foreign", "somewhere:Foreign"

        @staticmethod
        def load() -> type:
            return Foreign

    monkeypatch.setattr(service_strategies, "entry_points", lambda group: [Entry()])
    known = service_strategies.catalog()
    assert known.locked(["foreign", "sma_cross", "nobody"], Tier.SNIPER) == {"foreign": Tier.HUNTER}
    monkeypatch.setattr(Foreign, "tier", Tier.SNIPER)
    assert Foreign not in known.allowed(Tier.SNIPER)
    with pytest.raises(TierViolation, match="foreign unlocks in HUNTER; this account is SNIPER"):
        known.build("foreign", tier=Tier.SNIPER)
    assert known.build("foreign", tier=Tier.HUNTER).name == "foreign"


def test_a_copy_imported_under_another_name_is_known_by_its_class() -> None:
    copy = ModuleType("notebook_copy")
    copy.Hunting = type("Hunting", (), dict(vars(Hunting)))  # type: ignore[attr-defined]
    sys.modules[copy.__name__] = copy
    try:
        assert tier_needed(copy.Hunting()) is Tier.HUNTER
    finally:
        del sys.modules[copy.__name__]


def test_the_catalog_asks_for_the_tier_when_it_knows_it() -> None:
    known = Catalog((SmaCross,))
    assert known.build("sma_cross", {"fast": 5}, Tier.SNIPER).params.fast == 5
    assert tier_needed(known.build("sma_cross")) is Tier.SNIPER
    assert Decimal(len(known.locked(known.names, Tier.SNIPER))) == 0
