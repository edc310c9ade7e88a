"""Order lists of the simulated venue in Binance's words. Pure.

Source of the field sets: binance-spot-api-docs, "Order lists" (rest-api.md) and "List Status"
(user-data-stream.md).
"""

from collections.abc import Mapping

from genesis.domain.fills import Fill
from genesis.domain.orders import OrderStatus
from genesis.sim.lists import OrderList
from genesis.wire import orders as wire
from genesis.wire.orders import Answer, Payload, ms
from genesis.wire.symbols import to_venue


def placed(found: OrderList, fills: Mapping[int, list[Fill]], answer: Answer) -> Payload:
    """The answer to a new list, right after it was taken in; `fills` by order id."""
    reports = [wire.placed(order, fills.get(order.order_id, ()), answer) for order in found.orders]
    return queried(found) | {"orderReports": reports}


def cancelled(found: OrderList, cancel_id: str) -> Payload:
    """The answer to the cancel of a list, or of any order of it; without those that had ended."""
    reports = [
        wire.cancelled(order, cancel_id)
        for order in found.orders
        if order.status is OrderStatus.CANCELLED
    ]
    return queried(found) | {"orderReports": reports}


def queried(found: OrderList) -> Payload:
    """One list of a query."""
    return {
        "orderListId": found.list_id,
        "contingencyType": found.contingency.value,
        "listStatusType": "ALL_DONE" if found.is_done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if found.is_done else "EXECUTING",
        "listClientOrderId": found.client_id,
        "transactionTime": ms(found.updated_ns),
        "symbol": to_venue(found.symbol),
        "orders": [
            {
                "symbol": to_venue(found.symbol),
                "orderId": order.order_id,
                "clientOrderId": order.client_order_id,
            }
            for order in found.orders
        ],
    }


def list_status(found: OrderList) -> Payload:
    """listStatus of the user data stream: the list was placed, changed or ended."""
    return {
        "e": "listStatus",
        "E": ms(found.updated_ns),
        "s": to_venue(found.symbol),
        "g": found.list_id,
        "c": found.contingency.value,
        "l": "ALL_DONE" if found.is_done else "EXEC_STARTED",
        "L": "ALL_DONE" if found.is_done else "EXECUTING",
        "r": "NONE",
        "C": found.client_id,
        "T": ms(found.updated_ns),
        "O": [
            {"s": to_venue(found.symbol), "i": order.order_id, "c": order.client_order_id}
            for order in found.orders
        ],
    }
