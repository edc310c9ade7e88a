"""A part of a position is closed: never more than is held, and what stays can be closed, too."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.orders import Purpose
from genesis.domain.outcomes import CommandAnswered
from tests.support.build import BTC
from tests.support.engines import SYMBOL, Bench, only, submits

D = Decimal


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1000), st.integers(8, 25), st.integers(60_000, 75_000))
def test_what_stays_can_be_sold_and_is_protected(mille: int, usdt: int, price: int) -> None:
    bench = Bench(price=str(price))
    stop = bench.open_position(str(price), str(usdt))
    held = BTC.fit_qty(bench.engine.view.position(SYMBOL).qty, market=True)
    step = bench.act("close", share=D(mille) / 1000, reduces_risk=True)
    [answer] = only(step, CommandAnswered)
    wanted = BTC.fit_qty(bench.engine.view.position(SYMBOL).qty * D(mille) / 1000, market=True)
    assert answer.accepted is (wanted * price >= BTC.min_notional_usdt)
    if not answer.accepted:
        assert not step.commands, "the stop stays"
        return
    [leave] = submits(bench.cancelled(stop.key))
    assert wanted <= leave.request.qty <= held
    bench.accept(leave.key)
    rest = held - leave.request.qty
    again = [one.request for one in submits(bench.fill(leave, str(price)))]
    assert [one.qty for one in again] == ([rest] if rest else [])
    stays = any(one.purpose is Purpose.PROTECT for one in again)
    assert answer.text.startswith("selling all") is not stays, "what is told is what happens"
    assert not stays or rest * again[0].stop_price >= BTC.min_notional_usdt
