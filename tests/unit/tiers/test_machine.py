from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.time import DAY, parse_utc
from genesis.rules import load
from genesis.tiers import checks, desk, features, gates, history, machine
from genesis.tiers.capital import CapitalFall
from genesis.tiers.inputs import (
    DailyLossExceeded,
    DayEvaluated,
    Disturbed,
    GoLiveGiven,
    HaltReached,
    ModeTime,
    PhraseGiven,
    RecordBroken,
    RecordRestored,
    ResetAsked,
    Standing,
    SteppedDown,
    TierEvent,
)
from genesis.tiers.machine import decide, evolve
from genesis.tiers.state import TierState
from genesis.tiers.transitions import TRANSITIONS, Happening

_SHIPPED = load("sniper").tiers
GATES = _SHIPPED.gates[Tier.SNIPER]
TABLE = replace(_SHIPPED, gates=dict.fromkeys((Tier.SNIPER, Tier.HUNTER, Tier.STRATEGIST), GATES))
"""With a way out of every tier that has one above it."""
T = parse_utc("2024-08-08T12:00:00Z")
GOOD = Standing(gates_passed=True, is_calm=True, is_free=True, profitable_days=3)
BAD = Standing(gates_passed=False, is_calm=True, is_free=True)
COURSE = TABLE.course
assert COURSE is not None


def opened(is_paper: bool = True) -> AccountOpened:
    return AccountOpened(T, "one", "loopback", is_paper, "USDT", ())


def event(happening: Happening, ts: int = T) -> TierEvent:
    match happening:
        case Happening.OPENED_PAPER:
            return opened()
        case Happening.OPENED_LIVE:
            return opened(is_paper=False)
        case Happening.DAILY_LOSS:
            return DailyLossExceeded(ts)
        case Happening.HALT:
            return HaltReached(ts, "halt row touched")
        case Happening.GATES_PASSED | Happening.PAPER_DONE:
            return DayEvaluated(ts, GOOD)
        case Happening.GATE_FAILED:
            return DayEvaluated(ts, replace(GOOD, gates_passed=False))
        case Happening.DISTURBED:
            return Disturbed(ts, "tilt is WARNING")
        case Happening.CONFIRMED:
            return PhraseGiven(ts, GOOD)
        case Happening.EXPIRED | Happening.ADJUSTED:
            return ModeTime(ts, trades=10, violations=0)
        case Happening.NOT_ADJUSTED:
            return ModeTime(ts, trades=9, violations=0)
        case Happening.WENT_LIVE:
            return GoLiveGiven(ts, is_clean=True)
        case Happening.PROVEN:
            return ModeTime(ts, trades=10, violations=0)
        case Happening.NOT_PROVEN:
            return ModeTime(ts, trades=10, violations=0, is_clean=False)
        case Happening.RECORD_BROKEN:
            return RecordBroken(ts, "byte 7 is not what it was")
        case Happening.RECORD_RESTORED:
            return RecordRestored(ts)
        case Happening.RESET | Happening.OWN_RESET:
            is_own = happening is Happening.OWN_RESET
            return ResetAsked(ts, 100, page_done=True, is_clean=True, is_own=is_own)
        case Happening.CAPITAL_LOST:
            return DayEvaluated(ts, replace(BAD, capital=CapitalFall.LOST))
        case Happening.CAPITAL_WITHDRAWN:
            return DayEvaluated(ts, replace(BAD, capital=CapitalFall.WITHDRAWN))
        case Happening.CALMED:
            return DayEvaluated(ts, replace(BAD, profitable_days=3, page_done=True))
        case Happening.RECOVERED:
            return DayEvaluated(ts, replace(BAD, trading_days=7))
        case Happening.STEPPED_DOWN:
            return SteppedDown(ts)


def run(state: TierState | None, *events: TierEvent) -> TierState | None:
    for one in events:
        for change in decide(state, one, TABLE):
            state = evolve(state, change, TABLE)
    return state


