"""The venue's rules for a new order, with Binance's codes and words.

Source: binance-spot-api-docs, "Filters" and "Error codes". Not modelled: PERCENT_PRICE,
MAX_POSITION, ICEBERG_PARTS, and the five-minute average price of NOTIONAL (the reference price,
book mid or last trade, stands in for it).
"""

import re
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from genesis.domain.instrument import Instrument
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderType
from genesis.sim.orders import NewOrder, Phase, TimeInForce, VenueOrder, VenueRejected

CLIENT_ID_PATTERN: Final = "^[a-zA-Z0-9-_]{1,36}$"
MAX_NUM_ORDERS: Final = 200
MAX_NUM_ALGO_ORDERS: Final = 5
TOO_THIN: Final = "Order book liquidity is less than LOT_SIZE filter minimum quantity."
_CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}")


def check_client_id(client_id: str, name: str = "newClientOrderId") -> None:
    """May an order or a list have this id?"""
    if not _CLIENT_ID.fullmatch(client_id):
        raise VenueRejected(
            -1100,
            f"Illegal characters found in parameter '{name}'; "
            f"legal range is '{CLIENT_ID_PATTERN}'.",
        )


def check_form(new: NewOrder) -> None:
    """Are the fields those of its type?"""
    check_client_id(new.client_order_id)
    if new.type is OrderType.MARKET:
        _check_market_form(new)
        return
    if new.qty is None:
        raise _missing("quantity")
    if new.type is OrderType.LIMIT and new.limit_price is None:
        raise _missing("price")
    if new.type is OrderType.STOP_LOSS and new.stop_price is None:
        raise _missing("stopPrice")
    if new.post_only and (new.stop_price is not None or new.time_in_force is not TimeInForce.GTC):
        raise VenueRejected(-1106, "Parameter 'timeInForce' sent when not required.")


def check_filters(
    new: NewOrder, qty: Decimal, instrument: Instrument, reference: Decimal | None
) -> None:
    """Is the order on the grid and within the sizes? `reference` values an order without price."""
    for price in (new.limit_price, new.stop_price):
        if price is not None and (price <= ZERO or price % instrument.price_tick):
            raise _failure("PRICE_FILTER")
    is_market = new.type is OrderType.MARKET
    if new.qty is not None:
        _check_qty(qty, instrument, is_market=is_market)
    elif qty <= ZERO:
        raise VenueRejected(-2010, TOO_THIN)
    price = new.limit_price or new.stop_price or reference
    value = new.quote_qty if new.quote_qty is not None or price is None else price * qty
    if value is not None and value < instrument.min_notional_usdt:
        raise _failure("NOTIONAL")


def check_counts(new: NewOrder, open_orders: Collection[VenueOrder]) -> None:
    """Is there room for one more order on the symbol?"""
    if len(open_orders) >= MAX_NUM_ORDERS:
        raise _failure("MAX_NUM_ORDERS")
    if new.stop_price is None or len(open_orders) < MAX_NUM_ALGO_ORDERS:
        return
    if sum(_is_algo(order) for order in open_orders) >= MAX_NUM_ALGO_ORDERS:
        raise _failure("MAX_NUM_ALGO_ORDERS")


def _is_algo(order: VenueOrder) -> bool:
    """Does a stop wait here, or for its turn in a list?"""
    is_pending_stop = order.phase is Phase.PENDING and order.new.stop_price is not None
    return order.phase is Phase.STOP or is_pending_stop


def _check_market_form(new: NewOrder) -> None:
    if (new.qty is None) == (new.quote_qty is None):
        raise VenueRejected(
            -1102,
            "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
        )
    if new.limit_price is not None:
        raise VenueRejected(-1106, "Parameter 'price' sent when not required.")


def _check_qty(qty: Decimal, instrument: Instrument, *, is_market: bool) -> None:
    if qty <= ZERO:
        raise VenueRejected(-1013, "Invalid quantity.")
    smallest = max(instrument.min_qty, instrument.qty_lot)
    if qty < smallest or qty > instrument.max_qty or qty % instrument.qty_lot:
        raise _failure("LOT_SIZE")
    if not is_market:
        return
    off_grid = instrument.market_lot and qty % instrument.market_lot
    if off_grid or qty > instrument.max_market_qty:
        raise _failure("MARKET_LOT_SIZE")


def _failure(name: str) -> VenueRejected:
    return VenueRejected(-1013, f"Filter failure: {name}")


def _missing(name: str) -> VenueRejected:
    return VenueRejected(
        -1102,
        f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
    )
