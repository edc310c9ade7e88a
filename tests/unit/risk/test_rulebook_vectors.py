"""The published examples of rulebooks, to the cent and to the nanosecond."""

from dataclasses import replace
from decimal import Decimal

import pytest

from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, parse_utc
from genesis.risk.rulebooks import Done, Point, Standing, Status, Tracker, evaluate
from genesis.risk.rulebooks.book import (
    Amount,
    Counts,
    Inactivity,
    MaxPosition,
    NoTradeWindow,
    Of,
    TradeLimit,
)
from genesis.rules.shelf import load_book

NOON = parse_utc("2026-01-12T12:00:00Z")  # a Monday
MIDNIGHT = parse_utc("2026-01-12T23:00:00Z")  # 00:00 of Tuesday in Prague


def at(ts_ns: int, equity: object, balance: object = None, flows: object = 0) -> Point:
    """A moment; without a balance nothing is open."""
    worth = Decimal(str(equity))
    return Point(
        ts_ns,
        worth,
        worth if balance is None else Decimal(str(balance)),
        Decimal(str(flows)),
    )


def of(standings: tuple[Standing, ...], rule: str) -> Standing:
    return next(one for one in standings if one.rule == rule)


def judged(book: str, rule: str, *path: Point) -> Standing:
    return of(evaluate(load_book(book), path), rule)


# -- floors ----------------------------------------------------------------------------------
def test_the_trailing_floor_of_one_step_follows_the_balance_at_the_end_of_days() -> None:
    tracker = Tracker(load_book("one_step"), at(NOON, 100_000))
    floor = tracker.floors[0]
    assert floor.floor == 90_000
    tracker.mark(at(NOON + HOUR, 112_000, 104_000))  # an open gain raises nothing
    assert floor.floor == 90_000
    tracker.mark(at(NOON + 2 * HOUR, 104_000))
    assert floor.floor == 90_000  # nor does a closed one before the day ends
    tracker.mark(at(NOON + 3 * HOUR, 109_000, 104_000))  # and this gain stays open overnight
    tracker.mark(at(MIDNIGHT, 109_000, 104_000))
    assert floor.floor == 94_000
    tracker.mark(at(MIDNIGHT + HOUR, 103_000))
    tracker.mark(at(MIDNIGHT + DAY, 103_000))
    assert floor.floor == 94_000
    assert floor.headroom(tracker._last) == 9_000


@pytest.mark.parametrize(
    ("floating", "status"),
    [(-2_001, Status.BREACH), (-2_000, Status.WARN), (-1, Status.WARN), (+500, Status.PASS)],
)
def test_the_static_floor_counts_open_results(floating: int, status: Status) -> None:
    found = judged(
        "generic_static",
        "max_loss_static",
        at(NOON, 100_000),
        at(NOON + DAY, 92_000 + floating, 92_000),
    )
    assert found.status is status
    assert found.headroom_usdt == 2_000 + floating
    assert found.breach_ts_ns == (NOON + DAY if status is Status.BREACH else None)


def test_a_closed_gain_of_the_day_may_be_lost_on_top_of_the_limit() -> None:
    found = judged("two_step", "max_daily_loss", at(NOON, 200_000), at(NOON + HOUR, 204_000))
    assert (found.status, found.headroom_usdt) == (Status.PASS, 14_000)
    assert found.used_fraction == 0


def test_an_open_loser_breaks_the_limit_the_moment_the_day_turns() -> None:
    book = load_book("two_step")
    evening = at(MIDNIGHT - SECOND, 191_000, 204_000)
    path = (at(NOON, 200_000), at(NOON + HOUR, 204_000), evening)
    before = of(evaluate(book, path), "max_daily_loss")
    assert (before.status, before.headroom_usdt) == (Status.WARN, 1_000)
    after = of(evaluate(book, (*path, at(MIDNIGHT, 191_000, 204_000))), "max_daily_loss")
    assert (after.status, after.headroom_usdt) == (Status.BREACH, -3_000)
    assert after.breach_ts_ns == MIDNIGHT


def test_it_breaks_at_midnight_also_when_the_next_mark_comes_days_later() -> None:
    later = at(MIDNIGHT + 3 * DAY, 204_000)
    path = (at(NOON, 200_000), at(NOON + HOUR, 204_000), at(NOON + 2 * HOUR, 191_000, 204_000))
    found = of(evaluate(load_book("two_step"), (*path, later)), "max_daily_loss")
    assert (found.status, found.breach_ts_ns) == (Status.BREACH, MIDNIGHT)


@pytest.mark.parametrize(
    ("balance", "equity", "floor"),
    [(100_000, 103_000, 97_850), (100_000, 98_000, 95_000)],
)
def test_the_higher_of_balance_and_equity_is_the_baseline(
    balance: int, equity: int, floor: int
) -> None:
    tracker = Tracker(load_book("higher_of_both"), at(NOON, 100_000))
    tracker.mark(at(MIDNIGHT - 1, equity, balance))
    tracker.mark(at(MIDNIGHT, equity, balance))
    assert tracker.floors[1].floor == floor