def standing(tier: Tier, mode: TierMode, since_ns: int = T - 8 * DAY) -> TierState:
    """A state as it is when what the mode waits for is due."""
    is_timed = mode in (TierMode.GO_LIVE, TierMode.PAPER48, TierMode.CEREMONY, TierMode.ADJUST48)
    return TierState(tier, mode, since_ns, tier_since_ns=since_ns, until_ns=T if is_timed else None)


STATES = [None, *(standing(tier, mode) for tier in Tier for mode in TierMode)]
UPWARD = {
    Happening.GATES_PASSED,
    Happening.PAPER_DONE,
    Happening.GATE_FAILED,
    Happening.CONFIRMED,
}
ELSEWHERE = {  # the same event means something else to another mode
    (Happening.GATES_PASSED, TierMode.PAPER48): Happening.PAPER_DONE,
    (Happening.PAPER_DONE, TierMode.ACTIVE): Happening.GATES_PASSED,
    (Happening.EXPIRED, TierMode.ADJUST48): Happening.ADJUSTED,
    (Happening.ADJUSTED, TierMode.PAPER48): Happening.EXPIRED,
    (Happening.ADJUSTED, TierMode.CEREMONY): Happening.EXPIRED,
    (Happening.NOT_ADJUSTED, TierMode.PAPER48): Happening.EXPIRED,
    (Happening.NOT_ADJUSTED, TierMode.CEREMONY): Happening.EXPIRED,
    **{
        (what, mode): Happening.EXPIRED
        for what in (Happening.PROVEN, Happening.NOT_PROVEN)
        for mode in (TierMode.PAPER48, TierMode.CEREMONY)
    },
    **{
        (what, TierMode.ADJUST48): Happening.ADJUSTED
        for what in (Happening.PROVEN, Happening.NOT_PROVEN)
    },
    **{
        (what, TierMode.GO_LIVE): Happening.PROVEN
        for what in (Happening.EXPIRED, Happening.ADJUSTED, Happening.NOT_ADJUSTED)
    },
    **{
        (what, mode): Happening.GATE_FAILED
        for what in (
            *(Happening.CAPITAL_LOST, Happening.CAPITAL_WITHDRAWN),
            *(Happening.CALMED, Happening.RECOVERED),
        )
        for mode in (TierMode.PAPER48, TierMode.CEREMONY)
    },
}
DOWN = {Happening.CAPITAL_LOST, Happening.CAPITAL_WITHDRAWN, Happening.STEPPED_DOWN}


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_pair_moves_as_the_table_says_or_is_refused(
    state: TierState | None, happening: Happening
) -> None:
    meant = happening
    if state is not None:
        meant = ELSEWHERE.get((happening, state.mode), happening)
    mode = TRANSITIONS.get((None if state is None else state.mode, meant))
    if state is not None and state.tier is Tier.ARCHITECT and meant in UPWARD:
        mode = None
    if state is not None and state.tier is Tier.SNIPER and meant in DOWN:
        mode = None
    moved = run(state, event(happening))
    if mode is None:
        assert moved == state
        assert decide(state, event(happening), TABLE) == ()
        return
    assert moved is not None
    assert moved.mode is mode
    expected = Tier.SNIPER if state is None else state.tier
    if meant is Happening.DAILY_LOSS or meant in DOWN:
        expected = list(Tier)[max(0, expected.rank - 1)]
    if meant is Happening.CONFIRMED:
        expected = list(Tier)[expected.rank + 1]
    assert moved.tier is expected


def test_row_1_opening() -> None:
    assert run(None, opened()) == TierState(Tier.SNIPER, TierMode.ACTIVE, T, tier_since_ns=T)
    live = TierState(Tier.SNIPER, TierMode.OPENING48, T, tier_since_ns=T)
    assert run(None, opened(is_paper=False)) == live


