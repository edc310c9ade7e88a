"""An engine without a terminal: `genesis run --detach` starts it, `genesis stop` ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from genesis.cli.exits import NO
from genesis.cli.homes import home_of
from genesis.cli.ready import control_line
from genesis.errors import ConfigError, Unreachable, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.home import Home

_LOOK_EVERY_S: Final = 0.1


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(stop)


def start(home: "Home", arguments: list[str], *, as_json: bool) -> None:
    """Start `genesis run` with these arguments in a session of its own; wait until it is ready.

    What it says until then is passed on, and kept in logs/run.log of the home.

    Raises:
        UsageError: an engine runs on the home already.
        typer.Exit: it ended before it was ready, with this exit code.
    """
    from genesis.service.running import engine_process

    running = engine_process(home.path)
    if running is not None:
        raise UsageError(
            f"an engine (process {running}) runs on {home.path} already: "
            "`genesis status` asks it, `genesis stop` ends it"
        )
    home.withdraw()  # what a killed one left
    words = home.log_file.with_name("run.log")
    command = [sys.executable, "-m", "genesis", "run", *arguments, "--json"]
    with words.open("wb") as sink:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        facts = _until_ready(child, home, words)
    except BaseException:
        if child.poll() is None:
            child.terminate()
            child.wait()
        raise
    typer.echo(json.dumps({**facts, "log": str(words)}) if as_json else _text(facts))


def stop(
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its end.")] = 60.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """End the engine of a home cleanly, wherever it was started. Stops at the venue stay.

    Exit code 0: it has ended; 1: it has not within the wait; 3: none runs there.
    """
    from genesis.service.clock import elapsed_ns
    from genesis.service.running import engine_process

    path = home_of(home)
    engine = engine_process(path)
    if engine is None:
        raise Unreachable(f"no engine runs on {path}: there is nothing to stop")
    try:
        os.kill(engine, signal.SIGTERM)
    except PermissionError:
        raise ConfigError(
            f"the engine on {path} (process {engine}) belongs to another user: ask that user"
        ) from None
    except ProcessLookupError:
        pass  # it ended meanwhile
    until = elapsed_ns() + int(wait * 1e9)
    while (still := engine_process(path) == engine) and elapsed_ns() < until:
        time.sleep(_LOOK_EVERY_S)
    told = {"stopped": not still, "pid": engine, "home": str(path)}
    state = "has not ended yet; `genesis logs` shows what it does" if still else "has ended"
    typer.echo(json.dumps(told) if as_json else f"the engine on {path} (process {engine}) {state}")
    if still:
        raise typer.Exit(NO)


def _until_ready(child: subprocess.Popen[bytes], home: "Home", words: Path) -> dict[str, Any]:
    """The facts of the service file. Passes on what the engine says meanwhile."""
    told = 0
    while True:
        ended = child.poll()
        told += _pass_on(words, told)
        if ended is not None:
            typer.echo(f"the engine ended before it was ready; its words are in {words}", err=True)
            raise typer.Exit(ended if ended > 0 else NO)
        facts = home.announced()
        if facts is not None and facts.get("pid") == child.pid:
            return facts
        time.sleep(_LOOK_EVERY_S)


def _pass_on(words: Path, start: int) -> int:
    """Show the whole lines that are new since byte `start`; how many bytes they are."""
    with words.open("rb") as source:
        source.seek(start)
        new = source.read()
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        if not line.startswith("{"):  # the ready line: it is told in our words
            typer.echo(line, err=True)
    return len(whole)


def _text(facts: dict[str, Any]) -> str:
    home = facts["home"]
    return (
        f"engine: process {facts['pid']} on {home}\n"
        f"{control_line(facts)}\n"
        "It goes on when this terminal or tunnel closes. "
        f"`genesis stop --home {home}` ends it, `genesis logs --follow --home {home}` shows what "
        "it does."
    )
