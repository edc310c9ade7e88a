"""The rows of the reconciliation matrix that a venue can be asked about, one test each.

The real gateway and the real engine against the loopback exchange. After each, our log is compared
with the exchange's own ledger: every trade once, every balance, and everything that is held has
its stop resting there. Rows of whole processes have their tests elsewhere: 16 (a slice in flight)
in `test_sliced_orders`, 19 (the torn end of a log) in `test_reconcile_torn_log`, 20 (a second
engine) in `test_bad_input` and `test_entry_routes`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    TradeTick,
)
from genesis.domain.orders import Order, OrderStatus, Purpose
from genesis.domain.outcomes import OrderRefused
from genesis.errors import Unreachable
from genesis.exchange.reconciled import Reconciled
from genesis.sim.fees import FeeSchedule
from tests.support.engines import only
from tests.support.simex import SYMBOL
from tests.support.small_home import SmallHome, small_home

D = Decimal
Story = Callable[[SmallHome], Awaitable[None]]


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)


def told(story: Story, **more: Any) -> None:
    """The story, and then our log against the exchange's own ledger."""

    async def run() -> None:
        async with small_home(**more) as home:
            await story(home)
            await home.agrees()

    asyncio.run(run())


async def started_again(home: SmallHome) -> Reconciled:
    found = await home.restart()
    assert found is not None and found.is_clean, found
    assert not home.blocks
    return found


def news(found: Reconciled) -> list[type]:
    """Kinds of what was told of orders, in order."""
    kinds = (OrderAccepted, OrderFilled, OrderCancelled, OrderExpired)
    told = (*found.told, *found.events)
    return [type(event) for event in told if isinstance(event, kinds)]


def stop_of(home: SmallHome) -> Order:
    (stop,) = [
        one for one in home.orders if one.is_working and one.request.purpose is Purpose.PROTECT
    ]
    return stop


async def resting(home: SmallHome, price: str = "59000") -> Order:
    """An entry that rests below the market."""
    await home.buy("25", price)
    assert home.entry.status is OrderStatus.OPEN
    return home.entry


def by_hand(home: SmallHome, order: Order) -> dict[str, str]:
    return {"symbol": "BTCUSDT", "origClientOrderId": home.wire_ids[order.key]}


def crossed(home: SmallHome, price: str, qty: str = "50") -> None:
    """One print at the exchange, of a seller, that nobody here hears of; nobody is before us."""
    for order in home.exchange.venue.open_orders:
        order.ahead = D(0)
    home.exchange.venue.on_market(
        TradeTick(home.now_ns(), SYMBOL, 10**9 + len(home.log), D(price), D(qty), True)
    )


def test_row_1_submitted_and_rejected_the_reserved_money_is_free_again() -> None:
    async def story(home: SmallHome) -> None:
        await home.admin("symbol", symbol="BTCUSDT", status="BREAK")
        home.is_deaf = True
        await home.buy("25", "59000")
        assert home.engine.view.reserved_usdt > 0
        await started_again(home)
        assert home.entry.status is OrderStatus.NEVER_PLACED
        assert home.engine.view.reserved_usdt == 0

    told(story)


def test_row_2_submitted_and_not_there_after_the_bound_it_is_watched_and_never_sent_again() -> None:
    async def story(home: SmallHome) -> None:
        home.is_mute = True
        await home.buy()
        sent_ns = home.entry.placed_ns
        await started_again(home)
        assert home.entry.status is OrderStatus.NEVER_PLACED
        assert (home.entry.ended_ns or 0) >= home.gateway.bound.proven_ns(sent_ns)
        watched = home.reconciling._books().watched
        assert [each.order.key for each in watched] == [home.entry.key]
        assert (await home.compare()).is_clean
        assert (await home.truth())["orders"] == []
        first = home.entry.key
        await home.buy()  # a new attempt is a new order with a new id
        assert home.entry.key != first and home.held > 0

    told(story)


