"""Before real money is at work: is the key fit, the clock right, and what is held already?"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from genesis.domain.account import Balance
from genesis.domain.instrument import quote_of
from genesis.domain.money import text
from genesis.domain.time import MILLISECOND
from genesis.errors import ConfigError
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.gateway import Gateway
from genesis.exchange.key_scope import unfit
from genesis.exchange.venue import is_loopback, require_tls, venue_at
from genesis.exchange.venues import gateway_at, require_trading
from genesis.service.clock import VenueClock, wall_ns
from genesis.service.restart import Remembered
from genesis.service.settings import Settings

Look = Callable[[], Awaitable[str]]
SKEW_MOST_MS: Final = 1_000
"""The venue refuses what was signed further ahead of its own clock; we sign by that clock, and a
machine so far off is not looked after."""


def require_same_kind(past: Remembered, *, is_paper: bool) -> None:
    """Real money and play money never share a record.

    Raises:
        ConfigError: the home's account is of the other kind.
    """
    if past.engine is None or past.is_new:
        return
    was_paper = past.engine.state.tiers.history.is_paper
    if was_paper != is_paper:
        kinds = ("live", "paper")
        raise ConfigError(
            f"this home keeps a {kinds[was_paper]} account: run it with --mode {kinds[was_paper]}, "
            f"or begin a {kinds[is_paper]} account in a home of its own (--home or GENESIS_HOME)"
        )


async def before_real_money(
    gateway: BinanceGateway, settings: Settings, quote: str, past: Remembered
) -> str:
    """Look at key and clock; what a person should know before the first order, in one line.

    Raises:
        ConfigError: real money cannot be traded like this; says why and what to do.
    """
    await require_fit_key(gateway, settings)
    skew_ms = await require_right_clock(gateway)
    fit = f"live: the key is fit, this machine's clock is {abs(skew_ms)} ms off"
    if not past.is_new:
        return fit
    return (
        f"{fit}; {told_before(await gateway.balances(), quote)}. For its first 48 hours a live "
        "account trades on paper only; `genesis tier status` tells what is needed then"
    )


def gateway_of(settings: Settings, clock: VenueClock) -> BinanceGateway:
    """The account that live settings name, to trade on it.

    Raises:
        ConfigError: there is no key.
        NotBuilt: we cannot trade at that venue.
    """
    require_trading(venue_at(settings.venue_url))
    gateway = account_at(settings, clock)
    assert isinstance(gateway, BinanceGateway)
    return gateway


def account_at(settings: Settings, clock: VenueClock) -> Gateway:
    """The account that live settings name, to look at it or to leave it: at Binance where they name
    no venue.

    Raises:
        ConfigError: there is no key, or the venue is not encrypted.
    """
    if settings.api_key is None or settings.api_secret is None:
        raise ConfigError(
            "live trading needs the venue's key: set GENESIS_API_KEY and GENESIS_API_SECRET "
            "(a key that reads and trades, without withdrawals, bound to this machine's address)"
        )
    venue = venue_at(settings.venue_url)
    require_tls(venue)
    return gateway_at(
        venue,
        settings.api_key.get_secret_value(),
        settings.api_secret.get_secret_value(),
        settings.symbols,
        now_ns=clock.now_ns,
        signed_ns=clock.told_ns,
        elapsed_ns=clock.elapsed_ns,
    )


def looks(gateway: Gateway, settings: Settings) -> Iterator[tuple[str, Look]]:
    """What can be seen of the venue without trading: what is looked at, and how."""

    async def key() -> str:
        await require_fit_key(gateway, settings)
        return "it reads and trades, and can do nothing worse"

    async def clock() -> str:
        return f"{await require_right_clock(gateway)} ms ahead of the venue's"

    async def symbols() -> str:
        found = await gateway.instruments(settings.symbols)
        return ", ".join(f"{each.symbol} from {text(each.min_notional_usdt)}" for each in found)

    async def account() -> str:
        return told_before(await gateway.balances(), quote_of(settings.symbols[0]))

    yield "venue key", key
    yield "clock", clock
    yield "symbols", symbols
    yield "account", account


async def require_fit_key(gateway: Gateway, settings: Settings) -> None:
    """Nothing is traded with a key that could empty the account.

    Raises:
        ConfigError: says all that is wrong with the key.
    """
    found = unfit(await gateway.key_scope(), any_address=settings.key_any_address)
    if found:
        raise ConfigError("live trading does not begin: " + "; ".join(found))


async def require_right_clock(gateway: Gateway) -> int:
    """How far this machine's clock is ahead of the venue's, in ms; 0 at an exchange on loopback,
    which may play another day.

    Raises:
        ConfigError: it is too far off in either direction.
    """
    if is_loopback(gateway.venue.rest):
        return 0
    told = await gateway.venue_time()
    skew_ms = (wall_ns() - told.ns) // MILLISECOND
    if abs(skew_ms) > SKEW_MOST_MS:
        way = "ahead of" if skew_ms > 0 else "behind"
        raise ConfigError(
            f"this machine's clock is {abs(skew_ms) / 1000:.1f} s {way} the venue's: set it right "
            "(for example with `timedatectl set-ntp true`)"
        )
    return skew_ms


def held_before(balances: tuple[Balance, ...], quote: str) -> tuple[Balance, ...]:
    """Coins that stay outside: neither equity nor exposure, and never sold."""
    return tuple(held for held in balances if held.asset != quote and held.total)


def told_before(balances: tuple[Balance, ...], quote: str) -> str:
    """What an account that is opened now begins with, in one sentence."""
    cash = next((held.total for held in balances if held.asset == quote), None)
    begins = f"the account begins with {'0' if cash is None else text(cash)} {quote}"
    outside = ", ".join(f"{text(held.total)} {held.asset}" for held in held_before(balances, quote))
    if not outside:
        return f"{begins}; nothing else is held"
    return f"{begins}; held already, and left alone for good: {outside}"
