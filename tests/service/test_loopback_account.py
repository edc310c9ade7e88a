"""What happens to the account past its API orders: flows, the owner's hands, keys, suspensions."""

import asyncio
from typing import Any

import ccxt
import pytest

from genesis.exchange.loopback import Limits
from genesis.exchange.loopback.filters import Filters
from tests.support.loopback import SYMBOL, D, ccxt_at
from tests.support.venue_samples import Samples, load_samples, same_fields
from tests.support.venue_scene import S, Scene, a_scene

ORDER = "/api/v3/order"
LIMIT = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "58000"}
MARKET = {"side": "BUY", "type": "MARKET", "quantity": "0.01"}


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load_samples()


async def act(scene: Scene, name: str, **wanted: Any) -> Any:
    return await scene.raw.post(f"/__genesis__/{name}", wanted)


# -- flows -----------------------------------------------------------------------------------
FLOWS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"kind": "deposit", "asset": "USDT", "amount": "50"}, {"USDT": "50"}),
    ({"kind": "withdrawal", "asset": "USDT", "amount": "20", "fee": "1"}, {"USDT": "-21"}),
    (
        {"kind": "dust", "asset": "BTC", "amount": "0.00001", "brings": "0.0009", "fee": "0.0001"},
        {"BTC": "-0.00001", "BNB": "0.0009"},
    ),
    (
        {"kind": "transfer", "asset": "USDT", "amount": "5", "type": "MAIN_FUNDING"},
        {"USDT": "-5"},
    ),
    (
        {"kind": "transfer", "asset": "USDT", "amount": "7", "type": "FUNDING_MAIN"},
        {"USDT": "7"},
    ),
    ({"kind": "dividend", "asset": "BNB", "amount": "0.5"}, {"BNB": "0.5"}),
    ({"kind": "unexplained", "asset": "USDT", "amount": "-3"}, {"USDT": "-3"}),
]


