"""`genesis locks`: everything that refuses new risk now, and until when."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.exits import DONE, NO
from genesis.cli.owed import pages_lines
from genesis.domain.approval import told_once


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(locks)


def locks(
    home: Annotated[
        Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list instead of text.")] = False,
) -> None:
    """Every lock on new risk: its code, what it locks, until when, and why, in a sentence.

    A lock is for the account, the whole system, one symbol or one strategy. What reduces risk is
    never locked: closing, a tighter stop and `genesis close-all` always work. Where no time is
    told, something has to be done first, and the sentence says what.

    Exit code 1 when anything is locked.
    """
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    with Client.of(Settings.read(home=home)) as client:
        told = client.get("/locks")
        owed = [] if as_json else pages_lines(client.get("/tilt/status")["pages"])
    typer.echo(json.dumps(told) if as_json else "\n".join([_text(told_once(told)), *owed]))
    raise typer.Exit(NO if told else DONE)


def _text(told: list[dict[str, Any]]) -> str:
    if not told:
        return "nothing is locked: new risk may be taken, each order within its limits"
    code = max(len(lock["code"]) for lock in told)
    scope = max(len(lock["scope"]) for lock in told)
    over = max(len(_over(lock)) for lock in told)
    return "\n".join(
        f"{lock['code']:<{code}}  {lock['scope']:<{scope}}  {_over(lock):<{over}}  {lock['reason']}"
        for lock in told
    )


def _over(lock: dict[str, Any]) -> str:
    return f"over {lock['when']}" if lock.get("when") else "no end by itself"
