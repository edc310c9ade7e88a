"""GlobalMarketState: when each state begins and ends, and what it is judged by."""

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import GlobalMarketState
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.market.history import History
from genesis.market.whole import MISSING, Whole
from genesis.rules import load

FULL = load("sniper").market.whole
RULES = replace(FULL, window_slots=96, slots_min=48, crash_rest_ns=DAY, recovery_ns=2 * DAY)
BULL, CRAB, BEAR, RECOVERY, CRASH = GlobalMarketState
START = 20_000 * DAY


class Hours:
    """Bars of some symbols, hour by hour; logarithms of prices from 0."""

    def __init__(self, symbols: str = "A", rules=RULES) -> None:
        self.whole = Whole(rules)
        self.at = dict.fromkeys(symbols, 0.0)
        self.hour = 0
        self.seen: list[GlobalMarketState] = []

    def hours(self, count: int, *, wiggle: float = 0.002, **moves: float) -> GlobalMarketState:
        """So many hours; each symbol moves by its share an hour, and a little to and fro."""
        for _ in range(count):
            self.hour += 1
            now_ns = START + self.hour * HOUR
            for symbol in self.at:
                self.at[symbol] += moves.get(symbol, moves.get("all", 0.0))
                swing = wiggle if self.hour % 2 else 0.0
                self.seen.append(
                    self.whole.take(symbol, now_ns, 100 * exp(self.at[symbol] + swing))
                )
        return self.turned()

    def turned(self) -> GlobalMarketState:
        """The state once the first bar of the next hour has come."""
        symbol = next(iter(self.at))
        now_ns = START + self.hour * HOUR + MINUTE
        return self.whole.take(symbol, now_ns, 100 * exp(self.at[symbol]))


def test_it_begins_sideways_and_says_that_nothing_is_known() -> None:
    hours = Hours()
    assert hours.hours(47, all=0.05) is CRAB
    assert not hours.whole.is_known
    assert hours.whole.slots == 47
    assert hours.hours(1, all=0.05) is BULL
    assert MISSING == ("dominance", "funding", "sentiment")


def test_a_market_that_goes_nowhere_is_sideways() -> None:
    assert Hours("AB").hours(90) is CRAB


def test_prices_over_their_mean_are_a_bull_and_it_ends_a_margin_further_back() -> None:
    hours = Hours()
    hours.hours(90)
    assert hours.hours(30, all=0.0016) is BULL
    assert hours.whole.reading.trend >= 0.03
    trends = []
    while hours.hours(1) is BULL:
        trends.append(hours.whole.reading.trend)
    assert 0.02 <= min(trends) < 0.03
    assert hours.whole.state is CRAB
    assert 0 < hours.whole.reading.trend < 0.02


def test_prices_below_their_mean_are_a_bear() -> None:
    hours = Hours()
    hours.hours(90)
    assert hours.hours(40, all=-0.002) is BEAR
    assert "below their mean" in hours.whole.reason


def test_one_of_three_that_rises_is_no_bull() -> None:
    hours = Hours("ABC")
    hours.hours(90)
    assert hours.hours(60, A=0.01) is CRAB
    assert hours.whole.reading.trend > 0.03
    assert hours.whole.reading.breadth == pytest.approx(1 / 3)


def test_a_crash_lasts_recovers_and_ends() -> None:
    hours = Hours("AB")
    hours.hours(90)
    assert hours.hours(5, all=-0.03) is CRASH
    assert "within 24 h" in hours.whole.reason
    states = [hours.hours(1) for _ in range(120)]
    turns = [a for a, b in zip(states, [None, *states], strict=False) if a is not b]
    assert turns[:2] == [CRASH, RECOVERY]
    assert turns[2] in (BEAR, CRAB)
    crash = states.count(CRASH)
    assert 24 + 18 <= crash <= 24 + 22, "a day after the fall left the span"
    assert states.count(RECOVERY) == 48


def test_a_second_crash_ends_a_recovery() -> None:
    hours = Hours()
    hours.hours(90)
    hours.hours(5, all=-0.03)
    while hours.hours(1) is not RECOVERY:
        pass
    assert hours.hours(5, all=-0.05) is CRASH


def test_a_wild_market_falls_further_before_it_crashes() -> None:
    """The same fall, where such falls are usual."""
    wild, calm = Hours(), Hours()
    wild.hours(90, wiggle=0.05)
    calm.hours(90)
    assert wild.hours(4, all=-0.03, wiggle=0.05) is not CRASH
    assert calm.hours(4, all=-0.03) is CRASH


