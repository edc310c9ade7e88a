from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    RecoverySessionJudged,
    SizesEased,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.paper import RecoverySessionDone
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, format_utc, parse_utc
from genesis.rules import load
from genesis.tilt.checks import check, multiplier
from genesis.tilt.inputs import Forked
from genesis.tilt.machine import (
    TRANSITIONS,
    LossTaken,
    Overridden,
    Scored,
    Signal,
    TiltEvent,
    TiltState,
    TimePassed,
    decide,
    evolve,
)

RULES = load("sniper").tilt
T = parse_utc("2024-08-08T12:00:00Z")
NORMAL, CAUTION, WARNING, LOCKED = TiltLevel
QUARTER = Decimal("0.25")
UNTIL = parse_utc("2024-08-09T00:00:00Z")


def state(level: TiltLevel) -> TiltState:
    """A state of that level as the machine would have made it at T."""
    words = RULES.journal.words_min if level.rank >= WARNING.rank else 0
    lock = UNTIL if level is LOCKED else None
    return TiltState(
        level, scored_level=level, since_ns=T, words_required=words, lock_until_ns=lock
    )


def run(start: TiltState, event: TiltEvent) -> TiltState:
    for outcome in decide(start, event, RULES):
        start = evolve(start, outcome)
    return start


def scored(score: int, sources: int = 2, rose: bool = True, ts: int = T) -> Scored:
    return Scored(ts, score, (("gap", score),), sources, rose)


def page(ts: int = T, accepted: bool = True) -> JournalAssessed:
    return JournalAssessed(ts, "ab" * 32, 500, accepted, "accepted" if accepted else "paste")


def signalled(start: TiltState, signal: Signal) -> tuple[TiltState, TiltEvent]:
    """The state, prepared, and the input that means this signal to it."""
    match signal:
        case Signal.ROSE_TO_CAUTION:
            return start, scored(45)
        case Signal.ROSE_TO_WARNING:
            return start, scored(65)
        case Signal.ROSE_TO_LOCKED:
            return start, scored(80)
        case Signal.WARNED_AGAIN:
            return start._replace(warned_ns=T - 24 * HOUR + 1), scored(65)
        case Signal.RELAPSED:
            return start._replace(limited_until_ns=T + 1, limited_multiplier=QUARTER), scored(65)
        case Signal.HALTED:
            return start, Halted(T, "drawdown", "the limit of 75 USDT was reached")
        case Signal.CRITICAL:
            return start, AlertRaised(T, "CRITICAL", "drawdown", Decimal(51), Decimal(50))
        case Signal.FORKED:
            return start, Forked(T, None, None)
        case Signal.CALMED:
            return start, TimePassed(T + 10 * MINUTE, T)
        case Signal.LOCK_OVER:
            return start, TimePassed(UNTIL, None)
        case Signal.PAGE_DONE:
            return start, page(T + MINUTE)
        case Signal.OVERRIDDEN:
            return start, Overridden(T + MINUTE, QUARTER, T + 4 * HOUR)


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("level", TiltLevel)
def test_every_pair_moves_as_the_table_says_or_not_at_all(level: TiltLevel, signal: Signal) -> None:
    start, event = signalled(state(level), signal)
    moved = run(start, event)
    assert moved.level is TRANSITIONS.get((level, signal), level)
    changes = [o for o in decide(start, event, RULES) if isinstance(o, TiltLevelChanged)]
    assert bool(changes) == ((level, signal) in TRANSITIONS)
    if isinstance(event, Halted):
        start = start._replace(by_halt=True)  # whatever the level is
    if (level, signal) not in TRANSITIONS and not isinstance(event, Scored):
        others = {"words_required": moved.words_required}  # a page written under LOCKED is kept
        assert moved == start._replace(**others)


def test_the_table_rises_freely_and_falls_by_one_step() -> None:
    for (old, _), new in TRANSITIONS.items():
        assert new.rank > old.rank or new.rank == old.rank - 1


@pytest.mark.parametrize(
    ("score", "level"),
    [(39, NORMAL), (40, CAUTION), (59, CAUTION), (60, WARNING), (79, WARNING), (80, LOCKED)],
)
def test_levels_are_entered_at_their_lines(score: int, level: TiltLevel) -> None:
    assert run(TiltState(), scored(score)).level is level


def test_a_critical_fall_is_caution_and_leaves_the_score_alone() -> None:
    fell = AlertRaised(T, "CRITICAL", "drawdown", Decimal(51), Decimal(50))
    moved = run(TiltState(score=12), fell)
    assert (moved.level, moved.score) == (CAUTION, 12)
    assert run(moved, TimePassed(T + 10 * MINUTE, T)).level is NORMAL


