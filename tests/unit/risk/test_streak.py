"""Losses in a row: the steps, one back at a win, and never a trap."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.risk.limits import StreakRules, StreakStep
from genesis.risk.streak import Streak, after_trade, losses_at, multiplier, pauses

D = Decimal
RULES = StreakRules(
    (
        StreakStep(2, D("0.75"), 0),
        StreakStep(3, D("0.5"), 30 * MINUTE),
        StreakStep(4, D("0.25"), 2 * HOUR),
        StreakStep(5, D(0), None),
    )
)
T0 = 20_000 * DAY + 9 * HOUR
MIDNIGHT = 20_001 * DAY


def after(*results: str, streak: Streak | None = None, at_ns: int = T0) -> Streak:
    streak = streak or Streak()
    for pnl in results:
        streak = after_trade(streak, D(pnl), at_ns, RULES)
    return streak


@pytest.mark.parametrize(
    ("losses", "share", "until_ns"),
    [
        (0, "1", None),
        (1, "1", None),
        (2, "0.75", None),
        (3, "0.5", T0 + 30 * MINUTE),
        (4, "0.25", T0 + 2 * HOUR),
        (5, "0", MIDNIGHT),
        (9, "0", MIDNIGHT),
    ],
)
def test_each_loss_makes_sizes_smaller_and_pauses_longer(losses, share, until_ns) -> None:
    streak = after(*["-1"] * losses)
    assert multiplier(streak, T0, RULES).share == D(share)
    assert streak.pause_until_ns == until_ns
    assert pauses(streak, T0) is (until_ns is not None)
    assert not pauses(streak, until_ns or T0)


def test_a_win_takes_back_one_step_only_and_leaves_the_pause() -> None:
    streak = after("-1", "-1", "-1", "-1", "+9")
    assert (streak.losses, multiplier(streak, T0, RULES).share) == (3, D("0.5"))
    assert streak.pause_until_ns == T0 + 2 * HOUR
    assert after("1", "1", "1", streak=streak).losses == 0
    assert after("1", "1", "1", "1", "1", streak=streak).losses == 0


def test_a_trade_without_a_result_changes_nothing() -> None:
    streak = after("-1", "-1", "-1")
    assert after("0", streak=streak) == streak


def test_a_day_of_rest_takes_back_a_step_so_that_trading_can_go_on() -> None:
    streak = after(*["-1"] * 5)
    assert multiplier(streak, MIDNIGHT - 1, RULES).share == 0
    assert multiplier(streak, MIDNIGHT, RULES).share == D("0.25")
    assert after("1", streak=streak, at_ns=MIDNIGHT).losses == 3
    again = after("-1", streak=streak, at_ns=MIDNIGHT)
    assert (again.losses, again.pause_until_ns) == (5, MIDNIGHT + DAY)


def test_what_holds_is_told_in_words() -> None:
    told = multiplier(after(*["-1"] * 3), T0, RULES)
    assert told.told() == "after 3 losses in a row sizes are 50 %"
    assert told.code == "LOSS_STREAK"


trades = st.lists(
    st.tuples(st.sampled_from(["-1", "0", "1"]), st.integers(0, 10 * HOUR)), max_size=40
)


@given(trades)
def test_a_loss_never_helps_and_no_state_is_a_trap(trades) -> None:
    streak, now_ns = Streak(), T0
    for pnl, wait_ns in trades:
        now_ns += wait_ns
        before = multiplier(streak, now_ns, RULES).share
        streak = after_trade(streak, D(pnl), now_ns, RULES)
        share = multiplier(streak, now_ns, RULES).share
        assert share <= before if pnl == "-1" else share >= before
        assert 0 <= streak.losses <= 5
        free_ns = max(now_ns, streak.pause_until_ns or 0)
        longest_ns = max(step.pause_ns or 0 for step in RULES.steps)
        assert free_ns <= max((now_ns // DAY + 1) * DAY, now_ns + longest_ns)
        assert multiplier(streak, free_ns, RULES).share > 0


@given(trades, st.lists(st.integers(0, 3 * DAY), min_size=2, max_size=6).map(sorted))
def test_time_alone_never_makes_sizes_smaller(trades, times) -> None:
    streak, now_ns = Streak(), T0
    for pnl, wait_ns in trades:
        now_ns += wait_ns
        streak = after_trade(streak, D(pnl), now_ns, RULES)
    shares = [multiplier(streak, now_ns + wait, RULES).share for wait in times]
    assert all(one <= two for one, two in pairwise(shares))
    assert losses_at(streak, now_ns + 4 * DAY, RULES) <= streak.losses
