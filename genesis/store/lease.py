"""One engine per home: a lock on a file, held as long as the process lives.

The lock belongs to the open file, not to its content, so a killed engine leaves nothing to clean.
"""

import fcntl
import os
from pathlib import Path

from genesis.errors import EventLogError, UsageError


class Lease:
    """The right to write the database of a home. Take it with `Lease.take`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> "Lease":
        """Lock `path` (created when absent) and write our process id into it.

        Raises:
            UsageError: another engine holds it; its process id is named.
            EventLogError: the file cannot be opened.
        """
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
                f"another engine (process {holder}) runs on {path.parent}: "
                "stop it first, or give this one another home"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(path, descriptor)

    def release(self) -> None:
        """Let another engine take over. A second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
