"""Order of wishes."""

from decimal import Decimal as D
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.orders import Side
from genesis.strategy import Intent
from genesis.strategy.rank import rank


def wish(why: str, **given: object) -> Intent:
    return Intent("BTC/USDT", Side.BUY, why=why, **given)


def test_what_lowers_risk_goes_first_then_confidence_then_the_given_order():
    found = rank(
        [
            wish("none"),
            wish("low", confidence=0.2),
            wish("exit", reduces=True),
            wish("high", confidence=0.9),
            wish("also none"),
        ]
    )
    assert [intent.why for intent in found] == ["exit", "high", "low", "none", "also none"]


def test_a_larger_expected_value_goes_first_and_confidence_decides_between_equals():
    found = rank(
        [
            wish("sure", confidence=0.9),
            wish("loses", expected_value_bps=D(-1), confidence=1.0),
            wish("some", expected_value_bps=D(5)),
            wish("leave", reduces=True),
            wish("most", expected_value_bps=D("5.1"), confidence=0.1),
            wish("some, sure", expected_value_bps=D("5.0"), confidence=0.5),
        ]
    )
    told = [intent.why for intent in found]
    assert told == ["leave", "most", "some, sure", "some", "sure", "loses"]


_VALUES = st.sampled_from([None, D(-3), D(0), D(2), D("2.0"), D(7)])


@given(st.lists(st.tuples(st.booleans(), _VALUES, st.sampled_from([None, 0.1, 0.7]))))
def test_order_is_that_of_the_three_rules_and_stable(drawn):
    wishes = [
        wish(str(i), reduces=leaves, expected_value_bps=value, confidence=sure)
        for i, (leaves, value, sure) in enumerate(drawn)
    ]
    found = [int(one.why) for one in rank(wishes)]
    assert sorted(found) == list(range(len(wishes)))
    for i, j in pairwise(found):
        (first, value, sure), (second, other, less) = drawn[i], drawn[j]
        before = (not first, -(value or 0), -(sure or 0), i)
        assert before < (not second, -(other or 0), -(less or 0), j)
