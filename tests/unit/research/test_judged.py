"""A judged backtest: the same as looking at every tick, and a face that says it."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.orders import Purpose, Side
from genesis.research import BacktestResult, Bars, backtest, judge
from genesis.research.judged import BROKEN, PASSED, UNFINISHED
from genesis.risk.rulebooks import Book, Done, Point, Standing, Status, Tracker
from genesis.risk.rulebooks.book import Amount, Of
from genesis.rules import known_books, load_book
from tests.support.markets import wandering_ticks

D = Decimal


def run(seed: int = 3, rows: int = 30_000, **asked: object) -> BacktestResult:
    given_ = {"cash": 5_000, "stop_fraction": 0.01, "params": {"fast": 3, "slow": 7}, **asked}
    ticks = wandering_ticks(rows, agility=6, seed=seed)
    return backtest("sma_cross", ticks, rules="research", **given_)


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return run()


def tick_by_tick(result: BacktestResult, book: Book) -> tuple[Standing, ...]:
    """Cash, coins and cost kept by hand; every tick is a mark."""
    ticks, fills = result.market, list(result.executions)
    purposes = {order.key: order.request.purpose for order in result.sent}
    cash, coins, cost, seen = result.setup.cash, D(0), D(0), set()
    tracker = Tracker(book, Point(int(ticks.ts_ns[0]), cash, cash))
    for row in range(len(ticks)):
        at, price = int(ticks.ts_ns[row]), ticks.price(row)
        before = ticks.price(row - 1) if row else D(0)
        while fills and fills[0].ts_ns < at:
            event = fills.pop(0)
            fill = event.fill
            paid = fill.qty * fill.price
            if fill.side is Side.BUY:
                cash, coins, cost = cash - paid - fill.fee, coins + fill.qty, cost + paid + fill.fee
            else:
                cost = D(0) if fill.qty == coins else cost * (coins - fill.qty) / coins
                cash, coins = cash + paid - fill.fee, coins - fill.qty
            if event.key not in seen:
                seen.add(event.key)
                tracker.trade(Done(event.ts_ns, purposes[event.key] is Purpose.ENTRY))
            tracker.mark(_point(event.ts_ns, cash, coins, cost, before))
        tracker.mark(_point(at, cash, coins, cost, price))
    return tracker.standings()


def _point(at: int, cash: D, coins: D, cost: D, price: D) -> Point:
    return Point(at, cash + coins * price, cash + cost, largest_lots=coins, largest_cost_usdt=cost)


def narrowed(name: str, factor: str) -> Book:
    """A shipped book with floors so near that a backtest of hours reaches them."""
    book = load_book(name)
    changed = {
        rule: replace(found, amount=Amount(found.amount.value * D(factor), found.amount.of))
        for rule in ("max_loss_static", "max_loss_trailing_eod", "max_loss_trailing_intraday",
                     "max_daily_loss")
        if (found := getattr(book, rule)) is not None
    }  # fmt: skip
    return replace(book, **changed)


@pytest.mark.parametrize("factor", ["1", "0.3", "0.1"])
@pytest.mark.parametrize("name", known_books())
def test_it_judges_as_if_every_tick_were_told(result, name: str, factor: str) -> None:
    book = narrowed(name, factor)
    assert judge(result, book).standings == tick_by_tick(result, book)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(known_books()),
    factor=st.sampled_from(["0.02", "0.2", "0.6"]),
)
def test_so_it_does_on_any_market(seed: int, name: str, factor: str) -> None:
    found, book = run(seed, 5_000), narrowed(name, factor)
    assert judge(found, book).standings == tick_by_tick(found, book)


def test_a_breach_is_a_verdict(result) -> None:
    found = judge(result, narrowed("generic_trailing", "0.1"))
    assert found.verdict == BROKEN
    row = found.table.set_index("rule").loc["max_loss_trailing_intraday"]
    assert row["status"] == "BREACH"
    assert row["first_broken"].startswith("2024-01-01T")
    assert found.headroom["max_loss_trailing_intraday"].min() < 0


def test_a_rule_broken_on_the_way_is_no_pass_though_it_is_kept_at_the_end(result) -> None:
    found = judge(result, "generic_trailing")  # all the money in one position, half is allowed
    standing = next(one for one in found.standings if one.rule == "max_position")
    assert standing.status is Status.PASS and standing.breach_ts_ns is not None  # flat by then
    row = found.table.set_index("rule").loc["max_position"]
    assert row["status"] == "BREACH" and row["first_broken"]
    assert found.verdict == BROKEN


def test_the_phase_that_was_judged_is_told_and_the_one_that_follows(result) -> None:
    book = load_book("two_step")
    assert book.max_loss_static is not None
    far = replace(book.max_loss_static, amount=Amount(D(1), Of.INITIAL))
    kept = replace(
        book, max_loss_static=far, max_daily_loss=None, min_trading_days=None, profit_target=None
    )
    assert repr(judge(result, kept)).startswith("two_step, phase 1 of 2  passed")
    assert "; phase 2 follows" in repr(judge(result, kept))
    assert "follows" not in repr(judge(result, replace(kept, phase=2)))
    assert repr(judge(result, replace(kept, phases=1))).startswith("two_step ")


def test_nothing_broken_and_something_open_is_not_finished(result) -> None:
    wide = replace(load_book("two_step"), max_daily_loss=None)
    found = judge(result, replace(wide, max_loss_static=None))
    assert found.verdict == UNFINISHED
    assert {one.status for one in found.standings} <= {Status.OPEN, Status.PASS}


def test_everything_reached_is_passed(result) -> None:
    book = load_book("two_step")
    assert book.max_loss_static is not None
    far = replace(book.max_loss_static, amount=Amount(D(1), Of.INITIAL))
    kept = replace(
        book, max_loss_static=far, max_daily_loss=None, min_trading_days=None, profit_target=None
    )
    assert judge(result, kept).verdict == PASSED


def test_a_name_and_its_phase_are_enough(result) -> None:
    first, second = (judge(result, "two_step", phase=phase) for phase in (1, 2))
    told = [found.table.set_index("rule").loc["profit_target", "told"] for found in (first, second)]
    assert told[0].endswith("of 500.00 USDT")
    assert told[1].endswith("of 250.00 USDT")


def test_it_shows_itself(result) -> None:
    found = judge(result, "two_step")
    bundle = found._repr_mimebundle_()
    assert "max daily loss" in bundle["text/html"]
    assert "claim" not in bundle["text/plain"]
    assert "not the rules of any firm" in bundle["text/plain"]
    figure = found.plot()
    assert [line.name for line in figure.data] == ["max loss static", "max daily loss"]
    left = found.headroom
    assert len(left) >= 200
    assert figure.data[0].y.min() == pytest.approx(left["max_loss_static"].min())


def test_bars_are_judged_by_their_highs_then_their_lows() -> None:
    opens = np.arange(60, dtype=np.int64) * 60_000_000_000 + 1_704_067_200_000_000_000
    close = np.round(100 + np.sin(np.arange(60.0) / 4) * 5, 2)
    bars = Bars.from_arrays(
        "BTC/USDT", opens, close, close + 3, close - 3, close, np.ones(60), width="1m"
    )
    found = backtest(
        "sma_cross", bars, rules="research", fill="next_open", cash=1_000,
        params={"fast": 2, "slow": 4},
    )  # fmt: skip
    assert len(found.executions) > 0
    told = judge(found, narrowed("generic_trailing", "0.2"))
    assert told.verdict == BROKEN
    assert len(told.marks) == 60
