"""`genesis rules`: the rules in force, and how to change them without bending them in the heat."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genesis.cli import rulebooks
from genesis.cli.exits import DONE, NO
from genesis.errors import UsageError

_HELP = """The rules in force, and how to change them.

What makes a rule stricter holds at once. What loosens one holds after a wait (seven days, unless
`[edits]` says more), and only if all stays calm: a tilt WARNING, a losing day of more than 2 % or
a breaker (not that of a silent feed) in between cancels it. Phrases of ceremonies, the hour of the
evaluation and the like are locked.
An edited file is not obeyed because it was edited: its difference to the rules in force is split
in the same way at the next start. What holds is written in the event log, not in a file.
"""
_Home = Annotated[Path | None, typer.Option(help="The home; default: GENESIS_HOME, or `data/`.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_Wanted = Annotated[str, typer.Argument(help="A rulebook: a name, or the path of a .toml file.")]


def register(app: typer.Typer) -> None:
    """Add this module's verbs."""
    rules = typer.Typer(help=_HELP, no_args_is_help=True)
    rules.command()(show)
    rules.command()(diff)
    rules.command()(propose)
    rulebooks.add_to(rules)
    app.add_typer(rules, name="rules")


def show(home: _Home = None, as_json: _Json = False) -> None:
    """The rules in force with where they come from, and what waits until when.

    Read from the event log, whether a service runs or not. In a new home it is what the settings
    name.
    """
    held = _held(home)
    if as_json:
        typer.echo(json.dumps(held.told()))
        return
    typer.echo(held.rules.text, nl=False)
    typer.echo("\n".join(["", *(f"# {line}" for line in held.lines())]))


def diff(wanted: _Wanted, home: _Home = None, as_json: _Json = False) -> None:
    """What of a rulebook would hold now, what later, and what never. Changes nothing.

    Exit code 1 when there is a difference.
    """
    from genesis.rules import load
    from genesis.rules.edits import split

    held = _held(home)
    found = split(held.rules, load(wanted).text)
    parts = {"now": found.now, "later": found.later, "never": found.never}
    told: dict[str, Any] = {
        name: [{"field": e.path, "old": e.old, "new": e.new, "why": e.why} for e in edits]
        for name, edits in parts.items()
    }
    lines = [line for name, edits in told.items() for line in _lines(name, edits)]
    same = "these are the rules in force"
    text = "\n".join([f"home: {held.home}", *(lines or [same])])
    typer.echo(json.dumps(told) if as_json else text)
    raise typer.Exit(NO if lines else DONE)


def propose(wanted: _Wanted, home: _Home = None, as_json: _Json = False) -> None:
    """Ask the running service for these rules: the seven days count from this moment.

    With no service running, start it with `genesis run --rules PATH`: the difference is split in
    the same way at its start. A new proposal takes the place of the one that waits. Exit code 1
    when something of it never holds.
    """
    from genesis.rules import load

    text = load(wanted).text
    with _client(home) as client:
        told = client.post("/rules", {"text": text})
    if "what" not in told:
        raise UsageError(str(told))
    later = f"later, from {told['later_from']} on"
    lines = [
        *_lines("now", told["now"]),
        *_lines(later, told["later"]),
        *_lines("never", told["never"]),
    ]
    same = "these are the rules in force"
    typer.echo(json.dumps(told) if as_json else "\n".join(lines or [same]))
    raise typer.Exit(NO if told["never"] else DONE)


def _lines(when: str, edits: list[dict[str, str]]) -> list[str]:
    return [
        f"{when}: {edit['field']} {edit['old']} -> {edit['new']}"
        + (f" ({edit['why']})" if edit["why"] else "")
        for edit in edits
    ]


def _held(home: Path | None) -> Any:
    from genesis.service.rules_held import rules_held
    from genesis.service.settings import Settings

    return rules_held(Settings.read(home=home))


def _client(home: Path | None) -> Any:
    from genesis.service.client import Client
    from genesis.service.settings import Settings

    return Client.of(Settings.read(home=home))