def test_row_3_submitted_and_filled_the_fill_is_flagged_and_protected() -> None:
    async def story(home: SmallHome) -> None:
        home.is_deaf = True
        await home.buy()
        assert home.held == 0
        found = await started_again(home)
        assert news(found) == [OrderAccepted, OrderFilled]
        assert all(event.recovered for event in found.told if isinstance(event, OrderFilled))
        assert home.held > 0

    told(story)


def test_row_4_accepted_and_cancelled_is_mirrored() -> None:
    async def story(home: SmallHome) -> None:
        order = await resting(home)
        await home.admin("cancel", **by_hand(home, order))
        assert news(await started_again(home)) == [OrderCancelled]
        assert home.entry.status is OrderStatus.CANCELLED

    told(story)


def test_row_5_a_part_and_cancelled_keeps_its_fills() -> None:
    async def story(home: SmallHome) -> None:
        order = await resting(home)
        crossed(home, "59000", "0.0002")
        await home.admin("cancel", **by_hand(home, order))
        assert news(await started_again(home)) == [OrderFilled, OrderCancelled]
        assert (home.entry.status, home.entry.filled_qty) == (OrderStatus.CANCELLED, D("0.0002"))

    told(story)


def test_row_6_a_part_with_fills_that_were_missed_is_rebuilt_and_each_counts_once() -> None:
    async def story(home: SmallHome) -> None:
        await resting(home)
        crossed(home, "59000", "0.0001")
        assert news(await home.compare()) == [OrderFilled]
        crossed(home, "59000", "0.0001")
        crossed(home, "59000", "0.0001")
        assert news(await started_again(home)) == [OrderFilled, OrderFilled]
        assert (home.entry.status, home.entry.filled_qty) == (OrderStatus.PARTIAL, D("0.0003"))

    told(story)


def test_row_7_a_cancel_that_found_a_fill_the_fill_wins() -> None:
    async def story(home: SmallHome) -> None:
        order = await resting(home)
        home.is_mute = True
        await home.act("cancel_all", symbol=None)
        assert order.cancel_asked
        crossed(home, "58999")
        assert news(await started_again(home)) == [OrderFilled]
        assert home.entry.status is OrderStatus.FILLED and home.held > 0

    told(story)


@pytest.mark.parametrize("is_down", [True, False])
def test_row_8_bought_by_hand_it_is_adopted_protected_and_a_bypass(is_down: bool) -> None:
    async def story(home: SmallHome) -> None:
        bought = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        await home.admin("order", **bought)
        found = await started_again(home) if is_down else await home.compare()
        assert found.is_clean
        (adopted,) = home.external()
        assert adopted.recovered and adopted.fill.qty == D("0.001")
        assert home.held == D("0.000999")  # in equity and limits, net of its fee
        violations = home.engine.state.tiers.history.violations
        assert len(violations) == (0 if is_down else 1)  # 60 USDT: beyond the cap of 25

    told(story)


@pytest.mark.parametrize("is_down", [True, False])
def test_row_9_sold_by_hand_it_is_closed_at_the_venues_price(is_down: bool) -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        stop, qty = stop_of(home), stop_of(home).request.qty
        await home.admin("cancel", **by_hand(home, stop))
        sold = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": str(qty)}
        await home.admin("order", **sold)
        found = await started_again(home) if is_down else await home.compare()
        assert found.is_clean
        (adopted,) = home.external()
        assert home.engine.view.position("BTC/USDT") is None
        (closed,) = home.readings.closed
        assert closed.exit_price == adopted.fill.price

    told(story)


def test_row_10_a_warm_start_with_the_same_position_tells_nothing() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        held, stop = home.held, stop_of(home)
        found = await started_again(home)
        assert news(found) == []
        assert (home.held, stop_of(home).key) == (held, stop.key)

    told(story)


def test_row_11_a_working_order_stays_though_no_fills_build_its_position() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        stop = stop_of(home)
        kept = list(home.exchange.venue.trades)
        home.exchange.venue.trades.clear()  # the venue drops its history
        found = await started_again(home)
        home.exchange.venue.trades.extend(kept)
        assert news(found) == []
        assert stop_of(home).key == stop.key

    told(story)


