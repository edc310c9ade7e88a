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


def _venue_type(request: OrderRequest) -> str:
    if request.type is OrderType.LIMIT and request.post_only:
        return "LIMIT_MAKER"
    return request.type.value


def _needed(price: Decimal | None, what: str, request: OrderRequest) -> str:
    if price is None:
        raise InvariantBroken(f"a {request.type} order for {request.symbol} has no {what}")
    return text(price)
