"""Orders that are sent whole have receipts: what they were to cost, and what they did."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderCancelled, OrderFilled, OrderRejected
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.slicing import OrderReceipt
from genesis.engine.step import Step
from genesis.rules import parse
from tests.support.engines import SYMBOL, submits
from tests.support.old_rules import text_before_all_had_receipts
from tests.support.sliced import MID, SliceBench

D = Decimal


def receipts(bench: SliceBench) -> list[OrderReceipt]:
    return [o for step in bench.steps for o in step.outcomes if isinstance(o, OrderReceipt)]


def bought(bench: SliceBench, usdt: str = "120", price: str = "60001") -> SubmitOrder:
    (entry,) = submits(bench.buy(usdt))
    bench.accept(entry.key)
    bench.protect(bench.fill(entry, price))
    return entry


def test_a_market_order_is_measured_by_the_market_and_by_the_walk_of_the_book() -> None:
    bench = SliceBench()
    entry = bought(bench, price="60002")
    (told,) = receipts(bench)
    qty = entry.request.qty
    assert (told.key, told.algorithm, told.side) == (entry.key, "market", Side.BUY)
    assert (told.ended, told.filled_qty, told.slices, told.slices_sent) == ("complete", qty, 1, 1)
    assert (told.arrival_mid, told.walk_price) == (MID, MID + 1)
    assert (told.average_price, told.slippage_usdt) == (D(60_002), 2 * qty)
    assert told.slippage_bps == D("0.33333333")
    assert told.paid_usdt == qty * 60_002 * D("1.001")
    assert told.single_usdt == qty * 60_001 * D("1.001")
    assert told.saved_usdt == -qty * D("1.001")


def test_of_a_sale_less_is_worse_and_fees_are_taken_off() -> None:
    bench = SliceBench()
    bought(bench)
    step = bench.act("close", "POSITION_CLOSED")
    (exit_,) = exits(bench, step)
    bench.accept(exit_.key)
    bench.fill(exit_, "59990")
    told = receipts(bench)[-1]
    qty = exit_.request.qty
    assert (told.key, told.algorithm, told.side) == (exit_.key, "market", Side.SELL)
    assert (told.arrival_mid, told.walk_price) == (MID, MID - 1)
    assert (told.slippage_usdt, told.slippage_bps) == (10 * qty, D("1.66666666"))
    fees = told.fees_usdt
    assert told.paid_usdt == qty * 59_990 - fees and fees > 0
    assert told.single_usdt == qty * 59_999 * D("0.999")
    assert told.saved_usdt == told.paid_usdt - told.single_usdt < 0


def exits(bench: SliceBench, step: Step) -> list[SubmitOrder]:
    """The exit that a step sent, at once or when the stop had made room."""
    bench.protect(step)
    sent = [c for each in bench.steps for c in submits(each)]
    return [c for c in sent if c.request.purpose is Purpose.EXIT]


def test_a_limit_order_that_is_cancelled_tells_the_part_that_filled() -> None:
    bench = SliceBench()
    wish = {"side": Side.BUY, "order_type": OrderType.LIMIT, "price": D(59_900)}
    step = bench.act("trade", "ORDER_SUBMIT", amount_usdt=D(120), **wish)
    entry = next(c for c in submits(step) if c.request.purpose is Purpose.ENTRY)
    bench.accept(entry.key)
    part = entry.request.qty / 2
    bench.fill(entry, "59900", qty=part)
    assert not receipts(bench)
    bench.tell(OrderCancelled(bench.now_ns, entry.key, "by hand"))
    (told,) = receipts(bench)
    assert (told.algorithm, told.ended, told.reason) == ("limit", "cancelled", "by hand")
    assert (told.qty, told.filled_qty) == (entry.request.qty, part)
    assert told.slippage_usdt == -100 * part and told.saved_usdt > 0


def test_an_order_that_the_venue_rejects_cost_nothing() -> None:
    bench = SliceBench()
    (entry,) = submits(bench.buy("120"))
    bench.tell(OrderRejected(bench.now_ns, entry.key, "-2010", "no money"))
    (told,) = receipts(bench)
    assert (told.ended, told.reason, told.average_price) == ("rejected", "no money", None)
    assert (told.paid_usdt, told.slippage_usdt, told.saved_usdt) == (0, 0, 0)


def test_stops_and_slices_have_none_of_their_own() -> None:
    bench = SliceBench()
    step = bench.sliced()
    while not bench.receipts:
        bench.fill_slice(step)
        step = bench.until_next_slice() if not bench.receipts else step
    assert len(bench.slices) == 3 and len(receipts(bench)) == 1


def test_a_run_from_before_decides_as_it_did() -> None:
    bench = SliceBench()
    bench.rules = parse(text_before_all_had_receipts(bench.rules.text))
    bench.engine.set_rules(bench.rules)
    bench.start(2)
    bench.reconciled()
    bench.book()
    bought(bench)
    assert not receipts(bench)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(5_990_000, 6_010_000)), max_size=8))
def test_whatever_fills_the_receipt_adds_up(parts: list[tuple[int, int]]) -> None:
    bench = SliceBench()
    (entry,) = submits(bench.buy("120"))
    bench.accept(entry.key)
    left = entry.request.qty
    paid = filled = D(0)
    for trade_id, (lots, cents) in enumerate(parts, 1):
        qty, price = min(left, D(lots) * D("0.00001")), D(cents) / 100
        if not qty:
            break
        left, filled, paid = left - qty, filled + qty, paid + qty * price
        terms = (trade_id, price, qty, qty * D("0.001"), "BTC", Liquidity.TAKER)
        fill = Fill(SYMBOL, Side.BUY, *terms)
        bench.tell(OrderFilled(bench.now_ns, entry.key, fill))
    if left:
        bench.tell(OrderCancelled(bench.now_ns, entry.key, "the rest"))
    (told,) = receipts(bench)
    assert (told.filled_qty, told.ended) == (filled, "cancelled" if left else "complete")
    assert abs(told.paid_usdt - paid * D("1.001")) <= D("1e-8")
    assert abs(told.slippage_usdt - (paid - filled * MID)) <= D("1e-8")
    assert abs(told.saved_usdt - (told.single_usdt - told.paid_usdt)) <= D("2e-8")
