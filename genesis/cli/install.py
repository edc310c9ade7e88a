"""`genesis service`: engine, dashboards and nightly reports kept running by the user's systemd."""

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.orders import Verbs
from genesis.errors import ConfigError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.settings import Settings
    from genesis.service.units import Place

_LINGER: Final = Path("/var/lib/systemd/linger")
_MASKED: Final = "********"
_MODE: Final = re.compile(r"^ExecStart=.*? run --mode (paper|live) ", re.MULTILINE)
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]


def register(app: typer.Typer) -> None:
    """Add this module's group of verbs."""
    group = typer.Typer(
        cls=Verbs, help="Keep Genesis running: systemd user units.", no_args_is_help=True
    )
    group.command()(install)
    group.command()(remove)
    group.command()(status)
    app.add_typer(group, name="service")


def install(
    mode: Annotated[str, typer.Option(help="Mode of the engine: paper or live.")] = "paper",
    home: _Home = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="Show the units and write nothing.")
    ] = False,
) -> None:
    """Write units for engine, dashboards and nightly reports, show them, and start them.

    Doing it again changes only what differs. Changed dashboards start again; an engine at work is
    left alone and keeps its mode. Where no systemd runs, the units are shown, the reason is named,
    and the exit code is 1.
    """
    from genesis.service.settings import Settings
    from genesis.service.units import unit_files

    if mode not in ("paper", "live"):
        raise UsageError(f"--mode {mode!r} is unknown: it is paper or live")
    settings = Settings.read(home=home)
    place, left_out = _place(settings, mode)
    files = unit_files(place)
    reason = None if print_only else _why_not()
    if print_only or reason:
        for name, text in files.items():
            typer.echo(f"# {_folder() / name}\n{text}")
    else:
        _require_mode(mode)
        changed = {name for name, text in files.items() if _write(_folder() / name, text)}
        _start(place.home, changed)
    for name in left_out:
        typer.echo(
            f"{name} is a secret of this shell and stands in no unit: put it into "
            f"{place.folder / '.env'} (mode 0600), then install again from that folder",
            err=True,
        )
    if reason:
        typer.echo(f"nothing was written: {reason}", err=True)
        raise typer.Exit(NO)


def remove() -> None:
    """End and delete the units. The home with everything in it stays."""
    from genesis.service.units import ENABLED

    found = [path for path in _paths() if path.exists()]
    runs = _why_not() is None
    if runs and found:
        _systemctl("disable", "--now", *(path.name for path in found if path.name in ENABLED))
    for path in found:
        path.unlink()
        typer.echo(f"removed {path}")
    if runs and found:
        _systemctl("daemon-reload")
    if not found:
        typer.echo(f"nothing is installed in {_folder()}")


def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """Which units are installed and at work. Exit code 1 unless the engine's is active."""
    from genesis.service.units import ENGINE

    reason = _why_not()
    told = {
        path.name: {
            "installed": path.exists(),
            "active": "unknown" if reason else _state("is-active", path.name),
            "enabled": "unknown" if reason else _state("is-enabled", path.name),
        }
        for path in _paths()
    }
    if as_json:
        typer.echo(json.dumps({"units": told, "systemd": reason or "runs"}))
    else:
        for name, each in told.items():
            there = "installed" if each["installed"] else "not installed"
            typer.echo(f"{name:<28} {there:<14} {each['active']:<10} {each['enabled']}")
        if reason:
            typer.echo(f"what is at work cannot be told: {reason}", err=True)
    raise typer.Exit(DONE if told[ENGINE]["active"] == "active" else NO)


