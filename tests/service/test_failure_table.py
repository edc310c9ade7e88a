"""Every way in which an order may fail, as unmodified ccxt tells it and as we take it.

Each row is met by both, at the loopback exchange: what ccxt raises is only seen, and is often wrong
(a cut-off answer looks like a refusal, a revoked key like a rate limit); what we take it for is
what the venue's code and status prove. What becomes of an order then, in our log and in the
exchange's own ledger, is in `test_failure_ledger`.
"""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from genesis.domain.time import HOUR
from genesis.exchange.classify import Standing, classify
from genesis.exchange.requests import order_params
from genesis.exchange.rest import Rest
from genesis.exchange.venue import venue_at
from tests.support.loopback import an_exchange, ccxt_at
from tests.support.simex import FEARLESS, SYMBOL, command, wire

UNRESOLVED, REJECTED, NOT_PLACED = Standing.UNRESOLVED, Standing.REJECTED, Standing.NOT_PLACED
TIMEOUT_MS = 250
HTML = {"body": "<html>trouble</html>", "content_type": "text/html"}


@dataclass(frozen=True)
class Row:
    name: str
    fault: dict[str, Any]
    ccxt: str
    """Class that ccxt raises; "" where it raises nothing."""
    standing: Standing
    code: int | None = None
    status: int | None = None


def told(status: int, code: int, ccxt: str, standing: Standing, words: str = "for the test") -> Row:
    body = json.dumps({"code": code, "msg": words})
    fault = {"mode": "http", "status": status, "body": body}
    return Row(f"{status} {code} {words}", fault, ccxt, standing, code, status)


def page(status: int, ccxt: str, standing: Standing) -> Row:
    fault = {"mode": "http", "status": status, **HTML}
    return Row(f"{status} page", fault, ccxt, standing, None, status)


ROWS = (
    told(401, -2015, "AuthenticationError", REJECTED, "Invalid API-key, IP, or permissions."),
    # nobody knows: never sent again, asked for by client id
    Row("dropped before it came", {"mode": "drop_before"}, "ExchangeNotAvailable", UNRESOLVED),
    Row("dropped after acceptance", {"mode": "drop_after"}, "ExchangeNotAvailable", UNRESOLVED),
    Row("too late", {"mode": "delay_after", "seconds": 0.5}, "RequestTimeout", UNRESOLVED),
    Row("cut off after acceptance", {"mode": "truncate_after"}, "ExchangeError", UNRESOLVED),
    Row("garbage", {"mode": "http_after", "status": 200, **HTML, "body": "zz"}, "", UNRESOLVED),
    Row("nothing", {"mode": "http_after", "status": 200, "body": ""}, "", UNRESOLVED),
    Row("no order", {"mode": "http_after", "status": 200, "body": "{}"}, "", UNRESOLVED, None, 200),
    page(500, "ExchangeNotAvailable", UNRESOLVED),
    page(502, "ExchangeNotAvailable", UNRESOLVED),
    page(503, "ExchangeNotAvailable", UNRESOLVED),
    page(504, "RequestTimeout", UNRESOLVED),
    told(500, -1000, "OperationFailed", UNRESOLVED),
    told(500, -1001, "OperationFailed", UNRESOLVED),
    told(500, -1006, "OperationFailed", UNRESOLVED),
    told(504, -1007, "RequestTimeout", UNRESOLVED),
    told(503, -1008, "ExchangeError", UNRESOLVED),
    told(409, -2021, "ExchangeError", UNRESOLVED, "one leg of a replacement happened"),
    told(400, -9999, "ExchangeError", UNRESOLVED, "a code that nobody knows"),
    told(400, -2010, "InvalidOrder", UNRESOLVED, "Duplicate order sent."),
    # the venue said no
    told(400, -1013, "BadRequest", REJECTED, "Filter failure: NOTIONAL"),
    told(400, -1013, "InvalidOrder", REJECTED, "Filter failure: LOT_SIZE"),
    told(400, -1013, "InvalidOrder", REJECTED, "Filter failure: PRICE_FILTER"),
    told(400, -1013, "BadRequest", REJECTED, "Filter failure: PERCENT_PRICE"),
    told(400, -1016, "BadRequest", REJECTED),
    told(400, -1022, "AuthenticationError", REJECTED),
    *(told(400, code, "BadRequest", REJECTED) for code in (-1100, -1102, -1111, -1116, -1130)),
    told(400, -1121, "BadSymbol", REJECTED, "Invalid symbol."),
    told(400, -2010, "InsufficientFunds", REJECTED,
         "Account has insufficient balance for requested action."),
    told(400, -2010, "OrderImmediatelyFillable", REJECTED, "Order would trigger immediately."),
    told(400, -2010, "OrderImmediatelyFillable", REJECTED,
         "Order would immediately match and take."),
    told(400, -2010, "MarketClosed", REJECTED, "Market is closed."),
    told(400, -2010, "InvalidOrder", REJECTED, "Something else is wrong with it."),
    told(401, -2014, "AuthenticationError", REJECTED),
    told(401, -2015, "DDoSProtection", REJECTED, "Invalid API-key, after others were answered."),
    # it never came to the matching engine
    told(429, -1003, "DDoSProtection", NOT_PLACED),
    told(429, -1015, "DDoSProtection", NOT_PLACED),
    told(418, -1003, "DDoSProtection", NOT_PLACED),
    told(400, -1021, "InvalidNonce", NOT_PLACED),
    page(403, "ExchangeNotAvailable", NOT_PLACED),
    page(418, "DDoSProtection", NOT_PLACED),
    page(429, "DDoSProtection", NOT_PLACED),
)  # fmt: skip


async def _raised(work: Awaitable[Any]) -> str:
    try:
        await work
    except Exception as problem:  # its class is what is looked at
        return type(problem).__name__
    return ""


async def _met() -> list[tuple[str, Any]]:
    """What ccxt raised and what we were answered, for every row."""
    found, hours = [], count(0, HOUR)  # every silence is over before the next row
    async with an_exchange() as exchange, ccxt_at(exchange.url, timeout=TIMEOUT_MS) as client:
        rest = Rest(
            venue_at(exchange.url), client.apiKey, client.secret, exchange.clock.now_ns,
            recv_window_ms=5_000, timeout_ms=TIMEOUT_MS, elapsed_ns=lambda: next(hours),
            conduct=FEARLESS,
        )  # fmt: skip
        await client.load_markets()
        rest.use(client.session)
        for n, row in enumerate(ROWS, start=1):
            for _ in range(2):
                exchange.faults.arm({"path": "/api/v3/order", "method": "POST", **row.fault})
            raised = await _raised(client.create_order(SYMBOL, "market", "buy", 0.001))
            params = order_params(command(n).request, wire(n))
            found.append((raised, await rest.call("privatePostOrder", params)))
            rest.traffic.clock_off(0)
            rest.traffic.key.fits()
            exchange.faults.clear()
        await rest.close()
    return found


@pytest.fixture(scope="module")
def met() -> dict[str, tuple[str, Any]]:
    found = asyncio.run(_met())
    return dict(zip((row.name for row in ROWS), found, strict=True))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_a_failure_proves(met: dict[str, tuple[str, Any]], row: Row) -> None:
    raised, answer = met[row.name]
    assert (raised, classify(answer)) == (row.ccxt, row.standing)
    assert (answer.status, answer.code) == (row.status, row.code)
    assert answer.was_sent
