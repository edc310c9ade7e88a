"""What goes wrong at the loopback exchange on demand: requests, events, connections, clocks."""

import asyncio
import json
from typing import Any

import aiohttp
import ccxt
import pytest

from genesis.errors import UsageError
from genesis.exchange.loopback.fault_plan import FaultPlan, Odds
from genesis.exchange.loopback.faults import CODES, MODES, UNCERTAIN
from genesis.exchange.loopback.lines import Lines
from genesis.exchange.loopback.user_faults import EVENT_MODES
from tests.support.loopback import SYMBOL, an_exchange, ccxt_at, raw_at, signed_call, until
from tests.support.patience import PATIENCE_S
from tests.support.venue_samples import Samples, load_samples, same_fields
from tests.support.venue_scene import Scene, a_scene

ORDER = "/api/v3/order"
BUY = {"side": "BUY", "type": "MARKET", "quantity": "0.001"}
LIMIT = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "58000"}
_ENDS = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


async def act(scene: Scene, name: str, **wanted: Any) -> Any:
    return await scene.raw.post(f"/__genesis__/{name}", wanted)


async def arm(scene: Scene, **fault: Any) -> Any:
    return await act(scene, "fault", **({"path": ORDER, "method": "POST"} | fault))


# -- requests --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "carried_out", "seen"),
    [
        ({"mode": "drop_before"}, 0, aiohttp.ClientError),
        ({"mode": "drop_after"}, 1, aiohttp.ClientError),
        ({"mode": "http", "status": 502, "body": '{"code":-1001}'}, 0, -1001),
        ({"mode": "http_after", "status": 504, "body": '{"code":-1007}'}, 1, -1007),
        ({"mode": "http_after", "code": -1006}, 1, -1006),
        ({"mode": "truncate_after"}, 1, aiohttp.ClientError),
        ({"mode": "garbage_after"}, 1, aiohttp.ContentTypeError),
        ({"mode": "garbage_after", "body": " "}, 1, aiohttp.ContentTypeError),
        ({"mode": "delay_before", "seconds": 0.3}, 0, -1021),
        ({"mode": "delay_after", "seconds": 0.1}, 1, None),
    ],
)
def test_faults_before_and_after_an_order(fault: Any, carried_out: int, seen: Any) -> None:
    async def main() -> None:
        async with a_scene() as scene:
            assert "none of" in (await arm(scene, mode="odd"))["error"]
            await arm(scene, **fault)
            if isinstance(seen, type):
                with pytest.raises(seen):
                    await scene.ask("POST", ORDER, **BUY, recvWindow=200)
            else:
                answer = await scene.ask("POST", ORDER, **BUY, recvWindow=200)
                assert answer.get("code") == seen
            ledger = await scene.raw.send("GET", "/__genesis__/ledger")
            assert (len(ledger["orders"]), len(ledger["trades"])) == (carried_out, carried_out)
            assert "orderId" in await scene.ask("POST", ORDER, **BUY)

    asyncio.run(main())


def test_every_general_error_comes_with_its_status_and_ccxt_knows_it() -> None:
    async def main() -> None:
        async with a_scene() as scene, ccxt_at(scene.exchange.url) as client:
            await client.load_markets()
            for code in CODES:
                mode = "http_after" if code in UNCERTAIN else "http"
                await arm(scene, mode=mode, code=code)
                before = len(scene.exchange.venue.orders)
                with pytest.raises(ccxt.BaseError):
                    await client.create_order(SYMBOL, "limit", "buy", 0.001, 50_000)
                placed = len(scene.exchange.venue.orders) - before
                assert placed == (code in UNCERTAIN), code
                met = scene.exchange.faults.met[-1]
                assert (met["code"], met["mode"]) == (code, mode)
            for status in (418, 429):
                await arm(scene, mode="http", status=status, body="{}")
                assert await scene.ask("POST", ORDER, **LIMIT) == {}
                assert int(scene.raw.headers["Retry-After"]) > 0

    asyncio.run(main())


def test_a_script_of_faults_is_met_in_its_order() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            script = [
                {"path": ORDER, "method": "POST", "mode": "http", "code": -1001, "skip": 1},
                {"path": "*", "method": "GET", "mode": "http", "code": -1003, "count": 2},
            ]
            await act(scene, "fault", faults=script)
            codes = [(await scene.ask("POST", ORDER, **BUY)).get("code") for _ in range(3)]
            assert codes == [None, -1001, None]
            codes = [(await scene.raw.ask("GET", "/api/v3/openOrderList")) for _ in range(2)]
            assert [answer["code"] for answer in codes] == [-1003, -1003]
            assert await scene.raw.ask("GET", "/api/v3/openOrderList") == []
            assert (await act(scene, "fault", path="*", method="*", mode="http", code=5))["error"]
            assert (await act(scene, "fault", mode="http"))["error"]
            assert len(scene.exchange.faults.met) == 3

    asyncio.run(main())


