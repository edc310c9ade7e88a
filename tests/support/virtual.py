"""The asyncio runner without real time: a virtual clock, and the simulated exchange as its venue.

`play` feeds a recorded market in the driver's order (time, then rank: answers and orders, bars,
timers, book tops, ticks) and waits, at every moment, until the runner has nothing left to do.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from heapq import heappop, heappush
from pathlib import Path

from genesis.bus.lanes import Lane
from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import BookTop, Event, OrderEvent, TradeTick
from genesis.domain.ids import OrderKey
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.service.calls import Calls
from genesis.service.outbox import Outbox
from genesis.service.recorder import Recorder
from genesis.service.runner import Runner
from genesis.service.second_log import SecondLog
from genesis.service.timers import Timers
from genesis.sim.exchange import SimExchange
from genesis.sim.schedule import Rank
from genesis.store.steps import LogEntry
from tests.support.clocks import VirtualClock

_TICK_RANK = max(Rank) + 1


class MemoryLog:
    """An event log that keeps entries in memory; everything is durable at once."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.head = "0" * 64

    def append(self, entry: LogEntry) -> Future[int]:
        self.entries.append(entry)
        done: Future[int] = Future()
        done.set_result(entry.step)
        return done


class HeldTimers(Timers):
    """Timers that fire in their turn only: without latency the orders of a bar are answered at its
    own instant, and answers go before timers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held = True

    def next_ns(self) -> int | None:
        return None if self.held else self.due_ns()

    def due_ns(self) -> int | None:
        return super().next_ns()


class VirtualGateway:
    """The runner's gateway over a `SimExchange`: latency is venue time on the virtual clock."""

    def __init__(self, exchange: SimExchange, clock: VirtualClock) -> None:
        self.exchange = exchange
        self._clock = clock
        self._on_the_way: list[tuple[int, int, Event | SubmitOrder | CancelOrder]] = []
        self._seq = 0
        self.delay_ns = 0
        """How much later than the clock the engine sees the event at hand (the feed's latency)."""

    # -- what the runner calls ---------------------------------------------------------------
    async def submit(self, command: SubmitOrder, wire_id: str) -> Sequence[OrderEvent]:
        self._leave(command)
        return ()

    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> Sequence[OrderEvent]:
        self._leave(command)
        return ()

    async def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> Sequence[OrderEvent]:
        self._leave(entry)
        self._leave(stop)
        return ()

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> Sequence[OrderEvent]:
        self._leave(CancelOrder(self._clock.now_ns(), key, symbol))
        return ()

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> Sequence[OrderEvent]:
        raise AssertionError("the simulated exchange answers everything")

    def reconcile(self, reason: str) -> None:
        latency = self.exchange.latency
        due = self._clock.now_ns() + latency.entry_ns + latency.response_ns
        self._put(due, self.exchange.balances(due))

    # -- what travels ------------------------------------------------------------------------
    def _leave(self, command: SubmitOrder | CancelOrder) -> None:
        arrives = self._clock.now_ns() + self.delay_ns + self.exchange.latency.entry_ns
        self._put(arrives, command)

    def _put(self, due_ns: int, what: Event | SubmitOrder | CancelOrder) -> None:
        self._seq += 1
        heappush(self._on_the_way, (due_ns, self._seq, what))

    def on_market(self, event: TradeTick | BookTop) -> None:
        self._answer(self.exchange.on_market(event), event.ts_ns)

    def _answer(self, events: Iterable[Event], now_ns: int) -> None:
        for event in events:
            self._put(now_ns + self.exchange.latency.response_ns, event)

    @property
    def next_ns(self) -> int | None:
        return self._on_the_way[0][0] if self._on_the_way else None

    def arrive(self) -> tuple[int, Event] | None:
        """The next thing arrives: an order at the venue (None), or its answer at the engine."""
        due_ns, _, what = heappop(self._on_the_way)
        if isinstance(what, SubmitOrder | CancelOrder):
            self._answer(self.exchange.obey(what, due_ns), due_ns)
            return None
        return due_ns, what


