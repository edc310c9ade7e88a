from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.time import DAY, parse_utc
from genesis.rules import load
from genesis.tiers import checks, desk, features, gates, machine
from genesis.tiers.machine import (
    TRANSITIONS,
    DailyLossExceeded,
    HaltReached,
    Happening,
    TierEvent,
    TierState,
    decide,
    evolve,
)

TABLE = load("sniper").tiers
T = parse_utc("2024-08-08T12:00:00Z")


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


def run(state: TierState | None, *events: TierEvent) -> TierState | None:
    for one in events:
        for change in decide(state, one, TABLE):
            state = evolve(state, change, TABLE)
    return state


STATES = [None, *(TierState(tier, mode, T - 5) for tier in Tier for mode in TierMode)]


@pytest.mark.parametrize("happening", Happening)
@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_pair_moves_as_the_table_says_or_is_refused(
    state: TierState | None, happening: Happening
) -> None:
    mode = TRANSITIONS.get((None if state is None else state.mode, happening))
    moved = run(state, event(happening))
    if mode is None:
        assert moved == state
        assert decide(state, event(happening), TABLE) == ()
        return
    assert moved is not None
    assert moved.mode is mode
    expected = Tier.SNIPER if state is None else state.tier
    if happening is Happening.DAILY_LOSS:
        expected = list(Tier)[max(0, expected.rank - 1)]
    assert moved.tier is expected


def test_row_1_opening() -> None:
    assert run(None, opened()) == TierState(Tier.SNIPER, TierMode.ACTIVE, T)
    assert run(None, opened(is_paper=False)) == TierState(Tier.SNIPER, TierMode.OPENING48, T)


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


happenings = st.lists(
    st.tuples(st.sampled_from(Happening), st.integers(0, 3 * DAY)), min_size=1, max_size=20
)


@given(happenings)
def test_the_tier_is_a_fold_that_never_rises_and_keeps_a_halt(
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
    for module in (checks, desk, features, gates, machine):
        names = [name for name in vars(module) if not name.startswith("_")]
        assert not [name for name in names if name.startswith(("set_tier", "promote", "force"))]
    with pytest.raises(AttributeError):
        desk.TierDesk(TABLE).state = STATES[1]  # type: ignore[misc, assignment]