def test_flows_move_balances_are_told_and_are_listed(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene(btc="0.001") as scene, ccxt_at(scene.exchange.url) as client:
            held = {"USDT": D(10_000), "BTC": D("0.001"), "BNB": D(0)}
            for wanted, moves in FLOWS:
                await act(scene, "flow", **wanted)
                for asset, change in moves.items():
                    held[asset] += D(change)
                    update = await scene.events.next()
                    theirs = samples("user-data-stream.md", "> Balance Update")["event"]
                    same_fields(update, theirs)
                    assert (update["a"], D(update["d"])) == (asset, D(change))
                    position = await scene.events.next()
                    row = {"a": asset, "f": f"{held[asset]:.8f}", "l": "0.00000000"}
                    assert (position["e"], position["B"]) == ("outboundAccountPosition", [row])
            assert {a: free for a, (free, _) in (await scene.balances()).items()} == held
            ledger = await scene.raw.send("GET", "/__genesis__/ledger")
            assert [row["kind"] for row in ledger["flows"]].count("unexplained") == 1
            await client.load_markets()
            await _listed_by_ccxt(client)

    asyncio.run(main())


async def _listed_by_ccxt(client: Any) -> None:
    deposit = (await client.fetch_deposits())[0]
    assert (deposit["currency"], deposit["amount"], deposit["status"]) == ("USDT", 50, "ok")
    withdrawal = (await client.fetch_withdrawals())[0]
    assert (withdrawal["amount"], withdrawal["fee"]["cost"], withdrawal["status"]) == (20, 1, "ok")
    assert withdrawal["timestamp"] // 1000 == deposit["timestamp"] // 1000
    dust = await client.sapiGetAssetDribblet()
    assert dust["userAssetDribblets"][0]["userAssetDribbletDetails"][0]["fromAsset"] == "BTC"
    out = await client.fetch_transfers(params={"type": "MAIN_FUNDING"})
    assert [(row["amount"], row["status"]) for row in out] == [(5, "ok")]
    assert (await client.sapiGetAssetAssetDividend())["total"] == 1


def test_a_flow_that_cannot_be_says_why() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            for wrong in (
                {"kind": "gift", "asset": "USDT", "amount": "1"},
                {"kind": "deposit", "amount": "1"},
                {"kind": "deposit", "asset": "USDT"},
                {"kind": "deposit", "asset": "USDT", "amount": "-1"},
                {"kind": "withdrawal", "asset": "USDT", "amount": "10000", "fee": "1"},
                {"kind": "transfer", "asset": "USDT", "amount": "1", "type": "MAIN"},
                {"kind": "dust", "asset": "USDT", "amount": "1"},
            ):
                assert (await act(scene, "flow", **wrong))["error"]
            assert await scene.balances() == {"USDT": (10_000, 0), "BTC": (0, 0)}
            assert (await scene.raw.send("GET", "/__genesis__/ledger"))["flows"] == []

    asyncio.run(main())


def test_transfers_come_in_pages_of_one_kind_and_of_the_last_days() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            for _ in range(12):
                wanted = {"kind": "transfer", "asset": "USDT", "type": "MAIN_FUNDING"}
                await act(scene, "flow", **wanted, amount="1")
            path = "/sapi/v1/asset/transfer"
            assert (await scene.raw.ask("GET", path))["code"] == -1102
            first = await scene.raw.ask("GET", path, type="MAIN_FUNDING")
            rest = await scene.raw.ask("GET", path, type="MAIN_FUNDING", current=2)
            assert (first["total"], len(first["rows"]), len(rest["rows"])) == (12, 10, 2)
            assert (await scene.raw.ask("GET", path, type="FUNDING_MAIN"))["total"] == 0

    asyncio.run(main())


# -- the owner's hands -----------------------------------------------------------------------
def test_orders_made_by_hand_are_foreign_orders_of_the_same_account() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            ours = await scene.ask("POST", ORDER, **LIMIT, newClientOrderId="ours")
            bought = await act(scene, "order", symbol=S, **MARKET)
            assert bought["status"] == "FILLED"
            assert bought["clientOrderId"].startswith("web_")
            trade = await scene.events.until("executionReport", x="TRADE")
            assert trade["c"] == bought["clientOrderId"]
            assert (await scene.balances())["BTC"] == (D("0.00999"), 0)
            gone = await act(scene, "cancel", symbol=S, orderId=ours["orderId"])
            assert gone["status"] == "CANCELED"
            report = await scene.events.until("executionReport", x="CANCELED")
            assert (report["C"], report["c"][:4]) == ("ours", "web_")
            assert "Unknown order" in (await act(scene, "cancel", symbol=S, orderId=99))["error"]

    asyncio.run(main())


def test_fees_are_paid_in_a_third_asset_while_there_is_enough_of_it() -> None:
    async def main() -> None:
        async with a_scene() as scene:
            await act(scene, "flow", kind="deposit", asset="BNB", amount="0.001")
            await act(scene, "fees", asset="bnb", price="600")
            told = (await scene.ask("GET", "/api/v3/account/commission"))["discount"]
            assert (told["discountAsset"], told["enabledForAccount"]) == ("BNB", True)
            first = (await scene.ask("POST", ORDER, **MARKET))["fills"][0]
            # 600.0001 USDT at 0.1 % and three quarters of it, at 600 USDT each
            assert (first["commissionAsset"], first["commission"]) == ("BNB", "0.00075000")
            position = await scene.events.until("outboundAccountPosition")
            while len(position["B"]) < 3:
                position = await scene.events.until("outboundAccountPosition")
            assert position["B"][2] == {"a": "BNB", "f": "0.00025000", "l": "0.00000000"}
            then = (await scene.ask("POST", ORDER, **MARKET))["fills"][0]
            assert (then["commissionAsset"], then["commission"]) == ("BTC", "0.00001000")
            assert (await scene.balances())["BTC"] == (D("0.01999"), 0)
            assert (await act(scene, "fees", asset="BNB"))["error"]
            assert await act(scene, "fees") == {}

    asyncio.run(main())


# -- keys, suspensions, maintenance ----------------------------------------------------------
def test_what_a_key_may_do_can_change() -> None:
    async def main() -> None:
        async with a_scene() as scene, ccxt_at(scene.exchange.url) as client:
            await client.load_markets()
            told = await client.sapiGetAccountApiRestrictions()
            assert (told["enableWithdrawals"], told["ipRestrict"]) == (False, True)
            assert (await act(scene, "key", withdrawals=True))["enableWithdrawals"]
            await act(scene, "key", trading=False)
            assert (await scene.ask("POST", ORDER, **LIMIT))["code"] == -2015
            assert "balances" in await scene.raw.ask("GET", "/api/v3/account")
            await act(scene, "key", has_access=False)
            assert (await scene.raw.ask("GET", "/api/v3/account"))["code"] == -2015
            with pytest.raises(ccxt.AuthenticationError):
                await client.fetch_balance()
            assert "no permission" in (await act(scene, "key", trading="yes"))["error"]
            assert "no permission" in (await act(scene, "key", told=True))["error"]

    asyncio.run(main())


def test_a_suspended_symbol_takes_no_orders_and_says_so() -> None:
    async def main() -> None:
        async with a_scene() as scene, ccxt_at(scene.exchange.url) as client:
            await client.load_markets()
            order = await scene.ask("POST", ORDER, **LIMIT)
            await act(scene, "symbol", symbol=S, status="CANCEL_ONLY")
            info = await scene.raw.send("GET", "/api/v3/exchangeInfo")
            assert info["symbols"][0]["status"] == "CANCEL_ONLY"
            with pytest.raises(ccxt.BaseError, match="Market is closed"):
                await client.create_order(SYMBOL, "market", "buy", 0.01)
            gone = await scene.ask("DELETE", ORDER, orderId=order["orderId"])
            assert gone["status"] == "CANCELED"
            await act(scene, "symbol", symbol=S, status="TRADING")
            assert "orderId" in await scene.ask("POST", ORDER, **MARKET)
            assert (await act(scene, "symbol", symbol=S, status="ASLEEP"))["error"]
            assert (await act(scene, "symbol", symbol="NOPE", status="HALT"))["error"]

    asyncio.run(main())


def test_maintenance_and_a_clock_that_is_off_are_told() -> None:
    async def main() -> None:
        async with a_scene() as scene, ccxt_at(scene.exchange.url) as client:
            await act(scene, "system", maintenance=True, skew_ms=3_600_000)
            assert (await client.fetch_status())["status"] == "maintenance"
            now = scene.exchange.clock.now_ns() // 10**6
            told = (await scene.raw.send("GET", "/api/v3/time"))["serverTime"]
            assert 3_600_000 <= told - now < 3_610_000
            assert (await scene.raw.ask("GET", "/api/v3/account"))["code"] == -1021
            assert "balances" in await scene.raw.ask("GET", "/api/v3/account", sent=told)
            assert (await act(scene, "system", mood="bad"))["error"]

    asyncio.run(main())


# -- filters and limits ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("filters", "params", "named"),
    [
        (Filters(), {"price": "300001"}, "PERCENT_PRICE_BY_SIDE"),
        (Filters(), {"price": "11999"}, "PERCENT_PRICE_BY_SIDE"),
        (Filters(), {"price": "12001"}, None),
        (Filters(ask_down=D("0.9")), {"price": "53000"}, None),
        (Filters(ask_down=D("0.9")), {"price": "53000", "side": "SELL"}, "PERCENT_PRICE_BY_SIDE"),
        (Filters(by_side=False, bid_down=D("0.95")), {"price": "56000"}, "PERCENT_PRICE"),
        (Filters(max_notional=D(500)), {"price": "58000"}, "NOTIONAL"),
        (Filters(), {"quantity": "0.00001"}, "NOTIONAL"),
        (Filters(), {"quantity": "0.000011"}, "LOT_SIZE"),
        (Filters(), {"price": "58000.001"}, "PRICE_FILTER"),
    ],
)
def test_filters_refuse_by_name(filters: Filters, params: Any, named: str | None) -> None:
    async def main() -> None:
        async with a_scene(btc="1", filters=filters) as scene:
            info = (await scene.raw.send("GET", "/api/v3/exchangeInfo"))["symbols"][0]
            answer = await scene.ask("POST", ORDER, **(LIMIT | params))
            if named is None:
                assert "orderId" in answer
                return
            assert answer == {"code": -1013, "msg": f"Filter failure: {named}"}
            assert named in {row["filterType"] for row in info["filters"]}

    asyncio.run(main())


