"""Order lists of the loopback exchange, as Binance documents them."""

import asyncio
from typing import Any

import pytest

from tests.support.loopback import SYMBOL, D, ccxt_at, signed_call
from tests.support.venue_samples import Samples, load_samples, same_fields
from tests.support.venue_scene import S, a_scene

ORDER, LISTS = "/api/v3/order", "/api/v3/orderList"
CONDITIONAL = frozenset({"stopPrice", "icebergQty", "expiryReason"})


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


OCO = {
    "side": "SELL",
    "quantity": "0.5",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "62000",
    "aboveClientOrderId": "target",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "58000",
    "belowPrice": "57900",
    "belowTimeInForce": "GTC",
    "belowClientOrderId": "stop",
    "listClientOrderId": "pair",
}
WORKING = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "59000",
    "workingQuantity": "0.01234",
    "workingTimeInForce": "GTC",
    "workingClientOrderId": "entry",
    "listClientOrderId": "plan",
}
PENDING = {
    "pendingType": "STOP_LOSS",
    "pendingSide": "SELL",
    "pendingStopPrice": "57000",
    "pendingClientOrderId": "stop",
}
PENDING_PAIR = {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "62000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "57000",
}
OPO = WORKING | PENDING


# -- field sets ------------------------------------------------------------------------------
def test_lists_have_the_documented_fields(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="3") as scene:
            quantity = {"pendingQuantity": "0.01"}
            stamped = {"newOrderRespType": "RESULT"}
            for kind, params, section in (
                ("oco", OCO, "> New Order list - OCO (TRADE)"),
                ("oto", OPO | quantity, "> New Order list - OTO (TRADE)"),
                ("otoco", WORKING | PENDING_PAIR | quantity, "> New Order list - OTOCO (TRADE)"),
                ("opo", OPO, "> New Order List - OPO (TRADE)"),
                ("opoco", WORKING | PENDING_PAIR, "> New Order List - OPOCO (TRADE)"),
            ):
                answer = await scene.ask("POST", f"{LISTS}/{kind}", **params, **stamped)
                _same_reports(answer, samples("rest-api.md", section))
                queried = await scene.raw.ask("GET", LISTS, orderListId=answer["orderListId"])
                same_fields(queried, samples("rest-api.md", "> Query Order list (USER_DATA)"))
                found = await scene.raw.ask("GET", "/api/v3/openOrderList")
                same_fields(found, samples("rest-api.md", "> Query Open Order lists (USER_DATA)"))
                cancelled = (
                    await scene.ask("DELETE", LISTS, listClientOrderId=params["listClientOrderId"])
                    if "listClientOrderId" in params
                    else None
                )
                assert cancelled is not None
                section = "> Cancel Order list (TRADE)"
                _same_reports(cancelled, samples("rest-api.md", section))
            past = await scene.raw.ask("GET", "/api/v3/allOrderList")
            same_fields(past, samples("rest-api.md", "> Query all Order lists (USER_DATA)"))
            assert [row["listOrderStatus"] for row in past] == ["ALL_DONE"] * 5

    asyncio.run(main())


def _same_reports(ours: Any, theirs: Any) -> None:
    """Every order of the list has the fields of the first documented one, but for conditions."""
    unsized = [row for row in ours["orderReports"] if row["status"] in ("PENDING_NEW", "CANCELED")]
    pending = frozenset({"origQty"}) if unsized else frozenset()
    same_fields(ours, theirs, conditional=CONDITIONAL)
    for row in ours["orderReports"]:
        assert set(row) ^ set(theirs["orderReports"][0]) <= CONDITIONAL | pending


def test_what_users_are_told_of_lists_has_the_documented_fields(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="3") as scene:
            await scene.ask("POST", f"{LISTS}/oco", **OCO)
            status = await scene.events.until("listStatus")
            theirs = samples("user-data-stream.md", "> Order Reject Reason")["event"]
            same_fields(status, theirs)
            await scene.ask("DELETE", ORDER, origClientOrderId="stop")
            report = await scene.events.until("executionReport", x="CANCELED")
            theirs = samples("user-data-stream.md", "> Order Update")["event"]
            same_fields(report, theirs, conditional=frozenset({"v", "W"}))
            assert (await scene.events.until("listStatus", l="ALL_DONE"))["C"] == "pair"

    asyncio.run(main())


