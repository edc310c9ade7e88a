"""Processes that start at once, can be killed, and tell what they have to say in files."""

import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.patience import PATIENCE_S
from tests.support.process import environment
from tests.support.warm_process import Warm
from tests.support.warm_python import COMMANDS


class Killable:
    """One process and what it wrote: stdout in NAME.out, stderr in NAME.err."""

    def __init__(self, folder: Path, name: str, arguments: tuple[str, ...], module: str) -> None:
        self._out, self._err = (folder / f"{name}.{end}" for end in ("out", "err"))
        with self._out.open("w") as out, self._err.open("w") as err:
            self._process = Warm(arguments, err, folder, environment(), module, out)

    def lines(self) -> list[str]:
        """The whole lines on stdout so far."""
        return self._out.read_text().split("\n")[:-1]

    def told(self) -> str:
        return self._err.read_text()

    def end(self, number: int) -> int:
        """Send a signal and wait; the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        return self._process.wait(PATIENCE_S)


class Killables:
    """Processes of one folder, which all end with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Killable] = []

    def start(self, name: str, *arguments: str, module: str = COMMANDS) -> Killable:
        """`genesis ARGUMENTS`, or the `main` of another module."""
        self._made.append(Killable(self._folder, name, arguments, module))
        return self._made[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._made:
            process.end(signal.SIGKILL)
