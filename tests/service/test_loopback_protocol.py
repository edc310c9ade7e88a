"""The loopback exchange's words: field sets of Binance's documents, signatures, timing, limits."""

import asyncio
from typing import Any

import aiohttp
import pytest

from genesis.domain.time import MILLISECOND
from genesis.exchange.loopback import DEFAULT_API_SECRET, Keys, Limits
from genesis.exchange.loopback.access import rest_payload, sign, ws_payload
from genesis.exchange.loopback.endpoints import ENDPOINTS
from genesis.exchange.loopback.lines import Lines
from genesis.sim.orders import VenueRejected
from tests.support.loopback import an_exchange, raw_at, signed_call, until
from tests.support.patience import PATIENCE_S
from tests.support.venue_samples import Samples, load_samples, same_fields

S = "BTCUSDT"
ORDER = "/api/v3/order"
DOC_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
DOC_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


# -- schemas ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


def test_answers_have_the_documented_fields(samples: Any) -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            await until(lambda: _trades(exchange) > 3)
            for path, text, section, number in PUBLIC:
                answer = await raw.send("GET", f"/api/v3/{path}", text)
                same_fields(answer, samples("rest-api.md", section, number), conditional=ABSENT)
            buy = {"symbol": S, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            new = "Trading endpoints > New order (TRADE)"
            for number, kind in enumerate(("ACK", "RESULT", "FULL")):
                answer = await raw.ask("POST", ORDER, **buy, newOrderRespType=kind)
                same_fields(answer, samples("rest-api.md", new, number))
            terms = {"symbol": S, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            placed = await raw.ask("POST", ORDER, **terms, quantity="0.01", price="50000")
            named = {"symbol": S, "orderId": placed["orderId"]}
            queried = await raw.ask("GET", ORDER, **named)
            same_fields(queried, samples("rest-api.md", "> Query order (USER_DATA)"))
            cancelled = await raw.ask("DELETE", ORDER, **named)
            same_fields(cancelled, samples("rest-api.md", "> Cancel order (TRADE)"))
            trades = await raw.ask("GET", "/api/v3/myTrades", symbol=S)
            same_fields(trades, samples("rest-api.md", "> Account trade list (USER_DATA)"))
            account = await raw.ask("GET", "/api/v3/account")
            same_fields(account, samples("rest-api.md", "> Account information (USER_DATA)"))
            counts = await raw.ask("GET", "/api/v3/rateLimit/order")
            same_fields(counts, samples("rest-api.md", "> Query Unfilled Order Count (USER_DATA)"))

    asyncio.run(main())


ABSENT = frozenset({"sors"})
PUBLIC = [
    ("ping", "", "> Test connectivity", 0),
    ("time", "", "> Check server time", 0),
    ("exchangeInfo", "", "General endpoints > Exchange information", 0),
    ("depth", f"symbol={S}", "> Order book", 0),
    ("trades", f"symbol={S}", "> Recent trades list", 0),
    ("aggTrades", f"symbol={S}", "> Compressed/Aggregate trades list", 0),
    ("klines", f"symbol={S}&interval=1m", "> Kline/Candlestick data", 0),
    ("avgPrice", f"symbol={S}", "> Current average price", 0),
    ("ticker/24hr", f"symbol={S}", "> 24hr ticker price change statistics", 0),
    ("ticker/24hr", "", "> 24hr ticker price change statistics", 1),
    ("ticker/price", f"symbol={S}", "> Symbol price ticker", 0),
    ("ticker/bookTicker", f"symbol={S}", "> Symbol order book ticker", 0),
    ("ticker/bookTicker", "", "> Symbol order book ticker", 1),
]
STREAMS = {
    "trade": "> Trade Streams",
    "aggTrade": "> Aggregate Trade Streams",
    "bookTicker": "> Individual Symbol Book Ticker Streams",
    "depth@100ms": "> Diff. Depth Stream",
    "depth5": "> Partial Book Depth Streams",
    "kline_1m": "> Kline/Candlestick Streams for UTC",
    "miniTicker": "> Individual Symbol Mini Ticker Stream",
    "ticker": "> Individual Symbol Ticker Streams",
}


def _trades(exchange: Any) -> int:
    return int(exchange.player.position()["trades"])


def test_streams_have_the_documented_fields(samples: Any) -> None:
    async def main() -> None:
        async with an_exchange(speed=10) as exchange, aiohttp.ClientSession() as session:
            names = "/".join(f"btcusdt@{kind}" for kind in STREAMS)
            seen: dict[str, Any] = {}
            async with session.ws_connect(f"{exchange.url}/stream?streams={names}") as socket:
                while len(seen) < len(STREAMS):
                    message = await asyncio.wait_for(socket.receive_json(), PATIENCE_S)
                    seen[message["stream"].partition("@")[2]] = message["data"]
            for kind, section in STREAMS.items():
                same_fields(seen[kind], samples("web-socket-streams.md", section))

    asyncio.run(main())


def test_user_events_have_the_documented_fields(samples: Any) -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            socket = await raw.session.ws_connect(f"{exchange.url}/ws-api/v3")
            await socket.send_json(signed_call(exchange, "userDataStream.subscribe.signature"))
            ack = await asyncio.wait_for(socket.receive_json(), PATIENCE_S)
            assert ack["result"] == {"subscriptionId": 0}
            terms = {
                "symbol": S,
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.01",
            }
            await raw.ask("POST", ORDER, **terms, price="50000", newClientOrderId="mine")
            await raw.ask("DELETE", ORDER, symbol=S, origClientOrderId="mine")
            report, position, cancelled, _ = [
                await asyncio.wait_for(socket.receive_json(), PATIENCE_S) for _ in range(4)
            ]
            file = "user-data-stream.md"
            rare = frozenset({"v"})  # only for a match that self-trade prevention stopped
            same_fields(report, samples(file, "> Order Update"), conditional=rare)
            same_fields(position, samples(file, "> Account Update"))
            assert (report["event"]["c"], report["event"]["C"]) == ("mine", "")
            assert cancelled["event"]["C"] == "mine"
            assert cancelled["event"]["X"] == "CANCELED"
            await socket.close()

    asyncio.run(main())


# -- who may ask -----------------------------------------------------------------------------
def test_the_signatures_of_binance_s_documents_are_reproduced(samples: Any) -> None:
    """rest-api.md, "HMAC keys" example; web-socket-api.md, "SIGNED request example (HMAC)"."""
    query = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
        "&recvWindow=5000&timestamp=1499827319559"
    )
    expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert sign(DOC_SECRET, rest_payload(f"{query}&signature=whatever", "")) == expected
    head, tail = query[:50], query[50:]
    assert sign(DOC_SECRET, rest_payload(head, f"{tail}&signature=x")) == expected
    call = samples("web-socket-api.md", "> SIGNED request example (HMAC)", 2)["params"]
    payload = ws_payload({name: str(value) for name, value in call.items()})
    assert sign(DOC_SECRET, payload) == call["signature"]
    Keys(DOC_KEY, DOC_SECRET).check(DOC_KEY, call["signature"], payload)
    with pytest.raises(VenueRejected, match="Signature"):
        Keys(DOC_KEY, DOC_SECRET).check(DOC_KEY, call["signature"], payload + "0")


def test_keys_signatures_and_windows_are_checked() -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            path, now = "/api/v3/account", exchange.clock.now_ns() // MILLISECOND
            text = f"timestamp={now}"
            good = f"{text}&signature={sign(DEFAULT_API_SECRET, text)}"
            codes = [
                (await raw.send("GET", path, good, key=None))["code"],
                (await raw.send("GET", path, good, key="other"))["code"],
                (await raw.send("GET", path, text))["code"],
                (await raw.send("GET", path, f"{text}&signature={sign('no', text)}"))["code"],
                (await raw.ask("GET", path, sent=now - 6000))["code"],
                (await raw.ask("GET", path, sent=now + 5000))["code"],
                (await raw.ask("GET", path, sent=now - 3000, recvWindow=2000))["code"],
                (await raw.ask("GET", path, recvWindow=60001))["code"],
                (await raw.ask("GET", path, sent="soon"))["code"],
            ]
            assert codes == [-2014, -2015, -1102, -1022, -1021, -1021, -1021, -1131, -1102]
            assert "balances" in await raw.ask("GET", path, sent=now - 3000)

    asyncio.run(main())


def test_at_another_speed_and_while_held_the_window_is_not_enforced() -> None:
    async def main() -> None:
        for options in ({"speed": 3}, {"hold": True}):
            async with an_exchange(**options) as exchange, raw_at(exchange) as raw:
                assert "balances" in await raw.ask("GET", "/api/v3/account", sent=5)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "path", "params", "code"),
    [
        ("GET", "/api/v3/nothing", {}, -1020),
        ("GET", "/api/v3/depth", {}, -1102),
        ("GET", "/api/v3/depth", {"symbol": "NOPE"}, -1121),
        ("GET", "/api/v3/klines", {"symbol": S, "interval": "7m"}, -1120),
        ("GET", "/api/v3/depth", {"symbol": S, "limit": "x"}, -1100),
        ("GET", ORDER, {"symbol": S}, -1102),
        ("GET", ORDER, {"symbol": S, "orderId": 99}, -2013),
        ("DELETE", ORDER, {"symbol": S, "orderId": 99}, -2011),
        ("DELETE", "/api/v3/openOrders", {"symbol": S}, -2011),
        ("POST", ORDER, {"symbol": S, "side": "BUY"}, -1102),
        ("POST", ORDER, {"symbol": S, "side": "UP", "type": "MARKET"}, -1117),
        ("POST", ORDER, {"symbol": S, "side": "BUY", "type": "SOON"}, -1116),
        ("POST", ORDER, {"symbol": S, "side": "BUY", "type": "LIMIT"}, -1102),
        ("POST", ORDER, {"symbol": S, "side": "BUY", "type": "MARKET", "quantity": "1e"}, -1100),
        ("POST", ORDER, {"symbol": S, "side": "BUY", "type": "MARKET", "quantity": "-1"}, -1013),
        ("POST", ORDER, {"symbol": S, "side": "BUY", "type": "MARKET", "quantity": "NaN"}, -1100),
        (
            "POST",
            ORDER,
            {
                "symbol": S,
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTX",
                "quantity": "1",
                "price": "1",
            },
            -1115,
        ),
    ],
)
def test_refusals_speak_binance(method: str, path: str, params: Any, code: int) -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            answer = await raw.ask(method, path, **params)
            assert answer["code"] == code
            assert answer["msg"]
            assert exchange.venue.orders == {}

    asyncio.run(main())


