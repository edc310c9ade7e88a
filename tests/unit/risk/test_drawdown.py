"""The drawdown table: touching counts, HALT and the daily loss are confirmed, flows are neutral."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.outcomes import AlertRaised, Halted
from genesis.domain.time import DAY, SECOND
from genesis.risk.drawdown import Drawdown
from genesis.risk.levels import static_levels
from genesis.risk.limits import DrawdownTable, GiveBackRules, RollingLimit, TierLimits
from tests.unit.risk.test_sizing import RULES

D = Decimal
TABLE = DrawdownTable(D(10), D(25), D(50), D(75))
LIMITS = TierLimits(D(2000), D("0.05"), D("0.01"), D("0.05"), 10, TABLE)
T0 = 20_000 * DAY


def opened() -> Drawdown:
    drawdown = Drawdown()
    drawdown.open(D(500))
    drawdown.start_day(T0, D(500), D(0), LIMITS, RULES)
    return drawdown


def mark(drawdown: Drawdown, seconds: int, equity: str, flows: str = "0", trade: str | None = "0"):
    at_ns, worst = T0 + seconds * SECOND, None if trade is None else D(trade)
    return drawdown.mark(at_ns, D(equity), D(equity), D(flows), worst, LIMITS, RULES)


def alerts(facts) -> list[str]:
    return [f.alert for f in facts if isinstance(f, AlertRaised)]


def test_touching_counts_and_each_row_is_raised_once_a_day() -> None:
    drawdown = opened()
    assert alerts(mark(drawdown, 1, "475.01")) == ["NEAR_WARNING"]
    assert alerts(mark(drawdown, 2, "475")) == ["WARNING"]
    assert drawdown.warned_today
    assert alerts(mark(drawdown, 3, "470")) == []


def test_info_looks_at_a_single_trade() -> None:
    drawdown = opened()
    assert alerts(mark(drawdown, 1, "490.5", trade="-9.99")) == []
    assert alerts(mark(drawdown, 2, "490", trade="-10")) == ["INFO"]


def test_critical_blocks_until_the_next_utc_day() -> None:
    drawdown = opened()
    assert "CRITICAL" in alerts(mark(drawdown, 1, "450"))
    assert drawdown.critical_until_ns == T0 + DAY
    drawdown.start_day(T0 + DAY, D(450), D(0), LIMITS, RULES)
    assert drawdown.critical_until_ns is None


def test_one_bad_mark_does_not_halt_three_over_two_seconds_do() -> None:
    drawdown = opened()
    assert not any(isinstance(f, Halted) for f in mark(drawdown, 1, "420"))
    assert drawdown.is_confirming
    mark(drawdown, 2, "500")
    assert not drawdown.is_confirming
    mark(drawdown, 3, "425")
    mark(drawdown, 4, "425")
    assert drawdown.halted is None
    facts = mark(drawdown, 5, "425")
    assert drawdown.halted is not None
    assert "HALT" in alerts(facts)


def test_the_daily_loss_must_be_strictly_more_than_its_fraction() -> None:
    drawdown = opened()
    for second in range(1, 6):
        assert "DAILY_LOSS" not in alerts(mark(drawdown, second, "425"))
    found = [a for second in range(6, 12) for a in alerts(mark(drawdown, second, "424.99"))]
    assert "DAILY_LOSS" in found


def test_flows_move_no_limit() -> None:
    drawdown, other = opened(), opened()
    for second, equity in enumerate(("480", "474", "460", "449")):
        one = alerts(mark(drawdown, second, equity))
        two = alerts(mark(other, second, str(D(equity) + 300), flows="300"))
        assert one == two


def test_the_fall_counts_from_the_peak() -> None:
    drawdown = opened()
    mark(drawdown, 1, "540")
    assert "CRITICAL" in alerts(mark(drawdown, 2, "490"))


def test_without_a_position_a_breach_is_certain_at_once() -> None:
    drawdown = opened()
    assert {"HALT", "CRITICAL"} <= set(alerts(mark(drawdown, 1, "425", trade=None)))
    assert drawdown.halted is not None


def test_critical_is_armed_again_only_after_a_recovery() -> None:
    drawdown = opened()
    mark(drawdown, 1, "450")
    drawdown.start_day(T0 + DAY, D(450), D(0), LIMITS, RULES)
    assert "CRITICAL" not in alerts(mark(drawdown, 86_401, "450"))
    assert drawdown.critical_until_ns is None
    drawdown.start_day(T0 + 2 * DAY, D(470), D(0), LIMITS, RULES)
    assert "CRITICAL" in alerts(mark(drawdown, 2 * 86_400 + 1, "449"))


def test_two_marks_far_apart_are_not_yet_a_confirmation() -> None:
    drawdown = opened()
    mark(drawdown, 1, "425")
    mark(drawdown, 60, "425")
    assert drawdown.halted is None
    mark(drawdown, 61, "425")
    assert drawdown.halted is not None


def test_three_marks_within_two_seconds_are_not_yet_a_confirmation() -> None:
    drawdown = opened()
    for _ in range(4):
        mark(drawdown, 1, "425")
    assert drawdown.halted is None


def test_a_day_that_began_with_nothing_counts_from_its_first_deposit() -> None:
    drawdown = Drawdown()
    drawdown.open(D(0))
    drawdown.start_day(T0, D(0), D(0), LIMITS, RULES)
    drawdown.flowed(D(1), D(1))  # a test transfer first
    drawdown.flowed(D(500), D(500))
    for second in range(1, 6):
        assert alerts(mark(drawdown, second, "499.98", flows="500")) == []
    drawdown.flowed(D("999.98"), D(1000))  # after a loss more of it makes the limit no wider
    assert drawdown.day_equity_usdt == 500
    found = [a for n in range(6, 12) for a in alerts(mark(drawdown, n, "924.99", flows="1000"))]
    assert found[:4] == ["NEAR_WARNING", "WARNING", "NEAR_CRITICAL", "CRITICAL"]
    assert found[4:] == ["NEAR_HALT", "NEAR_DAILY_LOSS", "HALT", "DAILY_LOSS"]


def test_a_day_that_began_with_money_keeps_its_base_whatever_comes_in() -> None:
    drawdown = opened()
    drawdown.flowed(D(800), D(300))
    assert drawdown.day_equity_usdt == 500


def test_of_nothing_no_share_can_be_lost() -> None:
    drawdown = Drawdown()
    drawdown.open(D(0))
    drawdown.start_day(T0, D(0), D(0), LIMITS, RULES)
    for second in range(1, 6):
        assert alerts(mark(drawdown, second, "-0.01")) == []
    assert not drawdown.is_confirming
    assert all(level < 0 for level in static_levels(drawdown, D(0), LIMITS, RULES))


# -- rows of the day and of the fall that need several marks ----------------------------------
CONFIRMED = replace(RULES, confirmed_rows=frozenset({"WARNING", "CRITICAL"}))


def confirmed_mark(drawdown: Drawdown, seconds: int, equity: str, kindest: str | None = None):
    at_ns, value = T0 + seconds * SECOND, D(equity)
    best = value if kindest is None else D(kindest)
    return alerts(drawdown.mark(at_ns, value, best, D(0), D(0), LIMITS, CONFIRMED))


def test_one_bad_mark_neither_warns_nor_ends_the_day_and_blocks_entries_meanwhile() -> None:
    drawdown = opened()
    found = confirmed_mark(drawdown, 1, "430")
    assert "WARNING" not in found and "CRITICAL" not in found
    assert drawdown.is_confirming
    assert confirmed_mark(drawdown, 2, "499") == []
    assert not (drawdown.is_confirming or drawdown.warned_today)
    assert drawdown.critical_until_ns is None


def test_three_marks_over_two_seconds_warn_and_end_the_day() -> None:
    drawdown = opened()
    found = [one for n in (1, 2, 3) for one in confirmed_mark(drawdown, n, "450")]
    assert found == ["NEAR_WARNING", "NEAR_CRITICAL", "WARNING", "CRITICAL"]
    assert drawdown.critical_until_ns == T0 + DAY
    assert not drawdown.is_confirming


def test_what_the_last_trade_does_not_show_confirms_nothing() -> None:
    drawdown = opened()
    found = {one for n in range(1, 6) for one in confirmed_mark(drawdown, n, "450", "499")}
    assert found == {"NEAR_WARNING", "NEAR_CRITICAL"}
    assert not drawdown.is_confirming


def test_what_waited_for_confirmation_at_midnight_does_not_linger() -> None:
    drawdown = opened()
    confirmed_mark(drawdown, 1, "470")
    assert drawdown.is_confirming
    drawdown.start_day(T0 + DAY, D(470), D(0), LIMITS, CONFIRMED)
    assert confirmed_mark(drawdown, 86_401, "469") == []
    assert not drawdown.is_confirming


# -- rolling windows and the floor of a good day ---------------------------------------------
WINDOWS = replace(
    LIMITS, rolling=(RollingLimit(7, D(40), D("0.5")), RollingLimit(30, D(60), D("0.25")))
)
FLOORED = replace(RULES, give_back=GiveBackRules(D(2), D(1)))


def look(drawdown: Drawdown, at_ns: int, equity: str, flows: str = "0", trade: str | None = None):
    worst = None if trade is None else D(trade)
    given_ = (at_ns, D(equity), D(equity), D(flows), worst, WINDOWS, FLOORED)
    return alerts(drawdown.mark(*given_))


def day(drawdown: Drawdown, n: int, equity: str, flows: str = "0") -> int:
    drawdown.start_day(T0 + n * DAY, D(equity), D(flows), WINDOWS, FLOORED)
    return T0 + n * DAY + 1


def test_a_window_of_days_remembers_the_highest_start_of_them() -> None:
    drawdown = opened()
    day(drawdown, 0, "500")
    day(drawdown, 3, "520")
    at_ns = day(drawdown, 9, "505")
    assert "NEAR_ROLLING_7D" in look(drawdown, at_ns, "488")  # 32 of 40 below the 520 of day 3
    at_ns = day(drawdown, 10, "488")  # now day 3 is out of the window
    assert drawdown.rolling.peak(WINDOWS.rolling[0]) == 5
    assert "ROLLING_7D" not in look(drawdown, at_ns, "470")
    assert "ROLLING_7D" in look(drawdown, at_ns, "465")
    assert drawdown.multipliers(WINDOWS, FLOORED)[-1].share == D("0.5")


def test_sizes_stay_small_until_a_day_starts_with_a_small_fall() -> None:
    drawdown = opened()
    at_ns = day(drawdown, 1, "500")
    assert "ROLLING_7D" in look(drawdown, at_ns, "460")
    at_ns = day(drawdown, 2, "460")
    assert "ROLLING_7D" not in look(drawdown, at_ns, "459"), "it is not told anew each day"
    shares = [m.share for m in drawdown.multipliers(WINDOWS, FLOORED)]
    assert min(shares) == D("0.5")
    day(drawdown, 3, "469")  # 31 is less than four fifths of 40
    assert min(m.share for m in drawdown.multipliers(WINDOWS, FLOORED)) == 1


def test_a_good_day_fixes_a_floor_and_falling_back_to_it_is_told() -> None:
    drawdown = opened()
    at_ns = day(drawdown, 0, "500")
    assert look(drawdown, at_ns, "549.99") == []
    assert look(drawdown, at_ns + 1, "550") == ["GIVE_BACK_ARMED"]
    assert look(drawdown, at_ns + 2, "525.01") == []
    assert look(drawdown, at_ns + 3, "525") == ["GIVE_BACK"]
    assert look(drawdown, at_ns + 4, "560") == []
    at_ns = day(drawdown, 1, "545")
    assert not drawdown.floor_is_armed
    assert look(drawdown, at_ns, "530") == []


def test_the_floor_needs_confirmation_and_yesterdays_does_not_linger() -> None:
    drawdown = opened()
    at_ns = day(drawdown, 0, "500")
    look(drawdown, at_ns, "550", trade="0")
    assert look(drawdown, at_ns + SECOND, "520", trade="0") == []
    assert drawdown.is_confirming
    at_ns = day(drawdown, 1, "520")
    look(drawdown, at_ns, "520", trade="0")
    assert not drawdown.is_confirming


def test_one_high_price_that_the_book_does_not_know_makes_no_peak_and_no_floor() -> None:
    drawdown = opened()
    at_ns = day(drawdown, 0, "500")
    given_ = (at_ns, D(600), D(600), D(0), D(0), WINDOWS, FLOORED)
    assert alerts(drawdown.mark(*given_, sternest=D(500))) == []
    assert drawdown.peak_usdt == 0


def test_an_incomplete_balance_confirms_nothing_however_often_it_is_seen() -> None:
    drawdown = opened()
    for second in range(10):
        given_ = (T0 + second * SECOND, D(420), D(420), D(0), D(0), LIMITS, RULES)
        drawdown.mark(*given_, is_complete=False)
    assert drawdown.is_confirming
    assert drawdown.halted is None
    mark(drawdown, 10, "420")
    mark(drawdown, 11, "420")
    assert drawdown.halted is None, "what was seen before the balance was known does not count"
    mark(drawdown, 12, "420")
    assert drawdown.halted is not None


def test_without_a_position_an_incomplete_balance_waits_too() -> None:
    drawdown = opened()
    given_ = (T0, D(420), D(420), D(0), None, LIMITS, RULES)
    drawdown.mark(*given_, is_complete=False)
    assert drawdown.is_confirming
    assert drawdown.halted is None
    drawdown.mark(*given_)
    assert drawdown.halted is not None


def test_a_reset_counts_from_here_and_arms_the_rows_again() -> None:
    drawdown = opened()
    assert "HALT" in alerts(mark(drawdown, 1, "420", trade=None))
    drawdown.reset(D(420), D(0))
    assert drawdown.halted is None
    assert "HALT" not in alerts(mark(drawdown, 2, "420", trade=None))
    assert "HALT" in alerts(mark(drawdown, 3, "345", trade=None))


steps = st.lists(
    st.tuples(
        st.integers(0, 9) | st.just(90_000),  # seconds to wait; a new day now and then
        st.integers(-60, 60),  # what trading brought
        st.sampled_from([0, 0, 0, 300, -200]),  # money in or out beside it
        st.booleans(),
    ),
    max_size=40,
)


@given(steps)
def test_i24_i25_a_halt_stays_and_flows_move_no_limit(steps) -> None:
    """The same trading with and without money going in and out: the same facts at the same time.

    The daily loss is a share of the day's start: flows of the days before move that one.
    """
    rules = replace(FLOORED, daily_loss_fraction=None)
    plain, flowing = Drawdown(), Drawdown()
    for one in (plain, flowing):
        one.open(D(500))
        one.start_day(T0, D(500), D(0), WINDOWS, rules)
    now_ns, result, flows, was_halted = T0, D(500), D(0), False
    for wait, gain, flow, is_open in steps:
        now_ns, result, flows = now_ns + wait * SECOND, result + gain, flows + flow
        worst = D(0) if is_open else None
        facts = []
        for one, money in ((plain, D(0)), (flowing, flows)):
            if now_ns // DAY != one.day:
                one.start_day(now_ns, result + money, money, WINDOWS, rules)
            equity = result + money
            facts.append(one.mark(now_ns, equity, equity, money, worst, WINDOWS, rules))
        assert facts[0] == facts[1]
        assert plain.is_confirming is flowing.is_confirming
        assert not (was_halted and plain.halted is None)
        was_halted = plain.halted is not None
