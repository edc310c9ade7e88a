"""Bybit's words and numbers: what its answers mean, and its records as ours. Pure.

Source: Bybit V5 API documents, "Place Order", "Get Open & Closed Orders", "Get Trade History",
"Get Instruments Info", "Get Wallet Balance", "Get API Key Information", "Error Codes".
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from genesis.domain.account import Balance
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument, base_of, quote_of
from genesis.domain.money import text
from genesis.domain.orders import OrderRequest, OrderType, Side
from genesis.domain.time import SECOND
from genesis.errors import InvariantBroken, OutOfSync
from genesis.exchange.classify import Codes, Standing
from genesis.exchange.dialect import Dialect
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.key_scope import KeyScope
from genesis.exchange.lifecycle import plain, stamp_ns
from genesis.exchange.venue import Speaks, Venue
from genesis.exchange.weights import Tariff
from genesis.wire.symbols import to_venue

SPOT: Final = {"category": "spot"}
STOP: Final = "tpslOrder"
"""A stop that holds its coins from the start, as ours do everywhere."""

_TIMESTAMP, _TOO_MANY_ORDERS = 10_002, 170_005
_MALFORMED: Final = (
    *(10_001, 10_003, 10_004, 10_005, 10_007, 10_008, 10_009, 10_010, 10_017, 10_020),
    *(10_024, 10_027, 10_028, 10_029, 33_004, -2015),
)
BAD_KEYS: Final = {
    10_003: "GENESIS_API_KEY is not a key of this venue (its test network has keys of its own)",
    10_004: "GENESIS_API_SECRET is not the secret of GENESIS_API_KEY",
    10_005: "the key may not do this",
    10_010: "the key may not be used from this machine's address",
    33_004: "the key has expired",
    -2015: "the key has expired",
}
_FILTERS: Final = frozenset(
    {*range(170_132, 170_138), 170_124, 170_140, 170_148, 170_151, 170_157}
    | {*range(170_192, 170_195), 170_371, 170_372}
)
_REFUSED: Final = (
    *(170_033, 170_131, 170_105, 170_115, 170_116, 170_117, 170_121, 170_130, 170_159),
    *(170_201, 170_202, 170_203, 170_204, 170_206, 170_209, 170_210, 170_217, 170_218),
    *(170_197, 170_198, 170_223, 170_224, 170_226, 170_228, 170_229, 170_241),
)
_LIMITED: Final = frozenset({429, 10_006, 10_018, 170_222, _TOO_MANY_ORDERS})


def _was_taken_in(body: Any) -> bool:
    return isinstance(body, dict) and bool((body.get("result") or {}).get("orderId"))


CODES: Final = Codes(
    by_code={
        **dict.fromkeys((*_MALFORMED, *_FILTERS, *_REFUSED), Standing.REJECTED),
        **dict.fromkeys((*_LIMITED, _TIMESTAMP), Standing.NOT_PLACED),
        # all else is not known, such as 10000, 10016, 170007, 170146 (timeouts), and 170141: an
        # order with this id is there already
    },
    by_status={403: Standing.NOT_PLACED, 429: Standing.NOT_PLACED},
    by_words={},
    refuses_from=200,
    is_order=_was_taken_in,
    bad_timestamp=_TIMESTAMP,
    bad_filters=_FILTERS,
    closed_words="",
    too_many=_LIMITED,
    too_many_orders=frozenset({_TOO_MANY_ORDERS}),
    banned=frozenset({403, 10_009}),
    bad_keys=BAD_KEYS,
)
STATUSES: Final[Mapping[str, str]] = {
    "New": "NEW",
    "Untriggered": "NEW",
    "Triggered": "NEW",
    "PartiallyFilled": "PARTIALLY_FILLED",
    "Filled": "FILLED",
    "Cancelled": "CANCELED",
    "PartiallyFilledCanceled": "CANCELED",
    "Deactivated": "CANCELED",
    "Rejected": "REJECTED",
}
"""Bybit's status of an order -> Binance's word, which is ours."""
_BY_USER: Final = ("CancelByUser", "UNKNOWN", "")


def _error(body: Any) -> tuple[int, str] | None:
    """Every answer tells a code; 0 is none."""
    if not isinstance(body, dict):
        return None
    try:
        code = int(body.get("retCode", 0))
    except (TypeError, ValueError):
        return None
    return (code, str(body.get("retMsg", ""))) if code else None


def _config(venue: Venue, recv_window_ms: int) -> dict[str, Any]:
    names = ("spot", "futures", "v2", "public", "private")
    return {
        "options": {"recvWindow": recv_window_ms, "adjustForTimeDifference": False},
        "urls": {"api": dict.fromkeys(names, venue.rest)},
    }


BYBIT_DIALECT: Final = Dialect(
    name="Bybit",
    speaks=Speaks.BYBIT,
    wire_ids=re.compile(r"[A-Za-z0-9_-]{1,36}"),
    config=_config,
    error_of=_error,
    codes=CODES,
    tariff=Tariff({}, 1, 600, 5 * SECOND),
    has_streams=False,
)


# -- an order of ours ------------------------------------------------------------------------
def order_params(request: OrderRequest, wire_id: str) -> dict[str, str]:
    """Parameters of "Place Order". The quantity is always base, never an amount of quote.

    Raises:
        InvariantBroken: the request lacks the price its type needs.
    """
    params = {
        **SPOT,
        "symbol": to_venue(request.symbol),
        "side": request.side.value.capitalize(),
        "orderType": "Limit" if request.type is OrderType.LIMIT else "Market",
        "qty": text(request.qty),
        "orderLinkId": wire_id,
    }
    if request.type is OrderType.LIMIT:
        params["price"] = _needed(request.limit_price, "limit price", request)
        params["timeInForce"] = "PostOnly" if request.post_only else "GTC"
    else:
        params["marketUnit"] = "baseCoin"
    if request.type is OrderType.STOP_LOSS:
        params["triggerPrice"] = _needed(request.stop_price, "stop price", request)
        params["orderFilter"] = STOP
    return params


def _needed(price: Decimal | None, what: str, request: OrderRequest) -> str:
    if price is None:
        raise InvariantBroken(f"a {request.type} order for {request.symbol} has no {what}")
    return text(price)


# -- records ---------------------------------------------------------------------------------
def read_order(row: Mapping[str, Any], symbol: str) -> VenueOrder:
    """A row of open or ended orders, its status in our words: one that ended without fills and
    without our asking has expired, and says why.
    """
    told, why = str(row["orderStatus"]), str(row.get("cancelType") or "")
    status = STATUSES.get(told, told)
    if status == "CANCELED" and why not in _BY_USER:
        status = "EXPIRED"
    reason = str(row.get("rejectReason") or "").removeprefix("EC_").removeprefix("NoError")
    return VenueOrder(
        symbol=symbol,
        order_id=str(row["orderId"]),
        wire_id=str(row.get("orderLinkId") or ""),
        status=status,
        executed_qty=plain(row.get("cumExecQty")),
        updated_ns=stamp_ns(row["updatedTime"]),
        reason=reason or (why if status == "EXPIRED" else ""),
        stop_price=plain(row.get("triggerPrice")) or None,
    )


def read_trade(row: Mapping[str, Any], symbol: str) -> VenueTrade:
    """A row of our executions. A fee whose asset is not told is taken of what was received."""
    side = Side(str(row["side"]).upper())
    received = base_of(symbol) if side is Side.BUY else quote_of(symbol)
    fill = Fill(
        symbol,
        side,
        int(row["execId"]),
        plain(row["execPrice"]),
        plain(row["execQty"]),
        plain(row["execFee"]),
        str(row.get("feeCurrency") or received),
        Liquidity.MAKER if row["isMaker"] else Liquidity.TAKER,
    )
    return VenueTrade(stamp_ns(row["execTime"]), str(row["orderId"]), fill)


def read_balance(row: Mapping[str, Any]) -> Balance:
    """A coin of the unified account; what is borrowed cannot be told apart from what is held.

    Raises:
        OutOfSync: there is a debt: this account is no plain spot account.
    """
    total, locked = plain(row["walletBalance"]), plain(row.get("locked"))
    if plain(row.get("borrowAmount")) or total < locked:
        raise OutOfSync(f"the account owes {row['coin']}: only a plain spot account is read")
    return Balance(str(row["coin"]), total - locked, locked)


def read_instrument(row: Mapping[str, Any]) -> Instrument:
    """A spot symbol's filters."""
    lots, base, quote = row["lotSizeFilter"], str(row["baseCoin"]), str(row["quoteCoin"])
    status = str(row["status"])
    tick, lot = plain(row["priceFilter"]["tickSize"]), plain(lots["basePrecision"])
    if not tick or not lot:
        raise OutOfSync(f"the venue gives no price tick or lot for {base}/{quote}")
    largest = lots.get("maxLimitOrderQty") or lots.get("maxOrderQty")
    at_market = lots.get("maxMarketOrderQty") or largest
    return Instrument(
        symbol=f"{base}/{quote}",
        base=base,
        quote=quote,
        price_tick=tick,
        qty_lot=lot,
        min_notional_usdt=plain(lots["minOrderAmt"]),
        min_qty=plain(lots.get("minOrderQty")),
        max_qty=plain(largest) or Decimal("Infinity"),
        max_market_qty=plain(at_market) or Decimal("Infinity"),
        suspended="" if status == "Trading" else status,
    )


def read_scope(told: Mapping[str, Any]) -> KeyScope:
    """Any way for money to leave counts as withdrawing."""
    allowed = told["permissions"]
    wallet = set(allowed.get("Wallet") or ())
    return KeyScope(
        reads=True,
        trades=int(told["readOnly"]) == 0 and "SpotTrade" in (allowed.get("Spot") or ()),
        withdraws=bool(wallet & {"Withdraw", "AccountTransfer", "SubMemberTransfer"}),
        is_bound=bool(told["ips"]) and "*" not in told["ips"],
    )