def test_one_source_alone_is_no_warning() -> None:
    assert run(TiltState(), scored(79, sources=1)).level is CAUTION


def test_only_an_act_that_adds_evidence_raises_a_level() -> None:
    assert run(TiltState(), scored(90, rose=False)).level is NORMAL


def test_a_score_is_told_when_score_or_level_changed_only() -> None:
    once = run(TiltState(), scored(45))
    assert decide(once, scored(45), RULES) == ()
    (told,) = decide(once, scored(46, rose=False), RULES)
    assert isinstance(told, TiltScored) and told.level is CAUTION
    assert decide(TiltState(), scored(0, rose=False), RULES) == ()


def test_caution_is_left_after_ten_calm_minutes_counted_from_its_start() -> None:
    start = state(CAUTION)
    calm_long_ago = TimePassed(T + 10 * MINUTE - 1, T - HOUR)
    assert run(start, calm_long_ago).level is CAUTION
    assert run(start, TimePassed(T + 10 * MINUTE, T - HOUR)).level is NORMAL
    assert run(start, TimePassed(T + HOUR, T + 55 * MINUTE)).level is CAUTION
    assert run(start, TimePassed(T + HOUR, None)).level is CAUTION


@pytest.mark.parametrize("level", [WARNING, LOCKED])
def test_no_passage_of_time_alone_ends_a_pause(level: TiltLevel) -> None:
    start = state(level)
    for years in range(5):
        start = run(start, TimePassed(T + years * 365 * 24 * HOUR, T))
        assert check(start, T) is not None
        assert multiplier(start, T, RULES.levels) == 0


def test_a_warning_asks_for_the_page_in_the_words_of_the_product() -> None:
    *_, opened = decide(TiltState(), scored(65), RULES)
    assert isinstance(opened, InterventionOpened)
    assert opened.message == (
        "🟧 Trading paused - Performance optimization needed\n"
        "Write 500 words about your emotional state to continue"
    )
    assert (opened.journal_words, opened.until_ns) == (500, None)


def test_a_rejected_page_changes_nothing() -> None:
    assert decide(state(WARNING), page(accepted=False), RULES) == ()


def test_a_page_nobody_asked_for_starts_no_hour() -> None:
    for level in (NORMAL, CAUTION):
        assert decide(state(level), page(), RULES) == ()


def test_an_accepted_page_leads_to_caution_and_one_limited_hour() -> None:
    changed, hour = decide(state(WARNING), page(T + MINUTE), RULES)
    assert isinstance(changed, TiltLevelChanged) and changed.new is CAUTION
    assert hour == LimitedHourStarted(T + MINUTE, Decimal("0.5"), T + MINUTE + 3600 * SECOND)


def test_i36_the_hour_limits_until_its_last_instant_and_not_at_it() -> None:
    start = run(state(WARNING), page(T))
    end = T + 3600 * SECOND
    assert multiplier(start, T, RULES.levels) == Decimal("0.5")
    assert multiplier(start, end - 1, RULES.levels) == Decimal("0.5")
    assert multiplier(start, end, RULES.levels) == Decimal("0.75")  # still CAUTION
    calm = start._replace(level=NORMAL)
    assert multiplier(calm, end - 1, RULES.levels) == Decimal("0.5")
    assert multiplier(calm, end, RULES.levels) == 1
    (ended,) = decide(start, TimePassed(end, None), RULES)
    assert ended == LimitedHourEnded(end)
    assert evolve(start, ended).limited_until_ns is None
    assert decide(start, TimePassed(end - 1, None), RULES) == ()


def test_a_full_loss_inside_the_hour_starts_it_again() -> None:
    start = run(state(WARNING), page(T))
    end = T + 3600 * SECOND
    assert decide(start, LossTaken(end - 1, 0.99), RULES) == ()
    assert decide(start, LossTaken(end, 5.0), RULES) == ()
    again = run(start, LossTaken(end - 1, 1.0))
    assert again.limited_until_ns == end - 1 + 3600 * SECOND
    assert again.level is CAUTION


