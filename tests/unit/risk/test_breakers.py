"""Breakers: every pair of the table, levels on their own, one order that tries."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.ids import OrderKey
from genesis.risk.breakers import (
    AFTER_REST,
    TRANSITIONS,
    Breakers,
    Happening,
    Level,
    State,
)

KEY = {level: (level, "one") for level in Level}
REST = 60


def opened(level: Level, at: int = 0) -> Breakers:
    breakers = Breakers()
    breakers.trip(at, KEY[level], "CODE", "because", at + REST)
    return breakers


def in_state(level: Level, state: State) -> Breakers:
    if state is State.CLOSED:
        return Breakers()
    breakers = opened(level)
    if state is State.HALF_OPEN:
        breakers.tick(REST)
    return breakers


def make_happen(breakers: Breakers, level: Level, happening: Happening):
    if happening is Happening.TRIPPED:
        return breakers.trip(100, KEY[level], "CODE", "again", 100 + REST)
    if happening is Happening.PASSED:
        return breakers.passed(100, KEY[level])
    if happening is Happening.PAPERED:
        return breakers.to_paper(100, KEY[level], "no edge")
    return breakers.tick(100)


def state_of(breakers: Breakers, level: Level) -> State:
    found = breakers.get(KEY[level])
    return State.CLOSED if found is None else found.state


@pytest.mark.parametrize(("state", "happening"), list(product(State, Happening)))
@pytest.mark.parametrize("level", [Level.STRATEGY, Level.SYSTEM])
def test_every_pair_moves_as_the_table_says_or_changes_nothing(level, state, happening) -> None:
    if happening is Happening.OVER:
        return  # of the account alone: see below
    breakers = in_state(level, state)
    assert state_of(breakers, level) is state
    before = breakers.get(KEY[level])
    moved = make_happen(breakers, level, happening)
    wanted = TRANSITIONS.get((state, happening))
    assert state_of(breakers, level) is (wanted or state)
    assert [fact.state for fact in moved] == ([] if wanted is None else [wanted.value])
    if wanted is None:
        assert breakers.get(KEY[level]) == before


def test_an_account_breaker_is_over_with_its_time() -> None:
    assert {level for level, happening in AFTER_REST.items() if happening is Happening.OVER} == {
        Level.ACCOUNT
    }
    breakers = opened(Level.ACCOUNT)
    assert not breakers.tick(REST - 1)
    (moved,) = breakers.tick(REST)
    assert (moved.level, moved.state) == ("ACCOUNT", "CLOSED")
    assert breakers.level() is None


def test_a_second_trip_never_shortens_the_first() -> None:
    breakers = opened(Level.SYSTEM)
    breakers.trip(1, KEY[Level.SYSTEM], "CODE", "another", 5)
    assert breakers.next_wake_ns() == REST
    assert not breakers.trip(2, KEY[Level.SYSTEM], "CODE", "another", 5)


def test_a_fault_that_lasts_keeps_it_open_beyond_its_time() -> None:
    breakers, key = Breakers(), KEY[Level.SYSTEM]
    breakers.trip(0, key, "CODE", "because", REST, lasting=True)
    assert breakers.next_wake_ns() is None
    assert not breakers.tick(10 * REST)
    (moved,) = breakers.healed(10 * REST, key)
    assert moved.state == "HALF_OPEN"


def test_a_fault_that_heals_early_still_rests() -> None:
    breakers, key = Breakers(), KEY[Level.SYSTEM]
    breakers.trip(0, key, "CODE", "because", REST, lasting=True)
    assert not breakers.healed(1, key)
    assert breakers.next_wake_ns() == REST


def test_one_order_tries_and_frees_what_it_tried() -> None:
    breakers, probe, other = opened(Level.SYSTEM), OrderKey(1, 1), OrderKey(1, 2)
    breakers.try_with(probe)
    assert not breakers.probed_by(probe), "an open breaker lets nobody try"
    breakers.tick(REST)
    breakers.try_with(probe)
    breakers.try_with(other)
    assert breakers.probed_by(probe)
    assert not breakers.probed_by(other)
    breakers.drop_probe(probe)
    breakers.try_with(other)
    assert breakers.probed_by(other)


acts = st.lists(
    st.tuples(st.sampled_from(list(Level)), st.sampled_from(["trip", "tick", "pass"])), max_size=30
)


@given(acts)
def test_levels_combine_by_the_highest_and_never_reset_each_other(acts) -> None:
    breakers, now = Breakers(), 0
    for level, act in acts:
        now += 7
        before = {one: state_of(breakers, one) for one in Level if one is not level}
        if act == "trip":
            breakers.trip(now, KEY[level], "CODE", "because", now + REST)
        elif act == "pass":
            breakers.passed(now, KEY[level])
        else:
            breakers.tick(now)
        if act != "tick":
            assert {one: state_of(breakers, one) for one in before} == before
        open_ = [one for one in Level if state_of(breakers, one) is not State.CLOSED]
        assert breakers.level() is (max(open_, key=lambda one: one.rank) if open_ else None)
