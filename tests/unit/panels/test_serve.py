"""Which server counts as this home's own, when its port is taken already."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.panels.proof import keyed_hash, pid_behind
from genesis.panels.serve import already_served
from genesis.service.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.open(tmp_path / "home")


@contextmanager
def somebody(says: Callable[[str], str]) -> Iterator[tuple[int, list[str]]]:
    """A server on 127.0.0.1 that calls itself Genesis; its port, and all it was told."""
    told: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        server_version, sys_version = "Genesis", ""

        def do_GET(self) -> None:
            told.append(f"{self.path} {self.headers}")
            body = says(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port, told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def notice(home: Home, port: int) -> None:
    """What an earlier dashboard of the home may have left behind."""
    (home.path / "dashboard.json").write_text(json.dumps({"port": port, "pid": os.getpid()}))


@pytest.mark.parametrize(
    "said", ["", "[]", "1 " + "0" * 64, "x" * 100_000, "\u0000\ud7ff", "1" * 90, '{"pid": 1}']
)
def test_a_server_that_cannot_prove_itself_is_not_ours_and_learns_nothing(
    home: Home, said: str
) -> None:
    token = home.key("dashboard", suffix="token")
    with somebody(lambda _: said) as (port, told):
        notice(home, port)
        assert already_served(home, port) is None
    assert told
    assert not any(token in each for each in told)


@pytest.mark.parametrize("left", ["[]", "nonsense", "{}", '{"port": "x"}', "\xff"])
def test_what_lies_in_the_home_is_no_traceback(home: Home, left: str) -> None:
    (home.path / "dashboard.json").write_bytes(left.encode("latin-1"))
    with somebody(lambda _: "") as (port, _):
        assert already_served(home, port) is None


def test_a_proof_is_good_for_one_port_one_question_and_one_token() -> None:
    said: dict[str, Any] = {}

    def answer(path: str) -> str:
        once = path.rpartition("/")[2]
        made = said.get("proof") or f"42 {keyed_hash('a token', said['port'], once, 42)}"
        said["last"] = made
        return made

    with somebody(answer) as (port, _):
        said["port"] = port
        assert pid_behind(port, "a token") == 42
        assert pid_behind(port, "another token") is None
        said["proof"] = said["last"]  # said again
        assert pid_behind(port, "a token") is None
        said["proof"], said["port"] = "", port + 1  # that of another port
        assert pid_behind(port, "a token") is None


@pytest.mark.parametrize("page", ["zen_garden", "tilt", "tiers"])
def test_the_address_of_a_dashboard_that_runs_opens_the_page_that_was_named(
    home: Home, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    token, said = home.key("dashboard", suffix="token"), {"port": 0}
    with somebody(
        lambda path: f"42 {keyed_hash(token, said['port'], path.rpartition('/')[2], 42)}"
    ) as (port, _):
        said["port"] = port
        assert main(["dashboard", page, "--home", str(home.path), "--port", str(port)]) == 0
    assert f"dashboard: http://127.0.0.1:{port}/{page}?token={token}\n" in capsys.readouterr().out


def test_where_nobody_answers_nothing_is_served(home: Home) -> None:
    notice(home, 1)
    assert already_served(home, 1) is None
