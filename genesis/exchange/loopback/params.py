"""Request parameters, read: text in, our values out, Binance's complaint where they are wrong."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from genesis.domain.money import ZERO
from genesis.domain.orders import OrderType, Side
from genesis.sim.filters import check_form
from genesis.sim.orders import NewOrder, TimeInForce, VenueRejected
from genesis.wire.orders import Answer

Params = Mapping[str, str]
MadeIds = Callable[[], str]
"""Makes a client id for an order that brings none."""

_TYPES: Final = {
    "MARKET": OrderType.MARKET,
    "LIMIT": OrderType.LIMIT,
    "LIMIT_MAKER": OrderType.LIMIT,
    "STOP_LOSS": OrderType.STOP_LOSS,
    "STOP_LOSS_LIMIT": OrderType.LIMIT,
}
ORDER_TYPES: Final = tuple(_TYPES)
_NEEDS_FORCE: Final = ("LIMIT", "STOP_LOSS_LIMIT")
_NEEDS_STOP: Final = ("STOP_LOSS", "STOP_LOSS_LIMIT")
_UNSUPPORTED: Final = ("icebergQty", "trailingDelta", "pegPriceType")


def required(params: Params, name: str) -> str:
    """Raises VenueRejected: -1102, it was not sent."""
    value = params.get(name)
    if not value:
        raise VenueRejected(
            -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        )
    return value


def whole(params: Params, name: str) -> int | None:
    """A whole number, None where it was not sent. Raises VenueRejected: -1100."""
    value = params.get(name)
    if not value:
        return None
    if not value.lstrip("-").isdigit():
        raise _illegal(name, "^[0-9]{1,20}$")
    return int(value)


def limit_of(params: Params, default: int, most: int) -> int:
    """How many rows are asked for."""
    found = whole(params, "limit")
    return default if found is None else max(1, min(found, most))


def amount(params: Params, name: str) -> Decimal | None:
    """A positive amount, None where it was not sent. Raises VenueRejected: -1100, -1013."""
    value = params.get(name)
    if not value:
        return None
    found = signed_amount(value, name)
    if found <= ZERO:
        raise VenueRejected(-1013, f"Invalid {name}.")
    return found


def signed_amount(value: str, name: str = "amount") -> Decimal:
    """A number, of either sign. Raises VenueRejected: -1100."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise _illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
    return found


def answer_of(params: Params, default: Answer) -> Answer:
    """How much of an answer is asked for. Raises VenueRejected: -1100."""
    asked = params.get("newOrderRespType") or ""
    if asked and asked not in Answer.__members__:
        raise VenueRejected(-1100, "Illegal characters found in parameter 'newOrderRespType'.")
    return Answer[asked or default.value]


def new_order(params: Params, symbol: str, default_id: str) -> NewOrder:
    """The order that a request asks for.

    Raises:
        VenueRejected: a parameter is missing, malformed, unknown here, or does not belong.
    """
    kind = required(params, "type")
    if kind not in _TYPES:
        raise VenueRejected(-1116, "Invalid orderType.")
    if required(params, "side") not in Side.__members__:
        raise VenueRejected(-1117, "Invalid side.")
    for name in _UNSUPPORTED:
        if params.get(name):
            raise VenueRejected(-1106, f"Parameter '{name}' sent when not required.")
    force = required(params, "timeInForce") if kind in _NEEDS_FORCE else "GTC"
    if force not in TimeInForce.__members__:
        raise VenueRejected(-1115, "Invalid timeInForce.")
    if kind in _NEEDS_STOP:
        required(params, "stopPrice")
    elif params.get("stopPrice"):
        raise VenueRejected(-1106, "Parameter 'stopPrice' sent when not required.")
    order = NewOrder(
        params.get("newClientOrderId") or default_id,
        symbol,
        Side[params["side"]],
        _TYPES[kind],
        qty=amount(params, "quantity"),
        quote_qty=amount(params, "quoteOrderQty"),
        limit_price=amount(params, "price"),
        stop_price=amount(params, "stopPrice"),
        post_only=kind == "LIMIT_MAKER",
        time_in_force=TimeInForce[force],
    )
    check_form(order)
    return order


def _illegal(name: str, legal: str) -> VenueRejected:
    return VenueRejected(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )
