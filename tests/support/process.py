"""Real processes of the command line, for tests that need one."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx

from genesis.service.api.keys import HEADER
from genesis.service.demo.recording import RecordedHome
from genesis.service.home import read_key
from tests.support.patience import PATIENCE_S
from tests.support.warm_process import Warm
from tests.support.warm_python import COMMANDS

_FORKED = ("run", "exchange", "dashboard")
ROOT = Path(__file__).resolve().parents[2]
READY_S = PATIENCE_S
_CALL = "import sys; from genesis.cli.main import main; sys.exit(main())"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", _CALL, *arguments]


def going_on(recorded: RecordedHome) -> tuple[str, ...]:
    """`genesis run` on a home that was recorded, under its own rules."""
    where = ("--home", str(recorded.home), "--rules", str(recorded.rules))
    return ("run", "--mode", "paper", "--json", "--port", "0", *where)


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    paths = [str(ROOT), *kept.get("PYTHONPATH", "").split(os.pathsep)]
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **settings}


def ran(
    folder: Path, *arguments: str, module: str = COMMANDS, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """A command run to its end in `folder`, forked: what `subprocess.run` tells of a new Python.

    module: whose `main` is run; default: the command line's. settings: variables of its
    environment.
    """
    with tempfile.TemporaryFile("w+") as errors:
        process = Warm(arguments, errors, folder, environment(**settings), module)
        with process.stdout:
            out = process.stdout.read()
        code = process.wait(PATIENCE_S)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, code, out, errors.read())


def _started(
    arguments: tuple[str, ...], errors: IO[str], folder: Path, env: dict[str, str]
) -> "Warm | subprocess.Popen[str]":
    """Forked where that is the same to the command and saves the loading of its modules."""
    if arguments[0] in _FORKED and "PYTHONHASHSEED" not in env:
        return Warm(arguments, errors, folder, env)
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        cwd=folder,
        env=env,
    )


class Process:
    """A command that prints one JSON line when it is ready."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self._errors: IO[str] = (folder / f"stderr-{time.monotonic_ns()}").open("w+")
        self.process = _started(arguments, self._errors, folder, environment(**settings))
        self.ready: dict[str, Any] = self._first_line()

    def _first_line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(READY_S)
            raise AssertionError(f"it ended with {self.process.returncode}: {self.told()}")
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def told(self) -> str:
        """Everything on stderr so far."""
        self._errors.flush()
        return Path(self._errors.name).read_text()

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(READY_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(READY_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()


class Patient(httpx.HTTPTransport):
    """Asks again a little later where too much was asked in a second, as a calm client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        while answer.status_code == 429:
            answer.close()
            time.sleep(0.1)
            answer = super().handle_request(request)
        return answer


class Control:
    """The control API of a running service, with one of its keys."""

    def __init__(self, url: str, home: Path, name: str = "control") -> None:
        key = read_key(home / f"{name}.key")
        self.http = httpx.Client(
            base_url=url, headers={HEADER: key}, transport=Patient(), timeout=PATIENCE_S
        )

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def say(self, text: str, **more: Any) -> httpx.Response:
        return self.post("/commands", text=text, **more)

    def until(self, what: str, path: str, holds: Any, seconds: float = PATIENCE_S) -> Any:
        """Ask `path` until `holds(answer)`; fails naming `what` after a while."""
        deadline = time.monotonic() + seconds
        while True:
            told = self.get(path)
            if holds(told):
                return told
            assert time.monotonic() < deadline, f"{what}: {told}"
            time.sleep(0.12)  # below the ten requests a second that the service takes
