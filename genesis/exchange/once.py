"""Every fact of our orders is told once per process, whichever way it came first.

An answer and the user stream tell the same fill; both may be late. Reconciliation does not ask
here: it compares with what the engine knows.
"""

from collections.abc import Iterable
from decimal import Decimal

from genesis.domain.events import (
    OrderAccepted,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
)
from genesis.domain.ids import OrderKey
from genesis.domain.money import ZERO


class Once:
    """What was told already, by order."""

    def __init__(self) -> None:
        self._told: set[tuple[OrderKey, type, int]] = set()
        self._filled: dict[OrderKey, Decimal] = {}

    def fresh(self, events: Iterable[OrderEvent]) -> tuple[OrderEvent, ...]:
        """The events that say something new; they count as told from here on."""
        return tuple([event for event in events if self._is_news(event)])

    def filled_qty(self, key: OrderKey) -> Decimal:
        """Sum of the fills told of an order."""
        return self._filled.get(key, ZERO)

    def _is_news(self, event: OrderEvent) -> bool:
        if not isinstance(event, OrderAccepted | OrderFilled | OrderCancelled | OrderExpired):
            return True
        trade_id = event.fill.trade_id if isinstance(event, OrderFilled) else -1
        name = (event.key, type(event), trade_id)
        if name in self._told:
            return False
        self._told.add(name)
        if isinstance(event, OrderFilled):
            self._filled[event.key] = self.filled_qty(event.key) + event.fill.qty
        return True
