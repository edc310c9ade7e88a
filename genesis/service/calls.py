"""Calls to the venue: entries of a symbol in order, everything that reduces risk at once.

A cancel waits for its own order's call and nothing else, and what takes the place of a stop for
that stop's. Any other exit or stop waits for none: the engine asks for it when what stood in its
way is known to have ended. What came of a call goes back to the bus as events. An order without a
definite answer is asked about until it is certain; it is never sent again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from genesis.domain.commands import CancelOrder, SubmitOrder
from genesis.domain.events import (
    CancelRejected,
    Event,
    OrderCancelled,
    OrderEvent,
    OrderExpired,
    OrderUnresolved,
)
from genesis.domain.ids import OrderKey
from genesis.errors import ExchangeError
from genesis.service.clock import Clock
from genesis.service.logs import log

_log = log("gateway")
_AGAIN_S = 1.0


class Orders(Protocol):
    """What of a gateway the service needs to trade."""

    async def submit(self, command: SubmitOrder, wire_id: str) -> Sequence[OrderEvent]: ...

    async def replace(
        self, command: SubmitOrder, wire_id: str, replaced: str
    ) -> Sequence[OrderEvent]: ...

    async def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> Sequence[OrderEvent]: ...

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
        self._last_entry: dict[str, asyncio.Task[None]] = {}
        self._tasks: dict[asyncio.Task[None], OrderKey | None] = {}
        self._resolving: dict[OrderKey, asyncio.Task[None]] = {}

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def submit(self, command: SubmitOrder, wire_id: str, replaced: str | None = None) -> None:
        """replaced: the id that the order left with whose place this one takes."""
        symbol, name = command.request.symbol, f"orders submit {wire_id}"
        work = self._submit(command, wire_id, replaced)
        if command.request.reduces:
            self.spawn(name, _after(self._about(command.replaces), work), command.key)
        else:
            self._in_order(symbol, command.key, name, work)

    def submit_with_stop(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> None:
        """An entry, and the stop that it brings along, in one request."""
        work = self._submit_both(entry, wire_id, stop, stop_wire_id)
        self._in_order(entry.request.symbol, entry.key, f"orders submit {wire_id}", work)

    def cancel(self, command: CancelOrder, wire_id: str) -> None:
        work = _after(self._about(command.key), self._cancel(command, wire_id))
        self.spawn(f"orders cancel {wire_id}", work, command.key)

    def resolve(self, key: OrderKey, wire_id: str, symbol: str) -> None:
        """Find out what became of an order; beside everything else, and once at a time."""
        if key not in self._resolving:
            work = self._resolve(key, wire_id, symbol, self._clock.now_ns())
            self._resolving[key] = self.spawn(f"resolve {wire_id}", work)

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
        """An entry leaves after the one before it."""
        before = self._last_entry.get(symbol)
        after = _after(() if before is None else (before,), work)
        self._last_entry[symbol] = self.spawn(name, after, key)

    def _about(self, key: OrderKey | None) -> tuple[asyncio.Task[None], ...]:
        """Calls under way that place or cancel the order."""
        return tuple(
            task for task, known in self._tasks.items() if key is not None and known == key
        )

    async def _submit(self, command: SubmitOrder, wire_id: str, replaced: str | None) -> None:
        try:
            if replaced is None:
                events = await self._orders.submit(command, wire_id)
            else:
                events = await self._orders.replace(command, wire_id, replaced)
        except Exception as problem:  # noqa: BLE001 - it may have been placed: ask, never resend
            events = self._unknown(command, problem)
        self._tell(events)
        if not any(isinstance(event, OrderUnresolved) for event in events):
            return
        self.resolve(command.key, wire_id, command.request.symbol)
        if command.replaces is not None and replaced is not None:
            self.spawn(f"resolve {replaced}", self._what_is_left(command, replaced))

    async def _submit_both(
        self, entry: SubmitOrder, wire_id: str, stop: SubmitOrder, stop_wire_id: str
    ) -> None:
        try:
            events = await self._orders.submit_with_stop(entry, wire_id, stop, stop_wire_id)
        except Exception as problem:  # noqa: BLE001 - it may have been placed: ask, never resend
            events = self._unknown(entry, problem)
        self._tell(events)
        if any(isinstance(event, OrderUnresolved) for event in events):
            self.resolve(entry.key, wire_id, entry.request.symbol)
            self.spawn(f"resolve {stop_wire_id}", self._resolve_next(entry.key, stop, stop_wire_id))

    def _unknown(self, command: SubmitOrder, problem: Exception) -> Sequence[OrderEvent]:
        self._broke(f"submit {command.key}", problem)
        reason = f"{type(problem).__name__}: {problem}"
        return (OrderUnresolved(self._clock.now_ns(), command.key, reason),)

    async def _cancel(self, command: CancelOrder, wire_id: str) -> None:
        try:
            self._tell(await self._orders.cancel(command.key, wire_id, command.symbol))
        except ExchangeError as problem:
            _log.warning("cancel failed", error_type=type(problem).__name__, problem=str(problem))
            self._tell((CancelRejected(self._clock.now_ns(), command.key, problem.message),))

    async def _resolve(self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int) -> None:
        try:
            self._tell(await self._asked(key, wire_id, symbol, sent_ns))
        finally:
            self._resolving.pop(key, None)

    async def _asked(
        self, key: OrderKey, wire_id: str, symbol: str, sent_ns: int
    ) -> Sequence[OrderEvent]:
        while True:
            try:
                return await self._orders.resolve(key, wire_id, symbol, sent_ns)
            except ExchangeError as problem:
                _log.warning("resolve goes on", order=str(key), problem=str(problem))
                await asyncio.sleep(_AGAIN_S)

    async def _resolve_next(self, before: OrderKey, stop: SubmitOrder, wire_id: str) -> None:
        """What a stop sold is told after what its entry bought."""
        await self._known(before)
        self.resolve(stop.key, wire_id, stop.request.symbol)

    async def _known(self, key: OrderKey) -> None:
        resolving = self._resolving.get(key)
        if resolving is not None:
            await asyncio.wait({resolving})

    async def _what_is_left(self, command: SubmitOrder, replaced: str) -> None:
        """What became of the order whose place another was to take, and nobody knows whether it
        did. While that may still happen, an order that rests proves nothing.
        """
        old, now_ns = command.replaces, self._clock.now_ns()
        assert old is not None
        await self._known(command.key)
        events = await self._asked(old, replaced, command.request.symbol, now_ns)
        self._tell(events)
        if not any(isinstance(event, OrderCancelled | OrderExpired) for event in events):
            why = "nobody answered; as far as is known it still works"
            self._tell((CancelRejected(self._clock.now_ns(), old, why),))

    def _tell(self, events: Sequence[OrderEvent]) -> None:
        for event in events:
            self._told(event)

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 - told to the runner, which halts
            self._broke(name, problem)


async def _after(before: "tuple[asyncio.Task[None], ...]", work: Coroutine[Any, Any, None]) -> None:
    try:
        if before:
            await asyncio.wait(before)
    except asyncio.CancelledError:
        work.close()
        raise
    await work
