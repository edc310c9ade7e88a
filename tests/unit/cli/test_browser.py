"""A browser is opened on a desktop alone: never a text browser in the terminal of a verb."""

import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesis.cli import lab
from genesis.cli.main import main
from genesis.panels import serve

URL = "http://127.0.0.1:1/?token=t"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was asked to show; there is no desktop."""
    asked: list[str] = []

    def show(address: str) -> bool:
        asked.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    for sign in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(sign, raising=False)
    return asked


def dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    facts = {"url": URL, "token_file": "", "port": 1, "pid": 1}
    monkeypatch.setattr(serve, "already_served", lambda home, port, page: facts)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        return main(["dashboard", "--open", "--home", str(tmp_path / "home"), "--port", port])


class _Server:
    """As much of JupyterLab's as the verb asks of it: it is ready, and ends."""

    io_loop: Any

    def __init__(self) -> None:
        self.io_loop = self

    def add_callback(self, ready: Callable[[], None]) -> None:
        ready()

    def start(self) -> None:
        pass


def opened_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setattr(lab, "_server", lambda *_: _Server())
    monkeypatch.setattr(lab.signal, "signal", lambda *_: None)
    return main(["lab", "--home", str(tmp_path / "home"), "--port", "0"])


@pytest.mark.parametrize("verb", [dashboard, opened_lab])
def test_without_a_desktop_none_is_opened_and_with_one_the_page(
    verb: Callable[[Path, pytest.MonkeyPatch], int],
    opened: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verb(tmp_path, monkeypatch) == 0
    assert opened == []
    assert "token=" in capsys.readouterr().out
    monkeypatch.setenv("DISPLAY", ":0")
    assert verb(tmp_path, monkeypatch) == 0
    assert len(opened) == 1 and opened[0] in capsys.readouterr().out
