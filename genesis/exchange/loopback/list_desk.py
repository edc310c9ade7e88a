"""Order lists of the account: placed, cancelled, asked for."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

from genesis.exchange.loopback import list_params
from genesis.exchange.loopback import params as read
from genesis.exchange.loopback.desk import Desk, is_between, page
from genesis.exchange.loopback.params import MadeIds, Params
from genesis.sim.lists import NewList, OrderList
from genesis.sim.orders import VenueRejected
from genesis.wire import order_lists as wire
from genesis.wire.orders import Answer, Payload, ms

_ROWS: Final = 1000
_UNKNOWN: Final = "Unknown order list sent."
Reader = Callable[[Params, str, MadeIds], NewList]
READERS: Final[Mapping[str, Reader]] = {
    "oco": list_params.oco,
    "oto": list_params.oto,
    "otoco": list_params.otoco,
    "opo": list_params.opo,
    "opoco": list_params.opoco,
}


class ListDesk:
    """Stands beside the desk of single orders and tells its news."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._venue = desk, desk.venue

    def place(self, kind: str, params: Params, now_ns: int) -> Payload:
        """Take in a list of a `READERS` kind.

        The answer is of the moment it was taken in: a pending order is told as pending even where
        the working one filled at once.
        """
        answer = read.answer_of(params, Answer.RESULT)
        new = READERS[kind](params, self._desk.symbol(params), self._desk.made_id)
        self._desk.check_new(new.orders)
        found, reports = self._venue.place_list(new, now_ns)
        fills = defaultdict(list)
        for report in reports:
            if report.fill is not None:
                fills[report.order.order_id].append(report.fill)
        told = wire.placed(found, fills, answer)
        self._desk.placed(found.orders)
        self._desk.news.tell(reports)
        self._desk.news.tell(self._venue.carry_on(reports))
        return told

    def cancel(self, params: Params, now_ns: int) -> Payload:
        """Cancel a whole list. Raises VenueRejected: -2011, it is not open."""
        found = self._named(params, "listClientOrderId")
        if found is None or found.is_done or found.symbol != self._desk.symbol(params):
            raise VenueRejected(-2011, _UNKNOWN)
        first = next(order for order in found.orders if order.order_id in self._open_ids())
        return self._desk.cancel_order(first, params.get("newClientOrderId"), now_ns)

    def one(self, params: Params) -> Payload:
        found = self._named(params, "origClientOrderId")
        if found is None:
            raise VenueRejected(-2013, "Order list does not exist.")
        return wire.queried(found)

    def open(self, _: Params) -> list[Payload]:
        return [wire.queried(found) for found in self._venue.lists.values() if not found.is_done]

    def history(self, params: Params) -> list[Payload]:
        from_id = read.whole(params, "fromId")
        start, end = read.whole(params, "startTime"), read.whole(params, "endTime")
        found = [
            wire.queried(each)
            for each in self._venue.lists.values()
            if (from_id is None or each.list_id >= from_id)
            and is_between(ms(each.placed_ns), start, end)
        ]
        is_onward = from_id is not None or start is not None
        return page(found, read.limit_of(params, 500, _ROWS), from_start=is_onward)

    # -- inside ------------------------------------------------------------------------------
    def _open_ids(self) -> set[int]:
        return {order.order_id for order in self._venue.open_orders}

    def _named(self, params: Params, client_name: str) -> OrderList | None:
        """The list a request names; its number wins where both are sent."""
        list_id, client_id = read.whole(params, "orderListId"), params.get(client_name)
        if list_id is not None:
            return self._venue.lists.get(list_id)
        if not client_id:
            raise VenueRejected(
                -1102,
                f"Param 'orderListId' or '{client_name}' must be sent, but both were empty/null!",
            )
        latest = reversed([*self._venue.lists.values()])
        named = (found for found in latest if found.client_id == client_id)
        return next(named, None)
