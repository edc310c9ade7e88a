"""`genesis strategy`: the strategies that run, and another version of one while they do."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.run_options import params_of

_HELP = """The strategies of the running service, and how a new version of one takes over.

A swap is done between two events and written into the event log. Orders and stops stay as they are.
"""
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    strategy = typer.Typer(help=_HELP, no_args_is_help=True)
    strategy.command("list")(show)
    strategy.command()(swap)
    app.add_typer(strategy, name="strategy")


def show(home: _Home = None, as_json: _Json = False) -> None:
    """The strategies that run, with their parameters."""
    with _client(home) as client:
        told = client.get("/strategies")
    lines = [
        f"{one['name']:<18} {one['tier']:<11} "
        + " ".join(f"{name}={value}" for name, value in one["params"].items())
        for one in told
    ]
    typer.echo(json.dumps(told) if as_json else "\n".join(lines or ["no strategy runs here"]))


def swap(
    name: Annotated[str, typer.Argument(help="Name of a strategy that runs.")],
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter of it; may be repeated."),
    ] = None,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Let the newest version of a strategy take over, with these parameters.

    Parameters that are not named are those of the class, not those that ran before. A plug-in is
    imported anew, so its newest code runs; what comes with Genesis takes a restart for that. The
    new version takes over what the old one learned where it declares so (`succeed`); else it is
    told the bars that are still kept, and begins warm.

    It must be unlocked in the tier of the account. On a live account its code must be that of the
    run: other code is confirmed by `genesis upgrade`, with the service stopped. `genesis verify`
    runs a log again with the code that is installed then: decisions of older code may differ, and
    it says so. Exit code 1 when it is refused.
    """
    given = {each: str(value) for each, value in params_of(param or []).items()}
    with _client(home) as client:
        told = client.post(f"/strategies/{quote(name, safe='')}", {"params": given})
    typer.echo(json.dumps(told) if as_json else str(told["told"]))
    raise typer.Exit(DONE if told["accepted"] else NO)


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
