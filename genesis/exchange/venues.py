"""The gateway that speaks a venue's protocol."""

from typing import Final

from genesis.errors import NotBuilt
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.bybit import BybitGateway
from genesis.exchange.gateway import Gateway
from genesis.exchange.reach import Reach
from genesis.exchange.rest import Clock
from genesis.exchange.venue import Speaks, Venue

_GATEWAYS: Final[dict[Speaks, type[BinanceGateway] | type[BybitGateway]]] = {
    Speaks.BINANCE: BinanceGateway,
    Speaks.BYBIT: BybitGateway,
}


def gateway_at(
    venue: Venue,
    api_key: str,
    api_secret: str,
    symbols: tuple[str, ...],
    *,
    now_ns: Clock,
    elapsed_ns: Clock,
    signed_ns: Clock | None = None,
    reach: Reach | None = None,
) -> Gateway:
    """One account at a venue, whichever protocol it speaks; arguments as `BinanceGateway`."""
    kind = _GATEWAYS[venue.speaks]
    return kind(
        venue,
        api_key,
        api_secret,
        symbols,
        now_ns=now_ns,
        elapsed_ns=elapsed_ns,
        signed_ns=signed_ns,
        reach=reach,
    )


def require_trading(venue: Venue) -> None:
    """Positions are opened only where we hear the market and our orders.

    Raises:
        NotBuilt: our adapter of the venue has no streams.
    """
    dialect = _GATEWAYS[venue.speaks].dialect
    if not dialect.has_streams:
        raise NotBuilt(
            f"nothing is traded at {venue.url}: our adapter of {dialect.name} does not hear its "
            "streams. It looks (`genesis doctor --live`) and leaves (`genesis close-all --direct`);"
            " to trade, name a venue that speaks Binance's protocol in GENESIS_VENUE_URL"
        )
