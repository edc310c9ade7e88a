"""`genesis service`: what is written, started, kept and removed, with a systemctl that notes it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import Process, ran

UNITS = [
    "genesis-dashboard.service",
    "genesis-engine.service",
    "genesis-nightly.service",
    "genesis-nightly.timer",
]
NOTING = """#!/bin/sh
echo "$@" >> "{folder}/asked"
case "$2" in
  is-active) if [ -e "{folder}/active" ]; then echo active; else echo inactive; exit 3; fi ;;
  is-enabled) echo enabled ;;
  show-environment) {answer} ;;
esac
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with a systemctl on its path and a configuration of its own."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "asked").touch()
    put_systemctl(tmp_path, "exit 0")
    return tmp_path


def put_systemctl(machine: Path, answer: str) -> None:
    script = machine / "bin" / "systemctl"
    script.write_text(NOTING.format(folder=machine, answer=answer))
    script.chmod(0o755)


@pytest.fixture
def service(machine: Path) -> Any:
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        paths = {
            "PATH": f"{machine / 'bin'}:/usr/bin:/bin",
            "XDG_CONFIG_HOME": str(machine / "config"),
            "HOME": str(machine),
            "GENESIS_HOME": str(machine / "home"),
        }
        return ran(machine, "service", *arguments, **{**paths, **settings})

    return run


def written(machine: Path) -> dict[str, str]:
    folder = machine / "config" / "systemd" / "user"
    return {file.name: file.read_text() for file in folder.glob("*")}


def asked(machine: Path) -> list[str]:
    """What systemctl was asked to do since the last look."""
    file = machine / "asked"
    lines = file.read_text().splitlines()
    file.write_text("")
    looks = ("show-environment", "is-active", "is-enabled")
    return [line for line in lines if not any(look in line for look in looks)]


def test_units_are_written_shown_and_started_and_again_nothing_changes(
    service: Run, machine: Path
) -> None:
    told = service("install", GENESIS_STRATEGIES="sma_cross", GENESIS_PORT="0")
    assert told.returncode == 0, told.stderr
    files = written(machine)
    assert sorted(files) == UNITS
    for text in files.values():
        assert text in told.stdout
    assert "Environment=GENESIS_STRATEGIES=sma_cross\n" in files["genesis-engine.service"]
    assert f"--home {machine / 'home'}\n" in files["genesis-engine.service"]
    assert asked(machine) == [
        "--user daemon-reload",
        "--user enable --now genesis-engine.service genesis-dashboard.service "
        "genesis-nightly.timer",
    ]
    again = service("install", GENESIS_STRATEGIES="sma_cross", GENESIS_PORT="0")
    assert again.stdout.count("unchanged ") == 4
    assert written(machine) == files
    changed = service("install", GENESIS_PORT="0")
    assert changed.stdout.count("wrote ") == 3
    assert changed.stdout.count("unchanged ") == 1


def test_no_secret_gets_into_a_unit_and_the_env_file_is_where_it_belongs(
    service: Run, machine: Path
) -> None:
    (machine / ".env").write_text("GENESIS_CAPITAL=700\nGENESIS_API_SECRET=in-the-file\n")
    told = service("install", GENESIS_API_KEY="venue-key-1", GENESIS_CONTROL_KEY="control-key-1")
    text = "".join(written(machine).values())
    for secret in ("venue-key-1", "control-key-1", "in-the-file"):
        assert secret not in text + told.stdout + told.stderr
    assert "GENESIS_API_KEY" in told.stderr
    assert "GENESIS_CONTROL_KEY" in told.stderr
    assert f"WorkingDirectory={machine}\n" in text
    assert "GENESIS_CAPITAL" not in text  # it stands in .env, and changes with it


def test_print_shows_the_units_and_touches_nothing(service: Run, machine: Path) -> None:
    told = service("install", "--print")
    assert told.returncode == 0
    assert all(name in told.stdout for name in UNITS)
    assert written(machine) == {}
    assert asked(machine) == []


@pytest.mark.parametrize("systemd", ["absent", "silent"])
def test_without_systemd_the_units_are_shown_with_the_reason(
    service: Run, machine: Path, systemd: str
) -> None:
    put_systemctl(machine, "echo 'no bus here' >&2; exit 1")
    settings = {}
    if systemd == "absent":
        (machine / "bin" / "systemctl").unlink()
        settings = {"PATH": str(machine / "bin")}
    told = service("install", **settings)
    assert told.returncode == 1
    assert all(name in told.stdout for name in UNITS)
    assert "nothing was written" in told.stderr
    assert ("no bus here" if systemd == "silent" else "no systemctl") in told.stderr
    assert written(machine) == {}
    status = service("status", "--json", **settings)
    assert status.returncode == 1
    assert not any(unit["installed"] for unit in json.loads(status.stdout)["units"].values())


def test_status_and_remove(service: Run, machine: Path) -> None:
    service("install")
    (machine / "active").touch()
    told = service("status", "--json")
    assert told.returncode == 0
    units = json.loads(told.stdout)["units"]
    assert sorted(units) == UNITS
    assert all(unit["installed"] and unit["active"] == "active" for unit in units.values())
    (machine / "active").unlink()
    assert service("status").returncode == 1
    asked(machine)
    gone = service("remove")
    assert (gone.returncode, written(machine)) == (0, {})
    assert asked(machine) == [
        "--user disable --now genesis-engine.service genesis-dashboard.service "
        "genesis-nightly.timer",
        "--user daemon-reload",
    ]
    assert (machine / "home").is_dir()
    assert "nothing is installed" in service("remove").stdout


def test_a_running_engine_gets_no_second_one(service: Run, machine: Path) -> None:
    home = str(machine / "home")
    arguments = ("run", "--mode", "paper", "--home", home, "--port", "0", "--json")
    with Process(machine, *arguments) as engine:
        told = service("install")
        engine.end()
    assert "genesis stop" in told.stdout
    assert asked(machine) == [
        "--user daemon-reload",
        "--user enable --now genesis-dashboard.service genesis-nightly.timer",
        "--user enable genesis-engine.service",
    ]


def test_changed_settings_reach_an_active_dashboard_and_are_told_of_an_active_engine(
    service: Run, machine: Path
) -> None:
    service("install")
    (machine / "active").touch()
    asked(machine)
    same = service("install")
    assert "old settings" not in same.stdout
    assert not any("restart" in line for line in asked(machine))
    changed = service("install", GENESIS_STRATEGIES="sma_cross")
    assert changed.returncode == 0
    assert "still runs with the old settings" in changed.stdout
    assert "`systemctl --user restart genesis-engine.service`" in changed.stdout
    assert asked(machine) == [
        "--user daemon-reload",
        "--user enable --now genesis-engine.service genesis-dashboard.service "
        "genesis-nightly.timer",
        "--user restart genesis-dashboard.service",
    ]


def test_an_active_engine_keeps_its_mode(service: Run, machine: Path) -> None:
    service("install")
    before = written(machine)
    (machine / "active").touch()
    asked(machine)
    told = service("install", "--mode", "live")
    assert told.returncode == 2
    assert "runs in paper mode" in told.stderr
    assert "`systemctl --user stop genesis-engine.service`" in told.stderr
    assert told.stderr.count("\n") == 1
    assert (written(machine), asked(machine)) == (before, [])
    assert service("install", "--mode", "live", "--print").returncode == 0
    (machine / "active").unlink()
    told = service("install", "--mode", "live")
    assert told.returncode == 0
    assert "run --mode live " in written(machine)["genesis-engine.service"]
