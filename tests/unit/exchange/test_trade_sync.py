"""Prints in sequence: whatever is lost, repeated or late, each is told once and in order."""

from hypothesis import given
from hypothesis import strategies as st

from genesis.exchange.trade_sync import Hole, Missed, TradeSync
from tests.support.stream_server import tick


def ids(told: object) -> list[int]:
    return [each.trade_id for each in told]  # type: ignore[attr-defined]


def test_what_follows_is_told_and_what_is_known_is_not() -> None:
    sync = TradeSync()
    assert ids(sync.take(tick(7))) == [7]
    assert ids(sync.take(tick(8))) == [8]
    assert sync.take(tick(8)) == sync.take(tick(3)) == ()
    assert sync.hole is None


def test_what_comes_behind_a_hole_waits_for_it() -> None:
    sync = TradeSync()
    sync.take(tick(1))
    assert sync.take(tick(5)) == sync.take(tick(4)) == ()
    assert sync.hole == Hole(2, 3)
    assert ids(sync.fill([tick(2)])) == [2]
    assert sync.hole == Hole(3, 3)
    assert ids(sync.take(tick(3))) == [3, 4, 5]
    assert sync.hole is None


def test_a_hole_is_given_up_in_parts_with_the_times_around_them() -> None:
    sync = TradeSync()
    sync.take(tick(1))
    sync.take(tick(9))
    assert sync.give_up(4, tick(5).ts_ns) == Missed(2, 4, tick(1).ts_ns, tick(5).ts_ns)
    assert sync.release() == ()
    assert ids(sync.fill([tick(5), tick(6)])) == [5, 6]
    assert sync.give_up(99) == Missed(7, 8, tick(6).ts_ns, tick(9).ts_ns)
    assert ids(sync.release()) == [9]
    assert sync.give_up(99) is None


def test_after_an_interruption_counting_may_begin_anew() -> None:
    """A lower number is otherwise a repetition: the venue tells nothing twice after a break."""
    sync = TradeSync()
    sync.take(tick(500))
    sync.interrupt()
    assert ids(sync.take(tick(3))) == [3]
    assert ids(sync.take(tick(4))) == [4]
    sync.interrupt()
    assert sync.take(tick(6)) == ()
    assert sync.hole == Hole(5, 5)


@given(st.data(), st.integers(2, 40))
def test_every_print_is_told_once_in_order_or_given_up(data: st.DataObject, count: int) -> None:
    """Prints arrive in any order, some twice, some never; asked-for ones come at any time."""
    arriving = data.draw(st.lists(st.integers(1, count), max_size=2 * count))
    sync, found, gone = TradeSync(), ids(TradeSync().take(tick(0))), []
    sync.take(tick(0))
    for trade_id in arriving:
        found += ids(sync.take(tick(trade_id)))
        match data.draw(st.sampled_from(["nothing", "filled", "given up"])):
            case "filled" if sync.hole is not None:
                found += ids(sync.fill(map(tick, range(*sync.hole))))
            case "given up" if sync.hole is not None:
                missed = sync.give_up(sync.hole.last_id)
                assert missed is not None
                gone += range(missed.first_id, missed.last_id + 1)
                found += ids(sync.release())
    assert found == sorted(set(found))
    waiting = sorted(set(arriving) - set(found) - set(gone))
    assert sorted([*found, *gone]) == list(range(max(found + gone) + 1))
    assert all(trade_id > found[-1] for trade_id in waiting)
    assert (sync.hole is None) == (waiting == [])
