"""Order list requests, read. Sources: binance-spot-api-docs, "Order lists"; faqs/opo.md."""

from typing import Final

from genesis.domain.orders import Side
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.params import MadeIds, Params
from genesis.sim.lists import NewList
from genesis.sim.orders import NewOrder, VenueRejected

_LIMIT: Final = "LIMIT_MAKER"
_CONTINGENT: Final = ("STOP_LOSS", "STOP_LOSS_LIMIT")
_WORKING: Final = ("LIMIT", "LIMIT_MAKER")
_TERMS: Final = {
    "Type": "type",
    "Side": "side",
    "Quantity": "quantity",
    "Price": "price",
    "StopPrice": "stopPrice",
    "TimeInForce": "timeInForce",
    "IcebergQty": "icebergQty",
    "TrailingDelta": "trailingDelta",
    "ClientOrderId": "newClientOrderId",
}
_WRONG_WAY: Final = {
    (Side.BUY, True): (-1165, "A limit order in a buy OCO must be below."),
    (Side.SELL, True): (-1166, "A limit order in a sell OCO must be above."),
    (Side.BUY, False): (-1196, "A stop loss order in a buy OCO must be above."),
    (Side.SELL, False): (-1197, "A stop loss order in a sell OCO must be below."),
}


def oco(params: Params, symbol: str, ids: MadeIds) -> NewList:
    """Two orders of one side and quantity; `above` and `below` the last price.

    Raises:
        VenueRejected: here and below, a parameter is missing, malformed or does not belong.
    """
    return NewList(_list_id(params, ids), symbol, _pair(params, ("above", "below"), symbol, ids))


def oto(params: Params, symbol: str, ids: MadeIds) -> NewList:
    """A working order and one that is placed when it has filled."""
    working = _working(params, symbol, ids)
    pending = _order(_part(params, "pending"), symbol, ids)
    return NewList(_list_id(params, ids), symbol, (pending,), working)


def otoco(params: Params, symbol: str, ids: MadeIds) -> NewList:
    """A working order and an OCO that is placed when it has filled."""
    names = ("pendingAbove", "pendingBelow")
    given = {**params, "side": params.get("pendingSide", "")}
    given["quantity"] = params.get("pendingQuantity", "")
    working = _working(params, symbol, ids)
    pair = _pair(given, names, symbol, ids)
    return NewList(_list_id(params, ids), symbol, pair, working)


def opo(params: Params, symbol: str, ids: MadeIds) -> NewList:
    """As OTO; the pending order sells what the working one received."""
    return _paid(oto({**params, "pendingQuantity": "1"}, symbol, ids), params)


def opoco(params: Params, symbol: str, ids: MadeIds) -> NewList:
    """As OTOCO; the pending orders sell what the working one received."""
    return _paid(otoco({**params, "pendingQuantity": "1"}, symbol, ids), params)


def _paid(made: NewList, params: Params) -> NewList:
    if params.get("pendingQuantity"):
        raise VenueRejected(-1106, "Parameter 'pendingQuantity' sent when not required.")
    assert made.working is not None
    if made.working.side is not Side.BUY or made.legs[0].side is not Side.SELL:
        raise VenueRejected(-1014, "Unsupported order combination.")
    legs = tuple(leg._replace(qty=None) for leg in made.legs)
    return made._replace(legs=legs, pays_on=True)


def _working(params: Params, symbol: str, ids: MadeIds) -> NewOrder:
    if read.required(params, "workingType") not in _WORKING:
        raise VenueRejected(-1116, "Invalid orderType.")
    return _order(_part(params, "working"), symbol, ids)


def _pair(
    params: Params, names: tuple[str, str], symbol: str, ids: MadeIds
) -> tuple[NewOrder, NewOrder]:
    """The contingent order first, as the venue answers them."""
    above, below = (read.required(params, f"{name}Type") for name in names)
    if not {above, below} <= {_LIMIT, *_CONTINGENT}:
        raise VenueRejected(-1158, "Order type not supported in OCO.")
    if above == below == _LIMIT:
        raise VenueRejected(-1168, "At least one OCO order must be contingent.")
    if read.required(params, "side") not in Side.__members__:
        raise VenueRejected(-1117, "Invalid side.")
    side = Side[params["side"]]
    for kind, is_above in ((above, True), (below, False)):
        is_limit = kind == _LIMIT
        if is_above is not (is_limit is (side is Side.SELL)):
            raise VenueRejected(*_WRONG_WAY[side, is_limit])
    shared = {"side": side.value, "quantity": read.required(params, "quantity")}
    upper, lower = (_order(_part(params, name) | shared, symbol, ids) for name in names)
    return (upper, lower) if lower.stop_price is None else (lower, upper)


def _order(part: dict[str, str], symbol: str, ids: MadeIds) -> NewOrder:
    return read.new_order(part, symbol, ids())


def _part(params: Params, name: str) -> dict[str, str]:
    """The parameters of one order, by the names of a single one."""
    return {
        plain: params[f"{name}{suffix}"]
        for suffix, plain in _TERMS.items()
        if params.get(f"{name}{suffix}")
    }


def _list_id(params: Params, ids: MadeIds) -> str:
    return params.get("listClientOrderId") or ids()
