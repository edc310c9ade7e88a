"""exchangeInfo: the listed instruments and their filters."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.time import MILLISECOND
from genesis.exchange.loopback.budget import Limits
from genesis.exchange.loopback.filters import Filters
from genesis.exchange.loopback.params import ORDER_TYPES
from genesis.sim.filters import MAX_NUM_ALGO_ORDERS, MAX_NUM_ORDERS
from genesis.sim.lists import MAX_NUM_ORDER_LISTS
from genesis.wire.orders import STP_MODE, amount
from genesis.wire.symbols import to_venue

_LARGEST_PRICE: Final = Decimal(1_000_000)
_LARGEST_QTY: Final = Decimal(9_000_000)
TRADING: Final = "TRADING"


def exchange_info(
    instruments: Iterable[Instrument],
    limits: Limits,
    filters: Filters,
    statuses: Mapping[str, str],
    now_ns: int,
) -> dict[str, Any]:
    """The answer for some or all instruments. `statuses`: of symbols that do not simply trade."""
    return {
        "timezone": "UTC",
        "serverTime": now_ns // MILLISECOND,
        "rateLimits": limits.told(),
        "exchangeFilters": [],
        "symbols": [
            _symbol(instrument, filters, statuses.get(instrument.symbol, TRADING))
            for instrument in instruments
        ],
    }


def _symbol(instrument: Instrument, filters: Filters, status: str) -> dict[str, Any]:
    return {
        "symbol": to_venue(instrument.symbol),
        "status": status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(instrument, filters),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": STP_MODE,
        "allowedSelfTradePreventionModes": [STP_MODE],
    }


def _filters(instrument: Instrument, filters: Filters) -> list[dict[str, Any]]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": amount(instrument.price_tick),
            "maxPrice": amount(_LARGEST_PRICE),
            "tickSize": amount(instrument.price_tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": amount(max(instrument.min_qty, instrument.qty_lot)),
            "maxQty": amount(_finite(instrument.max_qty)),
            "stepSize": amount(instrument.qty_lot),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": amount(ZERO),
            "maxQty": amount(_finite(instrument.max_market_qty)),
            "stepSize": amount(instrument.market_lot),
        },
        filters.told(),
        filters.notional(instrument.min_notional_usdt),
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_NUM_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_NUM_ALGO_ORDERS},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": MAX_NUM_ORDER_LISTS},
    ]


def _finite(qty: Decimal) -> Decimal:
    return min(qty, _LARGEST_QTY)
