"""One look at the venue as a witness, with no service running."""

import asyncio
from dataclasses import dataclass

from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import require_loopback, venue_at
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.restart import Remembered
from genesis.service.settings import Settings
from genesis.service.witnessing import Witnessing


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What the venue says: the time there, and orders under our name that the log never sent."""

    now_ns: int = 0
    unknown: tuple[str, ...] = ()
    last_run: int = 0
    complaint: str | None = None


def asked_of_venue(settings: Settings, past: Remembered) -> Witnessed:
    """Ask the venue that the settings name; nothing is known where they name none.

    Raises:
        ConfigError: the venue cannot be used.
        ExchangeError: it does not answer.
    """
    if settings.venue_url is None:
        return Witnessed()
    require_loopback(settings.venue_url)
    return asyncio.run(_ask(settings, settings.venue_url, past))


async def _ask(settings: Settings, url: str, past: Remembered) -> Witnessed:
    clock = VenueClock(start_ns=past.last_ns)
    key, secret = settings.venue_keys(DEFAULT_API_KEY, DEFAULT_API_SECRET)
    traded = () if past.last_started is None else past.last_started.symbols
    symbols = tuple(dict.fromkeys((*traded, *settings.symbols)))
    gateway = BinanceGateway(
        venue_at(url),
        key,
        secret,
        symbols,
        now_ns=clock.now_ns,
        elapsed_ns=clock.elapsed_ns,
    )
    await open_gateway(gateway, clock, past.last_ns)
    try:
        witness = Witnessing(gateway, clock, symbols, past.wire_ids, past.forked)
        assert past.engine is not None
        await witness.ask(past.engine.state.ledger.opened_ns)
        return Witnessed(clock.now_ns(), witness.unknown, witness.last_run, witness.complaint)
    finally:
        await gateway.close()
