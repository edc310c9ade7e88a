"""The second venue: the same order protocol in Bybit's dialect, against its own ledger."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.orders import OrderType, Side
from genesis.domain.time import DAY, SECOND
from genesis.errors import ConfigError, InvariantBroken, NotBuilt, OutOfSync, Rejected, Unreachable
from genesis.exchange.bybit import BybitGateway
from genesis.exchange.gateway import Gateway
from genesis.exchange.reach import Reach
from genesis.exchange.resolve import NEVER_PLACED
from genesis.exchange.venue import BYBIT, BYBIT_TESTNET
from genesis.sim.orders import NewOrder
from tests.support.build import BTC
from tests.support.bybit_server import Bybit, bybit, gateway_to
from tests.support.own_names import LeadsNowhere, named
from tests.support.simex import FEARLESS, SYMBOL, command, wire

D = Decimal


def kinds(events: Sequence[OrderEvent]) -> list[type]:
    return [type(event) for event in events]


def agree(server: Bybit, told: Sequence[OrderEvent]) -> None:
    """What was told is what the venue's ledger has: every execution, once."""
    fills = [event.fill for event in told if isinstance(event, OrderFilled)]
    assert fills == [trade.fill for trade in server.venue.trades]


# -- orders ----------------------------------------------------------------------------------
def test_orders_live_as_at_binance() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            told = [*await gateway.submit(command(1), wire(1))]
            assert kinds(told) == [OrderAccepted, OrderFilled]
            (filled,) = (event for event in told if isinstance(event, OrderFilled))
            assert (filled.fill.qty, filled.fill.fee_asset) == (D("0.001"), "BTC")
            for n, order in (
                (2, command(2, kind="LIMIT", limit_price=D(50_000))),
                (3, command(3, kind="LIMIT", limit_price=D(50_000), post_only=True)),
                (4, command(4, "SELL", "STOP_LOSS", stop_price=D(55_000))),
            ):
                assert kinds(await gateway.submit(order, wire(n))) == [OrderAccepted], n
            resting = await gateway.open_orders(SYMBOL)
            assert [(o.wire_id, o.stop_price) for o in resting] == [
                (wire(2), None), (wire(3), None), (wire(4), D(55_000)),
            ]  # fmt: skip
            assert server.venue.balance("BTC").locked == D("0.001")  # the stop holds its coins
            for n in (2, 3, 4):
                assert kinds(await gateway.cancel(command(n).key, wire(n), SYMBOL)) == [
                    OrderCancelled
                ]
            assert not server.venue.open_orders
            agree(server, told)

    asyncio.run(story())


def test_a_stop_that_fired_and_a_cancel_that_finds_it() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            await gateway.submit(command(1, "SELL", "STOP_LOSS", stop_price=D(55_000)), wire(1))
            server.print("54000")
            refused, *told = await gateway.cancel(command(1).key, wire(1), SYMBOL)
            assert isinstance(refused, CancelRejected)
            assert "nothing to cancel: the order is filled" in refused.reason
            assert kinds(told) == [OrderFilled]  # its acceptance was told when it was sent
            agree(server, told)
            assert "/v5/order/cancel" not in server.asked

    asyncio.run(story())


def test_an_order_that_nobody_knows_is_not_cancelled() -> None:
    async def story() -> None:
        async with bybit() as (_, gateway):
            (refused,) = await gateway.cancel(command(9).key, wire(9), SYMBOL)
            assert isinstance(refused, CancelRejected)
            assert "no such order" in refused.reason

    asyncio.run(story())


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (command(1, qty=D(9)), "170131"),
        (command(1, qty=D("0.000015")), "170137"),
        (command(1, qty=D("0.00001")), "170140"),
    ],
)
def test_what_the_venue_refuses_is_rejected(order: Any, code: str) -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            (rejected,) = await gateway.submit(order, wire(1))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == code
            assert not server.venue.orders

    asyncio.run(story())


