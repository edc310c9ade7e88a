"""What a recording says it missed is what it missed."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, FeedLost, FeedRestored, TicksMissed, TradeTick
from genesis.domain.time import SECOND
from genesis.exchange.backfill import NOT_HELD
from genesis.service.recording.gaps import PATIENCE_NS, GapTracker
from genesis.store.ticks.records import AWAY, DEPTH, FEED, TRADES, GapRecord, StandingGaps
from tests.support.recorded import BTC, D


def tick(n: int, ts_ns: int | None = None) -> TradeTick:
    return TradeTick(n * SECOND if ts_ns is None else ts_ns, BTC, n, D(1), D(1), True)


def delta(last_id: int, *, is_snapshot: bool = False) -> BookDelta:
    return BookDelta(last_id * SECOND, BTC, last_id, last_id, (), (), is_snapshot)


def missed(told: tuple[GapRecord, ...]) -> set[int]:
    found: set[int] = set()
    for each in told:
        if each.kind == TRADES:
            assert each.first_id is not None
            assert each.last_id is not None
            ids = set(range(each.first_id, each.last_id + 1))
            assert ids
            assert not ids & found
            found |= ids
    return found


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.randoms())
def test_what_is_told_is_what_never_came(live: set[int], later: set[int], order: Random) -> None:
    """Some trades come in order, others afterwards in any order: fetched from the venue."""
    tracker = GapTracker(0, 0)
    fetched = sorted(later - live)
    order.shuffle(fetched)
    for n in [*sorted(live), *(n for n in fetched if n < max(live, default=0))]:
        tracker.hear(tick(n), 0)
    assert missed(tracker.settled(PATIENCE_NS - 1)) == set()
    told = tracker.settled(PATIENCE_NS)
    assert missed(told) == set(range(1, max(live, default=0) + 1)) - live - later
    assert tracker.settled(10 * PATIENCE_NS, at_the_end=True) == ()


def test_a_hole_names_the_moments_around_it() -> None:
    tracker = GapTracker()
    for n in (5, 6, 10):
        tracker.hear(tick(n), 0)
    (told,) = tracker.settled(0, at_the_end=True)
    assert (told.after_ns, told.before_ns) == (6 * SECOND, 10 * SECOND)
    assert (told.first_id, told.last_id, told.missing) == (7, 9, 3)


def test_what_the_stream_says_it_missed_is_told_once() -> None:
    tracker = GapTracker()
    tracker.hear(tick(1), 0)
    tracker.hear(tick(9), 0)
    tracker.missed(TicksMissed(9 * SECOND, BTC, 2, 4, SECOND, 9 * SECOND, NOT_HELD))
    for n in (5, 6, 7, 8):
        tracker.hear(tick(n), 0)
    (told,) = tracker.settled(0, at_the_end=True)
    assert (told.first_id, told.last_id, told.reason) == (2, 4, NOT_HELD)


def test_what_the_venue_has_not_is_told_before_the_stream_goes_on_and_once() -> None:
    tracker = GapTracker()
    tracker.hear(tick(1), 0)
    tracker.missed(TicksMissed(9 * SECOND, BTC, 2, 8, SECOND, 9 * SECOND, NOT_HELD))
    tracker.hear(tick(9), 0)
    tracker.hear(tick(11), 0)
    assert tracker.holes() == ((10, 10),)
    gone, jump = tracker.settled(0, at_the_end=True)
    assert (gone.first_id, gone.last_id, gone.reason) == (2, 8, NOT_HELD)
    assert (jump.first_id, jump.last_id) == (10, 10)


def test_what_the_stream_could_not_wait_for_may_come_yet() -> None:
    tracker = GapTracker()
    tracker.hear(tick(1), 0)
    tracker.missed(TicksMissed(9 * SECOND, BTC, 2, 8, SECOND, 9 * SECOND, "it was too slow"))
    tracker.hear(tick(9), 0)
    assert tracker.holes() == ((2, 8),)
    (told,) = tracker.settled(PATIENCE_NS)
    assert told.reason == "it was too slow"


@given(st.sets(st.integers(1, 40)), st.lists(st.integers(1, 40)), st.integers(0, 3), st.data())
def test_what_stands_is_what_is_missing_however_often_it_was_told(
    live: set[int], later: list[int], lives: int, data: st.DataObject
) -> None:
    """Holes are told, filled, handed to the next session, and refused by the venue."""
    last = max(live, default=0)
    tracker, stored, gone, written = GapTracker(0, 0), set(live), set[int](), StandingGaps()
    for n in sorted(live):
        tracker.hear(tick(n), 0)
    for n, number in enumerate(n for n in later if n < last):
        if number not in gone:
            tracker.fetched(tick(number), 0)
            stored.add(number)
        if data.draw(st.booleans()):
            refused = data.draw(st.integers(1, last))
            tracker.not_held(refused, refused + 3)
            gone |= set(range(refused, refused + 4)) - stored
        if data.draw(st.booleans()):
            is_end = n < lives
            for record in tracker.settled(0, at_the_end=is_end):
                written.take(record)
            tracker = next_session(stored, last, written) if is_end else tracker
    for record in tracker.settled(PATIENCE_NS):
        written.take(record)
    missing = set(range(1, last + 1)) - stored
    assert missed(tuple(written.told)) == missing
    assert {n for first, to in tracker.holes() for n in range(first, to + 1)} == missing - gone
    assert all(first <= to for first, to in tracker.holes())


def next_session(stored: set[int], last: int, written: StandingGaps) -> GapTracker:
    tracker = GapTracker(last, last * SECOND)
    for n in sorted(set(range(1, last + 1)) - stored):
        tracker.left(GapRecord(TRADES, (n - 1) * SECOND, (n + 1) * SECOND, n, n, "left"), 0)
    for record in written.told:
        tracker.told_before(record)
    return tracker


def test_a_hole_that_is_being_filled_is_not_told_yet() -> None:
    tracker = GapTracker()
    for n in (1, 9):
        tracker.hear(tick(n), 0)
    tracker.fetched(tick(2), PATIENCE_NS - 1)
    assert tracker.settled(PATIENCE_NS) == ()
    (told,) = tracker.settled(2 * PATIENCE_NS)
    assert (told.first_id, told.last_id) == (3, 8)


def test_a_trade_of_the_past_does_not_end_the_time_without_a_recorder() -> None:
    tracker = GapTracker(last_trade_id=3, last_ns=3 * SECOND)
    tracker.left(GapRecord(TRADES, SECOND, 3 * SECOND, 2, 2), 0)
    tracker.fetched(tick(2), 0)
    tracker.hear(tick(4), 0)
    (away,) = tracker.settled(0, at_the_end=True)
    assert (away.kind, away.after_ns, away.before_ns) == (AWAY, 3 * SECOND, 4 * SECOND)


def test_a_lost_line_is_a_gap_of_the_feed_from_the_last_word_to_the_first() -> None:
    tracker = GapTracker()
    tracker.hear(tick(1), 0)
    tracker.lost(FeedLost(4 * SECOND, "market", "silence"))
    tracker.lost(FeedLost(5 * SECOND, "market", "again"))
    assert tracker.settled(0) == ()
    tracker.restored(FeedRestored(7 * SECOND, "market"))
    tracker.restored(FeedRestored(8 * SECOND, "market"))
    assert tracker.settled(0) == (GapRecord(FEED, SECOND, 7 * SECOND, reason="silence"),)


def test_time_without_a_recorder_is_told_and_what_was_missed_meanwhile() -> None:
    tracker = GapTracker(last_trade_id=3, last_ns=3 * SECOND)
    tracker.hear(tick(6), 0)
    away, hole = tracker.settled(0, at_the_end=True)
    assert (away.kind, away.after_ns, away.before_ns) == (AWAY, 3 * SECOND, 6 * SECOND)
    assert (hole.kind, hole.first_id, hole.last_id) == (TRADES, 4, 5)
    replayed = GapTracker(last_trade_id=9, last_ns=9 * SECOND)
    for n in range(1, 12):
        replayed.hear(tick(n), 0)
    assert replayed.settled(0, at_the_end=True) == ()


def test_a_book_that_begins_again_missed_what_lies_between() -> None:
    tracker = GapTracker()
    for each in (delta(5, is_snapshot=True), delta(6), delta(9, is_snapshot=True), delta(10)):
        tracker.hear(each, 0)
    (told,) = tracker.settled(0)
    assert (told.kind, told.first_id, told.last_id) == (DEPTH, 7, 9)
    assert (told.after_ns, told.before_ns) == (6 * SECOND, 9 * SECOND)
