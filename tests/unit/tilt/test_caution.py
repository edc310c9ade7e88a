"""CAUTION asks twice and begins nothing new; it never waits for ever and never concerns exits."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import TiltLevel
from genesis.domain.orders import OrderType
from genesis.domain.time import DAY, MINUTE, SECOND, parse_utc
from genesis.rules import load
from genesis.tilt import caution
from genesis.tilt.caution import CONFIRM_CODE, NEW_SYMBOL_CODE, CautionState, Wish
from genesis.tilt.state import TiltState

RULES = load("sniper").tilt.interventions
assert RULES is not None
T = parse_utc("2024-08-08T12:00:00Z")
BTC, ETH = "BTC/USDT", "ETH/USDT"
CAREFUL = TiltState(TiltLevel.CAUTION)
D = Decimal
BUY = Wish(BTC, OrderType.MARKET, D(100), None)


def asked(state: CautionState, wish: Wish, at: int) -> tuple[CautionState, int | None]:
    """As the gate and discipline do it: the state after the wish, and until when it waits."""
    failure = caution.unconfirmed(state, CAREFUL, wish, at, RULES)
    assert RULES is not None
    facts = (
        caution.approved(state, wish, at)
        if failure is None
        else caution.refused(state, wish, at, RULES)
    )
    for fact in facts:
        state = caution.evolve(state, fact)
    return state, None if failure is None else failure.until_ns


def test_the_first_asking_is_refused_with_its_end_and_the_second_passes_once() -> None:
    failure = caution.unconfirmed(CautionState(), CAREFUL, BUY, T, RULES)
    assert failure is not None
    assert (failure.code, failure.until_ns) == (CONFIRM_CODE, T + MINUTE)
    assert "60 seconds" in failure.reason and "2024" not in failure.reason
    state, _ = asked(CautionState(), BUY, T)
    state, until = asked(state, BUY, T + MINUTE - 1)
    assert until == T + MINUTE, "asking again before does not begin the minute again"
    state, until = asked(state, BUY, T + MINUTE)
    assert until is None
    assert state.waiting == ()
    assert asked(state, BUY, T + MINUTE + 1)[1] == T + 2 * MINUTE + 1, "one asking, one entry"


def test_a_confirmation_counts_for_some_minutes() -> None:
    state, _ = asked(CautionState(), BUY, T)
    assert asked(state, BUY, T + 6 * MINUTE - 1)[1] is None
    assert asked(state, BUY, T + 6 * MINUTE)[1] == T + 7 * MINUTE


@pytest.mark.parametrize(
    ("wish", "is_same"),
    [
        (replace(BUY, amount_usdt=D(50)), True),
        (replace(BUY, amount_usdt=D(101)), False),
        (replace(BUY, amount_usdt=D(-5)), False),
        (replace(BUY, amount_usdt=None), False),
        (replace(BUY, amount_usdt=None, qty=D("0.001")), False),
        (replace(BUY, order_type=OrderType.LIMIT), False),
        (replace(BUY, symbol=ETH), False),
    ],
)
def test_smaller_is_the_same_wish_and_larger_is_another(wish: Wish, is_same: bool) -> None:
    state, _ = asked(CautionState(), BUY, T)
    assert (asked(state, wish, T + MINUTE)[1] is None) is is_same


def test_calm_traders_are_asked_once_and_paused_ones_are_refused_elsewhere() -> None:
    for level in (TiltLevel.NORMAL, TiltLevel.WARNING, TiltLevel.LOCKED):
        assert caution.unconfirmed(CautionState(), TiltState(level), BUY, T, RULES) is None
    assert caution.unconfirmed(CautionState(), CAREFUL, BUY, T, None) is None
    once = replace(RULES, confirm_ns=None)
    assert caution.unconfirmed(CautionState(), CAREFUL, BUY, T, once) is None


def test_no_new_symbol_is_begun_but_a_first_one_may_be() -> None:
    state = caution.traded(CautionState(), BTC, T)
    assert caution.new_symbol(CautionState(), CAREFUL, ETH, T, RULES) is None
    assert caution.new_symbol(state, CAREFUL, BTC, T, RULES) is None
    failure = caution.new_symbol(state, CAREFUL, ETH, T, RULES)
    assert failure is not None and failure.code == NEW_SYMBOL_CODE
    assert BTC in failure.reason
    assert caution.new_symbol(state, TiltState(), ETH, T, RULES) is None
    assert caution.new_symbol(state, CAREFUL, ETH, T + 30 * DAY, RULES) is None  # long ago


wishes = st.tuples(st.integers(0, 400), st.integers(1, 3), st.sampled_from([BTC, ETH]))


@given(st.lists(wishes, min_size=1, max_size=40))
def test_whoever_waits_as_told_and_asks_for_the_same_always_passes(
    course: list[tuple[int, int, str]],
) -> None:
    """Whatever was asked before, nobody is held longer than the minute he was told."""
    state, at = CautionState(), T
    for wait_s, size, symbol in course:
        at += wait_s * SECOND
        wish = Wish(symbol, OrderType.MARKET, D(size), None)
        state, until = asked(state, wish, at)
        if until is not None:
            assert at < until <= at + MINUTE
            assert asked(state, wish, until)[1] is None
        assert len(state.waiting) <= 2, "memory is bounded"


@given(st.lists(wishes, min_size=1, max_size=40))
def test_nothing_passes_that_was_not_asked_a_minute_before(
    course: list[tuple[int, int, str]],
) -> None:
    state, at = CautionState(), T
    earlier: list[tuple[int, int, str]] = []
    for wait_s, size, symbol in course:
        at += wait_s * SECOND
        state, until = asked(state, Wish(symbol, OrderType.MARKET, D(size), None), at)
        if until is None:
            assert any(
                at - then >= MINUTE and larger >= size and one == symbol
                for then, larger, one in earlier
            )
        earlier.append((at, size, symbol))
