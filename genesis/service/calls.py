"""Calls to the venue: in order for each symbol, side by side for different ones.

What came of a call goes back to the bus as events. An order without a definite answer is asked
about until it is certain; it is never sent again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import CancelRejected, Event, OrderEvent, OrderUnresolved
from genesis.domain.ids import OrderKey
from genesis.errors import ExchangeError
from genesis.service.clock import Clock
from genesis.service.logs import log

_log = log("gateway")
_AGAIN_S = 1.0


class Orders(Protocol):
    """What of a gateway the service needs to trade."""

    async def submit(self, command: SubmitOrder, wire_id: str) -> Sequence[OrderEvent]: ...

    async def cancel(self, key: OrderKey, wire_id: str, symbol: str) -> Sequence[OrderEvent]: ...

    async def resolve(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> Sequence[OrderEvent]: ...


class Calls:
    """Runs gateway calls as tasks.

    told: takes each event that came of a call.
    broke: takes an exception nobody expected, with the name of what broke.
    """

    def __init__(
        self,
        orders: Orders,
        clock: Clock,
        told: Callable[[Event], None],
        broke: Callable[[str, BaseException], None],
    ) -> None:
        self._orders = orders
        self._clock = clock
        self._told = told
        self._broke = broke
        self._last: dict[str, asyncio.Task[None]] = {}
        self._tasks: dict[asyncio.Task[None], OrderKey | None] = {}
        self._resolving: set[OrderKey] = set()

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def submit(self, command: SubmitOrder, wire_id: str) -> None:
        symbol = command.request.symbol
        work = self._submit(command, wire_id, symbol)
        self._in_order(symbol, command.key, f"orders submit {wire_id}", work)

    def cancel(self, command: CancelOrder, wire_id: str) -> None:
        work = self._cancel(command, wire_id)
        self._in_order(command.symbol, command.key, f"orders cancel {wire_id}", work)

    def resolve(self, key: OrderKey, wire_id: str, symbol: str) -> None:
        """Find out what became of an order; beside everything else, and once at a time."""
        if key not in self._resolving:
            self._resolving.add(key)
            self.spawn(
                f"resolve {wire_id}", self._resolve(key, wire_id, symbol, self._clock.now_ns())
            )

    def spawn(
        self, name: str, work: Coroutine[Any, Any, None], key: OrderKey | None = None
    ) -> asyncio.Task[None]:
        """Run something beside the rest; what it did not expect is told to `broke`.

        key: the order that is placed or cancelled by it.
        """
        task = asyncio.create_task(self._guarded(name, work), name=name)
        self._tasks[task] = key
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))
        return task

    def drop(self, keeps: Callable[[OrderKey], bool]) -> None:
        """Wait no more: the next start asks the venue what became of them.

        keeps: of which orders placing and cancelling goes on all the same.
        """
        for task, key in self._tasks.items():
            if (key is None or not keeps(key)) and not task.cancelling():
                _log.warning("left to the next start", call=task.get_name())
                task.cancel()

    # -- one call ----------------------------------------------------------------------------
    def _in_order(
        self, symbol: str, key: OrderKey, name: str, work: Coroutine[Any, Any, None]
    ) -> None:
        before = self._last.get(symbol)
        self._last[symbol] = self.spawn(name, _after(before, work), key)

    async def _submit(self, command: SubmitOrder, wire_id: str, symbol: str) -> None:
        try:
            events = await self._orders.submit(command, wire_id)
        except Exception as problem:  # noqa: BLE001 - it may have been placed: ask, never resend
            self._broke(f"submit {command.key}", problem)
            reason = f"{type(problem).__name__}: {problem}"
            events = (OrderUnresolved(self._clock.now_ns(), command.key, reason),)
        self._tell(events)
        if any(isinstance(event, OrderUnresolved) for event in events):
            self.resolve(command.key, wire_id, symbol)

    async def _cancel(self, command: CancelOrder, wire_id: str) -> None:
        try:
            self._tell(await self._orders.cancel(command.key, wire_id, command.symbol))
        except ExchangeError as problem:
            _log.warning("cancel failed", error_type=type(problem).__name__, problem=str(problem))
            self._tell((CancelRejected(self._clock.now_ns(), command.key, problem.message),))

    async def _resolve(self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int) -> None:
        try:
            while True:
                try:
                    self._tell(await self._orders.resolve(key, wire_id, symbol, sent_ns))
                except ExchangeError as problem:
                    _log.warning("resolve goes on", order=str(key), problem=str(problem))
                    await asyncio.sleep(_AGAIN_S)
                else:
                    return
        finally:
            self._resolving.discard(key)

    def _tell(self, events: Sequence[OrderEvent]) -> None:
        for event in events:
            self._told(event)

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 - told to the runner, which halts
            self._broke(name, problem)


async def _after(before: "asyncio.Task[None] | None", work: Coroutine[Any, Any, None]) -> None:
    try:
        if before is not None and not before.done():
            await asyncio.wait({before})
    except asyncio.CancelledError:
        work.close()
        raise
    await work
