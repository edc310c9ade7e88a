"""What became of an order nobody knows about: ask by client id until it is certain.

"No such order" proves nothing while the request may still be on its way. It becomes proof after
the bound: the venue judges the signed timestamp just before its matching engine, so a request
cannot be accepted later than its stamp + recvWindow + clock tolerance + the engine's own
timeout; and a placed order may be invisible to queries for a while (the visibility margin).
The bound runs on the venue's clock. Because a replaying venue's clock outruns its sockets, the
last word must also be heard twice, the visibility margin of wall time apart.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from genesis.domain.events import OrderEvent, OrderRejected
from genesis.domain.ids import OrderKey
from genesis.domain.time import MILLISECOND
from genesis.errors import OutOfSync, Unreachable
from genesis.exchange.gateway import VenueOrder, VenueTrade
from genesis.exchange.lifecycle import order_events

NEVER_PLACED: Final = "NEVER_PLACED"
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 1.0
_OUTAGE_PAUSE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Bound:
    """After how much venue time a request that was signed cannot be accepted any more."""

    recv_window_ms: int = 5_000
    clock_tolerance_ms: int = 1_000
    engine_timeout_ms: int = 10_000
    visibility_ms: int = 1_000

    def proven_ns(self, sent_ns: int) -> int:
        """From this venue time on, "no such order" about a request signed at `sent_ns` is true."""
        parts = (
            self.recv_window_ms,
            self.clock_tolerance_ms,
            self.engine_timeout_ms,
            self.visibility_ms,
        )
        return sent_ns + sum(parts) * MILLISECOND


class Questions(Protocol):
    """What resolving asks of a venue."""

    async def order(self, wire_id: str, symbol: str) -> VenueOrder | None: ...

    async def order_trades(self, order: VenueOrder) -> tuple[VenueTrade, ...]: ...

    async def find_in_lists(self, wire_id: str, symbol: str) -> VenueOrder | None: ...


@dataclass(frozen=True, slots=True)
class Resolver:
    """Asks about one order at a time; many may run side by side.

    now_ns: venue time as the venue itself tells it: what a market stamp claims proves nothing.
    """

    venue: Questions
    now_ns: Callable[[], int]
    elapsed_ns: Callable[[], int]
    bound: Bound

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> tuple[OrderEvent, ...]:
        """The order's events so far, or NEVER_PLACED. Ends only when it is certain."""
        pause_s, missing_since = _FIRST_PAUSE_S, None
        while True:
            is_past = self.now_ns() >= self.bound.proven_ns(sent_ns)
            try:
                events = await self._told(key, wire_id, symbol)
                if events is not None:
                    return events
                missing_since = missing_since or self.elapsed_ns()
                if is_past and self._stayed_missing(missing_since):
                    return await self._last_look(key, wire_id, symbol)
                longest_s = _LONGEST_PAUSE_S
            except (Unreachable, OutOfSync):
                longest_s = _OUTAGE_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, longest_s)

    async def _told(
        self, key: OrderKey, wire_id: str, symbol: str
    ) -> tuple[OrderEvent, ...] | None:
        order = await self.venue.order(wire_id, symbol)
        return None if order is None else await self._events(key, order)

    async def _last_look(self, key: OrderKey, wire_id: str, symbol: str) -> tuple[OrderEvent, ...]:
        """The order query is served from memory first, the lists from elsewhere: ask both."""
        order = await self.venue.find_in_lists(wire_id, symbol)
        if order is not None:
            return await self._events(key, order)
        reason = "the proven bound passed and the venue has no such order"
        return (OrderRejected(self.now_ns(), key, NEVER_PLACED, reason),)

    async def _events(self, key: OrderKey, order: VenueOrder) -> tuple[OrderEvent, ...]:
        trades = await self.venue.order_trades(order)
        return order_events(key, order, trades, recovered=True)

    def _stayed_missing(self, since_ns: int) -> bool:
        return self.elapsed_ns() - since_ns >= self.bound.visibility_ms * MILLISECOND
