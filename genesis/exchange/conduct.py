"""How we treat a venue: how long we wait for it, how much we ask, and when we let it rest."""

from dataclasses import dataclass, field
from decimal import Decimal

import aiohttp

from genesis.domain.time import MILLISECOND
from genesis.exchange.breaker import CircuitTerms
from genesis.exchange.retries import RetryTerms


@dataclass(frozen=True, slots=True)
class Conduct:
    """The defaults hold for Binance.

    share: of every limit of the venue's that is used by what can wait; the rest is kept for
        cancels, stops and questions about orders, and for orders that reduce risk.
    silence_s: how long we are silent where the venue asks for it and does not say how long.
    skew_ns: our clock may be so far from the venue's, and orders that add risk still leave; the
        venue itself allows a second ahead.
    """

    share: Decimal = Decimal("0.8")
    circuit: CircuitTerms = field(default_factory=CircuitTerms)
    retries: RetryTerms = field(default_factory=RetryTerms)
    silence_s: float = 60.0
    skew_ns: int = 800 * MILLISECOND


def timeouts(read_s: float) -> aiohttp.ClientTimeout:
    """Half as long for a connection, thrice as long for everything: 5, 10 and 30 s."""
    return aiohttp.ClientTimeout(
        total=3 * read_s, connect=read_s / 2, sock_connect=read_s / 2, sock_read=read_s
    )
