"""Commands leave in the order of their steps, each only after its step is on disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from genesis.domain.commands import (
    CancelOrder,
    Command,
    DropTimer,
    Notify,
    RequestReconcile,
    SetTimer,
    SubmitOrder,
)
from genesis.domain.events import Event, OrderCancelled
from genesis.domain.ids import OrderKey
from genesis.engine.step import Step
from genesis.errors import EventLogError, InvariantBroken
from genesis.service.calls import Calls
from genesis.service.clock import Clock
from genesis.service.logs import log

_log = log("outbox")
_LEVELS: Final = {"info": "info", "warning": "warning", "critical": "critical"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One step whose commands, or whose asker, wait for the disk."""

    step: Step
    wire_ids: tuple[str | None, ...]
    durable: Future[int]
    waiter: "asyncio.Future[Step] | None"


class Outbox:
    """Sends what the engine asked for.

    wire_ids: the id every order of this home left with; grows with each order.
    told: takes events about orders that were not sent.
    log_failed: told when a step could not be made durable; what failed is kept elsewhere then.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        wire_ids: dict[OrderKey, str],
        told: Callable[[Event], None],
        log_failed: Callable[[BaseException], None],
        reconcile: Callable[[str], None],
    ) -> None:
        self._calls = calls
        self._clock = clock
        self.wire_ids = wire_ids
        self._told = told
        self._log_failed = log_failed
        self._reconcile = reconcile
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()
        self._unsent = 0
        self._not_sent: str | None = None

    @property
    def is_busy(self) -> bool:
        return self._unsent > 0 or self._calls.in_flight > 0

    def put(
        self,
        step: Step,
        wire_ids: tuple[str | None, ...],
        durable: Future[int],
        waiter: "asyncio.Future[Step] | None",
    ) -> None:
        """Queue a step whose commands leave, or whose asker is answered, once it is durable."""
        for command, wire_id in zip(step.commands, wire_ids, strict=True):
            if isinstance(command, SubmitOrder):
                assert wire_id is not None
                self.wire_ids[command.key] = wire_id
        if waiter is None and not any(_leaves(command) for command in step.commands):
            return
        self._unsent += 1
        self._letters.put_nowait(Letter(step, wire_ids, durable, waiter))

    async def run(self) -> None:
        """Send letters, in order, for ever."""
        while True:
            letter = await self._letters.get()
            await self._post(letter)
            self._unsent -= 1

    async def _post(self, letter: Letter) -> None:
        try:
            if letter.durable.done():
                letter.durable.result()
            else:
                await asyncio.wrap_future(letter.durable)
        except EventLogError as problem:
            self._log_failed(problem)
        stops = _brought_along(letter)
        for command, wire_id in zip(letter.step.commands, letter.wire_ids, strict=True):
            if isinstance(command, SubmitOrder) and command.joins is not None:
                if command.joins in stops:
                    self._submit_both(command, wire_id, *stops[command.joins])
            else:
                self._send(command, wire_id)
        if letter.waiter is not None and not letter.waiter.done():
            letter.waiter.set_result(letter.step)

    def only_reducing(self, why: str) -> None:
        """From here on only what reduces risk leaves; the rest is cancelled here, and told why.

        The venue never saw it and rejected nothing: that is no failed order.
        """
        self._not_sent = self._not_sent or why

    def _send(self, command: Command, wire_id: str | None) -> None:
        match command:
            case SubmitOrder():
                assert wire_id is not None
                self._submit(command, wire_id)
            case CancelOrder():
                self._calls.cancel(command, self._left_as(command.key))
            case Notify(level=level, text=text):
                getattr(_log, _LEVELS.get(level, "info"))("notice", text=text)
            case RequestReconcile(reason=reason):
                self._reconcile(reason)
            case SetTimer() | DropTimer():
                return

    def _submit(self, command: SubmitOrder, wire_id: str) -> None:
        if self._not_sent is not None and not command.request.reduces:
            self._withhold(command.key)
            return
        replaced = None if command.replaces is None else self._left_as(command.replaces)
        self._calls.submit(command, wire_id, replaced)

    def _submit_both(
        self, entry: SubmitOrder, wire_id: str | None, stop: SubmitOrder, stop_wire_id: str
    ) -> None:
        assert wire_id is not None
        if self._not_sent is None:
            self._calls.submit_with_stop(entry, wire_id, stop, stop_wire_id)
            return
        for command in (entry, stop):
            self._withhold(command.key)

    def _withhold(self, key: OrderKey) -> None:
        reason = f"{self._not_sent}: nothing that adds risk is sent"
        self._told(OrderCancelled(self._clock.now_ns(), key, reason))

    def _left_as(self, key: OrderKey) -> str:
        known = self.wire_ids.get(key)
        if known is None:
            raise InvariantBroken(f"order {key} is to be cancelled but never left")
        return known


def _brought_along(letter: Letter) -> dict[OrderKey, tuple[SubmitOrder, str]]:
    """Stops that leave with their entries, and the ids they leave with, by their own keys."""
    pairs = zip(letter.step.commands, letter.wire_ids, strict=True)
    return {
        command.key: (command, wire_id)
        for command, wire_id in pairs
        if isinstance(command, SubmitOrder)
        and command.joins is not None
        and command.request.reduces
        and wire_id is not None
    }


def _leaves(command: Command) -> bool:
    return not isinstance(command, SetTimer | DropTimer)