@pytest.mark.parametrize("level", [WARNING, LOCKED])
def test_a_loss_in_a_pause_writes_no_page(level: TiltLevel) -> None:
    """The limited time of an earlier page, or of an override, may still run."""
    end = T + 3600 * SECOND
    limited = run(state(WARNING), page(T))._replace(level=level, words_required=500)
    again = run(limited, LossTaken(end - 1, 2.0))
    assert again == limited
    assert run(again, TimePassed(end, None)).words_required == 500


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2024-08-08T12:00:00Z", "2024-08-09T00:00:00Z"),
        ("2024-08-08T22:00:00Z", "2024-08-09T02:00:00Z"),
        ("2024-08-09T00:00:00Z", "2024-08-10T00:00:00Z"),
    ],
)
def test_locked_lasts_four_hours_and_to_the_next_midnight(at: str, until: str) -> None:
    locked = run(TiltState(), scored(80, ts=parse_utc(at)))
    assert locked.lock_until_ns is not None
    assert format_utc(locked.lock_until_ns) == until
    failure = check(locked, parse_utc(at))
    assert failure is not None
    assert (failure.code, failure.until_ns) == ("TILT_LOCKED", locked.lock_until_ns)


def test_a_page_written_under_lock_counts_when_the_time_is_over() -> None:
    waiting = run(state(LOCKED), page(T + MINUTE))
    assert (waiting.level, waiting.words_required) == (LOCKED, 0)
    assert decide(waiting, page(T + 2 * MINUTE), RULES) == ()
    assert run(waiting, TimePassed(UNTIL - 1, None)).level is LOCKED
    step = run(waiting, TimePassed(UNTIL, None))
    assert step.level is WARNING
    down = run(step, TimePassed(UNTIL, None))
    assert (down.level, down.limited_until_ns) == (CAUTION, UNTIL + 3600 * SECOND)


def test_an_unwritten_page_is_still_due_after_the_lock_time() -> None:
    over = run(state(LOCKED), TimePassed(UNTIL, None))
    assert (over.level, over.words_required, over.lock_until_ns) == (WARNING, 500, None)
    assert run(over, TimePassed(UNTIL + HOUR, T)).level is WARNING
    assert run(over, page(UNTIL + HOUR)).level is CAUTION


# -- what makes a warning a lock ---------------------------------------------------------------
def test_a_second_warning_within_a_day_locks_and_not_a_moment_later() -> None:
    first = run(TiltState(), scored(65))
    assert (first.level, first.warned_ns) == (WARNING, T)
    calm = run(first, page(T + MINUTE))._replace(level=NORMAL, limited_until_ns=None)
    assert run(calm, scored(65, ts=T + DAY - 1)).level is LOCKED
    assert run(calm, scored(65, ts=T + DAY)).level is WARNING
    assert run(calm, scored(45, ts=T + HOUR)).level is CAUTION


def test_a_warning_inside_the_limited_hour_locks() -> None:
    limited = TiltState(limited_until_ns=T + 1, limited_multiplier=Decimal("0.5"))
    assert run(limited, scored(65)).level is LOCKED
    assert run(limited, scored(65, ts=T + 1)).level is WARNING  # the hour is over at its end


def test_a_further_rise_in_the_same_warning_is_no_second_one() -> None:
    first = run(TiltState(), scored(65))
    assert run(first, scored(70, ts=T + MINUTE)).level is WARNING


def test_rules_from_before_know_no_second_warning_and_no_halt() -> None:
    old = replace(RULES, interventions=None)
    start = TiltState(warned_ns=T - 1, limited_until_ns=T + 1)
    (_, changed, _) = decide(start, scored(65), old)
    assert isinstance(changed, TiltLevelChanged) and changed.new is WARNING
    assert decide(TiltState(), Halted(T, "drawdown", "x"), old) == ()


def test_a_halt_locks_with_a_page_and_a_time() -> None:
    changed, told, opened = decide(TiltState(), Halted(T, "drawdown", "enough"), RULES)
    assert isinstance(changed, TiltLevelChanged) and changed.new is LOCKED
    assert (told.source, told.reason) == ("drawdown", "enough")  # type: ignore[union-attr]
    assert isinstance(opened, InterventionOpened)
    assert (opened.journal_words, opened.until_ns) == (500, UNTIL)
    assert run(TiltState(), Halted(T, "drawdown", "enough")).by_halt


# -- the way out of a lock ---------------------------------------------------------------------
def freed(has_lane: bool = False) -> TiltState:
    """Locked at T, the page written, the lock time over; one evaluation after it."""
    locked = run(TiltState(), scored(80))._replace(has_lane=has_lane)
    return run(run(locked, page(T + HOUR)), TimePassed(UNTIL, None))


def session(began: int, minutes: int, indicator_events: int = 0) -> RecoverySessionDone:
    return RecoverySessionDone(began + minutes * MINUTE, began, indicator_events)


def test_without_a_lane_nothing_more_is_waited_for() -> None:
    out = run(freed(), TimePassed(UNTIL, None))
    assert (out.level, out.limited_until_ns) == (CAUTION, UNTIL + HOUR)


