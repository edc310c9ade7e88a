"""The way to a venue: opened, its clock read, the account known, before anything is recorded."""

from genesis.errors import ConfigError, OutOfSync, Rejected, Unreachable
from genesis.exchange.gateway import Gateway
from genesis.exchange.venue import is_loopback
from genesis.service.clock import VenueClock
from genesis.service.time_keeping import first_sync


async def open_gateway(gateway: Gateway, clock: VenueClock, last_ns: int = 0) -> None:
    """Open the gateway and set the clock by it; the gateway is closed again where that fails.

    last_ns: venue time at the end of the record; time does not run backwards.

    Raises:
        Unreachable: nothing that speaks the venue's protocol answers there.
        ConfigError: an unknown symbol, a refused key, or a venue whose time lies in the past.
    """
    try:
        await gateway.open()
    except (Unreachable, OutOfSync) as problem:
        raise Unreachable(
            f"no venue answers at {gateway.venue.rest}: {_remedy(gateway.venue.rest)} "
            f"({problem.message})"
        ) from problem
    try:
        await first_sync(clock, gateway, last_ns)
        await _know_the_account(gateway)
    except BaseException:
        await gateway.close()
        raise


def _remedy(url: str) -> str:
    if is_loopback(url):
        return "is `genesis exchange` running there?"
    return "is this machine online, is the URL right?"


async def _know_the_account(gateway: Gateway) -> None:
    try:
        await gateway.balances()
    except Rejected as problem:
        why = gateway.traffic.key.problem or problem.message
        raise ConfigError(
            f"the venue {gateway.venue.rest} refuses these keys: correct GENESIS_API_KEY and "
            f"GENESIS_API_SECRET, or what the venue allows them ({why})"
        ) from problem
