"""`close-all --direct` when things go wrong: each ends as the exchange's own ledger must show it.

Nothing is sold twice, no stop is gone from what is held, and what stays is told.
"""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.account import Balance
from genesis.errors import ConfigError, Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.classify import Answer
from genesis.exchange.retries import Retries
from genesis.exchange.venue import BINANCE
from genesis.service import direct, leaving
from genesis.service.account_record import read_account
from genesis.service.clock import VenueClock
from genesis.service.settings import Settings
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import LEASE_SUFFIX
from genesis.store.lease import Lease
from tests.support.build import BTC
from tests.support.direct_account import ORDER, REPLACE, a_record, an_account
from tests.support.simex import QUICK

D = Decimal


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_PAUSES_S", (0.01,) * 4)
    monkeypatch.setattr(direct, "_PAUSES_S", (0.01,) * 3)
    monkeypatch.setattr("genesis.exchange.binance.Bound", lambda: QUICK)


# -- the answer of the sale is lost ----------------------------------------------------------
@pytest.mark.parametrize("path", [ORDER, REPLACE])
@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "drop_after"},
        {"mode": "truncate_after"},
        {"mode": "garbage_after"},
        {"mode": "http_after", "code": -1007},
        {"mode": "http", "code": -1000},
        {"mode": "drop_before"},
    ],
    ids=lambda fault: f"{fault['mode']} {fault.get('code', '')}".strip(),
)
def test_a_sale_without_an_answer_is_made_once(
    tmp_path: Path, fault: dict[str, Any], path: str
) -> None:
    """With coins beside it that were held before, which a second sale would take.

    It takes the place of a stop, or there is none.
    """

    async def body() -> None:
        async with an_account(a_record(tmp_path, BTC="0.5"), BTC="0.503") as at:
            if path == REPLACE:
                await at.stop(2, "0.003", "58000")
            at.fault(path=path, **fault)
            told = await at.close()
            assert (told["positions_closed"], told["errors"]) == (1, [])
            assert (await at.held(), await at.resting()) == ({"BTC": D("0.5")}, [])
            assert await at.sold() == [("BTCUSDT", D("0.003"))]

    asyncio.run(body())


def test_a_sale_that_nobody_tells_of_is_followed_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "_RESOLVE_S", 0.2)

    async def body() -> None:
        async with an_account(a_record(tmp_path, BTC="0.5"), BTC="0.503") as at:
            await at.stop(2, "0.003", "58000")
            at.fault(path=REPLACE, mode="drop_after")
            at.fault("GET", mode="http", status=503, count=10**6)
            told = await at.close()
            (problem,) = told["errors"]
            assert "the sale of 0.003 BTC (order g-0-1-0-" in problem
            assert "does not tell what became of it" in problem
            at.exchange.faults.clear()
            told = await at.close()
            assert told["errors"] == []
            assert (await at.held(), await at.resting()) == ({"BTC": D("0.5")}, [])
            assert await at.sold() == [("BTCUSDT", D("0.003"))]

    asyncio.run(body())


