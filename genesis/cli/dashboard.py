"""`genesis dashboard`: the garden in a browser, here or at the end of an ssh tunnel."""

import asyncio
import getpass
import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genesis.cli.browser import show
from genesis.errors import ConfigError, UsageError

if TYPE_CHECKING:  # heavy: imported when the verb runs
    from genesis.service.home import Home


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(dashboard)


def dashboard(
    page: Annotated[
        str, typer.Argument(help="zen_garden, tilt or tiers: the page shown first.")
    ] = "zen_garden",
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open it in the browser of this machine.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line when it is ready, instead of text.")
    ] = False,
) -> None:
    """Serve the dashboards on 127.0.0.1 until Ctrl-C.

    Prints the address, which holds the token, and the ssh line that brings it to another machine.
    Where it is served already, that is all it does: the address opens the page that was named.
    The engine need not run: the page waits for it, and ending the dashboard does not end it.
    """
    from genesis.service.home import Home
    from genesis.service.settings import Settings

    settings = Settings.read(home=home, dashboard_port=port)
    place = Home.open(settings.home_path())

    from genesis.panels.doors import PAGES  # heavy: after the first refusals
    from genesis.panels.local import listen
    from genesis.panels.serve import already_served, serve

    if page not in PAGES:
        raise UsageError(f"dashboard {page!r} is unknown: it is {', '.join(PAGES)}")

    def ready(facts: dict[str, Any]) -> None:
        typer.echo(json.dumps(facts) if as_json else _text(facts, place))
        sys.stdout.flush()
        if open_browser and not show(facts["url"]):
            typer.echo("no browser was found here: open the address by hand", err=True)

    try:
        bound = listen(settings.dashboard_port)
    except ConfigError:
        running = already_served(place, settings.dashboard_port, page)
        if running is None:
            raise
        ready(running)
        return
    if settings.control_key is not None:  # it may stand in .env, which the kernels do not read
        os.environ["GENESIS_CONTROL_KEY"] = settings.control_key.get_secret_value()

    asyncio.run(serve(place, bound, page, ready))


def _text(facts: dict[str, Any], home: "Home") -> str:
    from genesis.service.running import engine_process

    lines = [
        f"home: {home.path}",
        f"dashboard: {facts['url']}",
        f"from another machine: {ssh_line(facts['port'])}",
        "and then open the same address there. Ctrl-C ends the dashboard, not the engine."
        if facts["pid"] == os.getpid()
        else f"and then open the same address there. It is served by process {facts['pid']}.",
    ]
    if engine_process(home.path) is None:
        lines.append(
            "the engine does not run on this home: `genesis run --mode paper --detach` starts it; "
            "the page waits for it"
        )
    return "\n".join(lines)


def ssh_line(port: int) -> str:
    """What to type on the other machine. The same port there, so that the address is the same."""
    user = getpass.getuser()
    asked = os.environ.get("SSH_CONNECTION", "").split()
    host, door = (asked[2], asked[3]) if len(asked) == 4 else (socket.gethostname(), "22")
    more = "" if door == "22" else f"-p {door} "
    return f"ssh {more}-L {port}:127.0.0.1:{port} {user}@{host}"
