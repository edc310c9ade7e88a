"""An order request as the venue's parameters: exact text, never a float."""

from decimal import Decimal

from genesis.domain.money import text
from genesis.domain.orders import OrderRequest, OrderType
from genesis.errors import InvariantBroken
from genesis.wire.symbols import to_venue


def order_params(request: OrderRequest, wire_id: str) -> dict[str, str]:
    """Parameters of POST order. The quantity is always base, never an amount of quote.

    Raises:
        InvariantBroken: the request lacks the price its type needs.
    """
    params = {
        "symbol": to_venue(request.symbol),
        "side": request.side.value,
        "type": _venue_type(request),
        "quantity": text(request.qty),
        "newClientOrderId": wire_id,
        "newOrderRespType": "FULL",
    }
    if request.type is OrderType.LIMIT:
        params["price"] = _needed(request.limit_price, "limit price", request)
        if not request.post_only:
            params["timeInForce"] = "GTC"
    if request.type is OrderType.STOP_LOSS:
        params["stopPrice"] = _needed(request.stop_price, "stop price", request)
    return params


def replace_params(request: OrderRequest, wire_id: str, replaced: str) -> dict[str, str]:
    """Parameters of POST order/cancelReplace: where the order of wire id `replaced` cannot be
    cancelled nothing is placed. Raises as `order_params`.
    """
    named = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": replaced}
    return order_params(request, wire_id) | named


def with_stop_params(
    entry: OrderRequest, wire_id: str, stop: OrderRequest, stop_wire_id: str
) -> dict[str, str]:
    """Parameters of POST orderList/opo: the stop sells what the entry received. Raises as
    `order_params`.
    """
    params = {
        "symbol": to_venue(entry.symbol),
        "newOrderRespType": "FULL",
        "workingType": _venue_type(entry),
        "workingSide": entry.side.value,
        "workingPrice": _needed(entry.limit_price, "limit price", entry),
        "workingQuantity": text(entry.qty),
        "workingClientOrderId": wire_id,
        "pendingType": _venue_type(stop),
        "pendingSide": stop.side.value,
        "pendingStopPrice": _needed(stop.stop_price, "stop price", stop),
        "pendingClientOrderId": stop_wire_id,
    }
    return params if entry.post_only else params | {"workingTimeInForce": "GTC"}


def _venue_type(request: OrderRequest) -> str:
    if request.type is OrderType.LIMIT and request.post_only:
        return "LIMIT_MAKER"
    return request.type.value


def _needed(price: Decimal | None, what: str, request: OrderRequest) -> str:
    if price is None:
        raise InvariantBroken(f"a {request.type} order for {request.symbol} has no {what}")
    return text(price)
