from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import MINUTE, SECOND
from genesis.service.clock import VenueClock

T0 = 1_700_000_000 * SECOND


class Wall:
    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


def clock_at(start_ns: int = 0, speed: float = 1.0) -> tuple[VenueClock, Wall]:
    wall = Wall()
    clock = VenueClock(wall)
    if start_ns:
        clock.anchor(start_ns, speed=speed)
    return clock, wall


def test_the_anchor_is_carried_forward_at_the_venues_speed() -> None:
    clock, wall = clock_at(T0, speed=20)
    wall.ns += SECOND
    assert clock.now_ns() == T0 + 20 * SECOND
    assert clock.elapsed_ns() == SECOND
    assert clock.wall_until(T0 + 60 * SECOND) == 2.0
    assert clock.wall_until(T0) == 0.0


def test_speed_is_measured_where_the_venue_does_not_tell_it() -> None:
    wall = Wall()
    clock = VenueClock(wall)
    clock.anchor(T0)
    wall.ns += SECOND
    clock.anchor(T0 + 5 * SECOND)
    assert clock.speed == 5.0


def test_a_held_clock_stands() -> None:
    clock, wall = clock_at(T0, speed=0.0)
    wall.ns += 10 * SECOND
    assert clock.now_ns() == T0
    assert clock.wall_until(T0 + 1) == float("inf")
    clock.anchor(T0 + SECOND, speed=20.0)
    assert clock.now_ns() == T0 + SECOND


def test_it_never_runs_backwards() -> None:
    clock, wall = clock_at(T0)
    wall.ns += 10 * SECOND
    assert clock.now_ns() == T0 + 10 * SECOND
    assert clock.anchor(T0 + 5 * SECOND, speed=1.0)
    assert clock.now_ns() == T0 + 10 * SECOND
    wall.ns += 6 * SECOND
    assert clock.now_ns() == T0 + 11 * SECOND


def test_a_forward_jump_of_more_than_five_minutes_needs_two_sources() -> None:
    clock, _ = clock_at(T0)
    far = T0 + 6 * MINUTE
    assert not clock.seen("market", far)
    assert not clock.seen("market", far + SECOND)  # the same source does not confirm itself
    assert clock.now_ns() == T0
    assert clock.anchor(far + 2 * SECOND, speed=1.0)
    assert clock.now_ns() == far + 2 * SECOND
    assert clock.seen("market", far)


def test_a_jump_of_five_minutes_is_believed() -> None:
    clock, _ = clock_at(T0)
    assert clock.seen("market", T0 + 5 * MINUTE)
    assert clock.now_ns() == T0 + 5 * MINUTE


def test_two_sources_that_disagree_prove_nothing() -> None:
    clock, _ = clock_at(T0)
    assert not clock.seen("market", T0 + 60 * MINUTE)
    assert not clock.anchor(T0 + 600 * MINUTE)
    assert clock.now_ns() == T0


def test_the_first_anchor_after_a_long_pause_is_believed() -> None:
    clock = VenueClock(Wall(), start_ns=T0)
    assert clock.anchor(T0 + 900 * MINUTE)
    assert clock.now_ns() == T0 + 900 * MINUTE


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("wall"), st.integers(0, 10 * SECOND)),
            st.tuples(st.just("anchor"), st.integers(-20 * MINUTE, 20 * MINUTE)),
            st.tuples(st.sampled_from(["market", "orders"]), st.integers(-MINUTE, 20 * MINUTE)),
        ),
        max_size=30,
    )
)
def test_whatever_is_told_time_only_moves_forward(told: list[tuple[str, int]]) -> None:
    clock, wall = clock_at(T0)
    last = clock.now_ns()
    for what, amount in told:
        if what == "wall":
            wall.ns += amount
        elif what == "anchor":
            clock.anchor(last + amount)
        else:
            clock.seen(what, last + amount)
        assert clock.now_ns() >= last
        last = clock.now_ns()


def test_what_is_signed_goes_by_the_venue_whatever_a_print_claims() -> None:
    clock, wall = clock_at(T0)
    clock.anchor(T0, speed=1.0)
    assert clock.seen("market", T0 + 4 * MINUTE), "believed, so time moves on for the engine"
    wall.ns += SECOND
    clock.anchor(T0 + SECOND, speed=1.0)
    assert clock.told_ns() == T0 + SECOND
    assert clock.now_ns() == T0 + 4 * MINUTE
