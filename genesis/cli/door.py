"""`genesis command`: a line said at the door of the running service, as in the garden."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.errors import TiltInterventionRequired


def register(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(command)


def command(
    words: Annotated[
        list[str], typer.Argument(metavar="TEXT", help='Such as "buy 100 usdt btc", or "help".')
    ],
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """Say a line at the door of the running service: an order, a close, a stop.

    Exit code 1 when it is refused.

    - `genesis command "buy 100 usdt btc"` buys at the market, up to your cap

    - `genesis command "buy 100 usdt btc limit 60000 stop 58500"` waits for a price

    - `genesis command "close btc 50%"` sells half of a position

    - `genesis command "stop btc 59000"` moves its stop

    - `genesis command "cancel all"` cancels entry orders; stops stay

    - `genesis command help` tells everything that can be typed
    """
    with _client(home) as client:
        told = client.post("/commands", {"text": " ".join(words)})
    show(told, "approved", as_json=as_json)


def show(told: Mapping[str, Any], done: str, *, as_json: bool) -> None:
    """What became of a line. done: what is said before the amount of an order.

    Raises:
        TiltInterventionRequired: it was refused.
    """
    from genesis.service.moments import refused

    if told.get("verdict") != "approved":
        raise TiltInterventionRequired(refused(told))
    if as_json:
        typer.echo(json.dumps(told))
        return
    placed = [] if told["qty"] is None else [f"{done}: {told['qty']} {told['symbol']}"]
    typer.echo("\n".join([*placed, *told["notes"]]))


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
