"""The book's sequence: whatever is lost, what is told is whole."""

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BookDelta
from genesis.exchange.depth import DepthSync


def delta(first_id: int, last_id: int, *, is_snapshot: bool = False) -> BookDelta:
    return BookDelta(0, "BTC/USDT", first_id, last_id, (), (), is_snapshot)


def snapshot(last_id: int) -> BookDelta:
    return delta(last_id, last_id, is_snapshot=True)


def test_held_differences_follow_the_snapshot() -> None:
    book = DepthSync()
    assert book.difference(delta(8, 10)) == ()
    assert book.difference(delta(11, 12)) == ()
    assert book.snapshot(snapshot(10)) == (snapshot(10), delta(11, 12))
    assert not book.wants_snapshot
    assert book.difference(delta(13, 13)) == (delta(13, 13),)


def test_a_snapshot_older_than_what_is_held_is_not_used() -> None:
    book = DepthSync()
    book.difference(delta(8, 10))
    assert book.snapshot(snapshot(5)) == ()
    assert book.wants_snapshot
    assert book.snapshot(snapshot(9)) == (snapshot(9), delta(8, 10))


def test_a_jump_starts_again() -> None:
    book = DepthSync()
    book.difference(delta(1, 1))
    book.snapshot(snapshot(1))
    assert book.difference(delta(3, 3)) == ()
    assert book.wants_snapshot
    assert book.gaps == 1
    assert book.snapshot(snapshot(3)) == (snapshot(3),)


@given(st.lists(st.sampled_from(["arrives", "lost", "snapshot"]), max_size=60), st.data())
def test_what_is_told_has_no_hole(story: list[str], data: st.DataObject) -> None:
    """Differences 1, 2, 3 ...: some are lost, snapshots of some moment arrive at any time."""
    book, last_id, told_id = DepthSync(), 0, None
    for happening in story:
        if happening == "snapshot":
            told = book.snapshot(snapshot(data.draw(st.integers(0, last_id))))
        else:
            last_id += 1
            told = book.difference(delta(last_id, last_id)) if happening == "arrives" else ()
        for event in told:
            if event.is_snapshot:
                told_id = event.last_id
            else:
                assert told_id is not None
                assert event.first_id <= told_id + 1
                assert event.last_id > told_id
                told_id = event.last_id
