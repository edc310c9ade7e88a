"""Reconciliation at the start, on request and from time to time: the venue's truth as events."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from genesis.domain.events import (
    Event,
    FeedLost,
    FeedRestored,
    FlowReported,
    OrderAccepted,
    OrderFilled,
)
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import base_of
from genesis.domain.money import ZERO
from genesis.domain.orders import Order, OrderStatus, Purpose
from genesis.domain.time import DAY, SECOND
from genesis.engine.engine import Engine
from genesis.errors import ExchangeError, Rejected
from genesis.exchange.flows import EXPLAINED, PASSED, fenced_part, trade_ref
from genesis.exchange.gateway import Gateway, VenueOrder
from genesis.exchange.missing import Missing
from genesis.exchange.our_books import Books, WorkingOrder
from genesis.exchange.reconcile import SETTLE_S, reconcile
from genesis.exchange.reconciled import COMPONENT, Reconciled
from genesis.exchange.wire_id import ours
from genesis.service.clock import Clock
from genesis.service.logs import log
from genesis.service.readings import Readings

_log = log("reconciliation")
PERIOD_S: Final = 60.0
_UNCLEAN_S: Final = 15.0
"""How soon something that was not explained is looked at again: the venue may tell late."""
_FLOWS_S: Final = 600.0
_FLOWS_AGAIN_S: Final = 15.0
"""The histories of flows: how often at least, and at most (the venue counts 10 a minute)."""
_AGAIN_S: Final = 1.0
_REFUSED_S: Final = 60.0
_ASK_S: Final = 30.0
_SETTLE_AGAIN_S: Final = 5.0
"""How long a comparison waits for orders of before the start that could not be settled at it."""
_WATCHED: Final = 20
_WATCHED_NS: Final = DAY
"""So many given-up orders are asked for by name so long; a trade or a resting order of any other
is recognised for ever.
"""


class Reconciling:
    """Compares our books with the venue's, one comparison at a time.

    tell: hands an event to the engine and returns once it is durable.
    report: tells how this part is (component, status, detail).
    period_s: wall seconds between comparisons that nothing asked for.
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
        period_s: float = PERIOD_S,
    ) -> None:
        self._gateway = gateway
        self._engine = engine
        self._clock = clock
        self._symbols = symbols
        self._wire_ids = wire_ids
        self._readings = readings
        self._tell = tell
        self._report = report
        self._period_s = period_s
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._is_failed = False
        self._refusals = 0
        self._is_hinted = True
        self._flows_asked_ns: int | None = None
        self._started_ns: int | None = None
        self._missing = Missing(clock.elapsed_ns)
        self._after: list[FeedRestored] = []
        self._compared: list[FeedRestored] = []
        self.found: Reconciled | None = None
        """What the last comparison found."""

    # -- what asks for a comparison ----------------------------------------------------------
    def request(self, reason: str, after: FeedRestored | None = None) -> None:
        """Compare soon; `after` is told to the engine once a comparison begun since is done."""
        _log.info("requested", reason=reason)
        if after is not None:
            self._after.append(after)
        self._is_hinted = True
        self._wanted.set()

    def lost(self, lost: FeedLost) -> None:
        """A line broke: what was to be told of it after a comparison is not true any more."""
        for waiting in (self._after, self._compared):
            waiting[:] = [restored for restored in waiting if restored.stream != lost.stream]

    def heard(self, event: Event) -> None:
        """An order that was given up shows up: new risk waits until the books were compared.

        To be told after the event itself, so that an entry of it is cancelled with all others.
        """
        if not isinstance(event, OrderAccepted | OrderFilled):
            return
        order = self._engine.state.execution.orders.orders.get(event.key)
        if order is None or order.status is not OrderStatus.NEVER_PLACED:
            return
        words = (
            f"order {self._wire_ids.get(event.key, event.key)} was given up as never placed, and "
            "appeared after all"
        )
        _log.error("late appearance", order=words)
        self._is_failed = True
        self._report(COMPONENT, "failed", words)
        self.request(words)

    async def run(self) -> None:
        """Compare on request and every so often, for ever."""
        while True:
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._wanted.wait()
            except TimeoutError:
                _log.debug("periodic")
            self._wanted.clear()
            if not await self._try():
                await asyncio.sleep(self._again_s())
                self._wanted.set()

    def _pause_s(self) -> float:
        is_clean = self.found is None or self.found.is_clean
        return self._period_s if is_clean else min(self._period_s, _UNCLEAN_S)

    def _again_s(self) -> float:
        """After a comparison that failed; who was refused asks ever more seldom."""
        return min(_AGAIN_S * float(1 << min(self._refusals, 6)), _REFUSED_S)

    # -- comparing ---------------------------------------------------------------------------
    async def at_start(self) -> Reconciled:
        """The first comparison of a process: waits for orders nobody answered for.

        Raises:
            ExchangeError: the venue does not answer, or not sensibly.
        """
        self._started_ns = self._clock.now_ns()
        return await self._compare(settle_s=SETTLE_S)

    async def _try(self) -> bool:
        self._compared += self._after  # what failed stays here for the next comparison
        self._after.clear()
        try:
            async with asyncio.timeout(_ASK_S):
                await self._compare()
        except (ExchangeError, TimeoutError) as problem:
            self._is_failed = True
            self._refusals = self._refusals + 1 if isinstance(problem, Rejected) else 0
            _log.warning("failed", error_type=type(problem).__name__, problem=str(problem))
            self._report(COMPONENT, "failed", str(problem) or "the venue does not answer")
            return False
        self._refusals = 0
        if self._is_failed:
            self._is_failed = False
            self._report(COMPONENT, "ok", "")
        while self._compared:
            await self._tell(self._compared.pop(0))
        return True

    async def _compare(self, settle_s: float = _SETTLE_AGAIN_S) -> Reconciled:
        async with self._one_at_a_time:
            return await self._compare_now(settle_s)

    async def _compare_now(self, settle_s: float = _SETTLE_AGAIN_S) -> Reconciled:
        is_due = self._flows_due()
        found = await reconcile(
            self._gateway,
            self._books,
            self._clock.now_ns,
            flows_due=is_due,
            tell=self._tell,
            missing=self._missing,
            settle_s=settle_s,
        )
        if found.has_asked_flows or is_due:
            self._flows_asked_ns = self._clock.elapsed_ns()
            self._is_hinted = (self._is_hinted and not is_due) or not found.has_asked_flows
        for event in found.events:
            await self._tell(event)
        for resting in found.strays:
            await self._take_back(resting)
        if not found.is_clean:
            _log.error("difference to the venue", complaints=list(found.complaints))
        self.found = found
        return found

    def _flows_due(self) -> bool:
        if self._flows_asked_ns is None:
            return True
        since_s = (self._clock.elapsed_ns() - self._flows_asked_ns) / SECOND
        return since_s >= (_FLOWS_AGAIN_S if self._is_hinted else _FLOWS_S)

    async def _take_back(self, resting: VenueOrder) -> None:
        """An entry that ended in our books rests at the venue: nobody else would ever cancel it.
        A stop protects where it rests.
        """
        key = ours(self._wire_ids, resting.wire_id)
        order = None if key is None else self._engine.state.execution.orders.orders.get(key)
        if order is None or order.request.purpose is not Purpose.ENTRY:
            return
        _log.error("cancelled at the venue", order=resting.wire_id, held_for=order.status.value)
        for event in await self._gateway.cancel(order.key, resting.wire_id, resting.symbol):
            await self._tell(event)

    # -- what a person explains --------------------------------------------------------------
    async def explain(
        self, asset: str, amount: Decimal, kind: str, note: str
    ) -> tuple[tuple[FlowReported, ...], Reconciled]:
        """Take a difference that no list of the venue explains into the books, as a flow.

        amount: the difference as it was seen. Nothing is taken where it is another one by now.
        Returns the flows told, and what a comparison found after them.

        Raises:
            ExchangeError: the venue does not answer, or not sensibly.
        """
        async with self._one_at_a_time:
            found = await self._compare_now()
            open_qty = {each.asset: each.qty for each in found.differences}.get(asset, ZERO)
            if not open_qty or open_qty != amount:
                return (), found
            flows = self._explaining(found, asset, amount, kind, note)
            for flow in flows:
                await self._tell(flow)
            found = await self._compare_now()
        self._wanted.set()
        return flows, found

    def _explaining(
        self, found: Reconciled, asset: str, amount: Decimal, kind: str, note: str
    ) -> tuple[FlowReported, ...]:
        """The flow, of ring-fenced coins first; and trades that are accounted for by it."""
        now_ns = self._clock.now_ns()
        ref, ring = f"{EXPLAINED}{now_ns}", self._readings.ring_fenced
        fenced = fenced_part(asset, amount, ring, self._engine.state.ledger.quote)
        parts = ((fenced, True), (amount - fenced, False))
        flows = [
            FlowReported(now_ns, asset, part, kind, ref, is_fenced, note)
            for part, is_fenced in parts
            if part
        ]
        for trade in found.trades:
            symbol, trade_id = trade.fill.symbol, trade.fill.trade_id
            if base_of(symbol) == asset:
                ref = trade_ref(symbol, trade_id)
                flows.append(FlowReported(now_ns, asset, ZERO, PASSED, ref))
        return tuple(flows)

    # -- our books ---------------------------------------------------------------------------
    def _books(self) -> Books:
        state = self._engine.state
        orders = state.execution.orders
        working = tuple(
            WorkingOrder(order, self._wire_ids[order.key], order.filled_qty)
            for order in orders.all_working()
            if order.key in self._wire_ids
        )

        def status_of(wire_id: str) -> OrderStatus | None:
            key = ours(self._wire_ids, wire_id)
            order = None if key is None else orders.orders.get(key)
            return None if order is None else order.status

        return Books(
            symbols=self._symbols,
            working=working,
            ledger=dict(state.ledger.balances),
            last_trade_ids=dict(state.ledger.last_trade_ids),
            status_of=status_of,
            known_trades=frozenset(self._known_trades()),
            opened_ns=state.ledger.opened_ns,
            ring_fenced=dict(self._readings.ring_fenced),
            sent_by_ns=self._started_ns,
            watched=self._watched(orders.orders.values()),
            told_flows=dict(self._readings.flows),
            quote=state.ledger.quote,
            run=state.run,
        )

    def _watched(self, orders: Iterable[Order]) -> tuple[WorkingOrder, ...]:
        """Orders that were given up lately, the newest ones."""
        since_ns = self._clock.now_ns() - _WATCHED_NS
        given_up = [
            order
            for order in orders
            if order.status is OrderStatus.NEVER_PLACED
            and (order.ended_ns or 0) >= since_ns
            and order.key in self._wire_ids
        ]
        return tuple(
            WorkingOrder(order, self._wire_ids[order.key], order.filled_qty)
            for order in given_up[-_WATCHED:]
        )

    def _known_trades(self) -> Iterator[tuple[str, int]]:
        """Every fill our ledger took: of our orders, and of others."""
        for order in self._engine.state.execution.orders.orders.values():
            for trade_id in order.trade_ids:
                yield order.request.symbol, trade_id
        yield from self._readings.adopted