def test_with_a_lane_a_quiet_session_comes_before_trading() -> None:
    waiting = freed(has_lane=True)
    assert decide(waiting, TimePassed(UNTIL + DAY, None), RULES) == ()
    failure = check(waiting, UNTIL)
    assert failure is not None and "quiet session" in failure.reason
    held = run(waiting, session(UNTIL, 30))
    assert run(held, TimePassed(UNTIL + HOUR, None)).level is CAUTION


def test_a_session_may_be_held_while_the_lock_time_runs() -> None:
    locked = run(TiltState(), scored(80))._replace(has_lane=True)
    held = run(run(locked, session(T, 30)), page(T + HOUR))
    assert held.level is LOCKED
    over = run(held, TimePassed(UNTIL, None))
    assert run(over, TimePassed(UNTIL, None)).level is CAUTION


@pytest.mark.parametrize(
    ("began", "minutes", "events", "why"),
    [
        (T + HOUR, 29, 0, "shorter than 30 minutes"),
        (T + HOUR, 45, 1, "not calm"),
        (T - 1, 60, 0, "began before the lock"),
    ],
)
def test_a_session_that_does_not_count_says_why(
    began: int, minutes: int, events: int, why: str
) -> None:
    waiting = freed(has_lane=True)
    (told,) = decide(waiting, session(began, minutes, events), RULES)
    assert isinstance(told, RecoverySessionJudged)
    assert not told.accepted and why in told.reason
    assert evolve(waiting, told) == waiting


def test_a_lane_that_closes_traps_nobody() -> None:
    stranded = freed(has_lane=True)._replace(has_lane=False)
    assert run(stranded, TimePassed(UNTIL + 1, None)).level is CAUTION


def test_a_page_before_the_session_says_what_is_still_to_be_done() -> None:
    late = run(run(TiltState(), scored(80))._replace(has_lane=True), TimePassed(UNTIL, None))
    (told,) = decide(late, page(UNTIL + HOUR), RULES)
    assert isinstance(told, InterventionOpened)
    assert told.message.startswith("Page accepted") and "30 minutes" in told.message
    assert (told.journal_words, told.level) == (0, WARNING)


def test_a_session_nobody_asked_for_changes_nothing() -> None:
    assert decide(run(TiltState(), scored(65)), session(T, 60), RULES) == ()
    assert decide(TiltState(has_lane=True), session(T, 60), RULES) == ()


def test_after_a_lock_sizes_are_half_for_an_hour_and_three_quarters_for_the_rest_of_its_day() -> (
    None
):
    _, hour, eased = decide(freed(), TimePassed(UNTIL, None), RULES)
    assert eased == SizesEased(UNTIL, Decimal("0.75"), UNTIL + DAY)
    assert isinstance(hour, LimitedHourStarted)
    out = run(freed(), TimePassed(UNTIL, None))._replace(level=NORMAL)
    end = hour.until_ns
    found = [multiplier(out, at, RULES.levels) for at in (end - 1, end, UNTIL + DAY - 1)]
    assert found == [Decimal("0.5"), Decimal("0.75"), Decimal("0.75")]
    assert multiplier(out, UNTIL + DAY, RULES.levels) == 1
    # an hour that begins again on the last minutes of the day takes the next day along
    again = run(out, LossTaken(end - 1, 1.0))
    assert again.eased_until_ns == UNTIL + DAY
    late = out._replace(limited_until_ns=UNTIL + DAY - 1)
    assert run(late, LossTaken(UNTIL + DAY - 2, 1.0)).eased_until_ns == UNTIL + 2 * DAY


def test_a_plain_warning_eases_nothing_afterwards() -> None:
    out = run(state(WARNING), page(T))
    assert out.eased_until_ns is None


def test_to_override_a_lock_is_never_the_better_deal() -> None:
    down = run(state(LOCKED), Overridden(T, QUARTER, T + 4 * HOUR))
    down = down._replace(locked_ns=T)
    out = run(down, Overridden(T, QUARTER, T + 4 * HOUR))
    assert multiplier(out, T, RULES.levels) == QUARTER
    assert multiplier(out._replace(level=NORMAL), T + 4 * HOUR, RULES.levels) == Decimal("0.75")


def test_the_checks_let_entries_pass_when_calm() -> None:
    for level in (NORMAL, CAUTION):
        assert check(state(level), T) is None
    assert multiplier(state(NORMAL), T, RULES.levels) == 1
    assert multiplier(state(CAUTION), T, RULES.levels) == Decimal("0.75")
    failure = check(state(WARNING), T)
    assert failure is not None and failure.code == "TILT_WARNING"
