"""`genesis paper`: the account on paper that a lock or a mode has beside the own one."""

import json
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli.door import show
from genesis.domain.time import moment_words, parse_utc
from genesis.errors import TiltInterventionRequired

_HELP = """The paper lane: trade on paper beside the account, where its discipline asks for it.

It is open in OPENING48, PAPER48 and EMERGENCY, and from a lock of tilt until the way out of it is
walked. Orders in it go to a simulated exchange in the service, never to the venue.
"""
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


class Act(StrEnum):
    """What is done with a quiet session."""

    BEGIN = "begin"
    END = "end"


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    paper = typer.Typer(help=_HELP, no_args_is_help=True)
    paper.command()(status)
    paper.command()(command)
    paper.command()(session)
    app.add_typer(paper, name="paper")


def status(home: _Home = None, as_json: _Json = False) -> None:
    """Is the lane open, how does its account stand, and how long must the session still last."""
    with _client(home) as client:
        told = client.get("/paper/status")
    typer.echo(json.dumps(told) if as_json else "\n".join(_status_lines(told)))


def command(
    line: Annotated[
        str, typer.Argument(metavar="TEXT", help='Such as "buy 20 usdt btc", or "help".')
    ],
    home: _Home = None,
    as_json: _Json = False,
) -> None:
    """Say a line at the door of the paper account. Exit code 1 when it is refused."""
    with _client(home) as client:
        told = client.post("/commands", {"text": line, "lane": "paper"})
    show(told, "on paper", as_json=as_json)


def session(act: Act, home: _Home = None, as_json: _Json = False) -> None:
    """Begin the quiet session that a lock waits for, or end it and have it judged.

    Exit code 1 when it does not count; it can be begun again at any time.
    """
    with _client(home) as client:
        told = client.post("/paper/session", {"act": act.value})
    if not told.get("done"):
        raise TiltInterventionRequired(str(told.get("reason") or told.get("detail")))
    if told["accepted"] is False:
        raise TiltInterventionRequired(f"the session does not count: {told['reason']}")
    words = told["reason"]
    if act is Act.BEGIN:
        words = f"{words}: {told['session']['minutes_left']} quiet minutes to go"
    typer.echo(json.dumps(told) if as_json else words)


def _status_lines(told: dict[str, Any]) -> list[str]:
    account = told["account"]
    lines = [f"closed     {told['problem'] or 'nothing asks for a paper lane now'}"]
    if account is not None:
        lines = [
            f"open       {account['stream']}, {account['tier']}/{account['mode']}, equity "
            f"{Decimal(account['equity']):.2f} USDT, tilt {account['tilt_score']} "
            f"{account['tilt_level']}"
        ]
        lines += [
            f"position   {p['quantity']} {p['symbol']} at {Decimal(p['entry_price']):.2f}"
            for p in account["positions"]
        ]
    lines += [f"day        {day['day']}: {_day_words(day)}" for day in told["days"]]
    return [*lines, *_session_lines(told["session"])]


def _day_words(day: dict[str, Any]) -> str:
    kind = "profitable" if day["profitable"] else "not profitable"
    return f"{day['trades']} trades, {Decimal(day['pnl']):+.4f} USDT, {kind}"


def _session_lines(session: dict[str, Any]) -> list[str]:
    """What of the session there is to say: nothing where none is on and none is waited for."""
    left = f"{session['minutes_left']} quiet minutes to go"
    if session["begun_at"] is None:
        return [f"session    a lock waits for one: {left}"] if session["required"] else []
    if session["signs"]:
        return [f"session    {session['signs']} acts in it were not calm: begin it again, {left}"]
    return [f"session    since {moment_words(parse_utc(session['begun_at']))}, {left}"]


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
