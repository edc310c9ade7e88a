"""Where the venue is: its three addresses, and the rule that paper stays on this machine."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from genesis.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Venue:
    """Addresses of a Binance-compatible venue, without trailing slashes."""

    rest: str
    streams: str
    ws_api: str


BINANCE: Final = Venue(
    rest="https://api.binance.com",
    streams="wss://stream.binance.com:9443/stream",
    ws_api="wss://ws-api.binance.com:443/ws-api/v3",
)
BINANCE_TESTNET: Final = Venue(
    rest="https://testnet.binance.vision",
    streams="wss://stream.testnet.binance.vision/stream",
    ws_api="wss://ws-api.testnet.binance.vision/ws-api/v3",
)


def venue_at(url: str | None) -> Venue:
    """The venue behind a base URL such as `http://127.0.0.1:9100`; None is Binance itself.

    Raises:
        ConfigError: the text is not an http or https URL of a host, without path and password.
    """
    if url is None:
        return BINANCE
    known = {BINANCE.rest: BINANCE, BINANCE_TESTNET.rest: BINANCE_TESTNET}
    base = url.rstrip("/")
    if base in known:
        return known[base]
    parts = _base_url(base)
    if parts is None:
        raise ConfigError(f"venue URL {url!r} is not a base URL such as http://127.0.0.1:9100")
    ws = ("wss" if parts.scheme == "https" else "ws") + f"://{parts.netloc}"
    return Venue(rest=base, streams=f"{ws}/stream", ws_api=f"{ws}/ws-api/v3")


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


def require_loopback(url: str | None) -> None:
    """Paper trading sends orders to this machine only.

    Raises:
        ConfigError: the venue is somewhere else.
    """
    if not is_loopback(url):
        raise ConfigError(
            f"paper mode refuses the venue {url or BINANCE.rest}: it is not on loopback; "
            "point GENESIS_VENUE_URL at a `genesis exchange` on 127.0.0.1, or unset it"
        )
