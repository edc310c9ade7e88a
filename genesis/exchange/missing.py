"""Orders the venue accepted and does not know any more: since when, from comparison to comparison.

A venue that hiccups for a moment shows neither the order nor any list of it. Who gives an order up
that rests after all may place it twice; so it has to stay missing for a while, whenever asked.
"""

from collections.abc import Callable, Iterable
from typing import Final

from genesis.domain.ids import OrderKey
from genesis.domain.time import SECOND
from genesis.exchange.our_books import WorkingOrder

_LOST_AFTER_NS: Final = 20 * SECOND
"""Of the wall: longer than a request may be under way at the venue, and its lists behind."""


class Missing:
    """elapsed_ns: monotonic wall time."""

    def __init__(self, elapsed_ns: Callable[[], int]) -> None:
        self._elapsed_ns = elapsed_ns
        self._since: dict[OrderKey, int] = {}

    def lost(self, missing: Iterable[WorkingOrder]) -> list[WorkingOrder]:
        """Those of the orders missing now that were missing all the while; others are forgotten."""
        orders, now_ns = list(missing), self._elapsed_ns()
        self._since = {ours.order.key: self._since.get(ours.order.key, now_ns) for ours in orders}
        return [ours for ours in orders if now_ns - self._since[ours.order.key] >= _LOST_AFTER_NS]
