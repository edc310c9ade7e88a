"""Real money is not traded by a clock that is off: asked at the start, of a venue on loopback."""

import asyncio

import pytest

from genesis.domain.time import HOUR, MILLISECOND
from genesis.errors import ConfigError
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import venue_at
from genesis.service import live
from genesis.service.clock import VenueClock
from tests.support.loopback import an_exchange


@pytest.mark.parametrize(
    ("off_ns", "told"),
    [
        (HOUR, r"36\d\d\.\d s ahead of the venue's: set it right"),
        (-HOUR, r"3\d{3}\.\d s behind the venue's: set it right"),
        (400 * MILLISECOND, None),
    ],
)
def test_an_hour_off_is_refused_in_either_direction(
    monkeypatch: pytest.MonkeyPatch, off_ns: int, told: str | None
) -> None:
    monkeypatch.setattr(live, "is_loopback", lambda url: False)

    async def story() -> None:
        async with an_exchange(speed=1) as exchange:
            clock = VenueClock()
            gateway = BinanceGateway(
                venue_at(exchange.url), DEFAULT_API_KEY, DEFAULT_API_SECRET, ("BTC/USDT",),
                now_ns=clock.now_ns, elapsed_ns=clock.elapsed_ns,
            )  # fmt: skip
            monkeypatch.setattr(live, "wall_ns", lambda: exchange.clock.now_ns() + off_ns)
            await gateway.open()
            try:
                if told is None:
                    assert await live.require_right_clock(gateway) >= 400
                    return
                with pytest.raises(ConfigError, match=told):
                    await live.require_right_clock(gateway)
            finally:
                await gateway.close()

    asyncio.run(story())
