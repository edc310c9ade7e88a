"""The book's sequence: whatever is lost, what is told is whole."""

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.events import BookDelta, Level
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


def test_of_a_long_wait_the_oldest_differences_go_and_the_book_stays_right() -> None:
    book = DepthSync()
    for n in range(1, 10_001):
        book.difference(delta(n, n))
    assert book.snapshot(snapshot(5_000)) == ()
    told = book.snapshot(snapshot(9_000))
    assert [each.last_id for each in told] == list(range(9_000, 10_001))


# -- the documented way, on any line -----------------------------------------------------------
Side = dict[Decimal, Decimal]


class Venue:
    """A venue's bids, and every difference it ever told. One may cover several updates."""

    def __init__(self) -> None:
        self.at: list[Side] = [{}]
        self.last_id = 0

    def change(self, data: st.DataObject) -> BookDelta:
        first_id = self.last_id + 1
        rows = data.draw(st.dictionaries(st.integers(1, 6), st.integers(0, 9), max_size=3))
        levels = tuple(Level(Decimal(price), Decimal(qty)) for price, qty in rows.items())
        self.last_id += data.draw(st.integers(1, 3))
        self.at += [applied(self.at[-1], levels)] * (self.last_id + 1 - len(self.at))
        return BookDelta(0, "BTC/USDT", first_id, self.last_id, levels, ())

    def snapshot(self, at: int) -> BookDelta:
        """The whole book as a difference left it: the documents promise no state in between."""
        bids = tuple(Level(price, qty) for price, qty in self.at[at].items())
        return BookDelta(0, "BTC/USDT", at, at, bids, (), is_snapshot=True)


def applied(side: Side, levels: Iterable[Level]) -> Side:
    after = side | {level.price: level.qty for level in levels}
    return {price: qty for price, qty in after.items() if qty}


class Follower:
    """Applies what is told, and compares with the venue after every step."""

    def __init__(self, venue: Venue) -> None:
        self.sync, self.bids, self.reached = DepthSync(), {}, 0
        self.venue = venue

    def take(self, told: Iterable[BookDelta]) -> None:
        for event in told:
            if not event.is_snapshot:
                assert event.first_id <= self.reached + 1, "a hole"
                assert event.last_id > self.reached, "told twice"
            self.bids = applied({} if event.is_snapshot else self.bids, event.bids)
            self.reached = event.last_id
            assert self.bids == self.venue.at[self.reached]


@given(st.data(), st.integers(1, 40))
def test_the_book_is_the_venues_whatever_the_line_does(data: st.DataObject, count: int) -> None:
    """Differences are lost, doubled and reordered; snapshots are of any moment up to now."""
    venue, ends, waiting = Venue(), [0], []
    here = Follower(venue)
    for _ in range(count):
        waiting.append(venue.change(data))
        ends.append(venue.last_id)
        match data.draw(st.sampled_from(["arrives", "lost", "late", "twice", "snapshot"])):
            case "arrives":
                arriving, waiting = waiting, []
            case "twice":
                arriving, waiting = [*waiting, *waiting], []
            case "late":
                arriving, waiting = waiting[1:][::-1], waiting[:1]
            case "lost":
                arriving, waiting = [], []
            case _:
                arriving = []
                here.take(here.sync.snapshot(venue.snapshot(data.draw(st.sampled_from(ends)))))
        for difference in arriving:
            here.take(here.sync.difference(difference))
    here.take(here.sync.difference(venue.change(data)))
    if here.sync.wants_snapshot:
        here.take(here.sync.snapshot(venue.snapshot(venue.last_id)))
    here.take(here.sync.difference(venue.change(data)))
    assert here.reached == venue.last_id and here.bids == venue.at[-1]
