"""What a request costs, and whom it may keep waiting. Pure.

Source of the weights: Binance spot API documents, REST API; placing and cancelling cost nothing
where they succeed, and one where they do not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from genesis.domain.time import DAY, HOUR, MINUTE, SECOND

Params = Mapping[str, str]
UNKNOWN_WEIGHT: Final = 20
"""Of a question that is in no table: dear, until the venue's own count corrects it."""
DEFAULT_LIMIT: Final = 6000
_ABOUT_US: Final = ("privateGet", "privateDelete", "sapiGet")
_STATUS: Final = "sapiGetSystemStatus"
_SPANS: Final = {"SECOND": SECOND, "MINUTE": MINUTE, "HOUR": HOUR, "DAY": DAY}
_DEPTHS: Final = ((100, 5), (500, 25), (1000, 50))
_DEEPEST: Final = 250


class Lane(StrEnum):
    """Who goes before whom."""

    URGENT = "URGENT"
    """Cancels, stops, exits, and questions about our orders and what we hold: nothing of ours
    stands in their way but an order of the venue's to be silent."""
    ENTRY = "ENTRY"
    """Orders that add risk: never kept waiting; sent now or refused."""
    READ = "READ"
    """Everything else: waits for its turn."""


class Zone(StrEnum):
    """What is limited together: a refusal in one does not stop the other."""

    MARKET = "MARKET"
    """Trading and market data: `/api`, by address."""
    WALLET = "WALLET"
    """Deposits, withdrawals, keys, status: `/sapi`, by account."""
    ORDERS = "ORDERS"
    """New orders, beside what they are part of."""
    ALL = "ALL"


COUNTERS: Final[Mapping[Zone, str]] = MappingProxyType(
    {Zone.MARKET: "x-mbx-used-weight-1m", Zone.WALLET: "x-sapi-used-uid-weight-1m"}
)
"""Headers by which the venue tells the weight used in this minute."""
WALLET_LIMIT: Final = 180_000


def zone_of(endpoint: str) -> Zone:
    return Zone.WALLET if endpoint.startswith("sapi") else Zone.MARKET


def lane_of(endpoint: str) -> Lane:
    """The lane of an endpoint as ccxt names it; of an order, that of one which adds risk."""
    if endpoint.startswith(_ABOUT_US) and endpoint != _STATUS:
        return Lane.URGENT
    return Lane.ENTRY if is_order(endpoint) else Lane.READ


def is_order(endpoint: str) -> bool:
    """Does it place something?"""
    return endpoint.startswith(("privatePost", "privatePut"))


def is_read(endpoint: str) -> bool:
    """Is it a question, which may be asked twice?"""
    return "Get" in endpoint and not endpoint.startswith(("privatePost", "privateDelete"))


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one venue counts, until it tells more.

    weights: endpoint, as ccxt names it -> weight. unknown: of a question about the market or our
    orders that is in no table. limit: units in each span_ns.
    """

    weights: Mapping[str, int | Callable[[Params], int]]
    unknown: int
    limit: int
    span_ns: int


def weight_of(endpoint: str, params: Params, tariff: Tariff | None = None) -> int:
    """What the venue counts for the request, or what it counts if it says no; tariff: Binance's."""
    tariff = tariff or BINANCE_TARIFF
    found = tariff.weights.get(endpoint)
    if found is None:
        return tariff.unknown if is_read(endpoint) and zone_of(endpoint) is Zone.MARKET else 1
    return found if isinstance(found, int) else found(params)


def _depth(params: Params) -> int:
    rows = int(params.get("limit", "100"))
    return next((weight for most, weight in _DEPTHS if rows <= most), _DEEPEST)


def _one(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else every


WEIGHTS: Final[Mapping[str, int | Callable[[Params], int]]] = MappingProxyType(
    {
        "publicGetPing": 1,
        "publicGetTime": 1,
        "publicGetExchangeInfo": 20,
        "publicGetDepth": _depth,
        "publicGetTrades": 25,
        "publicGetHistoricalTrades": 25,
        "publicGetAggTrades": 4,
        "publicGetKlines": 2,
        "publicGetUiKlines": 2,
        "publicGetAvgPrice": 2,
        "publicGetTicker24hr": _one(2, 80),
        "publicGetTickerPrice": _one(2, 4),
        "publicGetTickerBookTicker": _one(2, 4),
        "privateGetAccount": 20,
        "privateGetOrder": 4,
        "privateGetOpenOrders": _one(6, 80),
        "privateGetAllOrders": 20,
        "privateGetMyTrades": lambda params: 5 if "orderId" in params else 20,
        "privateGetRateLimitOrder": 40,
        "privateGetOrderList": 4,
        "privateGetOpenOrderList": 6,
        "privateGetAllOrderList": 20,
        "sapiGetCapitalWithdrawHistory": 18_000,
        "sapiGetAssetAssetDividend": 10,
        "sapiGetCapitalConfigGetall": 10,
    }
)
"""Endpoint, as ccxt names it -> weight."""

BINANCE_TARIFF: Final = Tariff(WEIGHTS, UNKNOWN_WEIGHT, DEFAULT_LIMIT, MINUTE)


class Limits:
    """What exchangeInfo tells of limits.

    weight: units of requests in a minute. raw: (requests of any weight, span in ns), where there is
    such a limit. orders: (header that counts them, limit, span in ns).
    """

    def __init__(self, rows: object = ()) -> None:
        self.weight = DEFAULT_LIMIT
        self.raw: tuple[int, int] | None = None
        self.orders: tuple[tuple[str, int, int], ...] = ()
        for row in rows if isinstance(rows, list) else ():
            self._take(row)

    def _take(self, row: object) -> None:
        """A row that cannot be read is none: its limit stays as it was known."""
        try:
            kind, interval, number, limit = (
                row[name]  # type: ignore[index]
                for name in ("rateLimitType", "interval", "intervalNum", "limit")
            )
            span_ns, limit = int(number) * _SPANS[interval], int(limit)
        except (KeyError, TypeError, ValueError):
            return
        if limit <= 0:
            return
        if kind == "REQUEST_WEIGHT" and span_ns == MINUTE:
            self.weight = limit
        elif kind == "RAW_REQUESTS":
            self.raw = (limit, span_ns)
        elif kind == "ORDERS":
            header = f"x-mbx-order-count-{number}{interval[0].lower()}"
            self.orders += ((header, limit, span_ns),)
