"""Every verb works on one home: the one named, else `GENESIS_HOME`, also of `.env`."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from genesis.cli.main import build, main

VERBS: Final = (
    "run --mode paper --venue-url https://api.example.com",
    "status",
    "halt --reason because-of-the-test",
    "close-all",
    "settings",
    "doctor",
    "tier status",
    "tier evaluate",
    "tier ceremony",
    "tier step-down --yes",
    "tier reset --reason because-of-the-test",
    "paper status",
    "paper command status",
    "paper session begin",
    "rules show",
    "rules diff sniper",
    "rules propose sniper",
    "rules book judge two_step sma_cross",
    "strategy list",
    "strategy swap sma_cross",
    "locks",
    "command status",
    "recover --yes",
    "upgrade --yes",
    "journal list",
    "journal forget --yes",
    "stop",
    "logs",
    "service install --print",
    "dashboard nowhere",
    "lab --port {port}",
    "report daily",
    "nightly",
    "tax --year 2024",
    "flows list",
    "flows explain",
    "verify",
    "twin",
    "why 1-1-0",
    "ticks import {file}",
    "ticks list",
    "ticks fetch BTC/USDT --start 2024-01-01 --end 2024-01-02 --base-url http://127.0.0.1:{port}",
    "record BTC/USDT --venue-url http://127.0.0.1:{port}",
    "ticks sample --minutes 1",
    "ticks check BTC/USDT",
    "ticks bars BTC/USDT",
    "backtest sma_cross",
    "check sma_cross --symbol BTC/USDT",
    "walk-forward sma_cross --grid fast=5",
    "exchange --symbol BTC/USDT",
)
"""In an empty home each of them ends at once and names it, or has made it."""
APART: Final = {"demo"}
"""Without --home it plays in a folder of its own."""


def verbs_with_a_home() -> set[str]:
    def below(command: Any, path: str) -> Iterator[str]:
        for name, each in getattr(command, "commands", {}).items():
            yield from below(each, f"{path} {name}")
        if any(option.name == "home" for option in command.params):
            yield path.strip()

    return set(below(get_command(build()), ""))


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home that the `.env` of the current folder names."""
    folder = tmp_path / "started-here"
    folder.mkdir()
    (folder / ".env").write_text(f"GENESIS_HOME={tmp_path / 'named'}\nGENESIS_CAPITAL=700\n")
    monkeypatch.delenv("GENESIS_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(folder)
    return tmp_path / "named"


def test_no_verb_is_left_out() -> None:
    left = {v for v in verbs_with_a_home() if not any(f"{t} ".startswith(f"{v} ") for t in VERBS)}
    assert left == APART


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_takes_the_home_that_env_names(
    named: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file = tmp_path / "BTCUSDT-trades-2024-01-01.csv"
    file.write_text("1,100,1,100,1704067200000,True,True\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        main(verb.format(file=file, port=taken.getsockname()[1]).split())
    told = "".join(capsys.readouterr())
    assert str(named) in told or (named / "logs").is_dir(), told


def test_what_is_named_on_the_command_line_needs_no_env(
    named: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text("GENESIS_PORT=none\n")
    assert main(["stop"]) == 2
    assert "GENESIS_PORT cannot be used" in capsys.readouterr().err
    assert main(["stop", "--home", str(tmp_path / "other")]) == 3
    assert f"no engine runs on {tmp_path / 'other'}" in capsys.readouterr().err
