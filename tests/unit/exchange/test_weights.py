"""What requests cost, who goes before whom, and the limits that the venue tells."""

import pytest

from genesis.domain.time import DAY, MINUTE, SECOND
from genesis.exchange.loopback.endpoints import ENDPOINTS, REST
from genesis.exchange.weights import Lane, Limits, lane_of, weight_of

NAMES = {
    "publicGetDepth": ("depth", {"limit": "500"}),
    "publicGetExchangeInfo": ("exchangeInfo", {}),
    "publicGetTime": ("time", {}),
    "publicGetKlines": ("klines", {}),
    "publicGetAggTrades": ("aggTrades", {}),
    "publicGetTickerPrice": ("ticker/price", {"symbol": "BTCUSDT"}),
    "publicGetTicker24hr": ("ticker/24hr", {}),
    "privateGetAccount": ("account", {}),
    "privateGetOrder": ("order", {"symbol": "BTCUSDT"}),
    "privateGetOpenOrders": ("openOrders", {"symbol": "BTCUSDT"}),
    "privateGetAllOrders": ("allOrders", {}),
    "privateGetMyTrades": ("myTrades", {"orderId": "7"}),
}


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_count_alike(name: str) -> None:
    path, params = NAMES[name]
    assert weight_of(name, params) == ENDPOINTS[REST["GET", path]].weigh(params)


def test_the_documents_weights_where_they_depend_on_the_request() -> None:
    depths = {"5": 5, "100": 5, "101": 25, "1000": 50, "5000": 250}
    assert {rows: weight_of("publicGetDepth", {"limit": rows}) for rows in depths} == depths
    assert weight_of("privateGetOpenOrders", {}) == 80
    assert weight_of("privateGetMyTrades", {"symbol": "BTCUSDT"}) == 20
    assert weight_of("publicGetSomethingNew", {}) == 20
    assert weight_of("sapiGetCapitalDepositHisrec", {}) == 1


@pytest.mark.parametrize(
    ("endpoint", "lane"),
    [
        ("privateDeleteOrder", Lane.URGENT),
        ("privateDeleteOpenOrders", Lane.URGENT),
        ("privateGetOrder", Lane.URGENT),
        ("privateGetOpenOrders", Lane.URGENT),
        ("privateGetAccount", Lane.URGENT),
        ("privatePostOrder", Lane.ENTRY),
        ("privatePostOrderListOpo", Lane.ENTRY),
        ("publicGetKlines", Lane.READ),
        ("publicGetExchangeInfo", Lane.READ),
        ("sapiGetSystemStatus", Lane.READ),
    ],
)
def test_lanes(endpoint: str, lane: Lane) -> None:
    assert lane_of(endpoint) is lane


def test_limits_are_the_venues_and_never_ours() -> None:
    limits = Limits(
        [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 9},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 160_000},
            {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 1},
        ]
    )
    assert limits.weight == 9
    assert limits.raw == (1, 5 * MINUTE)
    assert limits.orders == (
        ("x-mbx-order-count-10s", 50, 10 * SECOND),
        ("x-mbx-order-count-1d", 160_000, DAY),
    )


@pytest.mark.parametrize(
    "rows",
    [None, {}, "x", [1], [{}], [{"rateLimitType": "ORDERS"}],
     [{"rateLimitType": "ORDERS", "interval": "WEEK", "intervalNum": 1, "limit": 5}],
     [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 0}]],
)  # fmt: skip
def test_what_cannot_be_read_leaves_what_was_known(rows: object) -> None:
    assert (Limits(rows).weight, Limits(rows).orders) == (6000, ())
