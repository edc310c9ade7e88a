"""MarketState of a symbol: when each state is entered, when it is left, and what is never one."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count, cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import MarketState
from genesis.domain.events import BarClosed, BookTop
from genesis.domain.time import MINUTE
from genesis.market.regime import Regime
from genesis.rules import load

D = Decimal
RULES = replace(
    load("sniper").market.states, bars_min=200, window_bars=400, atr_bars=1, exit_ns=10 * MINUTE
)
SYMBOL = "BTC/USDT"
NORMAL, VOLATILE, PANIC, DEAD = (
    MarketState.NORMAL,
    MarketState.VOLATILE,
    MarketState.PANIC,
    MarketState.DEAD,
)


class Minutes:
    """Bars of one symbol, minute by minute; ranges are shares of a price of 100."""

    def __init__(self, rules=RULES) -> None:
        self.regime = Regime(rules)
        self.minute = 0
        self.close = D(100)

    def bar(
        self, width: float = 0.001, *, move: float = 0.0, volume: float = 10, spread: float | None
    ) -> MarketState:
        self.minute += 1
        now_ns, before = self.minute * MINUTE, self.close
        self.close = before + D(str(move)) * before
        half = before * D(str(width)) / 2
        high, low = max(before, self.close) + half, min(before, self.close) - half
        bar = BarClosed(
            now_ns, SYMBOL, MINUTE, before, high, low, self.close, D(str(volume)) + D("0.001")
        )
        top = None if spread is None else _top(now_ns, self.close, spread)
        return self.regime.take(bar, top)

    def usual(self, bars: int, spread: float | None = 0.001) -> None:
        """Ranges from .0010 to .0019 and volumes from 10 to 19, again and again."""
        steps = cycle(range(10))
        for step in (next(steps) for _ in range(bars)):
            self.bar(0.001 + step / 10_000, volume=10 + step, spread=spread)

    def calm(self, spread: float | None = 0.001) -> MarketState:
        return self.bar(0.00105, volume=15, spread=spread)


def _top(ts_ns: int, price: Decimal, spread: float) -> BookTop:
    half = price * D(str(spread)) / 2
    return BookTop(ts_ns, SYMBOL, 1, price - half, D(1), price + half, D(1))


@pytest.fixture
def minutes() -> Minutes:
    made = Minutes()
    made.usual(300)
    for _ in range(11):
        made.calm()
    assert made.regime.state is NORMAL
    return made


def left_after(minutes: Minutes, steps: Iterator[MarketState], state: MarketState) -> int:
    """How many bars the state stays."""
    for passed, found in zip(count(1), steps, strict=False):
        if found is not state:
            return passed
    raise AssertionError


def test_too_few_bars_tell_nothing() -> None:
    minutes = Minutes()
    minutes.usual(RULES.bars_min - 1)
    assert minutes.bar(0.5, move=0.3, spread=0.2) is NORMAL
    assert minutes.regime.is_known
    assert minutes.bar(0.5, move=-0.3, spread=0.2) is PANIC


def test_a_range_in_the_highest_tenth_is_volatile_until_ten_minutes_after(minutes) -> None:
    assert minutes.bar(0.0019, spread=0.001) is VOLATILE
    assert "90%" in minutes.regime.reason
    calm = iter(minutes.calm, None)
    assert left_after(minutes, calm, VOLATILE) == 10


def test_a_range_above_all_is_panic_then_calms_down(minutes) -> None:
    assert minutes.bar(0.0040, spread=0.001) is PANIC
    assert "99%" in minutes.regime.reason
    assert left_after(minutes, iter(minutes.calm, None), PANIC) == 10


def test_falling_by_less_than_the_margin_ends_nothing(minutes) -> None:
    """Between the level that enters and the one that leaves the state stays as it is."""
    between = replace(RULES, volatile_quantile=0.9, volatile_exit_quantile=0.45)
    minutes.regime = minutes.regime.under(between)
    assert minutes.bar(0.0019, spread=0.001) is VOLATILE
    for _ in range(30):
        assert minutes.bar(0.00165, spread=0.001) is VOLATILE
    fresh = Minutes(between)
    fresh.usual(300)
    while fresh.regime.state is not NORMAL:
        fresh.calm()
    assert fresh.bar(0.00165, spread=0.001) is NORMAL


def test_one_bar_of_more_than_six_sigmas_is_panic() -> None:
    minutes = _swinging()
    assert minutes.bar(0.0, move=0.0059, spread=None) is NORMAL
    minutes = _swinging()
    assert minutes.bar(0.0, move=-0.0061, spread=None) is PANIC
    assert "6.1 sigmas" in minutes.regime.reason


def _swinging() -> Minutes:
    """Moves of 0.1 % up and down: sigma is 0.001. Ranges speak for nothing."""
    made = Minutes(replace(RULES, panic_quantile=2.0, volatile_quantile=2.0))
    for step in range(300):
        made.bar(0.0, move=0.001 * (-1) ** step, spread=None)
    return made


def test_a_move_over_several_minutes_is_judged_by_their_root(minutes) -> None:
    """Four minutes without a trade between: sigma counts twice and a bit."""
    alone, after_gap = _swinging(), _swinging()
    after_gap.minute += 3
    assert alone.bar(0.0, move=0.0065, spread=None) is PANIC
    assert after_gap.bar(0.0, move=0.0065, spread=None) is NORMAL


def test_what_happened_in_a_long_gap_is_no_move(minutes) -> None:
    minutes.regime = minutes.regime.under(replace(RULES, panic_quantile=2.0, volatile_quantile=2.0))
    minutes.minute += 60
    before, minutes.close = minutes.close, minutes.close * 2
    assert before and minutes.bar(0.001, spread=0.001) is NORMAL


def test_a_spread_over_five_medians_is_panic(minutes) -> None:
    assert minutes.bar(0.00105, spread=0.0049) is not PANIC
    assert minutes.bar(0.00105, spread=0.0053) is PANIC
    assert "spread" in minutes.regime.reason


def test_a_spread_of_a_few_price_ticks_is_never_wide() -> None:
    minutes = Minutes()
    minutes.usual(300, spread=0.000001)
    for _ in range(11):
        minutes.calm(spread=0.000001)
    assert minutes.calm(spread=0.0004) is NORMAL
    assert minutes.calm(spread=0.0006) is PANIC


def test_an_old_top_has_no_spread(minutes) -> None:
    bar = BarClosed(
        (minutes.minute + 5) * MINUTE, SYMBOL, MINUTE, D(100), D(100), D(100), D(100), D(15)
    )
    assert minutes.regime.take(bar, _top(minutes.minute * MINUTE, D(100), 0.3)) is NORMAL


def test_dead_needs_both_little_volume_and_a_wide_spread(minutes) -> None:
    assert minutes.bar(0.00105, volume=1, spread=0.001) is NORMAL
    assert minutes.bar(0.00105, volume=15, spread=0.0025) is NORMAL
    assert minutes.bar(0.00105, volume=1, spread=0.0025) is DEAD
    assert left_after(minutes, iter(minutes.calm, None), DEAD) == 10


def test_the_strictest_of_several_is_told(minutes) -> None:
    assert minutes.bar(0.0019, volume=1, spread=0.0025) is VOLATILE
    assert minutes.bar(0.0019, volume=1, spread=0.0060) is PANIC


def test_prices_of_nothing_are_passed_over(minutes) -> None:
    known = minutes.regime.bars
    zero = BarClosed(10**18, SYMBOL, MINUTE, D(0), D(0), D(0), D(0), D(1))
    assert minutes.regime.take(zero, None) is NORMAL
    assert minutes.regime.bars == known


def test_other_levels_keep_what_is_known_another_window_does_not(minutes) -> None:
    assert minutes.regime.under(replace(RULES, panic_sigmas=9.0)) is minutes.regime
    assert minutes.regime.under(replace(RULES, window_bars=500)).bars == 0


def test_memory_is_bounded_by_the_window(minutes) -> None:
    minutes.usual(1000)
    assert minutes.regime.bars == RULES.window_bars


@given(
    st.lists(st.tuples(st.floats(0, 0.05), st.floats(-0.03, 0.03), st.floats(0, 50)), max_size=60)
)
@settings(max_examples=40, deadline=None)
def test_the_same_bars_give_the_same_states(bars) -> None:
    """The state is a function of the bars alone, and never leaves the four."""
    rules = replace(RULES, bars_min=10)
    one, other = Minutes(rules), Minutes(rules)
    told = [one.bar(w, move=m, volume=v, spread=w) for w, m, v in bars]
    again = [other.bar(w, move=m, volume=v, spread=w) for w, m, v in bars]
    assert told == again
    assert {*told} <= {NORMAL, VOLATILE, PANIC, DEAD}


def test_a_market_that_never_changes_is_normal() -> None:
    minutes = Minutes()
    assert {minutes.bar(0.001, spread=0.001) for _ in range(600)} == {NORMAL}
