"""Orders, executions and balances of the simulated venue in Binance's words. Pure.

Source of the field sets: binance-spot-api-docs, "New order", "Query order", "Cancel order",
"Account information", "Account trade list", "executionReport" and "outboundAccountPosition".
Amounts finer than 8 decimals are cut, as the venue itself does.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any, Final

from genesis.domain.account import Balance
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.money import ZERO
from genesis.domain.orders import OrderStatus, OrderType, Side
from genesis.domain.time import MILLISECOND
from genesis.sim.fees import Discount
from genesis.sim.orders import NewOrder, Report, ReportKind, VenueOrder, VenueTrade
from genesis.sim.wallet import INSUFFICIENT
from genesis.wire.symbols import to_venue

Payload = dict[str, Any]

STP_MODE: Final = "EXPIRE_MAKER"
STATUSES: Final = {
    OrderStatus.PENDING: "PENDING_NEW",
    OrderStatus.OPEN: "NEW",
    OrderStatus.PARTIAL: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELLED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
    OrderStatus.REJECTED: "REJECTED",
}
_EXECUTION_TYPES: Final = {
    ReportKind.ACCEPTED: "NEW",
    ReportKind.TRIGGERED: "NEW",
    ReportKind.FILLED: "TRADE",
    ReportKind.CANCELLED: "CANCELED",
    ReportKind.EXPIRED: "EXPIRED",
    ReportKind.REJECTED: "REJECTED",
}
_REJECT_REASONS: Final = {
    INSUFFICIENT: "INSUFFICIENT_BALANCES",
    "Order would trigger immediately.": "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    "Order would immediately match and take.": "WOULD_MATCH_IMMEDIATELY",
}
"""Of the user data stream, "Order Reject Reason"."""
_GRAIN: Final = Decimal("0.00000001")


class Answer(StrEnum):
    """How much a new order's answer tells (newOrderRespType)."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


def amount(x: Decimal | None) -> str:
    """Text with exactly 8 decimals, cut; None is 0."""
    return format((x or ZERO).quantize(_GRAIN, ROUND_DOWN), "f")


def ms(t: int) -> int:
    """Milliseconds of a stamp in ns."""
    return t // MILLISECOND


def type_name(new: NewOrder) -> str:
    """`LIMIT` may also be `LIMIT_MAKER` or `STOP_LOSS_LIMIT`."""
    if new.type is not OrderType.LIMIT:
        return new.type.value
    if new.stop_price is not None:
        return "STOP_LOSS_LIMIT"
    return "LIMIT_MAKER" if new.post_only else "LIMIT"


# -- answers ---------------------------------------------------------------------------------
def placed(order: VenueOrder, fills: Iterable[Fill], answer: Answer) -> Payload:
    """The answer to a new order."""
    told: Payload = {
        "symbol": to_venue(order.symbol),
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": ms(order.updated_ns),
    }
    if answer is Answer.ACK:
        return told
    told |= _terms(order) | _working_time(order) | _extras(order)
    if answer is Answer.FULL:
        told["fills"] = [_fill(fill) for fill in fills]
    return told


def cancelled(order: VenueOrder, cancel_id: str) -> Payload:
    """The answer to a cancel; its `clientOrderId` is the cancel's own."""
    return {
        "symbol": to_venue(order.symbol),
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_id,
        "transactTime": ms(order.updated_ns),
        **_terms(order),
        **_extras(order),
    }


def queried(order: VenueOrder) -> Payload:
    """One order of a query."""
    return {
        "symbol": to_venue(order.symbol),
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        **_terms(order),
        "stopPrice": amount(order.new.stop_price),
        "icebergQty": amount(ZERO),
        "time": ms(order.placed_ns),
        "updateTime": ms(order.updated_ns),
        "isWorking": order.working_ns is not None,
        **_working_time(order),
        **_expiry(order),
    }


def own_trade(trade: VenueTrade) -> Payload:
    """One row of myTrades."""
    fill = trade.fill
    return {
        "symbol": to_venue(fill.symbol),
        "id": fill.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.list_id,
        "price": amount(fill.price),
        "qty": amount(fill.qty),
        "quoteQty": amount(fill.price * fill.qty),
        "commission": amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": ms(trade.ts_ns),
        "isBuyer": fill.side is Side.BUY,
        "isMaker": fill.liquidity is Liquidity.MAKER,
        "isBestMatch": True,
    }