def test_weights_and_order_counts_are_told_and_enforced() -> None:
    async def main() -> None:
        limits = Limits(weight_per_minute=60, orders_per_10s=2)
        async with an_exchange(limits=limits) as exchange, raw_at(exchange) as raw:
            await raw.send("GET", "/api/v3/exchangeInfo")
            assert raw.headers["X-MBX-USED-WEIGHT-1M"] == "20"
            terms = {
                "symbol": S,
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.001",
            }
            market = {"symbol": S, "side": "BUY", "type": "MARKET", "quantity": "0.001"}
            await until(lambda: _trades(exchange) > 0)
            await raw.ask("POST", ORDER, **market)
            assert raw.headers["X-MBX-ORDER-COUNT-10S"] == "0"
            for _ in range(2):
                await raw.ask("POST", ORDER, **terms, price="50000")
            assert raw.headers["X-MBX-ORDER-COUNT-10S"] == "2"
            assert (await raw.ask("POST", ORDER, **terms, price="50000"))["code"] == -1015
            for _ in range(2):
                await raw.send("GET", "/api/v3/exchangeInfo")
            assert (await raw.send("GET", "/api/v3/exchangeInfo"))["code"] == -1003
            assert int(raw.headers["Retry-After"]) > 0
            assert raw.headers["X-Genesis-Clock-Speed"] == "1"

    asyncio.run(main())