def test_all_open_orders_of_a_symbol_are_cancelled_lists_as_lists(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="3") as scene:
            single = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            await scene.ask("POST", ORDER, **single, quantity="0.01", price="50000")
            await scene.ask("POST", f"{LISTS}/oco", **OCO)
            told = await scene.ask("DELETE", "/api/v3/openOrders")
            theirs = samples("rest-api.md", "> Cancel All Open Orders on a Symbol (TRADE)")
            assert len(told) == 2
            same_fields(told[0], theirs[0])
            _same_reports(told[1], theirs[2])
            assert await scene.raw.ask("GET", "/api/v3/openOrders") == []

    asyncio.run(main())


# -- what happens ----------------------------------------------------------------------------
def test_a_pair_ends_as_one() -> None:
    async def main() -> None:
        async with a_scene(btc="0.5") as scene:
            await scene.ask("POST", f"{LISTS}/oco", **OCO)
            assert (await scene.balances())["BTC"] == (0, D("0.5"))
            scene.trade("62001")
            assert await scene.events.orders(6) == [
                ("stop", "NEW", "NEW"),
                ("target", "NEW", "NEW"),
                ("pair", "list", "EXEC_STARTED"),
                ("stop", "EXPIRED", "EXPIRED"),
                ("target", "TRADE", "FILLED"),
                ("pair", "list", "ALL_DONE"),
            ]
            refused = await scene.ask("DELETE", LISTS, listClientOrderId="pair")
            assert refused == {"code": -2011, "msg": "Unknown order list sent."}

    asyncio.run(main())


def test_entry_and_stop_are_one_request_and_the_stop_comes_when_the_entry_is_full() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            answer = await scene.ask("POST", f"{LISTS}/opo", **OPO)
            assert [row["status"] for row in answer["orderReports"]] == ["NEW", "PENDING_NEW"]
            assert "origQty" not in answer["orderReports"][1]
            scene.trade("59000", "5.004")  # 5 stood before us
            partly = await scene.ask("GET", ORDER, origClientOrderId="entry")
            assert (partly["status"], partly["executedQty"]) == ("PARTIALLY_FILLED", "0.00400000")
            waiting = await scene.ask("GET", ORDER, origClientOrderId="stop")
            assert (waiting["status"], waiting["isWorking"]) == ("PENDING_NEW", False)
            scene.trade("59000", "1")
            stop = await scene.ask("GET", ORDER, origClientOrderId="stop")
            assert (stop["status"], stop["origQty"]) == ("NEW", "0.01232000")  # 0.01232766 net
            assert (await scene.balances())["BTC"] == (D("0.00000766"), D("0.01232"))
            scene.trade("56999")
            assert await scene.events.orders(8) == [
                ("entry", "NEW", "NEW"),
                ("stop", "NEW", "PENDING_NEW"),
                ("plan", "list", "EXEC_STARTED"),
                ("entry", "TRADE", "PARTIALLY_FILLED"),
                ("entry", "TRADE", "FILLED"),
                ("stop", "NEW", "NEW"),
                ("plan", "list", "EXEC_STARTED"),
                ("stop", "TRADE", "FILLED"),
            ]
            trades = await scene.ask("GET", "/api/v3/myTrades")
            assert {row["orderListId"] for row in trades} == {answer["orderListId"]}

    asyncio.run(main())


def test_an_entry_that_fills_at_once_is_answered_with_its_stop_still_pending() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            marketable = OPO | {"workingPrice": "61000"}
            answer = await scene.ask("POST", f"{LISTS}/opo", **marketable, newOrderRespType="FULL")
            entry, stop = answer["orderReports"]
            assert (entry["status"], stop["status"]) == ("FILLED", "PENDING_NEW")
            assert entry["fills"][0]["price"] == "60000.01000000"
            found = await scene.ask("GET", ORDER, origClientOrderId="stop")
            assert found["status"] == "NEW"

    asyncio.run(main())


def test_a_stop_that_cannot_be_placed_at_its_turn_is_rejected_aloud() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await scene.ask("POST", f"{LISTS}/opo", **OPO)
            scene.trade("56000")
            report = await scene.events.until("executionReport", x="REJECTED")
            assert (report["c"], report["X"]) == ("stop", "REJECTED")
            assert report["r"] == "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"
            assert (await scene.events.until("listStatus"))["l"] == "ALL_DONE"
            assert (await scene.balances())["BTC"] == (D("0.01232766"), 0)

    asyncio.run(main())


