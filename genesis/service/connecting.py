"""The way to a venue: opened, its clock read, the account known, before anything is recorded."""

from genesis.errors import ConfigError, Rejected, Unreachable
from genesis.exchange.binance import BinanceGateway
from genesis.service.clock import VenueClock
from genesis.service.trading import first_sync


async def open_gateway(gateway: BinanceGateway, clock: VenueClock, last_ns: int = 0) -> None:
    """Open the gateway and set the clock by it; the gateway is closed again where that fails.

    last_ns: venue time at the end of the record; time does not run backwards.

    Raises:
        Unreachable: nothing that speaks the venue's protocol answers there.
        ConfigError: an unknown symbol, a refused key, or a venue whose time lies in the past.
    """
    try:
        await gateway.open()
    except Unreachable as problem:
        raise Unreachable(
            f"no Binance-compatible venue answers at {gateway.venue.rest}: is `genesis exchange` "
            f"running there? ({problem.message})"
        ) from problem
    try:
        await first_sync(clock, gateway, last_ns)
        await _know_the_account(gateway)
    except BaseException:
        await gateway.close()
        raise


async def _know_the_account(gateway: BinanceGateway) -> None:
    try:
        await gateway.balances()
    except Rejected as problem:
        raise ConfigError(
            f"the venue {gateway.venue.rest} refuses these keys: correct GENESIS_API_KEY and "
            f"GENESIS_API_SECRET ({problem.message})"
        ) from problem