def test_a_plan_is_the_same_for_the_same_seed_and_reaches_every_fault() -> None:
    def course(seed: int) -> list[Any]:
        plan = FaultPlan(seed, Odds(requests=0.5, events=0.4, cuts=0.1, calm=10))
        met = [plan.request(("GET", "POST")[n % 2], ORDER) for n in range(400)]
        assert not any(met[:10])
        told = [plan.event() for _ in range(400)]
        return [fault and (fault.mode, fault.code) for fault in met] + told

    once = course(7)
    assert once == course(7)
    assert once != course(8)
    hit = [met for met in once[:400] if met]
    assert {mode for mode, _ in hit} == MODES
    assert all(code is None or code in CODES for _, code in hit)
    after = {code for mode, code in hit if mode == "http_after"}
    assert after <= set(UNCERTAIN)
    assert set(once[400:]) == {None, "cut", *EVENT_MODES}
    assert 120 < len(hit) < 270
    assert FaultPlan(7, Odds(requests=1)).request("GET", "/api/v3/time") is None
    for wrong in ({"seed": "x"}, {"requests": 2}, {"luck": 1}):
        with pytest.raises(UsageError):
            FaultPlan.read(wrong)


def test_a_plan_may_meet_bans_and_every_general_error() -> None:
    odds = {"seed": 3, "requests": 1, "every": True, "silent_s": 1, "late_s": 0.5}
    plan = FaultPlan.read(odds)
    met = [fault for _ in range(800) if (fault := plan.request("POST", ORDER))]
    assert {fault.code for fault in met} == {None, *CODES}
    bans = [fault for fault in met if fault.status == 418]
    limits = [fault for fault in met if fault.code in (-1003, -1015)]
    assert bans and set(map(id, bans)) <= set(map(id, limits))
    assert all((fault.headers == {"Retry-After": "1"}) == (fault in limits) for fault in met)
    assert {fault.seconds for fault in met if "delay" in fault.mode} == {0.5}


def test_under_a_plan_the_ledger_tells_what_was_carried_out() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await act(scene, "plan", seed=3, requests=0.4, events=0.3)
            sure: set[str] = set()
            doubtful: set[str] = set()
            for n in range(60):
                name = f"o{n}"
                try:
                    answer = await scene.ask("POST", ORDER, **LIMIT, newClientOrderId=name)
                    (sure if "orderId" in answer else doubtful).add(name)
                    if answer.get("code") in (-1003, -1015, -1016, -1021):
                        doubtful.discard(name)
                except (aiohttp.ClientError, json.JSONDecodeError):
                    doubtful.add(name)
            met = await act(scene, "plan")
            assert len(met["requests"]) > 10
            assert {"duplicate", "swap"} & set(met["events"])
            ledger = await scene.raw.send("GET", "/__genesis__/ledger")
            placed = {row["clientOrderId"] for row in ledger["orders"]}
            assert sure < placed < sure | doubtful

    asyncio.run(main())


# -- clocks and memories ---------------------------------------------------------------------
def test_queries_may_know_late_what_happened() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await act(scene, "system", lag_ms=3_600_000)
            order = await scene.ask("POST", ORDER, **BUY)
            named = {"orderId": order["orderId"]}
            assert (await scene.ask("GET", ORDER, **named))["code"] == -2013
            assert await scene.ask("GET", "/api/v3/allOrders") == []
            assert await scene.ask("GET", "/api/v3/myTrades") == []
            await scene.ask("POST", ORDER, **LIMIT)
            assert await scene.ask("GET", "/api/v3/openOrders") == []
            await act(scene, "system", lag_ms=0)
            assert (await scene.ask("GET", ORDER, **named))["status"] == "FILLED"
            assert len(await scene.ask("GET", "/api/v3/allOrders")) == 2

    asyncio.run(main())


# -- user events -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("duplicate", ["NEW", "NEW", "TRADE"]),
        ("swap", ["TRADE", "NEW"]),
        ("drop", ["TRADE"]),
        ("delay", ["TRADE", "NEW"]),
    ],
)
def test_user_events_come_twice_late_out_of_order_or_never(mode: str, told: list[str]) -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await act(scene, "events", mode=mode, seconds=0.05)
            # between the two reports the balances are told: they swap places with the first
            if mode == "swap":
                await act(scene, "events", mode="drop")
            await scene.ask("POST", ORDER, **BUY)
            seen: list[str] = []
            while len(seen) < len(told):
                event = await scene.events.next()
                if event["e"] == "executionReport":
                    seen.append(event["x"])
            assert seen == told
            assert (await act(scene, "events", mode="sing"))["error"]

    asyncio.run(main())


