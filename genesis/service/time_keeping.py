"""The venue's time: read at the start, every second, and at once where it doubts our stamps."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from genesis.domain.time import format_utc
from genesis.errors import ConfigError, ExchangeError
from genesis.exchange.gateway import Gateway
from genesis.service.clock import LEAP_NS, VenueClock
from genesis.service.logs import log

_log = log("clock")
_PERIOD_S: Final = 1.0
_PATIENCE: Final = 5
_HELD_LOOK_S: Final = 0.05
GATEWAY: Final = "gateway"


class TimeKeeping:
    """Sets the clock by the venue's, for ever.

    report: tells how a part is (component, status, detail). told: the clock was set, its speed
    perhaps another. problem: why the venue does not tell its time; None: it does.
    """

    def __init__(
        self,
        clock: VenueClock,
        gateway: Gateway,
        report: Callable[[str, str, str], None],
        told: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._gateway = gateway
        self._report = report
        self._told = told
        self._failures = 0
        self.problem: str | None = None

    async def sync(self) -> None:
        """Raises ExchangeError: the venue does not tell its time."""
        await sync(self._clock, self._gateway)
        self._told()

    async def run(self) -> None:
        """Ask the venue for its time until cancelled."""
        while True:
            await self._until_due()
            try:
                await self.sync()
            except ExchangeError as problem:
                self._failed(problem.message)
            else:
                self._went_well()

    async def _until_due(self) -> None:
        """A second, or until a stamp is doubted; not so where the last try failed."""
        if self._failures:
            await asyncio.sleep(_PERIOD_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_PERIOD_S):
                await self._gateway.traffic.clock_doubted.wait()

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures == _PATIENCE:
            self.problem = why
            self._report(GATEWAY, "failed", why)

    def _went_well(self) -> None:
        if self.problem is not None:
            self.problem = None
            self._report(GATEWAY, "ok", "")
        self._failures = 0


async def sync(clock: VenueClock, gateway: Gateway) -> None:
    """Set the clock by the venue's, and say how far from it ours still is.

    A replay that runs faster than the wall believes any stamp: there nothing is off.

    Raises:
        ExchangeError: the venue does not tell its time.
    """
    told = await gateway.venue_time()
    if not clock.anchor(told.ns, told.elapsed_ns, told.speed):
        _log.warning("the venue's clock jumped", venue_ns=told.ns, now_ns=clock.now_ns())
    there_ns = told.ns + clock.elapsed_ns() - told.elapsed_ns
    gateway.traffic.clock_off(clock.now_ns() - there_ns if told.speed == 1 else 0)


async def first_sync(clock: VenueClock, gateway: Gateway, last_ns: int = 0) -> None:
    """Set the clock for the first time. A replay may hold its clock until somebody listens.

    last_ns: venue time at the end of the record; time does not run backwards. A record may end as
        far ahead of the venue as our clock may have been led astray: it waits there.

    Raises:
        Unreachable: the venue does not tell its time.
        ConfigError: it is much earlier there than at the end of the record.
    """
    before = await gateway.venue_time()
    await asyncio.sleep(_HELD_LOOK_S)
    told = await gateway.venue_time()
    if last_ns - told.ns > LEAP_NS * max(1.0, told.speed):
        raise ConfigError(
            f"at the venue {gateway.venue.rest} it is {format_utc(told.ns)}, and this home's "
            f"record ends at {format_utc(last_ns)}: use a fresh home for another feed"
        )
    clock.anchor(told.ns, told.elapsed_ns, 0.0 if told.ns == before.ns else told.speed)
