"""An engine without a terminal: started, refused twice, read, ended; and what a crash leaves."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis.service.running import engine_process
from tests.support.patience import PATIENCE_S
from tests.support.process import command, environment, ran

Genesis = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home"


@pytest.fixture
def genesis(tmp_path: Path, home: Path) -> Any:
    """Runs a verb on the home; whatever engine is left is ended."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return ran(tmp_path, *arguments, "--home", str(home), **settings)

    yield run
    left = engine_process(home)
    if left is not None:
        os.kill(left, signal.SIGKILL)


def detach(genesis: Genesis, *more: str) -> dict[str, Any]:
    told = genesis("run", "--mode", "paper", "--detach", "--port", "0", "--json", *more)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert isinstance(found, dict)
    return found


def test_it_goes_on_alone_is_not_started_twice_and_ends_cleanly(
    genesis: Genesis, home: Path
) -> None:
    told = detach(genesis)
    assert told["home"] == str(home)
    assert httpx.get(f"{told['url']}/ping", trust_env=False).json() == {"pong": True}
    assert engine_process(home) == told["pid"]
    assert os.getsid(told["pid"]) == told["pid"]  # a session of its own: no terminal ends it

    again = genesis("run", "--mode", "paper", "--detach")
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert str(told["pid"]) in again.stderr
    assert engine_process(home) == told["pid"]

    ended = genesis("stop", "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout) == {"stopped": True, "pid": told["pid"], "home": str(home)}
    assert engine_process(home) is None
    assert genesis("verify").returncode == 0

    none = genesis("stop")
    assert (none.returncode, none.stderr.count("\n")) == (3, 1)


def test_it_says_where_it_runs_and_how_it_is_ended(genesis: Genesis, home: Path) -> None:
    told = genesis("run", "--mode", "paper", "--detach", "--port", "0")
    assert told.returncode == 0
    for word in (str(engine_process(home)), str(home), "http://127.0.0.1:", "genesis stop"):
        assert word in told.stdout
    assert "synthetic sample" in told.stderr  # what the engine said at its start


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--mode", "paper", "--strategies", "nosuch"), 2, "unknown strategy 'nosuch'"),
        (("--mode", "paper", "--venue-url", "http://127.0.0.1:1"), 3, "127.0.0.1:1"),
        (("--mode", "live"), 2, "needs the venue's key"),
        (("--mode", "sideways"), 2, "paper or live"),
    ],
)
def test_a_start_that_fails_says_why_and_leaves_nothing_running(
    genesis: Genesis, home: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    told = genesis("run", "--detach", "--port", "0", *arguments)
    assert told.returncode == code
    assert words in told.stderr
    assert "run.log" in told.stderr
    assert engine_process(home) is None


def test_what_a_killed_engine_leaves_is_no_engine(genesis: Genesis, home: Path) -> None:
    first = detach(genesis)
    os.kill(first["pid"], signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while engine_process(home) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stale = json.loads((home / "service.json").read_text())
    assert stale["pid"] == first["pid"]
    stranger = subprocess.Popen(["sleep", "60"])
    try:  # the number was given to another process since
        (home / "service.json").write_text(json.dumps({**stale, "pid": stranger.pid}))
        assert genesis("stop").returncode == 3
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    second = detach(genesis)
    assert second["pid"] != first["pid"]
    assert genesis("stop").returncode == 0


def test_the_log_is_shown_in_lines_for_people_and_followed(
    genesis: Genesis, home: Path, tmp_path: Path
) -> None:
    assert genesis("logs").returncode == 2  # nothing has run yet
    follower = subprocess.Popen(
        command("logs", "--follow", "--home", str(home)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        pid = detach(genesis)["pid"]
        shown = genesis("logs")
        assert shown.returncode == 0
        ready = next(line for line in shown.stdout.splitlines() if " ready " in line)
        assert f"pid={pid}" in ready
        assert " info " in ready
        assert genesis("logs", "--level", "critical").stdout == ""
        raw = genesis("logs", "--json", "-n", "1").stdout
        assert json.loads(raw)["component"]
        assert genesis("logs", "--level", "loud").returncode == 2
        assert follower.stdout is not None
        while " ready " not in follower.stdout.readline():
            pass
        follower.send_signal(signal.SIGINT)
        assert follower.wait(PATIENCE_S) == 0
        assert follower.stderr is not None
        assert follower.stderr.read() == ""
    finally:
        follower.kill()
        follower.wait()
