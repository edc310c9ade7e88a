"""A key that the venue does not take, from the start or suddenly: told, and nothing is forced."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.events import HealthReported, OrderRejected
from genesis.domain.orders import NOT_SENT, Purpose
from genesis.errors import ConfigError, Rejected, Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import venue_at
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from tests.service.test_watching import watched
from tests.support.engines import SYMBOL
from tests.support.loopback import an_exchange
from tests.support.simex import command, wire
from tests.support.small_home import small_home

D = Decimal


def refusal(code: int) -> dict[str, Any]:
    return {"mode": "http", "status": 401, "body": json.dumps({"code": code, "msg": "no"})}


# -- at the start ----------------------------------------------------------------------------
async def opened(url: str, key: str, secret: str) -> None:
    clock = VenueClock()
    gateway = BinanceGateway(
        venue_at(url), key, secret, (SYMBOL,), now_ns=clock.now_ns, elapsed_ns=clock.elapsed_ns
    )
    await open_gateway(gateway, clock)
    await gateway.close()


@pytest.mark.parametrize(
    ("key", "secret", "why"),
    [
        (
            "another",
            DEFAULT_API_SECRET,
            "it is wrong or was revoked, may not do this, or",
        ),
        (DEFAULT_API_KEY, "another", "GENESIS_API_SECRET is not the secret of GENESIS_API_KEY"),
    ],
)
def test_a_wrong_key_is_told_with_what_is_wrong_with_it(key: str, secret: str, why: str) -> None:
    async def story() -> None:
        async with an_exchange(speed=1) as exchange:
            with pytest.raises(ConfigError, match="refuses these keys") as told:
                await opened(exchange.url, key, secret)
            assert why in told.value.message

    asyncio.run(story())


def test_an_address_that_is_not_allowed_is_named_as_a_cause() -> None:
    async def story() -> None:
        async with an_exchange(speed=1) as exchange:
            exchange.permissions.has_access = False
            with pytest.raises(ConfigError, match="from this machine's address"):
                await opened(exchange.url, DEFAULT_API_KEY, DEFAULT_API_SECRET)

    asyncio.run(story())


@pytest.mark.parametrize("body", ["{}", "[]", "<html></html>"])
def test_something_else_at_the_address_is_no_venue(body: str) -> None:
    async def story() -> None:
        async with an_exchange() as exchange:
            fault = {"mode": "http", "status": 200, "body": body, "count": 10**6}
            exchange.faults.arm({"method": "*", "path": "*", **fault})
            with pytest.raises(Unreachable, match="no venue answers at"):
                await opened(exchange.url, DEFAULT_API_KEY, DEFAULT_API_SECRET)

    asyncio.run(story())


# -- while it runs ---------------------------------------------------------------------------
def test_of_a_revoked_key_one_order_learns_and_no_entry_follows_until_it_is_taken_again() -> None:
    """Stops and cancels are tried all the same: the venue decides, not we."""

    async def story() -> None:
        async with watched() as w:
            w.exchange.permissions.has_access = False
            (first,) = await w.gateway.submit(command(1), wire(1))
            (second,) = await w.gateway.submit(command(2), wire(2))
            stop = command(3, "SELL", "STOP_LOSS", stop_price=D(55_000), purpose=Purpose.PROTECT)
            (third,) = await w.gateway.submit(stop, wire(3))
            told = [each for each in (first, second, third) if isinstance(each, OrderRejected)]
            assert [each.code for each in told] == ["-2015", NOT_SENT, "-2015"]
            assert "the venue refuses our key" in told[1].reason
            w.watching.look()
            w.watching.look()
            (failed,) = w.told
            assert isinstance(failed, HealthReported)
            assert (failed.component, failed.status) == ("key", "failed")
            assert "was revoked" in failed.detail and w.is_open()
            with pytest.raises(Rejected):
                await w.watching.ask_key()
            w.exchange.permissions.has_access = True
            await w.watching.ask_key()
            w.watching.look()
            assert w.told[-1] == HealthReported(w.bench.now_ns, "key", "ok", "")
            (accepted, *_) = await w.gateway.submit(command(4), wire(4))
            assert not isinstance(accepted, OrderRejected)

    asyncio.run(story())


def test_a_key_that_may_not_trade_any_more_is_not_cleared_by_reading() -> None:
    async def story() -> None:
        async with watched() as w:
            w.exchange.permissions.trading = False
            await w.gateway.submit(command(1), wire(1))
            assert await w.gateway.balances()
            await w.watching.ask_key()
            assert w.gateway.traffic.key.problem is not None
            w.exchange.permissions.trading = True
            await w.watching.ask_key()
            assert w.gateway.traffic.key.problem is None

    asyncio.run(story())


def test_comparing_books_with_a_revoked_key_asks_ever_more_seldom() -> None:
    """Nothing is concluded, new risk waits, and what rests is left alone."""

    async def story() -> None:
        async with small_home() as home:
            await home.buy()
            held, orders = home.held, (await home.truth())["orders"]
            home.exchange.permissions.has_access = False
            pauses = []
            for _ in range(8):
                assert not await home.reconciling._try()
                pauses.append(home.reconciling._again_s())
            assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
            assert "-2015" in home.blocks["reconciliation"] and home.held == held
            assert (await home.truth())["orders"] == orders
            home.exchange.permissions.has_access = True
            assert await home.reconciling._try()
            assert "reconciliation" not in home.blocks
            assert home.reconciling._again_s() == 1

    asyncio.run(story())
