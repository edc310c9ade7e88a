"""From the venue's records of an order to our events. Pure; amounts are read from text.

Sources of the field names: Binance spot API documents, "New order", "Query order", "Account
trade list" and "executionReport".
"""

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from genesis.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
)
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO, text
from genesis.domain.orders import Side
from genesis.errors import OutOfSync
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.wire.amounts import parse_stamp


class Ending(StrEnum):
    """How an order stands at the venue, as far as we care."""

    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


WAITS: Final = "PENDING_NEW"
ENDINGS: Final[dict[str, Ending]] = {
    "NEW": Ending.WORKING,
    WAITS: Ending.WORKING,
    "PARTIALLY_FILLED": Ending.WORKING,
    "PENDING_CANCEL": Ending.WORKING,
    "FILLED": Ending.FILLED,
    "CANCELED": Ending.CANCELLED,
    "EXPIRED": Ending.EXPIRED,
    "EXPIRED_IN_MATCH": Ending.EXPIRED,
    "REJECTED": Ending.REJECTED,
}
"""The venue's order status -> how the order stands."""


def ending_of(status: str) -> Ending:
    """Raises OutOfSync: the venue uses a status that no document we know names."""
    try:
        return ENDINGS[status]
    except KeyError:
        raise OutOfSync(f"the venue tells order status {status!r}, which is unknown here") from None


def stamp_ns(value: Any) -> int:
    """A venue stamp, in milli- or microseconds, as UTC ns."""
    return parse_stamp(int(value))


def amount(value: Any) -> Decimal:
    """An amount from the venue's text.

    Raises:
        OutOfSync: it is not a plain number.
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise OutOfSync(f"the venue tells the amount {value!r}") from None
    if not found.is_finite():
        raise OutOfSync(f"the venue tells the amount {value!r}")
    return found


def plain(value: Any) -> Decimal:
    """An amount without the venue's trailing zeros; absent is 0."""
    return Decimal(text(amount(value or "0")))


def read_order(body: dict[str, Any], symbol: str, wire_id: str | None = None) -> VenueOrder:
    """An order record of any REST answer. `wire_id` where the answer may carry a cancel's id."""
    stamp = body.get("updateTime") or body.get("transactTime") or body.get("time") or 0
    return VenueOrder(
        symbol=symbol,
        order_id=str(body["orderId"]),
        wire_id=wire_id or str(body.get("origClientOrderId") or body["clientOrderId"]),
        status=str(body["status"]),
        executed_qty=plain(body.get("executedQty")),
        updated_ns=stamp_ns(stamp),
        reason=str(body.get("expiryReason") or ""),
        stop_price=plain(body.get("stopPrice")) or None,
        qty=_listed_qty(body.get("orderListId"), body.get("origQty")),
    )


def _listed_qty(list_id: Any, qty: Any) -> Decimal | None:
    """The quantity of an order of a list, which the venue may have decided; None: it is in none."""
    return None if list_id is None or int(list_id) < 0 else plain(qty)


def read_placed_fills(body: dict[str, Any], symbol: str) -> tuple[VenueTrade, ...]:
    """The fills of a FULL answer: an order that trades on arrival takes."""
    side, ts_ns = Side(body["side"]), stamp_ns(body["transactTime"])
    return tuple(
        VenueTrade(
            ts_ns,
            str(body["orderId"]),
            Fill(
                symbol,
                side,
                int(row["tradeId"]),
                plain(row["price"]),
                plain(row["qty"]),
                plain(row["commission"]),
                str(row["commissionAsset"]),
                Liquidity.TAKER,
            ),
        )
        for row in body.get("fills", ())
    )


def read_trade(body: dict[str, Any], symbol: str) -> VenueTrade:
    """A row of the venue's list of our trades."""
    fill = Fill(
        symbol,
        Side.BUY if body["isBuyer"] else Side.SELL,
        int(body["id"]),
        plain(body["price"]),
        plain(body["qty"]),
        plain(body["commission"]),
        str(body["commissionAsset"]),
        Liquidity.MAKER if body["isMaker"] else Liquidity.TAKER,
    )
    return VenueTrade(stamp_ns(body["time"]), str(body["orderId"]), fill)


def total_qty(trades: tuple[VenueTrade, ...]) -> Decimal:
    return sum((trade.fill.qty for trade in trades), ZERO)


def order_events(
    key: OrderKey, order: VenueOrder, trades: tuple[VenueTrade, ...], *, recovered: bool
) -> tuple[OrderEvent, ...]:
    """The life of an order so far: accepted, its fills by trade id, its end if it has one.

    Nothing of an order that waits for another one of its list: it does not rest yet.
    """
    if order.status == WAITS:
        return ()
    ending = ending_of(order.status)
    if ending is Ending.REJECTED:
        return (OrderRejected(order.updated_ns, key, "REJECTED", order.reason),)
    fills = sorted(trades, key=lambda trade: trade.fill.trade_id)
    first_ns = min([order.updated_ns, *(trade.ts_ns for trade in fills)])
    return (
        OrderAccepted(first_ns, key, order.order_id, order.qty),
        *(OrderFilled(trade.ts_ns, key, trade.fill, recovered) for trade in fills),
        *_end(key, ending, order.updated_ns, order.reason),
    )


def _end(key: OrderKey, ending: Ending, ts_ns: int, reason: str) -> tuple[OrderEvent, ...]:
    if ending is Ending.CANCELLED:
        return (OrderCancelled(ts_ns, key, reason),)
    if ending is Ending.EXPIRED:
        return (OrderExpired(ts_ns, key, reason),)
    return ()


# -- the user data stream --------------------------------------------------------------------
def report_wire_id(report: dict[str, Any]) -> str:
    """The order's own client id: a cancel's report carries it as C, and the cancel's id as c."""
    return str(report.get("C") or report["c"])


def report_order(report: dict[str, Any], symbol: str) -> VenueOrder:
    """The order as an executionReport tells it."""
    return VenueOrder(
        symbol=symbol,
        order_id=str(report["i"]),
        wire_id=report_wire_id(report),
        status=str(report["X"]),
        executed_qty=plain(report["z"]),
        updated_ns=stamp_ns(report["T"]),
        reason=str(report.get("eR") or ""),
        qty=_listed_qty(report.get("g"), report.get("q")),
    )


def report_events(key: OrderKey, report: dict[str, Any], symbol: str) -> tuple[OrderEvent, ...]:
    """What one executionReport says that we did not know before it."""
    ts_ns = stamp_ns(report["T"])
    match report["x"]:
        case "NEW" if report["X"] == WAITS:
            return ()
        case "NEW":
            qty = _listed_qty(report.get("g"), report.get("q"))
            return (OrderAccepted(ts_ns, key, str(report["i"]), qty),)
        case "TRADE":
            return (OrderFilled(ts_ns, key, _report_fill(report, symbol)),)
        case "REJECTED":
            return (OrderRejected(ts_ns, key, str(report["r"]), "the venue rejected the order"),)
        case _:
            return _end(key, ending_of(str(report["X"])), ts_ns, str(report.get("eR") or ""))


def _report_fill(report: dict[str, Any], symbol: str) -> Fill:
    return Fill(
        symbol,
        Side(report["S"]),
        int(report["t"]),
        plain(report["L"]),
        plain(report["l"]),
        plain(report["n"]),
        str(report["N"] or ""),
        Liquidity.MAKER if report["m"] else Liquidity.TAKER,
    )