# -- connections -----------------------------------------------------------------------------
def test_connections_can_be_cut() -> None:
    async def main() -> None:
        async with an_exchange() as exchange, raw_at(exchange) as raw:
            stream = await raw.session.ws_connect(f"{exchange.url}/ws/btcusdt@trade")
            user = await raw.session.ws_connect(f"{exchange.url}/ws-api/v3")
            await user.send_json(signed_call(exchange, "userDataStream.subscribe.signature"))
            await user.receive_json()
            assert await raw.post("/__genesis__/disconnect", {"what": "user"}) == {"cut": 1}
            await ended(user)
            assert not stream.closed
            assert await raw.post("/__genesis__/disconnect", {"what": "streams"}) == {"cut": 1}
            await ended(stream)

    asyncio.run(main())


async def ended(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
    """How the connection ended, once it did."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await socket.receive()
            if message.type in _ENDS:
                return message


def test_a_connection_lives_no_longer_than_its_time() -> None:
    async def main() -> None:
        async with an_exchange(lines=Lines(life_s=0.1)) as exchange, raw_at(exchange) as raw:
            for path in ("ws/btcusdt@trade", "ws-api/v3"):
                message = await ended(await raw.session.ws_connect(f"{exchange.url}/{path}"))
                assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)

    asyncio.run(main())


def test_pings_are_sent_and_a_listener_that_does_not_answer_is_left() -> None:
    async def main() -> None:
        lines = Lines(ping_s=0.05, pong_s=0.15)
        async with an_exchange(lines=lines) as exchange, raw_at(exchange) as raw:
            url = f"{exchange.url}/ws-api/v3"
            answering = await raw.session.ws_connect(url)
            reading = asyncio.create_task(ended(answering))
            silent = await raw.session.ws_connect(url, autoping=False)
            ping = await silent.receive()
            assert (ping.type, ping.data.isdigit()) == (aiohttp.WSMsgType.PING, True)
            await silent.pong(b"unasked")
            await ended(silent)
            assert not reading.done()
            reading.cancel()

    asyncio.run(main())


def test_a_listener_that_talks_too_much_or_wants_too_much_is_left() -> None:
    async def main() -> None:
        async with an_exchange(lines=Lines(streams=2)) as exchange, raw_at(exchange) as raw:
            talker = await raw.session.ws_connect(f"{exchange.url}/ws/btcusdt@trade")
            for n in range(6):
                await talker.send_json({"method": "LIST_SUBSCRIPTIONS", "id": n})
            assert (await ended(talker)).data == 1008
            names = "/".join(f"btcusdt@{kind}" for kind in ("trade", "depth", "ticker"))
            greedy = await raw.session.ws_connect(f"{exchange.url}/stream?streams={names}")
            assert (await ended(greedy)).data == 1008

    asyncio.run(main())


def test_a_shutdown_is_announced_and_a_stream_can_be_terminated(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene() as scene:
            base = scene.exchange.url
            plain = await scene.raw.session.ws_connect(f"{base}/ws/btcusdt@bookTicker")
            combined = await scene.raw.session.ws_connect(f"{base}/stream?streams=btcusdt@depth")
            assert await act(scene, "terminate") == {"ended": 1}
            told = await scene.events.socket.receive_json()
            same_fields(told, samples("user-data-stream.md", "> Event Stream Terminated"))
            await scene.ask("POST", ORDER, **LIMIT)
            await act(scene, "shutdown", seconds=0)
            file, section = "web-socket-streams.md", "> Server Shutdown"
            same_fields(await plain.receive_json(), samples(file, section, 0))
            same_fields(await combined.receive_json(), samples(file, section, 1))
            api = await scene.events.socket.receive_json()
            same_fields(api, samples("web-socket-api.md", "> Connection events > Server Shutdown"))
            for socket in (plain, combined, scene.events.socket):
                await ended(socket)

    asyncio.run(main())


def test_a_stalled_connection_says_nothing_and_then_all_of_it() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            assert await act(scene, "stall", what="user", seconds=0.2) == {"stalled": 1}
            for _ in range(3):
                await scene.ask("POST", ORDER, **LIMIT)
            waiting = next(iter(scene.exchange._hub.users))
            assert waiting.is_stalled
            assert [x for _, x, _ in await scene.events.orders(3)] == ["NEW"] * 3
            await until(lambda: not waiting.is_stalled)

    asyncio.run(main())


def test_a_stalled_connection_answers_no_ping_and_a_flowing_one_does() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            url = f"{scene.exchange.url}/stream?streams=nothing@trade"
            async with scene.raw.session.ws_connect(url, autoping=False) as socket:
                await socket.ping(b"1")
                assert (await socket.receive(PATIENCE_S)).data == b"1"
                await act(scene, "stall", what="streams", seconds=PATIENCE_S)
                await socket.ping(b"2")
                with pytest.raises(TimeoutError):
                    await socket.receive(0.2)

    asyncio.run(main())


def test_calm_ends_every_fault_that_is_armed() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await arm(scene, mode="http", code=-1001, count=1_000)
            assert (await scene.ask("POST", ORDER, **BUY))["code"] == -1001
            assert [met["code"] for met in (await act(scene, "calm"))["requests"]] == [-1001]
            assert "orderId" in await scene.ask("POST", ORDER, **BUY)

    asyncio.run(main())
