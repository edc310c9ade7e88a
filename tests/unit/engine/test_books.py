"""A book over the tier in the whole flow: it refuses and shrinks entries, and nothing else."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.approval import Approved
from genesis.domain.events import FlowReported
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.outcomes import AlertRaised, OrderApproved, OrderRefused
from genesis.domain.time import DAY, HOUR, parse_utc
from genesis.engine.gate import Gate
from genesis.execution.draft import Draft
from genesis.risk.rulebooks.desk import RULEBOOK_BREACH, RULEBOOK_HEADROOM, RULEBOOK_NEAR
from genesis.rules import load
from tests.support.engines import SYMBOL, T0, Bench, cancels, only, submits

D = Decimal
BOOK = """
name = "narrow"
title = "narrow"
initial_usdt = "account"
warn_at_fraction = 0.8
headroom_share = 0.5
max_loss_trailing_eod = "none"
max_loss_trailing_intraday = "none"
min_trading_days = "none"
profit_target = "none"
consistency = "none"
inactivity = "none"
{rules}
[day]
zone = "UTC"
reset = "00:00"
from_year = 2020
until_year = 2030
{tables}
"""
OFF = ("max_loss_static", "max_daily_loss", "max_position", "no_trade_window", "trade_limit")
STATIC = '[max_loss_static]\namount = {}\nof = "usdt"'
DAILY = '[max_daily_loss]\namount = {}\nof = "usdt"\nbaseline = "balance"\nuntil = "{}"'


def bench(folder: Path, *tables: str, more: str = "") -> Bench:
    told = "\n".join(tables)
    off = "\n".join(f'{name} = "none"' for name in OFF if f"[{name}]" not in told)
    book = folder / "narrow.toml"
    book.write_text(BOOK.format(rules=off, tables=told))
    rules = folder / "mine.toml"
    rules.write_text(f'books = ["{book}"]\n{more}')
    return Bench(str(rules))


def refused(made: Bench, usdt: str = "25") -> dict[str, tuple[str, int | None]]:
    (found,) = only(made.buy(usdt), OrderRefused)
    return {one.code: (one.reason, one.until_ns) for one in found.failures}


def held(made: Bench, price: str = "67453") -> None:
    """A position of about 25 USDT."""
    (entry,) = submits(made.buy("25"))
    made.accept(entry.key)
    (stop,) = submits(made.fill(entry, price))
    made.accept(stop.key)


def closed(made: Bench, price: str, *parts: str) -> None:
    """The operator closes: the stop goes, and everything is sold in so many fills."""
    (cancel,) = cancels(made.act("close"))
    (closing,) = submits(made.cancelled(cancel.key))
    assert closing.request.purpose is Purpose.EXIT
    for part in parts:
        made.fill(closing, price, part)
    made.fill(closing, price, str(closing.request.qty - sum(map(D, parts))))
    assert not made.engine.view.positions


def fall(made: Bench, price: str) -> None:
    """The price falls and stays there: three marks over two seconds."""
    for _ in range(3):
        made.tick(price)
        made.later(1)


def alerts(made: Bench) -> list[str]:
    return [fact.alert for step in made.steps for fact in only(step, AlertRaised)]


def test_a_broken_floor_refuses_entries_and_lets_every_exit_pass(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    held(made)
    fall(made, "62000")  # about 2.03 USDT lost
    assert alerts(made) == [RULEBOOK_BREACH]
    code = refused(made)[RULEBOOK_BREACH]
    assert code[1] is None
    assert "narrow (max loss static): equity is 0.0" in code[0]
    assert "below the floor of 498.00" in code[0]
    closed(made, "62000")
    assert RULEBOOK_BREACH in refused(made)


def test_a_book_is_asked_where_no_limit_of_the_tier_looks_at_equity(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    rules = made.engine.state.rules
    free = {
        tier: replace(limits, drawdown=None, rolling=())
        for tier, limits in rules.risk.tiers.items()
    }
    risk = replace(rules.risk, tiers=free, daily_loss_fraction=None)
    made.engine.set_rules(replace(rules, risk=risk))
    held(made)
    assert made.engine.watch(SYMBOL).below is not None
    fall(made, "62000")
    assert alerts(made) == [RULEBOOK_BREACH]


def test_one_bad_tick_refuses_entries_until_the_next_and_breaks_nothing(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    held(made)
    made.tick("30000")
    assert RULEBOOK_BREACH in refused(made, "1")
    made.tick("67453")
    (tracker,) = made.engine.state.books.trackers
    assert (tracker.is_broken, tracker.floors[0].breach_ts_ns) == (False, None)
    assert RULEBOOK_BREACH not in alerts(made)
    assert RULEBOOK_BREACH not in refused(made, "1")


def test_a_loss_that_is_closed_needs_no_second_look(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    held(made)
    closed(made, "61000")
    assert alerts(made) == [RULEBOOK_BREACH]


def test_the_day_that_is_over_refuses_until_the_next_one(tmp_path: Path) -> None:
    made = bench(tmp_path, DAILY.format("2", "day"))
    held(made)
    fall(made, "62000")
    why, until = refused(made)[RULEBOOK_BREACH]
    assert until == T0 + DAY
    assert "2024-10-05" not in why  # the end is told beside it, once
    closed(made, "62000")
    made.later(24 * 3600)
    made.tick("62000")
    assert RULEBOOK_BREACH not in refused(made, "1")


def test_an_open_loser_breaks_the_day_that_begins_with_a_timer(tmp_path: Path) -> None:
    """Closed gains widen the day; at midnight they belong to the baseline."""
    made = bench(tmp_path, DAILY.format("2", "day"))
    held(made)
    made.tick("80000")
    closed(made, "80000")  # about 4.6 USDT won
    made.later(HOUR // 10**9)
    held(made, "80000")
    made.tick("73000")  # about 2.1 USDT lost, within what the day has won
    assert alerts(made) == []
    made.later(24 * 3600)
    (tracker,) = made.engine.state.books.trackers
    assert tracker.floors[0].breach_ts_ns == T0 + DAY
    assert RULEBOOK_BREACH in refused(made)
    (turned,) = [fact for step in made.steps for fact in only(step, AlertRaised)]
    assert turned.alert == RULEBOOK_BREACH


def test_what_is_left_to_lose_bounds_the_size(tmp_path: Path) -> None:
    """0.5 of 0.6 USDT at a stop of 2 %: 15 USDT."""
    made = bench(tmp_path, STATIC.format("0.6"))
    (approved,) = only(made.buy("25"), OrderApproved)
    assert dict(approved.limits_used)["cap_usdt"] == 15
    assert approved.request.qty * D("67453") <= 15
    assert "the rulebook narrow leaves 0.60 USDT to lose" in approved.notes[0]


def test_a_nearer_stop_allows_more(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("0.6"))
    gate: Gate = made.engine.gate
    assert gate.absolute_cap_usdt(SYMBOL) == 15
    near = Draft(
        SYMBOL, Side.BUY, OrderType.MARKET, Purpose.ENTRY, amount_usdt=D(25), stop_plan=D("66800")
    )
    verdict = gate.judge(near)
    assert isinstance(verdict, Approved)
    assert dict(verdict.limits_used)["cap_usdt"] == 25


def test_too_little_left_for_the_smallest_order_is_said(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("0.1"))
    found = refused(made)
    assert RULEBOOK_HEADROOM in found
    assert found[RULEBOOK_HEADROOM][0] == "the rulebook narrow leaves 0.10 USDT to lose"


def test_near_a_floor_is_told_once_a_day(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("1"))
    held(made)
    for price in ("65100", "65500", "65090"):  # about 0.9 of 1 USDT lost, twice
        made.tick(price)
    assert alerts(made) == [RULEBOOK_NEAR]


def test_a_deposit_moves_the_floor_with_it(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    held(made)
    made.tell(FlowReported(made.now_ns, "USDT", D("100"), "deposit", "f1"))
    fall(made, "62000")
    assert alerts(made) == [RULEBOOK_BREACH]


def test_a_closed_window_refuses_entries_only_while_it_lasts(tmp_path: Path) -> None:
    window = '[no_trade_window]\naround = ["2024-10-04T00:01:00Z"]\nminutes = 2'
    made = bench(tmp_path, window)
    assert refused(made)[RULEBOOK_BREACH][1] == parse_utc("2024-10-04T00:03:00Z") + 1
    made.later(181)
    made.tick("67453")
    held(made)


def test_the_exit_of_an_entry_must_fit_into_the_trades_of_the_day(tmp_path: Path) -> None:
    made = bench(tmp_path, "[trade_limit]\nper_day = 3")
    held(made)
    closed(made, "67453", "0.0001", "0.0001")  # one order, one trade
    assert refused(made)[RULEBOOK_BREACH][0].startswith(
        "the rulebook narrow (trade limit): 2 of 3 trades of the day"
    )
    made.later(24 * 3600)
    made.tick("67453")
    assert only(made.buy("25"), OrderApproved)


def test_a_position_is_never_made_larger_than_the_book_allows(tmp_path: Path) -> None:
    made = bench(tmp_path, '[max_position]\nmost = 0.0003\ncounts = "lots"')
    (approved,) = only(made.buy("25"), OrderApproved)
    assert approved.request.qty <= D("0.0003")


@pytest.mark.parametrize("amount", ["0.6", "2", "1000000"])
def test_a_book_never_allows_more_than_the_tier_does(tmp_path: Path, amount: str) -> None:
    with_book, without = bench(tmp_path, STATIC.format(amount)), Bench()
    (mine,) = only(with_book.buy("25"), OrderApproved)
    (theirs,) = only(without.buy("25"), OrderApproved)
    assert mine.request.type is OrderType.MARKET
    assert mine.request.qty <= theirs.request.qty
    assert (mine.request.qty == theirs.request.qty) is (amount != "0.6")


def test_an_edit_is_no_way_around_a_broken_book(tmp_path: Path) -> None:
    made = bench(tmp_path, STATIC.format("2"))
    held(made)
    fall(made, "62000")
    bench(tmp_path, STATIC.format("3"))  # writes the file anew
    made.engine.set_rules(load(tmp_path / "mine.toml"))
    made.tick("62001")
    assert [tracker.is_broken for tracker in made.engine.state.books.trackers] == [True, False]
    assert RULEBOOK_BREACH in refused(made)


def test_a_replay_of_the_same_events_decides_the_same(tmp_path: Path) -> None:
    made = bench(tmp_path, DAILY.format("2", "day"))
    held(made)
    for price in ("66000", "62000", "70000"):
        made.tick(price)
    made.later(2 * 24 * 3600)
    refused(made, "1")
    twin = type(made.engine)(made.rules)
    assert [twin.handle(step.event) for step in made.steps] == made.steps
