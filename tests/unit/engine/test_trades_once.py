"""One trade may be told twice, as an outsider's and as a fill of ours: it moves money once."""

from decimal import Decimal

import pytest

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import OrderStatus, Side
from genesis.engine.step import Step
from genesis.rules import parse
from tests.support.engines import SYMBOL, Bench, submits
from tests.support.old_rules import text_before_trades_counted_once

D = Decimal
QTY = D("0.0004")


def bought(bench: Bench, key: OrderKey, qty: Decimal = QTY) -> Step:
    fill = Fill(SYMBOL, Side.BUY, 7, D(60_000), qty, D(0), "USDT", Liquidity.TAKER)
    return bench.tell(OrderFilled(bench.now_ns, key, fill))


def told_twice(bench: Bench, *, outsider_first: bool) -> tuple[SubmitOrder, list[SubmitOrder]]:
    """Our order, and the stops that were sent."""
    entry = submits(bench.buy("100"))[0]
    bench.accept(entry.key)
    keys = [entry.key, OrderKey(EXTERNAL_RUN, 7, 0)]
    steps = [bought(bench, key, entry.request.qty) for key in keys[:: -1 if outsider_first else 1]]
    return entry, [sent for step in steps for sent in submits(step)]


@pytest.mark.parametrize("outsider_first", [True, False])
def test_it_is_held_once_and_protected_once(outsider_first: bool) -> None:
    bench = Bench(price="60000")
    entry, stops = told_twice(bench, outsider_first=outsider_first)
    qty = entry.request.qty
    state = bench.engine.state
    assert state.ledger.balances == {"USDT": 500 - qty * 60_000, "BTC": qty}
    assert state.ledger.positions[SYMBOL].qty == qty
    assert [stop.request.qty for stop in stops] == [qty]
    assert state.execution.orders.orders[entry.key].status is OrderStatus.FILLED


@pytest.mark.parametrize("outsider_first", [True, False])
def test_recorded_runs_count_it_as_they_did(outsider_first: bool) -> None:
    bench = Bench(price="60000")
    bench.rules = parse(text_before_trades_counted_once(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    entry, _ = told_twice(bench, outsider_first=outsider_first)
    assert bench.engine.state.ledger.positions[SYMBOL].qty == 2 * entry.request.qty


def test_the_same_number_of_another_symbol_is_another_trade() -> None:
    bench = Bench(price="60000")
    entry = submits(bench.buy("100"))[0]
    bench.accept(entry.key)
    bought(bench, entry.key, entry.request.qty)
    other = Fill("ETH/USDT", Side.BUY, 7, D(3_000), D("0.01"), D(0), "USDT", Liquidity.TAKER)
    bench.tell(OrderFilled(bench.now_ns, OrderKey(EXTERNAL_RUN, 7, 0), other))
    assert bench.engine.state.ledger.balances["ETH"] == D("0.01")
