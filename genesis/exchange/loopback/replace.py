"""`order/cancelReplace`: cancel one order and send another, one of them, or neither.

Source: binance-spot-api-docs, "Cancel an Existing Order and Send a New Order". Parameters, filters
and the order count are judged before anything is cancelled.
"""

from typing import Any, Final

from genesis.domain.orders import OrderStatus
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.budget import TooMany
from genesis.exchange.loopback.desk import UNKNOWN, Desk
from genesis.exchange.loopback.params import Params
from genesis.sim.orders import NewOrder, Phase, VenueOrder, VenueRejected
from genesis.wire.orders import Payload

_MODES: Final = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
_RESTRICTIONS: Final = {
    "ONLY_NEW": OrderStatus.OPEN,
    "ONLY_PARTIALLY_FILLED": OrderStatus.PARTIAL,
}
_COUNT_MODES: Final = ("DO_NOTHING", "CANCEL_ONLY")
_SAYS: Final = {
    -2021: "Order cancel-replace partially failed.",
    -2022: "Order cancel-replace failed.",
}


class NotReplaced(VenueRejected):
    """One leg (-2021) or both (-2022) failed; `data` says which."""

    def __init__(self, code: int, data: Payload) -> None:
        super().__init__(code, _SAYS[code])
        self.data = data


def replace(desk: Desk, params: Params, now_ns: int) -> Payload:
    """Raises VenueRejected: nothing was tried. NotReplaced: -2021 or -2022."""
    may_go_on = _one_of(params, "cancelReplaceMode", _MODES) == "ALLOW_FAILURE"
    over_limit = _one_of(params, "orderRateLimitExceededMode", _COUNT_MODES, "DO_NOTHING")
    allowed = _one_of(params, "cancelRestrictions", tuple(_RESTRICTIONS), "")
    told: Payload = {"cancelResponse": None, "newOrderResponse": None}
    new = desk.read(params)
    desk.venue.check_filters(new)
    _check_new(desk, new, cancel_only=over_limit == "CANCEL_ONLY")
    cancelled = _try(told, "cancelResponse", lambda: _cancel(desk, params, allowed, now_ns))
    if not cancelled and not may_go_on:
        raise NotReplaced(-2022, _data(told, cancelled, "NOT_ATTEMPTED"))
    placed = _try(told, "newOrderResponse", lambda: desk.place(params, now_ns))
    data = _data(told, cancelled, _word(placed))
    if cancelled and placed:
        return data
    raise NotReplaced(-2021 if cancelled or placed else -2022, data)


def _cancel(desk: Desk, params: Params, allowed: str, now_ns: int) -> Payload:
    named = {
        "symbol": params.get("symbol", ""),
        "orderId": params.get("cancelOrderId", ""),
        "origClientOrderId": params.get("cancelOrigClientOrderId", ""),
    }
    order = desk.found(named)
    if order is None or order.phase is Phase.ENDED:
        raise VenueRejected(-2011, UNKNOWN)
    _check_restriction(order, allowed)
    return desk.cancel_order(order, params.get("cancelNewClientOrderId"), now_ns)


def _check_restriction(order: VenueOrder, allowed: str) -> None:
    if allowed and order.status is not _RESTRICTIONS[allowed]:
        raise VenueRejected(-2011, "Order was not canceled due to cancel restrictions.")


def _check_new(desk: Desk, new: NewOrder, *, cancel_only: bool) -> None:
    """With CANCEL_ONLY too many orders do not keep from the cancel."""
    try:
        desk.check_new([new])
    except TooMany:
        if not cancel_only:
            raise


def _try(told: Payload, name: str, act: Any) -> bool:
    try:
        told[name] = act()
    except VenueRejected as refused:
        told[name] = {"code": refused.venue_code, "msg": refused.message}
        return False
    return True


def _data(told: Payload, cancelled: bool, new_result: str) -> Payload:
    return {"cancelResult": _word(cancelled), "newOrderResult": new_result, **told}


def _word(succeeded: bool) -> str:
    return "SUCCESS" if succeeded else "FAILURE"


def _one_of(params: Params, name: str, words: tuple[str, ...], default: str | None = None) -> str:
    word = params.get(name) or (read.required(params, name) if default is None else default)
    if word and word not in words:
        raise VenueRejected(-1130, f"Data sent for parameter '{name}' is not valid.")
    return word
