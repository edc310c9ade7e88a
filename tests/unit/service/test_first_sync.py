"""A record that ends ahead of the venue's time: waited for, or of another feed."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from genesis.domain.time import HOUR, MINUTE
from genesis.errors import ConfigError
from genesis.exchange.gateway import VenueTime
from genesis.service.clock import LEAP_NS, VenueClock
from genesis.service.time_keeping import first_sync

NOON = 20_000 * 24 * HOUR


@dataclass
class Venue:
    speed: float
    venue: Any = field(default_factory=lambda: type("Place", (), {"rest": "http://there"}))

    async def venue_time(self) -> VenueTime:
        return VenueTime(NOON, self.speed, 0)


def synced(speed: float, last_ns: int) -> VenueClock:
    clock = VenueClock(start_ns=last_ns)
    asyncio.run(first_sync(clock, Venue(speed), last_ns))  # type: ignore[arg-type]
    return clock


@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_time_stands_until_the_venue_is_there(speed: float) -> None:
    """One stamp may lead our clock so far ahead; at a faster venue, a slow machine does."""
    ahead_ns = NOON + int(LEAP_NS * speed)
    assert synced(speed, ahead_ns).now_ns() == ahead_ns


def test_another_feed_is_refused() -> None:
    with pytest.raises(ConfigError, match="use a fresh home for another feed"):
        synced(1.0, NOON + LEAP_NS + MINUTE)
