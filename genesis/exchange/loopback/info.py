"""exchangeInfo: the listed instruments and their filters."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.time import MILLISECOND
from genesis.exchange.loopback.budget import Limits
from genesis.exchange.loopback.params import ORDER_TYPES
from genesis.sim.filters import MAX_NUM_ALGO_ORDERS, MAX_NUM_ORDERS
from genesis.wire.orders import STP_MODE, amount
from genesis.wire.symbols import to_venue

_LARGEST_PRICE: Final = Decimal(1_000_000)
_LARGEST_QTY: Final = Decimal(9_000_000)
_LARGEST_NOTIONAL: Final = Decimal(9_000_000)


def exchange_info(instruments: Iterable[Instrument], limits: Limits, now_ns: int) -> dict[str, Any]:
    """The answer for some or all instruments."""
    return {
        "timezone": "UTC",
        "serverTime": now_ns // MILLISECOND,
        "rateLimits": limits.told(),
        "exchangeFilters": [],
        "symbols": [_symbol(instrument) for instrument in instruments],
    }


def _symbol(instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": to_venue(instrument.symbol),
        "status": "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(instrument),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": STP_MODE,
        "allowedSelfTradePreventionModes": [STP_MODE],
    }


def _filters(instrument: Instrument) -> list[dict[str, Any]]:
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
        {
            "filterType": "NOTIONAL",
            "minNotional": amount(instrument.min_notional_usdt),
            "applyMinToMarket": True,
            "maxNotional": amount(_LARGEST_NOTIONAL),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_NUM_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_NUM_ALGO_ORDERS},
    ]


def _finite(qty: Decimal) -> Decimal:
    return min(qty, _LARGEST_QTY)
