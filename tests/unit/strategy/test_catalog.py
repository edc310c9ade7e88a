"""Strategies by name: what is known, what a tier may run, parameters from text."""

from decimal import Decimal as D

import pytest

from genesis.domain.account import Tier
from genesis.errors import UsageError
from genesis.strategy.catalog import Catalog, builtin
from genesis.strategy.sma_cross import SmaCross


class Later(SmaCross):
    name = "later"
    tier = Tier.HUNTER


def test_names_are_sorted():
    assert builtin().names == ("sma_cross", "spread_capture")


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
        ("sma_crosss", {}, "known strategies: sma_cross, spread_capture"),
        ("sma_cross", {"fsat": 5}, "it knows: fast, slow, bar"),
        ("sma_cross", {"fast": "ten"}, "a whole number, not 'ten'"),
        ("sma_cross", {"fast": 2.5}, "a whole number, not 2.5"),
        ("sma_cross", {"fast": True}, "a whole number, not True"),
        ("sma_cross", {"fast": 40}, "0 < fast < slow"),
        ("sma_cross", {"bar": "1y"}, "bar width"),
        ("spread_capture", {"maker_bps": "nan"}, "a decimal number"),
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
