from hypothesis import given
from hypothesis import strategies as st

from genesis.bus import Lane, Lanes
from genesis.domain.events import FeedRestored


def event(ts_ns: int, name: str = "x") -> FeedRestored:
    return FeedRestored(ts_ns, name)


def test_an_empty_bus_has_nothing() -> None:
    lanes = Lanes()
    assert lanes.pop() is None
    assert lanes.peek() is None
    assert len(lanes) == 0


def test_at_one_instant_high_goes_first_and_then_arrival_decides() -> None:
    lanes = Lanes()
    lanes.put(event(5, "normal 1"))
    lanes.put(event(5, "normal 2"))
    lanes.put(event(5, "high"), Lane.HIGH)
    lanes.put(event(4, "earlier"))
    peeked = lanes.peek()
    names = [found[1].stream for found in iter(lanes.pop, None)]  # type: ignore[union-attr]
    assert names == ["earlier", "high", "normal 1", "normal 2"]
    assert peeked == event(4, "earlier")


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Lane))), max_size=40))
def test_order_is_time_then_lane_then_arrival(puts: list[tuple[int, Lane]]) -> None:
    """I9: events of one instant go by their numbers."""
    lanes = Lanes()
    seqs = [lanes.put(event(ts_ns), lane) for ts_ns, lane in puts]
    assert seqs == list(range(len(puts)))
    popped = []
    while (found := lanes.pop()) is not None:
        popped.append(found[0])
    assert popped == sorted(seqs, key=lambda seq: (puts[seq][0], puts[seq][1], seq))
