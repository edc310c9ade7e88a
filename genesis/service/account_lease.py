"""One engine per account of a venue: a lock that all homes of a user share.

The lock of a home does not keep two homes from trading one account; each would take the other's
orders for strangers and its fills for gifts.
"""

from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from genesis.errors import ConfigError
from genesis.exchange.venue import is_loopback
from genesis.store.lease import Lease

_PORTS = {"http": 80, "https": 443}


class AccountLease:
    """The right to trade on an account. `AccountLease.take` takes it, `close` gives it back."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    @classmethod
    def take(cls, venue_url: str, api_key: str) -> "AccountLease":
        """Lock the account that `api_key` opens at this venue.

        Raises:
            UsageError: another engine trades on it; its process id is named.
            ConfigError: locks cannot be kept on this machine.
        """
        folder = Path(platformdirs.user_data_dir("genesis", appauthor=False)) / "accounts"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigError(
                f"{folder}: {problem.strerror}: the lock on the account has no place; "
                "set XDG_DATA_HOME to a folder that can be written"
            ) from problem
        path = folder / f"{_name(venue_url, api_key)}.lock"
        lease = Lease.take(
            path, f"the same account at {venue_url}", "let this one trade another account"
        )
        return cls(lease)

    async def close(self) -> None:
        """Give the account back and leave no file behind."""
        self._lease.path.unlink(missing_ok=True)
        self._lease.release()


def _name(venue_url: str, api_key: str) -> str:
    """The same for every way to write the address of this machine."""
    parts = urlsplit(venue_url)
    host = "loopback" if is_loopback(venue_url) else parts.hostname
    port = parts.port or _PORTS[parts.scheme]
    return sha256(f"{host}:{port} {api_key}".encode()).hexdigest()[:32]