def test_a_live_account_opens_in_sniper_under_any_rulebook() -> None:
    research = load("research").tiers
    (paper,) = decide(None, opened(), research)
    (live,) = decide(None, opened(is_paper=False), research)
    assert (paper.tier, paper.mode) == (Tier.ARCHITECT, TierMode.ACTIVE)
    assert (live.tier, live.mode) == (Tier.SNIPER, TierMode.OPENING48)


def test_an_account_opens_once() -> None:
    state = run(None, opened())
    assert decide(state, opened(), TABLE) == ()


@pytest.mark.parametrize(
    ("tier", "capital", "left"),
    [
        (Tier.HUNTER, None, Tier.SNIPER),
        (Tier.HUNTER, Decimal(9000), Tier.SNIPER),
        (Tier.ARCHITECT, None, Tier.STRATEGIST),
        (Tier.ARCHITECT, Decimal(200_000), Tier.STRATEGIST),
        (Tier.ARCHITECT, Decimal("9999.99"), Tier.HUNTER),
        (Tier.ARCHITECT, Decimal(2000), Tier.HUNTER),
        (Tier.ARCHITECT, Decimal(1), Tier.SNIPER),
        (Tier.SNIPER, Decimal(100_000), Tier.SNIPER),
    ],
)
def test_rows_8_and_9_how_far_down(tier: Tier, capital: Decimal | None, left: Tier) -> None:
    moved = run(TierState(tier, TierMode.ACTIVE, 0), DailyLossExceeded(T, capital))
    assert moved is not None
    assert (moved.tier, moved.mode) == (left, TierMode.EMERGENCY)
    assert moved.no_promotion_before_ns == T + 30 * DAY


def test_one_day_demotes_once_and_the_next_day_again() -> None:
    state = run(TierState(Tier.ARCHITECT, TierMode.ACTIVE, 0), DailyLossExceeded(T))
    same_day = run(state, DailyLossExceeded(T + DAY // 2 - 1))
    next_day = run(state, DailyLossExceeded(T + DAY // 2))
    assert same_day == state
    assert next_day is not None and next_day.tier is Tier.HUNTER


@pytest.mark.parametrize("tier", Tier)
def test_halt_and_daily_loss_end_alike_in_either_order(tier: Tier) -> None:
    """For a small SNIPER both limits are touched by the same mark."""
    start = TierState(tier, TierMode.ACTIVE, 0)
    halt, loss = HaltReached(T, "halt row"), DailyLossExceeded(T)
    one, other = run(start, halt, loss), run(start, loss, halt)
    assert one is not None and other is not None
    assert (one.tier, one.mode, one.no_promotion_before_ns) == (
        other.tier,
        other.mode,
        other.no_promotion_before_ns,
    )
    assert one.mode is TierMode.HALTED


FALLS = (Happening.OPENED_PAPER, Happening.OPENED_LIVE, Happening.DAILY_LOSS, Happening.HALT)
happenings = st.lists(
    st.tuples(st.sampled_from(FALLS), st.integers(0, 3 * DAY)), min_size=1, max_size=20
)


@given(happenings)
def test_without_a_way_up_the_tier_is_a_fold_that_never_rises_and_keeps_a_halt(
    found: list[tuple[Happening, int]],
) -> None:
    events = [event(what, T + at) for what, at in sorted(found, key=lambda pair: pair[1])]
    state: TierState | None = None
    for i, one in enumerate(events):
        before, state = state, run(state, one)
        assert state == run(run(None, *events[:i]), one)
        if before is not None and state is not None:
            assert state.tier.rank <= before.tier.rank
            assert before.mode is not TierMode.HALTED or state.mode is TierMode.HALTED


def test_nothing_public_sets_a_tier() -> None:
    for module in (checks, desk, features, gates, history, machine):
        names = [name for name in vars(module) if not name.startswith("_")]
        assert not [name for name in names if name.startswith(("set_tier", "promote", "force"))]
    with pytest.raises(AttributeError):
        desk.TierDesk(TABLE).state = STATES[1]  # type: ignore[misc, assignment]
