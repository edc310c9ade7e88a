"""Overrides: the table, the locks that double, and what an accepted one costs."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    LimitedHourStarted,
    OverrideJudged,
    OverrideLocked,
    PageOwed,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, HOUR, MICROSECOND, MINUTE
from genesis.rules import load
from genesis.tilt import TiltDetector, UserAction
from genesis.tilt.desk import TiltDesk
from genesis.tilt.override import (
    ACCEPTED,
    BAD_PAGE,
    HALTED,
    LOCKED_OUT,
    MALFORMED,
    NOT_PAUSED,
    TRANSITIONS,
    WRONG_PHRASE,
    Attempt,
    OverrideState,
    Phase,
    Signal,
    attempts_left,
    decide,
    evolve,
    phase_at,
)
from tests.support.acts import CHASE, NOON_US, act, entry

RULES = load("sniper").tilt
OVER = RULES.override
assert OVER is not None
T = NOON_US * MICROSECOND
FAILS = (MALFORMED, WRONG_PHRASE, BAD_PAGE, HALTED, NOT_PAUSED)


def run(state: OverrideState, ts_ns: int, reason: str) -> OverrideState:
    for fact in decide(state, Attempt(ts_ns, None, reason), OVER):
        state = evolve(state, fact, OVER)
    return state


def exhausted(ts_ns: int, state: OverrideState | None = None) -> OverrideState:
    state = state or OverrideState()
    for _ in range(OVER.attempts_max):
        state = run(state, ts_ns, WRONG_PHRASE)
    return state


# -- the table -------------------------------------------------------------------------------
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("phase", Phase)
def test_every_pair_moves_as_the_table_says_or_changes_nothing(
    phase: Phase, signal: Signal
) -> None:
    used = OVER.attempts_max - 1 if signal is Signal.USED_UP else 0
    start = OverrideState(attempts_ns=(T - 1,) * used)
    if phase is Phase.LOCKED:
        start = replace(start, locked_until_ns=T + 1, locks_ns=(T - 5,))
    moved = run(start, T, ACCEPTED if signal is Signal.ACCEPTED else WRONG_PHRASE)
    wanted = TRANSITIONS.get((phase, signal))
    if wanted is None:
        assert moved == start
    else:
        assert phase_at(moved, T) is wanted


def test_three_attempts_of_any_kind_lock_for_a_day() -> None:
    state = OverrideState()
    for left, reason in ((2, MALFORMED), (1, BAD_PAGE)):
        state = run(state, T, reason)
        assert attempts_left(state, T, OVER) == left
    judged, locked = decide(state, Attempt(T, "r", WRONG_PHRASE), OVER)
    assert judged == OverrideJudged(T, "r", False, WRONG_PHRASE, 0, T + DAY)
    assert locked == OverrideLocked(T, T + DAY)
    state = exhausted(T)
    assert phase_at(state, T + DAY - 1) is Phase.LOCKED
    assert attempts_left(state, T + DAY - 1, OVER) == 0
    assert attempts_left(state, T + DAY, OVER) == 3


def test_attempts_leave_the_rolling_window_one_by_one() -> None:
    state = run(OverrideState(), T, WRONG_PHRASE)
    state = run(state, T + HOUR, WRONG_PHRASE)
    assert attempts_left(state, T + DAY - 1, OVER) == 1
    assert attempts_left(state, T + DAY, OVER) == 2
    assert attempts_left(state, T + DAY + HOUR, OVER) == 3


def test_one_that_is_accepted_locks_and_leaves_a_page_owed() -> None:
    facts = decide(OverrideState(), Attempt(T, None, ACCEPTED), OVER)
    assert facts[1:] == (OverrideLocked(T, T + DAY), PageOwed(T, 1))
    state = run(OverrideState(), T, ACCEPTED)
    assert (state.pages_owed, state.active_until_ns) == (1, T + 4 * HOUR)


def test_each_lock_within_thirty_days_doubles_the_next_up_to_a_week() -> None:
    state, at, hours = OverrideState(), T, []
    for _ in range(5):
        state = exhausted(at, state)
        assert state.locked_until_ns is not None
        hours.append((state.locked_until_ns - at) // HOUR)
        at = state.locked_until_ns
    assert hours == [24, 48, 96, 168, 168]
    later = exhausted(at + 31 * DAY, state)
    assert later.locked_until_ns == at + 32 * DAY


def test_a_call_while_locked_is_told_and_extends_nothing() -> None:
    state = exhausted(T)
    for minute in range(100):
        facts = decide(state, Attempt(T + minute * MINUTE, None, ACCEPTED), OVER)
        (told,) = facts
        assert isinstance(told, OverrideJudged)
        assert (told.reason, told.until_ns) == (LOCKED_OUT, T + DAY)
        assert evolve(state, told, OVER) == state


@given(st.lists(st.tuples(st.integers(0, 3 * DAY), st.sampled_from([ACCEPTED, *FAILS]))))
def test_i37_never_more_than_three_attempts_in_any_day(calls: list[tuple[int, str]]) -> None:
    state, at, counted = OverrideState(), T, []
    for wait, reason in calls:
        at += wait
        is_open = phase_at(state, at) is Phase.OPEN
        judged = decide(state, Attempt(at, None, reason), OVER)[0]
        assert isinstance(judged, OverrideJudged)
        assert (judged.reason == LOCKED_OUT) is not is_open
        if is_open:
            counted.append((at, reason))
        state = run(state, at, reason)
    for since, _ in counted:
        day = [reason for ts, reason in counted if since <= ts < since + DAY]
        assert len(day) <= 3
        assert ACCEPTED not in day[:-1]


# -- the verdict, in its order ---------------------------------------------------------------
def paused_desk() -> TiltDesk:
    desk = TiltDesk(RULES)
    for one in CHASE:
        desk.observe(one)
    assert desk.state.level is TiltLevel.WARNING
    return desk


def now_of(desk: TiltDesk) -> int:
    return desk.detector.now_ns + MINUTE


def override(desk: TiltDesk, reason: str) -> tuple:
    now = now_of(desk)
    action = UserAction(now // MICROSECOND, "OVERRIDE_ATTEMPT", "s", reason=reason)
    return desk.overridden(Attempt(now, None, reason), action)


@pytest.mark.parametrize(
    ("phrase", "page", "halted", "verdict"),
    [
        ("I ACCEPT THE RISKS", "accepted", False, ACCEPTED),
        ("I ACCEPT THE RISKS", None, False, MALFORMED),
        ("nonsense", "malformed", True, MALFORMED),
        ("I accept the risks", "too_short", True, WRONG_PHRASE),
        ("I ACCEPT THE RISKS ", "accepted", False, WRONG_PHRASE),
        (None, "accepted", False, WRONG_PHRASE),
        ("I ACCEPT THE RISKS", "paste", True, BAD_PAGE),
        ("I ACCEPT THE RISKS", "accepted", True, HALTED),
    ],
)
def test_what_is_said_first(
    phrase: str | None, page: str | None, halted: bool, verdict: str
) -> None:
    desk = paused_desk()
    assert desk.judge_override(now_of(desk), phrase, page, is_halted=halted) == verdict
    desk.override = exhausted(now_of(desk))
    said = desk.judge_override(now_of(desk), phrase, page, is_halted=halted)
    assert said == LOCKED_OUT


def test_without_an_intervention_there_is_nothing_to_override() -> None:
    said = TiltDesk(RULES).judge_override(T, OVER.phrase, "accepted", is_halted=False)
    assert said == NOT_PAUSED


# -- what an accepted one does ---------------------------------------------------------------
def test_it_ends_the_pause_with_quarter_sizes_for_four_hours() -> None:
    desk = paused_desk()
    at = now_of(desk)
    facts = override(desk, ACCEPTED)
    (changed,) = [fact for fact in facts if isinstance(fact, TiltLevelChanged)]
    assert (changed.old, changed.new) == (TiltLevel.WARNING, TiltLevel.CAUTION)
    assert LimitedHourStarted(at, Decimal("0.25"), at + 4 * HOUR) in facts
    assert desk.check(at) is None
    assert desk.multiplier(at) == desk.multiplier(at + 4 * HOUR - 1) == Decimal("0.25")
    assert desk.multiplier(at + 4 * HOUR) > Decimal("0.25")
    assert desk.pages_due == 1


def test_its_evidence_stays_and_halves_in_a_day() -> None:
    desk = paused_desk()
    before = desk.detector.score().raw
    override(desk, ACCEPTED)
    at = desk.detector.now_ns
    assert desk.score(at).raw == pytest.approx(before + 2.5, abs=0.2)
    assert desk.score(at).contributions["override"] > 0
    assert desk.detector.points.at(at // MICROSECOND, RULES)["override"] == 2.5
    left = desk.detector.points.at((at + DAY) // MICROSECOND, RULES)["override"]
    assert left == pytest.approx(1.25)


def test_it_cannot_lock_by_itself_but_the_next_bad_act_can() -> None:
    desk = paused_desk()
    override(desk, ACCEPTED)
    assert desk.score(desk.detector.now_ns).score >= RULES.levels.locked_enter
    assert desk.state.level is TiltLevel.CAUTION
    seconds = (desk.detector.now_ns - T) // 1_000_000_000
    desk.observe(entry(seconds + 2))
    assert desk.state.level is TiltLevel.LOCKED


def test_i40_out_of_locked_it_falls_one_level_at_a_time() -> None:
    desk = paused_desk()
    for _ in range(6):
        desk.observe(UserAction(now_of(desk) // MICROSECOND, "CEREMONY_STEP", "s", reason="phrase"))
    assert desk.state.level is TiltLevel.LOCKED
    steps = [f for f in override(desk, ACCEPTED) if isinstance(f, TiltLevelChanged)]
    assert [step.new for step in steps] == [TiltLevel.WARNING, TiltLevel.CAUTION]
    assert desk.state.lock_until_ns is None


def test_a_loss_inside_the_four_hours_never_loosens_them() -> None:
    desk = paused_desk()
    override(desk, ACCEPTED)
    at = desk.detector.now_ns
    late = (at + 3 * HOUR + 30 * MINUTE - T) / 1_000_000_000
    desk.observe(act(late, "POSITION_CLOSED", symbol="BTC/USDT", pnl_r=-1.0, reason="manual"))
    assert desk.state.limited_multiplier == Decimal("0.25")
    assert desk.state.limited_until_ns == at + 4 * HOUR + 30 * MINUTE


def test_the_page_owed_is_paid_by_the_next_accepted_page() -> None:
    desk = paused_desk()
    override(desk, ACCEPTED)
    at = now_of(desk)
    assert PageOwed(at, 0) not in desk.journal(JournalAssessed(at, "a" * 64, 9, False, "paste"))
    assert desk.pages_due == 1
    paid = desk.journal(JournalAssessed(at, "b" * 64, 520, True, "accepted"))
    assert PageOwed(at, 0) in paid
    assert desk.pages_due == 0
    assert not [fact for fact in paid if isinstance(fact, LimitedHourStarted)]


def test_a_wrong_phrase_is_a_point_of_evidence_and_can_raise_the_level() -> None:
    desk = TiltDesk(RULES)
    levels = []
    for _ in range(4):
        desk.observe(UserAction(now_of(desk) // MICROSECOND, "CEREMONY_STEP", "s", reason="phrase"))
        levels.append(desk.state.level)
    assert levels[0] is TiltLevel.NORMAL
    assert levels[-1].rank >= TiltLevel.WARNING.rank


def test_a_snapshot_keeps_points_and_the_day() -> None:
    desk = paused_desk()
    override(desk, ACCEPTED)
    detector = desk.detector
    again = TiltDetector.restore(RULES, detector.snapshot())
    assert again.points == detector.points
    assert again.snapshot() == detector.snapshot()
    assert again.today.at(detector.now_ns) == detector.today.at(detector.now_ns)


def test_rules_without_fixed_evidence_score_as_they_always_did() -> None:
    old = TiltDetector(replace(RULES, fixed={}, override=None))
    old.update_metrics(act(1, "OVERRIDE_ATTEMPT", reason="accepted"))
    assert old.score().score == 0