def test_a_day_may_begin_at_half_past_midnight() -> None:
    reset = parse_utc("2026-01-13T00:30:00Z")
    tracker = Tracker(load_book("crypto_half_past"), at(NOON, 100_000))
    daily = tracker.floors[1]
    assert daily.floor == 96_000
    tracker.mark(at(NOON + HOUR, 102_000))
    tracker.mark(at(reset - 1, 102_000))
    assert daily.floor == 96_000
    tracker.mark(at(reset, 102_000))
    assert daily.floor == Decimal(102_000) - Decimal("4080")


def test_a_breakout_of_five_percent_needs_only_another_number() -> None:
    book = load_book("crypto_half_past")
    assert book.max_daily_loss is not None
    daily = replace(book.max_daily_loss, amount=Amount(Decimal("0.05"), Of.BASELINE))
    tracker = Tracker(replace(book, max_daily_loss=daily), at(NOON, 100_000))
    assert tracker.floors[1].floor == 95_000


def test_the_intraday_floor_follows_every_high_and_stops_at_the_start() -> None:
    tracker = Tracker(load_book("generic_trailing"), at(NOON, 50_000))
    floor = tracker.floors[0]
    assert floor.floor == 47_500
    tracker.mark(at(NOON + 1, 51_000, 50_000))
    assert floor.floor == 48_500
    tracker.mark(at(NOON + 2, 49_000))
    assert floor.floor == 48_500
    tracker.mark(at(NOON + 3, 60_000))
    assert floor.floor == 50_000
    tracker.mark(at(NOON + 4, 70_000))
    assert (floor.floor, floor.trails) == (50_000, False)
    tracker.mark(at(NOON + 5, Decimal("49999.99")))
    assert floor.breach_ts_ns == NOON + 5


# -- money in and out ------------------------------------------------------------------------
def test_a_deposit_hides_no_loss_and_a_withdrawal_is_none() -> None:
    start = at(NOON, 100_000)
    hidden = at(NOON + HOUR, 109_000, 109_000, 20_000)  # 11,000 lost, 20,000 put in
    found = judged("generic_static", "max_loss_static", start, hidden)
    assert (found.status, found.headroom_usdt) == (Status.BREACH, -1_000)
    taken = at(NOON + HOUR, 60_000, 60_000, -40_000)
    found = judged("generic_static", "max_loss_static", start, taken)
    assert (found.status, found.headroom_usdt) == (Status.PASS, 10_000)


# -- days of 23 and 25 hours -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_days_by_the_clocks_of_prague_have_their_hours(day: str, hours: int) -> None:
    days = load_book("two_step").days
    number = days.number(parse_utc(f"{day}T12:00:00Z"))
    assert days.start_ns(number + 1) - days.start_ns(number) == hours * HOUR


@pytest.mark.parametrize(
    ("day", "reset"),
    [
        ("2026-03-28", "2026-03-28T23:00:00Z"),
        ("2026-03-29", "2026-03-29T22:00:00Z"),  # after 23 hours
        ("2026-10-24", "2026-10-24T22:00:00Z"),
        ("2026-10-25", "2026-10-25T23:00:00Z"),  # after 25 hours
    ],
)
def test_an_open_loser_breaks_at_the_reset_of_days_on_which_clocks_change(
    day: str, reset: str
) -> None:
    noon, turn = parse_utc(f"{day}T12:00:00Z"), parse_utc(reset)
    book = load_book("two_step")
    path = (at(noon, 200_000), at(noon + 1, 204_000), at(turn - 1, 191_000, 204_000))
    assert of(evaluate(book, path), "max_daily_loss").status is Status.WARN
    found = of(evaluate(book, (*path, at(turn, 191_000, 204_000))), "max_daily_loss")
    assert found.breach_ts_ns == turn


def test_days_go_on_beyond_the_years_that_were_resolved() -> None:
    days = load_book("generic_static").days
    last = len(days.starts_ns) - 1
    far = days.starts_ns[-1] + 400 * DAY + HOUR
    assert days.number(far) == last + 400
    assert days.start_ns(last + 400) == far - HOUR
    early = days.starts_ns[0] - 1
    assert days.number(early) == -1
    assert days.start_ns(-1) == days.starts_ns[0] - DAY


# -- everything else -------------------------------------------------------------------------
def trades(*each: tuple[int, bool]) -> list[Done]:
    return [Done(ts_ns, is_entry) for ts_ns, is_entry in each]


def test_only_days_with_an_entry_are_trading_days() -> None:
    book, path = load_book("two_step"), [at(NOON + day * DAY, 100_000) for day in range(6)]
    done = trades((NOON, True), (NOON + 1, True), (NOON + DAY, False), (NOON + 2 * DAY, True))
    found = of(evaluate(book, path, done), "min_trading_days")
    assert (found.status, found.told) == (Status.OPEN, "2 of 4 days with an entry")
    done += trades((NOON + 3 * DAY, True), (NOON + 4 * DAY, True))
    assert of(evaluate(book, path, done), "min_trading_days").status is Status.PASS


