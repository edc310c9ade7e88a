"""Where requests may come from, and the names this service may be called by."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Places:
    """The allowed addresses, and the host that was bound.

    allow: addresses and networks beside loopback and the bound host itself.
    """

    host: str
    allow: tuple[Network, ...] = ()

    @classmethod
    def of(cls, host: str, allow: Iterable[str] = ()) -> "Places":
        """Raises ValueError: one of them is no address and no network."""
        return cls(host, tuple(network_of(each) for each in allow))

    def is_allowed(self, peer: str | None) -> bool:
        """May this address ask anything at all?"""
        address = _address(peer)
        if address is None:
            return False
        if address.is_loopback or str(address) == self.host:
            return True
        return any(address in network for network in self.allow)

    def is_our_name(self, host: str) -> bool:
        """Is this Host header one that a person on this machine, or in its tunnel, would use?

        Any port: a tunnel may map it. Anything else is a page that had its own name pointed at us.
        """
        found = _HOST.fullmatch(host.lower())
        return found is not None and found[1] in {*_LOCAL_NAMES, _bracketed(self.host)}


def network_of(text: str) -> Network:
    """An address or a network such as 10.0.0.0/24. Raises ValueError."""
    return ip_network(text, strict=False)


def is_loopback(host: str | None) -> bool:
    """Is this address (or `localhost`) on this machine only?"""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def url_of(host: str, port: int) -> str:
    """How a client on this machine reaches what was bound: by loopback, if it is bound to all."""
    address = _address(host)
    if address is not None and address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address(text: str | None) -> Address | None:
    try:
        address = ip_address((text or "").strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
