"""The home that a verb works on, found in one way by all of them."""

from pathlib import Path


def home_of(named: Path | None) -> Path:
    """The home named on the command line, else `GENESIS_HOME` of the environment or of `.env`,
    else the usual place. It need not exist yet.

    Raises:
        ConfigError: none is named, and a setting cannot be used.
    """
    from genesis.service.home import resolve_home
    from genesis.service.settings import Settings  # heavy

    return Settings.read().home_path() if named is None else resolve_home(named)