def test_a_balance_that_is_told_late_sells_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coins from before lie beside it: the venue would take a second sale."""
    told: list[tuple[Balance, ...]] = []
    real = BinanceGateway.balances

    async def late(self: BinanceGateway) -> tuple[Balance, ...]:
        told.append(await real(self))
        return told[max(0, len(told) - 4)]

    async def body() -> None:
        async with an_account(a_record(tmp_path, BTC="0.5"), BTC="0.503") as at:
            monkeypatch.setattr(BinanceGateway, "balances", late)
            assert (await at.close())["errors"] == []
            assert await at.sold() == [("BTCUSDT", D("0.003"))]

    asyncio.run(body())


# -- it cannot be sold -----------------------------------------------------------------------
def test_what_cannot_be_sold_has_its_stop_again(tmp_path: Path) -> None:
    """Under its own name: the next run knows it."""

    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            name = await at.stop(2, "0.003", "58000")
            at.fault(path=REPLACE, mode="http", code=-1013)
            at.fault(mode="http", code=-1013, count=5)
            told = await at.close()
            (problem,) = told["errors"]
            assert problem.startswith("BTC/USDT: 0.003 BTC are still held: ")
            assert "-1013" in problem
            assert problem.endswith("its stop at 58000 is placed again")
            assert (await at.sold(), await at.resting()) == ([], [name])
            told = await at.close()
            assert (told["errors"], await at.held(), await at.resting()) == ([], {}, [])

    asyncio.run(body())


def test_without_a_way_to_place_its_stop_again_that_is_said(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            await at.stop(2, "0.003", "58000")
            for path in (ORDER, REPLACE):
                at.fault(path=path, mode="http", code=-1013, count=10**6)
            (problem,) = (await at.close())["errors"]
            assert "it has NO stop now (it was at 58000): close it at the venue" in problem

    asyncio.run(body())


def test_a_stop_that_cannot_be_cancelled_stays_and_nothing_is_sold(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            name = await at.stop(2, "0.003", "58000")
            refusal = '{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}'
            at.fault(path=REPLACE, mode="http", status=401, body=refusal, count=10**6)
            at.fault("DELETE", mode="http", status=401, body=refusal, count=10**6)
            (problem,) = (await at.close())["errors"]
            assert "its stop cannot be cancelled" in problem and "-2015" in problem
            assert problem.endswith("its stop stays")
            assert (await at.sold(), await at.resting()) == ([], [name])

    asyncio.run(body())


def test_a_suspended_symbol_keeps_its_stop_and_holds_up_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003", ETH="0.1") as at:
            name = await at.stop(2, "0.003", "58000")
            await at.stop(3, "0.1", "2900", "ETHUSDT")
            await at.suspend("BTCUSDT")
            told = await at.close()
            (problem,) = told["errors"]
            assert "BTC/USDT: left as it is" in problem and "(HALT)" in problem
            assert (await at.held(), await at.resting()) == ({"BTC": D("0.003")}, [name])

    asyncio.run(body())


def test_what_an_order_of_the_owner_holds_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            limit = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "price": "70000"}
            await at.order(quantity="0.002", **limit)
            (problem,) = (await at.close())["errors"]
            assert "0.002 BTC are still held: orders that are not ours hold it there" in problem
            assert await at.sold() == [("BTCUSDT", D("0.001"))]
            assert len(await at.resting()) == 1

    asyncio.run(body())


# -- what is never sold ----------------------------------------------------------------------
def test_coins_from_before_stay_though_an_order_of_their_owner_holds_them(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path, BTC="0.5"), BTC="0.503") as at:
            limit = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "price": "70000"}
            await at.order(quantity="0.5", **limit)
            await at.stop(2, "0.003", "58000")
            assert (await at.close())["errors"] == []
            assert await at.sold() == [("BTCUSDT", D("0.003"))]

    asyncio.run(body())


def test_a_stop_beside_fewer_coins_than_were_held_before_stays_and_is_told(tmp_path: Path) -> None:
    """Somebody took some of them out, and the log does not know it."""

    async def body() -> None:
        async with an_account(a_record(tmp_path, BTC="0.5"), BTC="0.4") as at:
            name = await at.stop(2, "0.003", "58000")
            (problem,) = (await at.close())["errors"]
            assert "no more BTC are held than before the account was opened" in problem
            assert (await at.sold(), await at.resting()) == ([], [name])

    asyncio.run(body())


def test_dust_is_told_and_is_no_failure(tmp_path: Path) -> None:
    """0.00005 BTC are 3 USDT."""

    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.00005", ETH="0.1000004") as at:
            told = await at.close()
            assert (told["positions_closed"], told["errors"]) == (1, [])
            assert told["notes"] == [
                "0.0000004 ETH stay: dust, the venue takes no order below 5 USDT",
                "0.00005 BTC stay: dust, the venue takes no order below 5 USDT",
            ]
            assert await at.sold() == [("ETHUSDT", D("0.1"))]

    asyncio.run(body())


# -- slippage and order ----------------------------------------------------------------------
@pytest.mark.parametrize(("qty", "is_sold"), [("6", True), ("9", False)])
def test_slippage_is_that_of_the_whole_sale_through_the_book(
    tmp_path: Path, qty: str, is_sold: bool
) -> None:
    """Five rest at the price, the others 1,000 lower: 6 bring 0.28 % less, 9 bring 0.74 %."""

    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC=qty) as at:
            name = await at.stop(2, qty, "50000")
            await at.entry(3)
            told = await at.close(D("0.5"))
            assert (await at.held() == {}) is is_sold
            assert await at.resting() == ([] if is_sold else [name])  # the entry goes in any case
            assert [("0.74 % less" in line) for line in told["errors"]] == [True] * (not is_sold)

    asyncio.run(body())


@pytest.mark.parametrize(
    ("btc_stop", "eth_stop", "first"),
    [("59900", "2000", "ETHUSDT"), ("30000", "2999", "BTCUSDT"), ("59900", None, "ETHUSDT")],
)
def test_what_may_lose_most_is_left_first(
    tmp_path: Path, btc_stop: str, eth_stop: str | None, first: str
) -> None:
    """0.01 BTC are worth 600, 0.1 ETH 300; one without a stop may lose all of it."""

    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.01", ETH="0.1") as at:
            await at.stop(2, "0.01", btc_stop)
            if eth_stop is not None:
                await at.stop(3, "0.1", eth_stop, "ETHUSDT")
            assert (await at.close())["errors"] == []
            sold = await at.sold()
            assert sold[0][0] == first
            assert dict(sold) == {"BTCUSDT": D("0.01"), "ETHUSDT": D("0.1")}

    asyncio.run(body())


def test_more_than_the_venue_takes_at_once_is_sold_in_parts(tmp_path: Path) -> None:
    async def body() -> None:
        small = replace(BTC, max_qty=D(9), max_market_qty=D("0.004"))
        async with an_account(a_record(tmp_path), small, BTC="0.011") as at:
            await at.stop(2, "0.011", "58000")
            assert (await at.close())["errors"] == []
            assert [qty for _, qty in await at.sold()] == [D("0.004"), D("0.004"), D("0.003")]

    asyncio.run(body())


# -- the venue and the settings --------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["exchangeInfo", "time", "account", "openOrders", "ticker/price", "depth"]
)
def test_one_answer_that_does_not_come_keeps_from_nothing(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause_s = Retries.pause_s

    def soon(self: Retries, answer: Answer, now_ns: int) -> float | None:
        return None if pause_s(self, answer, now_ns) is None else 0.01

    monkeypatch.setattr(Retries, "pause_s", soon)

    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            await at.stop(2, "0.003", "58000")
            at.fault("GET", f"/api/v3/{path}", mode="http", status=503)
            told = await at.close(D(1))
            assert (told["positions_closed"], told["errors"]) == (1, [])

    asyncio.run(body())


def test_a_venue_that_never_answers_is_told_with_what_that_means(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            at.fault("GET", "/api/v3/time", mode="http", status=503, count=10**6)
            with pytest.raises(Unreachable, match=r"nothing is closed: the venue .* does not"):
                await at.close()

    asyncio.run(body())


def test_a_symbol_of_the_settings_that_the_venue_does_not_know_holds_up_no_other(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003", ETH="0.1") as at:
            at.settings["symbols"] = ("LUNA/USDT", "BTC/USDT")
            told = await at.close()
            (problem,) = told["errors"]
            assert problem.startswith("LUNA/USDT: the venue has no symbol")
            assert await at.held() == {}

    asyncio.run(body())


def test_a_service_that_still_runs_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with an_account(a_record(tmp_path), BTC="0.003") as at:
            lease = Lease.take(tmp_path / (DATABASE_NAME + LEASE_SUFFIX))
            told = await at.close()
            lease.release()
            assert told["errors"] == []
            assert f"still runs (process {os.getpid()})" in told["notes"][0]

    asyncio.run(body())


KEYS = {"api_key": "key", "api_secret": "secret"}


def where(home: Path, **settings: Any) -> str:
    """The venue at which the account of this home would be closed."""
    record = read_account(home)
    return direct._account(Settings(home=home, **settings), record, VenueClock()).venue.rest


def test_a_live_home_is_closed_at_binance_itself(tmp_path: Path) -> None:
    live = a_record(tmp_path / "live", is_paper=False)
    assert where(live, **KEYS) == BINANCE.rest
    assert where(live, venue_url="https://testnet.binance.vision", **KEYS).startswith("https://te")
    with pytest.raises(ConfigError, match="set GENESIS_API_KEY and GENESIS_API_SECRET"):
        where(live)
    unknown = tmp_path / "unknown"  # nothing is sold there but with --sell-all-held
    assert where(unknown, **KEYS) == BINANCE.rest


def test_a_paper_home_is_never_closed_beyond_this_machine(tmp_path: Path) -> None:
    paper = a_record(tmp_path / "paper")
    with pytest.raises(ConfigError, match="not on loopback"):
        where(paper, venue_url="https://api.binance.com", **KEYS)
    with pytest.raises(ConfigError, match="name the venue in GENESIS_VENUE_URL"):
        where(paper, **KEYS)
    with pytest.raises(ConfigError, match="not on loopback"):
        where(tmp_path / "unknown", venue_url="https://api.binance.com")
