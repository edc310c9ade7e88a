"""Every fault between us and the venue: what we believe in the end is what the venue did."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import OrderEvent, OrderFilled, OrderRejected, OrderUnresolved
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.resolve import NEVER_PLACED
from tests.support.simex import QUICK, SYMBOL, Simex, command, trading, wire

WITHIN_S = 0.45
BEYOND_S = QUICK.recv_window_ms / 1000 + 0.2


def _error(code: int, words: str) -> str:
    return json.dumps({"code": code, "msg": words})


FAULTS: dict[str, dict[str, Any]] = {
    "dropped before it arrived": {"mode": "drop_before"},
    "dropped after acceptance": {"mode": "drop_after"},
    "answer too late": {"mode": "delay_after", "seconds": 0.5},
    "arrives late, within the window": {"mode": "delay_before", "seconds": WITHIN_S},
    "arrives late, beyond the window": {"mode": "delay_before", "seconds": BEYOND_S},
    "body cut off": {"mode": "truncate_after"},
    "200 with garbage": {"mode": "http_after", "status": 200, "body": "zzz", "ctype": "text/plain"},
    "502 page": {"mode": "http_after", "status": 502, "body": "x", "ctype": "text/html"},
    "-1007": {"mode": "http_after", "status": 504, "body": _error(-1007, "status unknown")},
    "-1000, not placed": {"mode": "http", "status": 500, "body": _error(-1000, "unknown error")},
    "rate limit": {"mode": "http", "status": 429, "body": _error(-1003, "too much weight")},
    "no funds": {"mode": "http", "status": 400, "body": _error(-2010, "insufficient balance")},
    "filter": {"mode": "http", "status": 400, "body": _error(-1013, "Filter failure: NOTIONAL")},
}
DEFINITE = {"rate limit", "no funds", "filter"}


async def _settle(gateway: BinanceGateway, n: int) -> Sequence[OrderEvent]:
    """The protocol: one POST, and resolve what stayed unknown."""
    events = await gateway.submit(command(n), wire(n))
    if isinstance(events[0], OrderUnresolved):
        sent_ns = time.time_ns()
        events = await gateway.resolve(command(n).key, wire(n), SYMBOL, sent_ns)
    return events


@pytest.mark.parametrize("lag_ms", [0, 100])
def test_belief_equals_truth_under_every_fault(shared: Path, lag_ms: int) -> None:
    """lag_ms: for how long a placed order cannot be seen by queries."""

    async def story() -> None:
        async with trading(shared, timeout_ms=120) as (simex, gateway):
            simex.sim.query_lag_ms = lag_ms
            waiting = []
            for n, fault in enumerate(FAULTS.values(), start=1):
                simex.sim.faults = [{"path": "order", "method": "POST", "count": 1, **fault}]
                waiting.append(asyncio.create_task(_settle(gateway, n)))
                await _until_posted(simex, n)
            believed = await asyncio.gather(*waiting)
            await asyncio.sleep(BEYOND_S)
            for n, (name, events) in enumerate(zip(FAULTS, believed, strict=True), start=1):
                executed = [order for order in simex.placed(wire(n)) if order.executed]
                fills = [event for event in events if isinstance(event, OrderFilled)]
                assert len(executed) == len(fills), name
                assert simex.posts(wire(n)) == 1, name
                if not executed:
                    (rejected,) = events
                    assert isinstance(rejected, OrderRejected), name
                    assert (rejected.code == NEVER_PLACED) == (name not in DEFINITE), name

    asyncio.run(story())


async def _until_posted(simex: Simex, n: int) -> None:
    """Let the POST take its fault before the next fault is set."""
    while any(fault["count"] for fault in simex.sim.faults):
        await asyncio.sleep(0.005)


def test_not_found_is_no_proof_before_the_bound(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (_, gateway):
            sent_ns = time.time_ns()
            (rejected,) = await gateway.resolve(command(1).key, wire(1), SYMBOL, sent_ns)
            assert isinstance(rejected, OrderRejected)
            assert rejected.code == NEVER_PLACED
            assert rejected.ts_ns >= QUICK.proven_ns(sent_ns)

    asyncio.run(story())


def test_resolving_waits_through_an_outage(shared: Path) -> None:
    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            simex.fault("drop_after")
            (unresolved,) = await gateway.submit(command(1), wire(1))
            assert isinstance(unresolved, OrderUnresolved)
            for _ in range(3):
                simex.error(503, -1000, "down", method="GET")
            _, filled = await gateway.resolve(command(1).key, wire(1), SYMBOL, 0)
            assert isinstance(filled, OrderFilled)
            assert filled.recovered

    asyncio.run(story())


def test_an_order_in_no_query_but_in_the_lists_was_placed(shared: Path) -> None:
    """The order query may lag far behind the lists: the last look asks both."""

    async def story() -> None:
        async with trading(shared) as (simex, gateway):
            simex.fault("drop_after")
            await gateway.submit(command(1), wire(1))
            simex.sim.query_lag_ms = 3_600_000
            _, filled = await gateway.resolve(command(1).key, wire(1), SYMBOL, 0)
            assert isinstance(filled, OrderFilled)

    asyncio.run(story())
