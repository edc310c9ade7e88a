"""Rows 3 to 7: the way up, and everything that ends it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.outcomes import TierChanged
from genesis.domain.time import DAY, HOUR, MINUTE, parse_utc
from genesis.rules import load
from genesis.tiers.inputs import (
    DailyLossExceeded,
    DayEvaluated,
    Disturbed,
    HaltReached,
    ModeTime,
    PhraseGiven,
    Standing,
    TierEvent,
)
from genesis.tiers.machine import decide, evolve
from genesis.tiers.state import TierState

TABLE = load("sniper").tiers
GATES = TABLE.gates[Tier.SNIPER]
FULL = replace(TABLE, gates=dict.fromkeys((Tier.SNIPER, Tier.HUNTER, Tier.STRATEGIST), GATES))
"""Gates out of every tier, so that a history can rise more than once."""
T = parse_utc("2024-08-08T00:05:00Z")
GOOD = Standing(gates_passed=True, is_calm=True, is_free=True, profitable_days=3)


def state(mode: TierMode, since_ns: int = T, tier: Tier = Tier.SNIPER) -> TierState:
    """As the machine would have made it."""
    start = TierState(tier, TierMode.ACTIVE, since_ns - 1, tier_since_ns=since_ns - 40 * DAY)
    change = TierChanged(since_ns, tier, TierMode.ACTIVE, tier, mode, "before the test")
    return evolve(start, change, TABLE)


def after(start: TierState, *events: TierEvent, table=TABLE) -> TierState:
    for event in events:
        for change in decide(start, event, table):
            start = evolve(start, change, table)
    return start


# -- row 3: ACTIVE to PAPER48 ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("missing", "mode"),
    [
        ({}, TierMode.PAPER48),
        ({"gates_passed": False}, TierMode.ACTIVE),
        ({"is_calm": False}, TierMode.ACTIVE),
        ({"is_free": False}, TierMode.ACTIVE),
        ({"profitable_days": 0}, TierMode.PAPER48),
    ],
)
def test_row_3_asks_for_gates_calm_and_no_block(missing: dict, mode: TierMode) -> None:
    begun = state(TierMode.ACTIVE, T - DAY)
    assert after(begun, DayEvaluated(T, replace(GOOD, **missing))).mode is mode


def test_row_3_waits_for_the_readvance_timer() -> None:
    begun = replace(state(TierMode.ACTIVE, T - DAY), no_promotion_before_ns=T + 1)
    assert after(begun, DayEvaluated(T, GOOD)).mode is TierMode.ACTIVE
    assert after(begun, DayEvaluated(T + 1, GOOD)).mode is TierMode.PAPER48


# -- row 4: PAPER48 to CEREMONY --------------------------------------------------------------
def test_row_4_asks_for_48_hours_three_days_and_the_gates() -> None:
    begun = state(TierMode.PAPER48)
    assert after(begun, DayEvaluated(T + 48 * HOUR - 1, GOOD)).mode is TierMode.PAPER48
    two = replace(GOOD, profitable_days=2)
    assert after(begun, DayEvaluated(T + 3 * DAY, two)).mode is TierMode.PAPER48
    assert after(begun, DayEvaluated(T + 48 * HOUR, GOOD)).mode is TierMode.CEREMONY
    failing = replace(GOOD, gates_passed=False)
    assert after(begun, DayEvaluated(T + 48 * HOUR, failing)).mode is TierMode.ACTIVE


# -- row 5: back to ACTIVE -------------------------------------------------------------------
@pytest.mark.parametrize("mode", [TierMode.PAPER48, TierMode.CEREMONY])
def test_row_5_a_warning_a_failing_gate_and_seven_days_end_it(mode: TierMode) -> None:
    begun = state(mode)
    assert after(begun, Disturbed(T + 1, "tilt is WARNING")).mode is TierMode.ACTIVE
    failing = replace(GOOD, gates_passed=False)
    assert after(begun, DayEvaluated(T + DAY, failing)).mode is TierMode.ACTIVE
    assert after(begun, ModeTime(T + 7 * DAY - 1, 0, 0)).mode is mode
    assert after(begun, ModeTime(T + 7 * DAY, 0, 0)).mode is TierMode.ACTIVE


def test_what_has_just_ended_does_not_begin_again_in_the_same_instant() -> None:
    begun = state(TierMode.PAPER48)
    at = T + 7 * DAY
    ended = after(begun, ModeTime(at, 0, 0), DayEvaluated(at, GOOD))
    assert ended.mode is TierMode.ACTIVE
    assert after(ended, DayEvaluated(at + DAY, GOOD)).mode is TierMode.PAPER48


# -- row 6: the ceremony ---------------------------------------------------------------------
def test_row_6_raises_the_tier_and_starts_half_sizes() -> None:
    raised = after(state(TierMode.CEREMONY), PhraseGiven(T + HOUR, GOOD))
    assert (raised.tier, raised.mode) == (Tier.HUNTER, TierMode.ADJUST48)
    assert raised.since_ns == raised.tier_since_ns == T + HOUR
    assert raised.until_ns == T + HOUR + 48 * HOUR
    assert raised.no_promotion_before_ns == T + HOUR + 30 * DAY


@pytest.mark.parametrize("missing", ["gates_passed", "is_calm", "is_free"])
def test_row_6_looks_at_everything_again(missing: str) -> None:
    begun = state(TierMode.CEREMONY)
    assert decide(begun, PhraseGiven(T, replace(GOOD, **{missing: False})), TABLE) == ()


@pytest.mark.parametrize("mode", [mode for mode in TierMode if mode is not TierMode.CEREMONY])
def test_a_phrase_outside_a_ceremony_is_no_way_in(mode: TierMode) -> None:
    assert decide(state(mode), PhraseGiven(T + DAY, GOOD), TABLE) == ()


# -- row 7: ADJUST48 to ACTIVE ---------------------------------------------------------------
def test_row_7_asks_for_48_hours_ten_trades_and_no_violation() -> None:
    begun = state(TierMode.ADJUST48, tier=Tier.HUNTER)
    at = begun.until_ns
    assert at == T + 48 * HOUR
    assert decide(begun, ModeTime(at - 1, 10, 0), TABLE) == ()
    assert after(begun, ModeTime(at, 10, 0)).mode is TierMode.ACTIVE
    for trades, violations in ((9, 0), (10, 1)):
        longer = after(begun, ModeTime(at, trades, violations))
        assert (longer.mode, longer.since_ns) == (TierMode.ADJUST48, begun.since_ns)
        assert longer.until_ns == at + 24 * HOUR
        assert after(longer, ModeTime(longer.until_ns, 10, 0)).mode is TierMode.ACTIVE


# -- invariants over any history -------------------------------------------------------------
standings = st.builds(Standing, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 4))
events = st.one_of(
    st.builds(lambda s: lambda ts: DayEvaluated(ts, s), standings),
    st.builds(lambda s: lambda ts: PhraseGiven(ts, s), standings),
    st.builds(lambda n, v: lambda ts: ModeTime(ts, n, v), st.integers(0, 12), st.integers(0, 1)),
    st.just(lambda ts: Disturbed(ts, "tilt is WARNING")),
    st.just(lambda ts: DailyLossExceeded(ts)),
    st.just(lambda ts: HaltReached(ts, "halted")),
)
good = st.sampled_from([lambda ts: DayEvaluated(ts, GOOD), lambda ts: PhraseGiven(ts, GOOD)])
histories = st.lists(
    st.tuples(st.one_of(good, good, events), st.sampled_from([0, MINUTE, DAY, 3 * DAY, 9 * DAY])),
    max_size=40,
)


_EVALUATED, _PHRASE = (lambda ts: DayEvaluated(ts, GOOD)), (lambda ts: PhraseGiven(ts, GOOD))
_UP = [
    (_EVALUATED, DAY),
    (_EVALUATED, 3 * DAY),
    (_PHRASE, MINUTE),
    (lambda ts: ModeTime(ts, 10, 0), 3 * DAY),
]
CLIMB = [*_UP, *_UP, *[(_EVALUATED, 9 * DAY)] * 3, *_UP]
"""Up, refused for thirty days, up again."""


def course(history: list) -> list[tuple[TierEvent, TierState, TierState]]:
    """Every step of a history: the event, the state before it and after."""
    opened = AccountOpened(T, "one", "loopback", True, "USDT", ())
    (change,) = decide(None, opened, FULL)
    now, ts, steps = evolve(None, change, FULL), T, []
    for make, wait in history:
        ts += wait
        event = make(ts)
        moved = after(now, event, table=FULL)
        steps.append((event, now, moved))
        now = moved
    return steps


def test_the_climb_does_rise_twice() -> None:
    tiers = [moved.tier for _, _, moved in course(CLIMB)]
    assert (tiers[len(_UP) * 2], tiers[-1]) == (Tier.HUNTER, Tier.STRATEGIST)


@given(histories)
@example(CLIMB)
def test_i2_the_tier_rises_by_one_step_and_once_in_thirty_days(history: list) -> None:
    rises = []
    for event, before, moved in course(history):
        if moved.tier.rank > before.tier.rank:
            assert moved.tier.rank == before.tier.rank + 1
            rises.append(event.ts_ns)
    assert all(later - earlier >= 30 * DAY for earlier, later in pairwise(rises))


@given(histories)
@example(CLIMB)
def test_i3_nothing_but_the_phrase_with_every_gate_true_raises_the_tier(history: list) -> None:
    for event, before, moved in course(history):
        if moved.tier.rank > before.tier.rank:
            assert isinstance(event, PhraseGiven)
            assert event.standing.gates_passed
            assert before.mode is TierMode.CEREMONY
        for missing in ("gates_passed", "is_calm", "is_free"):
            asked = PhraseGiven(event.ts_ns + 1, replace(GOOD, **{missing: False}))
            assert after(moved, asked, table=FULL) == moved


@given(histories)
@example([*CLIMB, (lambda ts: DailyLossExceeded(ts), DAY), *_UP])
def test_i6_i7_a_loss_goes_before_and_keeps_thirty_days_shut(history: list) -> None:
    shut_until = 0
    for event, before, moved in course(history):
        if isinstance(event, DailyLossExceeded):
            assert moved.tier.rank <= before.tier.rank
            if moved.emergency_day != before.emergency_day:
                shut_until = event.ts_ns + 30 * DAY
            at_once = after(moved, DayEvaluated(event.ts_ns, GOOD), PhraseGiven(event.ts_ns, GOOD))
            assert at_once.tier is moved.tier
        if event.ts_ns < shut_until:
            assert moved.tier.rank <= before.tier.rank


@given(histories, st.integers(0, 40))
def test_i1_the_state_is_a_fold_of_prefix_and_rest(history: list, cut: int) -> None:
    steps = course(history)
    if not steps:
        return
    cut = min(cut, len(steps) - 1)
    resumed = steps[cut][1]
    for event, _, _ in steps[cut:]:
        resumed = after(resumed, event, table=FULL)
    assert resumed == steps[-1][2]