def test_weights_depend_on_what_is_asked() -> None:
    asked = [("depth", {}), ("depth", {"limit": "1000"}), ("depth", {"limit": "5000"})]
    asked += [("openOrders", {"symbol": S}), ("openOrders", {}), ("myTrades", {"orderId": "1"})]
    weights = [ENDPOINTS[name].weigh(params) for name, params in asked]
    assert weights == [5, 50, 250, 6, 80, 5]


# -- sockets ---------------------------------------------------------------------------------
def test_subscriptions_over_an_open_connection() -> None:
    async def main() -> None:
        async with (
            an_exchange(lines=Lines(messages_per_s=50)) as exchange,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{exchange.url}/ws/btcusdt@trade") as socket,
        ):
            assert (await socket.receive_json())["e"] == "trade"
            answers = []
            for number, (method, params) in enumerate(
                [
                    ("SUBSCRIBE", ["btcusdt@bookTicker"]),
                    ("UNSUBSCRIBE", ["btcusdt@trade"]),
                    ("LIST_SUBSCRIPTIONS", []),
                    ("SET_PROPERTY", ["combined", True]),
                    ("DANCE", []),
                ]
            ):
                await socket.send_json({"method": method, "params": params, "id": number})
                answers.append(await _answer(socket, number))
            assert [answer.get("result") for answer in answers[:4]] == [
                None,
                None,
                ["btcusdt@bookTicker"],
                None,
            ]
            assert answers[4]["error"]["code"] == 2
            message = await socket.receive_json()
            while "stream" not in message:
                message = await socket.receive_json()
            assert message["stream"] == "btcusdt@bookTicker"
            await socket.send_str("{broken")
            while "error" not in message:
                message = await socket.receive_json()

    asyncio.run(main())


