"""Cancel-replace and partial fills of the loopback exchange."""

import asyncio

import pytest

from genesis.exchange.loopback import Limits
from tests.support.loopback import SYMBOL, D, ccxt_at, signed_call
from tests.support.venue_samples import Samples, load_samples, same_fields
from tests.support.venue_scene import S, a_scene

ORDER, REPLACE = "/api/v3/order", "/api/v3/order/cancelReplace"


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


# -- cancel-replace --------------------------------------------------------------------------
NEW = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "58000"}
TAKES = NEW | {"side": "SELL", "type": "LIMIT_MAKER", "price": "50000"}
del TAKES["timeInForce"]


def test_cancel_replace_answers_each_of_its_outcomes(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="1") as scene:
            section = "> Cancel an Existing Order and Send a New Order (TRADE)"
            for number, (mode, exists, new, code) in enumerate(
                [
                    ("STOP_ON_FAILURE", True, NEW, None),
                    ("STOP_ON_FAILURE", False, NEW, -2022),
                    ("STOP_ON_FAILURE", True, TAKES, -2021),
                    ("ALLOW_FAILURE", False, NEW, -2021),
                    ("ALLOW_FAILURE", False, TAKES, -2022),
                ]
            ):
                old = await scene.ask("POST", ORDER, **NEW)
                named = {"cancelOrderId": old["orderId"] if exists else 999}
                params = {**new, **named, "cancelReplaceMode": mode}
                if number == 3:
                    params["newOrderRespType"] = "ACK"
                answer = await scene.ask("POST", REPLACE, **params)
                assert answer.get("code") == code
                same_fields(answer, samples("rest-api.md", section, number))
                rests = await scene.ask("GET", ORDER, orderId=old["orderId"])
                assert rests["status"] == ("CANCELED" if exists else "NEW")

    asyncio.run(main())


def test_cancel_replace_judges_the_new_order_before_it_cancels() -> None:
    async def main() -> None:
        limits = Limits(orders_per_10s=2)
        async with a_scene(limits=limits) as scene:
            old = await scene.ask("POST", ORDER, **NEW)
            named = {"cancelOrderId": old["orderId"], "cancelReplaceMode": "STOP_ON_FAILURE"}
            for wrong, code in (
                ({"price": "58000.001"}, -1013),
                ({"price": "900000"}, -1013),
                ({"cancelReplaceMode": "MAYBE"}, -1130),
            ):
                answer = await scene.ask("POST", REPLACE, **(NEW | named | wrong))
                assert answer["code"] == code
            only = named | {"cancelRestrictions": "ONLY_PARTIALLY_FILLED"}
            answer = await scene.ask("POST", REPLACE, **NEW, **only)
            assert answer["data"]["cancelResponse"]["code"] == -2011
            await scene.ask("POST", ORDER, **NEW)
            assert (await scene.ask("POST", REPLACE, **NEW, **named))["code"] == -1015
            assert len(await scene.raw.ask("GET", "/api/v3/openOrders")) == 2
            over = named | {"orderRateLimitExceededMode": "CANCEL_ONLY"}
            answer = await scene.ask("POST", REPLACE, **NEW, **over)
            assert answer["code"] == -2021
            assert answer["data"]["newOrderResponse"]["code"] == -1015
            assert len(await scene.raw.ask("GET", "/api/v3/openOrders")) == 1

    asyncio.run(main())


def test_cancel_replace_over_the_websocket_api() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            url = f"{scene.exchange.url}/ws-api/v3"
            async with scene.raw.session.ws_connect(url) as socket:
                terms = {**NEW, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 1}
                call = signed_call(scene.exchange, "order.cancelReplace", symbol=S, **terms)
                await socket.send_json(call)
                answer = await socket.receive_json()
            assert (answer["status"], answer["error"]["code"]) == (400, -2022)
            assert answer["error"]["data"]["newOrderResult"] == "NOT_ATTEMPTED"

    asyncio.run(main())


# -- depth -----------------------------------------------------------------------------------
def test_orders_take_the_depth_that_is_shown_and_expire_beyond_it() -> None:
    async def main() -> None:
        asks = (("60000.01", "0.02"), ("60001", "0.03"), ("60002", "0.01"))
        async with a_scene(asks=asks) as scene, ccxt_at(scene.exchange.url) as client:
            await client.load_markets()
            shown = (await scene.ask("GET", "/api/v3/depth", limit=5))["asks"]
            assert [(D(price), D(qty)) for price, qty in shown] == [
                (D(price), D(qty)) for price, qty in asks
            ]
            limit = await client.create_order(SYMBOL, "limit", "buy", 0.04, 60_001)
            paid = [(trade["price"], trade["amount"]) for trade in limit["trades"]]
            assert paid == [(60_000.01, 0.02), (60_001, 0.02)]
            over = await client.create_order(SYMBOL, "market", "buy", 0.05)
            assert (over["status"], over["filled"]) == ("expired", 0.02)
            assert [trade["price"] for trade in over["trades"]] == [60_001, 60_002]
            rest = await client.create_order(SYMBOL, "limit", "buy", 0.01, 59_000)
            scene.trade("59000", "5.004")
            assert (await client.fetch_order(rest["id"], SYMBOL))["filled"] == 0.004

    asyncio.run(main())
