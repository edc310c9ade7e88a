"""`genesis recover` and `upgrade`: what is found at a start, resolved by a person."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE

_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(recover)
    app.command()(upgrade)


def recover(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, for scripts.")] = False,
    venue_url: Annotated[
        str | None, typer.Option(help="The venue that is asked; paper: on loopback only.")
    ] = None,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Begin a log that goes on from what is sound, where one was broken, cut or replaced.

    The venue is the witness: orders that the log does not know are known from now on, and their
    trades count. The old file is kept under another name. Nothing is gained by it: tier, halts,
    locks and limits stay as the sound part has them, or as the rest has them where that is
    stricter; the time since counts for no promotion, and tilt begins in CAUTION at least.
    Where only the record of a paper lane is broken, it is left behind, and the log goes on.
    End the service first (`genesis close-all` works before, and `--direct` at any time).
    """
    from genesis.service.broken_lanes import found_in, leave_behind, left_words
    from genesis.service.recovering import carry_out, plan
    from genesis.service.settings import Settings

    settings = Settings.read(home=home, venue_url=venue_url)
    typer.echo(f"home: {settings.home_path()}", err=as_json)
    found = plan(settings)
    lanes = found_in(found.home, with_known=found.reason is not None)
    lines = found.lines() if found.reason is not None or not lanes else []
    for line in [*lines, *map(left_words, lanes)]:
        typer.echo(line, err=as_json)
    if found.reason is None and not lanes:
        if as_json:
            typer.echo(json.dumps({"recovered": False, "home": str(found.home)}))
        raise typer.Exit(DONE)
    if not yes:
        typer.confirm("Go on?", abort=True)
    told: dict[str, Any] = {"recovered": True, "home": str(found.home), "set_aside": []}
    if found.reason is not None:
        told = carry_out(settings, found, lambda line: typer.echo(line, err=as_json))
    told["left_behind"] = leave_behind(found.home, lanes)
    last = "done: `genesis run` goes on from here; it compares the books with the venue's first"
    typer.echo(json.dumps(told) if as_json else last)


def upgrade(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, for scripts.")] = False,
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Confirm that the code of this machine is the one to run on.

    Every run tells the log which code it is. Where it is not that of the run before, a live account
    takes no new risk until this was said; said within 24 hours of a losing session, it stays paper
    only until those are over. A paper account runs any code, and only logs it. End the service
    first.
    """
    from genesis.service.settings import Settings
    from genesis.service.upgrading import confirm, look

    settings = Settings.read(home=home)
    typer.echo(f"home: {settings.home_path()}", err=as_json)
    change = look(settings)
    for line in change.lines():
        typer.echo(line, err=as_json)
    confirmed = not change.is_none
    if confirmed:
        if not yes:
            typer.confirm("Is this the code you want to run?", abort=True)
        typer.echo(confirm(settings), err=as_json)
    if as_json:
        told = {"old": change.old_sha256, "new": change.new_sha256, "confirmed": confirmed}
        typer.echo(json.dumps(told))