async def _answer(socket: Any, number: int) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await asyncio.wait_for(socket.receive_json(), PATIENCE_S)
        if message.get("id") == number:
            return message


def test_the_websocket_api_refuses_as_the_rest_interface_does() -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            socket = await raw.session.ws_connect(f"{exchange.url}/ws-api/v3")
            subscribe = signed_call(exchange, "userDataStream.subscribe.signature")
            calls = [
                {"id": 1, "method": "time"},
                {"id": 2, "method": "depth", "params": {"symbol": "NOPE"}},
                {"id": 3, "method": "nothing"},
                {"id": 4, "method": "account.status", "params": {"apiKey": "x"}},
                subscribe,
                subscribe,
                signed_call(exchange, "account.status", returnRateLimits="false"),
            ]
            answers = []
            for call in calls:
                await socket.send_json(call)
                answers.append(await asyncio.wait_for(socket.receive_json(), PATIENCE_S))
            await socket.send_str("[]")
            answers.append(await asyncio.wait_for(socket.receive_json(), PATIENCE_S))
            codes = [answer.get("error", {}).get("code") for answer in answers]
            assert codes == [None, -1121, -1020, -2015, None, -2035, None, -1102]
            assert answers[3]["status"] == 401
            assert answers[0]["rateLimits"][0]["count"] == 1
            assert "rateLimits" not in answers[6]
            await socket.close()

    asyncio.run(main())


def test_the_position_of_the_feed_is_told() -> None:
    async def main() -> None:
        async with an_exchange(hold=True) as exchange, raw_at(exchange) as raw:
            told = await raw.send("GET", "/__genesis__/feed")
            assert (told["held"], told["events"], told["done"]) == (True, 0, False)
            assert raw.headers["X-Genesis-Clock-Held"] == "1"
            first = (await raw.send("GET", "/api/v3/time"))["serverTime"]
            assert (await raw.send("GET", "/api/v3/time"))["serverTime"] == first
            socket = await raw.session.ws_connect(f"{exchange.url}/ws")
            await socket.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1})
            await until(lambda: _trades(exchange) > 2)
            told = await raw.send("GET", "/__genesis__/feed")
            assert not told["held"]
            assert "X-Genesis-Clock-Held" not in raw.headers
            await socket.close()

    asyncio.run(main())