REFUSED = [
    ("oco", OCO | {"aboveType": "STOP_LOSS"}, -1197),
    ("oco", OCO | {"belowType": "LIMIT_MAKER"}, -1168),
    ("oco", OCO | {"aboveType": "TAKE_PROFIT"}, -1158),
    ("oco", OCO | {"side": "BUY"}, -1165),
    ("oco", OCO | {"abovePrice": "59000"}, -2010),
    ("oco", {**OCO, "quantity": ""}, -1102),
    ("oto", OPO, -1102),
    ("oto", OPO | {"pendingQuantity": "1"}, -2010),
    ("oto", OPO | {"workingType": "MARKET"}, -1116),
    ("opo", OPO | {"pendingQuantity": "1"}, -1106),
    ("opo", OPO | {"workingSide": "SELL"}, -1014),
    ("opo", OPO | {"workingPrice": "59000.001"}, -1013),
    ("opo", OPO | {"workingQuantity": "9"}, -2010),
    ("opo", OPO | {"listClientOrderId": "a.b"}, -1100),
]


def test_wrong_lists_are_refused_and_nothing_is_locked() -> None:
    async def main() -> None:
        async with a_scene(btc="0.5") as scene:
            for kind, params, code in REFUSED:
                answer = await scene.ask("POST", f"{LISTS}/{kind}", **params)
                assert answer["code"] == code, (kind, params, answer)
            assert not scene.exchange.venue.orders
            assert await scene.balances() == {"USDT": (10_000, 0), "BTC": (D("0.5"), 0)}
            missing = await scene.raw.ask("GET", LISTS, orderListId=7)
            assert missing["code"] == -2013

    asyncio.run(main())


def test_lists_over_the_websocket_api() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            socket = await scene.raw.session.ws_connect(f"{scene.exchange.url}/ws-api/v3")

            async def call(method: str, **params: Any) -> Any:
                await socket.send_json(signed_call(scene.exchange, method, **params))
                return await socket.receive_json()

            placed = await call("orderList.place.opo", symbol=S, **OPO)
            assert [limit["rateLimitType"] for limit in placed["rateLimits"]] == [
                "ORDERS",
                "ORDERS",
                "REQUEST_WEIGHT",
            ]
            assert placed["rateLimits"][0]["count"] == 2
            assert len((await call("openOrderLists.status"))["result"]) == 1
            assert (await call("orderList.status", origClientOrderId="plan"))["status"] == 200
            gone = await call("orderList.cancel", symbol=S, listClientOrderId="plan")
            assert gone["result"]["listOrderStatus"] == "ALL_DONE"
            assert len((await call("allOrderLists"))["result"]) == 1
            await socket.close()

    asyncio.run(main())


# -- ccxt ------------------------------------------------------------------------------------
def test_unmodified_ccxt_places_lists_and_edits_orders() -> None:
    async def main() -> None:
        async with a_scene(btc="1") as scene, ccxt_at(scene.exchange.url) as client:
            await client.load_markets()
            market = client.market(SYMBOL)["info"]
            assert market["otoAllowed"] and market["opoAllowed"] and market["ocoAllowed"]
            made = await client.privatePostOrderListOpo({"symbol": S, **OPO})
            assert [row["clientOrderId"] for row in made["orders"]] == ["entry", "stop"]
            oco = {"symbol": S, **OCO, "belowClientOrderId": "s2", "quantity": "0.2"}
            assert (await client.privatePostOrderListOco(oco))["contingencyType"] == "OCO"
            assert len(await client.privateGetOpenOrderList()) == 2
            gone = await client.privateDeleteOrderList({"symbol": S, "listClientOrderId": "pair"})
            assert gone["listStatusType"] == "ALL_DONE"
            order = await client.create_order(SYMBOL, "limit", "buy", 0.01, 50_000)
            mode = {"cancelReplaceMode": "STOP_ON_FAILURE"}
            edited = await client.edit_order(
                order["id"], SYMBOL, "limit", "buy", 0.02, 50_500, mode
            )
            assert (edited["amount"], edited["status"]) == (0.02, "open")
            assert (await client.fetch_order(order["id"], SYMBOL))["status"] == "canceled"

    asyncio.run(main())
