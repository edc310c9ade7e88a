"""Could a service start here? Each finding says what was looked at and what to do."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from genesis.errors import ConfigError, GenesisError
from genesis.exchange.venue import require_loopback
from genesis.rules import load
from genesis.service.api.server import bind
from genesis.service.settings import Settings
from genesis.service.strategies import strategies_of
from genesis.store.database import DATABASE_NAME, Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """All findings; nothing is changed."""
    return [_finding(what, look) for what, look in _looks(settings)]


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
    return settings.venue_url


def _port(settings: Settings) -> str:
    bound = bind(settings.port, settings.control_host)
    try:
        return str(bound.getsockname()[1])
    finally:
        bound.close()
