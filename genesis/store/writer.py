"""The one thread that writes the event log: group commit, and a stop at the first failure.

Everything appended while a commit runs goes into the next one. A batch that holds only market
events nobody waits for may rest a moment; a batch with any other record is committed at once, and
takes along all that was appended before it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from genesis.errors import EventLogError, GenesisError
from genesis.store.commits import Commits
from genesis.store.steps import StepText

REST_S: Final = 0.2
"""Longest rest of market events before they are made durable on their own."""
REST_ROWS: Final = 2_000
"""Most market events that may rest."""
QUIET_S: Final = 0.05
"""So long without work is a quiet moment, good for a checkpoint."""


class Batch:
    """Steps that will be committed together, and the promise made to everyone who appended one."""

    def __init__(self) -> None:
        self.steps: list[StepText] = []
        self.urgent = False
        self.durable: Future[int] = Future()
        self.durable.set_running_or_notify_cancel()  # one waiter giving up must not cancel all


class Writer:
    """Takes steps from any thread, commits them in its own, in the order they were put.

    Attributes:
        failed: why nothing more can be written; None while all is well.
    """

    def __init__(self, commits: Commits) -> None:
        self.failed: EventLogError | None = None
        self._commits = commits
        self._changed = threading.Condition()
        self._open = Batch()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._thread.start()

    def put(self, write_down: Callable[[], StepText]) -> Future[int]:
        """Accept the step that `write_down` gives; the future resolves when it is durable.

        Raises:
            EventLogError: the log failed or is closed, or the step has no stored form (which
                fails the log: a step was taken that it cannot hold).
        """
        self._refuse_if_unusable()
        try:
            step = write_down()
        except GenesisError as problem:
            self._stop(EventLogError(problem.message))
            raise
        with self._changed:
            self._refuse_if_unusable()
            batch = self._open
            batch.steps.append(step)
            batch.urgent = batch.urgent or step.is_urgent
            if batch.urgent or len(batch.steps) in (1, REST_ROWS):
                self._changed.notify()
            return batch.durable

    def flush(self) -> Future[int]:
        """The future of everything put so far, committed at once."""
        with self._changed:
            self._refuse_if_unusable()
            self._open.urgent = True
            self._changed.notify()
            return self._open.durable

    def close(self) -> None:
        """Commit what is open and end the thread. Raises EventLogError if that fails."""
        with self._changed:
            was_told = self.failed is not None
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self.failed is not None and not was_told:
            raise EventLogError(self.failed.message) from self.failed

    def _refuse_if_unusable(self) -> None:
        if self.failed is not None:
            raise EventLogError(self.failed.message) from self.failed
        if self._closing:
            raise EventLogError("the event log is closed: nothing can be appended")

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            try:
                step = self._commits.commit(batch.steps)
            except Exception as problem:  # noqa: BLE001 - whatever it was, whoever waits must hear of it
                self._break(_log_error(problem), batch)
                return
            batch.durable.set_result(step)
            try:
                self._commits.checkpoint(is_quiet=not batch.urgent)
            except Exception as problem:  # noqa: BLE001 - as above
                self._break(_log_error(problem), Batch())
                return

    def _next(self) -> Batch | None:
        """The next work: an empty batch at a quiet moment, None when closing and all is written."""
        with self._changed:
            while not (self._open.steps or self._open.urgent):
                if self._closing:
                    return None
                wait_s = QUIET_S if self._commits.wants_checkpoint else None
                if not self._changed.wait(wait_s):
                    return Batch()
            self._changed.wait_for(self._is_due, REST_S)
            batch, self._open = self._open, Batch()
            return batch

    def _is_due(self) -> bool:
        return self._open.urgent or self._closing or len(self._open.steps) >= REST_ROWS

    def _stop(self, problem: EventLogError) -> None:
        """Accept nothing more; what was accepted is still committed."""
        with self._changed:
            self.failed = self.failed or problem
            self._closing = True
            self._changed.notify()

    def _break(self, problem: EventLogError, batch: Batch) -> None:
        """Accept nothing more, and tell everyone who waits."""
        with self._changed:
            self._stop(problem)
            waiting, self._open = (batch, self._open), Batch()
        for each in waiting:
            if each.steps or each.urgent:
                each.durable.set_exception(EventLogError(problem.message))


def _log_error(problem: Exception) -> EventLogError:
    if isinstance(problem, EventLogError):
        return problem
    error = EventLogError(f"the event log cannot be written: {type(problem).__name__}: {problem}")
    error.__cause__ = problem
    return error
