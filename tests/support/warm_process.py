"""The tests' side of `tests.support.warm_python`: what `subprocess.Popen` offers, of a fork."""

import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Final

from tests.support.patience import PATIENCE_S
from tests.support.warm_python import COMMANDS

_ROOT: Final = Path(__file__).resolve().parents[2]
_FIRST: Final = Lock()


class Warm:
    """A running command. `stdout`: what it says; its stderr goes to `errors`.

    module: whose `main` is run; default: the command line's. out: where stdout goes instead.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        errors: IO[str],
        folder: Path,
        env: Mapping[str, str],
        module: str = COMMANDS,
        out: IO[str] | None = None,
    ) -> None:
        read, write = os.pipe()
        told, tell = os.pipe()
        asked = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(env),
            "module": module,
        }
        fds = array.array("i", [write if out is None else out.fileno(), errors.fileno(), tell])
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
        with _FIRST:  # one line for all threads
            line = _line()
        line.sendmsg([json.dumps(asked).encode()], rights)
        os.close(write)
        os.close(tell)
        self.stdout: IO[str] = os.fdopen(read, "r", encoding="utf-8")
        self._told: IO[str] = os.fdopen(told, "r")
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs; -n: it was ended by signal n."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, waited for.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


@cache
def _line() -> socket.socket:
    """To a process with everything loaded, one for each worker; it ends with the worker."""
    with tempfile.TemporaryDirectory() as folder:
        place = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        place.bind(f"{folder}/line")
        place.listen(1)
        place.settimeout(PATIENCE_S)
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_python", f"{folder}/line"],
            cwd=_ROOT,
            stdout=subprocess.DEVNULL,
        )
        line, _ = place.accept()
        place.close()
    line.settimeout(None)
    return line
