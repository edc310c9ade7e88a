"""What an exchange of our own needs to run, whether its market is played or live."""

import asyncio
import json
import signal
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.domain.instrument import Instrument
    from genesis.sim.venue import Venue

_FEE_BPS: Final = Decimal(10)


def venue_of(listed: "Mapping[str, Instrument]", balances: Mapping[str, Decimal]) -> "Venue":
    """The simulated venue with these symbols and this account."""
    from genesis.sim.fees import FeeSchedule
    from genesis.sim.venue import Venue

    return Venue(listed, balances, FeeSchedule(_FEE_BPS, _FEE_BPS, truncated=True))


def on_signal() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    return stopped


def say_ready(url: str, told: Mapping[str, object]) -> None:
    print(json.dumps({"url": url, **told}), flush=True)


async def until(stopped: asyncio.Event, work: "asyncio.Task[None]") -> None:
    """Wait for a signal or the end of the work, whose failure is raised; it is cancelled then."""
    stop = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((stop, work), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        stop.cancel()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
