"""Where the venue is and whose protocol it speaks, and the rule that paper stays on this machine.

The addresses are those of ccxt's own tables (a test compares them): this module is read at every
start, and those tables are dear to load.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from genesis.errors import ConfigError


class Speaks(StrEnum):
    """Whose protocol a venue speaks, by ccxt's name for it."""

    BINANCE = "binance"
    BYBIT = "bybit"


@dataclass(frozen=True, slots=True)
class Venue:
    """Addresses of a venue, without trailing slashes.

    streams, ws_api: empty where we do not listen to it. has_wallet: it tells of deposits, of what
    a key may do, and of its own status.
    """

    rest: str
    streams: str = ""
    ws_api: str = ""
    speaks: Speaks = Speaks.BINANCE
    has_wallet: bool = True

    @property
    def url(self) -> str:
        """By this `venue_at` finds it again."""
        is_plain = self.speaks is Speaks.BINANCE or self in KNOWN.values()
        return self.rest if is_plain else f"{self.speaks.value}+{self.rest}"

    @property
    def hosts(self) -> frozenset[str]:
        """Everywhere that a gateway to it has to go."""
        named = (urlsplit(url).hostname for url in (self.rest, self.streams, self.ws_api))
        return frozenset(host for host in named if host)


BINANCE: Final = Venue(
    rest="https://api.binance.com",
    streams="wss://stream.binance.com:9443/stream",
    ws_api="wss://ws-api.binance.com:443/ws-api/v3",
)
BINANCE_TESTNET: Final = Venue(
    rest="https://testnet.binance.vision",
    streams="wss://stream.testnet.binance.vision/stream",
    ws_api="wss://ws-api.testnet.binance.vision/ws-api/v3",
    has_wallet=False,
)
BYBIT: Final = Venue(rest="https://api.bybit.com", speaks=Speaks.BYBIT)
BYBIT_TESTNET: Final = Venue(
    rest="https://api-testnet.bybit.com", speaks=Speaks.BYBIT, has_wallet=False
)
KNOWN: Final[dict[str, Venue]] = {
    "binance": BINANCE,
    "binance-testnet": BINANCE_TESTNET,
    "bybit": BYBIT,
    "bybit-testnet": BYBIT_TESTNET,
}
"""What may be written in place of a URL."""


def venue_at(url: str | None) -> Venue:
    """The venue of that name (`KNOWN`) or behind a base URL; None is Binance itself.

    A URL such as `http://127.0.0.1:9100` speaks Binance's protocol, `bybit+http://127.0.0.1:9100`
    speaks Bybit's.

    Raises:
        ConfigError: the text is neither a name we know nor an http or https URL of a host, without
            path and password.
    """
    if url is None:
        return BINANCE
    base = url.strip().rstrip("/")
    for name, venue in KNOWN.items():
        if base.lower() in (name, venue.rest):
            return venue
    speaks, plus, address = base.partition("+")
    if not plus:
        speaks, address = Speaks.BINANCE, base
    parts = _base_url(address)
    if parts is None or speaks not in set(Speaks):
        raise ConfigError(
            f"venue {url!r} is not a base URL such as http://127.0.0.1:9100, and no venue we know "
            f"({', '.join(KNOWN)})"
        )
    if speaks == Speaks.BYBIT:
        return Venue(rest=address, speaks=Speaks.BYBIT)
    ws = ("wss" if parts.scheme == "https" else "ws") + f"://{parts.netloc}"
    return Venue(rest=address, streams=f"{ws}/stream", ws_api=f"{ws}/ws-api/v3")


def _base_url(text: str) -> SplitResult | None:
    """Scheme, host and perhaps a port, nothing else; None where the text is anything else."""
    try:
        parts = urlsplit(text)
        is_bare = parts.port != 0 and not (parts.path or parts.query or parts.fragment)
    except ValueError:  # a port out of range, an unfinished address
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return parts if is_web and is_bare and "@" not in parts.netloc else None


def is_loopback(url: str | None) -> bool:
    """Does the URL name this machine's loopback (127.0.0.0/8, ::1 or localhost)?"""
    host = urlsplit(url).hostname if url else None
    if not host:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def require_tls(venue: Venue) -> None:
    """Real money travels encrypted.

    Raises:
        ConfigError: the venue is elsewhere and its address begins with http.
    """
    if venue.rest.startswith("http:") and not is_loopback(venue.rest):
        raise ConfigError(
            f"the venue {venue.rest} is not encrypted: anybody on the way could trade with this "
            "key; name its https address in GENESIS_VENUE_URL"
        )


def require_loopback(url: str | None) -> None:
    """Paper trading sends orders to this machine only.

    Raises:
        ConfigError: the venue is somewhere else.
    """
    if not is_loopback(url):
        raise ConfigError(
            f"paper mode refuses the venue {url or BINANCE.rest}: it is not on loopback; "
            "point GENESIS_VENUE_URL at a `genesis exchange` on 127.0.0.1 (`--mirror binance`: on "
            "live prices), or unset it"
        )