def test_one_symbol_that_falls_is_no_crash_of_all() -> None:
    hours = Hours("ABCDE")
    hours.hours(90)
    assert hours.hours(5, A=-0.04) is not CRASH


def test_time_without_bars_ends_a_crash_and_what_is_old_tells_nothing() -> None:
    hours = Hours()
    hours.hours(90)
    assert hours.hours(5, all=-0.03) is CRASH
    hours.hour += 400
    assert hours.hours(1) is RECOVERY
    assert not hours.whole.is_known
    hours.hour += 400
    assert hours.hours(1) is CRAB


def test_a_price_of_nothing_is_no_price() -> None:
    hours = Hours()
    hours.hours(50)
    hours.whole.take("A", START + 51 * HOUR, 0.0)
    assert hours.hours(2) is CRAB


def test_other_rules_keep_what_is_known_unless_the_window_is_another() -> None:
    hours = Hours()
    hours.hours(90)
    kept = hours.whole.under(replace(RULES, crash_fall=0.2))
    assert kept is hours.whole
    assert kept.rules.crash_fall == 0.2
    assert hours.whole.under(replace(RULES, window_slots=97)) is not hours.whole


@given(st.integers(0, 999), st.permutations("ABC"))
@settings(max_examples=25, deadline=None)
def test_the_order_of_symbols_within_an_hour_does_not_matter(seed, order) -> None:
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, 0.01, (120, 3))
    ours, theirs = Whole(RULES), Whole(RULES)
    at = np.cumsum(moves, axis=0)
    for hour in range(120):
        now_ns = START + (hour + 1) * HOUR
        for whole, names in ((ours, "ABC"), (theirs, order)):
            for name in names:
                whole.take(name, now_ns, 100 * exp(at[hour]["ABC".index(name)]))
        assert (ours.state, ours.reading, ours.reason) == (
            theirs.state,
            theirs.reading,
            theirs.reason,
        )


@given(st.integers(0, 999), st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_sums_that_slide_are_those_of_the_window(seed, gap) -> None:
    """Against the same figures computed from the whole window, with hours that held no bar."""
    rng = np.random.default_rng(seed)
    history, known = History(RULES), {}
    slot = 1000
    for _ in range(150):
        slot += 1 if rng.random() < 0.9 else gap
        known[slot] = 100 * exp(rng.normal(0, 0.05))
        history.add(slot, known[slot])
    window = {s: log(p) for s, p in known.items() if s > slot - RULES.window_slots}
    found = history.course(slot)
    assert history.slots == len(window)
    if len(window) < RULES.slots_min:
        assert found is None
        return
    last = window[slot]
    assert found.above_mean == pytest.approx(last - np.mean(list(window.values())), abs=1e-7)
    before = max(s for s in window if s <= slot - RULES.span_slots)
    assert found.moved == pytest.approx(last - window[before], abs=1e-7)
    earlier = [
        window[s] - log(known[s - 1])
        for s in window
        if s - 1 in known and s <= slot - RULES.span_slots
    ]
    usual = sqrt(np.mean(np.square(earlier)) * RULES.span_slots)
    assert found.sigma == pytest.approx(usual, rel=1e-6)


def test_days_are_told_when_they_are_over_and_forgotten_when_they_are_old() -> None:
    history, first = History(FULL), START // HOUR
    for hour in range(24 * 70):
        history.add(first + hour, exp((hour // 24) * 0.01))
    days = history.day_returns()
    assert list(days) == list(range(20_000 + 9, 20_000 + 69))
    assert all(moved == pytest.approx(0.01) for moved in days.values())
    assert history.day_volatility(0.94, 10) == pytest.approx(0.01)


def test_the_latest_days_weigh_most() -> None:
    history, first = History(FULL), START // HOUR
    closes = np.cumsum([0.0, *[0.01] * 20, 0.05, 0.0])
    for day, close in enumerate(closes):
        for hour in range(24):
            history.add(first + day * 24 + hour, exp(close))
    weights = 0.94 ** np.arange(21)[::-1]
    moved = np.array([0.01] * 20 + [0.05])
    wanted = sqrt(np.sum(weights * moved**2) / np.sum(weights))
    assert history.day_volatility(0.94, 10) == pytest.approx(wanted, rel=1e-6)
    assert history.day_volatility(0.94, 22) is None
