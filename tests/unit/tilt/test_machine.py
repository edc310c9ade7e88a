from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import (
    InterventionOpened,
    LimitedHourEnded,
    LimitedHourStarted,
    TiltLevelChanged,
    TiltScored,
)
from genesis.domain.time import HOUR, MINUTE, SECOND, format_utc, parse_utc
from genesis.rules import load
from genesis.tilt.checks import check, multiplier
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
    if (level, signal) not in TRANSITIONS and not isinstance(event, Scored):
        others = {"words_required": moved.words_required}  # a page written under LOCKED is kept
        assert moved == replace(start, **others)


def test_the_table_rises_freely_and_falls_by_one_step() -> None:
    for (old, _), new in TRANSITIONS.items():
        assert new.rank > old.rank or new.rank == old.rank - 1


@pytest.mark.parametrize(
    ("score", "level"),
    [(39, NORMAL), (40, CAUTION), (59, CAUTION), (60, WARNING), (79, WARNING), (80, LOCKED)],
)
def test_levels_are_entered_at_their_lines(score: int, level: TiltLevel) -> None:
    assert run(TiltState(), scored(score)).level is level


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
    calm = replace(start, level=NORMAL)
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
    limited = replace(run(state(WARNING), page(T)), level=level, words_required=500)
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


def test_the_checks_let_entries_pass_when_calm() -> None:
    for level in (NORMAL, CAUTION):
        assert check(state(level), T) is None
    assert multiplier(state(NORMAL), T, RULES.levels) == 1
    assert multiplier(state(CAUTION), T, RULES.levels) == Decimal("0.75")
    failure = check(state(WARNING), T)
    assert failure is not None and failure.code == "TILT_WARNING"