@pytest.mark.parametrize(
    ("code", "is_rejected"),
    [
        *(
            (code, True)
            for code in (10_001, 10_003, 10_004, 10_005, 10_010, -2015, 170_131, 170_134)
        ),
        *((code, True) for code in (10_002, 10_006, 10_018, 170_005)),  # not placed
        *((code, False) for code in (10_000, 10_016, 170_001, 170_007, 170_032, 170_146)),
        *((code, False) for code in (170_141, 999_999, -1)),
    ],
)
def test_the_number_decides(code: int, is_rejected: bool) -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            server.faults.append(("order/create", code))
            (found,) = await gateway.submit(command(1), wire(1))
            assert isinstance(found, OrderRejected if is_rejected else OrderUnresolved)
            assert server.asked.count("/v5/order/create") == 1

    asyncio.run(story())


@pytest.mark.parametrize("fault", ["before", "after", "<html>", "{}", '{"retCode": 0}', "[]"])
def test_an_ambiguous_answer_is_resolved_and_nothing_is_sent_twice(fault: str) -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            server.faults.append(("order/create", fault))
            sent_ns = server.now_ns
            (unresolved,) = await gateway.submit(command(1), wire(1))
            assert isinstance(unresolved, OrderUnresolved)
            told = await gateway.resolve(command(1).key, wire(1), SYMBOL, sent_ns)
            if fault == "before":
                (rejected,) = told
                assert isinstance(rejected, OrderRejected)
                assert rejected.code == NEVER_PLACED
            else:
                assert kinds(told) == [OrderAccepted, OrderFilled]
            agree(server, told)
            assert server.asked.count("/v5/order/create") == 1

    asyncio.run(story())


def test_an_order_that_is_taken_in_and_not_shown_is_unresolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("genesis.exchange.bybit.SHOWN_PAUSES_S", (0.01,))

    async def story() -> None:
        async with bybit() as (server, gateway):
            server.shown_ns = server.now_ns
            (unresolved,) = await gateway.submit(command(1), wire(1))
            assert isinstance(unresolved, OrderUnresolved)
            assert "taken in, and not shown yet" in unresolved.reason
            server.shown_ns = None
            told = await gateway.resolve(command(1).key, wire(1), SYMBOL, server.now_ns)
            assert kinds(told) == [OrderAccepted, OrderFilled]
            agree(server, told)

    asyncio.run(story())


def test_a_client_id_is_never_taken_twice() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            await gateway.submit(command(1), wire(1))
            (again,) = await gateway.submit(command(1), wire(1))
            assert isinstance(again, OrderUnresolved)  # what is there is asked for, not refused
            assert len(server.venue.orders) == 1
            with pytest.raises(InvariantBroken, match="Bybit takes no client id like 'a b'"):
                await gateway.submit(command(2), "a b")

    asyncio.run(story())


# -- questions -------------------------------------------------------------------------------
def test_what_the_account_and_its_market_are() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            (found,) = await gateway.instruments((SYMBOL,))
            assert (found.price_tick, found.qty_lot) == (BTC.price_tick, BTC.qty_lot)
            assert found.min_notional_usdt == BTC.min_notional_usdt
            assert [(b.asset, b.free) for b in await gateway.balances()] == [
                ("BTC", D(1)), ("USDT", D(10_000)),
            ]  # fmt: skip
            assert await gateway.bid_and_last(SYMBOL) == (D(60_000), D(60_000))
            book = await gateway.depth(SYMBOL)
            assert (book.bids[0].price, book.asks[0].price) == (D(60_000), D("60000.01"))
            scope = await gateway.key_scope()
            assert (scope.trades, scope.withdraws, scope.is_bound) == (True, False, True)
            told = await gateway.venue_time()
            assert 0 <= server.now_ns - told.ns < 10 * SECOND

    asyncio.run(story())


def test_trades_are_found_through_years_and_pages() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            for n in range(1, 5):
                await gateway.submit(command(n), wire(n))
                server.ahead_ns += 20 * DAY
            for n in range(5, 30):  # so often that some fall next to where a week ends
                server.venue.place(_new(n), server.now_ns)
                server.ahead_ns += DAY // 2
            for n in range(30, 135):
                server.venue.place(_new(n), server.now_ns)
                server.ahead_ns += SECOND
            every = await gateway.my_trades(SYMBOL, -1)
            assert [trade.fill for trade in every] == [trade.fill for trade in server.venue.trades]
            asked = len(server.asked)
            late = await gateway.my_trades(SYMBOL, every[125].fill.trade_id)
            assert late == every[126:]
            assert len(server.asked) == asked + 2  # two pages of the last week, and no more
            for first in (0, 3, 4, 28, 75, 133):
                since = await gateway.trades_since(SYMBOL, every[first].ts_ns)
                assert since == every[first:]

    asyncio.run(story())