@pytest.mark.parametrize(("phase", "reached"), [(1, 110_000), (2, 105_000)])
def test_the_target_of_a_phase_is_reached_by_closed_profit(phase: int, reached: int) -> None:
    book = load_book("two_step", phase=phase)
    start = at(NOON, 100_000)
    open_gain = at(NOON + 1, reached + 1, reached - 1)
    assert of(evaluate(book, (start, open_gain)), "profit_target").status is Status.OPEN
    closed = at(NOON + 1, reached)
    assert of(evaluate(book, (start, closed)), "profit_target").status is Status.PASS


def test_the_best_day_may_make_only_its_share_and_other_days_mend_it() -> None:
    days = [at(NOON + day * DAY, worth) for day, worth in enumerate((100, 104, 107, 110))]
    book = load_book("generic_trailing")
    start = days[0]
    best = of(evaluate(book, (start, *days[1:2])), "consistency")
    assert (best.status, best.breach_ts_ns) == (Status.BREACH, NOON + DAY)
    mended = of(evaluate(book, days), "consistency")  # 4 of 10
    assert (mended.status, mended.used_fraction) == (Status.WARN, 1)
    assert mended.breach_ts_ns is None
    assert of(evaluate(book, (start, at(NOON + 1, 99))), "consistency").status is Status.OPEN


def test_every_entry_and_every_exit_is_a_trade() -> None:
    book = replace(load_book("generic_static"), trade_limit=TradeLimit(4))
    one_by_one = trades((NOON, True), (NOON + 1, False), (NOON + 2, False), (NOON + 3, False))
    path = (at(NOON - 1, 100), at(NOON + 4, 100))
    found = of(evaluate(book, path, one_by_one), "trade_limit")  # 5 left as 2 + 2 + 1
    assert (found.status, found.used_fraction) == (Status.WARN, 1)
    found = of(evaluate(book, path, [*one_by_one, Done(NOON + 3, True)]), "trade_limit")
    assert (found.status, found.breach_ts_ns) == (Status.BREACH, NOON + 3)
    assert of(evaluate(book, (*path, at(NOON + DAY, 100)), one_by_one), "trade_limit") == Standing(
        "trade_limit", Status.PASS, Decimal(0), None, None, found.told.replace("5 of", "0 of")
    )


def test_positions_are_measured_in_units_or_by_what_they_cost() -> None:
    book = replace(load_book("generic_trailing"), max_position=MaxPosition(Decimal(5), Counts.LOTS))
    held = at(NOON + 1, 100)._replace(largest_lots=Decimal("4.5"))
    found = of(evaluate(book, (at(NOON, 100), held)), "max_position")
    assert (found.status, found.used_fraction) == (Status.WARN, Decimal("0.9"))
    held = held._replace(largest_lots=Decimal("5.1"))
    assert of(evaluate(book, (at(NOON, 100), held)), "max_position").breach_ts_ns == NOON + 1
    costly = at(NOON + 1, 100)._replace(largest_cost_usdt=Decimal("50.01"))
    found = of(evaluate(load_book("generic_trailing"), (at(NOON, 100), costly)), "max_position")
    assert found.status is Status.BREACH


def test_a_trade_within_a_closed_window_is_a_breach_exits_included() -> None:
    window = NoTradeWindow(((NOON - 2 * MINUTE, NOON + 2 * MINUTE),))
    book = replace(load_book("two_step"), no_trade_window=window)
    path = (at(NOON - HOUR, 100), at(NOON + HOUR, 100))
    for offset, status in (
        (-2 * MINUTE - 1, Status.PASS),
        (-2 * MINUTE, Status.BREACH),
        (2 * MINUTE, Status.BREACH),
        (2 * MINUTE + 1, Status.PASS),
    ):
        done = trades((NOON + offset, False))
        assert of(evaluate(book, path, done), "no_trade_window").status is status


def test_an_account_at_rest_for_too_long_is_closed() -> None:
    book = replace(load_book("generic_static"), inactivity=Inactivity(30 * DAY))
    start = at(NOON, 100)
    for days, status in ((23, Status.PASS), (24, Status.WARN), (30, Status.WARN)):
        found = of(evaluate(book, (start, at(NOON + days * DAY, 100))), "inactivity")
        assert found.status is status
    found = of(evaluate(book, (start, at(NOON + 31 * DAY, 100))), "inactivity")
    assert (found.status, found.breach_ts_ns) == (Status.BREACH, NOON + 30 * DAY)
    done = trades((NOON + 20 * DAY, False))
    found = of(evaluate(book, (start, at(NOON + 31 * DAY, 100)), done), "inactivity")
    assert found.status is Status.PASS
