"""Orders that are sent whole: what each was to cost, counted until it ends.

Entries and exits alike; of a protective stop nobody knows when it is decided.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from genesis.domain.approval import Approved, Verdict
from genesis.domain.events import OrderAccepted, OrderEvent, OrderFilled
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order, OrderStatus, Purpose
from genesis.domain.outcomes import Outcome
from genesis.execution.draft import Draft
from genesis.execution.parents import SliceFacts
from genesis.execution.receipts import COMPLETE, Ending, Tally, receipt

_COMPLETE: Final = Ending(COMPLETE, "")


class _Sent(NamedTuple):
    wish: Draft
    tally: Tally


class WholeOrders:
    """Those under way. is_on: do the rules want their receipts? tell: takes a receipt."""

    def __init__(
        self, tell: Callable[[Outcome], None], now: Callable[[], int], *, is_on: bool
    ) -> None:
        """now: venue time of the event that is handled, UTC ns."""
        self.is_on = is_on
        self._tell, self._now = tell, now
        self._sent: dict[OrderKey, _Sent] = {}

    def begin(self, wish: Draft, verdict: Verdict, view: SliceFacts) -> None:
        """The gate's word on an order that is no slice and no parent."""
        if not self.is_on or wish.purpose is Purpose.PROTECT or not isinstance(verdict, Approved):
            return
        mid, qty = view.mark(wish.symbol), verdict.request.qty
        if mid is None:
            return  # without a price there is nothing to compare with
        walked = view.walk(wish.symbol, wish.side, qty) or mid
        tally = Tally(self._now(), qty, mid, walked, view.taker_fee_fraction, sent=1)
        self._sent[verdict.key] = _Sent(wish, tally)

    def heard(self, event: OrderEvent, order: Order) -> None:
        """One of our orders moved: it filled, or it ended, which is told once."""
        sent = self._sent.get(order.key)
        if sent is None or isinstance(event, OrderAccepted):
            return
        if isinstance(event, OrderFilled):
            sent.tally.fill(event.fill)
        if order.is_working:
            return
        del self._sent[order.key]
        if order.status is OrderStatus.FILLED:
            ending = _COMPLETE
        else:
            ending = Ending(order.status.lower(), order.note)
        self._tell(receipt(order.key, sent.wish, 1, sent.tally, ending, self._now()))
