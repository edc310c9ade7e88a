"""At a start nothing is protected before the books are compared: it may be sold already."""

from decimal import Decimal

import pytest

from genesis.domain.events import OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import Purpose, Side
from genesis.engine.step import Step
from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, cancels, submits
from tests.support.old_rules import text_before_books_came_first

D = Decimal


def told_late(bench: Bench, key: OrderKey, side: Side, trade_id: int, qty: str = "0.0004") -> Step:
    """A trade of the time in which nobody of ours was there."""
    fill = Fill(SYMBOL, side, trade_id, D(60_000), D(qty), D(0), "USDT", Liquidity.TAKER)
    return bench.tell(OrderFilled(bench.now_ns, key, fill, recovered=True))


def elsewhere(trade_id: int) -> OrderKey:
    return OrderKey(EXTERNAL_RUN, trade_id, 0)


def test_what_was_bought_and_sold_meanwhile_gets_no_stop() -> None:
    bench = Bench(price="60000")
    bench.start(2)
    steps = [
        told_late(bench, elsewhere(1), Side.BUY, 1),
        told_late(bench, elsewhere(2), Side.SELL, 2),
        bench.reconciled(),
    ]
    assert [submits(step) for step in steps] == [[], [], []]
    assert not bench.engine.state.ledger.positions


@pytest.mark.parametrize("clean", [True, False])
def test_what_is_left_is_protected_as_soon_as_they_are(clean: bool) -> None:
    bench = Bench(price="60000")
    bench.start(2)
    assert not submits(told_late(bench, elsewhere(1), Side.BUY, 1))
    (stop,) = submits(bench.reconciled(clean=clean))
    assert (stop.request.purpose, stop.request.qty) == (Purpose.PROTECT, D("0.0004"))


def test_an_entry_of_ours_whose_stop_sold_it_meanwhile_gets_no_other() -> None:
    bench = Bench(price="60000")
    (entry,) = submits(bench.buy("25"))
    bench.accept(entry.key)
    qty = str(entry.request.qty)
    bench.start(2)
    bought = told_late(bench, entry.key, Side.BUY, 1, qty)
    sold = told_late(bench, elsewhere(2), Side.SELL, 2, qty)
    assert submits(bought) == submits(sold) == submits(bench.reconciled()) == []


def test_closing_does_not_wait_for_the_books() -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    bench.start(2)
    (cancel,) = cancels(bench.act("close", reduces_risk=True))
    assert cancel.key == stop.key
    (left,) = submits(bench.cancelled(stop.key))
    assert left.request.purpose is Purpose.EXIT


def test_a_tighter_stop_does_not_wait_for_them() -> None:
    bench = Bench(price="60000")
    stop = bench.open_position("60000")
    bench.start(2)
    (cancel,) = cancels(bench.act("stop", "STOP_MODIFY", stop_new=D(59_500), reduces_risk=True))
    assert cancel.key == stop.key
    (moved,) = submits(bench.cancelled(stop.key))
    assert moved.request.stop_price == D(59_500)


def test_runs_from_before_replay_as_they_were_decided() -> None:
    bench = Bench(price="60000")
    bench.rules = parse(text_before_books_came_first(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    assert len(submits(told_late(bench, elsewhere(1), Side.BUY, 1))) == 1
