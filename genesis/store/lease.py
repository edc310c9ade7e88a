"""One engine at a time: a lock on a file, held as long as the process lives.

The lock belongs to the open file, not to its content, so a killed engine leaves nothing to clean.
"""

import fcntl
import os
from pathlib import Path

from genesis.errors import EventLogError, UsageError


class Lease:
    """A right that one process has, such as to write the log of a home. `Lease.take` takes it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(
        cls, path: Path, on: str | None = None, instead: str = "give this one another home"
    ) -> "Lease":
        """Lock `path` (created when absent) and write our process id into it.

        on: what the engine that holds it runs on, in words; default: the folder. instead: what
        to do with this one where that one shall not stop.

        Raises:
            UsageError: another engine holds it; its process id is named.
            EventLogError: the file cannot be opened.
        """
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as problem:
                raise EventLogError(f"{path}: cannot be opened ({problem.strerror})") from problem
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                os.close(descriptor)
                raise UsageError(
                    f"another engine (process {holder}) runs on {on or path.parent}: "
                    f"stop it first, or {instead}"
                ) from None
            if _is_at(path, descriptor):
                break
            os.close(descriptor)  # its holder removed the file before we locked it
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(path, descriptor)

    def release(self) -> None:
        """Let another engine take over. A second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> int | None:
    """The process that holds the lease at `path`; None when nobody does.

    For a single look: asking holds the lock for an instant itself.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise EventLogError(f"{path}: cannot be opened ({problem.strerror})") from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.read(descriptor, 32).decode(errors="replace").strip()
        return int(written) if written.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Does the open file still have that name?"""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
