"""A Binance-compatible exchange on 127.0.0.1, around the simulated venue.

`LoopbackExchange` (server) plays recorded or synthetic markets at a chosen speed (feed, clock),
publishes them (tape, depth, candles, hub) and trades one account against them (desk, list_desk,
replace): REST, market streams and the WebSocket API, as unmodified ccxt speaks them. What happens
to an account and goes wrong at a venue is made to happen on demand (flows, admin, trouble). Play
money only.
"""

from genesis.exchange.loopback.access import DEFAULT_API_KEY, DEFAULT_API_SECRET, Keys
from genesis.exchange.loopback.budget import Limits
from genesis.exchange.loopback.clock import LiveClock
from genesis.exchange.loopback.feed import Feed, OpenFeed
from genesis.exchange.loopback.filters import Filters
from genesis.exchange.loopback.lines import Lines
from genesis.exchange.loopback.server import LoopbackExchange

__all__ = [
    "DEFAULT_API_KEY",
    "DEFAULT_API_SECRET",
    "Feed",
    "Filters",
    "Keys",
    "Limits",
    "Lines",
    "LiveClock",
    "LoopbackExchange",
    "OpenFeed",
]
