"""The venue's limits, its silence and its failures, against the loopback exchange."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from genesis.domain.events import CancelRejected, OrderCancelled, OrderRejected
from genesis.domain.orders import Purpose
from genesis.domain.time import MILLISECOND, SECOND
from genesis.errors import Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.breaker import CircuitTerms, State
from genesis.exchange.conduct import Conduct, timeouts
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET, LoopbackExchange
from genesis.exchange.loopback.budget import Limits
from genesis.exchange.rest import Rest
from genesis.exchange.retries import NO_RETRY, RetryTerms
from genesis.exchange.venue import venue_at
from genesis.service.clock import VenueClock
from genesis.service.time_keeping import sync
from tests.support.loopback import an_exchange
from tests.support.simex import EAGER, QUICK, SYMBOL, command, wire

D = Decimal
RESTING: dict[str, Any] = {"kind": "LIMIT", "limit_price": D(50_000)}
IMPATIENT = Conduct(retries=NO_RETRY)


@asynccontextmanager
async def a_line(
    conduct: Conduct = IMPATIENT, limits: Limits | None = None, timeout_ms: int = 2_000
) -> AsyncIterator[tuple[LoopbackExchange, BinanceGateway]]:
    async with an_exchange(limits=limits) as exchange:
        gateway = BinanceGateway(
            venue_at(exchange.url), DEFAULT_API_KEY, DEFAULT_API_SECRET, (SYMBOL,),
            now_ns=exchange.clock.now_ns, elapsed_ns=time.monotonic_ns, bound=QUICK,
            timeout_ms=timeout_ms, patience=EAGER, conduct=conduct,
        )  # fmt: skip
        await gateway.open()
        try:
            yield exchange, gateway
        finally:
            await gateway.close()


def fault(exchange: LoopbackExchange, path: str, method: str = "GET", **more: Any) -> None:
    exchange.faults.arm({"path": f"/api/v3/{path}", "method": method, **more})


def refused(exchange: LoopbackExchange, status: int, code: int, **more: Any) -> None:
    """The next question for the prices is answered so."""
    body = json.dumps({"code": code, "msg": "for the test"})
    fault(exchange, "ticker/price", mode="http", status=status, body=body, **more)


def heard(exchange: LoopbackExchange, fault_count: int) -> int:
    """How many of the armed faults for orders were met: requests that came there."""
    return fault_count - sum(each.count for each in exchange.faults._armed)


# -- weight ----------------------------------------------------------------------------------
def test_what_is_used_is_what_the_venue_says() -> None:
    async def story() -> None:
        async with a_line(limits=Limits(weight_per_minute=700)) as (_, gateway):
            await gateway.balances()
            await gateway.submit(command(1), wire(1))
            told = gateway.traffic.told()
            assert (told.weight_used, told.weight_limit) == (40, 700)  # exchangeInfo and account
            assert told.orders == (("10s", 0, 100), ("1d", 0, 200_000))  # a filled one is none

    asyncio.run(story())


def test_a_cancel_never_waits_behind_reads() -> None:
    """Thirty reads stand before a minute that is used up; an order comes, and goes, past them."""

    async def story() -> None:
        patient = Conduct(retries=RetryTerms((), longest_s=90))
        async with a_line(patient, Limits(weight_per_minute=100)) as (_, gateway):
            await gateway.submit(command(1, **RESTING), wire(1))
            await gateway.balances()
            await gateway.balances()
            assert gateway.traffic.told().weight_used == 60  # 50 more for a book: 80 is the share
            reads = [asyncio.create_task(gateway.depth(SYMBOL)) for _ in range(30)]
            await asyncio.sleep(0.05)
            (cancelled,) = await gateway.cancel(command(1).key, wire(1), SYMBOL)
            assert isinstance(cancelled, OrderCancelled)
            assert await gateway.order(wire(1), SYMBOL) is not None
            assert not any(read.done() for read in reads)
            for read in reads:
                read.cancel()
            await asyncio.gather(*reads, return_exceptions=True)

    asyncio.run(story())


def test_reads_never_make_the_venue_refuse_us() -> None:
    """Forty questions at once, of which a minute allows a few: nobody is told -1003."""

    async def story() -> None:
        limits = Limits(weight_per_minute=200)
        async with a_line(limits=limits) as (_, gateway):
            asked = (gateway.depth(SYMBOL) for _ in range(40))
            found = await asyncio.gather(*asked, return_exceptions=True)
            told = [each for each in found if isinstance(each, Unreachable)]
            assert 0 < len(told) < 40
            assert all("is used; the rest is kept" in each.message for each in told)
            used = gateway.traffic.told().weight_used
            assert used <= 160
            assert gateway.traffic.silence is None

    asyncio.run(story())


# -- silence ---------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [429, 418])
def test_when_the_venue_asks_for_silence_not_even_a_cancel_leaves(status: int) -> None:
    async def story() -> None:
        async with a_line() as (exchange, gateway):
            await gateway.submit(command(1, **RESTING), wire(1))
            refused(exchange, status, -1003, headers={"Retry-After": "120"})
            with pytest.raises(Unreachable, match=str(status)):
                await gateway.bid_and_last(SYMBOL)
            for method in ("GET", "DELETE", "POST"):
                fault(exchange, "order", method, mode="drop_before", count=100)
            (rejected,) = await gateway.submit(command(2, purpose=Purpose.EXIT), wire(2))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "NOT_SENT"
            assert "nothing can be sent, no cancel either, for 120 s" in rejected.reason
            with pytest.raises(Unreachable, match="no cancel either"):
                await gateway.order(wire(1), SYMBOL)
            (kept,) = await gateway.cancel(command(1).key, wire(1), SYMBOL)
            assert isinstance(kept, CancelRejected)
            assert "no cancel either" in kept.reason
            assert heard(exchange, 300) == 0

    asyncio.run(story())


def test_a_read_waits_for_a_short_silence_and_asks_again() -> None:
    async def story() -> None:
        conduct = Conduct(retries=RetryTerms((0.01, 0.01), 5.0))
        async with a_line(conduct) as (exchange, gateway):
            refused(exchange, 429, -1003, headers={"Retry-After": "1"})
            _, last = await gateway.bid_and_last(SYMBOL)
            assert last

    asyncio.run(story())


# -- the breaker -----------------------------------------------------------------------------
def test_after_five_failures_one_tries_and_orders_get_through_all_along() -> None:
    async def story() -> None:
        terms = CircuitTerms(rest_ns=200 * MILLISECOND)
        async with a_line(Conduct(circuit=terms, retries=NO_RETRY)) as (exchange, gateway):
            await gateway.submit(command(1, **RESTING), wire(1))
            fault(exchange, "ticker/price", mode="drop_before", count=100)
            fault(exchange, "ticker/bookTicker", mode="http", status=503, count=100)
            for _ in range(5):
                with pytest.raises(Unreachable):
                    await gateway.bid_and_last(SYMBOL)
            assert gateway.traffic.circuit.state is State.OPEN
            with pytest.raises(Unreachable, match="failed too often"):
                await gateway.depth(SYMBOL)
            (rejected,) = await gateway.submit(command(2), wire(2))
            assert isinstance(rejected, OrderRejected)
            assert (rejected.code, "failed too often" in rejected.reason) == ("NOT_SENT", True)
            stop = command(3, "SELL", "STOP_LOSS", stop_price=D(55_000), purpose=Purpose.PROTECT)
            (accepted,) = await gateway.submit(stop, wire(3))
            assert not isinstance(accepted, OrderRejected)
            (cancelled,) = await gateway.cancel(command(1).key, wire(1), SYMBOL)
            assert isinstance(cancelled, OrderCancelled)
            exchange.faults.clear()
            await asyncio.sleep(0.25)
            assert await gateway.depth(SYMBOL)
            assert gateway.traffic.circuit.state is State.CLOSED

    asyncio.run(story())


def test_a_venue_that_refuses_is_not_broken() -> None:
    async def story() -> None:
        async with a_line() as (_, gateway):
            for n in range(1, 8):
                (rejected,) = await gateway.submit(command(n, qty=D("0.00001")), wire(n))
                assert isinstance(rejected, OrderRejected)
            assert gateway.traffic.circuit.state is State.CLOSED
            assert gateway.traffic.filters_doubted.is_set()

    asyncio.run(story())


# -- retries ---------------------------------------------------------------------------------
def test_a_read_is_asked_again_and_an_order_is_not() -> None:
    async def story() -> None:
        conduct = Conduct(retries=RetryTerms((0.01,) * 3, 5.0))
        async with a_line(conduct) as (exchange, gateway):
            fault(exchange, "account", mode="drop_before")
            fault(exchange, "account", mode="http", status=502)
            assert await gateway.balances()
            fault(exchange, "order", "POST", mode="drop_before", count=100)
            await gateway.submit(command(1), wire(1))
            assert heard(exchange, 102) == 3

    asyncio.run(story())


# -- the clock -------------------------------------------------------------------------------
def test_a_clock_that_is_an_hour_off_is_told_and_sends_no_entry() -> None:
    """Ours runs an hour ahead and never back: reads of the venue's time cannot mend it."""

    async def story() -> None:
        async with a_line() as (exchange, gateway):
            clock = VenueClock(start_ns=exchange.clock.now_ns() + 3_600 * SECOND)
            await sync(clock, gateway)
            (rejected,) = await gateway.submit(command(1), wire(1))
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == "NOT_SENT"
            assert "our clock is +3" in rejected.reason
            await sync(VenueClock(), gateway)
            (accepted, *_) = await gateway.submit(command(2), wire(2))
            assert not isinstance(accepted, OrderRejected)

    asyncio.run(story())


