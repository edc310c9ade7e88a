"""One engine at a time: a lock on a file, held as long as the process lives.

The lock belongs to the open file, not to its content, so a killed engine leaves nothing to clean.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from genesis.errors import EventLogError, UsageError

_TRIES: Final = 20
_BETWEEN_S: Final = 0.05
"""Wall time: who asks for the holder has the lock for an instant, and that is no engine."""


class Lease:
    """A right that one process has, such as to write the log of a home. `Lease.take` takes it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(
        cls,
        path: Path,
        on: str | None = None,
        instead: str = "give this one another home",
        who: str = "engine",
    ) -> "Lease":
        """Lock `path` (created when absent) and write our process id into it.

        on: what the engine that holds it runs on, in words; default: the folder. instead: what
        to do with this one where that one shall not stop. who: what holds it, in a word.

        Raises:
            UsageError: another engine holds it, also after a second; its process id is named.
            EventLogError: the file cannot be opened.
        """
        where = on or str(path.parent)
        while not _is_at(path, descriptor := _locked(path, where, instead, who)):
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


def _locked(path: Path, on: str, instead: str, who: str) -> int:
    """The descriptor of the file, locked by us. Errors as in `Lease.take`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise EventLogError(f"{path}: cannot be opened ({problem.strerror})") from problem
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_S)
        else:
            return descriptor
    written = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
    os.close(descriptor)
    raise UsageError(f"another {who} (process {written}) runs on {on}: stop it first, or {instead}")


def _is_at(path: Path, descriptor: int) -> bool:
    """Does the open file still have that name?"""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
