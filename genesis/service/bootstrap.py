"""Wiring: settings and a mode become one running service. The only place a mode is named."""

from collections.abc import Callable
from enum import StrEnum

from genesis.domain.instrument import quote_of
from genesis.errors import ConfigError
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.venue import require_loopback, venue_at
from genesis.exchange.venues import require_trading
from genesis.rules import Rules, load
from genesis.service.account_lease import AccountLease
from genesis.service.clock import VenueClock
from genesis.service.code_manifest import code_sha256
from genesis.service.home import Home
from genesis.service.live import gateway_of, require_same_kind
from genesis.service.own_venue import start_own_venue
from genesis.service.restart import Remembered
from genesis.service.service import Connect, Ends, Plan, Service
from genesis.service.settings import Settings
from genesis.service.strategies import strategies_of

Say = Callable[[str], None]


class Mode(StrEnum):
    """Play money or real money."""

    PAPER = "paper"
    LIVE = "live"


def build(settings: Settings, mode: Mode | str, *, seed: str = "0", say: Say) -> Service:
    """The service of one home, ready to `run`. Nothing has been touched but the home folder.

    say: told in one line each what a person should know at the start.

    Raises:
        ConfigError: settings, rules, strategies or venue cannot be used.
    """
    kind = Mode(mode)
    if kind is Mode.LIVE:
        gateway_of(settings, VenueClock())  # without a key nothing is touched
    elif settings.venue_url is not None:
        require_loopback(settings.venue_url)
        require_trading(venue_at(settings.venue_url))
    quotes = {quote_of(symbol) for symbol in settings.symbols}
    if len(quotes) > 1:
        raise ConfigError(
            f"GENESIS_SYMBOLS mixes quote currencies ({', '.join(sorted(quotes))}): "
            "run a home for each"
        )
    rules: Rules = load(settings.rules)
    if rules.execution.default_stop_fraction is None:
        _without_stops(rules, kind, say)
    strategies = strategies_of(settings.strategies)  # an unknown one: nothing was touched yet
    home = Home.open(settings.home_path())
    control_key, read_key = _keys(settings, home)
    plan = Plan(
        settings=settings,
        home=home,
        rules=rules,
        seed=seed,
        is_paper=kind is Mode.PAPER,
        quote=quotes.pop(),
        code_sha256=code_sha256(strategies),
        control_key=control_key,
        read_key=read_key,
    )
    return Service(plan, _connect(settings, kind, say), say)


def _without_stops(rules: Rules, mode: Mode, say: Say) -> None:
    """Rules that let nearly everything pass are for research, and for play."""
    told = f"the rules {rules.name!r} place no stop behind an entry that names none"
    if mode is Mode.LIVE:
        raise ConfigError(f"{told}: real money is not traded under them; use `--rules sniper`")
    say(f"rules: {told}")


def _connect(settings: Settings, mode: Mode, say: Say) -> Connect:
    """What connects to the venue: the one named, Binance, or in paper an exchange of our own."""

    async def connect(clock: VenueClock, past: Remembered) -> tuple[BinanceGateway, Ends]:
        ends: Ends
        require_same_kind(past, is_paper=mode is Mode.PAPER)
        url = settings.venue_url
        key, secret = settings.venue_keys(DEFAULT_API_KEY, DEFAULT_API_SECRET)
        if mode is Mode.LIVE:
            live = gateway_of(settings, clock)
            say(f"venue: {live.venue.rest}")
            return live, AccountLease.take(live.venue.rest, key)
        if url is None:
            ends = own = await start_own_venue(settings, past)
            url, key, secret = own.url, own.api_key, own.api_secret
            say(f"venue: our own exchange at {url} plays the synthetic sample (no real market)")
        else:
            ends = AccountLease.take(url, key)
            say(f"venue: {url}")
        gateway = BinanceGateway(
            venue_at(url),
            key,
            secret,
            settings.symbols,
            now_ns=clock.now_ns,
            signed_ns=clock.told_ns,
            elapsed_ns=clock.elapsed_ns,
        )
        return gateway, ends

    return connect


def _keys(settings: Settings, home: Home) -> tuple[str, str]:
    """The key that trades, and the one that only reads.

    Raises:
        ConfigError: a key file cannot be used, or both are one.
    """
    given = (settings.control_key, settings.control_read_key)
    control, read = (
        home.key(name) if key is None else key.get_secret_value()
        for name, key in zip(("control", "control-read"), given, strict=True)
    )
    if control == read:
        raise ConfigError(
            "the control key and the read key are the same, so who may only read could trade: "
            "change GENESIS_CONTROL_KEY or GENESIS_CONTROL_READ_KEY, or delete "
            f"{home.path / 'control-read.key'}, and the next start makes one"
        )
    return control, read
