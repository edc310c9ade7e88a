"""What a person can do at the second venue: look, and leave; trading says that it cannot."""

import asyncio
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.errors import ConfigError, NotBuilt
from genesis.service.bootstrap import build
from genesis.service.direct import close_everything
from genesis.service.doctor import examine_live
from genesis.service.settings import Settings
from tests.support.bybit_server import KEY, SECRET, bybit
from tests.support.simex import SYMBOL, command, wire

D = Decimal


def settings(home: Path, url: str, **more: Any) -> Settings:
    given = {"api_key": KEY, "api_secret": SECRET, **more}
    return Settings(home=home, venue_url=f"bybit+{url}", **given)


def test_the_doctor_looks_at_the_account(tmp_path: Path) -> None:
    async def story() -> None:
        async with bybit() as (server, _):
            found = {each.what: each for each in await examine_live(settings(tmp_path, server.url))}
            assert all(each.ok for each in found.values()), found
            assert "127.0.0.1" in found["venue"].detail
            assert "looked at and left, not traded at" in found["venue"].detail
            assert found["symbols"].detail.startswith(SYMBOL)
            assert "10000 USDT" in found["account"].detail

    asyncio.run(story())


def test_the_doctor_says_what_is_wrong_with_the_key(tmp_path: Path) -> None:
    async def story() -> None:
        async with bybit() as (server, _):
            wrong = settings(tmp_path, server.url, api_secret="another")
            (found,) = await examine_live(wrong)
            assert not found.ok
            assert "GENESIS_API_SECRET is not the secret of GENESIS_API_KEY" in found.detail

    asyncio.run(story())


def test_every_position_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with bybit() as (server, gateway):
            server.venue.flow("BTC", -server.venue.balance("BTC").free)
            await gateway.submit(command(1), wire(1))
            stop = command(2, "SELL", "STOP_LOSS", stop_price=D(55_000), qty=D("0.00099"))
            await gateway.submit(stop, wire(2))
            told = await close_everything(settings(tmp_path, server.url), sells_all_held=True)
            assert told["positions_closed"] == 1, told
            assert not server.venue.open_orders
            assert server.venue.balance("BTC").total < command(1).request.qty / 10

    asyncio.run(story())


def test_trading_there_is_refused_before_anything_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection"))
    home = tmp_path / "home"
    for mode, url in (("paper", "bybit+http://127.0.0.1:9"), ("live", "bybit")):
        wanted = Settings(home=home, venue_url=url, api_key=KEY, api_secret=SECRET)
        with pytest.raises(NotBuilt, match="does not hear its streams"):
            build(wanted, mode, say=lambda _: None)
    with pytest.raises(ConfigError, match=r"paper mode refuses the venue https://api\.bybit\.com"):
        build(Settings(home=home, venue_url="bybit"), "paper", say=lambda _: None)
    assert not home.exists()
