"""Orders through the gateway against an exchange that is not ours."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Balance
from genesis.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Side
from genesis.errors import ConfigError, Rejected, Unreachable
from tests.support.simex import SYMBOL, command, serve, trading, wire

D = Decimal


def test_a_market_order_fills_at_once_and_the_fee_is_exact(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            accepted, filled = await gateway.submit(command(1), wire(1))
            (order,) = simex.placed(wire(1))
            assert isinstance(accepted, OrderAccepted)
            assert accepted.exchange_order_id == str(order.orderId)
            assert isinstance(filled, OrderFilled)
            assert filled.fill == Fill(
                SYMBOL,
                Side.BUY,
                1,
                D("60000.01"),
                D("0.001"),
                D("0.000001"),
                "BTC",
                Liquidity.TAKER,
            )
            assert not filled.recovered
            assert await gateway.balances() == (
                Balance("BNB", D(1), D(0)),
                Balance("BTC", D("0.500999"), D(0)),
                Balance("ETH", D(5), D(0)),
                Balance("USDT", D("9939.99999"), D(0)),
            )

    asyncio.run(story())


def test_limit_post_only_and_stop_orders_rest_with_exact_prices(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            price = D("50000.10")
            for n, order in enumerate(
                (
                    command(1, kind="LIMIT", limit_price=price),
                    command(2, kind="LIMIT", limit_price=price, post_only=True),
                    command(3, "SELL", "STOP_LOSS", stop_price=price),
                ),
                start=1,
            ):
                (accepted,) = await gateway.submit(order, wire(n))
                assert isinstance(accepted, OrderAccepted)
            resting = {order.type: (order.price, order.stop) for order in simex.sim.open.values()}
            assert resting == {
                "LIMIT": (price, D(0)),
                "LIMIT_MAKER": (price, D(0)),
                "STOP_LOSS": (D(0), price),
            }
            sent = [raw for _, method, _, raw in simex.sim.log if method == "POST"]
            assert all("quantity=0.001&" in raw for raw in sent)
            assert [order.wire_id for order in await gateway.open_orders(SYMBOL)] == [
                wire(n) for n in (1, 2, 3)
            ]

    asyncio.run(story())


def test_a_definite_no_is_a_rejection_with_the_venues_code(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            cases = {
                1: (command(1, qty=D("0.00001")), "-1013"),
                2: (command(2, qty=D("5")), "-2010"),
                3: (command(3, "SELL", "STOP_LOSS", stop_price=D("70000")), "-2010"),
                4: (command(4, kind="LIMIT", limit_price=D("60001"), post_only=True), "-2010"),
            }
            for n, (order, code) in cases.items():
                (rejected,) = await gateway.submit(order, wire(n))
                assert isinstance(rejected, OrderRejected), n
                assert rejected.code == code

    asyncio.run(story())


def test_a_duplicate_client_id_is_not_a_rejection_of_the_intent(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            order = command(1, kind="LIMIT", limit_price=D("50000"))
            simex.fault("drop_after")
            (lost,) = await gateway.submit(order, wire(1))
            assert isinstance(lost, OrderUnresolved)
            # A mistaken second sending: the venue refuses it, and the first one rests.
            (unknown,) = await gateway.submit(order, wire(1))
            assert isinstance(unknown, OrderUnresolved)
            (accepted,) = await gateway.resolve(OrderKey(1, 1), wire(1), SYMBOL, time.time_ns())
            assert isinstance(accepted, OrderAccepted)
            assert len(simex.placed(wire(1))) == 1

    asyncio.run(story())


def test_cancelling_twice_tells_it_once(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            await gateway.submit(command(1, kind="LIMIT", limit_price=D("50000")), wire(1))
            (cancelled,) = await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL)
            assert isinstance(cancelled, OrderCancelled)
            assert await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL) == ()

    asyncio.run(story())


def test_a_cancel_that_comes_too_late_finds_the_fill(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
            simex.price("58999")
            refused, filled = await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL)
            assert isinstance(refused, CancelRejected)
            assert isinstance(filled, OrderFilled)
            assert filled.recovered
            assert (filled.fill.price, filled.fill.liquidity) == (D(59000), Liquidity.MAKER)

    asyncio.run(story())


def test_a_cancel_of_a_partly_filled_order_keeps_the_fill(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
            (order,) = simex.placed(wire(1))
            simex.sim.fill(order, D("0.0004"), D("59000"), maker=True)
            filled, cancelled = await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL)
            assert isinstance(filled, OrderFilled)
            assert filled.fill.qty == D("0.0004")
            assert isinstance(cancelled, OrderCancelled)

    asyncio.run(story())


@pytest.mark.parametrize("mode", ["drop_before", "drop_after"])
def test_a_cancel_without_an_answer_is_found_out(shared: Path, mode: str) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            await gateway.submit(command(1, kind="LIMIT", limit_price=D("50000")), wire(1))
            # twice, because the transport itself repeats a DELETE on a dropped connection
            simex.fault(mode, method="DELETE")
            simex.fault("drop_before", method="DELETE")
            (cancelled,) = await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL)
            assert isinstance(cancelled, OrderCancelled)
            assert simex.placed(wire(1))[0].status == "CANCELED"

    asyncio.run(story())


def test_cancelling_an_order_the_venue_never_saw(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            (refused,) = await gateway.cancel(OrderKey(1, 9), wire(9), SYMBOL)
            assert isinstance(refused, CancelRejected)
            assert "no such order" in refused.reason

    asyncio.run(story())


def test_signatures_carry_the_injected_clock(shared: Path) -> None:
    hour_ns = 3_600 * 10**9

    async def story() -> None:
        async with trading(shared, now_ns=lambda: time.time_ns() + hour_ns) as (simex, gateway):
            (rejected,) = await gateway.submit(command(1), wire(1))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "-1021"
            assert "not placed" in rejected.reason
            with pytest.raises(Unreachable, match="-1021"):
                await gateway.balances()
            simex.sim.skew = 3_600_000
            assert await gateway.balances()
            told = await gateway.venue_time()
            assert abs(told.ns - time.time_ns() - hour_ns) < 10**9
            assert told.speed == 1

    asyncio.run(story())


def test_a_venue_that_is_down_means_nothing_was_sent(shared: Path) -> None:
    async def story() -> None:
        async with serve(shared) as simex:
            gateway = simex.gateway()
            await gateway.open()
        try:
            (rejected,) = await gateway.submit(command(1), wire(1))
            assert isinstance(rejected, OrderRejected | OrderUnresolved)
            (rejected,) = await gateway.submit(command(2), wire(2))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "NOT_SENT"
            with pytest.raises(Unreachable):
                await gateway.balances()
            with pytest.raises(Unreachable):
                await gateway.venue_time()
        finally:
            await gateway.close()

    asyncio.run(story())


def test_wrong_key_and_unknown_symbol_are_told_plainly(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared, keys=("wrong", "simsecret")) as (simex, gateway):
            (rejected,) = await gateway.submit(command(1), wire(1))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "-2015"
            with pytest.raises(Rejected, match="-2015"):
                await gateway.balances()
            with pytest.raises(ConfigError, match="DOGE/USDT"):
                await simex.gateway(symbols=(SYMBOL, "DOGE/USDT")).open()

    asyncio.run(story())


def test_a_list_of_trades_that_lags_behind_the_order_is_waited_for(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            await gateway.submit(command(1, kind="LIMIT", limit_price=D("59000")), wire(1))
            simex.price("58999")
            listed = simex.sim.mytrades.pop("BTCUSDT")
            asyncio.get_running_loop().call_later(
                0.1, simex.sim.mytrades.__setitem__, "BTCUSDT", listed
            )
            _, filled = await gateway.cancel(OrderKey(1, 1), wire(1), SYMBOL)
            assert isinstance(filled, OrderFilled)

    asyncio.run(story())
