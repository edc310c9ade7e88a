"""What one comparison has found of our own orders for certain, through all its looks.

It is true whatever comes of the questions that follow, and what is held may be waiting for its
stop: so it is told as soon as it is known.
"""

from collections.abc import Awaitable, Callable, Iterable

from genesis.domain.events import FlowReported, OrderAccepted, OrderEvent, OrderFilled
from genesis.domain.ids import EXTERNAL_RUN, OrderKey

Tell = Callable[[OrderEvent], Awaitable[object]]
Told = OrderEvent | FlowReported
_NOBODY = OrderKey(EXTERNAL_RUN, 0, 0)


class Facts:
    """tell: hears every fact once. None: who asked tells them all, when the verdict is there.

    ended: orders proven not to exist; nothing more is asked about them.
    late: wire ids of orders that were given up and appeared after all.
    told: what was told, in order.
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self.ended: dict[OrderKey, OrderEvent] = {}
        self.late: dict[str, None] = {}
        self.told: dict[OrderEvent, None] = {}
        self._tell = tell

    async def tell(self, events: Iterable[OrderEvent]) -> None:
        """Those that were not told yet, in their order."""
        if self._tell is None:
            return
        for event in sorted(events, key=place):
            if event not in self.told:
                self.told[event] = None
                await self._tell(event)


def place(event: Told) -> tuple[int, int, str, int, OrderKey]:
    """Acceptances by order, then fills and flows as they happened, then endings by order."""
    if isinstance(event, FlowReported):
        return (1, event.ts_ns, "", 0, _NOBODY)
    if isinstance(event, OrderFilled):
        return (1, event.ts_ns, event.fill.symbol, event.fill.trade_id, event.key)
    return (0 if isinstance(event, OrderAccepted) else 2, 0, "", 0, event.key)
