"""The garden beside the demo: the dashboards, as a process of their own on the demo's home."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

from genesis.cli.browser import show
from genesis.cli.dashboard import ssh_line

_OPENING_S: Final = 20.0
"""How long the story waits for its garden at most."""
_SEAT_S: Final = 6.0
"""To open the address in a browser before the story begins."""
_LOOK_S: Final = 0.05
_END_S: Final = 20.0


class Garden:
    """Serves the dashboards from `open` until the block ends. Use as a context manager.

    page: the one that is shown first. say: told the address once it is there (and how to reach it
    by ssh), or why there is none: a demo without a garden goes on.
    """

    def __init__(self, home: Path, port: int, say: Callable[[str], None], page: str) -> None:
        self._home = home
        self._page = page
        self._port = port
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        self._waiting: Thread | None = None
        self._is_open = False

    async def open(self) -> None:
        """Start it, tell its address, and leave a moment to go there."""
        self._begin()
        assert self._waiting is not None
        for _ in range(round(_OPENING_S / _LOOK_S)):
            if not self._waiting.is_alive():
                break
            await asyncio.sleep(_LOOK_S)
        if self._is_open:
            await asyncio.sleep(_SEAT_S)

    def _begin(self) -> None:
        where = ("--home", str(self._home), "--port", str(self._port))
        arguments = ["dashboard", self._page, *where, "--json"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "genesis", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for the demo, which ends it
        )
        self._waiting = Thread(target=self._tell, args=(self._process,), daemon=True)
        self._waiting.start()

    def _tell(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if line:
            facts = json.loads(line)
            self._say(f"the garden (the story waits a moment for you):\n{facts['url']}")
            if "SSH_CONNECTION" in os.environ:
                self._say(f"from your machine:\n{ssh_line(facts['port'])}")
            self._is_open = True
            show(facts["url"])
        elif process.wait() > 0:
            why = process.stderr.read().strip().splitlines()
            self._say(f"no garden: {why[-1] if why else f'it ended with {process.returncode}'}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None or self._waiting is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._waiting.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
