"""The event log: append-only, hash-chained, durable before anything leaves the process.

One engine step is one entry: the event, what was decided, what is asked of the outside. Market
events go to the tape, all other records to the log; both in the same transaction.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from genesis.errors import EventLogError
from genesis.store.chain import Break
from genesis.store.commits import Commits, Tail
from genesis.store.database import Database
from genesis.store.lease import Lease
from genesis.store.private import FOLDER_MODE
from genesis.store.reader import LogReader
from genesis.store.steps import MAIN, LogEntry, LoggedStep, step_text
from genesis.store.writer import Writer

LEASE_SUFFIX: Final = ".lock"


class EventLog:
    """The event log of one home, open for writing by this process alone.

    Open it with `EventLog.open`; `reader` reads it back at any time, from any thread.
    """

    def __init__(self, database: Database, lease: Lease) -> None:
        self.database = database
        self.reader = LogReader(database)
        self._lease = lease
        self._commits = Commits(database)
        self._writer = Writer(self._commits)

    @classmethod
    def open(cls, path: Path) -> "EventLog":
        """Take the lease beside `path`, open or create the database there, start the writer.

        Raises:
            UsageError: another engine has it open.
            EventLogError: the file cannot be used.
        """
        try:
            path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as problem:
            raise EventLogError(
                f"{path.parent}: {problem.strerror}: name another home"
            ) from problem
        lease = Lease.take(path.with_name(path.name + LEASE_SUFFIX))
        try:
            return cls(Database.open(path), lease)
        except BaseException:
            lease.release()
            raise

    def append(self, entry: LogEntry) -> Future[int]:
        """Accept one step. The future resolves once the step and all before it are durable.

        Its result is the last durable step of the main stream. A market step without outcomes or
        commands may rest up to 0.2 s (or 2,000 steps) before it is committed; every other step is
        committed at once and takes along all steps before it.

        Raises:
            EventLogError: the log failed or is closed, or the entry has no stored form. Nothing
                can be appended then until the log is opened again.
        """
        return self._writer.put(lambda: step_text(entry))

    def flush(self) -> Future[int]:
        """A future that resolves when everything appended so far is durable."""
        return self._writer.flush()

    @property
    def failed(self) -> EventLogError | None:
        """Why the log takes nothing more; None while all is well."""
        return self._writer.failed

    def tail(self, stream: str = MAIN) -> Tail:
        """Where a stream ends on disk."""
        return self._commits.tails.get(stream, Tail())

    @property
    def streams(self) -> frozenset[str]:
        """Names of the streams that hold anything on disk."""
        return frozenset(self._commits.tails)

    @property
    def head(self) -> str:
        """Hash of the last committed row of the main stream (64 zeros before the first)."""
        return self.tail().hash

    @property
    def last_step(self) -> int:
        """The last committed step of the main stream; 0 before the first."""
        return self.tail().step

    @property
    def last_run(self) -> int:
        """The last run in the main stream; 0 before the first."""
        return self.tail().run

    def read(self, stream: str = MAIN) -> Iterator[LoggedStep]:
        """All committed steps in consumed order; see `LogReader.read`."""
        return self.reader.read(stream)

    def verify_chain(self) -> Break | None:
        """The first row that does not fit its chain; None when all fit."""
        return self.reader.first_break()

    def close(self) -> None:
        """Commit what rests, close the file, give the lease back.

        Raises:
            EventLogError: what rested could not be written.
        """
        try:
            self._writer.close()
        finally:
            self._commits.close()
            self.database.close()
            self._lease.release()

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