def account(
    balances: Iterable[Balance], maker: Decimal, taker: Decimal, updated_ns: int
) -> Payload:
    """Account information; the rates are fractions. A trade key that cannot withdraw."""
    return {
        "makerCommission": int(maker * 10_000),
        "takerCommission": int(taker * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": amount(maker),
            "taker": amount(taker),
            "buyer": amount(ZERO),
            "seller": amount(ZERO),
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": ms(updated_ns),
        "accountType": "SPOT",
        "balances": [
            {"asset": held.asset, "free": amount(held.free), "locked": amount(held.locked)}
            for held in balances
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def commission(symbol: str, maker: Decimal, taker: Decimal, discount: Discount | None) -> Payload:
    """Commission rates of a symbol, as fractions."""
    none = {name: amount(ZERO) for name in ("maker", "taker", "buyer", "seller")}
    return {
        "symbol": to_venue(symbol),
        "standardCommission": none | {"maker": amount(maker), "taker": amount(taker)},
        "specialCommission": none,
        "taxCommission": none,
        "discount": {
            "enabledForAccount": discount is not None,
            "enabledForSymbol": discount is not None,
            "discountAsset": discount.asset if discount else "BNB",
            "discount": amount(discount.factor if discount else ZERO),
        },
    }


# -- user data stream ------------------------------------------------------------------------
def execution_report(report: Report, execution_id: int, cancel_id: str = "") -> Payload:
    """What happened to an order. On a cancel `c` is the cancel's id and `C` the order's."""
    order, new, fill = report.order, report.order.new, report.fill
    is_working = _is_working(report)
    told: Payload = {
        "e": "executionReport",
        "E": ms(report.ts_ns),
        "s": to_venue(order.symbol),
        "c": cancel_id or order.client_order_id,
        "S": order.side.value,
        "o": type_name(new),
        "f": new.time_in_force.value,
        "q": amount(order.qty),
        "p": amount(new.limit_price),
        "P": amount(new.stop_price),
        "F": amount(ZERO),
        "g": order.list_id,
        "C": order.client_order_id if cancel_id else "",
        "x": _EXECUTION_TYPES[report.kind],
        "X": STATUSES[report.status],
        "r": _REJECT_REASONS.get(report.reason, "NONE"),
        "i": order.order_id,
        "l": amount(fill.qty if fill else None),
        "z": amount(report.filled_qty),
        "L": amount(fill.price if fill else None),
        "n": amount(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": ms(report.ts_ns),
        "t": fill.trade_id if fill else -1,
        "I": execution_id,
        "w": is_working,
        "m": fill is not None and fill.liquidity is Liquidity.MAKER,
        "M": False,
        "O": ms(order.placed_ns),
        "Z": amount(report.filled_quote),
        "Y": amount(fill.price * fill.qty if fill else None),
        "Q": amount(new.quote_qty),
        "V": STP_MODE,
    }
    if order.working_ns is not None and (is_working or report.kind is ReportKind.FILLED):
        told["W"] = ms(order.working_ns)
    if report.reason and report.kind is ReportKind.EXPIRED:
        told["eR"] = report.reason
    return told


def account_position(balances: Iterable[Balance], ts_ns: int) -> Payload:
    """The balances that may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": ms(ts_ns),
        "u": ms(ts_ns),
        "B": [
            {"a": held.asset, "f": amount(held.free), "l": amount(held.locked)} for held in balances
        ],
    }


def balance_update(asset: str, change: Decimal, ts_ns: int) -> Payload:
    """A deposit, withdrawal or transfer; `change` is below 0 where it left."""
    moved = f"-{amount(-change)}" if change < ZERO else amount(change)
    return {"e": "balanceUpdate", "E": ms(ts_ns), "a": asset, "d": moved, "T": ms(ts_ns)}


# -- parts -----------------------------------------------------------------------------------
def _terms(order: VenueOrder) -> Payload:
    """A pending order that has no quantity yet tells none."""
    new = order.new
    return {
        "price": amount(new.limit_price),
        **({"origQty": amount(order.qty)} if order.qty else {}),
        "executedQty": amount(order.filled_qty),
        "origQuoteOrderQty": amount(new.quote_qty),
        "cummulativeQuoteQty": amount(order.filled_quote),
        "status": STATUSES[order.status],
        "timeInForce": new.time_in_force.value,
        "type": type_name(new),
        "side": order.side.value,
        "selfTradePreventionMode": STP_MODE,
    }


def _working_time(order: VenueOrder) -> Payload:
    return {"workingTime": -1 if order.working_ns is None else ms(order.working_ns)}


def _extras(order: VenueOrder) -> Payload:
    stop = order.new.stop_price
    told = {} if stop is None else {"stopPrice": amount(stop)}
    return told | _expiry(order)


def _expiry(order: VenueOrder) -> Payload:
    is_told = order.reason and order.status is OrderStatus.EXPIRED
    return {"expiryReason": order.reason} if is_told else {}


def _fill(fill: Fill) -> Payload:
    return {
        "price": amount(fill.price),
        "qty": amount(fill.qty),
        "commission": amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }


def _is_working(report: Report) -> bool:
    """Was the order on the book after this?"""
    if report.kind is ReportKind.ACCEPTED:
        is_pending = report.status is OrderStatus.PENDING
        return report.order.new.stop_price is None and not is_pending
    return report.kind is ReportKind.TRIGGERED or report.status is OrderStatus.PARTIAL