def _place(settings: "Settings", mode: str) -> "tuple[Place, list[str]]":
    """Where the units run, and the secrets of this shell that no unit may hold."""
    from genesis.service.home import Home
    from genesis.service.settings import show
    from genesis.service.units import Place

    home = Home.open(settings.home_path()).path
    here = Path.cwd()
    given = {each.name: each.value for each in show(settings) if each.source == "environment"}
    given.pop("GENESIS_HOME", None)
    left_out = sorted(name for name, value in given.items() if value == _MASKED)
    rules = Path(given.get("GENESIS_RULES", ""))
    if rules.is_file():
        given["GENESIS_RULES"] = str(rules.absolute())
    variables = {name: value for name, value in given.items() if name not in left_out}
    folder = here if (here / ".env").is_file() else home
    return Place(_command(), folder, home, mode, variables), left_out


def _command() -> list[str]:
    script = Path(sys.executable).with_name("genesis")
    return [str(script)] if script.exists() else [sys.executable, "-m", "genesis"]


def _folder() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "systemd" / "user"


def _paths() -> list[Path]:
    from genesis.service.units import DASHBOARD, ENGINE, NIGHTLY, TIMER

    return [_folder() / name for name in (ENGINE, DASHBOARD, NIGHTLY, TIMER)]


def _require_mode(mode: str) -> None:
    """See that an engine at work is not given another mode behind its back.

    Raises:
        UsageError: it runs in the other one.
    """
    from genesis.service.units import ENGINE

    unit = _folder() / ENGINE
    told = _MODE.search(unit.read_text()) if unit.exists() else None
    if told is None or told[1] == mode or _state("is-active", ENGINE) != "active":
        return
    raise UsageError(
        f"the engine runs in {told[1]} mode: end it with `systemctl --user stop {ENGINE}`, then "
        f"install it with --mode {mode}; nothing was written"
    )


def _write(path: Path, text: str) -> bool:
    """Put a unit in its place; False where nothing had to change."""
    if path.exists() and path.read_text() == text:
        typer.echo(f"unchanged {path}")
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)
    typer.echo(f"wrote {path}\n\n{text}")
    return True


def _start(home: Path, changed: Collection[str]) -> None:
    """Start the units now and at every login, but no second engine on the home.

    changed: units at work that are among them start again; not the engine, which trades.
    """
    from genesis.service.running import engine_process
    from genesis.service.units import ENABLED, ENGINE

    _systemctl("daemon-reload")
    active = [name for name in ENABLED if _state("is-active", name) == "active"]
    running = engine_process(home) if ENGINE not in active else None
    later = {ENGINE} if running is not None else set()
    _systemctl("enable", "--now", *(name for name in ENABLED if name not in later))
    if running is not None:
        _systemctl("enable", ENGINE)
        typer.echo(
            f"an engine (process {running}) runs on {home} already: end it with `genesis stop`, "
            f"then `systemctl --user start {ENGINE}`"
        )
    old = [name for name in active if name in changed]
    if again := [name for name in old if name != ENGINE]:
        _systemctl("restart", *again)
    if ENGINE in old:
        typer.echo(
            f"the engine still runs with the old settings: `systemctl --user restart {ENGINE}` "
            "gives it the new ones"
        )
    if not (_LINGER / getpass.getuser()).exists():
        typer.echo("so that they go on after you log out: `loginctl enable-linger`")


def _why_not() -> str | None:
    """Why no unit can be started here; None where a systemd of this user runs."""
    if shutil.which("systemctl") is None:
        return "there is no systemctl on this machine"
    asked = _ask("show-environment")
    if asked.returncode == 0:
        return None
    said = asked.stderr.strip().splitlines()
    return f"no systemd of this user runs here ({said[0] if said else 'it does not answer'})"


def _state(verb: str, unit: str) -> str:
    return _ask(verb, unit).stdout.strip() or "unknown"


def _systemctl(*words: str) -> None:
    ended = _ask(*words)
    if ended.returncode:
        said = " ".join(ended.stderr.split()) or f"exit code {ended.returncode}"
        raise ConfigError(f"`systemctl --user {' '.join(words)}` failed: {said}")
    typer.echo(f"done: systemctl --user {' '.join(words)}")


def _ask(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemctl", "--user", *words],
        capture_output=True,
        text=True,
        timeout=120,
    )
