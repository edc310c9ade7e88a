"""Could a service start here? Each finding says what was looked at and what to do."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from genesis.errors import ConfigError, GenesisError
from genesis.exchange.gateway import Gateway
from genesis.exchange.venue import require_loopback
from genesis.rules import load
from genesis.service.api.server import bind
from genesis.service.clock import VenueClock
from genesis.service.connecting import open_gateway
from genesis.service.live import account_at, looks
from genesis.service.settings import Settings
from genesis.service.strategies import strategies_of
from genesis.store.database import DATABASE_NAME, Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings, *, is_live: bool = False) -> list[Finding]:
    """All findings on this machine; nothing is changed.

    is_live: the venue is asked apart, see `examine_live`.
    """
    looked = (each for each in _looks(settings) if not (is_live and each[0] == "venue"))
    return [_finding(what, look) for what, look in looked]


async def examine_live(settings: Settings) -> list[Finding]:
    """What the venue says of key, clock, symbols and account; nothing is traded."""
    clock = VenueClock()
    try:
        gateway = account_at(settings, clock)
        await open_gateway(gateway, clock)
    except GenesisError as problem:
        return [Finding("venue", False, problem.message)]
    found = [Finding("venue", True, _told(gateway))]
    try:
        for what, look in looks(gateway, settings):
            try:
                found.append(Finding(what, True, await look()))
            except GenesisError as problem:
                found.append(Finding(what, False, problem.message))
    finally:
        await gateway.close()
    return found


def _told(gateway: Gateway) -> str:
    """Where it is, and which hosts are reached beside."""
    others = ", ".join(sorted(gateway.venue.hosts))
    lacks = "" if gateway.dialect.has_streams else "; it is looked at and left, not traded at"
    return f"{gateway.venue.url} (reaches {others}){lacks}"


def _looks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "home", lambda: _home(settings)
    yield "event log", lambda: _log(settings)
    yield "rules", lambda: load(settings.rules).name
    yield "strategies", lambda: _strategies(settings)
    yield "venue", lambda: _venue(settings)
    yield "control API port", lambda: _port(settings)


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except GenesisError as problem:
        return Finding(what, False, problem.message)


def _home(settings: Settings) -> str:
    path = settings.home_path()
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    if not nearest.is_dir():
        raise ConfigError(f"{nearest} is no folder: set GENESIS_HOME to another place")
    if not os.access(nearest, os.W_OK):
        raise ConfigError(f"{nearest} cannot be written: set GENESIS_HOME to another folder")
    return str(path) if path.is_dir() else f"{path} (will be made)"


def _log(settings: Settings) -> str:
    path = settings.home_path() / DATABASE_NAME
    if not path.is_file():
        return "none yet"
    Database.open(path, read_only=True).close()
    return str(path)


def _strategies(settings: Settings) -> str:
    return ", ".join(each.name for each in strategies_of(settings.strategies)) or "none"


def _venue(settings: Settings) -> str:
    if settings.venue_url is None:
        return "our own exchange with the synthetic sample"
    require_loopback(settings.venue_url)
    return f"{settings.venue_url} (not asked: `genesis run` does)"


def _port(settings: Settings) -> str:
    bound = bind(settings.port, settings.control_host)
    try:
        return str(bound.getsockname()[1])
    finally:
        bound.close()
