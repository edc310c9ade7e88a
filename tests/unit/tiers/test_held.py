"""Positions of a lost tier: which may only be left, and which goes first in an emergency."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.orders import OrderType
from genesis.rules import load
from genesis.tiers.checks import check
from genesis.tiers.features import available_features
from genesis.tiers.held import Held, priority_scores, reduce_only
from genesis.tiers.state import TierState

D = Decimal
TABLE = load("sniper").tiers
SNIPER = TierState(Tier.SNIPER, TierMode.ACTIVE, 0)
OLD, NEW, NEWER = Held("A/USDT", 1), Held("B/USDT", 2), Held("C/USDT", 3)


def test_the_newest_beyond_the_places_of_the_tier_are_only_left() -> None:
    held = [NEWER, OLD, NEW]
    assert reduce_only(held, SNIPER, TABLE) == ("B/USDT", "C/USDT")
    assert reduce_only(held, TierState(Tier.HUNTER, TierMode.ACTIVE, 0), TABLE) == ()
    assert reduce_only(held, TierState(Tier.ARCHITECT, TierMode.ACTIVE, 0), TABLE) == ()
    assert reduce_only([OLD], SNIPER, TABLE) == ()
    halted = TierState(Tier.ARCHITECT, TierMode.HALTED, 0)
    assert reduce_only(held, halted, TABLE) == ("A/USDT", "B/USDT", "C/USDT")


def test_nothing_is_added_to_a_position_that_is_only_left() -> None:
    busy, beyond = frozenset({"A/USDT", "B/USDT"}), ("B/USDT",)
    asked = [
        check(OrderType.MARKET, symbol, None, None, SNIPER, TABLE, busy, beyond)
        for symbol in ("A/USDT", "B/USDT", "C/USDT")
    ]
    assert [found and found.code for found in asked] == [None, *["TIER_FEATURE_LOCKED"] * 2]
    assert "may only be reduced, its stop stays" in asked[1].reason


def test_an_emergency_leaves_positions_beyond_the_tier_first_then_the_riskiest() -> None:
    held = [
        Held("A/USDT", 1, D(500), D(50)),
        Held("B/USDT", 2, D(100), D(1)),
        Held("C/USDT", 3, D(200), D(20)),
        Held("D/USDT", 4, D(900), D(20)),
    ]
    scores = priority_scores(held, ["B/USDT"])
    assert sorted(scores, key=lambda one: -scores[one]) == ["B/USDT", "A/USDT", "D/USDT", "C/USDT"]
    assert priority_scores([], []) == {}
    assert set(priority_scores([OLD, NEW], []).values()) == {0}


amounts = st.decimals(0, 1000, places=2)
positions = st.lists(
    st.builds(Held, st.sampled_from([f"{c}/USDT" for c in "ABCDEF"]), st.integers(0, 9), amounts,
              amounts),
    unique_by=lambda one: one.symbol,
)  # fmt: skip


@given(positions, st.sets(st.sampled_from([f"{c}/USDT" for c in "ABCDEF"])))
def test_what_the_tier_does_not_allow_always_goes_first(held, beyond) -> None:
    scores = priority_scores(held, beyond)
    assert all(type(score) is int and score >= 0 for score in scores.values())
    lost = [score for symbol, score in scores.items() if symbol in beyond]
    kept = [score for symbol, score in scores.items() if symbol not in beyond]
    assert not lost or not kept or min(lost) > max(kept)


def test_i11_every_tier_has_more_than_the_one_below() -> None:
    for lower, higher in pairwise(Tier):
        assert available_features(lower, TABLE) < available_features(higher, TABLE)
