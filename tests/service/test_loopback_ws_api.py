"""The WebSocket API of the loopback exchange, answer by answer, against Binance's documents."""

import asyncio
from typing import Any

import pytest

from genesis.domain.time import MILLISECOND
from tests.support.loopback import signed_call
from tests.support.venue_samples import Samples, load_samples, same_fields
from tests.support.venue_scene import S, Scene, a_scene

FILE = "web-socket-api.md"
RARE = frozenset(
    {"sors", "stopPrice", "icebergQty", "trailingDelta", "trailingTime", "strategyId"}
    | {"selfTradePreventionMode", "origClientOrderId"}  # missing in two examples, not in REST
    | {"strategyType", "preventedMatchId", "preventedQuantity", "workingTime", "fills", "origQty"}
)
"""Conditional fields, and those of other order types that an example happens to show."""
LIMIT = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "58000"}
MARKET = {"side": "BUY", "type": "MARKET", "quantity": "0.01"}
OPO = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "59000",
    "workingQuantity": "0.01",
    "workingTimeInForce": "GTC",
    "pendingType": "STOP_LOSS",
    "pendingSide": "SELL",
    "pendingStopPrice": "57000",
    "listClientOrderId": "plan",
}
OCO = {
    "side": "SELL",
    "quantity": "0.1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "62000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "58000",
}
NEW = "> Place new order (TRADE)"
ACK = {"symbol": S, **LIMIT, "newOrderRespType": "ACK"}
RESULT = {"symbol": S, **LIMIT, "newOrderRespType": "RESULT"}
PLAN = {"symbol": S, "listClientOrderId": "plan"}
PUBLIC: list[tuple[str, dict[str, Any], str, int]] = [
    ("ping", {}, "> Test connectivity", 1),
    ("time", {}, "> Check server time", 1),
    ("exchangeInfo", {"symbol": S}, "> Exchange information", 1),
    ("depth", {"symbol": S, "limit": 5}, "> Order book", 1),
    ("trades.recent", {"symbol": S}, "> Recent trades", 1),
    ("trades.historical", {"symbol": S}, "> Historical trades", 1),
    ("trades.aggregate", {"symbol": S}, "> Aggregate trades", 1),
    ("klines", {"symbol": S, "interval": "1m"}, "> Klines", 1),
    ("avgPrice", {"symbol": S}, "> Current average price", 1),
    ("ticker.24hr", {"symbol": S}, "> 24hr ticker price change statistics", 1),
    ("ticker.price", {"symbol": S}, "> Symbol price ticker", 1),
    ("ticker.book", {"symbol": S}, "> Symbol order book ticker", 1),
]
SIGNED: list[tuple[str, dict[str, Any], str, int]] = [
    ("order.test", {"symbol": S, **LIMIT}, "> Test new order (TRADE)", 1),
    ("order.place", ACK, NEW, 1),
    ("order.place", RESULT, NEW, 2),
    ("order.place", {"symbol": S, **MARKET}, NEW, 3),
    ("order.status", {"symbol": S, "orderId": 1}, "> Query order (USER_DATA)", 1),
    ("openOrders.status", {"symbol": S}, "> Current open orders (USER_DATA)", 1),
    ("allOrders", {"symbol": S}, "> Account order history (USER_DATA)", 1),
    ("myTrades", {"symbol": S}, "> Account trade history (USER_DATA)", 1),
    ("order.cancel", {"symbol": S, "orderId": 1}, "> Cancel order (TRADE)", 1),
    ("orderList.place.opo", {"symbol": S, **OPO}, "> OPO (TRADE)", 1),
    ("orderList.status", {"origClientOrderId": "plan"}, "> Query Order list (USER_DATA)", 1),
    ("openOrderLists.status", {}, "> Current open Order lists (USER_DATA)", 1),
    ("orderList.cancel", PLAN, "> Cancel Order list (TRADE)", 1),
    ("orderList.place.oco", {"symbol": S, **OCO}, "> Place new Order list - OCO (TRADE)", 1),
    ("allOrderLists", {}, "> Account order list history (USER_DATA)", 1),
    ("openOrders.cancelAll", {"symbol": S}, "> Cancel open orders (TRADE)", 1),
    ("account.status", {}, "> Account information (USER_DATA)", 1),
    ("account.rateLimits.orders", {}, "> Unfilled Order Count (USER_DATA)", 1),
    ("account.commission", {"symbol": S}, "> Account Commission Rates (USER_DATA)", 1),
]


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


def test_every_public_method_answers_as_documented(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene() as scene:
            for method, params, section, number in PUBLIC:
                call = {"id": method, "method": method, "params": params}
                answer = await _answer(scene, call)
                _compare(answer, samples(FILE, section, number), method)

    asyncio.run(main())


def test_every_account_method_answers_as_documented(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="1") as scene:
            for method, params, section, number in SIGNED:
                answer = await _answer(scene, signed_call(scene.exchange, method, **params))
                _compare(answer, samples(FILE, section, number), method)

    asyncio.run(main())


async def _answer(scene: Scene, call: dict[str, Any]) -> Any:
    async with scene.raw.session.ws_connect(f"{scene.exchange.url}/ws-api/v3") as socket:
        await socket.send_json(call)
        return await socket.receive_json()


def _compare(ours: Any, theirs: Any, method: str) -> None:
    assert ours["status"] == 200, (method, ours)
    assert ours["id"] == method
    kinds = [limit["rateLimitType"] for limit in ours["rateLimits"]]
    if method.startswith(("order.place", "orderList.place")):
        assert kinds == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]
    same_fields(ours["rateLimits"][-1:], theirs.get("rateLimits", [])[-1:])
    same_fields(ours["result"], theirs["result"], conditional=RARE)


# -- paging ----------------------------------------------------------------------------------
def test_a_named_start_is_paged_onward_and_a_span_is_a_day_at_most() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            for _ in range(5):
                await scene.ask("POST", "/api/v3/order", **MARKET)
            now = scene.exchange.clock.now_ns() // MILLISECOND
            for path, name in (("allOrders", "orderId"), ("myTrades", "orderId")):
                newest = await scene.ask("GET", f"/api/v3/{path}", limit=2)
                onward = await scene.ask("GET", f"/api/v3/{path}", limit=2, startTime=now - 60_000)
                assert [row[name] for row in newest] == [4, 5]
                assert [row[name] for row in onward] == [1, 2]
                span = {"startTime": now - 90_000_000, "endTime": now}
                assert (await scene.ask("GET", f"/api/v3/{path}", **span))["code"] == -1127

    asyncio.run(main())
