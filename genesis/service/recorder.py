"""Every step goes to disk before its commands leave: to the event log, or to the plain one."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from genesis.domain.commands import SubmitOrder
from genesis.engine.step import Step
from genesis.errors import EventLogError
from genesis.exchange.wire_id import compose
from genesis.service.clock import wall_ns
from genesis.service.logs import log
from genesis.service.second_log import SecondLog
from genesis.store.steps import LogEntry

_log = log("store")


class StepLog(Protocol):
    """The event log as the service needs it."""

    @property
    def head(self) -> str:
        """Hash of the last committed row, 64 hex digits."""

    def append(self, entry: LogEntry) -> Future[int]:
        """Accept a step; the future resolves when it is durable. Raises EventLogError."""


class Recorder:
    """Numbers the steps of one run, gives submitted orders their wire ids, writes them down.

    Attributes:
        failed: why the event log cannot be written; None while all is well.
    """

    def __init__(
        self,
        event_log: StepLog,
        second: SecondLog,
        run: int,
        last_step: int,
        wall: Callable[[], int] = wall_ns,
    ) -> None:
        self._log = event_log
        self._second = second
        self._wall = wall
        self._waiting: deque[tuple[Future[int], list[LogEntry]]] = deque()
        self.run = run
        self.last_step = last_step
        self.failed: str | None = None
        self.on_failure: Callable[[str], None] = lambda problem: None

    def record(self, step: Step) -> tuple[Future[int], tuple[str | None, ...]]:
        """Write a step down; when it will be durable, and the wire ids beside its commands."""
        self.last_step += 1
        wire_ids = self._wire_ids(step)
        entry = LogEntry(
            self.run,
            self.last_step,
            step.event,
            self._wall(),
            step.outcomes,
            step.commands,
            wire_ids,
        )
        return self._append(entry), wire_ids

    def take_over(self, problem: BaseException) -> None:
        """The event log failed: what it did not keep goes to the plain log from here on."""
        if self.failed is not None:
            return
        self.failed = str(problem)
        _log.critical("event log failed", error_type=type(problem).__name__, problem=str(problem))
        for durable, entries in self._waiting:
            if not durable.done() or durable.exception() is not None:
                for entry in entries:
                    self._write_plain(entry)
        self._waiting.clear()
        self.on_failure(self.failed)

    def _append(self, entry: LogEntry) -> Future[int]:
        if self.failed is None:
            try:
                durable = self._log.append(entry)
            except EventLogError as problem:
                self.take_over(problem)
            else:
                self._remember(entry, durable)
                return durable
        self._write_plain(entry)
        done: Future[int] = Future()
        done.set_result(entry.step)
        return done

    def _remember(self, entry: LogEntry, durable: Future[int]) -> None:
        """Keep what is not durable yet, in order, in case the log fails.

        Steps that are committed together share one future and are dropped together.
        """
        waiting = self._waiting
        while waiting and waiting[0][0].done() and waiting[0][0].exception() is None:
            waiting.popleft()
        if waiting and waiting[-1][0] is durable:
            waiting[-1][1].append(entry)
        else:
            waiting.append((durable, [entry]))

    def _write_plain(self, entry: LogEntry) -> None:
        try:
            self._second.append(entry)
        except OSError as problem:  # leaving a position must not need a disk
            _log.critical(
                "the plain log failed, too", error_type=type(problem).__name__, problem=str(problem)
            )

    def _wire_ids(self, step: Step) -> tuple[str | None, ...]:
        if not any(isinstance(command, SubmitOrder) for command in step.commands):
            return (None,) * len(step.commands)
        head = self._log.head
        return tuple(
            compose(command.key, head) if isinstance(command, SubmitOrder) else None
            for command in step.commands
        )