class VirtualService:
    """Engine, runner and simulated exchange, driven by hand."""

    def __init__(self, engine: Engine, exchange: SimExchange, folder: Path, run: int = 1) -> None:
        self.clock = VirtualClock()
        self.gateway = VirtualGateway(exchange, self.clock)
        self.log = MemoryLog()
        self.digest = DecisionDigest()
        self.steps: list[Step] = []
        recorder = Recorder(self.log, SecondLog(folder / "second.jsonl"), run, 0, wall=lambda: 0)
        self.runner = Runner(engine, recorder, self.clock, widths=engine.widths, grace_ns=0)
        self.runner.timers = self.timers = HeldTimers()
        self._problems: list[BaseException] = []
        calls = Calls(self.gateway, self.clock, self.runner.put, self._broke)
        self._outbox = Outbox(
            calls, self.clock, {}, self.runner.put, recorder.take_over, self.gateway.reconcile
        )
        self.runner.connect(self._outbox)
        self.runner.observers.append(lambda happened: self._keep(happened.step))

    def _keep(self, step: Step) -> None:
        self.digest.add(step)
        if step.outcomes or step.commands:
            self.steps.append(step)

    def _broke(self, name: str, problem: BaseException) -> None:
        self._problems.append(problem)

    async def play(self, opening: Sequence[Event], market: Iterable[TradeTick | BookTop]) -> str:
        """Feed everything to its end; the decision digest."""
        tasks = [asyncio.create_task(self.runner.run()), asyncio.create_task(self._outbox.run())]
        try:
            for event in opening:
                await self._tell(event, event.ts_ns)
            for event in market:
                await self._until(event.ts_ns, _rank(event))
                self.gateway.delay_ns = self.gateway.exchange.latency.feed_ns
                self.gateway.on_market(event)
                await self._tell(event, event.ts_ns)
                self.gateway.delay_ns = 0
            await self._end()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._problems:
            raise self._problems[0]
        return self.digest.hexdigest()

    async def _until(self, ts_ns: int, rank: int) -> None:
        """Everything that comes before the next market event."""
        while True:
            due = self._next_due()
            if due is None or due >= (ts_ns, rank):
                return
            await self._happen(*due)

    def _next_due(self) -> tuple[int, int] | None:
        runner = self.runner
        due = [
            (at_ns, rank)
            for at_ns, rank in (
                (self.gateway.next_ns, Rank.ORDERS),
                (runner.bars.next_ns(), Rank.BAR),
                (self.timers.due_ns(), Rank.TIMER),
            )
            if at_ns is not None
        ]
        return min(due, default=None)

    async def _happen(self, at_ns: int, rank: int) -> None:
        self.clock.seen("virtual", at_ns)
        if rank == Rank.ORDERS:
            await self._arrive()
            return
        self.timers.held = rank != Rank.TIMER
        self.gateway.delay_ns = self.gateway.exchange.latency.feed_ns if rank == Rank.BAR else 0
        self.runner._wake.set()  # the clock does not tell
        await self._settled()
        self.gateway.delay_ns = 0
        self.timers.held = True

    async def _arrive(self) -> None:
        arrived = self.gateway.arrive()
        if arrived is not None:
            await self._tell(arrived[1], arrived[0])

    async def _tell(self, event: Event, at_ns: int) -> None:
        self.clock.seen("virtual", at_ns)
        self.runner.put(event, Lane.NORMAL)
        await self._settled()

    async def _settled(self) -> None:
        while self.runner.is_busy and not self._problems:
            await asyncio.sleep(0)

    async def _end(self) -> None:
        """The market is over: what is on its way arrives, timers do not fire any more."""
        self.runner.timers = Timers()
        self.runner.bars = type(self.runner.bars)(frozenset())
        while self.gateway.next_ns is not None:
            self.clock.seen("virtual", self.gateway.next_ns)
            await self._arrive()
            self.runner.timers = Timers()


def _rank(event: TradeTick | BookTop) -> int:
    return Rank.TOP if type(event) is BookTop else _TICK_RANK
