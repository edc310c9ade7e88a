"""Strategies by name: what is known, what a tier may run, parameters from text."""

import tomllib
from decimal import Decimal as D
from pathlib import Path

import pytest

from genesis.domain.account import Tier
from genesis.errors import TierViolation, UsageError
from genesis.rules import load
from genesis.strategy.catalog import Catalog, builtin
from genesis.strategy.sma_cross import SmaCross
from genesis.tiers.features import tier_of

SNIPER = ("donchian", "simple_arb", "sma_cross", "spread_capture")
HUNTER = ("mean_reversion", "multi_pair")
STRATEGIST = ("market_making", "statistical_arb")
PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


class Later(SmaCross):
    name = "later"
    tier = Tier.HUNTER


def test_names_are_sorted():
    assert builtin().names == tuple(sorted((*SNIPER, *HUNTER, *STRATEGIST)))


@pytest.mark.parametrize(
    ("tier", "names"),
    [(Tier.SNIPER, SNIPER), (Tier.HUNTER, HUNTER), (Tier.STRATEGIST, STRATEGIST)],
)
def test_each_needs_its_tier_and_the_rules_name_it_there(tier, names):
    table, known = load("sniper").tiers, builtin()
    for name in names:
        assert known.tier_of(name) is tier
        assert tier_of(name, table) is (tier if name not in ("donchian", "sma_cross") else None)


def test_a_strategy_of_a_higher_tier_is_not_built_below_it():
    with pytest.raises(TierViolation, match="statistical_arb unlocks in STRATEGIST"):
        builtin().build("statistical_arb", tier=Tier.HUNTER)


def test_what_the_package_offers_is_what_comes_with_it():
    with PROJECT.open("rb") as text:
        offered = tomllib.load(text)["project"]["entry-points"]["genesis.strategies"]
    kinds = {name: type(builtin().build(name)) for name in builtin().names}
    assert offered == {name: f"{kind.__module__}:{kind.__name__}" for name, kind in kinds.items()}


def test_symbols_are_named_in_text():
    built = builtin().build("multi_pair", {"symbols": "BTC/USDT, LTC/USDT", "places": "1"})
    assert built.params.names == ("BTC/USDT", "LTC/USDT")


def test_a_tier_sees_its_own_strategies_and_those_below():
    known = Catalog((SmaCross, Later))
    assert known.allowed(Tier.SNIPER) == (SmaCross,)
    assert known.allowed(Tier.HUNTER) == (Later, SmaCross)


def test_text_becomes_the_type_of_the_field():
    cross = builtin().build("sma_cross", {"fast": "5", "slow": 20, "bar": "5m"})
    assert (cross.params.fast, cross.params.slow, cross.bar) == (5, 20, "5m")
    spread = builtin().build("spread_capture", {"maker_bps": "7.5"})
    assert spread.params.maker_bps == D("7.5")


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("sma_crosss", {}, "known strategies: donchian, market_making, mean_reversion"),
        ("sma_cross", {"fsat": 5}, "it knows: fast, slow, bar"),
        ("sma_cross", {"fast": "ten"}, "a whole number, not 'ten'"),
        ("sma_cross", {"fast": 2.5}, "a whole number, not 2.5"),
        ("sma_cross", {"fast": True}, "a whole number, not True"),
        ("sma_cross", {"fast": 40}, "0 < fast < slow"),
        ("sma_cross", {"bar": "1y"}, "bar width"),
        ("spread_capture", {"maker_bps": "nan"}, "a decimal number"),
        ("multi_pair", {"symbols": "BTC/USDT"}, "must name 2 to 5, not 1"),
        ("simple_arb", {"symbols": "BTC/USDT,ETH/USDT,SOL/USDT"}, "must be a triangle"),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_named(name, params, said):
    with pytest.raises(UsageError, match=said):
        builtin().build(name, params)


def test_a_name_is_taken_once():
    class Imitation(SmaCross):
        pass

    known = builtin()
    known.add(SmaCross)
    with pytest.raises(UsageError, match="two strategies are named 'sma_cross'"):
        known.add(Imitation)


def test_every_build_is_a_fresh_object():
    known = builtin()
    assert known.build("sma_cross") is not known.build("sma_cross")
