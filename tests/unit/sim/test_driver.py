"""What the driver delivers, when, and in which order."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal as D

import pytest

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, BookTop, Event, OrderFilled, TradeTick
from genesis.domain.orders import Side
from genesis.domain.time import MINUTE, SECOND
from genesis.research import Ticks, backtest
from genesis.strategy import Intent, View
from tests.support.markets import START_NS, print_list, with_tops

MS = 1_000_000


class Script:
    """Buys when the bar of a given boundary closes, and remembers all it is told."""

    name = "script"
    tier = Tier.SNIPER
    bar: str | None = "1m"

    def __init__(self, buy_at: int = 1, sell_at: int = 99, wants: Sequence[type] = ()) -> None:
        self.wants = frozenset({BarClosed, *wants})
        self.acts = {START_NS + buy_at * MINUTE: Side.BUY, START_NS + sell_at * MINUTE: Side.SELL}
        self.told: list[Event] = []

    def __deepcopy__(self, memo: object) -> "Script":
        return self  # the test looks into it afterwards

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        self.told.append(event)
        side = self.acts.get(event.ts_ns) if type(event) is BarClosed else None
        if side is None:
            return ()
        return (Intent("BTC/USDT", side, reduces=side is Side.SELL, why="signal"),)


def run(script: Script, ticks: Ticks, **asked: object):
    given = {"rules": "research", "qty": 1, "cash": 10_000, **asked}
    return backtest(script, ticks, **given)


QUIET = [(0, 100.0), (30 * SECOND, 101.0), (MINUTE + SECOND, 102.0), (MINUTE + 2 * SECOND, 103.0)]


def test_bar_close_fills_at_the_last_price_on_the_boundary():
    result = run(Script(), print_list(*QUIET), fill="bar_close")
    fill = result.fills.iloc[0]
    assert (fill.ts_ns, fill.price) == (START_NS + MINUTE, D(101))


def test_next_tick_fills_at_the_first_later_tick():
    result = run(Script(), print_list(*QUIET), fill="next_tick")
    fill = result.fills.iloc[0]
    assert (fill.ts_ns, fill.price) == (START_NS + MINUTE + SECOND, D(102))


def test_a_tick_on_the_boundary_belongs_to_the_next_bar_and_is_a_next_tick():
    rows = [(0, 100.0), (MINUTE, 105.0), (MINUTE + SECOND, 102.0)]
    script = Script()
    result = run(script, print_list(*rows), fill="next_tick")
    assert script.told[0].close == D(100)
    assert result.fills.iloc[0].price == D(105)


@pytest.mark.parametrize(
    ("latency", "price"),
    [((0, 999, 0), 102), ((0, 1_000, 0), 102), ((500, 500, 0), 102), ((1, 1_000, 0), 103)],
)
def test_an_order_meets_the_first_tick_at_or_after_its_arrival(latency, price):
    result = run(Script(), print_list(*QUIET), fill="next_tick", latency=latency)
    assert result.fills.iloc[0].price == D(price)


def test_an_answer_takes_its_time_but_keeps_the_stamp_of_the_match():
    script = Script(wants=[OrderFilled, TradeTick])
    rows = [*QUIET, (MINUTE + 4 * SECOND, 104.0)]
    result = run(script, print_list(*rows), fill="next_tick", latency=(0, 0, 1_500))
    kinds = [(type(e), (e.ts_ns - START_NS - MINUTE) // SECOND) for e in script.told[3:]]
    assert kinds == [(TradeTick, 1), (TradeTick, 2), (OrderFilled, 1), (TradeTick, 4)]
    assert result.fills.iloc[0].ts_ns == START_NS + MINUTE + SECOND


def test_the_entry_tick_does_not_touch_the_stop_and_later_ones_do_exactly():
    stop = 0.01  # of an entry at 100: touched at 99 and below
    rows = [(0, 98.0), (MINUTE, 100.0), (MINUTE + 1, 99.01), (MINUTE + 2, 99.0), (MINUTE + 3, 97.0)]
    trades = run(Script(), print_list(*rows), fill="next_tick", stop_fraction=stop).trades
    assert trades.exit_ts_ns.tolist() == [START_NS + MINUTE + 2]
    assert trades.exit_price.tolist() == [99.0]
    assert trades.reason.tolist() == ["stop"]


def test_a_stop_that_is_jumped_over_fills_at_the_price_behind_it():
    rows = [(0, 100.0), (MINUTE, 100.0), (MINUTE + 1, 90.0), (MINUTE + 2, 95.0)]
    trades = run(Script(), print_list(*rows), fill="next_tick", stop_fraction=0.01).trades
    assert trades.exit_price.tolist() == [90.0]


def test_the_unfinished_bar_never_closes_and_empty_minutes_have_none():
    script = Script(buy_at=99)
    run(script, print_list((0, 1.0), (5 * MINUTE, 2.0), (5 * MINUTE + 1, 3.0)))
    assert [event.ts_ns for event in script.told] == [START_NS + MINUTE]


def test_an_exit_on_a_boundary_frees_the_coins_of_the_stop_first():
    rows = [(i * 20 * SECOND, 100.0 + i) for i in range(12)]
    script = Script(buy_at=1, sell_at=2)
    result = run(script, print_list(*rows), fill="bar_close", stop_fraction=0.5)
    assert result.trades[["entry_price", "exit_price", "reason"]].to_numpy().tolist() == [
        [102.0, 105.0, "signal"]
    ]
    assert result.orders.status.tolist() == ["FILLED", "CANCELLED", "FILLED"]


def test_excursions_are_those_of_the_ticks_while_the_position_was_open():
    rows = [(0, 100.0), (MINUTE, 100.0), (MINUTE + 1, 96.0), (MINUTE + 2, 107.0)]
    rows += [(2 * MINUTE, 101.0), (2 * MINUTE + 1, 200.0)]
    trades = run(Script(1, 2), print_list(*rows), fill="next_tick").trades
    assert trades[["mae", "mfe"]].to_numpy().tolist() == [[-4.0, 7.0]]


def test_every_tick_reaches_a_strategy_that_wants_them():
    ticks = print_list(*((i * SECOND, 100.0 + i % 3) for i in range(200)))
    script = Script(buy_at=99, wants=[TradeTick])
    run(script, ticks)
    assert sum(type(event) is TradeTick for event in script.told) == 200
    order = [event.ts_ns for event in script.told]
    assert order == sorted(order)


def test_orders_in_flight_at_the_end_are_answered_and_later_timers_never_fire():
    rows = [(0, 100.0), (MINUTE, 101.0)]
    result = run(Script(), print_list(*rows), fill="bar_close", latency=(0, 500, 500))
    assert result.fills.ts_ns.tolist() == [START_NS + MINUTE + 500 * MS]
    assert len(result.open_positions) == 1


def test_a_run_can_be_repeated_on_the_same_ticks():
    ticks = print_list(*QUIET)
    first = run(Script(), ticks, fill="bar_close")
    again = run(Script(), replace(ticks), fill="bar_close")
    assert first.decision_digest == again.decision_digest


def test_the_book_fill_walks_the_best_row_that_was_shown_last():
    market = with_tops(print_list(*QUIET), spread=10)
    fill = run(Script(), market, fill="book").fills.iloc[0]
    # the last top before the boundary came with the trade at 100: its ask
    assert (fill.ts_ns, fill.price) == (START_NS + MINUTE, D("100.05"))


def test_a_top_reaches_the_strategy_after_the_trades_it_followed():
    script = Script(buy_at=99, wants=[BookTop, TradeTick])
    run(script, with_tops(print_list(*QUIET)))
    kinds = [type(event).__name__ for event in script.told]
    assert kinds == [
        "TradeTick",
        "BookTop",
        "TradeTick",
        "BarClosed",
        "TradeTick",
        "BookTop",
        "TradeTick",
    ]