def test_filters_have_the_documented_fields(samples: Samples) -> None:
    async def main() -> None:
        for filters in (Filters(), Filters(by_side=False)):
            async with a_scene(filters=filters) as scene:
                info = await scene.raw.send("GET", "/api/v3/exchangeInfo")
                for row in info["symbols"][0]["filters"]:
                    same_fields(row, samples("filters.md", f"> {row['filterType']}"))

    asyncio.run(main())


def test_six_stops_are_one_too_many() -> None:
    async def main() -> None:
        async with a_scene(btc="1") as scene:
            stop = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.01", "stopPrice": "50000"}
            answers = [await scene.ask("POST", ORDER, **stop) for _ in range(6)]
            assert [answer.get("code") for answer in answers] == [None] * 5 + [-1013]
            assert answers[-1]["msg"] == "Filter failure: MAX_NUM_ALGO_ORDERS"

    asyncio.run(main())


def test_only_failed_orders_cost_weight_and_who_goes_on_asking_is_banned() -> None:
    async def main() -> None:
        limits = Limits(weight_per_minute=21, ban_after=3, ban_s=120)
        async with a_scene(limits=limits) as scene:
            used = "X-MBX-USED-WEIGHT-1M"
            order = await scene.ask("POST", ORDER, **LIMIT)
            await scene.ask("DELETE", ORDER, orderId=order["orderId"])
            assert scene.raw.headers[used] == "0"
            await scene.ask("DELETE", ORDER, orderId=order["orderId"])
            assert scene.raw.headers[used] == "1"
            await scene.raw.send("GET", "/api/v3/exchangeInfo")
            asked = [await _status(scene) for _ in range(4)]
            assert [status for status, _ in asked] == [429, 429, 418, 418]
            assert 0 < asked[0][1] <= 61
            assert 60 < asked[3][1] <= 121

    asyncio.run(main())


async def _status(scene: Scene) -> tuple[int, int]:
    url = f"{scene.exchange.url}/api/v3/exchangeInfo"
    async with scene.raw.session.get(url) as answer:
        assert (await answer.json())["code"] == -1003
        return answer.status, int(answer.headers["Retry-After"])


def test_rates_have_the_documented_fields(samples: Samples) -> None:
    async def main() -> None:
        async with a_scene() as scene:
            told = await scene.ask("GET", "/api/v3/account/commission")
            same_fields(told, samples("rest-api.md", "> Query Commission Rates (USER_DATA)"))
            assert told["standardCommission"]["taker"] == "0.00100000"

    asyncio.run(main())