def _new(n: int) -> Any:
    return NewOrder(wire(n), SYMBOL, Side.BUY, OrderType.MARKET, D("0.0002"))


def test_trade_ids_that_do_not_grow_are_said_and_not_guessed_at() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            for n in (1, 2):
                await gateway.submit(command(n), wire(n))
                server.ahead_ns += SECOND
            trades = server.venue.trades
            trades[0], trades[1] = _swapped(trades[0], trades[1])
            with pytest.raises(OutOfSync, match="do not grow with time"):
                await gateway.my_trades(SYMBOL, -1)

    asyncio.run(story())


def _swapped(a: Any, b: Any) -> tuple[Any, Any]:
    ids = (a.fill.trade_id, b.fill.trade_id)
    fills = (replace(a.fill, trade_id=ids[1]), replace(b.fill, trade_id=ids[0]))
    return replace(a, fill=fills[0]), replace(b, fill=fills[1])


# -- bad input -------------------------------------------------------------------------------
def test_wrong_keys_and_symbols_are_clear_sentences() -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            for wrong, words in (({"key": "x"}, "API key is invalid"), ({"secret": "x"}, "sign")):
                other = gateway_to(server, **wrong)
                await other.open()
                with pytest.raises(Rejected, match=f"refused to tell balances.*{words}"):
                    await other.balances()
                await other.close()
            late = gateway_to(server, now_ns=lambda: server.now_ns - 3600 * SECOND)
            await late.open()
            with pytest.raises(Unreachable, match="10002"):
                await late.balances()
            assert late.traffic.clock_problem is not None
            await late.close()
            with pytest.raises(ConfigError, match="no symbol NOT/HERE"):
                await gateway.instruments(("NOT/HERE",))

    asyncio.run(story())


def test_what_is_not_offered_says_so() -> None:
    async def story() -> None:
        async with bybit() as (_, gateway):
            asked: Gateway = gateway  # it is one
            for ask in (
                asked.flows(0),
                asked.latest_orders(SYMBOL),
                asked.maintenance(),
                asked.replace(command(1), wire(1), wire(2)),
                asked.submit_with_stop(command(1), wire(1), command(2), wire(2)),
            ):
                with pytest.raises(NotBuilt, match="is not offered by our adapter of Bybit"):
                    await ask

    asyncio.run(story())


# -- where it is -----------------------------------------------------------------------------
def test_the_url_of_the_real_venue_leads_here() -> None:
    async def story() -> None:
        async with bybit() as (server, _):
            port = int(server.url.rpartition(":")[2])
            async with named(BYBIT.hosts, port) as (reach, leads):
                gateway = BybitGateway(
                    BYBIT, "bybit-key", "bybit-secret", (SYMBOL,),
                    now_ns=lambda: server.now_ns, elapsed_ns=lambda: server.now_ns, reach=reach,
                )  # fmt: skip
                await gateway.open()
                assert len(await gateway.balances()) == 2
                await gateway.close()
            assert set(leads.asked) == {"api.bybit.com"}

    asyncio.run(story())


@pytest.mark.parametrize("venue", [BYBIT, BYBIT_TESTNET])
def test_the_hosts_that_it_asks_for(venue: Any) -> None:
    async def story() -> None:
        nowhere = LeadsNowhere(0)
        reach = Reach(venue.hosts, lambda: nowhere)
        server = Bybit()
        gateway = BybitGateway(
            venue, "k", "s", (SYMBOL,),
            now_ns=lambda: server.now_ns, elapsed_ns=lambda: server.now_ns, reach=reach,
            conduct=FEARLESS,
        )  # fmt: skip
        with pytest.raises(Unreachable):
            await gateway.open()
        assert set(nowhere.asked) == venue.hosts

    asyncio.run(story())
