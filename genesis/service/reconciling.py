"""Reconciliation at the start, on request and from time to time: the venue's truth as events."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

from genesis.domain.events import Event, FeedLost, FeedRestored
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderStatus
from genesis.engine.engine import Engine
from genesis.errors import ExchangeError
from genesis.exchange.gateway import Gateway
from genesis.exchange.reconcile import COMPONENT, Books, Reconciled, WorkingOrder, reconcile
from genesis.exchange.wire_id import key_of
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.service.readings import Readings

_log = log("reconciliation")
PERIOD_S: Final = 60.0
_AGAIN_S: Final = 1.0
_ASK_S: Final = 30.0


class Reconciling:
    """Compares our books with the venue's, one comparison at a time.

    tell: hands an event to the engine and returns once it is durable.
    report: tells how this part is (component, status, detail).
    """

    def __init__(
        self,
        gateway: Gateway,
        engine: Engine,
        clock: Clock,
        symbols: tuple[str, ...],
        wire_ids: Mapping[OrderKey, str],
        readings: Readings,
        tell: Callable[[Event], Awaitable[object]],
        report: Callable[[str, str, str], None],
    ) -> None:
        self._gateway = gateway
        self._engine = engine
        self._clock = clock
        self._symbols = symbols
        self._wire_ids = wire_ids
        self._readings = readings
        self._tell = tell
        self._report = report
        self._wanted = asyncio.Event()
        self._is_failed = False
        self._after: list[FeedRestored] = []
        self._compared: list[FeedRestored] = []

    def request(self, reason: str, after: FeedRestored | None = None) -> None:
        """Compare soon; `after` is told to the engine once a comparison begun since is done."""
        _log.info("requested", reason=reason)
        if after is not None:
            self._after.append(after)
        self._wanted.set()

    def lost(self, lost: FeedLost) -> None:
        """A line broke: what was to be told of it after a comparison is not true any more."""
        for waiting in (self._after, self._compared):
            waiting[:] = [restored for restored in waiting if restored.stream != lost.stream]

    async def run(self) -> None:
        """Compare on request and every minute, for ever."""
        while True:
            try:
                async with asyncio.timeout(PERIOD_S):
                    await self._wanted.wait()
            except TimeoutError:
                _log.debug("periodic")
            self._wanted.clear()
            if not await self._try(sent_by_ns=None):
                await asyncio.sleep(_AGAIN_S)
                self._wanted.set()

    async def at_start(self) -> Reconciled:
        """The first comparison of a process: waits for orders nobody answered for.

        Raises:
            ExchangeError: the venue does not answer, or not sensibly.
        """
        return await self._compare(sent_by_ns=self._clock.now_ns())

    async def _try(self, *, sent_by_ns: int | None) -> bool:
        self._compared += self._after  # what failed stays here for the next comparison
        self._after.clear()
        try:
            async with asyncio.timeout(_ASK_S):
                await self._compare(sent_by_ns=sent_by_ns)
        except (ExchangeError, TimeoutError) as problem:
            self._is_failed = True
            _log.warning("failed", error_type=type(problem).__name__, problem=str(problem))
            self._report(COMPONENT, "failed", str(problem) or "the venue does not answer")
            return False
        if self._is_failed:
            self._is_failed = False
            self._report(COMPONENT, "ok", "")
        while self._compared:
            await self._tell(self._compared.pop(0))
        return True

    async def _compare(self, *, sent_by_ns: int | None) -> Reconciled:
        found = await reconcile(self._gateway, lambda: self._books(sent_by_ns), self._clock.now_ns)
        for event in found.events:
            await self._tell(event)
        if not found.is_clean:
            _log.error("difference to the venue", complaints=list(found.complaints))
        return found

    def _books(self, sent_by_ns: int | None) -> Books:
        state = self._engine.state
        orders = state.execution.orders
        working = tuple(
            WorkingOrder(order, self._wire_ids[order.key], order.filled_qty)
            for order in orders.all_working()
            if order.key in self._wire_ids
        )

        def status_of(wire_id: str) -> OrderStatus | None:
            key = key_of(wire_id)
            if key is None or self._wire_ids.get(key) != wire_id or key not in orders.orders:
                return None
            return orders.orders[key].status

        return Books(
            symbols=self._symbols,
            working=working,
            ledger=dict(state.ledger.balances),
            last_trade_ids=dict(state.ledger.last_trade_ids),
            status_of=status_of,
            known_trades=frozenset(self._known_trades()),
            opened_ns=state.ledger.opened_ns,
            ring_fenced=dict(self._readings.ring_fenced),
            sent_by_ns=sent_by_ns,
        )

    def _known_trades(self) -> Iterator[tuple[str, int]]:
        """Every fill our ledger took: of our orders, and of others."""
        for order in self._engine.state.execution.orders.orders.values():
            for trade_id in order.trade_ids:
                yield order.request.symbol, trade_id
        yield from self._readings.adopted