# -- time limits -----------------------------------------------------------------------------
def test_the_limits_of_time() -> None:
    found = timeouts(10)
    assert (found.sock_connect, found.sock_read, found.total) == (5, 10, 30)


def test_an_answer_that_comes_in_pieces_may_take_thrice_the_time_for_reading() -> None:
    """ccxt alone would give up after the time for reading, whatever is still coming."""

    async def dripping(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        for piece in (b'{"serv', b'erTime"', b": 17", b"}"):
            await answer.write(piece)
            await asyncio.sleep(0.3)
        return answer

    async def story() -> None:
        app = web.Application()
        app.router.add_get("/api/v3/time", dripping)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            rest = Rest(
                venue_at(f"http://127.0.0.1:{runner.addresses[0][1]}"), "key", "secret",
                time.time_ns, recv_window_ms=5_000, timeout_ms=800,
                elapsed_ns=time.monotonic_ns, conduct=IMPATIENT,
            )  # fmt: skip
            rest.use(session)
            assert (await rest.call("publicGetTime", {})).body == {"serverTime": 17}
            await rest.close()
        await runner.cleanup()

    asyncio.run(story())


def test_a_silent_answer_is_given_up_after_the_time_for_reading() -> None:
    async def story() -> None:
        async with a_line(timeout_ms=60) as (exchange, gateway):
            fault(exchange, "order", mode="delay_after", seconds=5)
            with pytest.raises(Unreachable, match=r"(?i)timeout"):
                await gateway.order(wire(1), SYMBOL)

    asyncio.run(story())
