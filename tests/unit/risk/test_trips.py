"""What opens the breakers: failed orders, faults, silence, a strategy's own results."""

from decimal import Decimal

import pytest

from genesis.domain.ids import OrderKey
from genesis.domain.time import DAY, SECOND
from genesis.risk.breakers import Breakers, Level, State
from genesis.risk.limits import BreakerRules, StrategyBreakerRules, SystemBreakerRules
from genesis.risk.trips import ORDERS, Trips

D = Decimal
RULES = BreakerRules(
    StrategyBreakerRules(losses=5, fall_factor=D(3), rest_ns=DAY),
    SystemBreakerRules(
        failed_orders=3,
        failed_span_ns=600 * SECOND,
        feed_gap_ns=10 * SECOND,
        rest_ns=60 * SECOND,
        probe_usdt=D(10),
    ),
)


@pytest.fixture
def trips() -> Trips:
    return Trips(Breakers())


def fail(trips: Trips, second: int, n: int):
    return trips.order_failed(second * SECOND, OrderKey(1, n), "no", RULES)


def test_the_third_failed_order_within_ten_minutes_trips(trips) -> None:
    assert not fail(trips, 0, 1)
    assert not fail(trips, 300, 2)
    (moved,) = fail(trips, 599, 3)
    assert (moved.level, moved.name, moved.state) == ("SYSTEM", ORDERS, "OPEN")
    assert moved.until_ns == 659 * SECOND
    assert moved.reason == "3 orders failed within 10 min: no"


def test_a_failure_of_ten_minutes_ago_no_longer_counts(trips) -> None:
    fail(trips, 0, 1)
    fail(trips, 300, 2)
    assert not fail(trips, 600, 3)


def test_one_order_fails_once_however_often_it_is_told(trips) -> None:
    for _ in range(5):
        assert not fail(trips, 0, 1)


def test_without_rules_nothing_trips(trips) -> None:
    for n in range(9):
        assert not trips.order_failed(0, OrderKey(1, n), "no", None)
    assert not trips.faulty(0, "store", "full", None)
    trips.feed_lost(0, "market")
    assert not trips.feed_restored(99 * SECOND, "market", None)


@pytest.mark.parametrize(("silent_s", "trips_it"), [(10, False), (11, True)])
def test_a_stream_silent_for_more_than_ten_seconds(trips, silent_s, trips_it) -> None:
    trips.feed_lost(5 * SECOND, "market")
    trips.feed_lost(9 * SECOND, "market")  # told again: it counts from the first
    moved = trips.feed_restored((5 + silent_s) * SECOND, "market", RULES)
    assert bool(moved) is trips_it
    assert not trips.feed_restored(500 * SECOND, "market", RULES)


def strategy_results(trips: Trips, *results: str, risk: str = "5", at: int = 0):
    return [
        moved for pnl in results for moved in trips.trade_closed(at, "mean", D(pnl), D(risk), RULES)
    ]


def test_five_losses_in_a_row_rest_a_strategy_for_a_day(trips) -> None:
    assert not strategy_results(trips, "-1", "-1", "1", "-1", "-1", "-1", "-1")
    (moved,) = strategy_results(trips, "-1")
    assert (moved.level, moved.name, moved.state) == ("STRATEGY", "mean", "OPEN")
    assert moved.until_ns == DAY


def test_a_fall_beyond_three_risks_rests_it_too(trips) -> None:
    assert not strategy_results(trips, "20", "-14", "1", "-2")
    assert strategy_results(trips, "-0.01")


def test_after_its_rest_a_win_closes_and_a_loss_opens_again(trips) -> None:
    breakers, key = trips._breakers, (Level.STRATEGY, "mean")
    strategy_results(trips, *["-1"] * 5)
    breakers.tick(DAY)
    assert breakers.get(key).state is State.HALF_OPEN
    (moved,) = strategy_results(trips, "-1", at=DAY)
    assert moved.state == "OPEN"
    breakers.tick(2 * DAY)
    (moved,) = strategy_results(trips, "1", at=2 * DAY)
    assert moved.state == "CLOSED"
    assert not strategy_results(trips, *["-1"] * 4, at=2 * DAY)


def test_one_strategy_says_nothing_about_another(trips) -> None:
    strategy_results(trips, *["-1"] * 4)
    assert not trips.trade_closed(0, "other", D(-1), D(5), RULES)
