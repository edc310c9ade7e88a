"""After every failure of the table, our log against the exchange's own ledger.

A whole home meets each row with one order: the real engine and gateway on the loopback exchange.
What proves nothing is resolved by a restart, and believed is what the exchange did. Nothing is sent
twice.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from ccxt.base.errors import OrderNotFound

from genesis.domain.orders import OrderStatus
from genesis.exchange.classify import Standing
from tests.service.test_failure_table import ROWS, Row
from tests.service.test_reconcile_rows import crossed
from tests.support.loopback import ccxt_at, until
from tests.support.simex import SYMBOL
from tests.support.small_home import SmallHome, small_home

_AT_ONCE = 4
"""Homes side by side: most of their time is waiting."""
REFUSAL = '{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}'
PLACED = ("drop_after", "delay_after", "truncate_after", "http_after")
"""Faults that meet the answer only."""


@dataclass(frozen=True)
class Found:
    """What became of the one order: with us before and after a restart, and at the exchange."""

    at_first: OrderStatus
    in_the_end: OrderStatus
    reserved: bool
    sent: int
    placed: list[str]


async def _ends(home: SmallHome) -> Found:
    """The order of a home that met its fault, resolved where that is needed; the ledgers agree."""
    at_first = home.entry.status
    if not at_first.is_final:
        home.exchange.faults.clear()
        await home.restart()
    entry = home.entry
    await home.agrees()
    orders = (await home.truth())["orders"]
    placed = [one["status"] for one in orders if one["side"] == "BUY"]
    sent = sum(one["path"] == "/api/v3/order" for one in home.exchange.faults.met)
    reserved = bool(home.engine.view.reserved_usdt)
    return Found(at_first, entry.status, reserved, sent, placed)


async def _met(row: Row, free: asyncio.Semaphore) -> Found:
    fault = {**row.fault, "count": 100}
    if row.name == "too late":
        fault["seconds"] = 2.5  # longer than a home waits
    async with free, small_home() as home:
        home.exchange.faults.arm({"path": "/api/v3/order", "method": "POST", **fault})
        await home.buy("25", "59000")
        return await _ends(home)


@pytest.fixture(scope="module")
def found() -> dict[str, Found | BaseException]:
    """What fails in one home is the failure of its row."""

    async def all_of_them() -> list[Found | BaseException]:
        free = asyncio.Semaphore(_AT_ONCE)
        return await asyncio.gather(*(_met(row, free) for row in ROWS), return_exceptions=True)

    return dict(zip((row.name for row in ROWS), asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_we_believe_is_what_the_exchange_did(
    found: dict[str, Found | BaseException], row: Row
) -> None:
    it, is_there = found[row.name], row.fault["mode"] in PLACED
    if isinstance(it, BaseException):
        raise it
    assert it.sent == 1
    assert it.placed == (["NEW"] if is_there else [])
    assert it.reserved is is_there
    if row.standing is Standing.UNRESOLVED:
        assert it.at_first is OrderStatus.UNRESOLVED
        ended = OrderStatus.OPEN if is_there else OrderStatus.NEVER_PLACED
    else:
        assert it.at_first is OrderStatus.REJECTED
        ended = OrderStatus.REJECTED
    assert it.in_the_end is ended


@pytest.mark.parametrize("mode", ["delay_before", "delay_after"])
def test_who_is_cancelled_while_waiting_for_the_answer_knows_nothing(mode: str) -> None:
    """The row that no answer can show: the task that waited is gone, the order may be there."""

    async def story() -> None:
        async with small_home() as home:
            fault: dict[str, Any] = {"mode": mode, "seconds": 60}
            home.exchange.faults.arm({"path": "/api/v3/order", "method": "POST", **fault})
            buying = asyncio.create_task(home.buy("25", "59000"))
            await until(lambda: len(home.exchange.faults.met) == 1)
            if mode == "delay_after":
                await until(lambda: bool(home.exchange.venue.orders))
            buying.cancel()
            await asyncio.gather(buying, return_exceptions=True)
            assert not home.entry.status.is_final
            it = await _ends(home)
            assert (it.sent, it.placed) == (1, ["NEW"] if mode == "delay_after" else [])
            is_there = mode == "delay_after"
            ended = OrderStatus.OPEN if is_there else OrderStatus.NEVER_PLACED
            assert (it.in_the_end, it.reserved) == (ended, is_there)

    asyncio.run(story())


# -- cancels ---------------------------------------------------------------------------------
CANCELS: dict[str, tuple[dict[str, Any], OrderStatus]] = {
    "lost before it came": ({"mode": "drop_before"}, OrderStatus.CANCELLED),
    "lost after it was done": ({"mode": "drop_after"}, OrderStatus.CANCELLED),
    "cut off": ({"mode": "truncate_after"}, OrderStatus.CANCELLED),
    "garbage": ({"mode": "garbage_after"}, OrderStatus.CANCELLED),
    "trouble of the venue's": ({"mode": "http", "status": 503}, OrderStatus.CANCELLED),
    "status unknown": ({"mode": "http_after", "code": -1007}, OrderStatus.CANCELLED),
    "a clock that is off": ({"mode": "http", "code": -1021}, OrderStatus.CANCELLED),
    "refused": ({"mode": "http", "status": 401, "body": REFUSAL, "count": 9}, OrderStatus.OPEN),
}
"""A fault of the DELETE, and how the order ends: who is not sure asks, and cancels again."""


@pytest.mark.parametrize("name", CANCELS)
def test_a_cancel_that_fails_is_believed_only_as_far_as_the_exchange_did_it(name: str) -> None:
    fault, ended = CANCELS[name]

    async def story() -> None:
        async with small_home() as home:
            await home.buy("25", "59000")
            home.exchange.faults.arm({"path": "/api/v3/order", "method": "DELETE", **fault})
            await home.act("cancel_all", symbol=None)
            assert home.entry.status is ended
            (theirs,) = [one["status"] for one in (await home.truth())["orders"]]
            assert theirs == {OrderStatus.OPEN: "NEW", OrderStatus.CANCELLED: "CANCELED"}[ended]
            await home.agrees()

    asyncio.run(story())


def test_a_cancel_that_comes_too_late_is_a_fill_whatever_ccxt_calls_it() -> None:
    """ccxt: OrderNotFound. The venue: -2011, which it also says of what has filled."""

    async def story() -> None:
        async with small_home() as home:
            await home.buy("25", "59000")
            crossed(home, "58999")
            params = {"origClientOrderId": home.wire_ids[home.entry.key]}
            async with ccxt_at(home.exchange.url) as client:
                with pytest.raises(OrderNotFound, match="-2011"):
                    await client.cancel_order(None, SYMBOL, params)
            await home.act("cancel_all", symbol=None)
            assert home.entry.status is OrderStatus.FILLED and home.held > 0
            await home.agrees()

    asyncio.run(story())
