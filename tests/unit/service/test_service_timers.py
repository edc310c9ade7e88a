from genesis.domain.events import TimerFired, bar_timer_key
from genesis.domain.time import MINUTE
from genesis.service.timers import BarTimers, Timers

S = "BTC/USDT"
KEY = bar_timer_key(S, MINUTE)


def test_timers_fire_in_order_of_time_then_of_setting() -> None:
    timers = Timers()
    timers.set("late", 9)
    timers.set("b", 5)
    timers.set("a", 5)
    assert timers.next_ns() == 5
    assert timers.pop_due(4) is None
    assert [timers.pop_due(9) for _ in range(4)] == [
        TimerFired(5, "b"),
        TimerFired(5, "a"),
        TimerFired(9, "late"),
        None,
    ]


def test_the_same_key_replaces_and_a_dropped_one_is_silent() -> None:
    timers = Timers()
    timers.set("x", 5)
    timers.set("x", 8)
    timers.set("y", 6)
    timers.drop("y")
    timers.drop("never set")
    assert len(timers) == 1
    assert timers.pop_due(7) is None
    assert timers.pop_due(8) == TimerFired(8, "x")
    assert timers.next_ns() is None


def test_a_bar_that_traded_has_a_boundary_and_an_empty_one_none() -> None:
    bars = BarTimers(frozenset({MINUTE}))
    assert bars.pop_due(10 * MINUTE) is None
    bars.traded(S, MINUTE + 1)
    bars.traded(S, MINUTE + 2)
    assert bars.next_ns() == 2 * MINUTE
    assert bars.pop_due(2 * MINUTE - 1) is None
    assert bars.pop_due(2 * MINUTE) == TimerFired(2 * MINUTE, KEY)
    assert bars.pop_due(10 * MINUTE) is None


def test_a_trade_on_the_boundary_belongs_to_the_next_bar() -> None:
    bars = BarTimers(frozenset({MINUTE}))
    bars.traded(S, 2 * MINUTE)
    assert bars.next_ns() == 3 * MINUTE


def test_a_late_print_of_a_closed_bar_joins_the_open_one() -> None:
    bars = BarTimers(frozenset({MINUTE}))
    bars.traded(S, MINUTE + 1)
    bars.pop_due(2 * MINUTE)
    bars.traded(S, MINUTE + 5)
    assert bars.next_ns() == 3 * MINUTE


def test_narrower_bars_close_first() -> None:
    bars = BarTimers(frozenset({MINUTE, 5 * MINUTE}))
    bars.traded(S, 4 * MINUTE)
    first, second = bars.pop_due(5 * MINUTE), bars.pop_due(5 * MINUTE)
    assert first == TimerFired(5 * MINUTE, KEY)
    assert second == TimerFired(5 * MINUTE, bar_timer_key(S, 5 * MINUTE))


def test_a_width_that_is_wanted_later_has_boundaries_from_the_next_trade_on() -> None:
    bars = BarTimers(frozenset({MINUTE}))
    bars.traded(S, 10)
    bars.want([5 * MINUTE, MINUTE])
    assert bars.next_ns() == MINUTE
    assert bars.pop_due(MINUTE) is not None and bars.next_ns() is None
    bars.traded(S, MINUTE + 10)
    found = [bars.pop_due(9 * MINUTE) for _ in range(3)]
    assert [None if one is None else one.ts_ns for one in found] == [2 * MINUTE, 5 * MINUTE, None]
