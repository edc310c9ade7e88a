"""What differs between venues: one value for each, and Binance's. Everything else is common."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from genesis.errors import InvariantBroken, NotBuilt
from genesis.exchange.classify import BINANCE_CODES, Codes
from genesis.exchange.venue import BINANCE, Speaks, Venue
from genesis.exchange.weights import BINANCE_TARIFF, Tariff

ErrorOf = Callable[[Any], tuple[int, str] | None]
_SAPI_VERSIONS: Final = {"sapi": 1, "sapiV2": 2, "sapiV3": 3, "sapiV4": 4}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One venue's ways.

    name: for people. speaks: ccxt's name for it. wire_ids: the client ids that it takes.
    config: what ccxt is told of a venue (addresses, options), for a recvWindow in ms.
    error_of: code and words of an error body; None: it is none.
    has_streams: we listen to its market and to the reports of our orders; without them nothing can
        be traded but to leave.
    """

    name: str
    speaks: Speaks
    wire_ids: re.Pattern[str]
    config: Callable[[Venue, int], dict[str, Any]]
    error_of: ErrorOf
    codes: Codes
    tariff: Tariff
    has_streams: bool

    def require_fit(self, wire_id: str) -> str:
        """The wire id. Raises InvariantBroken: the venue takes no such client id."""
        if not self.wire_ids.fullmatch(wire_id):
            raise InvariantBroken(f"{self.name} takes no client id like {wire_id!r}")
        return wire_id

    def lacks(self, what: str) -> NotBuilt:
        """What its adapter does not offer, to be raised."""
        return NotBuilt(f"{what} is not offered by our adapter of {self.name}: use Binance for it")


def _binance_config(venue: Venue, recv_window_ms: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "options": {
            "defaultType": "spot",
            "fetchMarkets": {"types": ["spot"]},
            "fetchCurrencies": False,
            "fetchMargins": False,
            "recvWindow": recv_window_ms,
            "adjustForTimeDifference": False,
        }
    }
    if venue != BINANCE:
        config["urls"] = {"api": _binance_urls(venue)}
    return config


def _binance_urls(venue: Venue) -> Mapping[str, str]:
    api = f"{venue.rest}/api/v3"
    sapi = {name: f"{venue.rest}/sapi/v{version}" for name, version in _SAPI_VERSIONS.items()}
    return {"public": api, "private": api, "v1": f"{venue.rest}/api/v1", **sapi}


def _binance_error(body: Any) -> tuple[int, str] | None:
    """A negative code; lists and data carry none."""
    if not isinstance(body, dict):
        return None
    try:
        code = int(body.get("code", 0))
    except (TypeError, ValueError):
        return None
    return (code, str(body.get("msg", ""))) if code < 0 else None


BINANCE_DIALECT: Final = Dialect(
    name="Binance",
    speaks=Speaks.BINANCE,
    wire_ids=re.compile(r"[A-Za-z0-9_-]{1,36}"),
    config=_binance_config,
    error_of=_binance_error,
    codes=BINANCE_CODES,
    tariff=BINANCE_TARIFF,
    has_streams=True,
)
