"""Reconciliation: what the venue did while nobody looked becomes events, or a complaint."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from genesis.domain.events import (
    BalanceReported,
    Event,
    FlowReported,
    HealthReported,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
)
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import Order, OrderStatus
from genesis.domain.time import MILLISECOND, SECOND
from genesis.errors import Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.gateway import VenueOrder
from genesis.exchange.lifecycle import order_events
from genesis.exchange.missing import Missing
from genesis.exchange.our_books import Books, WorkingOrder
from genesis.exchange.reconcile import LOST, reconcile
from genesis.exchange.reconciled import Reconciled
from genesis.exchange.resolve import NEVER_PLACED
from genesis.exchange.wire_id import compose
from genesis.execution.order_book import OrderBook
from genesis.positions.ledger import Ledger
from tests.support.simex import HEAD, SYMBOL, Simex, command, trading, wire

D = Decimal
ORDER_EVENTS = get_args(OrderEvent)


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.02)


class Ours:
    """Our side: the orders we sent and the ledger, moved by the events we were told."""

    def __init__(self) -> None:
        self.orders = OrderBook()
        self.adopted: set[tuple[str, int]] = set()
        self.flows: dict[tuple[str, str], Decimal] = {}
        self.ring: dict[str, Decimal] = {}
        self.opened_ns = time.time_ns() // MILLISECOND * MILLISECOND
        self.seconds = 0
        """Of the wall, as far as what goes missing is concerned."""
        self.missing = Missing(lambda: self.seconds * SECOND)
        self.ledger = Ledger()
        self.ledger.balances = {"USDT": D(10000), "BTC": D("0.5"), "ETH": D(5), "BNB": D(1)}

    def intend(self, n: int, **more: Any) -> None:
        """The intent is in the log; whether it was sent is another question."""
        sent = command(n, **more)
        self.orders.add(sent.key, sent.request, time.time_ns())

    async def send(self, gateway: BinanceGateway, n: int, **more: Any) -> None:
        self.intend(n, **more)
        self.told(await gateway.submit(command(n, **more), wire(n)))

    def told(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, FlowReported):
                self._flow(event)
            if isinstance(event, OrderFilled) and event.key.run == EXTERNAL_RUN:
                if self.ledger.is_news(event.fill):
                    self.adopted.add((event.fill.symbol, event.fill.trade_id))
                    self.ledger.fill(event.fill, event.ts_ns)
                continue
            is_news = isinstance(event, ORDER_EVENTS) and self.orders.apply(event)
            if is_news and isinstance(event, OrderFilled):
                self.ledger.fill(event.fill, event.ts_ns)

    def _flow(self, event: FlowReported) -> None:
        self.ledger.flow(event)
        name = (event.ref, event.asset)
        self.flows[name] = self.flows.get(name, D(0)) + event.amount
        if event.fenced:
            self.ring[event.asset] = self.ring.get(event.asset, D(0)) + event.amount

    def order(self, n: int) -> Order:
        return self.orders.orders[command(n).key]

    def books(self, **changes: Any) -> Books:
        books = Books(
            symbols=(SYMBOL,),
            working=tuple(
                WorkingOrder(order, wire(order.key.n), order.filled_qty)
                for order in self.orders.all_working()
            ),
            ledger=dict(self.ledger.balances),
            last_trade_ids=dict(self.ledger.last_trade_ids),
            status_of=self._status_of,
            known_trades=frozenset(self._known_trades()),
            opened_ns=self.opened_ns,
            sent_by_ns=time.time_ns(),
            ring_fenced=dict(self.ring),
            told_flows=dict(self.flows),
            watched=tuple(
                WorkingOrder(order, wire(order.key.n))
                for order in self.orders.orders.values()
                if order.status is OrderStatus.NEVER_PLACED
            ),
        )
        return replace(books, **changes)

    def _status_of(self, wire_id: str) -> OrderStatus | None:
        ours = {wire(key.n): order for key, order in self.orders.orders.items()}
        return ours[wire_id].status if wire_id in ours else None

    def _known_trades(self) -> Iterator[tuple[str, int]]:
        for order in self.orders.orders.values():
            yield from ((order.request.symbol, trade_id) for trade_id in order.trade_ids)
        yield from self.adopted

    async def reconcile(self, gateway: BinanceGateway, **changes: Any) -> Reconciled:
        take = partial(self.books, **changes)
        found = await reconcile(gateway, take, time.time_ns, missing=self.missing)
        assert isinstance(found.events[-1], BalanceReported)
        assert found.events[-1].clean == found.is_clean
        self.told(found.events)
        return found


def _totals(simex: Simex) -> Mapping[str, Decimal]:
    return {asset: free + locked for asset, (free, locked) in simex.sim.bal.items()}


def _agree(simex: Simex, ours: Ours) -> bool:
    own, ring = ours.ledger.balances, ours.ring
    return _totals(simex) == {a: own.get(a, D(0)) + ring.get(a, D(0)) for a in _totals(simex)}


def _kinds(found: Reconciled) -> list[type[Event]]:
    return [type(event) for event in found.events]


def test_nothing_happened_nothing_is_told(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            await ours.send(gateway, 2, side="SELL", kind="STOP_LOSS", stop_price=D(50000))
            found = await ours.reconcile(gateway)
            assert found.is_clean
            assert _kinds(found) == [BalanceReported]
            assert _agree(simex, ours)

    asyncio.run(story())


def test_a_fee_in_base_is_no_mismatch(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            assert ours.ledger.balances["BTC"] == D("0.500999")
            assert (await ours.reconcile(gateway)).is_clean

    asyncio.run(story())


def test_sent_without_an_answer_and_filled(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            simex.fault("drop_after")
            await ours.send(gateway, 1)
            assert ours.order(1).status is OrderStatus.UNRESOLVED
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [OrderAccepted, OrderFilled, BalanceReported]
            assert all(e.recovered for e in found.events if isinstance(e, OrderFilled))
            assert ours.order(1).status is OrderStatus.FILLED
            assert found.is_clean
            assert _agree(simex, ours)

    asyncio.run(story())


def test_logged_but_never_sent(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            ours.intend(1)
            ours.intend(2)
            found = await ours.reconcile(gateway)
            *rejected, _ = found.events
            assert len(rejected) == 2
            for event in rejected:
                assert isinstance(event, OrderRejected)
                assert event.code == NEVER_PLACED
            assert found.is_clean
            assert ours.order(1).status is OrderStatus.NEVER_PLACED

    asyncio.run(story())


def test_while_trading_an_order_under_way_is_left_alone(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            ours.intend(1)
            found = await ours.reconcile(gateway, sent_by_ns=None)
            assert _kinds(found) == [BalanceReported]
            assert found.is_clean
            assert ours.order(1).status is OrderStatus.PENDING

    asyncio.run(story())


def test_cancelled_at_the_venue(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1, kind="LIMIT", limit_price=D(50000))
            simex.sim.finish(simex.placed(wire(1))[0], "CANCELED", "by-hand")
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [OrderCancelled, BalanceReported]
            assert found.is_clean

    asyncio.run(story())


def test_partly_filled_then_cancelled_keeps_every_fill_once(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1, kind="LIMIT", limit_price=D(59000))
            (order,) = simex.placed(wire(1))
            simex.sim.fill(order, D("0.0002"), D(59000), maker=True)
            assert (await ours.reconcile(gateway)).is_clean
            assert ours.order(1).status is OrderStatus.PARTIAL
            simex.sim.fill(order, D("0.0003"), D(59000), maker=True)
            simex.sim.finish(order, "CANCELED", "by-hand")
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [OrderFilled, OrderCancelled, BalanceReported]
            assert ours.order(1).filled_qty == D("0.0005")
            assert _agree(simex, ours)

    asyncio.run(story())


def test_a_stop_that_fired_while_we_were_away(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            stop = {"side": "SELL", "kind": "STOP_LOSS", "stop_price": D(59000)}
            await ours.send(gateway, 2, qty=D("0.00099"), **stop)
            simex.price("58000")
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [OrderFilled, BalanceReported]
            assert found.is_clean
            assert _agree(simex, ours)

    asyncio.run(story())


def test_a_late_fill_of_an_order_that_had_ended_is_adopted(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            await ours.send(gateway, 2, kind="LIMIT", limit_price=D(59000))
            ours.told((OrderCancelled(time.time_ns(), command(2).key),))
            simex.price("58000")
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [OrderFilled, BalanceReported]
            assert found.is_clean
            assert _agree(simex, ours)

    asyncio.run(story())


def by_hand(side: str, quantity: str) -> dict[str, str]:
    return {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity}


@pytest.mark.parametrize("wire_id", ["web_by_hand", compose(OrderKey(0, 1), HEAD)])
@pytest.mark.parametrize("has_fills", [True, False])
def test_a_trade_past_us_is_adopted_and_named(shared: Path, wire_id: str, has_fills: bool) -> None:
    """Also one of the emergency sale that runs without us, and the very first of a symbol."""

    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            if has_fills:
                await ours.send(gateway, 1)
            simex.sim.new_order(by_hand("SELL", "0.002") | {"newClientOrderId": wire_id})
            found = await ours.reconcile(gateway)
            filled, note, _ = found.events
            assert isinstance(filled, OrderFilled) and filled.recovered
            assert filled.key == OrderKey(EXTERNAL_RUN, filled.fill.trade_id, 0)
            assert isinstance(note, HealthReported) and note.status == "degraded"
            assert "SELL 0.002 of BTC/USDT" in note.detail
            assert found.is_clean
            assert _agree(simex, ours)
            assert _kinds(await ours.reconcile(gateway)) == [BalanceReported]  # once

    asyncio.run(story())


def test_a_trade_past_us_is_found_though_a_later_one_of_ours_is_known(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            simex.sim.new_order(by_hand("BUY", "0.002"))
            await ours.send(gateway, 1)
            assert _kinds(await ours.reconcile(gateway)) == [
                OrderFilled,
                HealthReported,
                BalanceReported,
            ]
            assert _agree(simex, ours)

    asyncio.run(story())


def test_a_sale_of_more_than_anybody_holds_is_a_complaint_with_the_difference(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            fenced = {"BTC": D("0.2")}
            ours.ledger.balances["BTC"] = D("0.1")  # and 0.2 came from nowhere
            simex.sim.new_order(by_hand("SELL", "0.3"))
            found = await ours.reconcile(gateway, ring_fenced=fenced)
            assert _kinds(found) == [BalanceReported]
            complaint = "; ".join(found.complaints)
            assert "belongs to no order of ours and sold more than our books hold" in complaint
            assert "BTC: the venue has 0.2, our books say 0.3, difference -0.1" in complaint
            assert [trade.fill.qty for trade in found.trades] == [D("0.3")]

    asyncio.run(story())


def test_ring_fenced_coins_that_were_sold_bring_money_in_and_are_no_gain(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            ours.ring = {"BTC": ours.ledger.balances.pop("BTC")}
            simex.sim.new_order(by_hand("SELL", "0.3"))
            found = await ours.reconcile(gateway)
            flows = [event for event in found.events if isinstance(event, FlowReported)]
            assert [(flow.asset, flow.fenced, flow.kind) for flow in flows] == [
                ("BTC", True, "conversion"),
                ("USDT", False, "conversion"),
            ]
            assert ours.ledger.flows_usdt == flows[1].amount > 0
            assert found.is_clean, found.complaints
            assert _agree(simex, ours)
            assert _kinds(await ours.reconcile(gateway)) == [BalanceReported]  # once

    asyncio.run(story())


def test_trades_before_the_account_was_opened_are_no_affair_of_ours(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            simex.sim.new_order(by_hand("BUY", "0.002"))
            await asyncio.sleep(0.002)
            ours = Ours()
            ours.ledger.balances = dict(_totals(simex))
            simex.sim.bal["USDT"][0] += D("12.5")
            found = await ours.reconcile(gateway)
            assert _kinds(found) == [BalanceReported]
            assert [each.asset for each in found.differences] == ["USDT"]

    asyncio.run(story())


def test_a_fill_told_while_we_ask_is_no_difference(shared: Path) -> None:
    """The stream tells it between two questions: books and answers are of different moments."""

    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1, kind="LIMIT", limit_price=D(59000))
            ask = gateway.open_orders

            async def fills_meanwhile(symbol: str) -> tuple[VenueOrder, ...]:
                found = await ask(symbol)
                if simex.placed(wire(1))[0].status == "NEW":
                    simex.price("58000")
                    order = await gateway.order(wire(1), SYMBOL)
                    assert order is not None
                    trades = await gateway.order_trades(order)
                    ours.told(order_events(command(1).key, order, trades, recovered=False))
                return found

            gateway.open_orders = fills_meanwhile  # type: ignore[method-assign]
            found = await ours.reconcile(gateway)
            assert found.is_clean, found.complaints
            assert _agree(simex, ours)

    asyncio.run(story())


def test_an_order_that_the_venue_has_lost_ends_once_it_stayed_missing(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1, kind="LIMIT", limit_price=D(50000))
            (order,) = simex.placed(wire(1))
            simex.sim.finish(order, "CANCELED", "by-hand")
            del simex.sim.orders[order.orderId]
            found = await ours.reconcile(gateway, sent_by_ns=None)
            assert "was accepted, and the venue does not know it" in found.complaints[0]
            ours.seconds = 15
            assert not (await ours.reconcile(gateway, sent_by_ns=None)).is_clean
            ours.seconds = 30
            found = await ours.reconcile(gateway, sent_by_ns=None)
            ended, _ = found.events
            assert isinstance(ended, OrderExpired)
            assert ended.reason == LOST
            assert found.is_clean
            assert ours.order(1).status is OrderStatus.EXPIRED

    asyncio.run(story())


def test_an_order_that_only_the_query_misses_is_not_given_up(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1, kind="LIMIT", limit_price=D(50000))
            simex.sim.query_lag_ms = 3_600_000
            found = await ours.reconcile(gateway, sent_by_ns=None)
            assert _kinds(found) == [BalanceReported]
            assert found.is_clean
            assert ours.order(1).status is OrderStatus.OPEN

    asyncio.run(story())


def test_money_that_came_from_nowhere(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            simex.sim.bal["USDT"][0] += D("12.5")
            found = await ours.reconcile(gateway)
            assert found.complaints[0] == (
                "USDT: the venue has 10012.5, our books say 10000, difference 12.5"
            )
            assert found.complaints[1].startswith("no history tells why: the venue refused to tell")

    asyncio.run(story())


def test_ring_fenced_coins_are_not_ours_and_no_complaint(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            del ours.ledger.balances["ETH"]
            ours.ledger.balances["BTC"] -= D("0.2")
            fenced = {"ETH": D(5), "BTC": D("0.2")}
            assert (await ours.reconcile(gateway, ring_fenced=fenced)).is_clean

    asyncio.run(story())


def test_foreign_orders_are_reported_and_those_under_our_name_block(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            limit |= {"quantity": "0.001", "price": "50000"}
            simex.sim.new_order(limit | {"newClientOrderId": "web_by_hand"})
            found = await ours.reconcile(gateway)
            assert found.is_clean
            assert [order.wire_id for order in found.foreign_orders] == ["web_by_hand"]
            assert _kinds(found) == [HealthReported, BalanceReported]
            simex.sim.new_order(limit | {"newClientOrderId": wire(7)})
            found = await ours.reconcile(gateway)
            assert found.complaints == (
                f"order {wire(7)} rests at the venue under our name, unknown here",
            )

    asyncio.run(story())


def test_an_order_given_up_that_appears_after_all(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            ours.intend(1, kind="LIMIT", limit_price=D(50000))
            key = command(1).key
            ours.told((OrderRejected(time.time_ns(), key, NEVER_PLACED, ""),))
            await gateway.submit(command(1, kind="LIMIT", limit_price=D(50000)), wire(1))
            found = await ours.reconcile(gateway)
            assert "was given up as never placed, and appeared after all" in found.complaints[0]
            assert ours.order(1).status is OrderStatus.OPEN
            assert (await ours.reconcile(gateway)).is_clean

    asyncio.run(story())


def test_another_home_of_the_account_counts_its_orders_alike(shared: Path) -> None:
    """Its first order has our first order's key, and another head: its trade is not our order's."""

    async def story() -> None:
        async with trading(shared) as (_, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            theirs = wire(1)[:-16] + "f" * 16
            assert theirs != wire(1)
            await gateway.submit(command(1), theirs)
            found = await ours.reconcile(gateway)
            (fill,) = (event for event in found.events if isinstance(event, OrderFilled))
            assert fill.key.run == EXTERNAL_RUN
            assert found.is_clean
            held = {held.asset: held.total for held in await gateway.balances()}
            assert ours.ledger.balances["BTC"] == held["BTC"]

    asyncio.run(story())


@pytest.mark.parametrize("path", ["account", "openOrders", "myTrades", "order"])
def test_a_failed_question_is_never_an_empty_answer(shared: Path, path: str) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            await ours.send(gateway, 1)
            await ours.send(gateway, 2, kind="LIMIT", limit_price=D(50000))
            simex.error(503, -1001, "internal error", path=path, method="GET")
            with pytest.raises(Unreachable):
                await ours.reconcile(gateway)

    asyncio.run(story())


def test_the_order_of_events_is_fixed(shared: Path) -> None:
    """Acceptances, fills as they happened, endings, balances: whatever order they were found in."""

    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            ours = Ours()
            for n in (1, 2, 3):
                simex.fault("drop_after")
                await ours.send(gateway, n, kind="LIMIT", limit_price=D(59000 - n))
            simex.price("58998")
            simex.sim.finish(simex.placed(wire(3))[0], "CANCELED", "by-hand")
            simex.price("58990")
            found = await ours.reconcile(gateway)
            told = [(type(e).__name__, e.key.n) for e in found.events[:-1]]  # type: ignore[union-attr]
            assert told == [
                ("OrderAccepted", 1),
                ("OrderAccepted", 2),
                ("OrderAccepted", 3),
                ("OrderFilled", 1),
                ("OrderFilled", 2),
                ("OrderCancelled", 3),
            ]
            assert found.is_clean

    asyncio.run(story())
