"""Which hosts a gateway may reach: those of its venue, and no other.

The resolver answers for the venue's own hosts only, and every connection must go to an address
that it gave or to a listed address: whatever else is asked for (a redirect, a mistyped address) is
refused before anything is looked up or sent. What answers may be injected, too: with one that tells
127.0.0.1 and a port, the venue's own URLs lead to an exchange on this machine.
"""

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from genesis.exchange.venue import Venue


class HostRefused(OSError):
    """Nothing was looked up and nothing was sent."""

    def __init__(self, host: str, hosts: frozenset[str]) -> None:
        known = ", ".join(sorted(hosts))
        super().__init__(errno.EACCES, f"{host} is none of the venue's hosts ({known})")


@dataclass(frozen=True, slots=True)
class Reach:
    """hosts: names or addresses. answers: makes what looks names up; default: the system's.
    trust: whose certificates are believed; default: the system's.
    """

    hosts: frozenset[str]
    answers: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    trust: SSLContext | None = None

    @classmethod
    def of(cls, venue: Venue) -> "Reach":
        """The hosts of a venue, found as any host is."""
        return cls(venue.hosts)

    def connector(self) -> aiohttp.TCPConnector:
        """For one session, whose requests never wait for each other's connections. To be called
        while the event loop runs.
        """
        guard = _Guard(self.hosts, self.answers())
        return aiohttp.TCPConnector(
            limit=0, resolver=guard, socket_factory=guard.socket, ssl=self.trust or True
        )


class _Guard(AbstractResolver):
    def __init__(self, hosts: frozenset[str], answers: AbstractResolver) -> None:
        self._hosts, self._answers = hosts, answers
        self._addresses: set[str] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._hosts:
            raise HostRefused(host, self._hosts)
        found = await self._answers.resolve(host, port, family)
        self._addresses.update(each["host"] for each in found)
        return found

    async def close(self) -> None:
        await self._answers.close()

    def socket(self, place: tuple[Any, ...]) -> socket.socket:
        """Addresses are not resolved: here they come by."""
        family, kind, protocol, _, (address, *_) = place
        if address not in self._addresses | self._hosts:
            raise HostRefused(str(address), self._hosts)
        return socket.socket(family=family, type=kind, proto=protocol)
