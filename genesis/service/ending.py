"""How a run ends: cleanly, with its last word in the log; or broken, at the venue itself.

Either way entries are cancelled and stops stay, and what protects or leaves a position is never
dropped on the way.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from genesis.domain.events import CancelRejected, Event, OperatorActed, RunEnded
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Order
from genesis.domain.time import SECOND
from genesis.engine.engine import Engine
from genesis.errors import ExchangeError, InvariantBroken
from genesis.service.calls import Calls, Orders
from genesis.service.logs import log
from genesis.service.outbox import Outbox
from genesis.service.paper_lane import PaperLane
from genesis.service.runner import Runner

_log = log("ending")
_LOOK_S: Final = 0.01
_AGAIN_S: Final = 0.5
_ENDS: Final = "the service ends"

Task = asyncio.Task[None]


def ended_words(reason: str) -> str:
    """The last line of a run, for who looks at it; the log keeps the reason itself."""
    return "ended by Ctrl-C" if reason == signal.SIGINT.name else f"ended: {reason}"


@dataclass(slots=True)
class Tasks:
    """What runs while a run lasts.

    runner, outbox: without them nothing is handled and nothing leaves. market: the line that the
    strategies live on. beside: the rest.
    """

    runner: Task | None = None
    outbox: Task | None = None
    market: Task | None = None
    beside: set[Task] = field(default_factory=set)

    @property
    def core(self) -> tuple[Task, ...]:
        return tuple(task for task in (self.runner, self.outbox) if task is not None)

    def stopped(self) -> InvariantBroken:
        """What to raise where the core has ended, with its cause."""
        ended = (task for task in self.core if task.done() and not task.cancelled())
        problem = InvariantBroken("the engine has stopped: see the log")
        problem.__cause__ = next(filter(None, (task.exception() for task in ended)), None)
        return problem


class Ending:
    """Ends a run, one way or the other.

    tell: hands an event to the engine; its step once it is durable.
    limit_s: how long the venue is waited for; what reduces risk is waited for beyond.
    """

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        outbox: Outbox,
        calls: Calls,
        orders: Orders,
        paper: PaperLane,
        tasks: Tasks,
        tell: Callable[[Event], Awaitable[object]],
        limit_s: float,
    ) -> None:
        self._engine = engine
        self._runner = runner
        self._outbox = outbox
        self._calls = calls
        self._orders = orders
        self._paper = paper
        self._tasks = tasks
        self._tell = tell
        self._limit_ns = int(limit_s * SECOND)
        self._until_ns = 0

    async def end(self, reason: str) -> tuple[str, ...]:
        """Cancel entries, keep stops, close the run in the log; what could not be had, in words.

        Raises:
            InvariantBroken: the engine broke meanwhile.
        """
        self._begin()
        await self._leave_market()
        if self._entries():
            now_ns = self._runner.clock.now_ns()
            await self._tell(
                OperatorActed(
                    now_ns, "COMMAND", verb="cancel_all", reason=reason, reduces_risk=True
                )
            )
        await self._settle()
        await _cancelled(self._tasks.beside)
        await self._settle()  # what was heard last
        self._paper.stop()
        left = tuple(self._left())
        for line in left:
            _log.error("left", what=line)
        run = self._runner.recorder.run
        await self._tell(RunEnded(self._runner.clock.now_ns(), run, reason))
        self._runner.stop()
        await _cancelled(self._tasks.core)
        return left

    async def abandon(self) -> None:
        """The run is broken: cancel entries at the venue directly, once what left has arrived."""
        self._begin()
        await _cancelled(self._tasks.beside)
        self._paper.stop()
        while self._calls.in_flight or self._is_posting():
            if self._is_late:
                self._calls.drop(self._reduces)
            await asyncio.sleep(_LOOK_S)
        await _cancelled(self._tasks.core)
        await asyncio.gather(*map(self._withdraw, self._entries()))

    def _begin(self) -> None:
        self._until_ns = self._runner.clock.elapsed_ns() + self._limit_ns
        self._outbox.only_reducing(_ENDS)

    @property
    def _is_late(self) -> bool:
        return self._runner.clock.elapsed_ns() >= self._until_ns

    # -- a clean end -------------------------------------------------------------------------
    async def _leave_market(self) -> None:
        """Nothing asks the strategies any more: what they want now would come too late."""
        self._runner.end_bars()
        if self._tasks.market is not None:
            await _cancelled((self._tasks.market,))
        while self._runner.has_waiting:
            await self._look()

    async def _settle(self) -> None:
        """Until nothing is under way; entries have until the limit to be gone, and refused stops
        to be placed again.
        """
        while self._runner.is_busy or (self._is_awaited() and not self._is_late):
            if self._is_late:
                self._calls.drop(self._reduces)
            await self._look()

    async def _look(self) -> None:
        if any(task.done() for task in self._tasks.core):
            raise self._tasks.stopped()
        await asyncio.sleep(_LOOK_S)

    def _is_awaited(self) -> bool:
        now_ns = self._runner.clock.now_ns()
        again_ns = self._engine.state.execution.protector.again_ns
        return bool(self._entries()) or any(now_ns < again_ns(symbol) for symbol in self._bare())

    def _left(self) -> Iterable[str]:
        for order in self._entries():
            yield f"{order.request.symbol}: entry {order.key} may still rest at the venue"
        for symbol in self._bare():
            yield f"{symbol}: a position is held without a stop"

    # -- a broken one ------------------------------------------------------------------------
    def _is_posting(self) -> bool:
        """Do commands of steps before the break still leave?"""
        outbox = self._tasks.outbox
        is_running = outbox is not None and not outbox.done()
        return is_running and self._outbox.is_busy and not self._is_late

    async def _withdraw(self, order: Order) -> None:
        """Cancel an entry at the venue, and again until it is gone or the time is over."""
        wire_id = self._outbox.wire_ids.get(order.key)
        if wire_id is None:
            return
        why = await self._refusal(order, wire_id)
        while why is not None and not self._is_late:
            await asyncio.sleep(_AGAIN_S)
            why = await self._refusal(order, wire_id)
        if why is not None:
            _log.error("entry not cancelled", order=wire_id, problem=why)

    async def _refusal(self, order: Order, wire_id: str) -> str | None:
        """Ask once; why it may still be filled, None where it has ended."""
        left_s = max(0, self._until_ns - self._runner.clock.elapsed_ns()) / SECOND
        try:
            async with asyncio.timeout(max(left_s, _AGAIN_S)):
                told = await self._orders.cancel(order.key, wire_id, order.request.symbol)
        except (ExchangeError, TimeoutError) as problem:
            return str(problem) or "the venue does not answer"
        refused = [event.reason for event in told if isinstance(event, CancelRejected)]
        return refused[0] if refused and len(refused) == len(told) else None

    # -- what there is -----------------------------------------------------------------------
    def _entries(self) -> tuple[Order, ...]:
        working = self._engine.state.execution.orders.all_working()
        return tuple(order for order in working if not order.request.reduces)

    def _bare(self) -> tuple[str, ...]:
        """Symbols of positions with nothing at work that leaves or protects them."""
        state = self._engine.state
        orders = state.execution.orders
        return tuple(symbol for symbol in state.ledger.positions if not orders.sells(symbol))

    def _reduces(self, key: OrderKey) -> bool:
        order = self._engine.state.execution.orders.orders.get(key)
        return order is not None and order.request.reduces


async def _cancelled(tasks: Iterable[Task]) -> None:
    """End tasks, and wait for it."""
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