def test_row_12_an_old_stop_that_fired_belongs_to_its_own_trade() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy("10")
        first = stop_of(home)
        crossed(home, "58000")  # it fires, and nobody here knows
        home.is_deaf = True
        await home.buy("10")  # the next trade, of which the answer is lost as well
        second = home.entry.key
        await started_again(home)
        sold = [e for e in home.log if isinstance(e, OrderFilled) and e.key == first.key]
        assert [e.fill.qty for e in sold] == [first.request.qty]
        (closed,) = home.readings.closed
        assert (closed.qty, closed.reason) == (first.request.qty, "stop")
        bought = [e for e in home.log if isinstance(e, OrderFilled) and e.key == second]
        position = home.engine.view.position("BTC/USDT")
        assert position is not None and position.entry_qty == bought[0].fill.qty
        assert position.exit_qty == 0

    told(story)


@pytest.mark.parametrize(
    "fees",
    [FeeSchedule(D(10), D(10), truncated=True), FeeSchedule(D(10), D(10), "quote", truncated=True)],
    ids=["in base", "in quote"],
)
def test_row_13_a_fee_is_no_mismatch(fees: FeeSchedule) -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        assert news(await started_again(home)) == []

    told(story, fees=fees)


def test_row_13_a_fee_in_a_third_asset_is_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken from ring-fenced coins, and kept in a balance of its own."""
    monkeypatch.setattr(
        FeeSchedule, "charge", lambda self, *told: (D("0.00002"), "BNB"), raising=True
    )

    async def story(home: SmallHome) -> None:
        await home.buy()
        assert news(await started_again(home)) == []
        assert home.engine.state.ledger.balances["BNB"] == D("-0.00002")

    told(story)


@pytest.mark.parametrize("path", ["account", "openOrders", "myTrades"])
def test_row_14_a_question_that_fails_is_no_zero_new_risk_waits_and_stops_stay(path: str) -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        held, stop = home.held, stop_of(home)
        failing = {"path": f"/api/v3/{path}", "method": "GET", "mode": "http", "status": 503}
        await home.admin("fault", **failing, count=20)
        assert not await home.reconciling._try()
        assert "reconciliation" in home.blocks
        assert (home.held, stop_of(home).key) == (held, stop.key)
        (refused,) = only(await home.buy("5"), OrderRefused)
        assert "SYSTEM_FAILED" in {failure.code for failure in refused.failures}
        home.exchange.faults.clear()
        assert await home.reconciling._try()
        assert "reconciliation" not in home.blocks

    told(story)


def test_row_14_at_a_start_nothing_is_concluded_and_the_start_fails() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        path = {"path": "/api/v3/account", "method": "GET", "mode": "http", "status": 503}
        await home.admin("fault", **path, count=20)
        with pytest.raises(Unreachable):
            await home.restart()
        assert home.held > 0 and "reconcile at start" in home.blocks
        home.exchange.faults.clear()
        await started_again(home)

    told(story)


def test_row_15_an_order_that_was_filled_long_ago_and_is_gone_is_nobodys_business() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        (theirs,) = [o for o in home.exchange.venue.orders.values() if o.side == "BUY"]
        del home.exchange.venue.orders[theirs.order_id]
        assert news(await started_again(home)) == []
        assert home.entry.status is OrderStatus.FILLED

    told(story)


def test_rows_17_and_18_locks_and_the_baseline_of_the_day_are_those_from_before() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        before = home.engine.state.risk.drawdown
        await home.act("halt", reason="for today it is enough")
        crossed(home, "60500")
        await started_again(home)
        after = home.engine.state.risk.drawdown
        assert after is not before
        assert after.day_equity_usdt == before.day_equity_usdt == D(500)
        assert after.halted is not None and after.halted.reason == "for today it is enough"
        assert only(await home.buy(), OrderRefused)

    told(story)
