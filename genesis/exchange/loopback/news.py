"""What the user data stream tells: orders, order lists, balances, and what flowed past orders."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import count

from genesis.domain.account import Balance
from genesis.exchange.loopback.budget import Budget
from genesis.sim.orders import Report, ReportKind
from genesis.sim.venue import Venue
from genesis.wire import order_lists
from genesis.wire import orders as wire
from genesis.wire.orders import Payload

Publish = Callable[[Payload], None]


class News:
    """`publish` takes the events of the user data stream.

    updated_ns: when the account last changed.
    """

    def __init__(self, venue: Venue, budget: Budget, publish: Publish) -> None:
        self.updated_ns = 0
        self._venue, self._budget, self._publish = venue, budget, publish
        self._execution_ids = count(1)
        self._told_lists: dict[int, int] = {}

    def tell(self, reports: Iterable[Report], cancel_id: str = "") -> None:
        """Publish what happened to orders, each with the balances it changed, then to lists."""
        lists: dict[int, None] = {}
        for report in reports:
            self._tell_one(report, cancel_id)
            lists[report.order.list_id] = None
        for list_id in lists:
            self._tell_list(list_id)

    def flowed(self, asset: str, change: Decimal, ts_ns: int) -> None:
        """An amount came into the account, or left it (below 0), past all orders."""
        self.updated_ns = ts_ns
        self._publish(wire.balance_update(asset, change, ts_ns))
        self._publish(wire.account_position([self._venue.balance(asset)], ts_ns))

    def _tell_one(self, report: Report, cancel_id: str) -> None:
        self.updated_ns = report.ts_ns
        if report.kind is ReportKind.FILLED:
            self._budget.filled(report.order.order_id)
        named = cancel_id if report.kind is ReportKind.CANCELLED else ""
        self._publish(wire.execution_report(report, next(self._execution_ids), named))
        if report.kind is not ReportKind.TRIGGERED:
            self._publish(wire.account_position(self._touched(report), report.ts_ns))

    def _tell_list(self, list_id: int) -> None:
        found = self._venue.lists.get(list_id)
        if found is not None and found.version > self._told_lists.get(list_id, 0):
            self._told_lists[list_id] = found.version
            self._publish(order_lists.list_status(found))

    def _touched(self, report: Report) -> list[Balance]:
        """What an order trades in, and what its fill was charged in."""
        assets = report.order.symbol.split("/")
        if report.fill is not None and report.fill.fee_asset not in assets:
            assets.append(report.fill.fee_asset)
        return [self._venue.balance(asset) for asset in assets]
