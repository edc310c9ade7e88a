"""A live service at the names of the real venue and of its test network, and every word of it goes
to the venue's own hosts. An exchange of this machine answers there.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesis.domain.events import BookTop, TradeTick
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.reach import Reach
from genesis.exchange.rest import Rest
from genesis.exchange.venue import KNOWN
from genesis.service.bootstrap import build
from genesis.service.settings import Settings
from tests.support.loopback import an_exchange, zigzag
from tests.support.own_names import named
from tests.support.patience import PATIENCE_S


def today() -> Iterator[Any]:
    ahead_ns = 0
    for event in zigzag():
        assert isinstance(event, BookTop | TradeTick)
        ahead_ns = ahead_ns or time.time_ns() - event.ts_ns
        yield replace(event, ts_ns=event.ts_ns + ahead_ns)


@pytest.mark.parametrize("name", ["binance", "binance-testnet"])
def test_a_live_service_speaks_to_its_venue_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, venue = watched(monkeypatch), KNOWN[name]

    async def story() -> None:
        async with (
            an_exchange([today]) as exchange,
            named(venue.hosts, int(exchange.url.rpartition(":")[2])) as (reach, leads),
        ):
            monkeypatch.setattr(Reach, "of", lambda _: reach)
            said: list[str] = []
            service = build(settings(tmp_path, name), "live", say=said.append)
            service.on_ready = lambda _: service.stop("seen")
            async with asyncio.timeout(PATIENCE_S):
                await service.run(heed_signals=False)
            assert f"venue: {venue.rest}" in said
            assert set(leads.asked) == venue.hosts
            assert not exchange.venue.orders

    asyncio.run(story())
    assert any(endpoint.startswith("sapi") for endpoint in asked) is venue.has_wallet


def settings(home: Path, name: str) -> Settings:
    keys: dict[str, Any] = {"api_key": DEFAULT_API_KEY, "api_secret": DEFAULT_API_SECRET}
    return Settings(home=home / "home", venue_url=name, port=0, **keys)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endpoints that are asked."""
    asked: list[str] = []
    call = Rest.call

    async def told(self: Rest, endpoint: str, *more: Any, **named_more: Any) -> Any:
        asked.append(endpoint)
        return await call(self, endpoint, *more, **named_more)

    monkeypatch.setattr(Rest, "call", told)
    return asked
